package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

const (
	demoProject  = "d0000000000000000000000000000001"
	otherProject = "f0000000000000000000000000000002"
	maxBody      = 2000
	maxLimit     = 100
)

// callers are who requests come from, by the token that they send.
var callers = map[string]nova.Caller{
	"demo":   {UserID: "demo-user", ProjectID: demoProject, Roles: []string{"member", "reader"}},
	"admin":  {UserID: "admin-user", ProjectID: demoProject, Roles: []string{"admin", "manager", "member", "reader"}},
	"reader": {UserID: "reader-user", ProjectID: demoProject, Roles: []string{"reader"}},
	"alt":    {UserID: "alt-user", ProjectID: otherProject, Roles: []string{"member", "reader"}},
	"nobody": {ProjectID: demoProject, Roles: []string{"member"}},
	"system": {UserID: "root", System: "all", Roles: []string{"admin"}},
}

func validate(_ context.Context, token, service string) (nova.Caller, error) {
	if service == "intruder" {
		return nova.Caller{}, nova.Errorf(nova.Unauthorized, "not a service's token")
	}
	if token == "unreachable" {
		return nova.Caller{}, nova.Because(errors.New("dial tcp: refused"), nova.Unavailable, "identity service")
	}
	caller, ok := callers[token]
	if !ok {
		return nova.Caller{}, nova.Errorf(nova.Unauthorized, "nobody's token")
	}
	return caller, nil
}

// A controller is a table of actions without more.
type controller rest.Operations

func (c controller) Operations() rest.Operations { return rest.Operations(c) }

// An actor has members with actions of their own, too.
type actor struct {
	controller
	members rest.Operations
}

func (a actor) MemberActions() rest.Operations { return a.members }

// A thing is what the tests' members are.
type thing struct{ id, project string }

func (t thing) Owner() (projectID, userID string) { return t.project, "" }

// loadThing finds things: "own" is the caller's, "others" is not, and there
// are no others.
func loadThing(_ context.Context, r *rest.Request) (thing, error) {
	switch r.ID() {
	case "own":
		return thing{"own", r.Caller.ProjectID}, nil
	case "others":
		return thing{"others", otherProject}, nil
	}
	return thing{}, nova.Errorf(nova.NotFound, "Thing %s could not be found.", r.ID())
}

// echo tells what the handler was told.
func echo(name string) func(context.Context, *rest.Request) (any, error) {
	return func(_ context.Context, r *rest.Request) (any, error) { return told(name, r), nil }
}

func told(name string, r *rest.Request) map[string]any {
	return map[string]any{
		"action": name, "id": r.ID(), "parent": r.Param("thing_id"), "version": r.Version.String(),
		"query": r.Query(), "limit": r.Limit(), "page": r.Page(),
	}
}

type named struct {
	Thing struct {
		Name string `json:"name"`
	} `json:"thing"`
}

var (
	nameBody = schema.NewBody(schema.Object(schema.Prop("thing", schema.Object(
		schema.Prop("name", schema.String.Length(1, 10)).Required(),
	)).Required()))
	noArguments = schema.NewBody(schema.Object(schema.Prop("poke", schema.None).Required()))
	thingsQuery = schema.NewQuery(
		schema.Param("limit", schema.String.Pattern("^[0-9]*$")), schema.Param("name", schema.String),
		schema.Param("marker", schema.String), schema.Param("offset", schema.String),
	).Strict(75)
)

func readName(_ context.Context, r *rest.Request, in named) (any, error) {
	answer := told("read", r)
	answer["name"] = in.Thing.Name
	return answer, nil
}

// things are a resource that has everything.
func things() actor {
	return actor{
		controller: controller{
			"index":  rest.Do(echo("index")).Query(thingsQuery),
			"detail": rest.Do(echo("detail")).Query(thingsQuery),
			"show":   rest.Do(echo("show")),
			"create": rest.DoWith(nameBody, readName).Needs(policy.FlavorCreate).Status(http.StatusAccepted),
			"update": rest.DoWith(nameBody, readName).Needs(policy.FlavorUpdate).Since(5).Until(50),
			"delete": rest.Do(echo("delete")).Status(http.StatusNoContent),
			"fail":   rest.Do(failAs),
		},
		members: rest.Operations{
			"poke": rest.OnWith(loadThing, noArguments, func(_ context.Context, r *rest.Request, t thing, _ struct{}) (any, error) {
				answer := told("poke", r)
				answer["thing"] = t.id
				return answer, nil
			}).Needs(policy.Lock).Status(http.StatusAccepted).Since(5),
			"rename": rest.DoWith(nameBody, readName).Status(http.StatusCreated),
		},
	}
}

// failures are errors, by the ID of the thing that they happen to.
var failures = map[string]error{
	"panic":  nil,
	"abort":  nil,
	"opaque": errors.New("connect to 10.0.0.1: password hunter2 refused"),
	"gone":   context.Canceled,
}

func failAs(_ context.Context, r *rest.Request) (any, error) {
	switch r.ID() {
	case "panic":
		panic("out of luck")
	case "abort":
		panic(http.ErrAbortHandler)
	case "unencodable":
		return func() {}, nil
	}
	return nil, failures[r.ID()]
}

func allRoutes(m rest.Mapper) {
	thing := m.Resource("thing", "things", things(),
		rest.Collection{"detail": "GET"}, rest.Member{"action": "POST", "fail": "GET"})
	thing.Resource("part", "parts", controller{
		"index": rest.Do(echo("parts")), "show": rest.Do(echo("part")),
		"update_all": rest.Do(echo("update_all")), "delete_all": rest.Do(echo("delete_all")),
	}, rest.Singular{"update_all": "PUT", "delete_all": "DELETE"})
	m.Resource("limit", "limits", controller{"index": rest.Do(echo("limits"))})
}

// A site is the kit with controllers behind it, and what it has logged.
type site struct {
	handler http.Handler
	log     *logBuffer
}

func newSite(tb testing.TB, change ...func(*rest.Site)) *site {
	tb.Helper()
	return siteOf(tb, allRoutes, change...)
}

func siteOf(tb testing.TB, routes func(rest.Mapper), change ...func(*rest.Site)) *site {
	tb.Helper()
	enforcer, _, err := policy.New(policy.Defaults())
	if err != nil {
		tb.Fatal(err)
	}
	log := new(logBuffer)
	s := &rest.Site{
		Policy: enforcer, Validate: validate, Log: zerolog.New(log),
		AuthURI: "http://identity.example/v3", MaxLimit: maxLimit, MaxBody: maxBody,
	}
	for _, f := range change {
		f(s)
	}
	return &site{handler: s.Handler(routes), log: log}
}

// A logBuffer keeps what is logged.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// take empties the log.
func (b *logBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.text.Reset()
	return b.text.String()
}

// lines are the log's, decoded.
func (b *logBuffer) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(b.String()) {
		var decoded map[string]any
		if err := json.Unmarshal([]byte(line), &decoded); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		lines = append(lines, decoded)
	}
	return lines
}

// An option changes a request before it is sent.
type option func(*http.Request)

func as(token string) option { return header("X-Auth-Token", token) }

func at(version string) option { return header("OpenStack-API-Version", "compute "+version) }

func accept(types string) option { return header("Accept", types) }

func header(name string, values ...string) option {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

// do sends "METHOD path body".
func (s *site) do(t *testing.T, request string, options ...option) *reply {
	t.Helper()
	return send(t, s.handler, request, options...)
}

func send(t *testing.T, handler http.Handler, request string, options ...option) *reply {
	t.Helper()
	parts := append(strings.SplitN(request, " ", 3), "", "")
	r := httptest.NewRequestWithContext(t.Context(), parts[0], "http://nova.example"+parts[1], strings.NewReader(parts[2]))
	r.Header.Set("X-Auth-Token", "demo")
	for _, change := range options {
		change(r)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return &reply{request, w.Code, w.Header(), w.Body.String()}
}

// A reply is what a request was answered with.
type reply struct {
	request string
	status  int
	header  http.Header
	body    string
}

// raw finds a header whose name is not in Go's spelling.
func (r *reply) raw(name string) []string { return r.header[name] }

// decoded is the body.
func (r *reply) decoded(t *testing.T) map[string]any {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatalf("%s: body %q: %v", r.request, r.body, err)
	}
	return body
}

// want fails the test unless the reply has a status and, where one is given, a
// body.
func (r *reply) want(t *testing.T, status int, body ...string) *reply {
	t.Helper()
	if r.status != status {
		t.Errorf("%s: status %d, want %d: %s", r.request, r.status, status, r.body)
	}
	for _, want := range body {
		if diff := cmp.Diff(want, r.body); diff != "" {
			t.Errorf("%s: body (-want +got):\n%s", r.request, diff)
		}
	}
	return r
}

// action checks which action answered.
func (r *reply) action(t *testing.T, status int, name string) *reply {
	t.Helper()
	r.want(t, status)
	if got := r.decoded(t)["action"]; got != name {
		t.Errorf("%s: answered by %v, want %s", r.request, got, name)
	}
	return r
}

// newest is the version that "latest" stands for.
var newest = microversion.Max.String()

const plainNotFound = "404 Not Found\n\nThe resource could not be found.\n\n   "

// unrouted checks that nothing answered.
func (r *reply) unrouted(t *testing.T) {
	t.Helper()
	r.want(t, http.StatusNotFound, plainNotFound)
	if got := r.raw("OpenStack-API-Version"); got != nil {
		t.Errorf("%s: a version of what was not found: %q", r.request, got)
	}
}

// panics gives what f panics with: nil if it doesn't.
func panics(f func()) (cause any) {
	defer func() { cause = recover() }()
	f()
	return nil
}

func contains(t *testing.T, where, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: no %q in %q", where, part, text)
		}
	}
}

func lacks(t *testing.T, where, text string, parts ...string) {
	t.Helper()
	if i := slices.IndexFunc(parts, func(part string) bool { return strings.Contains(text, part) }); i >= 0 {
		t.Errorf("%s: %q in %q", where, parts[i], text)
	}
}
