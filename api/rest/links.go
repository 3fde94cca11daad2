package rest

import (
	"maps"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// URL is an address below the API's versioned root, as the client reached it.
func (r *Request) URL(path ...string) string { return r.links.self + strings.Join(path, "/") }

// RootURL is URL without the project, which the client's path may have.
func (r *Request) RootURL(path ...string) string { return r.links.root + strings.Join(path, "/") }

// Bookmark is URL without the version: the address that lasts.
func (r *Request) Bookmark(path ...string) string { return r.links.bookmark + strings.Join(path, "/") }

// NextURL is the address of the next page: this call's own query, without the
// parameters that the schema does not know, sorted, and with another marker.
func (r *Request) NextURL(path, marker string) string {
	query := maps.Clone(r.query)
	query.Set("marker", marker)
	return r.URL(path) + "?" + query.Encode()
}

// Base is the start of all addresses: scheme and host, or the site's link prefix.
func (r *Request) Base() string { return r.site.base(r.http) }

// links are the starts of a request's addresses. All end with a slash.
type links struct{ self, root, bookmark string }

func (s *Site) linksOf(r *http.Request, root string) links {
	base := s.base(r)
	project := ""
	if id := chi.URLParam(r, projectParam); id != "" {
		project = id + "/"
	}
	versioned := base + "/" + root + "/"
	return links{self: versioned + project, root: versioned, bookmark: base + "/" + project}
}

// base is the site's link prefix, or the scheme and host that the client used.
func (s *Site) base(r *http.Request) string {
	if s.LinkPrefix != "" {
		return strings.TrimSuffix(s.LinkPrefix, "/")
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host
}
