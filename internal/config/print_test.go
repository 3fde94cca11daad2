package config

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

// TestWriteMarkdown holds docs/configuration.md to the table of options.
func TestWriteMarkdown(t *testing.T) {
	t.Parallel()
	const path = "../../docs/configuration.md"
	var b bytes.Buffer
	if err := WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("run go test ./internal/config -update: %s", diff)
	}
}

var commented = regexp.MustCompile(`(?m)^#([a-z_]+ =)`)

// TestWriteSample: the sample says nothing as it is, and the defaults once its
// options are uncommented.
func TestWriteSample(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := WriteSample(&b); err != nil {
		t.Fatal(err)
	}
	all := commented.ReplaceAllString(b.String(), "$1")
	if got, want := strings.Count(all, "\n")-strings.Count(all, "\n#"), 100; got < want {
		t.Errorf("only %d lines aren't comments", got)
	}
	defaults := load(t, Inputs{})
	if len(defaults.from) > 0 {
		t.Errorf("defaults come from %v", defaults.from)
	}
	for name, text := range map[string]string{"as it is": b.String(), "uncommented": all} {
		// Where the last file is decides where the policy is looked up; with
		// the option set, it must be there.
		path := write(t, "nova.conf", strings.Replace(text, "\npolicy_file =", "\n#policy_file =", 1))
		got := load(t, Inputs{Files: []string{path}})
		if diff := cmp.Diff(defaults, got, cmpopts.IgnoreUnexported(Config{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestWriteReference(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := WriteReference(&b); err != nil {
		t.Fatal(err)
	}
	for k, o := range each() {
		if !strings.Contains(b.String(), "\n  "+o.Name+" (") || !strings.Contains(b.String(), " "+k.env()+"\n") {
			t.Errorf("%v isn't in it", k)
		}
	}
	want := `  max_limit (integer: 1 to 100000)
      default: 1000
      environment: NOVA_API_MAX_LIMIT
      The most items of a list that one response holds, whatever limit the
      client asks for.
`
	if !strings.Contains(b.String(), want) {
		t.Errorf("no such text in it: %s", want)
	}
	for line := range strings.Lines(b.String()) {
		if len(line) > width+20 {
			t.Errorf("too long: %s", line)
		}
	}
}

// TestShow: what is shown is a file that says the same, but for the secrets.
func TestShow(t *testing.T) {
	t.Parallel()
	in := Inputs{
		Environ: []string{"NOVA_KEYSTONE_AUTHTOKEN_PASSWORD=secret", "NOVA_DATABASE_CONNECTION=postgres://u:secret@h/n", "NOVA_BOOTSTRAP_PASSWORD=secret", "NOVA_QUOTA_RAM=7"},
		Flags:   []Setting{Flag("--set", "api", "max_limit", "5"), Flag("--set", "keystone_authtoken", "username", "a\n$host")},
	}
	c := load(t, in)
	var b bytes.Buffer
	if err := c.Show(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.Contains(text, "secret") {
		t.Error("shows a secret")
	}
	for _, want := range []string{
		"[api]\n# from --set\nmax_limit = 5\ncompute_link_prefix =\n",
		"# from environment NOVA_QUOTA_RAM\nram = 7\n",
		"# from environment NOVA_DATABASE_CONNECTION\n# connection = ****\n",
		"# from environment NOVA_KEYSTONE_AUTHTOKEN_PASSWORD\n# password = ****\n",
		"\nidentity = bundled\n",
		"\nlease_time = 6\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no such text: %q", want)
		}
	}
	again := load(t, Inputs{Files: []string{write(t, "nova.conf", text)}, Environ: in.Environ})
	if diff := cmp.Diff(c, again, cmpopts.IgnoreUnexported(Config{})); diff != "" {
		t.Error(diff)
	}
}

// TestSections: each option is there once, has a field of its own, a
// sentence, and a variable that no other has.
func TestSections(t *testing.T) {
	t.Parallel()
	c := new(Config)
	fields, variables := map[any]key{}, map[string]key{}
	for k, o := range each() {
		if other, ok := fields[o.at(c)]; ok {
			t.Errorf("%v and %v have the same field", k, other)
		}
		if other, ok := variables[k.env()]; ok {
			t.Errorf("%v and %v have the same variable", k, other)
		}
		fields[o.at(c)], variables[k.env()] = k, k
		if !strings.HasSuffix(o.Help, ".") || strings.Contains(o.Help, "|") {
			t.Errorf("%v: odd help: %q", k, o.Help)
		}
	}
}
