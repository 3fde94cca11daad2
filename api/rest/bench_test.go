package rest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/api/rest"
)

// discard is a reply that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

// BenchmarkSite is what a request costs before and after its handler.
func BenchmarkSite(b *testing.B) {
	s := siteOf(b, func(m rest.Mapper) {
		m.Resource("thing", "things", controller{
			"show":   rest.Do(func(context.Context, *rest.Request) (any, error) { return written(`{}`), nil }),
			"create": rest.DoWith(nameBody, func(context.Context, *rest.Request, named) (any, error) { return written(`{}`), nil }),
		})
	}, func(s *rest.Site) { s.Log = zerolog.New(io.Discard) })
	for _, bench := range []struct{ name, method, path, body string }{
		{"GET", "GET", "/v2.1/" + demoProject + "/things/1", ""},
		{"POST", "POST", "/v2.1/" + demoProject + "/things", `{"thing": {"name": "x"}}`},
		{"not found", "GET", "/v2.1/nothing", ""},
		{"unauthorized", "GET", "/v2.1/things", ""},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequestWithContext(b.Context(), bench.method, "http://nova.example"+bench.path, http.NoBody)
			r.Header.Set("OpenStack-API-Version", "compute "+newest)
			r.Header.Set("Accept", "application/json")
			if bench.name != "unauthorized" {
				r.Header.Set("X-Auth-Token", "demo")
			}
			for b.Loop() {
				sent := *r
				sent.Body = io.NopCloser(strings.NewReader(bench.body))
				s.handler.ServeHTTP(discard{http.Header{}}, &sent)
			}
		})
	}
}
