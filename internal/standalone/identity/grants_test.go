package identity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPolicy(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		tokens := map[string]string{"admin": c.login("admin", "admin"), "system": c.login("admin", ""), "demo": c.login("demo", "demo"), "reader": c.login("reader", "demo")}
		admin := tokens["admin"]
		me, other := c.find(admin, "/v3/users?name=demo", "users"), c.find(admin, "/v3/users?name=admin", "users")
		mine, others := c.find(admin, "/v3/projects?name=demo", "projects"), c.find(admin, "/v3/projects?name=admin", "projects")
		auditor := c.as(admin, "POST /v3/users", `{"user":{"name":"auditor","password":"`+password+`"}}`, 201).text("user", "id")
		c.as(admin, "PUT /v3/system/users/"+auditor+"/roles/"+c.find(admin, "/v3/roles?name=reader", "roles"), "", 204)
		tokens["auditor"] = c.login("auditor", "")
		words := strings.NewReplacer("$me", me, "$other", other, "$mine", mine, "$others", others)
		const nobody = "nobody"
		cases := []struct {
			line    string
			allowed string // to whom, beside admin and system
			rule    string
		}{
			{"GET /v3/users", "auditor", "identity:list_users"},
			{"GET /v3/users/$me", "auditor demo", "identity:get_user"},
			{"GET /v3/users/$other", "auditor", "identity:get_user"},
			{"GET /v3/users/$me/projects", "auditor demo", "identity:list_user_projects"},
			{"GET /v3/users/$me/groups", "auditor demo", "identity:list_groups_for_user"},
			{"GET /v3/users/$other/projects", "auditor", "identity:list_user_projects"},
			{"POST /v3/users", nobody, "identity:create_user"},
			{"PATCH /v3/users/$me", nobody, "identity:update_user"},
			{"GET /v3/projects", "auditor", "identity:list_projects"},
			{"GET /v3/projects/$mine", "auditor demo reader", "identity:get_project"},
			{"GET /v3/projects/$others", "auditor", "identity:get_project"},
			{"POST /v3/projects", nobody, "identity:create_project"},
			{"GET /v3/domains", "auditor", "identity:list_domains"},
			{"GET /v3/domains/default", "auditor demo reader", "identity:get_domain"},
			{"GET /v3/roles", "auditor", "identity:list_roles"},
			{"GET /v3/regions", "auditor demo reader", ""},
			{"GET /v3/services", "auditor", "identity:list_services"},
			{"GET /v3/endpoints", "auditor", "identity:list_endpoints"},
			{"GET /v3/groups", "auditor", "identity:list_groups"},
			{"GET /v3/role_assignments", "auditor", "identity:list_role_assignments"},
			{"GET /v3/role_inferences", "auditor", "identity:list_role_inference_rules"},
			{"GET /v3/projects/$mine/users/$me/roles", "auditor", "identity:list_grants"},
			{"GET /v3/system/users/$me/roles", "auditor", "identity:list_system_grants_for_user"},
			{"PUT /v3/projects/$mine/users/$me/roles/x", nobody, "identity:create_grant"},
			{"DELETE /v3/projects/$mine/users/$me/roles/x", nobody, "identity:revoke_grant"},
			{"PUT /v3/system/users/$me/roles/x", nobody, "identity:create_system_grant_for_user"},
			{"GET /v3/auth/projects", "auditor demo reader", ""},
			{"GET /v3/auth/domains", "auditor demo reader", ""},
			{"GET /v3/auth/system", "auditor demo reader", ""},
			{"GET /v2.0/tenants", "auditor demo reader", ""},
		}
		for _, tc := range cases {
			line := words.Replace(tc.line)
			for who, token := range tokens {
				re := c.do(line, "{}", "X-Auth-Token", token)
				allowed := who == "admin" || who == "system" || strings.Contains(tc.allowed, who)
				if (re.Code != 403) != allowed {
					c.Errorf("%s as %s: got %d %s", tc.line, who, re.Code, re.Body)
				}
				if want := "You are not authorized to perform the requested action: " + tc.rule + "."; !allowed && re.text("error", "message") != want {
					c.Errorf("%s as %s: %s", tc.line, who, re.Body)
				}
			}
			if re := c.do(line, ""); re.Code != 401 {
				c.Errorf("%s without a token: got %d", tc.line, re.Code)
			}
		}
	})
}

func TestGrants(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		user, role := c.find(admin, "/v3/users?name=alt_demo", "users"), c.find(admin, "/v3/roles?name=member", "roles")
		demo := c.find(admin, "/v3/projects?name=demo", "projects")
		for _, where := range []string{"/v3/projects/" + demo, "/v3/domains/default", "/v3/system"} {
			many := where + "/users/" + user + "/roles"
			for _, step := range []struct {
				method string
				status int
			}{{"HEAD ", 404}, {"DELETE ", 404}, {"PUT ", 204}, {"PUT ", 204}, {"HEAD ", 204}, {"GET ", 204}} {
				if re := c.do(step.method+many+"/"+role, "", "X-Auth-Token", admin); re.Code != step.status {
					c.Errorf("%s%s: got %d %s", step.method, many, re.Code, re.Body)
				}
			}
			if got := c.as(admin, "GET "+many, "", 200).values("roles", "name"); !slices.Equal(got, []string{"member"}) {
				c.Errorf("%s: %v", many, got)
			}
			for _, wrong := range []string{where + "/users/nix/roles/" + role, many + "/nix"} {
				c.as(admin, "PUT "+wrong, "", 404)
			}
		}
		c.as(admin, "PUT /v3/projects/nix/users/"+user+"/roles/"+role, "", 404)
		counts := map[string]int{
			"?user.id=" + user:                                   4, // alt_demo has one already
			"?user.id=" + user + "&effective":                    8,
			"?user.id=" + user + "&scope.project.id=" + demo:     1,
			"?user.id=" + user + "&scope.domain.id=default":      1,
			"?user.id=" + user + "&scope.system=all":             1,
			"?role.id=" + role + "&scope.project.id=" + demo:     2,
			"?user.id=" + user + "&effective=0&scope.system=all": 1,
			"?group.id=x": 0,
		}
		for query, want := range counts {
			if got := len(c.as(admin, "GET /v3/role_assignments"+query, "", 200).values("role_assignments", "x")); got != want {
				c.Errorf("%s: %d assignments, want %d", query, got, want)
			}
		}
		c.as(admin, "GET /v3/role_assignments?scope.system=all&scope.domain.id=default", "", 400)
		re := c.as(admin, "GET /v3/role_assignments?include_names&user.id="+user+"&scope.project.id="+demo, "", 200)
		domain := map[string]any{"id": "default", "name": "Default"}
		want := map[string]any{
			"user":  map[string]any{"id": user, "name": "alt_demo", "domain": domain},
			"role":  map[string]any{"id": role, "name": "member"},
			"scope": map[string]any{"project": map[string]any{"id": demo, "name": "demo", "domain": domain}},
			"links": map[string]any{"assignment": "http://cloud:8774/identity/v3/projects/" + demo + "/users/" + user + "/roles/" + role},
		}
		if diff := cmp.Diff(want, re.at("role_assignments", 0)); diff != "" {
			c.Error(diff)
		}
		alt := c.login("alt_demo", "demo")
		if got := c.as(alt, "GET /v3/auth/domains", "", 200).values("domains", "name"); !slices.Equal(got, []string{"Default"}) {
			c.Errorf("auth/domains: %v", got)
		}
		if got := c.as(alt, "GET /v3/auth/system", "", 200).at("system", 0, "all"); got != true {
			c.Errorf("auth/system: %v", got)
		}
		got := c.as(alt, "GET /v3/auth/projects", "", 200).values("projects", "name")
		slices.Sort(got)
		if !slices.Equal(got, []string{"alt_demo", "demo"}) {
			c.Errorf("auth/projects: %v", got)
		}
	})
}

func TestRoleInferences(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		re := c.as(c.login("admin", "admin"), "GET /v3/role_inferences", "", 200)
		got := map[string]string{}
		for i := range 3 {
			got[re.text("role_inferences", i, "prior_role", "name")] = re.text("role_inferences", i, "implies", 0, "name")
		}
		if diff := cmp.Diff(map[string]string{"admin": "manager", "manager": "member", "member": "reader"}, got); diff != "" {
			c.Error(diff)
		}
	})
}
