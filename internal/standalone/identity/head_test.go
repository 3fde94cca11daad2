package identity_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/internal/standalone/identity"
)

// TestHead_EveryRoute sends GET and HEAD to every route, with and without a
// token, through the same wrapper as in the program. HEAD must answer what GET
// does, without a body; where there is no GET it is not allowed.
func TestHead_EveryRoute(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin, demo := c.login("admin", "admin"), c.login("demo", "demo")
		words := strings.NewReplacer(
			"{user_id}", c.find(admin, "/v3/users?name=admin", "users"), "{project_id}", c.find(admin, "/v3/projects?name=admin", "projects"),
			"{role_id}", c.find(admin, "/v3/roles?name=admin", "roles"), "{service_id}", c.find(admin, "/v3/services", "services"),
			"{endpoint_id}", c.find(admin, "/v3/endpoints", "endpoints"), "{domain_id}", "default", "{region_id}", "RegionOne",
		)
		methods := map[string]map[string]bool{}
		if err := chi.Walk(c.service.Routes(), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
			if methods[route] == nil {
				methods[route] = map[string]bool{}
			}
			methods[route][method] = true
			return nil
		}); err != nil {
			c.Fatal(err)
		}
		handler := (&rest.Site{Log: zerolog.Nop()}).Observed(identity.Path, c.service)
		send := func(method, target, token string) *httptest.ResponseRecorder {
			r := httptest.NewRequestWithContext(c.Context(), method, "http://cloud:8774"+target, http.NoBody)
			r.Header.Set("X-Auth-Token", token)
			r.Header.Set("X-Subject-Token", demo)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			w.Header().Del("X-Openstack-Request-Id")
			return w
		}
		gets := 0
		for route, allowed := range methods {
			target := words.Replace(route)
			for _, token := range []string{admin, ""} {
				get, head := send(http.MethodGet, target, token), send(http.MethodHead, target, token)
				if head.Body.Len() > 0 {
					c.Errorf("HEAD %s: body %s", route, head.Body)
				}
				if diff := cmp.Diff(get.Header(), head.Header()); get.Code != head.Code || diff != "" {
					c.Errorf("HEAD %s: got %d, GET %d: %s", route, head.Code, get.Code, diff)
				}
				switch {
				case !allowed[http.MethodGet] && head.Code != http.StatusMethodNotAllowed:
					c.Errorf("HEAD %s: got %d where there is no GET", route, head.Code)
				case allowed[http.MethodGet] && token != "" && (head.Code >= 500 || head.Code == http.StatusMethodNotAllowed || head.Code == http.StatusUnauthorized):
					c.Errorf("HEAD %s: got %d", route, head.Code)
				}
			}
			if allowed[http.MethodGet] {
				gets++
			}
		}
		if gets < 20 {
			c.Errorf("only %d routes with GET were walked", gets)
		}
	})
}

func TestHead_Tokens(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin, demo, reader := c.login("admin", "admin"), c.login("demo", "demo"), c.login("reader", "demo")
		gone := c.login("demo", "demo")
		if re := c.do("DELETE /v3/auth/tokens", "", "X-Auth-Token", gone, "X-Subject-Token", gone); re.Code != http.StatusNoContent {
			c.Fatalf("revoke: %d %s", re.Code, re.Body)
		}
		for _, tc := range []struct {
			what, token, subject string
			status               int
		}{
			{"an administrator checks a token", admin, demo, 200},
			{"a user checks its own", demo, demo, 200},
			{"a user checks another's", demo, reader, 403},
			{"a token that never was", admin, "nonsense", 404},
			{"a revoked token", admin, gone, 404},
			{"no subject", admin, "", 404},
			{"no token", "", demo, 401},
			{"a token of nobody", "nonsense", demo, 401},
		} {
			re := c.do("HEAD /v3/auth/tokens", "", "X-Auth-Token", tc.token, "X-Subject-Token", tc.subject)
			if re.Code != tc.status || re.Body.Len() > 0 {
				c.Errorf("%s: got %d %s, want %d", tc.what, re.Code, re.Body, tc.status)
			}
			if got := re.Header().Get("X-Subject-Token"); (tc.status == 200) != (got == tc.subject) && tc.subject != "" {
				c.Errorf("%s: X-Subject-Token %q", tc.what, got)
			}
			if got := re.Header().Get("Content-Length"); got == "" || got == "0" {
				c.Errorf("%s: Content-Length %q", tc.what, got)
			}
		}
	})
}
