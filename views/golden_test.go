package views

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/policy"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// A request is one at a version, of a caller who may see everything but what
// is denied.
type request struct {
	minor  int
	denied []policy.Rule
	limit  int // 0 is 1000
}

func (r request) AtLeast(minor int) bool    { return r.minor >= minor }
func (r request) Can(rule policy.Rule) bool { return !slices.Contains(r.denied, rule) }
func (r request) IsAdmin() bool             { return r.Can(policy.ContextIsAdmin) }
func (r request) URL(path ...string) string {
	return "http://nova.example/v2.1/" + strings.Join(path, "/")
}

func (r request) Bookmark(path ...string) string {
	return "http://nova.example/" + strings.Join(path, "/")
}

func (r request) NextURL(path, marker string) string { return r.URL(path) + "?marker=" + marker }

func (r request) Limit() int {
	if r.limit == 0 {
		return 1000
	}
	return r.limit
}

// everyVersion renders something at all versions, for a caller who may see
// everything but what is denied. The result must change at the breaks, and
// nowhere else; at 2.1 and at each break it must be what is in the file
// testdata/<name>/2.N.json. The legacy API must see what 2.1 does.
func everyVersion(t *testing.T, name string, breaks []int, render func(Request) Dict, denied ...policy.Rule) {
	t.Helper()
	var before string
	for minor := int(microversion.Min); minor <= int(microversion.Max); minor++ {
		now := indented(t, render(request{minor: minor, denied: denied}))
		changed, first := now != before, minor == int(microversion.Min)
		switch declared := first || slices.Contains(breaks, minor); {
		case changed && !declared:
			t.Errorf("%s changes at 2.%d, which is not among its breaks (-before +now):\n%s", name, minor, cmp.Diff(before, now))
		case !changed && declared:
			t.Errorf("%s doesn't change at 2.%d", name, minor)
		case declared:
			golden(t, filepath.Join("testdata", name, microversion.Version(minor).String()+".json"), now)
		}
		before = now
	}
	legacy := indented(t, render(request{minor: int(microversion.Legacy), denied: denied}))
	if diff := cmp.Diff(indented(t, render(request{minor: int(microversion.Min), denied: denied})), legacy); diff != "" {
		t.Errorf("%s for /v2 (-2.1 +/v2):\n%s", name, diff)
	}
}

// golden compares a text with a file, or writes the file if -update is given.
func golden(t *testing.T, path, text string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%v (go test ./views -update writes it)", err)
		return
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func indented(t *testing.T, d Dict) string {
	t.Helper()
	var text bytes.Buffer
	if err := json.Indent(&text, d.AppendJSON(nil), "", "  "); err != nil {
		t.Fatalf("no JSON: %v", err)
	}
	return text.String() + "\n"
}
