package fake

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/fake/vnc"
)

// consoles are the listeners for VNC and for serial lines: one each for all
// servers of the host, opened when the first console is asked for. A client says
// by CONNECT which server it means.
type consoles struct {
	mu        sync.Mutex
	listeners map[string]net.Listener // by protocol
	screens   map[string]*shared      // by the server's ID, while somebody looks
	closed    bool
}

// A shared screen may be shown by several sessions.
type shared struct {
	*vnc.Screen
	sessions int
}

// protocols are what the host speaks, in the words of the API.
var protocols = map[string]func(context.Context, net.Conn, *vnc.Screen) error{
	"vnc":    vnc.ServeRFB,
	"serial": vnc.ServeSerial,
}

// OpenConsole gives the address of a server's console, and sees to it that
// somebody listens there.
func (d *Driver) OpenConsole(ctx context.Context, s nova.Server, protocol string) (address nova.ConsoleAddress, err error) {
	serve, ok := protocols[protocol]
	if !ok {
		return address, virt.Unsupported()
	}
	err = d.on(ctx, "open_console", s, func() error {
		if _, err := d.load(s); err != nil {
			return err
		}
		port, err := d.listen(protocol, serve)
		address = nova.ConsoleAddress{ServerID: s.ID, Host: d.o.IP, Port: port, InternalAccessPath: "/" + s.ID}
		return err
	})
	return address, err
}

// listen gives the port on which a protocol is spoken.
func (d *Driver) listen(protocol string, serve func(context.Context, net.Conn, *vnc.Screen) error) (port int, err error) {
	d.consoles.mu.Lock()
	defer d.consoles.mu.Unlock()
	if d.consoles.closed {
		return 0, errors.New("the host is being closed")
	}
	listener, ok := d.consoles.listeners[protocol]
	if !ok {
		listener, err = new(net.ListenConfig).Listen(context.Background(), "tcp", net.JoinHostPort(d.o.IP, "0"))
		if err != nil {
			return 0, fmt.Errorf("listen for consoles: %w", err)
		}
		d.consoles.listeners[protocol] = listener
		go d.accept(listener, serve)
	}
	return listener.Addr().(*net.TCPAddr).Port, nil //nolint:errcheck,forcetypeassert // a TCP listener
}

// accept serves clients until the listener is closed, which ends their
// sessions too.
func (d *Driver) accept(listener net.Listener, serve func(context.Context, net.Conn, *vnc.Screen) error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = conn.Close() }()
			id, rest, err := d.connected(conn)
			if err != nil {
				return
			}
			screen := d.screen(id)
			defer d.leaveScreen(id)
			_ = serve(ctx, rest, screen.Screen) // how a client goes is nobody's business
		}()
	}
}

// connected reads the request that says which server is meant, and answers it.
// What follows is the console's: it is read from the connection returned.
func (d *Driver) connected(conn net.Conn) (id string, rest net.Conn, err error) {
	const patience = 10 * time.Second
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil { //nolint:forbidigo // a duration, not a time
		return "", nil, err
	}
	const enough = 4 << 10
	limited := &io.LimitedReader{R: conn, N: enough}
	in := bufio.NewReader(limited)
	if id, err = readConnect(in); err != nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
		return "", nil, err
	}
	if _, err := d.load(nova.Server{ID: id}); err != nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 404 Not Found\r\n\r\n")
		return "", nil, err
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return "", nil, err
	}
	limited.N = 1 << 62 // the request has been read
	return id, readAhead{conn, in}, conn.SetDeadline(time.Time{})
}

// readConnect reads a CONNECT request, and gives the server's ID that it asks
// for. Drivers know no HTTP beyond that.
func readConnect(in *bufio.Reader) (id string, err error) {
	request, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	for line := ""; line != "\r\n" && line != "\n"; { // the headers, to which nobody listens
		if line, err = in.ReadString('\n'); err != nil {
			return "", err
		}
	}
	words := strings.Fields(request)
	if len(words) < 2 || words[0] != "CONNECT" || !isID(strings.TrimPrefix(words[1], "/")) {
		return "", fmt.Errorf("not the request of a console: %q", request)
	}
	return strings.TrimPrefix(words[1], "/"), nil
}

// readAhead is a connection of which some has been read already.
type readAhead struct {
	net.Conn
	in *bufio.Reader
}

// Read reads what was read ahead, and then the connection.
func (c readAhead) Read(p []byte) (int, error) { return c.in.Read(p) }

// powerWords are the states that a screen shows.
var powerWords = map[nova.PowerState]string{
	nova.NoState: "unknown", nova.Running: "running", nova.PowerPaused: "paused", nova.Shutdown: "shut down",
	nova.Crashed: "crashed", nova.PowerSuspended: "suspended",
}

// screen is the terminal of a server, which all who watch it share.
func (d *Driver) screen(id string) *shared {
	d.consoles.mu.Lock()
	defer d.consoles.mu.Unlock()
	s, ok := d.consoles.screens[id]
	if !ok {
		s = &shared{Screen: vnc.NewScreen(func() (name, state string) {
			m, err := d.load(nova.Server{ID: id})
			if err != nil {
				return id, "gone"
			}
			return m.Name, powerWords[m.Power]
		})}
		d.consoles.screens[id] = s
	}
	s.sessions++
	return s
}

// leaveScreen forgets a terminal that nobody watches any more.
func (d *Driver) leaveScreen(id string) {
	d.consoles.mu.Lock()
	defer d.consoles.mu.Unlock()
	s := d.consoles.screens[id]
	s.sessions--
	if s.sessions == 0 {
		delete(d.consoles.screens, id)
	}
}

// Close ends all sessions on consoles. The host's servers stay as they are.
func (d *Driver) Close() error {
	d.consoles.mu.Lock()
	defer d.consoles.mu.Unlock()
	d.consoles.closed = true
	var failed []error
	for _, listener := range d.consoles.listeners {
		failed = append(failed, listener.Close())
	}
	return errors.Join(failed...)
}
