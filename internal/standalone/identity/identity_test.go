package identity_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/standalone/identity"
)

const (
	password        = "correct horse"
	servicePassword = "of this process"
)

var began = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A cloud is an identity service with a clock that a test moves.
type cloud struct {
	*testing.T
	service *identity.Service
	options identity.Options
	passed  atomic.Int64
	onNow   atomic.Pointer[func()] // called once, when the service looks at its clock next
}

// each runs a test against a seeded service on every database.
func each(t *testing.T, test func(c *cloud)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		c := &cloud{T: t}
		c.options = identity.Options{
			Store: identitydb.New(s.DB), Log: zerolog.New(zerolog.NewTestWriter(t)), PasswordCost: 4, ServicePassword: servicePassword,
			Clock: func() time.Time {
				if f := c.onNow.Swap(nil); f != nil {
					(*f)()
				}
				return began.Add(time.Duration(c.passed.Load()))
			},
		}
		c.service = identity.New(c.options)
		created, err := c.service.Seed(t.Context(), identity.SeedOptions{AdminPassword: password})
		if err != nil || !created {
			t.Fatalf("seed: %v, %v", created, err)
		}
		test(c)
	})
}

func (c *cloud) pass(d time.Duration) { c.passed.Add(int64(d)) }

// A reply is a response with its body read.
type reply struct {
	*httptest.ResponseRecorder
	body any
}

// do sends a request, as "POST /path", with headers in pairs.
func (c *cloud) do(line, body string, headers ...string) reply {
	c.Helper()
	method, target, _ := strings.Cut(line, " ")
	r := httptest.NewRequestWithContext(c.Context(), method, "http://cloud:8774"+target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.service.ServeHTTP(w, r)
	re := reply{ResponseRecorder: w}
	if text := w.Body.Bytes(); len(text) > 0 {
		d := json.NewDecoder(bytes.NewReader(text))
		if err := d.Decode(&re.body); err != nil {
			c.Fatalf("%s: body %q: %v", line, text, err)
		}
	}
	return re
}

// as sends a request with a token, and demands a status.
func (c *cloud) as(token, line, body string, status int) reply {
	c.Helper()
	re := c.do(line, body, "X-Auth-Token", token)
	if re.Code != status {
		c.Fatalf("%s %s: got %d %s, want %d", line, body, re.Code, re.Body, status)
	}
	return re
}

// at follows keys and indexes into a body: at("token", "roles", 0, "name").
func (re reply) at(path ...any) any {
	v := re.body
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}

func (re reply) text(path ...any) string {
	s, _ := re.at(path...).(string)
	return s
}

// values gathers one field of a list of objects.
func (re reply) values(list, field string) []string {
	items, _ := re.at(list).([]any)
	texts := []string{}
	for _, item := range items {
		m, _ := item.(map[string]any)
		s, _ := m[field].(string)
		texts = append(texts, s)
	}
	return texts
}

const (
	onProject = `,"scope":{"project":{"name":"%s","domain":{"id":"default"}}}`
	onSystem  = `,"scope":{"system":{"all":true}}`
)

func byPassword(user, password, scope string) string {
	return `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"` + user +
		`","domain":{"name":"Default"},"password":"` + password + `"}}}` + scope + `}}`
}

func byToken(token, scope string) string {
	return `{"auth":{"identity":{"methods":["token"],"token":{"id":"` + token + `"}}` + scope + `}}`
}

func project(name string) string { return strings.Replace(onProject, "%s", name, 1) }

// login gives a token: for a project, or for the system if that is empty.
func (c *cloud) login(user, onProject string) string {
	c.Helper()
	scope := onSystem
	if onProject != "" {
		scope = project(onProject)
	}
	re := c.do("POST /v3/auth/tokens?nocatalog", byPassword(user, password, scope))
	if re.Code != http.StatusCreated {
		c.Fatalf("log in as %s: %d %s", user, re.Code, re.Body)
	}
	return re.Header().Get("X-Subject-Token")
}

// find gives the ID of the first thing of a list.
func (c *cloud) find(token, target, key string) string {
	c.Helper()
	id := c.as(token, "GET "+target, "", 200).text(key, 0, "id")
	if id == "" {
		c.Fatalf("%s: nothing found", target)
	}
	return id
}

// eachEmpty runs a test on every database, with nothing in it.
func eachEmpty(t *testing.T, test func(t *testing.T, o identity.Options)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		test(t, identity.Options{Store: identitydb.New(s.DB), Log: zerolog.Nop(), PasswordCost: 4})
	})
}
