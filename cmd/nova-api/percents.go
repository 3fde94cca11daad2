package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"regexp"
	"sync"
)

// A path may have a % that begins no escape, as in /v2.1/servers/%zz. Python's
// servers take such a % for itself, so Nova looks for a server named %zz and
// answers in its own form, with a request ID. net/http can't parse the path, and
// refuses the request before any handler sees it. A percentListener gives such a
// request a second chance, with the % escaped.
//
// It leaves it to net/http to find where requests begin and which can't be parsed:
// a connection only remembers the head of a request with such a line, and serves it
// again if, and only if, net/http refuses it. A connection ends with a request that
// was served again, so no byte of it can be taken for another request's.
type percentListener struct {
	net.Listener
	again *http.Server
}

// listenForPercents wraps a server's listener. It sets the server's ConnState.
func listenForPercents(listener net.Listener, server *http.Server) net.Listener {
	again := &http.Server{Handler: server.Handler, MaxHeaderBytes: server.MaxHeaderBytes, ReadHeaderTimeout: server.ReadHeaderTimeout}
	again.SetKeepAlivesEnabled(false)
	server.ConnState = func(c net.Conn, state http.ConnState) {
		if conn, ok := c.(*percentConn); ok && state == http.StateIdle {
			conn.forgetBody()
		}
	}
	return &percentListener{listener, again}
}

// Accept waits for the next connection.
func (l *percentListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &percentConn{TCPConn: tcp, again: l.again}, nil
	}
	return conn, err
}

// The states of a percentConn. Each write begins anew with watching: the first
// bytes that a client sends after a response are those of its next request.
const (
	watching = iota // for the end of a request's first line
	passing         // the line is one that net/http can read, or no request's
	broken          // the line has a % that begins no escape
)

// A percentConn watches the first lines of requests go by.
type percentConn struct {
	*net.TCPConn
	again *http.Server

	mu    sync.Mutex // net/http reads ahead while a handler writes
	state int
	head  []byte // what was read since the last write, unless passing
}

// Read reads from the client.
func (c *percentConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watch(p[:n])
	return n, err
}

// watch looks at what was read. Nothing is copied as long as requests come with
// their first line in one piece, and the line is a good one.
func (c *percentConn) watch(read []byte) {
	switch {
	case c.state == passing || len(read) == 0:
		return
	case c.state == broken:
		c.head = append(c.head, read...)
	case len(c.head) > 0:
		c.head = append(c.head, read...)
		c.decide(c.head)
	default:
		c.decide(read)
	}
	if len(c.head) > maxHead {
		c.state, c.head = passing, nil
	}
}

// decide looks at what a request begins with: its line, or a part of that.
func (c *percentConn) decide(begin []byte) {
	end := bytes.IndexByte(begin, '\n')
	switch {
	case begin[0] < 'A' || begin[0] > 'Z': // a body, or HTTP/2
		c.state, c.head = passing, nil
	case end < 0:
		c.head = bytes.Clone(begin)
	case hasBrokenEscape(begin[:end]):
		c.state, c.head = broken, bytes.Clone(begin)
	default:
		c.state, c.head = passing, nil
	}
}

// forgetBody is called between two requests. What was read since the response is
// then the rest of the old request's body, but for a single byte, which net/http
// reads ahead of the new one.
func (c *percentConn) forgetBody() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.head) != 1 {
		c.state, c.head = watching, nil
	}
}

// refusal is what net/http writes for a request that it can't parse.
const refusal = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"

// Write writes to the client. A refusal of a request with a broken escape is not
// written: the request is served again, with all that net/http checks.
func (c *percentConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	head, refused := c.head, c.state == broken && string(p) == refusal
	c.state, c.head = watching, nil
	c.mu.Unlock()
	if !refused {
		return c.TCPConn.Write(p)
	}
	once := &oneConn{TCPConn: c.TCPConn, unread: io.MultiReader(bytes.NewReader(escapePercents(head)), c.TCPConn), closed: make(chan struct{})}
	_ = c.again.Serve(once) // it ends with the connection
	return len(p), nil
}

// A oneConn is a connection with some bytes in front, and the listener that it
// comes from. Closing it is left to the server that it was taken from.
type oneConn struct {
	*net.TCPConn
	unread   io.Reader
	accepted bool
	once     sync.Once
	closed   chan struct{}
}

// Read reads the bytes in front, and then from the client.
func (o *oneConn) Read(p []byte) (int, error) { return o.unread.Read(p) }

// Accept gives the connection, and then waits for its end.
func (o *oneConn) Accept() (net.Conn, error) {
	if !o.accepted {
		o.accepted = true
		return o, nil
	}
	<-o.closed
	return nil, net.ErrClosed
}

// Close ends the wait.
func (o *oneConn) Close() error {
	o.once.Do(func() { close(o.closed) })
	return nil
}

// Addr is the listener's address.
func (o *oneConn) Addr() net.Addr { return o.LocalAddr() }

// A requestLine is a method, a path, a query and a version.
var requestLine = regexp.MustCompile(`^([A-Z]+ )([^ ?]*)([^ ]* HTTP/1\.[01]\r?)$`)

func hasBrokenEscape(line []byte) bool {
	if bytes.IndexByte(line, '%') < 0 {
		return false
	}
	parts := requestLine.FindSubmatch(line)
	return len(parts) > 0 && len(escapePath(parts[2])) > len(parts[2])
}

// escapePercents escapes what hasBrokenEscape has found in the first line.
func escapePercents(head []byte) []byte {
	line, rest, _ := bytes.Cut(head, []byte("\n"))
	parts := requestLine.FindSubmatch(line)
	return bytes.Join([][]byte{parts[1], escapePath(parts[2]), parts[3], []byte("\n"), rest}, nil)
}

// escapePath escapes each % that no two hexadecimal digits follow.
func escapePath(path []byte) []byte {
	var escaped []byte
	for i, b := range path {
		escaped = append(escaped, b)
		if b == '%' && (i+2 >= len(path) || !isHex(path[i+1]) || !isHex(path[i+2])) {
			escaped = append(escaped, "25"...)
		}
	}
	return escaped
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}
