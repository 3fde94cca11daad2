package main

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestForwarded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		headers []string // name, value, …
		https   bool     // to this process
		want    string   // scheme, host, source
	}{
		{"nothing", nil, false, "http compute.internal 192.0.2.1:1234"},
		{"nothing, over TLS", nil, true, "https compute.internal 192.0.2.1:1234"},
		{"scheme", []string{"X-Forwarded-Proto", "https"}, false, "https compute.internal 192.0.2.1:1234"},
		{"scheme, over TLS", []string{"X-Forwarded-Proto", "http"}, true, "http compute.internal 192.0.2.1:1234"},
		{"nonsense", []string{"X-Forwarded-Proto", "gopher"}, true, "https compute.internal 192.0.2.1:1234"},
		{"host", []string{"X-Forwarded-Host", "nova.example"}, false, "http nova.example 192.0.2.1:1234"},
		{"client", []string{"X-Forwarded-For", "198.51.100.7"}, false, "http compute.internal 198.51.100.7"},
		{"client that lies", []string{"X-Forwarded-For", "127.0.0.1", "X-Forwarded-For", "10.0.0.1, 198.51.100.7"}, false, "http compute.internal 198.51.100.7"},
		{"RFC 7239", []string{"Forwarded", `For="[2001:db8::1]"; proto=https;host=nova.example`}, false, "https nova.example [2001:db8::1]"},
		{"two proxies", []string{"Forwarded", "for=10.0.0.1;proto=https", "Forwarded", "for=198.51.100.7;proto=http"}, false, "https compute.internal 198.51.100.7"},
		{"both forms", []string{"Forwarded", "proto=https", "X-Forwarded-Host", "other.example"}, false, "https compute.internal 192.0.2.1:1234"},
		{"broken", []string{"Forwarded", ";;=,"}, false, "http compute.internal 192.0.2.1:1234"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			r.Host = "compute.internal"
			if test.https {
				r.TLS = new(tls.ConnectionState)
			}
			for i := 0; i < len(test.headers); i += 2 {
				r.Header.Add(test.headers[i], test.headers[i+1])
			}
			var got string
			forwarded(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				scheme := "http"
				if r.TLS != nil {
					scheme = "https"
				}
				got = scheme + " " + r.Host + " " + r.RemoteAddr
			})).ServeHTTP(httptest.NewRecorder(), r)
			if got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}
