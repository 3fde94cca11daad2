package console_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/nova-api/nova-api/internal/console"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt/fake/vnc"
)

// A site is a proxy on loopback, with the consoles of one server behind it.
type site struct {
	proxy *console.Proxy
	url   string
}

func newSite(t *testing.T, most int) *site {
	t.Helper()
	screen := vnc.NewScreen(func() (string, string) { return "web-1", "running" })
	consoles := map[string]nova.ConsoleAddress{
		"vnc":     listen(t, func(c net.Conn) { _ = vnc.ServeRFB(t.Context(), c, screen) }),
		"serial":  listen(t, func(c net.Conn) { _ = vnc.ServeSerial(t.Context(), c, screen) }),
		"connect": listen(t, func(c net.Conn) { behindConnect(t, c, screen) }),
		"refused": listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 404 Not Found\r\n\r\n"); _ = c.Close() }),
		"nobody":  {Host: "127.0.0.1", Port: 1},
	}
	for _, token := range []string{"connect", "refused"} {
		address := consoles[token]
		address.InternalAccessPath = "/console-of-web-1"
		consoles[token] = address
	}
	p, err := console.New(console.Options{MaxSessions: most, Resolve: func(_ context.Context, token string) (nova.ConsoleAddress, error) {
		if token == "store away" {
			return nova.ConsoleAddress{}, errors.New("no connection")
		}
		address, ok := consoles[token]
		if !ok {
			return address, nova.Errorf(nova.NotFound, "no such token")
		}
		return address, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix(console.Path, p))
	t.Cleanup(server.Close)
	return &site{p, server.URL + console.Path}
}

func listen(t *testing.T, serve func(net.Conn)) nova.ConsoleAddress {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return nova.ConsoleAddress{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port}
}

// behindConnect is a console that wants to be asked for by its path.
func behindConnect(t *testing.T, c net.Conn, screen *vnc.Screen) {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil || r.Method != http.MethodConnect || r.RequestURI != "/console-of-web-1" {
		_ = c.Close()
		return
	}
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nServer: test\r\n\r\n")
	_ = vnc.ServeSerial(t.Context(), c, screen)
}

// TestProxy_RefusesInSilence: a client that takes all it is sent for the console
// gets nothing behind the head of a refusal, and then the connection's end.
func TestProxy_RefusesInSilence(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	address := strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), console.Path)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "GET "+console.Path+"/?token=guessed HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(conn)
	head, rest, ok := strings.Cut(string(said), "\r\n\r\n")
	if err != nil || !ok || rest != "" || !strings.HasPrefix(head, "HTTP/1.1 403 ") {
		t.Errorf("answer %q, %v", said, err)
	}
}

func (s *site) open(t *testing.T, query string, header http.Header) (*websocket.Conn, int) {
	t.Helper()
	c, response, err := websocket.Dial(t.Context(), s.url+console.Page+query, &websocket.DialOptions{HTTPHeader: header, Subprotocols: []string{"binary"}})
	if err != nil {
		if response == nil {
			t.Fatal(err)
		}
		return nil, response.StatusCode
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	return c, http.StatusSwitchingProtocols
}

// says reads until a text has come.
func says(t *testing.T, c *websocket.Conn, want string) {
	t.Helper()
	var got strings.Builder
	for !strings.Contains(got.String(), want) {
		_, message, err := c.Read(t.Context())
		if err != nil {
			t.Fatalf("read: %v; so far %q, want %q", err, got.String(), want)
		}
		got.Write(message)
	}
}

func TestProxy_Sessions(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	for name, c := range map[string]struct {
		query  string
		header http.Header
		first  string
		kind   websocket.MessageType
		sent   string
		then   string
	}{
		"VNC":                 {"?token=vnc", nil, "RFB 003.008\n", websocket.MessageBinary, "RFB 003.008\n", "\x01\x01"},
		"VNC, by cookie":      {"", http.Header{"Cookie": {"token=vnc"}}, "RFB 003.008\n", websocket.MessageBinary, "RFB 003.008\n", "\x01\x01"},
		"serial, in text":     {"?token=serial", nil, "server: web-1", websocket.MessageText, "ls\r", "ls\r\n"},
		"serial, in binary":   {"?token=serial", nil, "server: web-1", websocket.MessageBinary, "ls\r", "ls\r\n"},
		"console with a path": {"?token=connect", nil, "server: web-1", websocket.MessageText, "ls\r", "ls\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, status := s.open(t, c.query, c.header)
			if status != http.StatusSwitchingProtocols {
				t.Fatalf("status %d", status)
			}
			if conn.Subprotocol() != "binary" {
				t.Errorf("subprotocol %q", conn.Subprotocol())
			}
			says(t, conn, c.first)
			if err := conn.Write(t.Context(), c.kind, []byte(c.sent)); err != nil {
				t.Fatal(err)
			}
			says(t, conn, c.then)
		})
	}
}

func TestProxy_Refused(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	for name, c := range map[string]struct {
		query  string
		header http.Header
		status int
	}{
		"no token":             {"", nil, http.StatusForbidden},
		"unknown token":        {"?token=guessed", nil, http.StatusForbidden},
		"page of another site": {"?token=vnc", http.Header{"Origin": {"https://evil.example"}}, http.StatusForbidden},
		"console is away":      {"?token=nobody", nil, http.StatusBadGateway},
		"console refuses":      {"?token=refused", nil, http.StatusBadGateway},
		"store is away":        {"?token=store%20away", nil, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, status := s.open(t, c.query, c.header); status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
		})
	}
}

func TestProxy_Bounds(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	first, _ := s.open(t, "?token=serial", nil)
	says(t, first, "web-1")
	if _, status := s.open(t, "?token=serial", nil); status != http.StatusServiceUnavailable {
		t.Errorf("a second session: status %d", status)
	}
}

// Closing the proxy ends all sessions, and waits for that.
func TestProxy_Close(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	c, _ := s.open(t, "?token=serial", nil)
	says(t, c, "web-1")
	closed := make(chan error, 1)
	go func() { closed <- s.proxy.Close(t.Context()) }()
	_, _, err := c.Read(t.Context())
	if websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the session ended with %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// The page, and all scripts that it needs, are there.
func TestProxy_Pages(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	get := func(path string) (int, http.Header, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, response.Header, string(body)
	}
	if status, header, body := get(console.Page + "?path=%3Ftoken%3Dvnc"); status != http.StatusOK ||
		!strings.HasPrefix(header.Get("Content-Type"), "text/html") || !strings.Contains(body, "vnc_auto.js") || !strings.Contains(body, "noVNC") {
		t.Errorf("page: %d %v", status, header)
	}
	imports := regexp.MustCompile(`(?m)^\s*(?:import|export)\b[^'"]*from\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]`)
	seen := map[string]bool{}
	for todo := []string{"/vnc_auto.js"}; len(todo) > 0; todo = todo[1:] {
		path := todo[0]
		if seen[path] {
			continue
		}
		seen[path] = true
		status, header, body := get(path)
		if status != http.StatusOK || !strings.Contains(header.Get("Content-Type"), "javascript") {
			t.Errorf("%s: %d, %s", path, status, header.Get("Content-Type"))
		}
		for _, found := range imports.FindAllStringSubmatch(body, -1) {
			next, err := http.NewRequest(http.MethodGet, "http://x"+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			reference, err := next.URL.Parse(found[1] + found[2])
			if err != nil {
				t.Fatal(err)
			}
			todo = append(todo, reference.Path)
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d scripts were found", len(seen))
	}
	for _, path := range []string{"/", "/novnc/", "/../console.go", "/novnc/package.json/x"} {
		if status, _, _ := get(path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	if _, _, body := get("/novnc/docs/LICENSE.MPL-2.0"); !strings.Contains(body, "Mozilla Public License") {
		t.Error("noVNC's license is not served")
	}
}
