package rest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/internal/nova"
)

var requestID = regexp.MustCompile(`^req-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

const globalID = "req-11111111-2222-3333-4444-555555555555"

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	var seen nova.Request
	s := siteOf(t, func(m rest.Mapper) {
		m.Resource("thing", "things", controller{"show": rest.Do(func(ctx context.Context, r *rest.Request) (any, error) {
			seen = nova.RequestOf(ctx)
			return r.ID(), nil
		})})
	})
	used := map[string]bool{}
	for _, test := range []struct{ sent, global string }{
		{"", ""},
		{globalID, globalID},
		{strings.ToUpper(globalID), ""},
		{"req-1", ""},
		{globalID + "\nforged", ""},
		{" " + globalID, ""},
		{strings.Repeat("x", 5000), ""},
	} {
		r := s.do(t, "GET /v2.1/things/1", header("X-OpenStack-Request-ID", test.sent)).want(t, http.StatusOK)
		id := strings.Join(r.raw("x-openstack-request-id"), " ")
		if !requestID.MatchString(id) || used[id] {
			t.Errorf("request ID %q", id)
		}
		used[id] = true
		if diff := cmp.Diff([]string{id}, r.raw("x-compute-request-id")); diff != "" {
			t.Errorf("the other ID (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(nova.Request{ID: id, GlobalID: test.global}, seen); diff != "" {
			t.Errorf("what the handler is told (-want +got):\n%s", diff)
		}
		line := s.log.lines(t)[len(used)-1]
		if got, _ := line["global_request_id"].(string); got != test.global || line["request_id"] != id {
			t.Errorf("logged: %v", line)
		}
	}
}

// The log has one line for each request, with these fields and no others.
func TestLog_Line(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		request string
		options []option
		want    map[string]any
	}{
		{
			"GET /v2.1/things/secret-name?name=secret-query",
			[]option{at("2.47")},
			map[string]any{"status": 200.0, "route": "/v2.1/things/{id}", "microversion": "2.47", "project": demoProject, "user": "demo-user"},
		},
		{
			"GET /v2.1/" + demoProject + "/things/1/parts/2",
			[]option{header("X-OpenStack-Request-ID", globalID)},
			map[string]any{
				"status": 200.0, "route": "/v2.1/{project_id}/things/{thing_id}/parts/{id}", "microversion": "2.1",
				"project": demoProject, "user": "demo-user", "global_request_id": globalID,
			},
		},
		{
			"GET /v2/things",
			[]option{at("2.47")},
			map[string]any{"status": 200.0, "route": "/v2/things", "project": demoProject, "user": "demo-user"},
		},
		{
			"PUT /v2.1/things/1 {}",
			[]option{at("2.4")},
			map[string]any{"status": 404.0, "route": "/v2.1/things/{id}", "microversion": "2.4", "project": demoProject, "user": "demo-user"},
		},
		{
			"GET /v2.1/secret-name", nil,
			map[string]any{"status": 404.0, "route": "-", "project": demoProject, "user": "demo-user"},
		},
		{"GET /v2.1/things", []option{as("secret-name")}, map[string]any{"status": 401.0, "route": "-"}},
		{"POST /v2.1/things " + strings.Repeat("secret-name", maxBody), nil, map[string]any{"status": 413.0, "route": "-"}},
		{"GET /", nil, map[string]any{"status": 200.0, "route": "/"}},
		{"GET /v2", nil, map[string]any{"status": 200.0, "route": "/v2"}},
		{"GET /v2.1/", []option{at("2.5")}, map[string]any{"status": 200.0, "route": "/v2.1", "microversion": "2.5"}},
		{"GET /secret-name", nil, map[string]any{"status": 300.0, "route": "-"}},
		{
			"DELETE /v2.1/things/1", nil,
			map[string]any{"status": 204.0, "route": "/v2.1/things/{id}", "microversion": "2.1", "project": demoProject, "user": "demo-user"},
		},
	} {
		t.Run(test.request[:min(len(test.request), 60)], func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			r := s.do(t, test.request, test.options...)
			lacks(t, "log", s.log.String(), "secret")
			lines := s.log.lines(t)
			if len(lines) != 1 {
				t.Fatalf("%d lines: %v", len(lines), lines)
			}
			line := lines[0]
			test.want["method"], test.want["message"], test.want["level"] = strings.Fields(test.request)[0], "request", "info"
			test.want["bytes"] = float64(len(r.body))
			if id, _ := line["request_id"].(string); !requestID.MatchString(id) {
				t.Errorf("request_id %q", id)
			}
			if took, ok := line["duration"].(float64); !ok || took < 0 {
				t.Errorf("duration %v", line["duration"])
			}
			delete(line, "request_id")
			delete(line, "duration")
			if diff := cmp.Diff(test.want, line); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

// Neither tokens nor passwords get into the log, whatever goes wrong.
func TestLog_NoSecrets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	body := `{"thing": {"name": "hunter2", "adminPass": "hunter2"}}`
	for _, request := range []string{
		"GET /v2.1/things", "GET /v2.1/things/hunter2", "GET /v2.1/hunter2", "GET /hunter2?password=hunter2", "GET /v2.1/things?name=hunter2",
		"POST /v2.1/things " + body, "PUT /v2.1/things/1 " + body, "POST /v2.1/things/own/action " + body,
		"POST /v2.1/things {hunter2", "GET /v2.1/things/panic/fail", "HUNTER2 /v2.1/things",
	} {
		for _, token := range []string{"demo", "admin", "unreachable", "gAAAAA-a-token-of-nobody"} {
			s.do(t, request, as(token), at("2.10"), header("X-Service-Token", "gAAAAA-service"), header("Cookie", "hunter2"))
		}
	}
	lacks(t, "log", s.log.String(), "hunter2", "gAAAAA")
	if got, want := strings.Count(s.log.String(), `"message":"request"`), 11*4; got != want {
		t.Errorf("%d lines about requests, want %d", got, want)
	}
}

// Over the wire, headers are spelt as Nova spells them, and each body has its
// length.
func TestReply_OverTheWire(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	for _, test := range []struct {
		request string
		status  int
		length  int64
		kind    string
	}{
		{"GET /v2.1/things/1/fail", 200, 0, "application/json"}, // a handler without an answer
		{"DELETE /v2.1/things/1", 204, 0, "application/json"},
		{"GET /v2.1/nothing", 404, int64(len(plainNotFound)), "text/plain; charset=UTF-8"},
		{"GET /v2.1/things", 200, -1, "application/json"},
	} {
		parts := strings.Fields(test.request)
		r, err := http.NewRequestWithContext(t.Context(), parts[0], server.URL+parts[1], http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Auth-Token", "demo")
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != test.status {
			t.Errorf("%s: status %d: %v", test.request, response.StatusCode, err)
		}
		if test.length < 0 {
			test.length = int64(len(body))
		}
		if response.ContentLength != test.length || int64(len(body)) != test.length {
			t.Errorf("%s: length %d of %d bytes, want %d", test.request, response.ContentLength, len(body), test.length)
		}
		if got := response.Header.Get("Content-Type"); got != test.kind {
			t.Errorf("%s: Content-Type %q, want %q", test.request, got, test.kind)
		}
	}
}

// One client at a time learns nothing of another's version, caller or query.
func TestRequests_AreApart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	t.Run("group", func(t *testing.T) {
		for _, version := range []string{"2.1", "2.10", "2.50", newest} {
			for _, id := range []string{"a", "b", "c"} {
				t.Run(version+id, func(t *testing.T) {
					t.Parallel()
					for range 50 {
						answer := s.do(t, "GET /v2.1/things/"+id+"?x="+id, at(version)).decoded(t)
						if answer["id"] != id || answer["version"] != version {
							t.Errorf("%s at %s: %v", id, version, answer)
						}
					}
				})
			}
		}
	})
	if lines := s.log.lines(t); len(lines) != 600 || slices.ContainsFunc(lines, func(l map[string]any) bool { return l["status"] != 200.0 }) {
		t.Errorf("%d lines", len(lines))
	}
}
