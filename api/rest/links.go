package rest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// URL is an address below the API's versioned root, as the client reached it.
func (r *Request) URL(path ...string) string { return under(r.links.self, path) }

// RootURL is URL without the project, which the client's path may have.
func (r *Request) RootURL(path ...string) string { return under(r.links.root, path) }

// Bookmark is URL without the version: the address that lasts.
func (r *Request) Bookmark(path ...string) string { return under(r.links.bookmark, path) }

// under is an address below another one, which ends with a slash. Nearly all are a
// member of a collection, and long lists have thousands of them.
func under(start string, path []string) string {
	if len(path) == 2 { //nolint:mnd // a collection and a member
		return start + path[0] + "/" + path[1]
	}
	return start + strings.Join(path, "/")
}

// NextURL is the address of the next page: this call's own query, sorted by
// name, without the parameters that the schema does not know, and with another
// marker, which comes last unless the query had one. A parameter that was given
// several times stands there once, with the value that is the last in order.
func (r *Request) NextURL(path, marker string) string {
	names := slices.Sorted(maps.Keys(r.query))
	if !r.Has("marker") {
		names = append(names, "marker")
	}
	pairs := make([]string, len(names))
	for i, name := range names {
		value := marker
		if name != "marker" {
			value = slices.Max(r.query[name])
		}
		pairs[i] = url.QueryEscape(name) + "=" + url.QueryEscape(value)
	}
	return r.URL(path) + "?" + strings.Join(pairs, "&")
}

// Base is the start of all addresses: scheme and host, or the site's link prefix.
func (r *Request) Base() string { return r.site.base(r.http) }

// links are the starts of a request's addresses. All end with a slash.
type links struct{ self, root, bookmark string }

// linksOf builds the links of a request. They have the caller's project in them
// if the client's address has, wherever it stands there: so does a filter for
// the project.
func (s *Site) linksOf(r *http.Request, root, projectID string) links {
	base := s.base(r)
	project := ""
	if projectID != "" && strings.Contains(r.URL.String(), projectID) {
		project = projectID + "/"
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
