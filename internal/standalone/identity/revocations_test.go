package identity_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/standalone/identity"
)

// A listener is told whose tokens are revoked.
type listener struct{ users []string }

// take gives the users since the last call, and forgets them.
func (l *listener) take() []string {
	defer func() { l.users = nil }()
	return l.users
}

// listen adds a listener to a service.
func listen(s *identity.Service) *listener {
	l := &listener{}
	s.OnRevocation(func(userID string) { l.users = append(l.users, userID) })
	return l
}

// Every call that changes what tokens say has told so when its response comes,
// and the calls that don't are quiet: each revocation costs cached answers.
func TestRevocations_EveryCall(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		l := listen(c.service)
		if err := c.service.CatchUp(c.Context()); err != nil {
			c.Fatal(err)
		}
		fresh := func(plural, noun, fields string) string {
			return c.as(admin, "POST /v3/"+plural, `{"`+noun+`":{`+fields+`}}`, 201).text(noun, "id")
		}
		d := fresh("domains", "domain", `"name":"d"`)
		p := fresh("projects", "project", `"name":"p","domain_id":"`+d+`"`)
		u := fresh("users", "user", `"name":"u","domain_id":"`+d+`","password":"pw"`)
		r := fresh("roles", "role", `"name":"r"`)
		s := fresh("services", "service", `"type":"t"`)
		if got := l.take(); got != nil {
			c.Errorf("creating things: told %q", got)
		}
		c.as(admin, "PUT /v3/projects/"+p+"/users/"+u+"/roles/"+r, "", 204)
		login := `{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"` + u + `","password":"$pw"}}},"scope":{"project":{"id":"` + p + `"}}}}`
		token := func(password string) string {
			return c.do("POST /v3/auth/tokens", strings.Replace(login, "$pw", password, 1)).Header().Get("X-Subject-Token")
		}
		ours, words := token("pw"), strings.NewReplacer("$d", d, "$p", p, "$u", u, "$r", r, "$s", s)
		l.take()
		for _, tc := range []struct {
			line, body string
			status     int
			told       []string
		}{
			{"DELETE /v3/auth/tokens", "", 204, []string{u}},
			{"PATCH /v3/users/$u", `{"user":{"name":"v"}}`, 200, []string{u}},
			{"POST /v3/users/$u/password", `{"user":{"original_password":"pw","password":"new"}}`, 204, []string{u}},
			{"POST /v3/users/$u/password", `{"user":{"original_password":"pw","password":"new"}}`, 401, nil},
			{"PATCH /v3/users/$u", `{"user":{"password":"pw"}}`, 200, []string{u}},
			{"PATCH /v3/users/$u", `{"user":{"enabled":false}}`, 200, []string{u}},
			{"PATCH /v3/users/$u", `{"user":{"enabled":true}}`, 200, []string{u}},
			{"PATCH /v3/users/$u", `{"user":{"enabled":7}}`, 400, nil},
			{"PUT /v3/projects/$p/users/$u/roles/$r", "", 204, []string{u}},
			{"HEAD /v3/projects/$p/users/$u/roles/$r", "", 204, nil},
			{"DELETE /v3/projects/$p/users/$u/roles/$r", "", 204, []string{u}},
			{"DELETE /v3/projects/$p/users/$u/roles/$r", "", 404, nil},
			{"PUT /v3/domains/$d/users/$u/roles/$r", "", 204, []string{u}},
			{"DELETE /v3/domains/$d/users/$u/roles/$r", "", 204, []string{u}},
			{"PUT /v3/system/users/$u/roles/$r", "", 204, []string{u}},
			{"DELETE /v3/system/users/$u/roles/$r", "", 204, []string{u}},
			{"PATCH /v3/projects/$p", `{"project":{"enabled":false}}`, 200, []string{""}},
			{"PATCH /v3/domains/$d", `{"domain":{"enabled":false}}`, 200, []string{""}},
			{"PATCH /v3/roles/$r", `{"role":{"name":"q"}}`, 200, []string{""}},
			{"PATCH /v3/services/$s", `{"service":{"enabled":false}}`, 200, nil},
			{"DELETE /v3/services/$s", "", 204, nil},
			{"DELETE /v3/roles/$r", "", 204, []string{""}},
			{"DELETE /v3/users/$u", "", 204, []string{u}},
			{"DELETE /v3/users/$u", "", 404, nil},
			{"DELETE /v3/projects/$p", "", 204, []string{""}},
			{"DELETE /v3/domains/$d", "", 204, []string{""}},
		} {
			re := c.do(words.Replace(tc.line), tc.body, "X-Auth-Token", admin, "X-Subject-Token", ours)
			if diff := cmp.Diff(tc.told, l.take()); diff != "" || re.Code != tc.status {
				c.Errorf("%s: got %d %s, want %d: told (-want +got): %s", tc.line, re.Code, re.Body, tc.status, diff)
			}
		}
	})
}

// Two processes on one database: the second finds out by looking, once a second
// at most.
func TestRevocations_OfAnotherProcess(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		there := identity.New(c.options)
		l := listen(there)
		catchUp := func() {
			c.Helper()
			if err := there.CatchUp(c.Context()); err != nil {
				c.Error(err)
			}
		}
		catchUp()
		revoke := func() string {
			demo := c.login("demo", "demo")
			user := c.do("GET /v3/auth/tokens", "", "X-Auth-Token", demo, "X-Subject-Token", demo).text("token", "user", "id")
			if re := c.do("DELETE /v3/auth/tokens", "", "X-Auth-Token", demo, "X-Subject-Token", demo); re.Code != 204 {
				c.Fatalf("revoke: %d %s", re.Code, re.Body)
			}
			return user
		}
		demo := revoke()
		catchUp()
		if got := l.take(); got != nil {
			c.Errorf("looked again within a second: %q", got)
		}
		revoke()
		c.pass(time.Second)
		catchUp()
		if got := l.take(); !slices.Equal(got, []string{demo, demo}) {
			c.Errorf("told %q", got)
		}
		c.pass(time.Second)
		catchUp()
		c.pass(-time.Hour) // the clock is set back, and a look is due
		revoke()
		catchUp()
		if got := l.take(); !slices.Equal(got, []string{demo}) {
			c.Errorf("after the clock was set back: told %q", got)
		}
	})
}

// A process that can't know what it has missed has all tokens forgotten, once.
func TestRevocations_Missed(t *testing.T) {
	t.Parallel()
	for name, miss := range map[string]func(c *cloud){
		"the log was cut": func(c *cloud) {
			for range 1001 {
				if err := c.options.Store.RecordRevocation(c.Context(), "u"); err != nil {
					c.Fatal(err)
				}
			}
		},
		"the database is an older copy": func(c *cloud) {
			if _, err := rows.Exec(c.Context(), c.options.Store.DB, "DELETE FROM identity_revocations WHERE number > 2"); err != nil {
				c.Fatal(err)
			}
		},
		"the database is another one": func(c *cloud) {
			if _, err := rows.Exec(c.Context(), c.options.Store.DB, "UPDATE identity_revocations SET user_id = 'x'"); err != nil {
				c.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(c *cloud) {
				l := listen(c.service)
				record := func() {
					if err := c.options.Store.RecordRevocation(c.Context(), "u"); err != nil {
						c.Fatal(err)
					}
				}
				for range 5 {
					record()
				}
				look := func(want ...string) {
					c.Helper()
					c.pass(time.Second)
					if err := c.service.CatchUp(c.Context()); err != nil {
						c.Error(err)
					}
					if diff := cmp.Diff(want, l.take()); diff != "" {
						c.Errorf("told (-want +got): %s", diff)
					}
				}
				look("u", "u", "u", "u", "u")
				miss(c)
				look("")
				look()
				record()
				look("u")
			})
		})
	}
}

// If the log can't be read, CatchUp says so, and looks again at the next call.
func TestRevocations_DatabaseIsGone(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		l := listen(c.service)
		ctx, cancel := context.WithCancel(c.Context())
		cancel()
		if err := c.service.CatchUp(ctx); !errors.Is(err, context.Canceled) {
			c.Errorf("got %v", err)
		}
		if err := c.options.Store.RecordRevocation(c.Context(), "u"); err != nil {
			c.Fatal(err)
		}
		if err := c.service.CatchUp(c.Context()); err != nil || !slices.Equal(l.take(), []string{"u"}) {
			c.Errorf("the log was not read again: %v", err)
		}
	})
}
