package compute

import (
	"strings"
	"testing"
)

func TestHostname(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 70)
	for _, c := range []struct{ name, suffix, want string }{
		{"web", "", "web"},
		{"Web Server_1.example", "", "web-server-1-example"},
		{"-.web.-", "", "web"},
		{"a b!@#$%^&*()c", "", "a-bc"},
		{"Café Ñandú", "", "café-ñandú"},
		{"x²½", "", "x²½"},
		{"日本", "", "Server-ID"},
		{"日本 web", "", "web"},
		{"...", "", "Server-ID"},
		{"!!", "-1", "Server-ID"},
		{long, "", long[:63]},
		{long[:62] + "!!b", "", long[:62]}, // what is dropped counts towards the 63
		{long, "-2", long[:63] + "-2"},
		{"web.", "-2", "web-2"},
	} {
		if got := hostname(c.name, "ID", c.suffix); got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.name, c.suffix, got, c.want)
		}
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		lines int
		want  string
	}{
		{"a\nb\nc", -1, "a\nb\nc"},
		{"a\nb\nc", 0, ""},
		{"a\nb\nc", 1, "c"},
		{"a\nb\nc", 2, "b\nc"},
		{"a\nb\nc", 3, "a\nb\nc"},
		{"a\nb\nc", 9, "a\nb\nc"},
		{"a\nb\n", 1, ""},
		{"a\nb\n", 2, "b\n"},
		{"a\nb\n", 3, "a\nb\n"},
		{"", 0, ""},
		{"", 1, ""},
		{"\n", 1, ""},
		{"\n", 2, "\n"},
		{"a\r\x00\x07\x1b[0m\tb\n\x08ü", -1, "a[0m\tb\nü"},
	} {
		if got := printable(tail([]byte(c.text), c.lines)); got != c.want {
			t.Errorf("%q, %d lines: %q, want %q", c.text, c.lines, got, c.want)
		}
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"boom", 10, "boom"},
		{"boom", 2, "bo"},
		{"boüm", 3, "bo"},
		{"\x00b\xffm", 10, "bm"},
		{"", 0, ""},
	} {
		if got := clip(c.text, c.most); got != c.want {
			t.Errorf("%q, %d bytes: %q, want %q", c.text, c.most, got, c.want)
		}
	}
}
