package views

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDict_AppendJSON(t *testing.T) {
	t.Parallel()
	text := "x"
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, `null`},
		{`a"b\c` + "\b\f\n\r\t\x00\x1f", `"a\"b\\c\b\f\n\r\t\u0000\u001f"`},
		{"<&>é\u2028", "\"<&>é\u2028\""},
		{"\xff\xfe", "\"\ufffd\ufffd\""},
		{&text, `"x"`},
		{(*string)(nil), `null`},
		{true, `true`},
		{-1, `-1`},
		{int64(math.MaxInt64), `9223372036854775807`},
		{1.0, `1.0`},
		{2.5, `2.5`},
		{1234567.5, `1234567.5`},
		{1e15, `1000000000000000.0`},
		{1e16, `1e+16`},
		{123456789012345680.0, `1.2345678901234568e+17`},
		{3.5e38, `3.5e+38`},
		{0.0001, `0.0001`},
		{0.00001, `1e-05`},
		{math.Copysign(0, -1), `-0.0`},
		{math.NaN(), `null`},
		{math.Inf(-1), `null`},
		{Dict{{"a", 1}, Field{"b", 2}.If(false), Field{"c", 3}.If(true)}, `{"a":1,"c":3}`},
		{Dict{Field{"a", 1}.If(false), {"b", 2}}, `{"b":2}`},
		{Dict(nil), `{}`},
		{[]Dict(nil), `[]`},
		{[]Dict{{{"a", 1}}, {}}, `[{"a":1},{}]`},
		{[]string(nil), `[]`},
		{[]string{"b", "a"}, `["b","a"]`},
		{map[string]string(nil), `{}`},
		{map[string]string{"b": "1", "a": "2"}, `{"a":"2","b":"1"}`},
		{map[string]any{"a": []any{1, nil}}, `{"a":[1,null]}`},
	} {
		if diff := cmp.Diff(`{"k":`+c.want+`}`, string(Dict{{"k", c.value}}.AppendJSON(nil))); diff != "" {
			t.Errorf("%#v (-want +got):\n%s", c.value, diff)
		}
	}
}

func TestDict_Versions(t *testing.T) {
	t.Parallel()
	d := func(minor int) Dict {
		r := request{minor: minor}
		return Dict{since(r, 10, "since", 1), until(r, 19, "until", 2), since(r, 10, "both", 3).If(minor < 20)}
	}
	for minor, want := range map[int]string{
		0: `{"until":2}`, 9: `{"until":2}`, 10: `{"since":1,"until":2,"both":3}`,
		19: `{"since":1,"until":2,"both":3}`, 20: `{"since":1}`, 104: `{"since":1}`,
	} {
		if diff := cmp.Diff(want, string(d(minor).AppendJSON(nil))); diff != "" {
			t.Errorf("2.%d (-want +got):\n%s", minor, diff)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	at := time.Date(2013, 9, 23, 15, 37, 0, 880302999, time.FixedZone("", 2*3600))
	for got, want := range map[any]any{
		isotime(at):        "2013-09-23T13:37:00Z",
		naive(at):          "2013-09-23T13:37:00.880302",
		naiveOrNull(&at):   "2013-09-23T13:37:00.880302",
		naiveOrNull(nil):   nil,
		stringOrNull(""):   nil,
		stringOrNull("x"):  "x",
		naive(time.Time{}): "0001-01-01T00:00:00.000000",
	} {
		if got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

// FuzzDict holds the encoder to encoding/json: whatever is in a dict, both
// write the same value.
func FuzzDict(f *testing.F) {
	f.Add("key", "value", int64(1), 1.5, true)
	f.Add("", "\xff\"\\\u2028<&>", int64(math.MinInt64), math.Copysign(0, -1), false)
	f.Add("a\nb", strings.Repeat("é", 40), int64(0), 1e300, true)
	f.Fuzz(func(t *testing.T, key, text string, number int64, float float64, yes bool) {
		if math.IsNaN(float) || math.IsInf(float, 0) {
			float = 0 // encoding/json refuses them; ours are null
		}
		inner := Dict{{"i", number}, {"f", float}, {"b", yes}, {"n", nil}, {"p", &text}, {"s", []string{text, ""}}}
		got := Dict{{key, text}, {"inner" + key, inner}, {"list" + key, []Dict{inner, {}}}, {"map" + key, map[string]string{text: key}}}
		plain := map[string]any{"i": number, "f": float, "b": yes, "n": nil, "p": text, "s": []string{text, ""}}
		want := map[string]any{
			key: text, "inner" + key: plain, "list" + key: []any{plain, map[string]any{}}, "map" + key: map[string]string{text: key},
		}
		encoded, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(decoded(t, encoded), decoded(t, got.AppendJSON(nil))); diff != "" {
			t.Errorf("(-encoding/json +ours):\n%s", diff)
		}
	})
}

func decoded(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("no JSON: %v: %q", err, text)
	}
	return value
}
