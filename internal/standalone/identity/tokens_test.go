package identity_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/standalone/identity"
)

func TestTokens_Refused(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		long := strings.Repeat("x", 5000)
		cases := []struct {
			body   string
			status int
			says   string
		}{
			{byPassword("admin", "wrong", ""), 401, "The request you have made requires authentication."},
			{byPassword("nobody", password, ""), 401, "The request you have made requires authentication."},
			{byPassword("admin", long, ""), 401, "requires authentication"},
			{byPassword("nova", "", ""), 401, "requires authentication"},
			{byPassword("nova", password, ""), 401, "requires authentication"},
			{byPassword("demo", servicePassword, ""), 401, "requires authentication"},
			{byPassword("admin", password, project("nowhere")), 401, "requires authentication"},
			{byPassword("demo", password, project("admin")), 401, "requires authentication"},
			{byPassword("demo", password, onSystem), 401, "requires authentication"},
			{byPassword("demo", password, `,"scope":{"domain":{"id":"default"}}`), 401, "requires authentication"},
			{byPassword("demo", password, `,"scope":{"domain":{"name":"nix"}}`), 401, "requires authentication"},
			{byToken("no such token", ""), 404, "Failed to validate token"},
			{`{"auth":{"identity":{"methods":[]}}}`, 401, "requires authentication"},
			{``, 400, "Expecting to find auth in request body."},
			{`{}`, 400, "Expecting to find auth in request body."},
			{`{"auth":{}}`, 400, "'identity' is a required property"},
			{`{"auth":{"identity":{}}}`, 400, "Invalid input for field 'identity': 'methods' is a required property"},
			{`{"auth":{"identity":{"methods":["token"],"token":{}}}}`, 400, "Invalid input for field 'identity/token': 'id' is a required property"},
			{`{"auth":{"identity":{"methods":["password"],"password":{"user":{}}}}}`, 400, "Invalid input for field identity/password/user: id or name must be present."},
			{`null`, 400, "Expecting to find valid JSON in request body."},
			{`{"auth":{"identity":{"methods":["password"]}}}`, 400, "Expecting to find password in identity."},
			{`{"auth":{"identity":{"methods":["password"],"password":{}}}}`, 400, "Expecting to find user in password."},
			{`{"auth":{"identity":{"methods":["oauth1"],"oauth1":{}}}}`, 401, "Attempted to authenticate with an unsupported method."},
			{`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"a","password":"b"}}}}}`, 400, "Expecting to find domain in user."},
			{`{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"a"}}}}}`, 401, "requires authentication"},
			{byPassword("admin", password, `,"scope":{"project":{"id":"a"},"domain":{"id":"default"}}`), 400, "Expecting to find system, project, domain"},
			{byPassword("admin", password, `,"scope":{"project":{"name":"admin"}}`), 400, "Expecting to find domain in project."},
			{byPassword("admin", password, `,"scope":7`), 400, "Invalid input for field 'scope': 7 is not of type 'object', 'string'"},
			{byPassword("admin", password, `,"scope":null`), 400, "Invalid input for field 'scope': None is not of type 'object', 'string'"},
			{byPassword("admin", password, `,"scope":{"project":{}}`), 400, "Invalid input for field scope/project: id or name must be present."},
			{byPassword("admin", password, `,"scope":{"project":{"name":"x","domain":{}}}`), 400, "Invalid input for field scope/project/domain: id or name must be present."},
			{byPassword("admin", password, `,"scope":{"system":{"all":false}}`), 401, "requires authentication"},
			{byPassword("admin", password, `,"scope":{"OS-TRUST:trust":{"id":"x"}}`), 401, "requires authentication"},
			{`{"auth":`, 400, "Expecting to find valid JSON in request body."},
			{`[]`, 400, "Expecting to find valid JSON in request body."},
			{`{"auth":"` + strings.Repeat("x", 114688) + `"}`, 413, "Request is too large."},
		}
		for _, tc := range cases {
			re := c.do("POST /v3/auth/tokens", tc.body)
			if re.Code != tc.status || !strings.Contains(re.text("error", "message"), tc.says) {
				c.Errorf("%.100s: got %d %s", tc.body, re.Code, re.Body)
			}
			challenge := re.Header().Get("Www-Authenticate")
			if (tc.status == 401) != (challenge == `Keystone uri="http://cloud:8774/identity/v3"`) {
				c.Errorf("%.100s: challenge %q", tc.body, challenge)
			}
			if re.Header().Get("X-Subject-Token") != "" {
				c.Errorf("%.100s: got a token", tc.body)
			}
		}
	})
}

func TestTokens_Scopes(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		user, role := c.find(admin, "/v3/users?name=demo", "users"), c.find(admin, "/v3/roles?name=member", "roles")
		c.as(admin, "PUT /v3/domains/default/users/"+user+"/roles/"+role, "", 204)
		cases := []struct {
			body  string
			scope string // the key that tells the scope
			roles []string
		}{
			{byPassword("admin", password, ""), "", []string{}},
			{byPassword("admin", password, `,"scope":"unscoped"`), "", []string{}},
			{byPassword("admin", password, `,"scope":{"unscoped":{}}`), "", []string{}},
			{byPassword("admin", password, project("admin")), "project", []string{"admin", "manager", "member", "reader"}},
			{byPassword("admin", password, onSystem), "system", []string{"admin", "manager", "member", "reader"}},
			{byPassword("demo", password, project("demo")), "project", []string{"member", "reader"}},
			{byPassword("demo", password, `,"scope":{"domain":{"name":"Default"}}`), "domain", []string{"member", "reader"}},
			{byPassword("reader", password, project("demo")), "project", []string{"reader"}},
			{byPassword("nova", servicePassword, project("service")), "project", []string{"admin", "manager", "member", "reader", "service"}},
		}
		for _, tc := range cases {
			re := c.do("POST /v3/auth/tokens", tc.body)
			if re.Code != http.StatusCreated {
				c.Errorf("%s: got %d %s", tc.body, re.Code, re.Body)
				continue
			}
			token, _ := re.at("token").(map[string]any)
			for _, key := range []string{"project", "system", "domain"} {
				if _, there := token[key]; there != (key == tc.scope) {
					c.Errorf("%s: %s in the token: %v", tc.body, key, there)
				}
			}
			if _, there := token["catalog"]; there != (tc.scope != "") {
				c.Errorf("%s: catalog: %v", tc.body, there)
			}
			got := (reply{body: re.at("token")}).values("roles", "name")
			if diff := cmp.Diff(tc.roles, got); diff != "" {
				c.Errorf("%s: roles: %s", tc.body, diff)
			}
		}
	})
}

func TestTokens_Body(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		re := c.do("POST /v3/auth/tokens?nocatalog", byPassword("demo", password, project("demo")))
		token, _ := re.at("token").(map[string]any)
		for _, list := range []string{"audit_ids", "roles"} {
			delete(token, list)
		}
		user, on := token["user"].(map[string]any), token["project"].(map[string]any)
		delete(user, "id")
		delete(on, "id")
		domain := map[string]any{"id": "default", "name": "Default"}
		want := map[string]any{
			"methods":    []any{"password"},
			"user":       map[string]any{"name": "demo", "domain": domain, "password_expires_at": nil},
			"project":    map[string]any{"name": "demo", "domain": domain},
			"is_domain":  false,
			"issued_at":  "2026-11-22T12:00:00.000000Z",
			"expires_at": "2026-11-22T13:00:00.000000Z",
		}
		if diff := cmp.Diff(want, token); diff != "" {
			c.Error(diff)
		}
		for name, want := range map[string]string{"Vary": "X-Auth-Token", "Content-Type": "application/json"} {
			if got := re.Header().Get(name); got != want {
				c.Errorf("%s: %q", name, got)
			}
		}
	})
}

func TestTokens_Validate(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin, demo, reader := c.login("admin", "admin"), c.login("demo", "demo"), c.login("reader", "demo")
		again := c.login("demo", "demo")
		service := c.do("POST /v3/auth/tokens", byPassword("nova", servicePassword, project("service"))).Header().Get("X-Subject-Token")
		cases := []struct {
			method, token, subject string
			status                 int
		}{
			{"GET", admin, demo, 200},
			{"GET", service, demo, 200},
			{"HEAD", service, demo, 200},
			{"GET", demo, demo, 200},
			{"GET", demo, reader, 403},
			{"GET", demo, "nonsense", 404},
			{"GET", admin, "", 404},
			{"GET", "nonsense", demo, 401},
			{"GET", "", demo, 401},
			{"DELETE", demo, reader, 403},
			{"GET", demo, again, 200},
			{"DELETE", demo, again, 204},
			{"GET", demo, again, 404},
			{"DELETE", demo, demo, 204},
			{"GET", admin, demo, 404},
			{"GET", demo, demo, 401},
			{"DELETE", admin, reader, 204},
			{"GET", reader, reader, 401},
		}
		for i, tc := range cases {
			re := c.do(tc.method+" /v3/auth/tokens", "", "X-Auth-Token", tc.token, "X-Subject-Token", tc.subject)
			if re.Code != tc.status {
				c.Errorf("%d: %s: got %d %s, want %d", i, tc.method, re.Code, re.Body, tc.status)
			}
			if re.Code == 200 && re.Header().Get("X-Subject-Token") != tc.subject {
				c.Errorf("%d: X-Subject-Token is %q", i, re.Header().Get("X-Subject-Token"))
			}
		}
	})
}

func TestTokens_Rescope(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		first := c.do("POST /v3/auth/tokens", byPassword("admin", password, ""))
		c.pass(10 * time.Minute)
		second := c.do("POST /v3/auth/tokens", byToken(first.Header().Get("X-Subject-Token"), project("demo")))
		third := c.do("POST /v3/auth/tokens", byToken(second.Header().Get("X-Subject-Token"), project("admin")))
		if third.Code != 201 || third.text("token", "project", "name") != "admin" {
			c.Fatalf("got %d %s", third.Code, third.Body)
		}
		if diff := cmp.Diff([]any{"password", "token"}, third.at("token", "methods")); diff != "" {
			c.Error(diff)
		}
		if got, want := third.text("token", "audit_ids", 1), first.text("token", "audit_ids", 0); got != want {
			c.Errorf("audit chain leads to %q, want %q", got, want)
		}
		if got := third.text("token", "expires_at"); got != first.text("token", "expires_at") {
			c.Errorf("the token's child expires at %s", got)
		}
		demo := c.login("demo", "demo")
		if re := c.do("POST /v3/auth/tokens", byToken(demo, project("admin"))); re.Code != 401 {
			c.Errorf("to a project without a role: got %d", re.Code)
		}
	})
}

func TestTokens_Expire(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		demo := c.login("demo", "demo")
		c.pass(time.Hour - time.Second)
		c.as(demo, "GET /v3/auth/projects", "", 200)
		c.pass(time.Second)
		c.as(demo, "GET /v3/auth/projects", "", 401)
		if re := c.do("POST /v3/auth/tokens", byToken(demo, "")); re.Code != 404 {
			c.Errorf("re-scope: got %d", re.Code)
		}
		service := c.do("POST /v3/auth/tokens", byPassword("nova", servicePassword, project("service"))).Header().Get("X-Subject-Token")
		admin := c.login("admin", "admin")
		validate := func(by, query string) int {
			return c.do("GET /v3/auth/tokens"+query, "", "X-Auth-Token", by, "X-Subject-Token", demo).Code
		}
		if got := []int{validate(service, ""), validate(service, "?allow_expired=1"), validate(admin, "?allow_expired=1")}; !slices.Equal(got, []int{404, 200, 404}) {
			c.Errorf("validate an expired token: got %v", got)
		}
		c.pass(49 * time.Hour)
		c.login("admin", "admin") // purges
		if n, err := c.options.Store.PurgeTokens(c.Context(), began.Add(time.Hour+time.Minute), 10); err != nil || n != 0 {
			c.Errorf("%d expired tokens were left, %v", n, err)
		}
	})
}

func TestTokens_SurviveRestart(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		demo := c.login("demo", "demo")
		c.service = identity.New(c.options)
		c.as(demo, "GET /v3/auth/projects", "", 200)
	})
}

func TestTokens_Revoked(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "")
		cases := []struct{ name, line, body string }{
			{"role taken", "DELETE /v3/projects/$p/users/$u/roles/$r", ""},
			{"user disabled", "PATCH /v3/users/$u", `{"user":{"enabled":false}}`},
			{"password set", "PATCH /v3/users/$u", `{"user":{"password":"new"}}`},
			{"password changed", "POST /v3/users/$u/password", `{"user":{"original_password":"pw","password":"new"}}`},
			{"user deleted", "DELETE /v3/users/$u", ""},
			{"project disabled", "PATCH /v3/projects/$p", `{"project":{"enabled":false}}`},
			{"project deleted", "DELETE /v3/projects/$p", ""},
			{"domain disabled", "PATCH /v3/domains/$d", `{"domain":{"enabled":false}}`},
			{"role deleted", "DELETE /v3/roles/$r", ""},
		}
		for i, tc := range cases {
			n := strconv.Itoa(i)
			d := c.as(admin, "POST /v3/domains", `{"domain":{"name":"d`+n+`"}}`, 201).text("domain", "id")
			p := c.as(admin, "POST /v3/projects", `{"project":{"name":"p","domain_id":"`+d+`"}}`, 201).text("project", "id")
			u := c.as(admin, "POST /v3/users", `{"user":{"name":"u","domain_id":"`+d+`","password":"pw"}}`, 201).text("user", "id")
			r := c.as(admin, "POST /v3/roles", `{"role":{"name":"r`+n+`"}}`, 201).text("role", "id")
			c.as(admin, "PUT /v3/projects/"+p+"/users/"+u+"/roles/"+r, "", 204)
			login := `{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"` + u + `","password":"pw"}}},"scope":{"project":{"id":"` + p + `"}}}}`
			token := c.do("POST /v3/auth/tokens", login).Header().Get("X-Subject-Token")
			c.as(token, "GET /v3/auth/projects", "", 200)
			line := strings.NewReplacer("$d", d, "$p", p, "$u", u, "$r", r).Replace(tc.line)
			if re := c.do(line, tc.body, "X-Auth-Token", admin); re.Code >= 300 {
				c.Errorf("%s: got %d %s", tc.name, re.Code, re.Body)
			}
			if re := c.do("GET /v3/auth/projects", "", "X-Auth-Token", token); re.Code != 401 {
				c.Errorf("%s: the token is still good: %d", tc.name, re.Code)
			}
			if re := c.do("POST /v3/auth/tokens", login); re.Code != 401 {
				c.Errorf("%s: logged in again: %d", tc.name, re.Code)
			}
		}
	})
}

// A revocation that comes after the proof and before the new token must reach
// that token too: none may come into the world whose ground is gone.
func TestTokens_RevokedWhileIssued(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		user := c.find(admin, "/v3/users?name=demo", "users")
		for name, tc := range map[string]struct {
			revoke string // a call
			body   string // of that call
			login  func(token string) string
		}{
			"password changed":            {"PATCH /v3/users/" + user, `{"user":{"password":"` + password + `"}}`, func(string) string { return byPassword("demo", password, project("demo")) }},
			"password changed, by token":  {"PATCH /v3/users/" + user, `{"user":{"password":"` + password + `"}}`, func(token string) string { return byToken(token, project("demo")) }},
			"token revoked, by the token": {"DELETE /v3/auth/tokens", "", func(token string) string { return byToken(token, "") }},
		} {
			token := c.login("demo", "demo")
			revoke := func() {
				if re := c.do(tc.revoke, tc.body, "X-Auth-Token", admin, "X-Subject-Token", token); re.Code >= 300 {
					c.Errorf("%s: revoke: got %d %s", name, re.Code, re.Body)
				}
			}
			onNow := revoke
			if strings.Contains(tc.login(token), `"token"`) { // the first look at the clock is for the proof
				onNow = func() { c.onNow.Store(&revoke) }
			}
			c.onNow.Store(&onNow)
			if re := c.do("POST /v3/auth/tokens", tc.login(token)); re.Code != http.StatusUnauthorized {
				c.Errorf("%s: got %d %s", name, re.Code, re.Body)
			}
		}
	})
}

func TestTokens_DefaultProject(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		user := c.find(admin, "/v3/users?name=demo", "users")
		for name, want := range map[string]string{"demo": "demo", "alt_demo": ""} { // no role in the latter
			id := c.find(admin, "/v3/projects?name="+name, "projects")
			c.as(admin, "PATCH /v3/users/"+user, `{"user":{"default_project_id":"`+id+`"}}`, 200)
			re := c.do("POST /v3/auth/tokens", byPassword("demo", password, ""))
			if re.Code != 201 || re.text("token", "project", "name") != want {
				c.Errorf("%s: got %d %s", name, re.Code, re.Body)
			}
		}
	})
}

func TestSeed_Once(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		reader := c.find(admin, "/v3/users?name=reader", "users")
		c.as(admin, "DELETE /v3/users/"+reader, "", 204)
		created, err := identity.New(c.options).Seed(c.Context(), identity.SeedOptions{AdminPassword: "another"})
		if created || err != nil {
			c.Errorf("seeded again: %v, %v", created, err)
		}
		c.login("admin", "admin") // with the old password
		if got := c.as(admin, "GET /v3/users?name=reader", "", 200).values("users", "id"); len(got) != 0 {
			c.Error("seeding brought back a user who was deleted")
		}
		users := c.as(admin, "GET /v3/users", "", 200).values("users", "name")
		slices.Sort(users)
		if diff := cmp.Diff([]string{"admin", "alt_demo", "demo", "nova"}, users); diff != "" {
			c.Error(diff)
		}
	})
}

func TestSeed_ManyAtOnce(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, o identity.Options) {
		var seeded atomic.Int64
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				created, err := identity.New(o).Seed(t.Context(), identity.SeedOptions{AdminPassword: password})
				if err != nil {
					t.Errorf("seed: %v", err)
				}
				if created {
					seeded.Add(1)
				}
			})
		}
		group.Wait()
		if seeded.Load() != 1 {
			t.Errorf("seeded %d times", seeded.Load())
		}
		if _, err := identity.New(o).Seed(t.Context(), identity.SeedOptions{}); err != nil {
			t.Errorf("a password is wanted for a store that was seeded: %v", err)
		}
	})
}

// The catalog of a new cloud says where the services are that aren't bundled.
func TestSeed_Elsewhere(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, o identity.Options) {
		c := &cloud{T: t, service: identity.New(o)}
		if _, err := c.service.Seed(t.Context(), identity.SeedOptions{
			AdminPassword: password, Endpoints: map[string]string{"image": "http://glance:9292", "volumev3": "http://cinder:8776/v3/%(project_id)s"},
		}); err != nil {
			t.Fatal(err)
		}
		admin := c.login("admin", "admin")
		id := c.as(admin, "GET /v3/projects?name=admin", "", 200).text("projects", 0, "id")
		got := map[string]bool{}
		re := c.as(admin, "GET /v3/auth/catalog", "", 200)
		for i := range 8 {
			for j := range 3 {
				got[re.text("catalog", i, "endpoints", j, "url")] = true
			}
		}
		for _, url := range []string{"http://glance:9292", "http://cinder:8776/v3/" + id, "http://cloud:8774/networking"} {
			if !got[url] {
				t.Errorf("%s is not in the catalog: %v", url, got)
			}
		}
	})
}

func TestSeed_WantsPassword(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, o identity.Options) {
		if created, err := identity.New(o).Seed(t.Context(), identity.SeedOptions{}); created || err == nil {
			t.Error("seeded without a password")
		}
	})
}
