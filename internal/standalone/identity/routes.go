package identity

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// A route is one call of the API. A caller that its policy refuses is told the
// rule. A route without a policy needs no token.
type route struct {
	method, path, rule string
	may                policy
	do                 func(r *request) (kit.Reply, error)
}

// routes maps the API's URLs to handlers.
func (s *Service) routes() http.Handler {
	own := []route{
		{"GET", "/", "", nil, s.versions},
		{"GET", "/v3", "", nil, s.version3},
		{"GET", "/v2.0", "", nil, s.version2},
		{"POST", "/v2.0/tokens", "", nil, s.createToken2},
		{"GET", "/v2.0/tenants", "", anyCaller, s.tenants2},

		{"POST", "/v3/auth/tokens", "", nil, s.createToken},
		{"GET", "/v3/auth/tokens", "identity:validate_token", anyCaller, s.showToken},
		{"DELETE", "/v3/auth/tokens", "identity:revoke_token", anyCaller, s.deleteToken},
		{"GET", "/v3/auth/catalog", "", anyCaller, s.showCatalog},
		{"GET", "/v3/auth/projects", "", anyCaller, s.authProjects},
		{"GET", "/v3/auth/domains", "", anyCaller, s.authDomains},
		{"GET", "/v3/auth/system", "", anyCaller, s.authSystem},

		{"POST", "/v3/users/{user_id}/password", "", nil, s.changePassword},
		{"GET", "/v3/users/{user_id}/projects", "identity:list_user_projects", either(canReadAll, self), s.userProjects},
		{"GET", "/v3/role_assignments", "identity:list_role_assignments", canReadAll, s.assignments},
	}
	r := chi.NewRouter()
	r.NotFound(s.NotFound())
	r.MethodNotAllowed(s.Handle(func(req *http.Request) (kit.Reply, error) { return notAllowed(r, req), nil }))
	for _, rt := range slices.Concat(own, s.grantRoutes(), s.tagRoutes(), s.implicationRoutes(), s.regionRoutes(), s.emptyRoutes(),
		s.users().routes(), s.projects().routes(), s.domains().routes(), s.roles().routes(), s.services().routes(), s.endpoints().routes()) {
		kit.Route(r, rt.method, rt.path, s.handle(rt))
	}
	return r
}

// notAllowed answers for a path that has no such method, in the words of Flask:
// Keystone leaves the answer to it. OPTIONS is answered by the methods alone.
func notAllowed(routes chi.Routes, r *http.Request) kit.Reply {
	allowed := []string{http.MethodOptions}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if routes.Match(chi.NewRouteContext(), method, r.URL.Path) {
			allowed = append(allowed, method)
		}
	}
	header := http.Header{"Allow": {strings.Join(allowed, ", ")}}
	if r.Method == http.MethodOptions {
		header.Set("Content-Type", "text/html; charset=utf-8")
		return kit.Reply{Status: http.StatusOK, Header: header}
	}
	return kit.Reply{Status: http.StatusMethodNotAllowed, Header: header, Body: object{"message": "The method is not allowed for the requested URL."}}
}

// handle makes a handler that finds out who is calling, asks the policy, and then
// calls the route's own.
func (s *Service) handle(rt route) http.HandlerFunc {
	return s.Handle(func(r *http.Request) (kit.Reply, error) {
		req := &request{Request: r, service: s}
		if rt.may == nil {
			return rt.do(req)
		}
		// The token is looked up in the database at each request: this is the place
		// that everybody else's caches are filled from.
		token := r.Header.Get("X-Auth-Token")
		session, err := s.session(r.Context(), token, s.now())
		switch {
		case nova.Is(err, nova.NotFound):
			return kit.Reply{}, s.unauthorized(r)
		case err != nil:
			return kit.Reply{}, err
		}
		req.caller, req.token = session, token
		if !rt.may(req) {
			return kit.Reply{}, errForbidden(rt.rule)
		}
		return rt.do(req)
	})
}

// A request is a request to this service, with the session of its sender.
type request struct {
	*http.Request
	service *Service
	caller  identitydb.Session // zero on routes without a policy
	token   string             // the caller's
}

// param reads a part of the path: empty, which is the name of nothing, if it
// can't be unescaped.
func (r *request) param(name string) string {
	value, err := url.PathUnescape(chi.URLParam(r.Request, name))
	if err != nil {
		return ""
	}
	return value
}

// flagged reports whether a query parameter was sent, without a value or with one
// that doesn't say no.
func (r *request) flagged(name string) bool {
	q := r.URL.Query()
	return q.Has(name) && truth(q.Get(name))
}

// link is the link of a thing to itself.
func (r *request) link(collection, id string) object {
	return object{"self": r.service.self(r.Request, "/v3/"+collection+"/"+url.PathEscape(id))}
}

// An object is a JSON object on its way to the client.
type object = map[string]any

// list answers with a collection, which may have a link to the next page.
func (r *request) list(key string, items any, next any) kit.Reply {
	here := r.URL.Path
	if r.URL.RawQuery != "" {
		here += "?" + r.URL.RawQuery
	}
	return kit.Reply{Body: object{key: items, "links": object{
		"next": next, "self": r.service.self(r.Request, here), "previous": nil,
	}}}
}
