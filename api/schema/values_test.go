package schema

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/python"
)

func microversionOf(minor int) microversion.Version { return microversion.Version(minor) }

func decodeInto[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return value
}

// TestValues decodes JSON into each of the types: want is the value as JSON,
// "" where it can't be read.
func TestValues(t *testing.T) {
	t.Parallel()
	as := map[string]func(text string) (any, error){
		"Int":   unmarshal[Int],
		"Float": unmarshal[Float],
		"Text":  unmarshal[Text],
		"Bool":  unmarshal[Bool],
	}
	for _, c := range []struct{ as, in, want string }{
		{"Int", `1`, `1`},
		{"Int", `"-1"`, `-1`},
		{"Int", `1.0`, `1`},
		{"Int", `1e2`, `100`},
		{"Int", `null`, `0`},
		{"Int", `1.5`, ``},
		{"Int", `"x"`, ``},
		{"Int", `1e30`, ``},
		{"Int", `[1]`, ``},
		{"Int", `true`, ``},
		{"Float", `1`, `1`},
		{"Float", `"1.5"`, `1.5`},
		{"Float", `"x"`, ``},
		{"Float", `{}`, ``},
		{"Text", `"a"`, `"a"`},
		{"Text", `1`, `"1"`},
		{"Text", `1.50`, `"1.5"`},
		{"Text", `1e2`, `"100.0"`},
		{"Text", `true`, `"True"`},
		{"Text", `"true"`, `"true"`},
		{"Text", `null`, `""`},
		{"Text", `[]`, ``},
		{"Bool", `true`, `true`},
		{"Bool", `"Off"`, `false`},
		{"Bool", `"1"`, `true`},
		{"Bool", `"maybe"`, ``},
		{"Bool", `{}`, ``},
	} {
		value, err := as[c.as](c.in)
		got := ""
		if err == nil {
			text, _ := json.Marshal(value)
			got = string(text)
		}
		if got != c.want {
			t.Errorf("%s from %s: got %s (%v), want %s", c.as, c.in, got, err, c.want)
		}
	}
}

func unmarshal[T any](text string) (any, error) {
	var value T
	err := json.Unmarshal([]byte(text), &value)
	return value, err
}

// TestValues_SchemasAgree decodes all that the words let through.
func TestValues_SchemasAgree(t *testing.T) {
	t.Parallel()
	for _, truth := range truths {
		text, err := json.Marshal(truth)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Contains([]string{"true", "1", "on", "yes"}, strings.ToLower(python.Str(truth)))
		if got := decodeInto[Bool](t, string(text)); bool(got) != want {
			t.Errorf("%s is %v", text, got)
		}
	}
}

func TestNull(t *testing.T) {
	t.Parallel()
	type body struct {
		D Null[string] `json:"d"`
	}
	for in, want := range map[string]Null[string]{
		`{}`:          {},
		`{"d": null}`: {Set: true, Null: true},
		`{"d": "x"}`:  {Set: true, Value: "x"},
	} {
		if diff := cmp.Diff(want, decodeInto[body](t, in).D); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2012-12-13":                       "2012-12-13T00:00:00Z",
		"2012":                             "2012-01-01T00:00:00Z",
		"20121213T010203Z":                 "2012-12-13T01:02:03Z",
		"2012-12-13T01:02":                 "2012-12-13T01:02:00Z",
		"2012-12-13 01:02:03.123456+02:00": "2012-12-12T23:02:03.123456Z",
		"2012-12-13T01:02:03.5-0130":       "2012-12-13T02:32:03.5Z",
		"2012-12-13T01:02:03+02":           "2012-12-12T23:02:03Z",
		"2012-13-01":                       "",
		"2012-02-30":                       "",
		"now":                              "",
		"":                                 "",
		"2012-12-13T25:00:00Z":             "",
	} {
		got, err := ParseTime(in)
		if want == "" {
			if err == nil {
				t.Errorf("%q was read as %s", in, got)
			}
			continue
		}
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q: got %s (%v), want %s", in, got.Format(time.RFC3339Nano), err, want)
		}
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format   string
		yes, not []string
	}{
		{"name", []string{"a", "a b", "日本", "a:b", "é", "a\n"}, []string{" a", "a ", "a\u00a0", "a\tb", "\u200b", "😀", "a\nb", "a \n"}},
		{"az_name", []string{"a b"}, []string{"a:b", " a"}},
		{"padded_name", []string{" a ", "a"}, []string{" ", "", "a\t"}},
		{
			"uuid",
			[]string{someUUID, strings.ToUpper(someUUID), strings.ReplaceAll(someUUID, "-", ""), "{" + someUUID + "}", "urn:uuid:" + someUUID},
			[]string{"", someUUID[1:], someUUID + "0", "g" + someUUID[1:]},
		},
		{"base64", []string{"", "YQ==", "YWJj", "YW Jj", "YQ==junk"}, []string{"YQ", "YQ=", "Y", "ä", "YQ==ä"}},
		{"ipv4", []string{"1.2.3.4"}, []string{"1.2.3", "01.2.3.4", "::1", "1.2.3.256"}},
		{"ipv6", []string{"::1", "::ffff:1.2.3.4"}, []string{"1.2.3.4", "fe80::1%eth0", "1::g"}},
		{"cidr", []string{"10.0.0.0/8", "::/0"}, []string{"10.0.0.0", "10.0.0.0 /8", "10.0.0.0/33"}},
		{"regex", []string{"a.*", "^a$"}, []string{"", "a("}},
		{"date-time", []string{"2012-12-13"}, []string{"x"}},
	} {
		for _, text := range c.yes {
			if !formats[c.format](text) {
				t.Errorf("%q is not taken as %s", text, c.format)
			}
		}
		for _, text := range c.not {
			if formats[c.format](text) {
				t.Errorf("%q is taken as %s", text, c.format)
			}
		}
	}
}
