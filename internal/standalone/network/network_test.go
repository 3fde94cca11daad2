package network_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/network"
)

var callers = map[string]nova.Caller{
	"admin":    {UserID: "u0", ProjectID: "p-admin", Roles: []string{"admin", "member", "reader"}},
	"demo":     {UserID: "u1", ProjectID: "p-demo", Roles: []string{"member", "reader"}},
	"alt":      {UserID: "u2", ProjectID: "p-alt", Roles: []string{"member", "reader"}},
	"reader":   {UserID: "u3", ProjectID: "p-demo", Roles: []string{"reader"}},
	"unscoped": {UserID: "u4"},
}

func validate(_ context.Context, token string) (nova.Caller, error) {
	caller, ok := callers[token]
	if !ok {
		return nova.Caller{}, nova.Errorf(nova.NotFound, "No such token.")
	}
	return caller, nil
}

const (
	unknown   = "11111111-2222-3333-4444-555555555555"
	privateID = "0e7a0001-0000-4000-8000-000000000001"
	publicID  = "0e7a0002-0000-4000-8000-000000000001"
)

// a cloud is a network service with its seed.
type cloud struct {
	t       testing.TB
	service *network.Service
	store   *networkdb.Store
}

func each(t *testing.T, test func(t *testing.T, c cloud)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, s *db.Store) { test(t, newCloud(t, networkdb.New(s.DB))) })
}

func newCloud(t testing.TB, s *networkdb.Store) cloud {
	t.Helper()
	service := network.New(network.Options{
		Store: s, Log: zerolog.Nop(), Validate: validate, PublicURL: "http://cloud", Owner: "p-admin",
		AuthURL: func(*http.Request) string { return "http://cloud/identity/v3" },
	})
	if err := service.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	return cloud{t, service, s}
}

type reply struct {
	status int
	text   string
	body   map[string]any
}

// do sends "METHOD /path", below /v2.0, as somebody.
func (c cloud) do(as, call, body string) reply { return c.doIfMatch(as, call, body, "") }

// doIfMatch is do with an If-Match header, unless that is empty.
func (c cloud) doIfMatch(as, call, body, match string) reply {
	method, path, _ := strings.Cut(call, " ")
	r := httptest.NewRequestWithContext(c.t.Context(), method, "/v2.0"+path, strings.NewReader(body))
	r.Header.Set("X-Auth-Token", as)
	if match != "" {
		r.Header.Set("If-Match", match)
	}
	w := httptest.NewRecorder()
	c.service.ServeHTTP(w, r)
	got := reply{status: w.Code, text: w.Body.String()}
	d := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	d.UseNumber()
	_ = d.Decode(&got.body)
	return got
}

// want sends a call and checks its status and, if given, a part of its text.
func (c cloud) want(status int, part, as, call, body string) reply {
	c.t.Helper()
	got := c.do(as, call, body)
	if got.status != status || !strings.Contains(got.text, part) {
		c.t.Errorf("%s %s %.200s: got %d %s\nwant %d %s", as, call, body, got.status, got.text, status, part)
	}
	return got
}

// A step is a call and what it must answer.
type step struct {
	as, call, body string
	status         int
	part           string
}

func (c cloud) steps(steps ...step) {
	c.t.Helper()
	for _, s := range steps {
		c.want(s.status, s.part, s.as, s.call, s.body)
	}
}

// make creates a thing, such as a network, and gives its ID.
func (c cloud) make(as, one, body string) string {
	c.t.Helper()
	path := "/" + strings.ReplaceAll(one, "_", "-") + "s"
	made, _ := c.want(http.StatusCreated, "", as, "POST "+path, `{"`+one+`":`+body+`}`).body[one].(map[string]any)
	id, _ := made["id"].(string)
	return id
}

// values are one key of each thing in a list, with spaces between.
func (r reply) values(many, key string) string {
	list, _ := r.body[many].([]any)
	values := make([]string, len(list))
	for i, item := range list {
		thing, _ := item.(map[string]any)
		values[i], _ = thing[key].(string)
	}
	return strings.Join(values, " ")
}
