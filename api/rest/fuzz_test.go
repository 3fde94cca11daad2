package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzSite sends anything anywhere: nothing is answered with a fault of ours,
// everything has a line in the log, and what says that it is JSON is.
func FuzzSite(f *testing.F) {
	for _, seed := range []struct{ method, path, query, version, kind, accept, body string }{
		{"GET", "/v2.1/things", "limit=1&marker=x", "compute 2.50", "", "", ""},
		{"GET", "/v2.1/" + demoProject + "/things/detail", "%ff", "compute latest", "", "*/*", ""},
		{"POST", "/v2.1/things", "", "2.1", "application/json", "text/html", `{"thing": {"name": "x"}}`},
		{"POST", "/v2/things", "", "", "text/plain", "application/json", `{"thing": {"name": null, "x": [1e999]}}`},
		{"PUT", "/v2.1/things/1", "", "compute 2.5", ";", "application/vnd.openstack.compute+json", `[[[[`},
		{"POST", "/v2.1/things/own/action", "", "compute 2.5,", "", ",", `{"poke": null}`},
		{"DELETE", "/v2.1/things/%2f/parts", ";=&", "compute 2.99999999999999999999", "", "q=;", "\xff"},
		{"OPTIONS", "//v2.1//", "", "compute", "a/b", "", "{}"},
		{"HEAD", "/", "=", "", "", "", ""},
		{"FOO", "/v2.1/\x00/things", "", "", "", "", "\x00"},
	} {
		f.Add(seed.method, seed.path, seed.query, seed.version, seed.kind, seed.accept, seed.body)
	}
	s := newSite(f)
	f.Fuzz(func(t *testing.T, method, path, query, version, kind, accept, body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://nova.example/", strings.NewReader(body))
		r.Method = method
		r.URL = &url.URL{Scheme: "http", Host: "nova.example", Path: path, RawQuery: query}
		if decoded, err := url.PathUnescape(path); err == nil {
			r.URL.Path, r.URL.RawPath = decoded, path
		}
		if strings.Contains(path, "/fail") {
			t.Skip("that one is meant to")
		}
		r.Header = http.Header{
			"X-Auth-Token": {"admin"}, "Openstack-Api-Version": {version}, "X-Openstack-Nova-Api-Version": {version},
			"Content-Type": {kind}, "Accept": {accept}, "X-Openstack-Request-Id": {query},
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError || w.Code < http.StatusOK {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		if kind := w.Header().Get("Content-Type"); strings.HasPrefix(kind, "application/") && w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s that is none: %q", kind, w.Body)
		}
		if line := s.log.take(); strings.Count(line, "\n") != 1 || !json.Valid([]byte(line)) {
			t.Errorf("log %q", line)
		}
	})
}
