package identity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
			changed: map[string]any{"name": "u", "email": nil, "description": "d", "enabled": false, "domain_id": "default", "password_expires_at": nil, "options": map[string]any{}},
			wrong: map[string]string{
				`"enabled":true`: "'name' is a required property", `"name":""`: "too short", `"name":" "`: "does not match", `"name":7`: "not of type 'string'",
				`"name":"x","enabled":1`:                    "Invalid input for field 'enabled': 1 is not of type 'boolean'",
				`"name":"x","default_project_id":"default"`: "User's default project ID cannot be a domain ID: default", `"name":"x\u0000"`: "valid JSON",
				`"name":"` + strings.Repeat("x", 256) + `"`: "is too long", `"name":"x","password":"` + strings.Repeat("x", 4097) + `"`: "longer than 4096",
				`"name":"x","note":"` + strings.Repeat("x", 20000) + `"`: "more than 16384",
			},
			findBy: "name=u&enabled=true&domain_id=default", unchangeables: map[string]string{`"domain_id":"x"`: "Cannot change Domain ID"},
		},
		{
			noun: "project", plural: "projects",
			create:  `"name":" p ","description":null,"tags":["a"]`,
			shown:   map[string]any{"name": "p", "description": nil, "enabled": true, "domain_id": "default", "parent_id": "default", "is_domain": false, "tags": []any{"a"}, "options": map[string]any{}},
			change:  `"name":"q","description":"d"`,
			changed: map[string]any{"name": "q", "description": "d", "enabled": true, "domain_id": "default", "parent_id": "default", "is_domain": false, "tags": []any{"a"}, "options": map[string]any{}},
			wrong: map[string]string{
				`"description":""`: "'name' is a required property", `"name":"x","domain_id":"nix"`: "Could not find domain: nix.",
				`"name":"` + strings.Repeat("é", 65) + `"`: "is too long",
				`"name":"x","parent_id":"nix"`:             "Could not find project: nix.", `"name":"x","is_domain":true`: "POST /v3/domains", `"name":"x","tags":[""]`: "'tags/0': '' is too short",
				`"name":"x","tags":["a,b"]`: "'tags/0': 'a,b' does not match '^[^,/]*$'", `"name":"x","tags":["a","a"]`: "'tags': ['a', 'a'] has non-unique elements",
			},
			findBy: "name=p", unchangeables: map[string]string{`"domain_id":"x"`: "Cannot change Domain ID", `"id":"x"`: "Cannot change ID"},
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
			findBy:  "", unchangeables: map[string]string{`"parent_region_id":"RegionTwo"`: "The specified parent region RegionTwo would create a circular region hierarchy."},
		},
		{
			noun: "service", plural: "services",
			create:  `"name":"s","type":"t"`,
			shown:   map[string]any{"name": "s", "type": "t", "enabled": true},
			change:  `"enabled":false`,
			changed: map[string]any{"name": "s", "type": "t", "enabled": false},
			wrong:   map[string]string{`"name":"x"`: "'type' is a required property"},
			findBy:  "type=t&name=s",
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
			findBy: "service_id=$service&interface=public&region_id=RegionOne&limit=5",
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
				delete(got, "extra") // see TestResources_ExtraFields
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
			{"PATCH /v3/users/" + user, `{"user":{"name":"admin"}}`, 409, "Conflict occurred attempting to store user - Duplicate entry found with name admin."},
			{"POST /v3/users", `{"user":{"name":"admin"}}`, 409, "Duplicate entry found with name admin at domain ID default."},
			{"POST /v3/users", `{"user":{"name":"x","domain_id":"nix"}}`, 404, "Could not find domain: nix."},
			{"PATCH /v3/projects/" + demo, `{"project":{"name":"admin"}}`, 409, "name is admin"},
			{"PATCH /v3/projects/" + demo, `{"project":{"parent_id":"x"}}`, 403, "Update of `parent_id` is not allowed."},
			{"PATCH /v3/projects/" + demo, `{"project":{"enabled":false}}`, 403, "since its subtree contains enabled projects."},
			{"PATCH /v3/projects/" + demo, `{"project":{}}`, 400, "{} does not have enough properties"},
			{"DELETE /v3/projects/" + demo, "", 403, "not a leaf in the hierarchy"},
			{"DELETE /v3/domains/default", "", 403, "Cannot delete a domain that is enabled, please disable it first."},
			{"PATCH /v3/roles/" + role, `{"role":{"name":"x"}}`, 403, "Unable to update immutable role resource"},
			{"DELETE /v3/roles/" + role, "", 403, "Unable to delete immutable role resource"},
			{"PATCH /v3/roles/" + role, `{"role":{"options":{"immutable":false}}}`, 200, ""},
			{"PATCH /v3/roles/" + role, `{"role":{"name":"_member_"}}`, 200, ""},
			{"DELETE /v3/regions/RegionOne", "", 403, "associated endpoints"},
			{"GET /v3/users?enabled=perhaps", "", 200, ""},
			{"GET /v3/users?limit=x", "", 400, "limit"},
			{"GET /v3/nix", "", 404, "The resource could not be found."},
			{"PUT /v3/users/" + user, "", 405, ""},
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
