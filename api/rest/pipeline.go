package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
)

// cleaned takes an encoded slash in a path for a slash, and several for one, as
// the servers do that Nova runs in: endpoints in catalogs may end with one.
func cleaned(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawPath != "" || strings.Contains(r.URL.Path, "//") {
			url := *r.URL
			url.Path, url.RawPath = slashes.ReplaceAllString(url.Path, "/"), ""
			r = r.WithContext(r.Context()) // a copy
			r.URL = &url
		}
		next.ServeHTTP(w, r)
	})
}

// textual finds nothing at a path that is no text: no name has a NUL or broken
// UTF-8 in it, and not every database can be asked.
func textual(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isText(r.URL.Path) {
			plainNotFound.write(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

var slashes = regexp.MustCompile(`/{2,}`)

var requestIDFormat = regexp.MustCompile(`^req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// withRequestID gives each request below a version root an ID, which the
// reply carries twice, and keeps the one that the caller sent.
func (s *Site) withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ids := nova.Request{ID: "req-" + uuid.NewString()}
		if global := r.Header.Get("X-Openstack-Request-Id"); requestIDFormat.MatchString(global) {
			ids.GlobalID = global
		}
		if underRoot(r.URL.Path, rootCurrent) || underRoot(r.URL.Path, rootLegacy) {
			header := w.Header()
			header["x-openstack-request-id"] = []string{ids.ID} // in Nova's own spelling
			header["x-compute-request-id"] = []string{ids.ID}
		}
		next.ServeHTTP(w, r.WithContext(nova.WithRequest(r.Context(), ids)))
	})
}

// A record is what the log's one line about a request is made of.
type record struct {
	route   string // the pattern, never the path, which clients choose
	version microversion.Version
	caller  nova.Caller
	status  int
	bytes   int
}

type recordKey struct{}

// recordOf finds the record of a request, for writing in it.
func recordOf(ctx context.Context) *record {
	if rec, ok := ctx.Value(recordKey{}).(*record); ok {
		return rec
	}
	return new(record)
}

// logged writes one line for each request, at its end, and turns a panic into
// a fault.
func (s *Site) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now() //nolint:forbidigo // a duration, not a time
		log := s.Log.With().Str("request_id", nova.RequestOf(r.Context()).ID).Logger()
		rec := new(record)
		r = r.WithContext(context.WithValue(log.WithContext(r.Context()), recordKey{}, rec))
		defer func() {
			aborted := recoverTo(&recorder{w, rec}, r, recover())
			rec.line(&log, r, time.Since(began))
			if aborted {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(&recorder{w, rec}, r)
	})
}

// line writes a record into the log.
func (rec *record) line(log *zerolog.Logger, r *http.Request, took time.Duration) {
	version := ""
	if rec.version != microversion.Legacy {
		version = rec.version.String()
	}
	event := log.Info().Str("method", r.Method).Int("status", rec.status).Int("bytes", rec.bytes).Dur("duration", took)
	for _, field := range []struct{ name, value string }{
		{"route", cmp.Or(rec.route, "-")},
		{"microversion", version},
		{"project", rec.caller.ProjectID},
		{"user", rec.caller.UserID},
		{"global_request_id", nova.RequestOf(r.Context()).GlobalID},
	} {
		if field.value != "" {
			event = event.Str(field.name, field.value)
		}
	}
	event.Msg("request")
}

// recoverTo answers for a handler that panicked. It tells true for one that
// wanted the connection broken off.
func recoverTo(w *recorder, r *http.Request, cause any) (aborted bool) {
	if cause == nil {
		return false
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return true
	}
	zerolog.Ctx(r.Context()).Error().Str("panic", fmt.Sprint(cause)).Bytes("stack", debug.Stack()).Msg("handler panicked")
	if w.record.status == 0 {
		answerFault(w, faults[nova.Internal], "")
	}
	return false
}

// A recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	record *record
}

func (w *recorder) WriteHeader(status int) {
	if w.record.status == 0 {
		w.record.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.record.status == 0 {
		w.record.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.record.bytes += n
	return n, err
}

// limited refuses a body that says it is too large, and cuts off one that
// doesn't say.
func (s *Site) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > s.MaxBody {
			plainTooLarge(s.MaxBody).write(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, s.MaxBody)
		// Where there is no connection, as in tests, there is no deadline to set.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyPatience)) //nolint:forbidigo // a duration, not a time
		next.ServeHTTP(w, r)
	})
}

// bodyPatience is how long a client may take to send a body that is this
// small: one that dawdles would hold a connection for nothing.
const bodyPatience = time.Minute

// authenticated finds out who is calling, and answers for those who don't say.
func (s *Site) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := s.caller(r)
		switch {
		case nova.Is(err, nova.Unauthorized):
			s.unauthorized(w, r)
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

func (s *Site) caller(r *http.Request) (nova.Caller, error) {
	token := r.Header.Get("X-Auth-Token")
	if token == "" {
		return nova.Caller{}, nova.Errorf(nova.Unauthorized, "no token")
	}
	caller, err := s.Validate(r.Context(), token)
	caller.Token = token
	return caller, err
}

// unauthorized answers as the middleware in front of Nova does.
func (s *Site) unauthorized(w http.ResponseWriter, r *http.Request) {
	uri := s.AuthURI
	if strings.HasPrefix(uri, "/") {
		uri = s.base(r) + uri
	}
	w.Header().Set("Content-Type", typeJSON)
	w.Header().Set("WWW-Authenticate", `Keystone uri="`+uri+`"`)
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte(`{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`))
}

// underRoot tells whether a path is a version's root or below it.
func underRoot(path, root string) bool {
	rest, ok := strings.CutPrefix(path, "/"+root)
	return ok && (rest == "" || rest[0] == '/')
}
