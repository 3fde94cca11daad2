package microversion

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "print docs/microversions.md anew")

const (
	root     = "../.."
	document = root + "/docs/microversions.md"
)

func TestHistory_IsComplete(t *testing.T) {
	t.Parallel()
	if len(History) != int(Max) {
		t.Errorf("%d rows for %d versions", len(History), Max)
	}
	sentences := map[string]int{}
	for i, c := range History {
		if c.Minor != i+1 {
			t.Errorf("row %d is about 2.%d", i+1, c.Minor)
		}
		if !strings.HasSuffix(c.What, ".") {
			t.Errorf("2.%d: %q is no sentence", c.Minor, c.What)
		}
		if other, ok := sentences[c.What]; ok {
			t.Errorf("2.%d and 2.%d say the same", other, c.Minor)
		}
		sentences[c.What] = c.Minor
	}
}

// TestHistory_IsUsed holds the states of the rows to the numbers that the code
// mentions.
func TestHistory_IsUsed(t *testing.T) {
	t.Parallel()
	mentioned := mentions(t)
	if len(mentioned) == 0 {
		t.Fatal("the code mentions no version at all")
	}
	states := map[int]State{}
	for _, c := range History {
		states[c.Minor] = c.State
		where := mentioned[c.Minor]
		if c.State == Done && len(where) == 0 {
			t.Errorf("2.%d is said to be done, but nothing mentions it", c.Minor)
		}
		if c.State == Planned && len(where) > 0 {
			t.Errorf("2.%d is said to be planned, but is in use in %s", c.Minor, where)
		}
		if c.State == NoOp && len(where) > 0 {
			t.Errorf("2.%d is said to make no difference, but is mentioned in %s", c.Minor, where)
		}
	}
	for minor, where := range mentioned {
		if _, ok := states[minor]; !ok {
			t.Errorf("2.%d has no row, but is mentioned in %s", minor, where)
		}
	}
}

// versionWords are the words that have the minor part of a version among their
// arguments, with what is to be added to it: "until 91" is a change in 92.
var versionWords = map[string]int{
	"since": 0, "Since": 0, "AtLeast": 0, "StatusSince": 0, "Strict": 0,
	"until": 1, "Until": 1,
}

// mentions finds the versions that the served code makes a difference between,
// and the files that do: in calls of the words, and in tables with a column named
// since. Schemas count if a controller uses them, directly or as a part of others.
func mentions(t *testing.T) map[int][]string {
	t.Helper()
	found := map[int][]string{}
	add := func(path string, minors []int) {
		for _, minor := range minors {
			found[minor] = append(found[minor], path)
		}
	}
	schemas := declarations{}
	for path, file := range parse(t, "api/schema") {
		schemas.add(path, file)
	}
	for _, folder := range []string{"api", "api/rest", "views"} {
		for path, file := range parse(t, folder) {
			add(path, inNode(file))
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && isNamed(s.X, "schema") {
					schemas.use(s.Sel.Name, add)
				}
				return true
			})
		}
	}
	delete(found, 0) // the legacy API
	for minor, paths := range found {
		slices.Sort(paths)
		found[minor] = slices.Compact(paths)
	}
	return found
}

// parse parses the Go files of a folder, without its tests.
func parse(t *testing.T, folder string) map[string]*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = file
	}
	return files
}

// declarations are the variables and functions of a package by name.
type declarations map[string]declaration

type declaration struct {
	path string
	node ast.Node
}

func (d declarations) add(path string, file *ast.File) {
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				d[decl.Name.Name] = declaration{path, decl}
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					for i, name := range v.Names {
						if i < len(v.Values) {
							d[name.Name] = declaration{path, v.Values[i]}
						}
					}
				}
			}
		}
	}
}

// use tells of the versions in a declaration and in all that it is made of. It
// takes them away, so that each is told once.
func (d declarations) use(name string, tell func(path string, minors []int)) {
	decl, ok := d[name]
	if !ok {
		return
	}
	delete(d, name)
	tell(decl.path, inNode(decl.node))
	ast.Inspect(decl.node, func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok {
			d.use(ident.Name, tell)
		}
		return true
	})
}

func isNamed(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}

func inNode(node ast.Node) []int {
	var minors []int
	columns := map[string]int{}
	ast.Inspect(node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			minors = append(minors, inCall(n)...)
		case *ast.TypeSpec:
			if i, ok := sinceColumn(n); ok {
				columns[n.Name.Name] = i
			}
		case *ast.CompositeLit:
			minors = append(minors, inTable(n, columns)...)
		}
		return true
	})
	return minors
}

func inCall(call *ast.CallExpr) []int {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	add, ok := versionWords[name]
	if !ok {
		return nil
	}
	for _, argument := range call.Args {
		if minor, ok := number(argument); ok {
			return []int{minor + add}
		}
	}
	return nil
}

// sinceColumn is the position of the field "since" in a struct.
func sinceColumn(spec *ast.TypeSpec) (int, bool) {
	s, ok := spec.Type.(*ast.StructType)
	if !ok {
		return 0, false
	}
	i := 0
	for _, field := range s.Fields.List {
		for _, name := range field.Names {
			if name.Name == "since" {
				return i, true
			}
			i++
		}
	}
	return 0, false
}

func inTable(table *ast.CompositeLit, columns map[string]int) []int {
	list, ok := table.Type.(*ast.ArrayType)
	if !ok {
		return nil
	}
	kind, ok := list.Elt.(*ast.Ident)
	if !ok {
		return nil
	}
	column, ok := columns[kind.Name]
	if !ok {
		return nil
	}
	var minors []int
	for _, row := range table.Elts {
		if r, ok := row.(*ast.CompositeLit); ok && column < len(r.Elts) {
			if minor, ok := number(r.Elts[column]); ok {
				minors = append(minors, minor)
			}
		}
	}
	return minors
}

func number(e ast.Expr) (int, bool) {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.INT {
		return 0, false
	}
	n, err := strconv.Atoi(literal.Value)
	return n, err == nil
}

func TestHistory_IsPrinted(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("# Microversions\n\nPrinted from `internal/microversion/history.go` (`go test ./internal/microversion -update`).\n\n" +
		"*Done* makes a difference to as much of what it is about as is here; *no difference* is so in all versions, or about what\n" +
		"there never will be; *planned* is about resources that are still to come.\n\n| version | what it changed | |\n|---|---|---|\n")
	for _, c := range History {
		fmt.Fprintf(&text, "| %s | %s | %s |\n", Version(c.Minor), c.What, c.State)
	}
	if *update {
		if err := os.WriteFile(document, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	printed, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if string(printed) != text.String() {
		t.Errorf("%s is not what the history says: go test ./internal/microversion -update", document)
	}
}
