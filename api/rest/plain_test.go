package rest_test

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/api/rest"
)

// shapes are the three of errors without a fault body.
type shapes struct{ html, json, text string }

var plainErrors = map[string]struct {
	request string
	options []option
	status  int
	shapes
}{
	"not found": {
		"GET /v2.1/nothing", nil, 404, shapes{
			"<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n" +
				"  The resource could not be found.<br /><br />\n\n\n\n </body>\n</html>",
			`{"message":"The resource could not be found.<br /><br />\n\n\n","code":"404 Not Found","title":"Not Found"}`,
			plainNotFound,
		},
	},
	"too large": {
		"POST /v2.1/things " + strings.Repeat("a", maxBody+1), nil, 413, shapes{
			"<html>\n <head>\n  <title>413 Request Entity Too Large</title>\n </head>\n <body>\n  <h1>413 Request Entity Too Large</h1>\n" +
				"  Request is too large. Larger than max_request_body_size (2000).<br /><br />\n\n\n\n </body>\n</html>",
			`{"message":"Request is too large. Larger than max_request_body_size (2000).<br /><br />\n\n\n",` +
				`"code":"413 Request Entity Too Large","title":"Request Entity Too Large"}`,
			"413 Request Entity Too Large\n\nRequest is too large. Larger than max_request_body_size (2000).\n\n   ",
		},
	},
	"identity service unreachable": {
		"GET /v2.1/things", []option{as("unreachable")}, 503, shapes{
			"<html>\n <head>\n  <title>503 Service Unavailable</title>\n </head>\n <body>\n  <h1>503 Service Unavailable</h1>\n" +
				"  The server is currently unavailable. Please try again at a later time.<br /><br />\n" +
				"The Keystone service is temporarily unavailable.\n\n\n </body>\n</html>",
			`{"message":"The server is currently unavailable. Please try again at a later time.<br /><br />\n` +
				`The Keystone service is temporarily unavailable.\n\n","code":"503 Service Unavailable","title":"Service Unavailable"}`,
			"503 Service Unavailable\n\nThe server is currently unavailable. Please try again at a later time.\n\n" +
				" The Keystone service is temporarily unavailable.  ",
		},
	},
	"token of nobody": {
		"GET /v2.1/things", []option{as("nobody")}, 401, shapes{
			"<html>\n <head>\n  <title>401 Unauthorized</title>\n </head>\n <body>\n  <h1>401 Unauthorized</h1>\n  " + unverified +
				"<br /><br />\n\n\n\n </body>\n</html>",
			`{"message":"` + unverified + `<br /><br />\n\n\n","code":"401 Unauthorized","title":"Unauthorized"}`,
			"401 Unauthorized\n\n" + unverified + "\n\n   ",
		},
	},
}

const unverified = "This server could not verify that you are authorized to access the document you requested. " +
	"Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required."

func TestPlain_Shapes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, e := range plainErrors {
		for _, test := range []struct{ accept, kind, body string }{
			{"", "text/plain; charset=UTF-8", e.text},
			{"image/png", "text/plain; charset=UTF-8", e.text},
			{"text/plain", "text/plain; charset=UTF-8", e.text},
			{"text/html;q=0, application/json;q=0", "text/plain; charset=UTF-8", e.text},
			{"rubbish", "text/plain; charset=UTF-8", e.text},
			{"application/json", "application/json", e.json},
			{"application/*", "application/json", e.json},
			{"application/json;q=0.5, text/html;q=0.1", "application/json", e.json},
			{"application/json;version=2.1", "text/plain; charset=UTF-8", e.text}, // no offer has parameters
			{"*/*;q=0.1, application/json", "application/json", e.json},
			{"text/html", "text/html; charset=UTF-8", e.html},
			{"text/*", "text/html; charset=UTF-8", e.html},
			{"*/*", "text/html; charset=UTF-8", e.html},
			{"application/json, text/html", "text/html; charset=UTF-8", e.html},
			{"text/html;q=0.2, */*;q=0.1", "text/html; charset=UTF-8", e.html},
		} {
			t.Run(name+" "+test.accept, func(t *testing.T) {
				t.Parallel()
				options := e.options
				if test.accept != "" {
					options = append(slices.Clip(options), accept(test.accept))
				}
				r := s.do(t, e.request, options...).want(t, e.status, test.body)
				if got := r.header.Get("Content-Type"); got != test.kind {
					t.Errorf("Content-Type %q, want %q", got, test.kind)
				}
				if got := r.header.Get("Content-Length"); got != strconv.Itoa(len(r.body)) {
					t.Errorf("Content-Length %q of %d bytes", got, len(r.body))
				}
				if len(r.raw("x-openstack-request-id")) != 1 || r.raw("OpenStack-API-Version") != nil {
					t.Errorf("headers %v", r.header)
				}
			})
		}
	}
}

func TestUnauthorized(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, token := range map[string]option{
		"none": header("X-Auth-Token"), "empty": as(""), "unknown": as("no such token"), "twice": header("X-Auth-Token", "no", "demo"),
		"good, sent on by who is no service": header("X-Service-Token", "intruder"),
	} {
		for _, path := range []string{"/v2.1/things", "/v2.1/nothing", "/v2/things", "/v2.1/" + demoProject + "/"} {
			for _, types := range []string{"text/html", "application/json"} {
				r := s.do(t, "GET "+path, token, accept(types)).want(t, http.StatusUnauthorized,
					`{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`)
				if got := r.header.Get("Content-Type"); got != "application/json" {
					t.Errorf("%s: Content-Type %q", name, got)
				}
				if got := r.header.Get("Www-Authenticate"); got != `Keystone uri="http://identity.example/v3"` {
					t.Errorf("%s: WWW-Authenticate %q", name, got)
				}
				if len(r.raw("x-openstack-request-id")) != 1 {
					t.Errorf("%s: no request ID", name)
				}
			}
		}
	}
}

// chunked sends a body without saying how long it is.
func chunked(body string) option {
	return func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(struct{ io.Reader }{strings.NewReader(body)}), -1
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	fits, over := strings.Repeat(" ", maxBody-2)+"{}", strings.Repeat(" ", maxBody-1)+"{}"
	for _, test := range []struct {
		name    string
		request string
		options []option
		status  int
	}{
		{"fits", "POST /v2.1/things " + fits, nil, 400}, // for what it says
		{"over", "POST /v2.1/things " + over, nil, 413},
		{"over, chunked", "POST /v2.1/things", []option{chunked(over)}, 413},
		{"fits, chunked", "POST /v2.1/things", []option{chunked(fits)}, 400},
		{"over, chunked, action", "POST /v2.1/things/own/action", []option{chunked(over)}, 413},
		{"over, chunked, version document", "POST /v2.1/", []option{chunked(over)}, 413},
		// By its length it is refused before anything is known,
		{"over, no token", "POST /v2.1/things " + over, []option{header("X-Auth-Token")}, 413},
		{"over, not found", "POST /v2.1/nothing " + over, nil, 413},
		{"over, not read", "GET /v2.1/things " + over, nil, 413},
		{"over, bad version", "POST /v2.1/things " + over, []option{at("9.9")}, 413},
		// but if it has to be read, not before it is.
		{"over, chunked, no token", "POST /v2.1/things", []option{chunked(over), header("X-Auth-Token")}, 401},
		{"over, chunked, not found", "POST /v2.1/nothing", []option{chunked(over)}, 404},
		{"over, chunked, not read", "GET /v2.1/things", []option{chunked(over)}, 200},
		{"over, chunked, bad version", "POST /v2.1/things", []option{chunked(over), at("9.9")}, 406},
		{"over, chunked, bad type", "POST /v2.1/things", []option{chunked(over), header("Content-Type", "a/b")}, 415},
		{"over, chunked, version not yet", "PUT /v2.1/things/1", []option{chunked(over)}, 413},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := s.do(t, test.request, test.options...).want(t, test.status)
			if test.status == http.StatusRequestEntityTooLarge {
				r.want(t, test.status, plainErrors["too large"].text)
			}
		})
	}
}

// A body that breaks off is malformed, not ours to mend.
func TestBody_BrokenOff(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(s *rest.Site) { s.MaxBody = 1 << 20 })
	s.do(t, "POST /v2.1/things", func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(`{"thing"`), brokenReader{})), 100
	}).want(t, http.StatusBadRequest, malformed)
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
