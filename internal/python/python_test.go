package python_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/internal/python"
)

// decode reads JSON with its numbers as they were written.
func decode(t *testing.T, text string) (value any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestRepr(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`null`: "None", `true`: "True", `false`: "False", `1`: "1", `-0`: "0", `1.0`: "1.0", `1e2`: "100.0", `1E-7`: "1e-07",
		`123456789012345678901234567890`: "123456789012345678901234567890", `1e16`: "1e+16", `1e15`: "1000000000000000.0",
		`0.0001`: "0.0001", `0.00001`: "1e-05",
		`"a"`: `'a'`, `"it's"`: `"it's"`, `"it's \"x\""`: `'it\'s "x"'`, `"\\"`: `'\\'`, `"\u0000\u007f\u00a0\u00e9"`: `'\x00\x7f\xa0é'`,
		`"\u200b\u65e5"`: `'\u200b日'`, `"\ud83d\ude00\udb40\udc01"`: `'😀\U000e0001'`, `"\r\n\t"`: `'\r\n\t'`,
		`[1, "a", null]`: `[1, 'a', None]`, `{"b": [], "a": {}}`: `{'a': {}, 'b': []}`,
	} {
		if got := python.Repr(decode(t, in)); got != want {
			t.Errorf("repr of %s: got %s, want %s", in, got, want)
		}
	}
}

// An object whose order is known keeps it.
func TestRepr_Ordered(t *testing.T) {
	t.Parallel()
	value := python.Ordered{Keys: []string{"b", "a"}, Values: map[string]any{"a": nil, "b": []any{true}}}
	if got, want := python.Repr(value), "{'b': [True], 'a': None}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestStr(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{`"it's"`: "it's", `["a"]`: "['a']", `null`: "None"} {
		if got := python.Str(decode(t, in)); got != want {
			t.Errorf("str of %s: got %s, want %s", in, got, want)
		}
	}
}
