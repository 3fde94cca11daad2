package rest

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// A middleware does its part of the work on a request, and then either answers
// it or hands it to the next handler.
type middleware func(next http.Handler) http.Handler

// chain lists what a request passes through on its way to the router, in this
// order.
func (s *Site) chain() []middleware {
	return []middleware{
		mergeSlashes,     // Everything below looks at the path, so its form is settled first.
		s.withRequestID,  // Every reply carries the ID and every line of the log has it, so nothing answers before.
		s.logRequest,     // Whatever answers or panics below gets its line.
		s.limitBody,      // Nova refuses a large body before it looks at the token.
		s.answerVersions, // The version documents need no token.
		s.authenticate,   // A path that does not exist is told from one that does only to callers with a token.
		refuseBinaryPath, // The router and the store see paths of text only.
	}
}

// through wraps a handler in middlewares, of which the first is the outermost.
func through(chain []middleware, handler http.Handler) http.Handler {
	for _, m := range slices.Backward(chain) {
		handler = m(handler)
	}
	return handler
}

var slashes = regexp.MustCompile(`/{2,}`)

// mergeSlashes takes an encoded slash in a path for a slash, and several
// slashes for one, as the servers do that Nova runs in. Endpoints in catalogs
// may end with a slash. A line feed at the end is dropped: Nova's routes are
// regular expressions of Python, whose $ matches before it.
func mergeSlashes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawPath != "" || strings.Contains(r.URL.Path, "//") || strings.HasSuffix(r.URL.Path, "\n") {
			url := *r.URL
			url.Path, url.RawPath = slashes.ReplaceAllString(strings.TrimSuffix(url.Path, "\n"), "/"), ""
			r = r.WithContext(r.Context()) // a copy: the server's own request keeps its URL
			r.URL = &url
		}
		next.ServeHTTP(w, r)
	})
}

var requestIDFormat = regexp.MustCompile(`^req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// The headers that carry a request's ID, in Nova's own spelling.
const (
	headerRequestID        = "x-openstack-request-id"
	headerComputeRequestID = "x-compute-request-id"
)

// withRequestID gives each request an ID, and keeps the ID that the caller
// sent as the global one. Replies below a version's root carry the ID twice.
func (s *Site) withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ids := nova.Request{ID: "req-" + uuid.NewString()}
		if global := r.Header.Get("X-Openstack-Request-Id"); requestIDFormat.MatchString(global) {
			ids.GlobalID = global
		}
		if underRoot(r.URL.Path, rootCurrent) || underRoot(r.URL.Path, rootLegacy) {
			header := w.Header()
			header[headerRequestID] = []string{ids.ID}
			header[headerComputeRequestID] = []string{ids.ID}
		}
		next.ServeHTTP(w, r.WithContext(nova.WithRequest(r.Context(), ids)))
	})
}

// limitBody refuses a body whose declared length is too large, and cuts off a
// body of unknown length where it becomes too large.
func (s *Site) limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > s.MaxBody {
			plainTooLarge(s.MaxBody).write(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, s.MaxBody)
		next.ServeHTTP(w, r)
	})
}

// authenticate finds out who is calling, and answers callers without a valid
// token as the middleware in front of Nova does.
func (s *Site) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := s.callerOf(r)
		switch {
		case nova.Is(err, nova.Unauthorized):
			s.answerUnauthorized(w, r)
		case err != nil:
			zerolog.Ctx(r.Context()).Error().Err(err).Msg("token can't be validated")
			plainUnavailable.write(w, r)
		case caller.UserID == "":
			plainUnauthorized.write(w, r)
		default:
			recordOf(r.Context()).caller = caller
			next.ServeHTTP(w, r.WithContext(nova.WithCaller(r.Context(), caller)))
		}
	})
}

// callerOf validates the token of a request. This is the one place that decides
// who is an administrator; everybody else looks at the caller.
func (s *Site) callerOf(r *http.Request) (nova.Caller, error) {
	token := r.Header.Get("X-Auth-Token")
	if token == "" {
		return nova.Caller{}, nova.Errorf(nova.Unauthorized, "no token")
	}
	caller, err := s.Validate(r.Context(), token, r.Header.Get("X-Service-Token"))
	if err != nil {
		return nova.Caller{}, err
	}
	caller.Token = token
	caller.Admin = s.Policy.Can(policy.ContextIsAdmin, caller, policy.Own(caller))
	return caller, nil
}

func (s *Site) answerUnauthorized(w http.ResponseWriter, r *http.Request) {
	uri := s.AuthURI
	if strings.HasPrefix(uri, "/") {
		uri = s.base(r) + uri
	}
	w.Header().Set("Content-Type", typeJSON)
	w.Header().Set("WWW-Authenticate", `Keystone uri="`+uri+`"`)
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte(`{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`))
}

// refuseBinaryPath finds nothing at a path with a NUL or broken UTF-8. No name
// has such bytes, and PostgreSQL refuses them in a query.
func refuseBinaryPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isText(r.URL.Path) {
			plainNotFound.write(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// underRoot reports whether a path is a version's root or below it.
func underRoot(path, root string) bool {
	rest, ok := strings.CutPrefix(path, "/"+root)
	return ok && (rest == "" || rest[0] == '/')
}
