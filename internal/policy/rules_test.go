package policy

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/nova"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestTable holds that every row is whole, and that there are no two of a
// rule.
func TestTable(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^(os_compute_api:|compute:|network:)[a-z0-9_:-]+$`)
	operation := regexp.MustCompile(`^(GET|POST|PUT|DELETE) (/([a-z0-9_-]+|\{[a-z_]+\}))+( \([A-Za-z_-]+\))?$`)
	seen := map[Rule]bool{}
	for _, entry := range Table() {
		if seen[entry.Rule] {
			t.Errorf("%s is there twice", entry.Rule)
		}
		seen[entry.Rule] = true
		if _, err := parse(entry.Check); err != nil || entry.Check == "" {
			t.Errorf("%s: check %q: %v", entry.Rule, entry.Check, err)
		}
		if !strings.HasSuffix(entry.Does, ".") {
			t.Errorf("%s: %q is not a sentence", entry.Rule, entry.Does)
		}
		for _, o := range entry.Operations {
			if !operation.MatchString(o) {
				t.Errorf("%s: operation %q", entry.Rule, o)
			}
		}
	}
	for _, entry := range scoped() {
		if !name.MatchString(string(entry.Rule)) || len(entry.Operations) == 0 {
			t.Errorf("%s: its name or its operations", entry.Rule)
		}
	}
}

// TestTable_complete holds that every constant of type Rule has a row.
func TestTable_complete(t *testing.T) {
	t.Parallel()
	rows := map[Rule]bool{}
	for _, entry := range Table() {
		rows[entry.Rule] = true
	}
	files, err := filepath.Glob("rules*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		tree, err := goparser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != "Rule" {
				return true
			}
			literal, ok := spec.Values[0].(*ast.BasicLit)
			if !ok {
				t.Errorf("%s is not a literal", spec.Names[0].Name)
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Error(err)
			}
			found++
			if !rows[Rule(text)] {
				t.Errorf("%s (%s) has no row", spec.Names[0].Name, text)
			}
			return true
		})
	}
	if found != len(rows) {
		t.Errorf("%d constants, %d rows", found, len(rows))
	}
}

// TestRetirements holds that what is retired leads to rules that there are.
func TestRetirements(t *testing.T) {
	t.Parallel()
	e := must(t, Defaults())
	for _, r := range retirements {
		if _, err := parse(r.old); err != nil {
			t.Errorf("%s: %v", r.was, err)
		}
		for _, rule := range r.now {
			if !e.Known(rule) {
				t.Errorf("%s leads to %s", r.was, rule)
			}
		}
	}
}

// personas are callers as the identity service describes them: a token lists
// the roles that its roles imply. What they ask for belongs to the project and
// to the member.
var personas = []struct {
	name   string
	caller nova.Caller
}{
	{"admin", persona("a", "admin-project", "admin", "manager", "member", "reader")},
	{"manager", persona("b", project, "manager", "member", "reader")},
	{"member", persona(user, project, "member", "reader")},
	{"reader", persona("d", project, "reader")},
	{"service", persona("e", "service-project", "service")},
	{"stranger", persona("f", "other-project", "member", "reader")},
	{"roleless", persona("g", project)},
	{"system", nova.Caller{UserID: "a", System: "all", Roles: []string{"admin", "manager", "member", "reader"}}},
}

func persona(userID, projectID string, roles ...string) nova.Caller {
	return nova.Caller{UserID: userID, ProjectID: projectID, Roles: roles}
}

// TestDefaults_golden shows who may do what, so that a changed default is
// seen in review.
func TestDefaults_golden(t *testing.T) {
	t.Parallel()
	for file, o := range map[string]Options{
		"defaults.golden":     Defaults(),
		"old_defaults.golden": {},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", file)
			got := grid(must(t, o))
			if *update {
				if err := os.WriteFile(path, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// grid writes a line a rule and a column a persona: yes, or a dot.
func grid(e *Enforcer) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%-58s", "")
	for _, p := range personas {
		fmt.Fprintf(&b, " %-8s", p.name)
	}
	for _, entry := range Table() {
		fmt.Fprintf(&b, "\n%-58s", entry.Rule)
		for _, p := range personas {
			word := "."
			if e.Can(entry.Rule, p.caller, Target{ProjectID: project, UserID: user}) {
				word = "yes"
			}
			fmt.Fprintf(&b, " %-8s", word)
		}
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// TestSample holds that the sample changes nothing as it is, nor when all its
// rules are taken out of their comments.
func TestSample(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := Sample(&out); err != nil {
		t.Fatal(err)
	}
	active := strings.ReplaceAll("\n"+out.String(), "\n#\"", "\n\"")
	if n := strings.Count(active, "\n\""); n != len(Table()) {
		t.Errorf("%d rules in the sample, %d in the table", n, len(Table()))
	}
	want := grid(must(t, Defaults()))
	for _, text := range []string{out.String(), active} {
		o := Defaults()
		o.Files = []File{{"sample", []byte(text)}}
		e, warnings, err := New(o)
		if err != nil || len(warnings) > 0 {
			t.Fatal(err, warnings)
		}
		if diff := cmp.Diff(string(want), string(grid(e))); diff != "" {
			t.Error(diff)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestSample_broken(t *testing.T) {
	t.Parallel()
	if err := Sample(brokenWriter{}); err == nil {
		t.Error("no error")
	}
}
