package nova_test

import (
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestFromBase64(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                 "",
		"aGVsbG8=":         "hello",
		"aGVs\nbG8=\r\n":   "hello",
		"a G,V-s_b*G 8=":   "hello",
		"aGVsbG8=aGVsbG8=": "hello", // what follows the padding
		"aGVsbA==":         "hell",
		"=aGVsbG8=":        "hello", // padding of nothing
	} {
		if got := string(nova.FromBase64(text)); got != want {
			t.Errorf("FromBase64(%q) = %q, want %q", text, got, want)
		}
	}
}
