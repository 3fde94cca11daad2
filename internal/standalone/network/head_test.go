package network_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
)

// TestHead_EveryRoute sends GET and HEAD to every route. HEAD must answer what
// GET does, without a body; where there is no GET it is not allowed.
func TestHead_EveryRoute(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		fill := c.things()
		rule := strings.Fields(c.do("demo", "GET /security-group-rules", "").values("security_group_rules", "id"))[0]
		ids := map[string]string{
			"networks": "$demoNet;", "subnets": "$demoSubnet;", "ports": "$demoPort;", "security-groups": "$demoGroup;",
			"security-group-rules": rule, "routers": "$demoRouter;", "floatingips": "$demoFloating;",
		}
		routes := map[string][]string{} // the methods by path
		if err := chi.Walk(c.service.Routes(), func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
			routes[path] = append(routes[path], method)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		send := func(method, path, token string) *httptest.ResponseRecorder {
			r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
			r.Header.Set("X-Auth-Token", token)
			w := httptest.NewRecorder()
			c.service.ServeHTTP(w, r)
			w.Header().Del("X-Openstack-Request-Id")
			return w
		}
		gets := 0
		for _, path := range slices.Sorted(maps.Keys(routes)) {
			parts := strings.Split(path, "/")
			id := ids[parts[min(2, len(parts)-1)]]
			target := fill.Replace(strings.NewReplacer("{id}", id, "{project}", "p-demo", "{alias}", "router").Replace(path))
			if !slices.Contains(routes[path], http.MethodGet) {
				if w := send(http.MethodHead, target, "demo"); w.Code != http.StatusMethodNotAllowed {
					t.Errorf("HEAD %s: got %d although there is no GET", path, w.Code)
				}
				continue
			}
			gets++
			for _, token := range []string{"demo", "admin", ""} {
				get, head := send(http.MethodGet, target, token), send(http.MethodHead, target, token)
				diff := cmp.Diff(get.Header(), head.Header())
				if head.Body.Len() > 0 || get.Code != head.Code || diff != "" {
					t.Errorf("HEAD %s: got %d %q, GET %d: %s", path, head.Code, head.Body, get.Code, diff)
				}
				if token == "admin" && get.Code != http.StatusOK {
					t.Errorf("GET %s: got %d %s", path, get.Code, get.Body)
				}
			}
		}
		if gets < 30 {
			t.Errorf("only %d routes have a GET", gets)
		}
	})
}
