// Package console is the proxy between browsers and the consoles of servers:
// pages with noVNC, and WebSockets that carry VNC and serial lines as they are.
// It takes the place of nova-novncproxy and nova-serialproxy.
package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/nova"
)

// Path is where the proxy is found on the listener.
const Path = "/console"

// Page is the page below Path that shows a VNC console. Its name is that of the
// page which Nova's default for novncproxy_base_url names.
const Page = "/vnc_auto.html"

// Options are what a Proxy works with.
type Options struct {
	// Resolve finds the console that a token opens: NotFound for a token that is
	// unknown or has expired, or whose server is gone.
	Resolve func(ctx context.Context, token string) (nova.ConsoleAddress, error)
	// MaxSessions bounds the consoles that are open at once. 0 is 1000.
	MaxSessions int
}

// A Proxy serves the pages and carries the sessions.
type Proxy struct {
	resolve func(ctx context.Context, token string) (nova.ConsoleAddress, error)
	pages   http.Handler
	slots   chan struct{}
	dialer  net.Dialer

	closing chan struct{} // closed to end all sessions
	open    sync.WaitGroup
}

const (
	maxSessions = 1000
	dialTime    = 10 * time.Second
	maxMessage  = 1 << 20 // bytes of one message of a browser
)

// New makes a Proxy.
func New(o Options) (*Proxy, error) {
	pages, err := pages()
	if err != nil {
		return nil, err
	}
	if o.MaxSessions == 0 {
		o.MaxSessions = maxSessions
	}
	return &Proxy{
		resolve: o.Resolve, pages: pages, slots: make(chan struct{}, o.MaxSessions), dialer: net.Dialer{Timeout: dialTime},
		closing: make(chan struct{}),
	}, nil
}

// ServeHTTP opens a session for a WebSocket, and answers with a page otherwise.
// The path is below Path.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		p.pages.ServeHTTP(w, r)
		return
	}
	// A session holds a connection on either side for hours, so there is a bound and no
	// queue: who is turned away can come again.
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	default:
		http.Error(w, "Too many consoles are open.", http.StatusServiceUnavailable)
		return
	}
	p.open.Add(1)
	defer p.open.Done()
	address, err := p.resolve(r.Context(), token(r))
	if err != nil {
		answer(w, r, err)
		return
	}
	upstream, err := p.dial(r.Context(), address)
	if err != nil {
		zerolog.Ctx(r.Context()).Warn().Err(err).Str("server", address.ServerID).Msg("console can't be reached")
		http.Error(w, "The console can't be reached.", http.StatusBadGateway)
		return
	}
	defer func() { _ = upstream.Close() }()
	// Accept refuses pages of other origins: a token in a cookie is no consent.
	browser, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"binary"}})
	if err != nil {
		return // it has answered
	}
	p.carry(browser, upstream)
}

// Close ends all sessions, and returns when they have ended, or with the
// context's error. http.Server does not know of them once they are WebSockets.
func (p *Proxy) Close(ctx context.Context) error {
	close(p.closing)
	ended := make(chan struct{})
	go func() {
		p.open.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// token is what opens the console: noVNC sends it in a cookie once the page has
// put it there, all others in the query.
func token(r *http.Request) string {
	if token := r.URL.Query().Get("token"); token != "" {
		return token
	}
	if cookie, err := r.Cookie("token"); err == nil {
		return cookie.Value
	}
	return ""
}

// answer refuses a token: 403 as from nova-novncproxy for one that opens nothing,
// 503 if that can't be found out.
func answer(w http.ResponseWriter, r *http.Request, err error) {
	if nova.Is(err, nova.NotFound) {
		// Without a body, and at the connection's end: no browser shows its reader
		// the answer to a WebSocket, and other clients take a body for a console's.
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusForbidden)
		return
	}
	zerolog.Ctx(r.Context()).Warn().Err(err).Msg("console token can't be looked up")
	http.Error(w, "The console can't be looked up now.", http.StatusServiceUnavailable)
}

// dial connects to a console. Where the address has a path, the other end is a
// proxy itself that is told by CONNECT which console is meant.
func (p *Proxy) dial(ctx context.Context, to nova.ConsoleAddress) (net.Conn, error) {
	conn, err := p.dialer.DialContext(ctx, "tcp", net.JoinHostPort(to.Host, strconv.Itoa(to.Port)))
	if err != nil || to.InternalAccessPath == "" {
		return conn, err
	}
	if err := connect(conn, to.InternalAccessPath); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// connect asks for a path, and reads the answer byte by byte: what follows it
// is the console's.
func connect(conn net.Conn, path string) error {
	if strings.ContainsAny(path, " \r\n") {
		return fmt.Errorf("console path %q", path)
	}
	if err := conn.SetDeadline(time.Now().Add(dialTime)); err != nil { //nolint:forbidigo // a duration, not a time
		return err
	}
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\n\r\n", path); err != nil {
		return err
	}
	const enough = 4 << 10
	head := bufio.NewReader(io.LimitReader(oneByOne{conn}, enough))
	status, err := head.ReadString('\n')
	if err != nil {
		return fmt.Errorf("console's answer: %w", err)
	}
	for line := ""; line != "\r\n" && line != "\n"; {
		if line, err = head.ReadString('\n'); err != nil {
			return fmt.Errorf("console's answer: %w", err)
		}
	}
	if fields := strings.Fields(status); len(fields) < 2 || fields[1] != "200" {
		return fmt.Errorf("console refuses: %q", strings.TrimSpace(status))
	}
	return conn.SetDeadline(time.Time{})
}

// oneByOne is a reader that never reads more than one byte ahead.
type oneByOne struct{ io.Reader }

// Read reads one byte.
func (r oneByOne) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(1, len(p))]) }

// carry copies in both directions until either end goes or the proxy is closed.
// Whichever end goes first takes the other with it.
func (p *Proxy) carry(browser *websocket.Conn, upstream net.Conn) {
	browser.SetReadLimit(maxMessage)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan struct{}, 2)
	var directions sync.WaitGroup
	directions.Go(func() {
		_, _ = io.Copy(upstream, &messages{ctx: ctx, from: browser})
		ended <- struct{}{}
	})
	directions.Go(func() {
		_ = send(ctx, browser, upstream)
		ended <- struct{}{}
	})
	status, reason := websocket.StatusNormalClosure, ""
	select {
	case <-ended:
	case <-p.closing:
		status, reason = websocket.StatusGoingAway, "The console proxy is being stopped."
	}
	_ = browser.Close(status, reason) // before the context ends, which would break the connection off
	_ = upstream.Close()
	cancel()
	directions.Wait()
}

// send passes on what a console says, as it comes.
func send(ctx context.Context, browser *websocket.Conn, console io.Reader) error {
	part := make([]byte, 32<<10)
	for {
		n, err := console.Read(part)
		if n > 0 {
			if err := browser.Write(ctx, websocket.MessageBinary, part[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
}

// messages reads what a browser says as one stream. Serial clients send text,
// noVNC binary messages.
type messages struct {
	ctx     context.Context //nolint:containedctx // a reader has no other way to see it
	from    *websocket.Conn
	current io.Reader
}

// Read reads a part of a message.
func (m *messages) Read(p []byte) (int, error) {
	for {
		if m.current == nil {
			_, message, err := m.from.Reader(m.ctx)
			if err != nil {
				return 0, err
			}
			m.current = message
		}
		n, err := m.current.Read(p)
		if errors.Is(err, io.EOF) {
			m.current, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}
