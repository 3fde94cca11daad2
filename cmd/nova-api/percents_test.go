package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// patient waits for clients as long as a test may take.
var patient = patience{head: time.Minute, idle: time.Minute, stall: time.Minute, end: time.Second}

// tell answers with what a handler knows of a request.
func tell(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, "%s %s?%s %s %v", r.Method, r.URL.Path, r.URL.RawQuery, body, err)
}

// say sends text and returns the next response's status, body, and whether the
// server then closes the connection.
func say(t *testing.T, conn net.Conn, answers *bufio.Reader, text string) (status int, body string, ended bool) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer), response.Close
}

func TestPercents(t *testing.T) {
	t.Parallel()
	server := serveTest(t, patient, tell)
	const rest = " HTTP/1.1\r\nHost: nova\r\n"
	for _, test := range []struct{ name, request, told string }{
		{"no digits", "GET /servers/%zz" + rest + "\r\n", "GET /servers/%zz?  <nil>"},
		{"one digit", "GET /a%2/b" + rest + "\r\n", "GET /a%2/b?  <nil>"},
		{"at the end", "DELETE /a%" + rest + "\r\n", "DELETE /a%?  <nil>"},
		{"beside a good one", "GET /%41%4g%%42" + rest + "\r\n", "GET /A%4g%B?  <nil>"},
		{"the query stays as it is", "GET /%zz?x=%zz&y=%41" + rest + "\r\n", "GET /%zz?x=%zz&y=%41  <nil>"},
		{"a body", "POST /%zz" + rest + "Content-Length: 8\r\n\r\nGET /%zz", "POST /%zz? GET /%zz <nil>"},
		{"a body in chunks", "PUT /%zz" + rest + "Transfer-Encoding: chunked\r\n\r\n3\r\n%zz\r\n0\r\n\r\n", "PUT /%zz? %zz <nil>"},
		{"a large body", "POST /%zz" + rest + "Content-Length: 200000\r\n\r\n" + strings.Repeat("x", 200_000), "POST /%zz? " + strings.Repeat("x", 200_000) + " <nil>"},
		{"an old client", "GET /%zz HTTP/1.0\r\n\r\n", "GET /%zz?  <nil>"},
		{"a long path", "GET /%zz" + strings.Repeat("/x", 10_000) + rest + "\r\n", "GET /%zz" + strings.Repeat("/x", 10_000) + "?  <nil>"},
		{"a whole address", "GET http://nova/%zz" + rest + "\r\n", "GET /%zz?  <nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			conn := server.dial(t, "")
			answers := bufio.NewReader(conn)
			for range 2 { // after other requests, too
				if status, body, ended := say(t, conn, answers, "POST /one%20 HTTP/1.1\r\nHost: nova\r\nContent-Length: 1\r\n\r\n1"); status != 200 || body != "POST /one ? 1 <nil>" || ended {
					t.Errorf("before: %d %q, ended %v", status, body, ended)
				}
			}
			if status, body, ended := say(t, conn, answers, test.request); status != 200 || body != test.told || !ended {
				t.Errorf("%d %.200q, ended %v, want %.200q", status, body, ended, test.told)
			}
			if more, err := io.ReadAll(answers); len(more) != 0 || err != nil {
				t.Errorf("then %q, %v", more, err)
			}
		})
	}
}

// TestPercents_InPieces sends a request byte by byte.
func TestPercents_InPieces(t *testing.T) {
	t.Parallel()
	conn := serveTest(t, patient, tell).dial(t, "")
	for _, b := range []byte("GET /%zz HTTP/1.1\r\nHost: nova\r\nX: y\r\n\r") {
		if _, err := conn.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if status, body, _ := say(t, conn, bufio.NewReader(conn), "\n"); status != 200 || body != "GET /%zz?  <nil>" {
		t.Errorf("%d %q", status, body)
	}
}

// TestPercents_Refused sends what must be refused, or left alone.
func TestPercents_Refused(t *testing.T) {
	t.Parallel()
	const line = "GET /%zz HTTP/1.1\r\n"
	for name, request := range map[string]string{
		"no host":              line + "\r\n",
		"a malformed header":   line + "Host: nova\r\nno colon\r\n\r\n",
		"no version":           "GET /%zzzz\r\n\r\n", // 14 bytes, which net/http waits for
		"another version":      "GET /%zz HTTP/9.9\r\nHost: nova\r\n\r\n",
		"a bad method":         "get /%zz HTTP/1.1\r\nHost: nova\r\n\r\n",
		"a space in the path":  "GET /%zz a HTTP/1.1\r\nHost: nova\r\n\r\n",
		"two lengths":          line + "Host: nova\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12",
		"nothing wrong with %": "GET /%41 HTTP/1.1\r\nno colon\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := serveTest(t, patient, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("served: %s", r.URL) }).dial(t, "")
			if status, body, ended := say(t, conn, bufio.NewReader(conn), request); status/100 != 4 && status != 505 || !ended {
				t.Errorf("%d %q, ended %v", status, body, ended)
			}
		})
	}
}

// TestPercents_Bodies sends bodies that look like such requests: they must come
// through as they are, and not be served.
func TestPercents_Bodies(t *testing.T) {
	t.Parallel()
	const trap = "GET /%zz HTTP/1.1\r\nHost: nova\r\n\r\n"
	t.Run("after 100 Continue", func(t *testing.T) {
		t.Parallel()
		conn := serveTest(t, patient, tell).dial(t, "")
		answers := bufio.NewReader(conn)
		head := fmt.Sprintf("PUT /image HTTP/1.1\r\nHost: nova\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(trap))
		if status, _, _ := say(t, conn, answers, head); status != http.StatusContinue {
			t.Errorf("%d instead of 100", status)
		}
		if status, body, ended := say(t, conn, answers, trap); status != 200 || body != "PUT /image? "+trap+" <nil>" || ended {
			t.Errorf("%d %q, ended %v", status, body, ended)
		}
		if status, body, _ := say(t, conn, answers, trap); status != 200 || body != "GET /%zz?  <nil>" {
			t.Errorf("the next request: %d %q", status, body)
		}
	})
	t.Run("that nobody reads, before a request that can't be read", func(t *testing.T) {
		t.Parallel()
		conn := serveTest(t, patient, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/first" {
				t.Errorf("served: %s", r.URL)
			}
			_ = http.NewResponseController(w).EnableFullDuplex() // answer first, read then
		}).dial(t, "")
		answers := bufio.NewReader(conn)
		if status, _, _ := say(t, conn, answers, fmt.Sprintf("POST /first HTTP/1.1\r\nHost: nova\r\nContent-Length: %d\r\n\r\n", len(trap))); status != 200 {
			t.Errorf("status %d", status)
		}
		if status, body, ended := say(t, conn, answers, trap+"nonsense\r\n\r\n"); status != 400 || !ended {
			t.Errorf("%d %q, ended %v", status, body, ended)
		}
	})
}
