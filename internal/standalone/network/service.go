// Package network is the bundled network service: as much of Neutron's API
// v2.0 as nova-api and its clients use. It keeps what it is told and hands out
// addresses, but moves no packets.
//
// Each kind of thing has a file with a table of its attributes, a description
// (a resource) and the checks that are its own. What all kinds share is in
// resource.go, input.go and query.go; who may do what is in rights.go and
// port_rights.go.
package network

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// Path is where the service is mounted. The prefix is stripped: the service's
// own handler is rooted at /.
const Path = "/networking"

// Options are what the service stands on.
type Options struct {
	Store *networkdb.Store
	Log   zerolog.Logger
	// Validate asks the identity service whose token a request carries.
	Validate kit.Validator
	// AuthURL is where a caller without a token is sent to get one.
	AuthURL func(*http.Request) string
	// PublicURL is where clients reach the process, without Path. If it is
	// empty, each client is told the scheme and host that it used itself.
	PublicURL string
	// Owner is the project that owns the seeded networks.
	Owner string
}

// A Service is a network service. Several may share a database.
type Service struct {
	Options
	kit      kit.Kit
	handler  http.Handler
	onChange func(ctx context.Context, events []nova.ServerEvent) error // nil: nobody wants to know
}

// New makes a Service.
func New(o Options) *Service {
	s := &Service{Options: o, kit: kit.Kit{Log: o.Log, Style: kit.Neutron}}
	s.handler = s.router()
	return s
}

// OnChange has a function called after each change of what servers have, with what
// Neutron would tell Nova of it. Call it before the service serves.
func (s *Service) OnChange(tell func(ctx context.Context, events []nova.ServerEvent) error) {
	s.onChange = tell
}

// ServeHTTP answers a request to / or anything below /v2.0.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// base is the URL by which the client reaches this service.
func (s *Service) base(r *http.Request) string { return kit.BaseURL(r, s.PublicURL) + Path }

// router builds the handler. Everything but the list of versions needs a token.
func (s *Service) router() http.Handler {
	r := chi.NewRouter()
	r.NotFound(s.kit.NotFound())
	r.MethodNotAllowed(s.kit.Handle(methodNotAllowed))
	kit.Route(r, http.MethodGet, "/", s.kit.Handle(s.versions))
	r.Group(func(r chi.Router) {
		r.Use(kit.Authenticate(s.kit, s.Validate, s.AuthURL), s.kit.Middleware(scoped))
		for _, route := range s.routes() {
			kit.Route(r, route.method, "/v2.0"+route.path, s.kit.Handle(route.handle))
		}
	})
	return r
}

// A route is a call below /v2.0.
type route struct {
	method, path string
	handle       kit.Handler
}

// routes are all calls that need a token.
func (s *Service) routes() []route {
	routes := []route{
		{"GET", "", s.collections},
		{"GET", "/", s.collections},
		{"PUT", "/routers/{id}/add_router_interface", s.addInterface},
		{"PUT", "/routers/{id}/remove_router_interface", s.removeInterface},
		{"GET", "/extensions", s.extensions},
		{"GET", "/extensions/{alias}", s.extension},
		{"GET", "/availability_zones", alwaysEmpty("availability_zones")},
		{"GET", "/agents", alwaysEmpty("agents")},
		{"GET", "/subnetpools", alwaysEmpty("subnetpools")},
		{"GET", "/quotas", s.listQuotas},
		{"GET", "/quotas/{project}", s.showQuota},
		{"GET", "/quotas/{project}/default", s.showDefaultQuota},
		{"GET", "/quotas/{project}/details", s.showQuotaDetails},
		{"GET", "/quotas/{project}/details.json", s.showQuotaDetails},
		{"PUT", "/quotas/{project}", s.updateQuota},
		{"DELETE", "/quotas/{project}", s.deleteQuota},
	}
	routes = append(routes, s.networks().routes("/networks")...)
	routes = append(routes, s.subnets().routes("/subnets")...)
	routes = append(routes, s.ports().routes("/ports")...)
	routes = append(routes, s.groups().routes("/security-groups")...)
	routes = append(routes, s.rules().routes("/security-group-rules")...)
	routes = append(routes, s.routers().routes("/routers")...)
	return append(routes, s.floatingIPs().routes("/floatingips")...)
}

// methodNotAllowed answers a method that a path doesn't have.
func methodNotAllowed(*http.Request) (kit.Reply, error) {
	return kit.Reply{}, kit.WithStatus(http.StatusMethodNotAllowed,
		nova.Errorf(nova.Invalid, "The server could not comply with the request since it is either malformed or otherwise incorrect."))
}

// alwaysEmpty lists a kind of thing that clients ask for and that this service
// never has.
func alwaysEmpty(plural string) kit.Handler {
	return func(*http.Request) (kit.Reply, error) {
		return kit.Reply{Body: object{plural: []object{}}}, nil
	}
}

// versions answers GET /, which needs no token.
func (s *Service) versions(r *http.Request) (kit.Reply, error) {
	return kit.Reply{Body: object{"versions": []object{{
		"id": "v2.0", "status": "CURRENT", "links": []object{{"rel": "self", "href": s.base(r) + "/v2.0/"}},
	}}}}, nil
}

// collections answers GET /v2.0 with the core resources, as Neutron does.
func (s *Service) collections(r *http.Request) (kit.Reply, error) {
	resources := []object{}
	for _, name := range []string{"network", "subnet", "port"} {
		resources = append(resources, object{
			"name": name, "collection": name + "s",
			"links": []object{{"rel": "self", "href": s.base(r) + "/v2.0/" + name + "s"}},
		})
	}
	return kit.Reply{Body: object{"resources": resources}}, nil
}
