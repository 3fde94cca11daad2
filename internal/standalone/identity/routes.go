package identity

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// A route is one call of the API: its rule is what a caller is told who may
// not make it. Without a policy, no token is asked for.
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
		{"GET", "/v2.0/tenants", "", authenticated, s.tenants2},

		{"POST", "/v3/auth/tokens", "", nil, s.createToken},
		{"GET", "/v3/auth/tokens", "identity:validate_token", authenticated, s.showToken},
		{"DELETE", "/v3/auth/tokens", "identity:revoke_token", authenticated, s.deleteToken},
		{"GET", "/v3/auth/catalog", "", authenticated, s.showCatalog},
		{"GET", "/v3/auth/projects", "", authenticated, s.authProjects},
		{"GET", "/v3/auth/domains", "", authenticated, s.authDomains},
		{"GET", "/v3/auth/system", "", authenticated, s.authSystem},

		{"POST", "/v3/users/{user_id}/password", "", nil, s.changePassword},
		{"GET", "/v3/users/{user_id}/projects", "identity:list_user_projects", either(reads, self), s.userProjects},
		{"GET", "/v3/users/{user_id}/groups", "identity:list_groups_for_user", either(reads, self), s.userGroups},
		{"GET", "/v3/groups", "identity:list_groups", reads, s.groups},
		{"GET", "/v3/role_assignments", "identity:list_role_assignments", reads, s.assignments},
		{"GET", "/v3/role_inferences", "identity:list_role_inference_rules", reads, s.roleInferences},
	}
	r := chi.NewRouter()
	r.NotFound(s.NotFound())
	r.MethodNotAllowed(s.Handle(func(*http.Request) (kit.Reply, error) {
		return kit.Reply{}, kit.WithStatus(http.StatusMethodNotAllowed, nova.Errorf(nova.Invalid, "The method is not allowed for the requested URL."))
	}))
	for _, rt := range slices.Concat(own, s.grantRoutes(),
		s.users().routes(), s.projects().routes(), s.domains().routes(), s.roles().routes(),
		s.regions().routes(), s.services().routes(), s.endpoints().routes()) {
		kit.Route(r, rt.method, rt.path, s.handle(rt))
	}
	return r
}

// handle asks who is calling and whether that is allowed, and then calls.
func (s *Service) handle(rt route) http.HandlerFunc {
	return s.Handle(func(r *http.Request) (kit.Reply, error) {
		req := &request{Request: r, service: s}
		if rt.may == nil {
			return rt.do(req)
		}
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
			return kit.Reply{}, forbidden(rt.rule)
		}
		return rt.do(req)
	})
}

// A request is a request with what is known of its sender.
type request struct {
	*http.Request
	service *Service
	caller  identitydb.Session // zero on routes without a policy
	token   string             // the caller's
}

// param is a part of the path; nothing is called by what can't be unescaped.
func (r *request) param(name string) string {
	value, err := url.PathUnescape(chi.URLParam(r.Request, name))
	if err != nil {
		return ""
	}
	return value
}

// flagged tells whether a query parameter is there, with no value or one that
// doesn't mean no.
func (r *request) flagged(name string) bool {
	q := r.URL.Query()
	return q.Has(name) && q.Get(name) != "0" && q.Get(name) != "false" && q.Get(name) != "False"
}

// link is where the client finds a thing of this service.
func (r *request) link(collection, id string) object {
	return object{"self": r.service.self(r.Request, "/v3/"+collection+"/"+url.PathEscape(id))}
}

// An object is a JSON object on its way to the client.
type object = map[string]any

// list answers with a collection. The next link is for pages that a limit
// filled.
func (r *request) list(key string, items any, next any) kit.Reply {
	here := r.URL.Path
	if r.URL.RawQuery != "" {
		here += "?" + r.URL.RawQuery
	}
	return kit.Reply{Body: object{key: items, "links": object{
		"next": next, "self": r.service.self(r.Request, here), "previous": nil,
	}}}
}
