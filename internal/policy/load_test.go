package policy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestNew_overrides(t *testing.T) {
	t.Parallel()
	target := Target{ProjectID: project}
	for _, tt := range []struct {
		name, file string
		rule       Rule
		allowed    []string // of the roles below
	}{
		{"empty file", "", Start, []string{"admin", "member"}},
		{"comments only", "# nothing\n", Start, []string{"admin", "member"}},
		{"null document", "---\n", Start, []string{"admin", "member"}},
		{"one rule", "os_compute_api:servers:start: role:ops", Start, []string{"ops"}},
		{"others stay", "os_compute_api:servers:start: role:ops", Stop, []string{"admin", "member"}},
		{"a base rule moves the rest", "project_member_or_admin: role:ops", Start, []string{"ops"}},
		{"empty check", `os_compute_api:servers:start: ""`, Start, []string{"admin", "member", "reader", "ops"}},
		{"nobody", `os_compute_api:servers:start: "!"`, Start, nil},
		{"own helper", "ops_or_admin: role:ops or role:admin\nos_compute_api:servers:start: rule:ops_or_admin", Start, []string{"admin", "ops"}},
		{"JSON", "{\n\t\"os_compute_api:servers:start\": \"role:ops\"\n}", Start, []string{"ops"}},
		{"lists", "os_compute_api:servers:start: [[role:ops], [role:member, '!'], [], role:reader]", Start, []string{"reader", "ops"}},
		{"no lists", "os_compute_api:servers:start: []", Start, []string{"admin", "member", "reader", "ops"}},
		{"empty lists", "os_compute_api:servers:start: [[]]", Start, nil},
		{"alias", "x: &x role:ops\nos_compute_api:servers:start: *x", Start, []string{"ops"}},
		{"retired name", "os_compute_api:os-attach-interfaces: role:ops", InterfaceCreate, []string{"ops"}},
		{"retired name, old default", "os_compute_api:os-attach-interfaces: rule:admin_or_owner", InterfaceCreate, []string{"admin", "member"}},
		{
			"retired name, new one wins",
			"os_compute_api:os-attach-interfaces: role:ops\nos_compute_api:os-attach-interfaces:create: role:reader",
			InterfaceCreate,
			[]string{"reader"},
		},
		{"retired base", "admin_or_owner: role:ops", Start, []string{"ops"}},
		{"retired base points at the new", "admin_api: rule:context_is_admin", FlavorCreate, []string{"admin"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := enforcer(t, tt.file)
			var allowed []string
			for _, role := range []string{"admin", "member", "reader", "ops"} {
				if e.Can(tt.rule, caller(role), target) {
					allowed = append(allowed, role)
				}
			}
			if diff := cmp.Diff(tt.allowed, allowed); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNew_laterFileWins(t *testing.T) {
	t.Parallel()
	o := Defaults()
	o.Files = []File{
		{"a.yaml", []byte("os_compute_api:servers:start: role:a\nos_compute_api:servers:stop: role:a")},
		{"b.yaml", []byte("os_compute_api:servers:start: role:b")},
	}
	e := must(t, o)
	if !e.Can(Start, caller("b"), Target{}) || e.Can(Start, caller("a"), Target{}) || !e.Can(Stop, caller("a"), Target{}) {
		t.Error("the files are not laid over each other in order")
	}
}

func TestNew_faults(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"- a":                                `policy.yaml:1: must map the names of rules to checks`,
		"a: [":                               `policy.yaml: yaml:`,
		"\n? [a]\n: b":                       `policy.yaml:2: the name of a rule must be a string`,
		"1: b":                               `policy.yaml:1: the name of a rule must be a string`,
		"a: '@'\na: '!'":                     `policy.yaml:2: rule "a" is there twice`,
		"a:":                                 `policy.yaml:1: rule "a": must be a string in quotes`,
		"a: !":                               `policy.yaml:1: rule "a": must be a string in quotes`,
		"a: true":                            `policy.yaml:1: rule "a": must be a string in quotes`,
		"a: {b: c}":                          `policy.yaml:1: rule "a": must be a string in quotes`,
		"a: [[1]]":                           `policy.yaml:1: rule "a": a list of checks may hold lists of strings only`,
		"a: [[role]]":                        `policy.yaml:1: rule "a": "role" is not of the form kind:value`,
		"a: role:x or":                       `policy.yaml:1: rule "a": the check ends`,
		"a: http://example.org/check":        `policy.yaml:1: rule "a": "http://example.org/check" asks a remote server, which is not supported`,
		"a: rule:b":                          `policy.yaml:1: rule "a": refers to rule "b", which is not there`,
		"a: rule:a":                          `policy.yaml:1: rule "a": refers to itself: a → a`,
		"a: rule:b\nb: role:x or not rule:a": `policy.yaml:1: rule "a": refers to itself: a → b → a`,
		"context_is_admin: rule:service_or_admin":       `rule "context_is_admin": refers to itself: context_is_admin → service_or_admin → context_is_admin`,
		"a: '" + strings.Repeat(" ", maxFileSize) + "'": "is larger than",
	} {
		t.Run(file[:min(len(file), 40)], func(t *testing.T) {
			t.Parallel()
			o := Defaults()
			o.Files = []File{{"policy.yaml", []byte(file)}}
			_, _, err := New(o)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %q, want %q in it", err, want)
			}
		})
	}
}

func TestNew_allFaultsAtOnce(t *testing.T) {
	t.Parallel()
	o := Defaults()
	o.Files = []File{{"a.yaml", []byte("x: y\nz:")}, {"b.yaml", []byte("v: rule:w")}}
	_, _, err := New(o)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`a.yaml:1: rule "x"`, `a.yaml:2: rule "z"`, `b.yaml:1: rule "v"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	text := `
os_compute_api:servers:started: role:ops
helper: role:ops
os_compute_api:servers:start: rule:helper or shoe_size:%(length)s
os_compute_api:os-hosts: role:ops
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e, warnings, err := Load(Defaults(), path)
	if err != nil {
		t.Fatal(err)
	}
	if !e.Can(Start, caller("ops"), Target{}) {
		t.Error("the override is not in force")
	}
	want := []string{
		path + `:4: rule "os_compute_api:servers:start": nothing is known as "shoe_size", so it matches nothing`,
		path + `:4: rule "os_compute_api:servers:start": nothing is known as "%(length)s", so it matches nothing`,
		path + `:2: there is no rule "os_compute_api:servers:started", and none refers to it`,
	}
	if diff := cmp.Diff(want, warnings); diff != "" {
		t.Error(diff)
	}
}

func TestLoad_notThere(t *testing.T) {
	t.Parallel()
	_, _, err := Load(Defaults(), filepath.Join(t.TempDir(), "policy.yaml"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestNew_oldDefaults holds that without the new defaults, owners without a
// role may do what they always could, that overrides are not widened, and
// that the managers' rules are no wider than they are.
func TestNew_oldDefaults(t *testing.T) {
	t.Parallel()
	o := Options{EnforceScope: true, Files: []File{{"f", []byte("os_compute_api:servers:stop: role:ops")}}}
	e := must(t, o)
	nobody := nova.Caller{UserID: user, ProjectID: project}
	mine, theirs := Target{ProjectID: project}, Target{ProjectID: "other"}
	for _, tt := range []struct {
		rule   Rule
		target Target
		want   bool
	}{
		{Start, mine, true},
		{Start, theirs, false},
		{Stop, mine, false},
		{VolumeList, mine, true},
		{FlavorCreate, mine, false},
		{Migrate, mine, false},
		{ServerExternalEventsCreate, mine, false},
	} {
		if got := e.Can(tt.rule, nobody, tt.target); got != tt.want {
			t.Errorf("%s to %v: got %v", tt.rule, tt.target, got)
		}
	}
}
