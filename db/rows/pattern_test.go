package rows_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/pattern"
)

// matching asks a database which of the texts a pattern matches.
func matching(t *testing.T, d *rows.DB, p pattern.Pattern, texts []string) []string {
	t.Helper()
	condition, arg := d.Matches("value", p)
	values := strings.TrimSuffix(strings.Repeat("SELECT CAST(? AS TEXT) AS value UNION ALL ", len(texts)), " UNION ALL ")
	matched, err := rows.All[string](t.Context(), d, "SELECT value FROM ("+values+") v WHERE "+condition, append(rows.Anys(texts), arg)...)
	if err != nil {
		t.Fatalf("%q: %v", p, err)
	}
	return matched
}

func TestMatches(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		for _, tt := range []struct {
			text    string
			yes, no []string
		}{
			{text: "web", yes: []string{"web", "WEB", "my web server"}, no: []string{"we", ""}},
			{text: "^web$", yes: []string{"web", "Web"}, no: []string{"web\n", "\nweb", "webs"}},
			{text: "(?-i)Web", yes: []string{"Web"}, no: []string{"web", "WEB"}},
			{text: "", yes: []string{"", "a"}},
			{text: "a|", yes: []string{"a", "b"}},
			{text: `\d`, yes: []string{"1"}, no: []string{"a", "٣"}},
			{text: `^\w+$`, yes: []string{"a_1", "ſ"}, no: []string{"é", "a b"}},
			{text: `^\W$`, yes: []string{"é", " ", "\n"}, no: []string{"a", "_"}},
			{text: `a\sb`, yes: []string{"a b", "a\tb", "a\nb"}, no: []string{"a\u00a0b"}},
			{text: "a.b", yes: []string{"a b", "aéb"}, no: []string{"a\nb"}},
			{text: "(?s)a.b", yes: []string{"a\nb"}, no: []string{"ab"}},
			{text: "(?m)^b$", yes: []string{"a\nb\nc", "b"}, no: []string{"ab"}},
			{text: `\bb`, yes: []string{"a b", "b", "éb"}, no: []string{"ab", "_b"}},
			{text: `\Bb`, yes: []string{"ab", "_b"}, no: []string{"b", "a b"}},
			{text: "[^a]", yes: []string{"b", "\n", "é"}, no: []string{"a", "A"}},
			{text: "[a-c]", yes: []string{"B"}, no: []string{"d", "["}},
			{text: "k", yes: []string{"K", "\u212a"}, no: []string{"x"}},
			{text: "É", yes: []string{"é", "É"}, no: []string{"e"}},
			{text: "😀{2}", yes: []string{"😀😀"}, no: []string{"😀"}},
			{text: "^x{300}$", yes: []string{strings.Repeat("x", 300)}, no: []string{strings.Repeat("x", 299), strings.Repeat("x", 301)}},
			{text: "^x{300,}$", yes: []string{strings.Repeat("x", 700)}, no: []string{strings.Repeat("x", 299)}},
			{text: "^x{250,260}$", yes: []string{strings.Repeat("x", 256)}, no: []string{strings.Repeat("x", 249), strings.Repeat("x", 261)}},
			{text: "(?P<name>a)b", yes: []string{"ab"}, no: []string{"a"}},
			{text: `\.\-\]\\`, yes: []string{`.-]\`}, no: []string{`a-]\`}},
			{text: `[\]\-^\\]`, yes: []string{"]", "-", "^", `\`}, no: []string{"a"}},
			{text: `\x00`, no: []string{"", "a"}},
			{text: `[^\x00-\xff]`, yes: []string{"Ā"}, no: []string{"ÿ", "a"}},
			{text: `^[^\S\s]`, no: []string{"", "a", "\n"}},
		} {
			p, err := pattern.Parse(tt.text)
			if err != nil {
				t.Errorf("%q: %v", tt.text, err)
				continue
			}
			if got := matching(t, s.DB, p, slices.Concat(tt.yes, tt.no)); !slices.Equal(got, append([]string{}, tt.yes...)) {
				t.Errorf("%q matches %q, want %q", tt.text, got, tt.yes)
			}
		}
	})
}

// Addresses are kept one a line.
func TestMatches_Lines(t *testing.T) {
	t.Parallel()
	const addresses = "10.0.0.7\n192.0.2.1\nfd00::1"
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		for text, want := range map[string]bool{
			"10.0": true, "192": true, "fd00": true, "": true, "1$": false, "10.0.0.7$": true, `\d+\.0\.2\.1$`: true,
			"0.0": false, "2": false, "x|192": true, "^192": true, "10.0.0.7.192": false, "FD": true,
		} {
			p, err := pattern.ParseLine(text)
			if err != nil {
				t.Errorf("%q: %v", text, err)
				continue
			}
			if got := matching(t, s.DB, p, []string{addresses}); (len(got) == 1) != want {
				t.Errorf("%q matches: %v, want %v", text, !want, want)
			}
		}
	})
}

// A patternMaker makes up patterns in the grammar, and texts that have a chance
// to be matched.
type patternMaker struct{ *rand.Rand }

const alphabet = "abkKsS_7-. \n\u212aſéÉ😀"

var atoms = []string{
	"a", "b", "k", "S", "é", "😀", "_", "7", `\.`, `\-`, " ", `\n`, ".", `\d`, `\D`, `\w`, `\W`, `\s`, `\S`, "[ab]", "[^ab]", "[a-k_]",
	`[\d.]`, `[^\w\s]`, "[^\u00e9]", `\x61`, "(?-i:k)", "(?s:.)", "^", "$", `\b`, `\B`, `\A`, "(?m:^)", "(?m:$)", "(?:)", "[[:alpha:]]",
}

var repetitions = []string{"*", "+", "?", "*?", "{2}", "{0,2}", "{1,}", "{0}", "{,3}"}

func (m patternMaker) pattern(depth int) string {
	if depth == 0 {
		return m.one(atoms)
	}
	switch m.IntN(6) {
	case 0:
		return m.pattern(depth-1) + "|" + m.pattern(depth-1)
	case 1:
		return "(" + m.pattern(depth-1) + ")" + m.one(repetitions)
	case 2:
		return "(?:" + m.pattern(depth-1) + ")" + m.one(repetitions)
	case 3:
		return m.one(atoms) + m.one(repetitions)
	default:
		return m.pattern(depth-1) + m.pattern(depth-1)
	}
}

func (m patternMaker) text() string {
	letters := []rune(alphabet)
	text := make([]rune, m.IntN(7))
	for i := range text {
		text[i] = letters[m.IntN(len(letters))]
	}
	return string(text)
}

func (m patternMaker) one(of []string) string { return of[m.IntN(len(of))] }

// TestMatches_AsGo compares what databases match with what Go does, which needs
// no database: so that all of them match the same.
func TestMatches_AsGo(t *testing.T) {
	t.Parallel()
	const patterns, textsEach = 400, 40
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		random, taken := patternMaker{rand.New(rand.NewPCG(1, 2))}, 0
		for range patterns {
			text := random.pattern(4)
			texts := make([]string, textsEach)
			for i := range texts {
				texts[i] = random.text()
			}
			for _, parse := range []func(string) (pattern.Pattern, error){pattern.Parse, pattern.ParseLine} {
				p, err := parse(text)
				if err != nil {
					continue
				}
				taken++
				compareWithGo(t, s.DB, p, texts)
			}
		}
		if taken < patterns {
			t.Errorf("only %d patterns are in the grammar", taken)
		}
	})
}

func compareWithGo(t *testing.T, d *rows.DB, p pattern.Pattern, texts []string) {
	t.Helper()
	want := []string{}
	compiled := regexp.MustCompile(p.Go())
	for _, text := range texts {
		if compiled.MatchString(text) {
			want = append(want, text)
		}
	}
	if got := matching(t, d, p, texts); !slices.Equal(got, want) {
		t.Errorf("%q as %s\n matches %q\n    want %q", p, p.Postgres(), got, want)
	}
}

// FuzzMatches looks for patterns that one database takes and the other refuses,
// or matches otherwise. Without -fuzz it runs the seeds.
func FuzzMatches(f *testing.F) {
	for _, seed := range []string{
		"web", `(a)(b)(c)(d)(e)(f)(g)(h)(i)\10`, `\pL`, `\x{61}`, "(?P<n>a)", "x{1000}", `\Qa\E`, "(a?){130}", "[[:alpha:]]", "a**", "(?i)[^k]",
		`(?:\bx\b){1,200}`, "((((((a)))))){900}", "(?:^*|$+)", `\012`, `[\]a]`, "[a", "(?U)a*", "***=a", "(?s-i:.)", "x{0}", "(?:){9}", "a{2,1}",
	} {
		f.Add(seed, "a web\nx")
	}
	stores := map[string]*db.Store{"sqlite": dbtest.Open(f, dbtest.SQLiteIn(f, f.TempDir()))}
	if dbtest.HasPostgres() {
		stores["postgres"] = dbtest.Open(f, dbtest.PostgresFor(f))
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		p, err := pattern.Parse(text)
		if err != nil || strings.ContainsRune(value, 0) || !utf8.ValidString(value) { // no row has such a value
			return
		}
		for _, s := range stores {
			compareWithGo(t, s.DB, p, []string{value})
		}
	})
}
