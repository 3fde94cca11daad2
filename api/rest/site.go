package rest

import (
	"context"
	"errors"
	"io"
	"net/http"

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

	AuthURI         string // where a client without a token is sent to
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

// Handler serves the whole API: the versions' documents, and the resources
// that routes maps, under /v2.1 and /v2, with and without a project.
func (s *Site) Handler(routes func(Mapper)) http.Handler {
	return s.withRequestID(s.logged(s.limited(s.withVersions(s.resources(routes)))))
}

func (s *Site) resources(routes func(Mapper)) http.Handler {
	tree := func(r chi.Router) {
		routes(Mapper{site: s, router: r})
		s.mapVersions(r)
	}
	router := chi.NewRouter()
	router.NotFound(plainNotFound.write)
	router.MethodNotAllowed(plainNotFound.write) // Nova's mapper finds no match, and knows no 405
	for _, root := range []string{rootCurrent, rootLegacy} {
		router.Route("/"+root, func(r chi.Router) {
			tree(r)
			r.Route("/{"+projectParam+":[0-9a-f-]+}", tree)
		})
	}
	return s.authenticated(router)
}

// serve runs an action: what every request does before and after its handler.
func (s *Site) serve(action Action, named bool) http.HandlerFunc {
	return func(w http.ResponseWriter, hr *http.Request) {
		r := &Request{site: s, http: hr, Caller: nova.CallerOf(hr.Context()), extra: http.Header{}}
		result, err := s.answer(w.Header(), r, action, named)
		if err == nil {
			for name, values := range r.extra {
				w.Header()[name] = values
			}
			err = write(w, hr, action.status(r), result)
		}
		var large errTooLarge
		if errors.As(err, &large) {
			plainTooLarge(large.limit).write(w, hr)
			return
		}
		if err != nil {
			fail(w, hr, err)
		}
	}
}

func (s *Site) answer(reply http.Header, r *Request, action Action, named bool) (any, error) {
	root, version, err := versionOf(reply, r.http)
	if err != nil {
		return nil, err
	}
	r.Version, r.links = version, s.linksOf(r.http, root)
	noteVersion(r.http.Context(), version)
	if err := checkMediaType(r.http.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	raw, err := readBody(r.http)
	if err != nil {
		return nil, err
	}
	if !named { // a named action is looked for in the body first
		if err := checkSyntax(r.http.Method, raw); err != nil {
			return nil, err
		}
		if err := r.checkProject(); err != nil {
			return nil, err
		}
	}
	return action.run(r.http.Context(), r, raw)
}

// checkSyntax refuses a body that is no JSON, schema or none.
func checkSyntax(method string, raw []byte) error {
	if method != http.MethodPost && method != http.MethodPut {
		return nil
	}
	_, err := parse(raw)
	return err
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

func checkMediaType(header string) error {
	switch mediaType(header) {
	case "", "text/plain", typeJSON, typeVendor:
		return nil
	}
	return nova.Errorf(nova.BadMediaType, "Unsupported Content-Type")
}

// readBody reads the body of a request that may have one.
func readBody(r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return nil, nil
	}
	raw, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, errTooLarge{tooLarge.Limit}
	}
	if err != nil {
		return nil, nova.Because(err, nova.Invalid, "Malformed request body")
	}
	return raw, nil
}

// errTooLarge is a body that turned out too large while it was read.
type errTooLarge struct{ limit int64 }

func (errTooLarge) Error() string { return "request body too large" }
