package novaapi_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a reader can bear, measured: leastComments is the share of a package's
// lines that hold a comment, in per cent, empty lines left out; between shortest
// and longest lies the mean length of all functions, in lines from their name to
// their closing brace.
const (
	leastComments     = 14.0
	shortest, longest = 12.0, 20.0
)

// A measure counts a package's source, its tests left out.
type measure struct {
	lines, comments int
	// functions leaves out those of one statement: they are names for an
	// expression, and their number says nothing about how hard the rest is.
	functions, length int
}

// TestMeasures holds each package to its share of comments, and the whole to
// functions that are neither crumbs nor chapters.
func TestMeasures(t *testing.T) {
	t.Parallel()
	packages := map[string]*measure{}
	for path, text := range sources(t) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		dir := filepath.Dir(path)
		if packages[dir] == nil {
			packages[dir] = &measure{}
		}
		packages[dir].add(t, path, text)
	}
	var whole measure
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		m := packages[dir]
		if share := m.share(); share < leastComments {
			t.Errorf("%s: %.1f %% of %d lines are comments, less than %.0f %%", dir, share, m.lines, leastComments)
		}
		whole.functions += m.functions
		whole.length += m.length
		whole.lines += m.lines
		whole.comments += m.comments
	}
	if whole.functions == 0 {
		t.Fatal("there are no functions")
	}
	mean := float64(whole.length) / float64(whole.functions)
	if mean < shortest || mean > longest {
		t.Errorf("a function has %.1f lines, not %.0f to %.0f", mean, shortest, longest)
	}
	t.Logf("%d packages, %.1f %% comments, %d functions of %.1f lines", len(packages), whole.share(), whole.functions, mean)
}

func (m *measure) share() float64 { return 100 * float64(m.comments) / float64(m.lines) }

func (m *measure) add(t *testing.T, path string, text []byte) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	line := func(p token.Pos) int { return files.Position(p).Line }
	for row := range bytes.Lines(text) {
		if len(bytes.TrimSpace(row)) > 0 {
			m.lines++
		}
	}
	for _, group := range file.Comments {
		m.comments += line(group.End()) - line(group.Pos()) + 1
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil && len(f.Body.List) > 1 {
			m.functions++
			m.length += line(f.Body.Rbrace) - line(f.Pos()) + 1
		}
	}
}
