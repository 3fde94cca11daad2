// Package novaapi_test holds the source to what docs/ARCHITECTURE.md says of
// its layout.
package novaapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/nova-api/nova-api"

// A room is what packages of ours may import: which others of ours, and what
// of the world that they might be tempted by. Names are paths below the module;
// a name that ends in /* is all packages below it.
type room struct {
	ours  []string
	never []string
}

var (
	nouns  = []string{"internal/nova", "internal/microversion"}
	web    = []string{"net/http", chi}
	driver = []string{"database/sql", "github.com/jmoiron/sqlx", "github.com/lib/pq", "modernc.org/sqlite"}
)

const chi = "github.com/go-chi/chi/v5"

// rooms are all packages, and who may import whom. Three sentences to
// remember: views and db never meet; versions and HTTP codes stop at api;
// drivers know only nouns.
var rooms = map[string]room{
	"internal/nova":           {nil, with(web, driver)},
	"internal/microversion":   {nil, with(web, driver)},
	"internal/python":         {nil, with(web, driver)},
	"internal/pattern":        {nil, with(web, driver)},
	"internal/sparse":         {nil, with(web, driver)},
	"migrations":              {nil, web},
	"internal/samples":        {nil, with(web, driver)},
	"internal/policy":         {[]string{"internal/nova"}, with(web, driver)},
	"internal/scheduler":      {[]string{"internal/nova", "internal/python"}, with(web, driver)},
	"internal/metrics":        {[]string{"internal/nova"}, with(driver, []string{chi})},
	"internal/tracing":        {nil, with(driver, []string{chi})},
	"internal/quota":          {[]string{"internal/nova"}, with(web, driver)},
	"internal/keys":           {[]string{"internal/nova"}, with(web, driver)},
	"internal/config":         {[]string{"internal/nova"}, []string{chi}},
	"internal/cloud":          {[]string{"internal/nova", "internal/tracing"}, with(driver, []string{chi})},
	"internal/virt":           {[]string{"internal/nova"}, with(web, driver)},
	"internal/virt/*":         {[]string{"internal/nova", "internal/sparse", "internal/tracing", "internal/virt", "internal/virt/*"}, with(web, driver)},
	"internal/virt/fake/vnc":  {nil, with(web, driver)},
	"internal/console":        {[]string{"internal/nova"}, with(driver, []string{chi})},
	"internal/standalone/kit": {[]string{"internal/nova"}, driver},
	"internal/standalone/identity": {
		[]string{"internal/nova", "internal/python", "db/identitydb", "db/rows", "internal/standalone/kit"}, driver,
	},
	"internal/standalone/image": {
		[]string{"internal/nova", "db/imagedb", "db/rows", "internal/standalone/kit", "internal/standalone/folder"}, driver,
	},
	"internal/standalone/network": {
		[]string{"internal/nova", "db/networkdb", "db/rows", "internal/standalone/kit"}, driver,
	},
	"internal/standalone/volume": {
		[]string{"internal/nova", "internal/python", "internal/sparse", "internal/cloud", "db/volumedb", "db/rows", "internal/standalone/kit", "internal/standalone/folder"}, driver,
	},
	"internal/standalone/placement": {[]string{"internal/nova", "internal/standalone/kit"}, driver},
	"internal/standalone/folder":    {nil, with(web, driver)},
	"db/rows":                       {[]string{"internal/nova", "internal/pattern", "migrations"}, web},
	"db":                            {[]string{"internal/nova", "internal/pattern", "db/rows"}, web},
	"db/identitydb":                 {[]string{"internal/nova", "db/rows"}, web},
	"db/imagedb":                    {[]string{"internal/nova", "db/rows"}, web},
	"db/networkdb":                  {[]string{"internal/nova", "db/rows"}, web},
	"db/volumedb":                   {[]string{"internal/nova", "db/rows"}, web},
	"db/dbtest":                     {[]string{"internal/nova", "db", "db/rows", "migrations"}, web},
	"bench/million":                 {[]string{"internal/nova", "db", "db/dbtest", "db/rows"}, web},
	"views":                         {with(nouns, []string{"internal/policy"}), with(web, driver)},
	"internal/hosts":                {[]string{"internal/nova", "internal/notify", "internal/python", "db", "internal/virt"}, with(web, driver)},
	"internal/notify":               {[]string{"internal/nova", "db"}, with(web, driver)},
	"internal/compute": {
		[]string{"internal/nova", "internal/python", "db", "internal/hosts", "internal/notify", "internal/scheduler", "internal/quota", "internal/keys", "internal/virt", "internal/cloud", "internal/tracing"}, with(web, driver),
	},
	"api/schema": {with(nouns, []string{"internal/pattern", "internal/python"}), with(driver, []string{chi})},
	"api/rest":   {with(nouns, []string{"internal/policy", "internal/tracing", "api/schema"}), driver},
	"api": {
		with(nouns, []string{"api/rest", "api/schema", "views", "db", "internal/compute", "internal/hosts", "internal/policy", "internal/pattern"}), with(driver, []string{chi}),
	},
	"cmd/nova-api": {[]string{"*"}, driver},
}

func with(lists ...[]string) []string { return slices.Concat(lists...) }

// listed is a package as go list tells it, without its tests.
type listed struct {
	ImportPath string
	GoFiles    []string
	Imports    []string
}

func TestImports(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		key := roomOf(name)
		if key == "" {
			t.Errorf("%s: who may it import? It is in no row of the table", name)
			continue
		}
		used[key] = true
		for _, path := range p.Imports {
			imported, ours := strings.CutPrefix(path, module+"/")
			switch {
			case ours && !slices.ContainsFunc(rooms[key].ours, func(pattern string) bool { return covers(pattern, imported) }):
				t.Errorf("%s must not import %s", name, imported)
			case !ours && slices.Contains(rooms[key].never, path):
				t.Errorf("%s must not import %s", name, path)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(rooms)) {
		if !used[key] {
			t.Errorf("there is no package %s any more", key)
		}
	}
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,GoFiles,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// roomOf finds a package's row: its own, or the one of all beside it.
func roomOf(name string) string {
	for _, key := range []string{name, filepath.Dir(name) + "/*"} {
		if _, ok := rooms[key]; ok {
			return key
		}
	}
	return ""
}

func covers(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return pattern == name
}

// Nobody reads a file that is longer than this.
const mostLines = 600

func TestFiles_AreShort(t *testing.T) {
	t.Parallel()
	for path, text := range sources(t) {
		if lines := bytes.Count(text, []byte("\n")); lines > mostLines && !strings.HasSuffix(path, "_test.go") {
			t.Errorf("%s has %d lines: it is time to split it", path, lines)
		}
	}
}

// A handler that is longer than this does work that belongs to compute, or
// decoding that deserves a name.
const mostHandlerLines = 15

// TestHandlers_AreShort looks at the functions of controllers that answer
// requests: those that return (any, error).
func TestHandlers_AreShort(t *testing.T) {
	t.Parallel()
	handlers := 0
	for path, text := range sources(t) {
		if filepath.Dir(path) != "api" || strings.HasSuffix(path, "_test.go") {
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || !answersRequests(f) {
				continue
			}
			handlers++
			if lines := files.Position(f.Body.Rbrace).Line - files.Position(f.Body.Lbrace).Line - 1; lines > mostHandlerLines {
				t.Errorf("%s: %s has %d lines, more than %d", path, f.Name.Name, lines, mostHandlerLines)
			}
		}
	}
	if handlers == 0 {
		t.Error("there are no handlers")
	}
}

func answersRequests(f *ast.FuncDecl) bool {
	results := f.Type.Results
	if f.Recv == nil || results == nil || len(results.List) != 2 {
		return false
	}
	first, ok := results.List[0].Type.(*ast.Ident)
	return ok && first.Name == "any"
}

// TestVerbs_AreBegun finds verbs of compute that nothing begins: the operation in
// api, or the method in compute, is missing.
func TestVerbs_AreBegun(t *testing.T) {
	t.Parallel()
	const table = "internal/compute/states.go"
	all := sources(t)
	file, err := parser.ParseFile(token.NewFileSet(), table, all[table], parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var verbs []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			if kind, ok := v.Type.(*ast.Ident); ok && kind.Name == "Verb" {
				verbs = append(verbs, v.Names[0].Name)
			}
		}
		return true
	})
	if len(verbs) == 0 {
		t.Fatalf("%s has no verbs", table)
	}
	for _, verb := range verbs {
		begun := false
		for path, text := range all {
			here := filepath.Dir(path) == "internal/compute" && usesWord(text, verb)
			there := filepath.Dir(path) == "api" && usesWord(text, "compute."+verb)
			begun = begun || (here || there) && path != table && !strings.HasSuffix(path, "_test.go")
		}
		if !begun {
			t.Errorf("nothing begins the verb %s", verb)
		}
	}
}

// usesWord reports whether a word stands in the code of a file, comments left out.
func usesWord(text []byte, word string) bool {
	pattern := regexp.MustCompile(`(?m)^[^/\n]*\b` + regexp.QuoteMeta(word) + `\b`)
	return pattern.Match(text)
}

// TestSources_LeaveNothingUndone looks for what is put off.
func TestSources_LeaveNothingUndone(t *testing.T) {
	t.Parallel()
	for path, text := range sources(t) {
		for _, word := range []string{"TO" + "DO", "FIX" + "ME", "XX" + "X"} {
			if bytes.Contains(text, []byte("// "+word)) {
				t.Errorf("%s has a %s", path, word)
			}
		}
	}
}

// sources are the Go files, by their paths.
func sources(t *testing.T) map[string][]byte {
	t.Helper()
	root := os.DirFS(".")
	found := map[string][]byte{}
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir // the tools' own folders
		}
		if entry.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		found[path], err = fs.ReadFile(root, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
