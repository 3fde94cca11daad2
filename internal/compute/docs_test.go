package compute_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Whoever calls this package decides by the kind of an error, so every exported
// function that returns one names its kinds, or says that there are none.
func TestErrors_AreDocumented(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`\b(` + strings.Join(errorKinds(t), "|") + `)\b|only\s+errors\s+of\s+the\s+store`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		for _, d := range parse(t, path).Decls {
			f, ok := d.(*ast.FuncDecl)
			switch {
			case !ok || !f.Name.IsExported() || !returnsError(f):
			case named.MatchString(f.Doc.Text()):
				documented++
			default:
				t.Errorf("%s: %s does not say of which kinds its errors are", path, f.Name)
			}
		}
	}
	if documented == 0 {
		t.Error("no exported function returns an error: is this test looking at the right files?")
	}
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// errorKinds are the constants next to nova.Internal, which is no kind to name.
func errorKinds(t *testing.T) (kinds []string) {
	t.Helper()
	for _, d := range parse(t, filepath.FromSlash("../nova/errors.go")).Decls {
		constants, ok := d.(*ast.GenDecl)
		if !ok || constants.Tok != token.CONST {
			continue
		}
		for _, spec := range constants.Specs {
			if name := spec.(*ast.ValueSpec).Names[0].Name; name != "Internal" {
				kinds = append(kinds, name)
			}
		}
	}
	return kinds
}

func returnsError(f *ast.FuncDecl) bool {
	if f.Type.Results == nil {
		return false
	}
	for _, result := range f.Type.Results.List {
		if name, ok := result.Type.(*ast.Ident); ok && name.Name == "error" {
			return true
		}
	}
	return false
}
