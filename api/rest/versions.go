package rest

import (
	"cmp"
	"context"
	"net/http"

	"github.com/nova-api/nova-api/internal/microversion"
)

// A generation is one of the API's two, /v2 and /v2.1, as its version document
// describes it.
type generation struct {
	root, id, status, version, min, updated, mediaType string
}

// generations are in the order of the list at the root.
var generations = []generation{
	{rootLegacy, "v2.0", "DEPRECATED", "", "", "2025-07-04T12:00:00Z", typeVendor + ";version=2"},
	{
		rootCurrent, "v2.1", "CURRENT", microversion.Max.String(), microversion.Min.String(),
		"2013-07-23T11:33:21Z", typeVendor + ";version=2.1",
	},
}

// These are the parts of the version documents, with the keys in the order of
// Nova's.
type (
	link struct {
		Rel  string `json:"rel"`
		Type string `json:"type,omitempty"`
		Href string `json:"href"`
	}
	mediaKind struct {
		Base string `json:"base"`
		Type string `json:"type"`
	}
	versionDocument struct {
		ID         string      `json:"id"`
		Status     string      `json:"status"`
		Version    string      `json:"version"`
		MinVersion string      `json:"min_version"`
		Updated    string      `json:"updated"`
		Links      []link      `json:"links"`
		MediaTypes []mediaKind `json:"media-types,omitempty"`
	}
	choiceDocument struct {
		ID         string      `json:"id"`
		Status     string      `json:"status"`
		Links      []link      `json:"links"`
		MediaTypes []mediaKind `json:"media-types"`
	}
)

// document returns the generation's own document. Its self link leads to root,
// which is where the client asked for it.
func (g generation) document(base, root string) versionDocument {
	return versionDocument{
		ID: g.id, Status: g.status, Version: g.version, MinVersion: g.min, Updated: g.updated,
		Links: []link{
			{Rel: "self", Href: base + "/" + root + "/"},
			{Rel: "describedby", Type: "text/html", Href: "http://docs.openstack.org/"},
		},
		MediaTypes: g.mediaTypes(),
	}
}

func (g generation) mediaTypes() []mediaKind { return []mediaKind{{typeJSON, g.mediaType}} }

// entry returns the generation's entry in the list at the root, which is
// shorter than the document.
func (g generation) entry(base string) versionDocument {
	d := g.document(base, g.root)
	d.Links, d.MediaTypes = d.Links[:1], nil
	return d
}

// answerVersions answers at the roots, where no token is needed: the list at /,
// the documents at /v2 and /v2.1, and the choices at every other path outside
// of the two. It also answers OPTIONS, which browsers send before the real
// request.
func (s *Site) answerVersions(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case path == "/":
			s.open(w, r, path, http.StatusOK, map[string]any{"versions": s.entries(r)})
		case path == "/"+rootLegacy, path == "/"+rootLegacy+"/":
			s.open(w, r, "/"+rootLegacy, http.StatusOK, map[string]any{"version": generations[0].document(s.base(r), rootLegacy)})
		case path == "/"+rootCurrent, path == "/"+rootCurrent+"/":
			version, err := negotiate(w.Header(), r.Header)
			if err != nil {
				fail(w, r, err)
				return
			}
			recordOf(r.Context()).version = version
			s.open(w, r, "/"+rootCurrent, http.StatusOK, map[string]any{"version": generations[1].document(s.base(r), rootCurrent)})
		case r.Method == http.MethodOptions: // a browser's question before the real one, which Nova's front answers
			delete(w.Header(), headerRequestID)
			delete(w.Header(), headerComputeRequestID)
			w.Header().Set("Content-Length", "0")
			w.WriteHeader(http.StatusOK)
		case !underRoot(path, rootLegacy) && !underRoot(path, rootCurrent):
			s.open(w, r, "", http.StatusMultipleChoices, map[string]any{"choices": s.choices(r)})
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// open answers without a token. A malformed body is refused here, too.
func (s *Site) open(w http.ResponseWriter, r *http.Request, route string, status int, document any) {
	recordOf(r.Context()).route = route
	var reply reply
	_, err := readBody(r)
	if err == nil {
		reply, err = prepare(w.Header(), r, status, document)
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	reply.send(w)
}

func (s *Site) entries(r *http.Request) []versionDocument {
	entries := make([]versionDocument, len(generations))
	for i, g := range generations {
		entries[i] = g.entry(s.base(r))
	}
	return entries
}

// choices are the addresses at which the path might exist.
func (s *Site) choices(r *http.Request) []choiceDocument {
	choices := make([]choiceDocument, len(generations))
	for i, g := range generations {
		href := s.base(r) + "/" + g.root + r.URL.EscapedPath()
		choices[i] = choiceDocument{g.id, g.status, []link{{Rel: "self", Href: href}}, g.mediaTypes()}
	}
	return choices
}

// versions maps the documents that are also found below the roots, where they
// need a token.
func (m Mapper) versions() {
	m.handle(route{http.MethodGet, m.prefix + "/versions/{id}", "show"}, Do(showVersion))
}

// projectRoot maps the document at the root of a project's own endpoint.
func (m Mapper) projectRoot() {
	m.handle(route{http.MethodGet, m.prefix + "/", "show"}, Do(showVersion))
}

// showVersion answers with a generation's document. At /v2 that is always its
// own, whatever the ID.
func showVersion(_ context.Context, r *Request) (any, error) {
	root, id := rootCurrent, cmp.Or(r.ID(), "v2.1")
	if r.Version == microversion.Legacy {
		root, id = rootLegacy, "v2.0"
	}
	for _, g := range generations {
		if g.id == id {
			return map[string]any{"version": g.document(r.Base(), root)}, nil
		}
	}
	return nil, errNotFound
}
