package cloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// InProcess is a transport that carries requests to handlers in this process,
// and all others on to the next transport. A handler can't tell it from a
// network: it runs in a goroutine of its own, streams both ways, shares no
// context values or headers with the client, and is cancelled when the client
// goes away.
//
// One thing is better than on a network: a client that gives up a request
// before it is answered gets its error back when the handler has ended. What
// the handler has done is then done, and the client's next request sees it.
type InProcess struct {
	mounts   []mount
	next     http.RoundTripper
	panicked func(value any, stack []byte)
	patience time.Duration
}

// A mount is a handler and the base URL that it stands for.
type mount struct {
	scheme, host, path string // the path has no slash at its end
	handler            http.Handler
}

// InProcessOptions are what an InProcess transport is made of.
type InProcessOptions struct {
	// Services are handlers by base URL, such as http://bundled/identity. A
	// handler sees paths without the base's.
	Services map[string]http.Handler
	// Next takes requests to anywhere else.
	Next http.RoundTripper
	// Panicked is told of a handler's panic, which the client sees as a 500.
	// It may be nil.
	Panicked func(value any, stack []byte)
	// Patience bounds how long a client that has given up waits for a handler
	// that doesn't end: one that looks neither at its context nor at the errors
	// of its reading and writing. 5 s if zero.
	Patience time.Duration
}

const defaultPatience = 5 * time.Second

// NewInProcess makes a transport to handlers in this process. It fails if a
// base URL isn't one.
func NewInProcess(o InProcessOptions) (*InProcess, error) {
	t := &InProcess{next: o.Next, panicked: o.Panicked, patience: cmp.Or(o.Patience, defaultPatience)}
	for base, handler := range o.Services {
		u, err := url.Parse(base)
		if err != nil {
			return nil, fmt.Errorf("base URL of a bundled service: %w", err)
		}
		if u.Scheme == "" || u.Host == "" {
			return nil, fmt.Errorf("base URL of a bundled service: %q names no host", base)
		}
		t.mounts = append(t.mounts, mount{u.Scheme, u.Host, strings.TrimRight(u.Path, "/"), handler})
	}
	// The longest base first, so that one may stand within another.
	slices.SortFunc(t.mounts, func(a, b mount) int { return cmp.Compare(len(b.path), len(a.path)) })
	return t, nil
}

// RoundTrip sends a request, as http.RoundTripper has it. The response comes
// as soon as the handler has sent its header.
func (t *InProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	for _, m := range t.mounts {
		if m.holds(r.URL) {
			return t.exchange(m, r)
		}
	}
	if t.next == nil {
		closeBody(r)
		return nil, fmt.Errorf("no transport to %s", r.URL.Host)
	}
	return t.next.RoundTrip(r)
}

// holds tells whether a URL is at or below the service's base.
func (m mount) holds(u *url.URL) bool {
	rest, ok := strings.CutPrefix(u.Path, m.path)
	return ok && u.Scheme == m.scheme && u.Host == m.host && (rest == "" || rest[0] == '/')
}

// exchange runs the handler and waits for the header of its answer.
func (t *InProcess) exchange(m mount, r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		closeBody(r)
		return nil, err
	}
	// The handler's context has none of the client's values: a router's would
	// mislead the handler's own router, and a caller's would be believed.
	ctx, cancel := context.WithCancel(context.Background())
	unlink := context.AfterFunc(r.Context(), cancel)
	w := newResponseWriter(r, cancel)
	unhook := context.AfterFunc(ctx, func() { w.sever(cmp.Or(r.Context().Err(), context.Canceled)) })
	ended := make(chan struct{})

	go func() {
		defer close(ended)
		defer cancel()
		defer unhook()
		defer unlink()
		defer closeBody(r)
		defer t.finish(w)
		m.handler.ServeHTTP(w, m.incoming(ctx, r))
	}()

	var err error
	select {
	case answer := <-w.answer:
		if answer.err == nil {
			return answer.response, nil
		}
		err = answer.err
	case <-r.Context().Done():
		err = r.Context().Err()
	}
	closeBody(r) // the handler may be waiting for more of it
	t.await(ended)
	return nil, err
}

// await waits for a handler that has been cancelled, within reason.
func (t *InProcess) await(ended <-chan struct{}) {
	enough := time.NewTimer(t.patience)
	defer enough.Stop()
	select {
	case <-ended:
	case <-enough.C:
	}
}

// finish ends the handler's answer, whichever way the handler came to its end.
func (t *InProcess) finish(w *responseWriter) {
	value := recover()
	if value == nil {
		w.end()
		return
	}
	if err, ok := value.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		if t.panicked != nil {
			t.panicked(value, debug.Stack())
		}
		w.fail()
	}
	w.sever(io.ErrUnexpectedEOF)
}

// incoming is the request as a server would have read it.
func (m mount) incoming(ctx context.Context, r *http.Request) *http.Request {
	in := r.Clone(ctx)
	in.URL.Scheme, in.URL.Host = "", ""
	in.URL.Path = orSlash(strings.TrimPrefix(in.URL.Path, m.path))
	if in.URL.RawPath != "" {
		in.URL.RawPath = orSlash(strings.TrimPrefix(in.URL.RawPath, m.path))
	}
	in.RequestURI = in.URL.RequestURI()
	in.Host = cmp.Or(r.Host, r.URL.Host)
	in.RemoteAddr = "127.0.0.1:0"
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	in.GetBody = nil
	if r.Body == nil || r.Body == http.NoBody {
		in.Body, in.ContentLength = http.NoBody, 0
		return in
	}
	if r.ContentLength == 0 { // which in a client's request says that it isn't known
		in.ContentLength, in.TransferEncoding = -1, []string{"chunked"}
	}
	in.Body = &cancellableBody{ctx, r.Body}
	return in
}

func orSlash(path string) string { return cmp.Or(path, "/") }

// closeBody closes a request's body as http.RoundTripper has to, whatever became
// of the request.
func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// A cancellableBody is a request's body that can't be read once the client
// has gone away.
type cancellableBody struct {
	ctx  context.Context //nolint:containedctx // a reader has no other way to see it
	body io.ReadCloser
}

// Read reads on, unless the client has gone.
func (b *cancellableBody) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.body.Read(p)
}

// Close tells the client that no more of the body will be read.
func (b *cancellableBody) Close() error { return b.body.Close() }
