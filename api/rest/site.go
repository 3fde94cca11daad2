package rest

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// A Site is what all requests have in common.
type Site struct {
	Policy *policy.Enforcer
	// Validate tells whose token it is: Unauthorized if nobody's, Unavailable
	// if that can't be found out.
	Validate func(ctx context.Context, token string) (nova.Caller, error)
	Log      zerolog.Logger

	AuthURI         string // where a client without a token is sent to; a path is one below the site's own address
	MaxLimit        int    // items of a page
	MaxBody         int64  // bytes of a request
	LinkPrefix      string // what addresses start with, if not with what the client used
	ImageLinkPrefix string
}

// The roots of the API's two generations.
const (
	rootCurrent = "v2.1"
	rootLegacy  = "v2"
)

// projectFormat is what makes a part of a path a project. It can't be the name
// of a resource.
const projectFormat = ":[0-9a-f-]+"

// Handler serves the whole API: the versions' documents, and the resources
// that routes maps, under /v2.1 and /v2, with and without a project.
func (s *Site) Handler(routes func(Mapper)) http.Handler {
	return cleaned(s.withRequestID(s.logged(s.limited(s.withVersions(s.resources(routes))))))
}

// resources finds the operation that a request is for. The paths with and without
// a project are told apart here rather than in routers of their own, which
// would answer for their roots without a slash, too.
func (s *Site) resources(routes func(Mapper)) http.Handler {
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
	return s.authenticated(textual(router))
}

// serve runs an operation: what every request does before and after its handler.
func (s *Site) serve(route string, operation Operation) http.HandlerFunc {
	route = strings.Replace(route, projectFormat, "", 1)
	return func(w http.ResponseWriter, hr *http.Request) {
		recordOf(hr.Context()).route = route
		r := &Request{site: s, http: hr, Caller: nova.CallerOf(hr.Context()), extra: http.Header{}}
		result, err := s.answer(w.Header(), r, operation)
		if err == nil {
			maps.Copy(w.Header(), r.extra)
			err = write(w, hr, operation.status(r), result)
		}
		if err != nil {
			fail(w, hr, err)
		}
	}
}

func (s *Site) answer(reply http.Header, r *Request, operation Operation) (any, error) {
	root, version, err := versionOf(reply, r.http)
	if err != nil {
		return nil, err
	}
	r.Version, r.links = version, s.linksOf(r.http, root)
	recordOf(r.http.Context()).version = version
	if r.body, err = readBody(r.http); err != nil {
		return nil, err
	}
	if !operation.byBody { // such a one is looked for in the body first
		if err := r.checkProject(); err != nil {
			return nil, err
		}
	}
	return operation.run(r.http.Context(), r)
}

// checkProject refuses a project in the path that isn't the token's.
func (r *Request) checkProject() error {
	if id := chi.URLParam(r.http, projectParam); id != "" && id != r.Caller.ProjectID {
		return nova.Errorf(nova.Invalid, "Malformed request URL: URL's project_id '%s' doesn't match Context's project_id '%s'",
			id, orNone(r.Caller.ProjectID))
	}
	return nil
}

// orNone writes an ID that there is none of as Nova does.
func orNone(id string) string {
	if id == "" {
		return "None"
	}
	return id
}

// versionOf finds the generation of the API by the path, and the microversion
// by the headers. The legacy API knows none, and mentions none.
func versionOf(reply http.Header, r *http.Request) (root string, v microversion.Version, err error) {
	if underRoot(r.URL.Path, rootLegacy) {
		return rootLegacy, microversion.Legacy, nil
	}
	v, err = negotiate(reply, r.Header)
	return rootCurrent, v, err
}
