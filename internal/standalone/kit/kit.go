// Package kit is what the bundled services are written in: handlers return a
// Reply or an error, and one place turns either into HTTP.
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

// A Reply is what a handler answers. The zero Reply is 204 without a body.
type Reply struct {
	Status int         // 0 for 200, or 204 if there is no body
	Header http.Header // what goes beside the kit's own headers
	Body   any         // rendered as JSON; nil for none
	Stream io.Reader   // sent as it is, instead of Body, and closed if it can be
	Length int64       // of Stream; 0 if not known
}

// A Kit renders the replies of one service.
type Kit struct {
	Log   zerolog.Logger // hears of faults of ours
	Style Style          // how the service words its errors
}

// Handle makes an http.HandlerFunc of a handler.
func (k Kit) Handle(h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r = identify(r)
		w.Header().Set("X-Openstack-Request-Id", nova.RequestOf(r.Context()).ID)
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

// Middleware lets check look at each request first: with an error from it the
// request ends there, else it goes on with the request that check gives back.
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

// NotFound answers for paths that lead nowhere.
func (k Kit) NotFound() http.HandlerFunc {
	return k.Handle(func(*http.Request) (Reply, error) {
		return Reply{}, nova.Errorf(nova.NotFound, "The resource could not be found.")
	})
}

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

// fail is the one place where an error becomes a response.
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

// render is JSON as people write it: encoding/json would escape &, < and >.
func render(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("render reply: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

func copyHeader(to, from http.Header) {
	for name, values := range from {
		to[http.CanonicalHeaderKey(name)] = values
	}
}

var globalID = regexp.MustCompile(`^req-[0-9a-fA-F-]{36}$`)

// identify gives the request an ID, unless whoever passed it on did so.
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
