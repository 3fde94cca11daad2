// Package kit is the HTTP side of the bundled services. Their handlers return a
// Reply or an error, and one place turns either into a response, in the style of
// the service. Handlers write no headers and know no statuses but the odd ones.
package kit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/nova"
)

// A Handler answers a request: with a Reply, or with an error whose kind
// decides the status.
type Handler func(r *http.Request) (Reply, error)

// A Reply is the answer of a handler. The zero Reply is 204 without a body.
type Reply struct {
	Status int         // 0 for 200, or 204 if there is no body
	Header http.Header // is added to the kit's own headers
	Body   any         // rendered as JSON; nil for none
	Stream io.Reader   // sent as it is, instead of Body, and closed if it can be
	Length int64       // of Stream; 0 if not known
}

// A Kit turns the replies and errors of one service into responses.
type Kit struct {
	Log   zerolog.Logger // gets the faults of the server
	Style Style          // the wording of the service's errors
}

// Handle makes an http.HandlerFunc of a handler.
func (k Kit) Handle(h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r = identify(r)
		w.Header().Set("X-Openstack-Request-Id", nova.RequestOf(r.Context()).ID)
		// The handlers below may take it for granted that what they look up is text.
		err := checkURL(r)
		var reply Reply
		if err == nil {
			reply, err = h(r)
		}
		if err == nil {
			err = k.send(w, r, reply)
		}
		if err != nil {
			k.fail(w, r, err)
		}
	}
}

// Middleware makes a middleware of a check. If the check fails, the request
// ends there. Otherwise it goes on, as the request that the check returns.
func (k Kit) Middleware(check func(r *http.Request) (*http.Request, error)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r = identify(r)
			w.Header().Set("X-Openstack-Request-Id", nova.RequestOf(r.Context()).ID)
			checked, err := check(r)
			if err != nil {
				k.fail(w, r, err)
				return
			}
			next.ServeHTTP(w, checked)
		})
	}
}

// Route adds a handler to a router. A handler for GET answers HEAD too: with the
// same status and headers, and without the body, which the kit leaves out.
func Route(r chi.Router, method, path string, h http.HandlerFunc) {
	r.Method(method, path, h)
	if method == http.MethodGet {
		r.Method(http.MethodHead, path, h)
	}
}

// NotFound answers requests to paths without a route.
func (k Kit) NotFound() http.HandlerFunc {
	return k.Handle(func(*http.Request) (Reply, error) {
		return Reply{}, nova.Errorf(nova.NotFound, "The resource could not be found.")
	})
}

// send writes a reply. The length is always sent, so that clients can keep the
// connection, and so that HEAD tells it. The body is rendered before the status
// is written: an error still becomes a fault.
func (k Kit) send(w http.ResponseWriter, r *http.Request, reply Reply) error {
	if reply.Stream != nil {
		k.stream(w, r, reply)
		return nil
	}
	var body []byte
	if reply.Body != nil {
		text, err := render(reply.Body)
		if err != nil {
			return err
		}
		body = text
		w.Header().Set("Content-Type", "application/json")
	}
	copyHeader(w.Header(), reply.Header)
	status := reply.Status
	if status == 0 {
		status = http.StatusOK
		if body == nil {
			status = http.StatusNoContent
		}
	}
	if status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may be gone
	}
	return nil
}

// stream sends a body piece by piece. An error on the way can't become a fault
// any more: the client sees that bytes are missing.
func (k Kit) stream(w http.ResponseWriter, r *http.Request, reply Reply) {
	if c, ok := reply.Stream.(io.Closer); ok {
		defer func() { _ = c.Close() }()
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	copyHeader(w.Header(), reply.Header)
	if reply.Length > 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(reply.Length, 10))
	}
	if reply.Status != 0 {
		w.WriteHeader(reply.Status)
	}
	if r.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(w, reply.Stream); err != nil {
		k.Log.Info().Err(err).Str("request_id", nova.RequestOf(r.Context()).ID).Msg("stream broke off")
	}
}

// fail is the one place where an error becomes a response. Only faults of the
// server are logged as errors, with their causes, which the client is never
// told.
func (k Kit) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := k.Style.fault(err)
	switch {
	case r.Context().Err() != nil:
		k.Log.Info().Err(err).Str("request_id", nova.RequestOf(r.Context()).ID).Msg("client has gone")
	case f.Status >= http.StatusInternalServerError:
		k.Log.Error().Err(err).Str("request_id", nova.RequestOf(r.Context()).ID).
			Str("method", r.Method).Str("path", r.URL.Path).Msg("request failed")
	}
	contentType, body := k.Style.Render(r, f)
	copyHeader(w.Header(), f.Header)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(f.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may be gone
	}
}

// render writes JSON as people do: encoding/json would escape &, < and >.
func render(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("render reply: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// copyHeader adds headers to others, and replaces those of the same name.
func copyHeader(to, from http.Header) {
	for name, values := range from {
		to[http.CanonicalHeaderKey(name)] = values
	}
}

// globalID is the form of the request IDs that OpenStack's services hand on.
var globalID = regexp.MustCompile(`^req-[0-9a-fA-F-]{36}$`)

// identify gives the request an ID, unless the server has given it one before
// it came here. An ID that the client sends is remembered as the global one, if
// it looks like one: it ends up in logs.
func identify(r *http.Request) *http.Request {
	if nova.RequestOf(r.Context()).ID != "" {
		return r
	}
	ids := nova.Request{ID: "req-" + uuid.NewString()}
	if id := r.Header.Get("X-Openstack-Request-Id"); globalID.MatchString(id) {
		ids.GlobalID = id
	}
	return r.WithContext(nova.WithRequest(r.Context(), ids))
}
