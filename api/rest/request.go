package rest

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// A Request is what a handler is told about a call: everything but the body.
type Request struct {
	Version microversion.Version
	Caller  nova.Caller

	site  *Site
	http  *http.Request
	query url.Values // checked, unknown parameters taken out
	body  body
	links links
	extra http.Header // what the reply is to carry beside the usual headers
	rule  policy.Rule // what policy is asked about
}

// AtLeast tells whether the call is at 2.minor or above.
func (r *Request) AtLeast(minor int) bool { return r.Version.AtLeast(minor) }

// Can tells whether the caller may see or do something more. It refuses
// nothing by itself.
func (r *Request) Can(rule policy.Rule) bool {
	return r.site.Policy.Can(rule, r.Caller, r.ownTarget())
}

// CanOn is Can for something that belongs to a project and a user.
func (r *Request) CanOn(rule policy.Rule, t policy.Target) bool {
	return r.site.Policy.Can(rule, r.Caller, t)
}

// Enforce refuses the call, with Forbidden, if the caller may not act on
// something that belongs to a project or a user.
func (r *Request) Enforce(rule policy.Rule, t policy.Target) error {
	return r.site.Policy.Check(rule, r.Caller, t)
}

// EnforceOwn is Enforce for what belongs to the caller itself.
func (r *Request) EnforceOwn(rule policy.Rule) error { return r.Enforce(rule, r.ownTarget()) }

func (r *Request) ownTarget() policy.Target {
	return policy.Target{ProjectID: r.Caller.ProjectID, UserID: r.Caller.UserID}
}

// ID is the last name in the path: of the member that the call is about.
func (r *Request) ID() string { return r.Param("id") }

// Param is a name in the path.
func (r *Request) Param(name string) string { return chi.URLParam(r.http, name) }

// Query holds the query parameters that the call's schema knows.
func (r *Request) Query() url.Values { return r.query }

// Limit is how many items a page may have: what the client wants, but no more
// than the site allows. 0 is a page without items.
func (r *Request) Limit() int {
	most := r.site.MaxLimit
	wanted, err := strconv.Atoi(last(r.query["limit"]))
	if err != nil || wanted < 0 || wanted > most {
		return most
	}
	return wanted
}

// Page is the part of a list that the client wants.
func (r *Request) Page() nova.Page {
	offset, _ := strconv.Atoi(last(r.query["offset"]))
	return nova.Page{Limit: r.Limit(), Marker: last(r.query["marker"]), Offset: max(offset, 0)}
}

// parseQuery decodes a query. What can't be decoded stays as it is, so that it
// is checked like the rest, and not passed over.
func parseQuery(raw string) url.Values {
	values := url.Values{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		values[name] = append(values[name], value)
	}
	return values
}

func unescape(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}

func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// Header adds a header to the reply.
func (r *Request) Header(name, value string) { r.extra.Set(name, value) }

// URL is the address of something below the API's versioned root, as the
// client reached it.
func (r *Request) URL(path ...string) string { return r.links.self + strings.Join(path, "/") }

// RootURL is the same without the project, if the client's path had one.
func (r *Request) RootURL(path ...string) string { return r.links.root + strings.Join(path, "/") }

// Bookmark is the same without the version: the lasting address.
func (r *Request) Bookmark(path ...string) string { return r.links.bookmark + strings.Join(path, "/") }

// ImageBookmark is the lasting address of an image, which lives elsewhere if
// the site says so.
func (r *Request) ImageBookmark(id string) string {
	if prefix := r.site.ImageLinkPrefix; prefix != "" {
		return strings.TrimSuffix(prefix, "/") + "/images/" + id
	}
	return r.Bookmark("images", id)
}

// NextURL is the address of the page behind this one: this call's own query,
// as far as it was understood, sorted, with another marker.
func (r *Request) NextURL(path, marker string) string {
	query := maps.Clone(r.query)
	query.Set("marker", marker)
	return r.URL(path) + "?" + query.Encode()
}

// Base is the scheme and host that addresses start with.
func (r *Request) Base() string { return r.site.base(r.http) }

// links are the roots that addresses start with; all end with a slash.
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

// base is the scheme and host that the client used, or what the site's link
// prefix says instead.
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

// IsAdmin tells whether policy takes the caller for an administrator.
func (r *Request) IsAdmin() bool { return r.Can(policy.ContextIsAdmin) }
