package pattern_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/internal/pattern"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, postgres string }{
		{"nothing", ``, `(?:)`},
		{"letters, in any case", `a1`, `[Aa]1`},
		{"letters with more than one other case", `k`, `[Kk\u212A]`},
		{"one case", `(?-i)K`, `K`},
		{"punctuation", `\.-`, `\u002E\u002D`},
		{"beyond the basic plane", `😀`, `\U0001F600`},
		{"start and end", `^a$`, `^[Aa]$`},
		{"any character", `.`, `[^\n]`},
		{"any character and line ends", `(?s).`, `.`},
		{"starts of lines", `(?m)^$`, `(?:^|(?<=\n))(?:$|(?=\n))`},
		{"a class of ASCII", `\d`, `[0-9]`},
		{"a class and its other cases", `[k]`, `[Kk\u212A]`},
		{"what a class leaves out", `[^\x00-y]`, `[\u007B-\u017E\u0180-\u2129\u212B-\U0010FFFF]`},
		{"a group", `(a|b)c`, `[A-Ba-b][Cc]`},
		{"a named group", `(?P<n>ab)`, `[Aa][Bb]`},
		{"alternatives", `ab|cd`, `[Aa][Bb]|[Cc][Dd]`},
		{"repetitions", `1*2+3?4{2}5{2,}6{2,3}`, `(?:1){0,}(?:2){1,}(?:3){0,1}(?:4){2,2}(?:5){2,}(?:6){2,3}`},
		{"reluctant repetitions", `1*?2+?3??4{2,3}?`, `(?:1){0,}(?:2){1,}(?:3){0,1}(?:4){2,3}`},
		{"repetitions that PostgreSQL can't count", `1{300}2{300,}3{300,310}4{250,260}`, `(?:1){255,255}(?:1){45,45}(?:2){255,255}(?:2){45,}` +
			`(?:3){255,255}(?:3){45,55}(?:4){250,250}(?:4){0,10}`},
		{"repeated assertions", `(?:^|^$)+1(?:$)*`, `(?:^|^$)1`},
		{"a brace that repeats nothing", `a{,2}`, `[Aa]\u007B\u002C2\u007D`},
		{"octal", `\012\0`, `\u000A\u0000`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := pattern.Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Postgres(); got != tt.postgres {
				t.Errorf("got  %s\nwant %s", got, tt.postgres)
			}
			if _, err := regexp.Compile(p.Go()); err != nil {
				t.Error(err)
			}
			if p.String() != tt.text || p.IsEmpty() != (tt.text == "") {
				t.Errorf("%q, empty: %v", p, p.IsEmpty())
			}
		})
	}
}

// What Python can't read, what Go can't, and what is too much.
var refused = map[string]string{
	"an open class":            `[`,
	"an open group":            `a(`,
	"a closed group":           `a)(b`,
	"a bare repetition":        `*a`,
	"a repeated repetition":    `a**`,
	"a possessive repetition":  `a*+`,
	"a backslash at the end":   `a\`,
	"a reference":              `(a)\1`,
	"a reference or octal":     `(a)(b)(c)(d)(e)(f)(g)(h)(i)\10`,
	"a reference or octal, []": `[\10]`,
	"a reference by name":      `(?P<n>a)(?P=n)`,
	"a look ahead":             `a(?=b)`,
	"a look ahead for nothing": `a(?!b)`,
	"a look behind":            `(?<=a)b`,
	"a class of Unicode":       `\pL`,
	"a class of Unicode, {}":   `\p{Greek}`,
	"a long character":         `\x{61}`,
	"a quotation":              `\Qa\E`,
	"Go's end of the text":     `a\z`,
	"Python's end of the text": `a\Z`,
	"a character of Python":    `\u0061`,
	"a mark of PostgreSQL":     `\ma`,
	"an option of PostgreSQL":  `***=a`,
	"an option of Python":      `(?x)a`,
	"a comment":                `(?#a)b`,
	"broken UTF-8":             "a\xff",
	"a NUL":                    "a\x00",
	"too many repetitions":     `a{1001}`,
	"nested repetitions":       `(a{1000}){1000}`,
	"repeated nested groups":   strings.Repeat("(", 100) + "a" + strings.Repeat(")", 100) + "{900}",
	"optional repetitions":     `(a?){500}a{500}`,
	"a class many times":       `[02468acegikmoqsuwy]{800}` + strings.Repeat("02468acegikmoqsuwy", 20),
	"nested loops":             strings.Repeat("(?:a|", 300) + "b" + strings.Repeat(")*", 300),
	"too long":                 strings.Repeat("a", pattern.MaxLength+1),
	"too deep":                 strings.Repeat("(", 1500) + "a" + strings.Repeat(")", 1500),
}

func TestParse_Refuses(t *testing.T) {
	t.Parallel()
	for name, text := range refused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if p, err := pattern.Parse(text); err == nil {
				t.Errorf("%q is taken, as %s", text, p.Postgres())
			}
			if p, err := pattern.ParseLine(text); err == nil {
				t.Errorf("%q is taken for lines, as %s", text, p.Postgres())
			}
		})
	}
}

// TestParse_Bounds checks that patterns of a size that people write are taken.
func TestParse_Bounds(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"fifty tags":        strings.Repeat(strings.Repeat("k", 60)+",", 50),
		"a hundred names":   strings.TrimSuffix(strings.Repeat("web-[0-9]+.example.com|", 100), "|"),
		"a name exactly":    "^" + strings.Repeat("é", 255) + "$",
		"many repetitions":  `x{1000}`,
		"any text in parts": strings.Repeat(".*a", 50),
		"the longest":       strings.Repeat("a", pattern.MaxLength),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := pattern.Parse(text); err != nil {
				t.Error(err)
			}
		})
	}
}
