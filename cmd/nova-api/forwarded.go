package main

import (
	"crypto/tls"
	"net/http"
	"strings"
)

// forwarded makes a request look as the client sent it to the proxy in front of
// this process, for links and for limits by address. Anybody can send such
// headers, so it is for processes that only a proxy reaches.
//
// As in oslo_middleware/http_proxy_to_wsgi.py, Forwarded goes before
// X-Forwarded-Proto, -Host and -For, and the proxy next to the client says how it
// was called. The client's address is what the proxy next to this process has
// seen, because clients can make up the others.
func forwarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		called, source := proxyHeaders(r.Header)
		changed := r.WithContext(r.Context()) // a copy: the server's own request keeps its fields
		switch called["proto"] {
		case "https":
			changed.TLS = new(tls.ConnectionState) // links look only at whether there is one
		case "http":
			changed.TLS = nil
		}
		if host := called["host"]; host != "" {
			changed.Host = host
		}
		if source != "" {
			changed.RemoteAddr = source
		}
		next.ServeHTTP(w, changed)
	})
}

// proxyHeaders reads how the client called the first proxy, and the address that
// the last proxy was called from.
func proxyHeaders(h http.Header) (called map[string]string, source string) {
	if header := h.Values("Forwarded"); len(header) > 0 {
		proxies := strings.Split(strings.Join(header, ","), ",")
		return forwardedPairs(proxies[0]), forwardedPairs(proxies[len(proxies)-1])["for"]
	}
	sources := strings.Split(strings.Join(h.Values("X-Forwarded-For"), ","), ",")
	called = map[string]string{
		"proto": strings.TrimSpace(h.Get("X-Forwarded-Proto")), "host": strings.TrimSpace(h.Get("X-Forwarded-Host")),
	}
	return called, strings.TrimSpace(sources[len(sources)-1])
}

// forwardedPairs reads what one proxy says in a header Forwarded (RFC 7239), such
// as `for=192.0.2.60;proto=https;host=compute.example`.
func forwardedPairs(proxy string) map[string]string {
	pairs := map[string]string{}
	for pair := range strings.SplitSeq(proxy, ";") {
		name, value, _ := strings.Cut(pair, "=")
		pairs[strings.ToLower(strings.TrimSpace(name))] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	return pairs
}
