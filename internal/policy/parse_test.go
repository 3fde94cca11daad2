package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// render writes a tree with all its parentheses.
func render(n *node) string {
	var kids []string
	if n.op != opRule {
		for _, kid := range n.kids {
			kids = append(kids, render(kid))
		}
	}
	switch n.op {
	case opFalse:
		return "!"
	case opTrue:
		return "@"
	case opAnd:
		return "(" + strings.Join(kids, " and ") + ")"
	case opOr:
		return "(" + strings.Join(kids, " or ") + ")"
	case opNot:
		return "not " + kids[0]
	case opRule:
		return "rule:" + string(n.rule)
	case opRole:
		return "role:" + renderTemplate(n.right)
	case opMatch:
		return renderOperand(n.left) + ":" + renderTemplate(n.right)
	}
	return fmt.Sprintf("op %d", n.op)
}

func renderOperand(o operand) string {
	switch {
	case o.cred != credLiteral:
		return o.text
	case strings.Contains(o.text, "'"):
		return `"` + o.text + `"`
	}
	return "'" + o.text + "'"
}

func renderTemplate(t template) string {
	var b strings.Builder
	for _, p := range t {
		if p.field == fieldText {
			b.WriteString(strings.ReplaceAll(p.text, "%", "%%"))
		} else {
			b.WriteString("%(" + p.text + ")s")
		}
	}
	return b.String()
}

func TestParse_ok(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                    "@",
		" \t\n ":                              "@",
		"@":                                   "@",
		"!":                                   "!",
		"@ or !":                              "(@ or !)",
		"role:a":                              "role:a",
		"((role:a))":                          "role:a",
		"role:a or role:b and role:c":         "(role:a or (role:b and role:c))",
		"role:a and role:b or role:c":         "((role:a and role:b) or role:c)",
		"role:a and not role:b or role:c":     "((role:a and not role:b) or role:c)",
		"role:a or not role:b and role:c":     "(role:a or (not role:b and role:c))",
		"not (role:a or role:b)":              "not (role:a or role:b)",
		"not not role:a":                      "not not role:a", //nolint:dupword // twice is meant
		"role:a AND (role:b Or role:c)":       "(role:a and (role:b or role:c))",
		"NOT role:a":                          "not role:a",
		"(role:a and role:b) and role:c":      "((role:a and role:b) and role:c)",
		"rule:os_compute_api:servers:show":    "rule:os_compute_api:servers:show",
		"user_id:%(user_id)s":                 "user_id:%(user_id)s",
		"(user_id:%(user_id)s)":               "user_id:%(user_id)s",
		"project_id:a-%(project_id)s-b":       "project_id:a-%(project_id)s-b",
		"role:100%%":                          "role:100%%",
		"'literal':%(user_id)s":               "'literal':%(user_id)s",
		`"literal":%(user_id)s`:               "'literal':%(user_id)s",
		"True:%(user_id)s":                    "'True':%(user_id)s",
		"token.project.domain.id:x":           "token.project.domain.id:x",
		"a:b:c":                               "a:b:c",
		"role:":                               "role:",
		"role:ops or (role:a and role:b)":     "(role:ops or (role:a and role:b))",
		"role:a or role:b or role:c and @":    "(role:a or role:b or (role:c and @))",
		"is_admin:True or project_id:%(p)s":   "(is_admin:True or project_id:%(p)s)",
		"role:a\n  or\n  role:b\n and rule:c": "(role:a or (role:b and rule:c))",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			n, err := parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, render(n)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParse_fault(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"admin":                 `"admin" is not of the form kind:value`,
		"role:a role:b":         `"role:b" stands where`,
		"role:a not role:b":     `"not" stands where`,
		"(role:a":               "a parenthesis is not closed",
		"role:a)":               `")" stands where`,
		"()":                    `")" is not of the form`,
		"role:a and":            "the check ends",
		"not":                   "the check ends",
		"or role:a":             `"or" is not of the form`,
		"http://example.org/%s": "remote server",
		"https://example.org":   "remote server",
		"rule:":                 "names no rule",
		":x":                    "names nothing of the caller's",
		"'a:b":                  "is not a quotation",
		"'a'b':c":               "is not a quotation",
		"role:100%":             "percent sign",
		"role:%s":               "percent sign",
		"user_id:%(user_id)d":   "percent sign",
		"user_id:%(user_id":     "percent sign",
		"role:a)or(role:b":      "neither at an end",
		"'two words':x":         `"'two" is not of the form`,
		strings.Repeat("(", maxCheckDepth+2) + "@" + strings.Repeat(")", maxCheckDepth+2): "nested more than",
		strings.Repeat("not ", maxCheckDepth+2) + "@":                                     "nested more than",
		strings.Repeat(" ", maxCheckLength+1):                                             "longer than",
	} {
		name := text[:min(len(text), 40)]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, err := parse(text)
			if err == nil {
				t.Fatalf("parsed as %s", render(n))
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %q, want %q in it", err, want)
			}
		})
	}
}

// FuzzParse holds that nothing makes the parser panic, and that what it
// understood once it understands again as the same.
func FuzzParse(f *testing.F) {
	for _, entry := range Table() {
		f.Add(entry.Check)
	}
	for _, text := range []string{"", "((", "not", "'x':%(a)s%%", "a:% or", "\x00:\xff", "role:a)or(role:b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parse(text)
		if err != nil {
			return
		}
		once := render(n)
		again, err := parse(once)
		if err != nil {
			if !strings.Contains(err.Error(), "nested") { // rendering adds parentheses
				t.Errorf("%q is %q, and that is not understood: %v", text, once, err)
			}
			return
		}
		if twice := render(again); once != twice {
			t.Errorf("%q is %q, and that is %q", text, once, twice)
		}
	})
}

// FuzzFile holds that no file makes loading panic.
func FuzzFile(f *testing.F) {
	f.Add("a: '@'\nb: [[\"role:a\"], \"role:b\"]\n")
	f.Add("{\"a\": \"\"}")
	f.Add("x: &x role:a\ny: *x\n")
	f.Add("context_is_admin: rule:context_is_admin")
	f.Fuzz(func(t *testing.T, text string) {
		o := Defaults()
		o.Files = []File{{"fuzz", []byte(text)}}
		e, _, err := New(o)
		if (e == nil) == (err == nil) {
			t.Errorf("an enforcer %v and an error %v", e, err)
		}
	})
}
