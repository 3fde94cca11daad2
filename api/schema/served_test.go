package schema

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stock are the schemas that are written and tested, and wait for the operations
// that they are for.
var stock = []string{}

// TestSchemas_AreServed finds schemas that no controller uses and that are not
// marked as stock, and schemas of which the other tests know nothing.
func TestSchemas_AreServed(t *testing.T) {
	t.Parallel()
	written, served := map[string]bool{}, map[string]bool{}
	for _, file := range parseFolder(t, ".") {
		for _, name := range schemasIn(file) {
			written[name] = true
		}
	}
	for _, file := range parseFolder(t, "..") {
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && written[s.Sel.Name] && isIdent(s.X, "schema") {
				served[s.Sel.Name] = true
			}
			return true
		})
	}
	if len(served) == 0 {
		t.Fatal("no schema is served")
	}
	for name := range written {
		inStock := slices.Contains(stock, name)
		switch {
		case !served[name] && !inStock:
			t.Errorf("%s: no controller uses it, and it is not in stock", name)
		case served[name] && inStock:
			t.Errorf("%s: a controller uses it, so it is in stock no more", name)
		}
		if bodies[name] == nil && queries[name] == nil {
			t.Errorf("%s: it is neither among the bodies nor among the queries of schema_test.go", name)
		}
	}
	for _, name := range stock {
		if !written[name] {
			t.Errorf("%s: it is in stock, but there is none", name)
		}
	}
}

func parseFolder(t *testing.T, folder string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// schemasIn are the exported variables of a file that hold a body or a query.
func schemasIn(file *ast.File) []string {
	var names []string
	for _, decl := range file.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok {
				continue
			}
			for i, value := range v.Values {
				if v.Names[i].IsExported() && slices.Contains([]string{"NewBody", "NewQuery", "action", "argless", "looseAction"}, maker(value)) {
					names = append(names, v.Names[i].Name)
				}
			}
		}
	}
	return names
}

// maker is the function at the beginning of a chain of calls.
func maker(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.CallExpr:
		return maker(e.Fun)
	case *ast.SelectorExpr:
		return maker(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func isIdent(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}
