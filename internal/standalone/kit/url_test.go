package kit_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/nova-api/nova-api/internal/standalone/kit"
)

func TestHandle_URLs(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]int{
		"/a?name=%C3%A9": 204, "/a?name=%ff": 400, "/a?name=%00": 400, "/a?name=%zz": 400, "/%00": 404, "/%ff": 404, "/%C3%A9": 204,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
		if w := call(kit.Kit{Style: kit.Neutron}, func(*http.Request) (kit.Reply, error) { return kit.Reply{}, nil }, r); w.Code != want {
			t.Errorf("%s: got %d, want %d", target, w.Code, want)
		}
	}
}

func TestHandle_Head(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodHead, "/", http.NoBody)
	w := call(kit.Kit{}, func(*http.Request) (kit.Reply, error) { return kit.Reply{Body: []int{1}}, nil }, r)
	if w.Body.Len() != 0 || w.Header().Get("Content-Length") != "3" {
		t.Errorf("got %q, length %s", w.Body, w.Header().Get("Content-Length"))
	}
}
