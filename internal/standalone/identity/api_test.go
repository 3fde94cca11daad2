package identity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/standalone/identity"
)

func TestResources(t *testing.T) {
	t.Parallel()
	cases := []struct {
		noun, plural  string
		create        string            // fields of a new one
		shown         map[string]any    // what the new one shows
		change        string            // fields
		changed       map[string]any    // what that shows
		wrong         map[string]string // bodies to create with, and what is said
		findBy        string
		unchangeables map[string]string
	}{
		{
			noun: "user", plural: "users",
			create:  `"name":"u","email":"u@example.org","password":"pw"`,
			shown:   map[string]any{"name": "u", "email": "u@example.org", "enabled": true, "domain_id": "default", "password_expires_at": nil, "options": map[string]any{}},
			change:  `"email":null,"description":"d","enabled":false`,
			changed: map[string]any{"name": "u", "description": "d", "enabled": false, "domain_id": "default", "password_expires_at": nil, "options": map[string]any{}},
			wrong: map[string]string{
				`"enabled":true`: "'name' is a required property", `"name":""`: "too short", `"name":" "`: "does not match", `"name":7`: "not of type 'string'",
				`"name":"x","enabled":1`: "not of type 'boolean'", `"name":"x","domain_id":"nix"`: "Could not find domain: nix.",
				`"name":"x","default_project_id":"nix"`: "Could not find project: nix.", `"name":"x\u0000"`: "valid JSON",
				`"name":"` + strings.Repeat("x", 256) + `"`: "longer than 255", `"name":"x","password":"` + strings.Repeat("x", 4097) + `"`: "longer than 4096",
				`"name":"x","note":"` + strings.Repeat("x", 20000) + `"`: "more than 16384",
			},
			findBy: "name=u&enabled=true&domain_id=default", unchangeables: map[string]string{`"domain_id":"x"`: "Cannot change Domain ID"},
		},
		{
			noun: "project", plural: "projects",
			create:  `"name":"p","description":null,"tags":["a"]`,
			shown:   map[string]any{"name": "p", "description": "", "enabled": true, "domain_id": "default", "parent_id": "default", "is_domain": false, "tags": []any{"a"}, "options": map[string]any{}},
			change:  `"name":"q","description":"d"`,
			changed: map[string]any{"name": "q", "description": "d", "enabled": true, "domain_id": "default", "parent_id": "default", "is_domain": false, "tags": []any{"a"}, "options": map[string]any{}},
			wrong: map[string]string{
				`"description":""`: "'name' is a required property", `"name":"x","domain_id":"nix"`: "Could not find domain: nix.",
				`"name":"x","parent_id":"nix"`: "Could not find project: nix.", `"name":"x","is_domain":true`: "POST /v3/domains", `"name":"x","tags":[""]`: "list of strings",
			},
			findBy: "name=p", unchangeables: map[string]string{`"domain_id":"x"`: "Cannot change Domain ID", `"parent_id":"x"`: "Cannot change parent_id"},
		},
		{
			noun: "domain", plural: "domains",
			create:  `"name":"d"`,
			shown:   map[string]any{"name": "d", "description": "", "enabled": true, "tags": []any{}, "options": map[string]any{}},
			change:  `"enabled":false`,
			changed: map[string]any{"name": "d", "description": "", "enabled": false, "tags": []any{}, "options": map[string]any{}},
			wrong:   map[string]string{`"description":""`: "'name' is a required property"},
			findBy:  "name=d",
		},
		{
			noun: "role", plural: "roles",
			create:  `"name":"r"`,
			shown:   map[string]any{"name": "r", "domain_id": nil, "description": nil, "options": map[string]any{}},
			change:  `"description":"d"`,
			changed: map[string]any{"name": "r", "domain_id": nil, "description": "d", "options": map[string]any{}},
			wrong:   map[string]string{`"description":""`: "'name' is a required property", `"name":"x","domain_id":"default"`: "not supported"},
			findBy:  "name=r",
		},
		{
			noun: "region", plural: "regions",
			create:  `"id":"RegionTwo","description":"d"`,
			shown:   map[string]any{"description": "d", "parent_region_id": nil},
			change:  `"parent_region_id":"RegionOne"`,
			changed: map[string]any{"description": "d", "parent_region_id": "RegionOne"},
			wrong:   map[string]string{`"id":7`: "not of type 'string'"},
			findBy:  "", unchangeables: map[string]string{`"parent_region_id":"RegionTwo"`: "own parent"},
		},
		{
			noun: "service", plural: "services",
			create:  `"name":"s","type":"t"`,
			shown:   map[string]any{"name": "s", "type": "t", "description": "", "enabled": true},
			change:  `"enabled":false`,
			changed: map[string]any{"name": "s", "type": "t", "description": "", "enabled": false},
			wrong:   map[string]string{`"name":"x"`: "'type' is a required property"},
			findBy:  "type=t&name=s&enabled=1",
		},
		{
			noun: "endpoint", plural: "endpoints",
			create:  `"service_id":"$service","interface":"public","url":"{base}/t/%(tenant_id)s","region_id":"RegionOne"`,
			shown:   map[string]any{"service_id": "$service", "interface": "public", "url": "http://cloud:8774/t/%(tenant_id)s", "region_id": "RegionOne", "region": "RegionOne", "enabled": true},
			change:  `"url":"http://elsewhere","region_id":null`,
			changed: map[string]any{"service_id": "$service", "interface": "public", "url": "http://elsewhere", "region_id": nil, "region": nil, "enabled": true},
			wrong: map[string]string{
				`"interface":"public","url":"http://x"`:                                          "'service_id' is a required property",
				`"service_id":"nix","interface":"public","url":"http://x"`:                       "endpoint service_id in service table",
				`"service_id":"$service","interface":"other","url":"http://x"`:                   "is not one of ['admin', 'internal', 'public']",
				`"service_id":"$service","interface":"public","url":"http://x","region_id":"no"`: "endpoint region_id in region table",
			},
			findBy: "service_id=$service&interface=public&region_id=RegionOne&enabled=true&limit=5",
		},
	}
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		service := c.as(admin, "POST /v3/services", `{"service":{"type":"volumev3"}}`, 201).text("service", "id")
		fill := func(s string) string { return strings.ReplaceAll(s, "$service", service) }
		body := func(noun, fields string) string { return fill(`{"` + noun + `":{` + fields + `}}`) }
		for _, tc := range cases {
			many := "/v3/" + tc.plural
			re := c.as(admin, "POST "+many, body(tc.noun, tc.create), 201)
			id := re.text(tc.noun, "id")
			one := many + "/" + id
			check := func(step string, re reply, want map[string]any) {
				c.Helper()
				got, _ := re.at(tc.noun).(map[string]any)
				links, _ := got["links"].(map[string]any)
				if got["id"] != id || links["self"] != "http://cloud:8774/identity"+one {
					c.Errorf("%s %s: id %v, links %v", step, tc.noun, got["id"], links)
				}
				delete(got, "id")
				delete(got, "links")
				if got["service_id"] == service {
					got["service_id"] = "$service"
				}
				if diff := cmp.Diff(want, got); diff != "" {
					c.Errorf("%s %s: %s", step, tc.noun, diff)
				}
			}
			check("create", re, tc.shown)
			check("show", c.as(admin, "GET "+one, "", 200), tc.shown)
			if ids := c.as(admin, "GET "+many+"?"+fill(tc.findBy), "", 200).values(tc.plural, "id"); !slices.Contains(ids, id) || (tc.findBy != "" && len(ids) != 1) {
				c.Errorf("list %s: %v", tc.plural, ids)
			}
			for fields, says := range tc.wrong {
				if re := c.as(admin, "POST "+many, body(tc.noun, fields), 400); !strings.Contains(re.text("error", "message"), says) {
					c.Errorf("create %s with %.80s: %s", tc.noun, fields, re.Body)
				}
			}
			for fields, says := range tc.unchangeables {
				if re := c.as(admin, "PATCH "+one, body(tc.noun, fields), 400); !strings.Contains(re.text("error", "message"), says) {
					c.Errorf("change %s with %.80s: %s", tc.noun, fields, re.Body)
				}
			}
			if tc.noun != "service" && tc.noun != "endpoint" {
				c.as(admin, "POST "+many, body(tc.noun, tc.create), 409)
			}
			check("change", c.as(admin, "PATCH "+one, body(tc.noun, tc.change), 200), tc.changed)
			check("show", c.as(admin, "GET "+one, "", 200), tc.changed)
			c.as(admin, "DELETE "+one, "", 204)
			for _, method := range []string{"GET ", "DELETE "} {
				if re := c.as(admin, method+one, "", 404); re.text("error", "message") != "Could not find "+tc.noun+": "+id+"." {
					c.Errorf("%s%s: %s", method, tc.noun, re.Body)
				}
			}
			c.as(admin, "PATCH "+one, body(tc.noun, tc.change), 404)
			c.as(admin, "POST "+many, `{}`, 400)
		}
	})
}

func TestResources_Conflicts(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		demo := c.find(admin, "/v3/projects?name=demo", "projects")
		user := c.find(admin, "/v3/users?name=demo", "users")
		role := c.find(admin, "/v3/roles?name=member", "roles")
		child := c.as(admin, "POST /v3/projects", `{"project":{"name":"child","parent_id":"`+demo+`"}}`, 201)
		if got := child.text("project", "parent_id"); got != demo {
			c.Errorf("parent is %q", got)
		}
		cases := []struct {
			line, body string
			status     int
			says       string
		}{
			{"PATCH /v3/users/" + user, `{"user":{"name":"admin"}}`, 409, "Duplicate entry found with name admin at domain ID default."},
			{"PATCH /v3/projects/" + demo, `{"project":{"name":"admin"}}`, 409, "name is admin"},
			{"DELETE /v3/projects/" + demo, "", 403, "not a leaf in the hierarchy"},
			{"DELETE /v3/domains/default", "", 403, "Cannot delete a domain that is enabled, please disable it first."},
			{"PATCH /v3/roles/" + role, `{"role":{"name":"x"}}`, 403, "Unable to update immutable role resource"},
			{"DELETE /v3/roles/" + role, "", 403, "Unable to delete immutable role resource"},
			{"PATCH /v3/roles/" + role, `{"role":{"options":{"immutable":false}}}`, 200, ""},
			{"PATCH /v3/roles/" + role, `{"role":{"name":"_member_"}}`, 200, ""},
			{"DELETE /v3/regions/RegionOne", "", 403, "associated endpoints"},
			{"GET /v3/users?enabled=perhaps", "", 400, "not of type 'boolean'"},
			{"GET /v3/users?limit=x", "", 400, "limit"},
			{"GET /v3/nix", "", 404, "The resource could not be found."},
			{"PUT /v3/users/" + user, "", 405, "The method is not allowed for the requested URL."},
		}
		for _, tc := range cases {
			re := c.do(tc.line, tc.body, "X-Auth-Token", admin)
			if re.Code != tc.status || !strings.Contains(re.text("error", "message"), tc.says) {
				c.Errorf("%s %s: got %d %s", tc.line, tc.body, re.Code, re.Body)
			}
		}
	})
}

func TestResources_Pages(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		want := c.as(admin, "GET /v3/users", "", 200).values("users", "id")
		var got []string
		target := "/v3/users?limit=2"
		for target != "" && len(got) < 10 {
			re := c.as(admin, "GET "+target, "", 200)
			got = append(got, re.values("users", "id")...)
			target = strings.TrimPrefix(re.text("links", "next"), "http://cloud:8774/identity")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			c.Error(diff)
		}
	})
}

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
			{"GET /v3/auth/catalog", "auditor demo reader", ""},
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

func TestPassword_ChangedByItsUser(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		user := c.find(admin, "/v3/users?name=demo", "users")
		cases := []struct {
			body   string
			status int
		}{
			{`{"user":{"password":"new"}}`, 400},
			{`{"user":{"original_password":"wrong","password":"new"}}`, 401},
			{`{"user":{"original_password":"` + password + `","password":"` + strings.Repeat("y", 100) + `"}}`, 204},
			{`{"user":{"original_password":"` + password + `","password":"new"}}`, 401},
		}
		for _, tc := range cases {
			if re := c.do("POST /v3/users/"+user+"/password", tc.body); re.Code != tc.status {
				c.Errorf("%s: got %d %s", tc.body, re.Code, re.Body)
			}
		}
		if re := c.do("POST /v3/users/nix/password", cases[1].body); re.Code != 401 {
			c.Errorf("an unknown user: got %d", re.Code)
		}
		for pass, want := range map[string]int{strings.Repeat("y", 100): 201, strings.Repeat("y", 99): 401, password: 401} {
			if re := c.do("POST /v3/auth/tokens", byPassword("demo", pass, "")); re.Code != want {
				c.Errorf("log in with %s: got %d, want %d", pass, re.Code, want)
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

func TestCatalog_Base(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		for public, base := range map[string]string{"": "http://cloud:8774", "https://api.example.org/": "https://api.example.org"} {
			o := c.options
			o.PublicURL = public
			c.service = identity.New(o)
			re := c.do("POST /v3/auth/tokens", byPassword("demo", password, project("demo")))
			id := re.text("token", "project", "id")
			want := map[string]string{
				"identity": base + "/identity", "compute": base + "/v2.1", "compute_legacy": base + "/v2/" + id,
				"image": base + "/image", "network": base + "/networking",
			}
			got := map[string]string{}
			for i := range 5 {
				for j := range 3 {
					endpoint := []any{"token", "catalog", i, "endpoints", j}
					if re.text(append(endpoint, "region")...) != "RegionOne" || re.text(append(endpoint, "region_id")...) != "RegionOne" {
						c.Errorf("region: %s", re.Body)
					}
					if re.text(append(endpoint, "interface")...) == "public" {
						got[re.text("token", "catalog", i, "type")] = re.text(append(endpoint, "url")...)
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				c.Error(diff)
			}
		}
		re := c.as(c.login("admin", ""), "GET /v3/auth/catalog", "", 200)
		for i := range 5 {
			endpoints, _ := re.at("catalog", i, "endpoints").([]any)
			if want := re.text("catalog", i, "type") == "compute_legacy"; want != (len(endpoints) == 0) {
				c.Errorf("without a project: %v", endpoints)
			}
		}
	})
}

func TestVersions(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		cases := []struct {
			target string
			status int
			self   []any
			want   string
		}{
			{"/", 300, []any{"versions", "values", 0}, "http://cloud:8774/identity/v3/"},
			{"/v3", 200, []any{"version"}, "http://cloud:8774/identity/v3/"},
			{"/v3/", 200, []any{"version"}, "http://cloud:8774/identity/v3/"},
			{"/v2.0", 200, []any{"version"}, "http://cloud:8774/identity/v2.0/"},
		}
		for _, tc := range cases {
			re := c.do("GET "+tc.target, "")
			if got := re.text(append(tc.self, "links", 0, "href")...); re.Code != tc.status || got != tc.want {
				c.Errorf("%s: got %d %s", tc.target, re.Code, re.Body)
			}
		}
	})
}

func TestTokens2(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		login := `{"auth":{"passwordCredentials":{"username":"demo","password":"` + password + `"}`
		unscoped := c.do("POST /v2.0/tokens", login+`}}`)
		token := unscoped.text("access", "token", "id")
		if unscoped.Code != 200 || token == "" || unscoped.at("access", "token", "tenant") != nil || len(unscoped.at("access", "serviceCatalog").([]any)) != 0 {
			c.Fatalf("unscoped: %d %s", unscoped.Code, unscoped.Body)
		}
		tenant := c.as(token, "GET /v2.0/tenants", "", 200).text("tenants", 0, "id")
		for _, body := range []string{
			login + `,"tenantName":"demo"}}`,
			login + `,"tenantId":"` + tenant + `"}}`,
			`{"auth":{"token":{"id":"` + token + `"},"tenantName":"demo"}}`,
		} {
			re := c.do("POST /v2.0/tokens", body)
			if re.Code != 200 || re.text("access", "token", "tenant", "id") != tenant || re.text("access", "token", "expires") != "2026-11-22T13:00:00Z" {
				c.Errorf("%s: got %d %s", body, re.Code, re.Body)
			}
			urls := map[string]string{}
			for i := range 4 {
				entry := []any{"access", "serviceCatalog", i}
				urls[re.text(append(entry, "type")...)] = re.text(append(entry, "endpoints", 0, "publicURL")...)
			}
			want := map[string]string{
				"identity": "http://cloud:8774/identity", "compute": "http://cloud:8774/v2/" + tenant,
				"image": "http://cloud:8774/image", "network": "http://cloud:8774/networking",
			}
			if diff := cmp.Diff(want, urls); diff != "" {
				c.Error(diff)
			}
			if got := re.text("access", "user", "roles", 0, "name"); got != "member" {
				c.Errorf("role %q", got)
			}
			c.as(re.text("access", "token", "id"), "GET /v3/auth/projects", "", 200)
		}
		for body, want := range map[string]int{
			`{}`: 400, `{"auth":{}}`: 400, login + `,"tenantName":"admin"}}`: 401, strings.Replace(login, password, "x", 1) + `}}`: 401,
			`{"auth":{"token":{"id":"x"}}}`: 404,
		} {
			if re := c.do("POST /v2.0/tokens", body); re.Code != want {
				c.Errorf("%s: got %d %s", body, re.Code, re.Body)
			}
		}
	})
}
