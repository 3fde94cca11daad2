package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/internal/tracing"
)

// A Site holds what all requests have in common. It does not change once it
// serves.
type Site struct {
	Policy *policy.Enforcer
	// Validate finds the caller that a token belongs to. A service that calls for
	// the user sends its own token as well; service is empty otherwise. The error
	// is Unauthorized for a token that is not valid, and of another kind if the
	// identity service can't be asked.
	Validate func(ctx context.Context, token, service string) (nova.Caller, error)
	Log      zerolog.Logger
	// Count is told of each request when it has ended: its method, the pattern of
	// its route, the status, and how long it took. It may be nil.
	Count func(method, route string, status int, took time.Duration)
	// Tracer follows requests on their way. It may be nil.
	Tracer *tracing.Tracer

	AuthURI    string // where a client without a token is sent; a path is below the site's own address
	MaxLimit   int    // items of a page
	MaxBody    int64  // bytes of a request
	LinkPrefix string // the start of all addresses; empty for the scheme and host that the client used

	gate gate
}

// The roots of the API's two generations.
const (
	rootCurrent = "v2.1"
	rootLegacy  = "v2"
)

// Handler serves the whole API: the version documents, and the resources that
// routes maps, under /v2.1 and /v2, with and without a project in the path.
func (s *Site) Handler(routes func(Mapper)) http.Handler {
	s.gate = newGate(s.MaxLimit)
	return through(s.chain(), s.router(routes))
}

// router maps the resources four times over: under both roots, with and without
// a project. Routers of their own for the paths with a project would answer
// for their roots without a slash, too.
func (s *Site) router(routes func(Mapper)) http.Handler {
	router := chi.NewRouter()
	router.NotFound(plainNotFound.write)
	router.MethodNotAllowed(plainNotFound.write) // Nova's mapper finds no match, and knows no 405
	mapped := map[string]bool{}
	for _, root := range []string{"/" + rootCurrent, "/" + rootLegacy} {
		m := Mapper{site: s, router: router, prefix: root, mapped: mapped}
		routes(m)
		m.versions()
		m.prefix += "/{" + projectParam + projectFormat + "}"
		routes(m)
		m.versions()
		m.projectRoot()
	}
	return router
}
