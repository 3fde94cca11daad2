package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/internal/nova"
)

const (
	malformed = `{"badRequest":{"code":400,"message":"Malformed request body"}}`
	notFound  = `{"itemNotFound":{"code":404,"message":"The resource could not be found."}}`
	internal  = `{"computeFault":{"code":500,"message":"Unexpected API Error. Please contact the administrator."}}`
	badMedia  = `{"badMediaType":{"code":415,"message":"Unsupported Content-Type"}}`
)

// failing is a site whose only resource fails.
func failing(t *testing.T, err error) *site {
	t.Helper()
	return siteOf(t, func(m rest.Mapper) {
		m.Resource("thing", "things", controller{"index": rest.Do(func(context.Context, *rest.Request) (any, error) {
			return map[string]string{"not": "shown"}, err
		}).Status(http.StatusAccepted)})
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind    nova.Kind
		status  int
		name    string
		message string // when the error has none
	}{
		{nova.Invalid, 400, "badRequest", "The server could not comply with the request since it is either malformed or otherwise incorrect."},
		{
			nova.Unauthorized, 401, "unauthorized", "This server could not verify that you are authorized to access the document you requested. " +
				"Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required.",
		},
		{nova.Forbidden, 403, "forbidden", "Access was denied to this resource."},
		{nova.OverQuota, 403, "forbidden", "Access was denied to this resource."},
		{nova.NotFound, 404, "itemNotFound", "The resource could not be found."},
		{nova.NotAcceptable, 406, "computeFault", "The resource could not be generated that was acceptable to your browser."},
		{nova.Conflict, 409, "conflictingRequest", "There was a conflict when trying to complete your request."},
		{nova.Gone, 410, "computeFault", "This resource is no longer available. No forwarding address is given."},
		{nova.TooLarge, 413, "overLimit", "The body of your request was too large for this server."},
		{nova.BadMediaType, 415, "badMediaType", "The request media type is not supported by this server."},
		{nova.NotImplemented, 501, "notImplemented", "The requested functionality is not supported."},
		{nova.Unavailable, 503, "serviceUnavailable", "The server is currently unavailable. Please try again at a later time."},
	} {
		t.Run(test.name+strconv.Itoa(int(test.kind)), func(t *testing.T) {
			t.Parallel()
			for given, shown := range map[string]string{"": test.message, "Thing <1> & \"2\" can't é.": `Thing <1> & \"2\" can't é.`} {
				err := fmt.Errorf("wrapped: %w", nova.Because(errors.New("secret cause"), test.kind, "%s", given))
				r := failing(t, err).do(t, "GET /v2.1/things").
					want(t, test.status, fmt.Sprintf(`{%q:{"code":%d,"message":"`, test.name, test.status)+shown+`"}}`)
				if got := r.header.Get("Content-Type"); got != "application/json; charset=UTF-8" {
					t.Errorf("Content-Type %q", got)
				}
				if got := r.header.Get("Content-Length"); got != strconv.Itoa(len(r.body)) {
					t.Errorf("Content-Length %q of %d bytes", got, len(r.body))
				}
				checkVersionHeaders(t, r, "2.1")
			}
		})
	}
}

// What is ours to mend is logged, and not shown.
func TestFaults_Internal(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		errors.New("connect to 10.0.0.1 refused"),
		nova.Errorf(nova.Internal, "connect to 10.0.0.1 refused"),
		fmt.Errorf("start: %w", nova.Because(errors.New("connect to 10.0.0.1 refused"), nova.Internal, "driver")),
		nova.Errorf(nova.MultipleChoices, "connect to 10.0.0.1 refused"), // a kind that the API has no answer for
		nova.Errorf(nova.Kind(99), "connect to 10.0.0.1 refused"),
	} {
		s := failing(t, err)
		s.do(t, "GET /v2.1/things").want(t, http.StatusInternalServerError, internal)
		contains(t, "log", s.log.String(), `"level":"error"`, "connect to 10.0.0.1 refused", `"status":500`)
	}
}

func TestFaults_Logged(t *testing.T) {
	t.Parallel()
	for kind, logged := range map[nova.Kind]bool{
		nova.Internal: true, nova.Unavailable: true,
		nova.Invalid: false, nova.NotFound: false, nova.Conflict: false, nova.NotImplemented: false, nova.OverQuota: false,
	} {
		s := failing(t, nova.Because(errors.New("the cause"), kind, "the message"))
		s.do(t, "GET /v2.1/things")
		lines := s.log.lines(t)
		if got := len(lines) == 2 && lines[0]["level"] == "error"; got != logged {
			t.Errorf("kind %d: logged as an error: %v, want %v", kind, got, logged)
		}
		if logged {
			contains(t, "log", s.log.String(), "the cause")
			if lines[0]["request_id"] != lines[1]["request_id"] || lines[0]["request_id"] == nil {
				t.Errorf("request IDs %v and %v", lines[0]["request_id"], lines[1]["request_id"])
			}
		}
	}
}

// A client that hangs up is no fault of anybody's.
func TestFaults_ClientGone(t *testing.T) {
	t.Parallel()
	s := failing(t, fmt.Errorf("list: %w", context.Canceled))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s.do(t, "GET /v2.1/things", func(r *http.Request) { *r = *r.WithContext(gone) })
	lacks(t, "log", s.log.String(), `"level":"error"`)
	contains(t, "log", s.log.String(), "client has gone")
}

// What can't be written as JSON is a fault of ours, too.
func TestFaults_Unencodable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.do(t, "GET /v2.1/things/unencodable/fail").want(t, http.StatusInternalServerError, internal)
	contains(t, "log", s.log.String(), `"level":"error"`)
}

func TestFaults_Panic(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.do(t, "GET /v2.1/things/panic/fail", as("demo")).want(t, http.StatusInternalServerError, internal)
	if got := r.header.Get("Content-Type"); got != "application/json; charset=UTF-8" {
		t.Errorf("Content-Type %q", got)
	}
	lines := s.log.lines(t)
	if len(lines) != 2 || lines[0]["panic"] != "out of luck" || lines[0]["level"] != "error" {
		t.Fatalf("log %v", lines)
	}
	contains(t, "stack", fmt.Sprint(lines[0]["stack"]), "failAs")
	if lines[1]["status"] != 500.0 || lines[1]["user"] != "demo-user" || lines[0]["request_id"] != lines[1]["request_id"] {
		t.Errorf("the request's line: %v", lines[1])
	}
	s.do(t, "GET /v2.1/things/1").want(t, http.StatusOK) // it goes on
}

// A handler that wants the connection broken off gets its way, and a line.
func TestFaults_Abort(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cause := panics(func() { s.do(t, "GET /v2.1/things/abort/fail") })
	if err, ok := cause.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		t.Errorf("panics with %v", cause)
	}
	if lines := s.log.lines(t); len(lines) != 1 || lines[0]["message"] != "request" {
		t.Errorf("log %v", lines)
	}
}

// A fault may come after headers were set for success.
func TestFaults_NoHeadersOfSuccess(t *testing.T) {
	t.Parallel()
	s := siteOf(t, func(m rest.Mapper) {
		m.Resource("thing", "things", controller{"index": rest.Do(func(_ context.Context, r *rest.Request) (any, error) {
			r.Header("Location", "http://nowhere.example/")
			return nil, nova.Errorf(nova.Conflict, "no")
		})})
	})
	r := s.do(t, "GET /v2.1/things").want(t, http.StatusConflict)
	if got := r.header.Get("Location"); got != "" {
		t.Errorf("Location %q", got)
	}
}
