package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
)

// A fakeConnection notes deadlines, as seconds by a clock that stands still
// unless a test moves it.
type fakeConnection struct {
	clock       time.Time
	read, write []int
}

var began = time.Unix(0, 0)

func (c *fakeConnection) now() time.Time { return c.clock }

func (c *fakeConnection) SetReadDeadline(at time.Time) error {
	c.read = append(c.read, seconds(at))
	return nil
}

func (c *fakeConnection) SetWriteDeadline(at time.Time) error {
	c.write = append(c.write, seconds(at))
	return nil
}

// seconds since the test began: -1 for no deadline.
func seconds(at time.Time) int {
	if at.IsZero() {
		return -1
	}
	return int(at.Sub(began) / time.Second)
}

// A dawdler is a client that takes a while for each part of what it sends.
type dawdler struct {
	connection *fakeConnection
	part       int // bytes
	takes      time.Duration
	left       int // bytes
}

func (d *dawdler) Read(p []byte) (int, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	d.connection.clock = d.connection.clock.Add(d.takes)
	n := min(d.part, d.left, len(p))
	d.left -= n
	return n, nil
}

func TestPatientBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		client    dawdler
		handler   time.Duration // what the handler takes between reads
		deadlines []int
	}{
		{"at once", dawdler{part: 10, left: 10}, 0, []int{60, -1, 60, -1}},
		{"in large parts", dawdler{part: leastProgress, left: 3 * leastProgress, takes: 50 * time.Second}, 0, []int{60, -1, 110, -1, 160, -1, 210, -1}},
		{"in small parts", dawdler{part: leastProgress / 2, left: 2 * leastProgress, takes: 20 * time.Second}, 0, []int{60, -1, 60, -1, 100, -1, 100, -1, 140, -1}},
		{"byte by byte", dawdler{part: 1, left: 4, takes: 20 * time.Second}, 0, []int{60, -1, 60, -1, 60, -1, 60, -1, 60, -1}},
		{"a handler that takes long", dawdler{part: 1, left: 3}, time.Hour, []int{60, -1, 3660, -1, 7260, -1, 10860, -1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			connection := &fakeConnection{clock: began}
			tt.client.connection = connection
			body := &patientBody{ReadCloser: io.NopCloser(&tt.client), connection: connection, stall: time.Minute, now: connection.now}
			for part := make([]byte, leastProgress); ; connection.clock = connection.clock.Add(tt.handler) {
				if _, err := body.Read(part); err != nil {
					break
				}
			}
			if diff := cmp.Diff(tt.deadlines, connection.read); diff != "" {
				t.Errorf("deadlines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPatientWriter(t *testing.T) {
	t.Parallel()
	for size, want := range map[int][]int{0: {60, -1}, 1: {60, -1}, partSize: {60, -1}, 2*partSize + 1: {60, -1, 61, -1, 62, -1}} {
		connection := &fakeConnection{clock: began}
		received := &slowReader{connection: connection}
		w := &patientWriter{ResponseWriter: received, connection: connection, stall: time.Minute, now: connection.now}
		if n, err := w.Write(make([]byte, size)); n != size || err != nil || received.bytes != size {
			t.Errorf("%d bytes: %d written, %d received, %v", size, n, received.bytes, err)
		}
		if diff := cmp.Diff(want, connection.write); diff != "" {
			t.Errorf("%d bytes: deadlines (-want +got):\n%s", size, diff)
		}
	}
}

// A slowReader takes a second for whatever is written at once.
type slowReader struct {
	connection *fakeConnection
	bytes      int
}

func (*slowReader) Header() http.Header { return nil }
func (*slowReader) WriteHeader(int)     {}
func (r *slowReader) Write(p []byte) (int, error) {
	r.connection.clock = r.connection.clock.Add(time.Second)
	r.bytes += len(p)
	return len(p), nil
}

// A testServer serves a handler with very little patience, until it is stopped.
type testServer struct {
	address string
	stop    context.CancelFunc
	ended   chan error
}

func serveTest(t *testing.T, p patience, handler http.HandlerFunc) *testServer {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s := &testServer{listener.Addr().String(), stop, make(chan error, 1)}
	go func() { s.ended <- httpServer{handler: handler, patience: p, log: zerolog.Nop()}.run(ctx, listener) }()
	t.Cleanup(stop)
	return s
}

// dial sends what a client begins with, and keeps the connection.
func (s *testServer) dial(t *testing.T, text string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// impatient is for tests in which a client stands still; whoever moves is not
// measured with it. Its stall is also how long an answer may take to be written,
// on a machine that is busy with other tests.
var impatient = patience{head: time.Hour, idle: time.Hour, stall: 300 * time.Millisecond, end: time.Hour}

// readAll is a handler that reads what it is sent, and tells how that ended.
func readAll(ended chan<- error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			w.WriteHeader(http.StatusRequestTimeout)
		}
		ended <- err
	}
}

// Bodies that never end come to an end: whether anybody reads them or not.
func TestServeHTTP_EndlessBodies(t *testing.T) {
	t.Parallel()
	const head = "POST / HTTP/1.1\r\nHost: nova\r\n"
	for name, request := range map[string]string{
		"chunks without an end":   head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
		"half of a chunk":         head + "Transfer-Encoding: chunked\r\n\r\n3\r\na",
		"less than the length":    head + "Content-Length: 100\r\n\r\nabc",
		"nothing at all":          head + "Content-Length: 100\r\n\r\n",
		"nothing, and asks first": head + "Content-Length: 100\r\nExpect: 100-continue\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan error, 1)
			conn := serveTest(t, impatient, readAll(ended)).dial(t, request)
			if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the handler's body ended with %v", err)
			}
			answer, err := io.ReadAll(conn) // until the server closes the connection
			if err != nil || !strings.Contains(string(answer), "408 Request Timeout") {
				t.Errorf("answer %q, %v", answer, err)
			}

			unread := serveTest(t, impatient, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
			answer, err = io.ReadAll(unread.dial(t, request))
			if err != nil || !strings.Contains(string(answer), "401 Unauthorized") {
				t.Errorf("a handler that doesn't read it: answer %q, %v", answer, err)
			}
		})
	}
	t.Run("a head without an end", func(t *testing.T) {
		t.Parallel()
		hasty := impatient
		hasty.head = 50 * time.Millisecond
		conn := serveTest(t, hasty, readAll(make(chan error, 1))).dial(t, head)
		if _, err := io.ReadAll(conn); err != nil {
			t.Error(err)
		}
	})
	t.Run("a head that is too large", func(t *testing.T) {
		t.Parallel()
		patient := patience{head: time.Hour, idle: time.Hour, stall: time.Hour, end: time.Hour}
		conn := serveTest(t, patient, readAll(make(chan error, 1))).dial(t, head+"X: "+strings.Repeat("x", maxHead+8<<10))
		if answer, _ := io.ReadAll(conn); !strings.Contains(string(answer), "431 Request Header Fields Too Large") {
			t.Errorf("answer %q", answer)
		}
	})
}

// A client that doesn't read what it asked for holds no handler.
func TestServeHTTP_EndlessResponses(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	server := serveTest(t, impatient, func(w http.ResponseWriter, _ *http.Request) {
		part := make([]byte, partSize)
		for {
			if _, err := w.Write(part); err != nil {
				ended <- err
				return
			}
		}
	})
	server.dial(t, "GET / HTTP/1.1\r\nHost: nova\r\n\r\n")
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("HTTP/1: writing ended with %v", err)
	}
	response := server.getHTTP2(t, http.NoBody)
	if err := <-ended; err == nil {
		t.Error("HTTP/2: writing ended without an error")
	}
	_ = response.Body.Close()
}

// getHTTP2 sends a request over HTTP/2.
func (s *testServer) getHTTP2(t *testing.T, body io.Reader) *http.Response {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.address, body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.ProtoMajor != 2 {
		t.Fatalf("the protocol is %s", response.Proto)
	}
	return response
}

func TestServeHTTP_EndlessBodies2(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	server := serveTest(t, impatient, readAll(ended))
	body, sender := io.Pipe()
	t.Cleanup(func() { _ = sender.Close() })
	response := server.getHTTP2(t, body)
	defer response.Body.Close()
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) || response.StatusCode != http.StatusRequestTimeout {
		t.Errorf("the body ended with %v, status %d", err, response.StatusCode)
	}
}

// What moves is let through, and a handler that takes its time is not told that
// its client has gone.
func TestServeHTTP_Patient(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	patient := impatient
	patient.stall = time.Minute
	server := serveTest(t, patient, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(w, r.Body); err != nil {
			t.Error(err)
		}
		if r.Context().Err() != nil {
			t.Error(r.Context().Err())
		}
	})
	for range 2 { // the deadlines of the first request are not those of the second
		response := server.getHTTP2(t, io.LimitReader(zeros{}, size))
		if n, err := io.Copy(io.Discard, response.Body); n != size || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		_ = response.Body.Close()
	}
	conn := server.dial(t, "")
	answers := bufio.NewReader(conn)
	for range 2 {
		if _, err := fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: nova\r\nContent-Length: 3\r\n\r\nabc"); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := io.ReadAll(response.Body); string(answer) != "abc" || err != nil {
			t.Errorf("answer %q, %v", answer, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A handler that runs for longer than clients may stand still keeps its
// context, once it has read the body.
func TestServeHTTP_LongHandler(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	server := serveTest(t, impatient, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		select {
		case <-r.Context().Done():
			ended <- r.Context().Err()
		case <-time.After(3 * impatient.stall):
			ended <- nil
		}
	})
	server.dial(t, "POST / HTTP/1.1\r\nHost: nova\r\nContent-Length: 3\r\n\r\nabc")
	if err := <-ended; err != nil {
		t.Errorf("after a body: %v", err)
	}
	server.dial(t, "GET / HTTP/1.1\r\nHost: nova\r\n\r\n")
	if err := <-ended; err != nil {
		t.Errorf("without a body: %v", err)
	}
	response := server.getHTTP2(t, strings.NewReader("abc"))
	if err := <-ended; err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("over HTTP/2: %v, status %d", err, response.StatusCode)
	}
	_ = response.Body.Close()
}

// Whatever clients do, the server ends, and calls it no failure.
func TestServeHTTP_Ends(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{}, 3)
	hasty := patience{head: time.Hour, idle: time.Hour, stall: time.Hour, end: 50 * time.Millisecond}
	server := serveTest(t, hasty, func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		if r.URL.Path == "/read" {
			_, _ = io.Copy(io.Discard, r.Body)
			return
		}
		_, _ = io.Copy(w, iotest.DataErrReader(zeros{}))
	})
	server.dial(t, "POST /read HTTP/1.1\r\nHost: nova\r\nContent-Length: 100\r\n\r\nabc")
	server.dial(t, "GET /write HTTP/1.1\r\nHost: nova\r\n\r\n")
	server.dial(t, "GET /head HTTP")
	for range 2 {
		<-begun
	}
	server.stop()
	if err := <-server.ended; err != nil {
		t.Error(err)
	}
}
