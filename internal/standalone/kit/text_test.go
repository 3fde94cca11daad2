package kit_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/nova-api/nova-api/internal/standalone/kit"
)

func TestPlainText(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]bool{
		"/networks?name=x": true, "/networks/%C3%A4?name=%C3%A4+%26": true,
		"/networks/%00": false, "/networks?name=%00": false, "/networks/%FF": false, "/networks?name=%FF": false, "/networks?name=%zz": false,
	} {
		_, err := kit.PlainText(httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody))
		if (err == nil) != want {
			t.Errorf("%s: got %v", target, err)
		}
	}
}
