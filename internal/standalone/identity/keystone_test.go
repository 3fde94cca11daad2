package identity_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The values in this file were compared with a running Keystone 22.

// Fields that no column has are kept and shown beside the others. The replies to
// changes of users and projects show them twice.
func TestResources_ExtraFields(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		service := c.find(admin, "/v3/services?type=compute", "services")
		for _, tc := range []struct {
			noun, plural, fields string
			twice                bool
		}{
			{"domain", "domains", `"name":"d"`, false},
			{"project", "projects", `"name":"p"`, true},
			{"user", "users", `"name":"u"`, true},
			{"role", "roles", `"name":"r"`, false},
			{"region", "regions", `"id":"R"`, false},
			{"service", "services", `"type":"t"`, false},
			{"endpoint", "endpoints", `"interface":"public","url":"http://x","service_id":"` + service + `"`, false},
		} {
			body := func(fields string) string { return `{"` + tc.noun + `":{` + fields + `}}` }
			id := c.as(admin, "POST /v3/"+tc.plural, body(tc.fields+`,"foo":{"a":[1]},"bar":"b"`), 201).text(tc.noun, "id")
			re := c.as(admin, "PATCH /v3/"+tc.plural+"/"+id, body(`"bar":null`), 200)
			extra := map[string]any{"foo": map[string]any{"a": []any{1.0}}, "bar": nil}
			if diff := cmp.Diff(extra, re.at(tc.noun, "extra")); tc.twice != (diff == "") {
				c.Errorf("%s: extra is %v", tc.noun, re.at(tc.noun, "extra"))
			}
			shown, _ := c.as(admin, "GET /v3/"+tc.plural+"/"+id, "", 200).at(tc.noun).(map[string]any)
			_, again := shown["extra"]
			if diff := cmp.Diff(extra["foo"], shown["foo"]); diff != "" || shown["bar"] != nil || again {
				c.Errorf("%s: shown %v", tc.noun, shown)
			}
			c.as(admin, "PATCH /v3/"+tc.plural+"/"+id, body(`"foo":1e999`), 400) // nobody could read it back
			c.as(admin, "GET /v3/"+tc.plural, "", 200)
		}
	})
}

func TestResources_Immutable(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		for noun, plural := range map[string]string{"domain": "domains", "project": "projects", "role": "roles"} {
			one := "/v3/" + plural + "/" + c.as(admin, "POST /v3/"+plural, `{"`+noun+`":{"name":"x","enabled":false,"options":{"immutable":true}}}`, 201).text(noun, "id")
			for line, verb := range map[string]string{"PATCH " + one: "update", "DELETE " + one: "delete"} {
				re := c.as(admin, line, `{"`+noun+`":{"name":"y"}}`, 403)
				if !strings.HasPrefix(re.text("error", "message"), "Unable to "+verb+" immutable "+noun+" resource: `") {
					c.Errorf("%s: %s", line, re.Body)
				}
			}
			re := c.as(admin, "PATCH "+one, `{"`+noun+`":{"options":{"immutable":false}}}`, 200)
			if diff := cmp.Diff(map[string]any{"immutable": false}, re.at(noun, "options")); diff != "" {
				c.Errorf("%s: %s", noun, diff)
			}
			c.as(admin, "PATCH "+one, `{"`+noun+`":{"options":{"other":true}}}`, 400)
			c.as(admin, "DELETE "+one, "", 204)
		}
	})
}

func TestResources_Filters(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		demo := c.find(admin, "/v3/projects?name=demo", "projects")
		for name, fields := range map[string]string{"one": `"tags":["a","b"]`, "two": `"tags":["b"]`, "child": `"parent_id":"` + demo + `"`} {
			c.as(admin, "POST /v3/projects", `{"project":{"name":"`+name+`",`+fields+`}}`, 201)
		}
		for query, want := range map[string]string{
			"name=one": "one", "name__contains=demo": "alt_demo demo", "name__startswith=demo": "demo", "name__endswith=demo": "alt_demo demo",
			"name__icontains=DEMO": "alt_demo demo", "name__contains=DEMO": "", "name__equals=two": "two",
			"tags=a": "one", "tags=a,b": "one", "tags=b": "one two", "tags-any=a,x": "one", "tags=a,x": "", "tags=": "",
			"not-tags=a,b": "admin alt_demo child demo service two", "not-tags-any=a,b": "admin alt_demo child demo service",
			"parent_id=" + demo: "child", "parent_id=default&name__startswith=o": "one", "is_domain=true": "",
			"enabled=false": "", "foo=bar&name=one": "one", "name__foo=bar&name=one": "one",
		} {
			got := c.as(admin, "GET /v3/projects?"+query, "", 200).values("projects", "name")
			slices.Sort(got)
			if strings.Join(got, " ") != want {
				c.Errorf("%s: got %q, want %q", query, got, want)
			}
		}
	})
}

func TestProjects_Tree(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		create := func(name, parent string, status int) string {
			c.Helper()
			return c.as(admin, "POST /v3/projects", `{"project":{"name":"`+name+`","parent_id":"`+parent+`"}}`, status).text("project", "id")
		}
		ids := []string{create("0", "default", 201)}
		for _, name := range []string{"1", "2", "3", "4"} {
			ids = append(ids, create(name, ids[len(ids)-1], 201))
		}
		create("5", ids[4], 403)
		show := func(i int, query string) reply { return c.as(admin, "GET /v3/projects/"+ids[i]+"?"+query, "", 200) }
		want := map[string]any{ids[1]: map[string]any{ids[0]: map[string]any{"default": nil}}}
		if diff := cmp.Diff(any(want), show(2, "parents_as_ids").at("project", "parents")); diff != "" {
			c.Errorf("parents: %s", diff)
		}
		want = map[string]any{ids[3]: map[string]any{ids[4]: nil}}
		if diff := cmp.Diff(any(want), show(2, "subtree_as_ids").at("project", "subtree")); diff != "" {
			c.Errorf("subtree: %s", diff)
		}
		c.as(admin, "GET /v3/projects/"+ids[0]+"?parents_as_ids&parents_as_list", "", 400)
		user, role := c.find(admin, "/v3/users?name=admin", "users"), c.find(admin, "/v3/roles?name=reader", "roles")
		if got := show(2, "subtree_as_list").at("project", "subtree"); cmp.Diff(any([]any{}), got) != "" {
			c.Errorf("subtree of others: %v", got)
		}
		c.as(admin, "PUT /v3/projects/"+ids[4]+"/users/"+user+"/roles/"+role, "", 204)
		if got := show(2, "subtree_as_list").text("project", "subtree", 0, "project", "id"); got != ids[4] {
			c.Errorf("subtree of one's own: %q", got)
		}
		for i := 4; i >= 0; i-- {
			c.as(admin, "PATCH /v3/projects/"+ids[i], `{"project":{"enabled":false}}`, 200)
		}
		c.as(admin, "PATCH /v3/projects/"+ids[1], `{"project":{"enabled":true}}`, 403)
		create("6", ids[1], 400)
	})
}

func TestProjects_Tags(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		tags := "/v3/projects/" + c.find(admin, "/v3/projects?name=demo", "projects") + "/tags"
		for _, step := range []struct {
			line, body string
			status     int
			tags       []any
		}{
			{"PUT " + tags + "/a", "", 201, []any{"a"}},
			{"PUT " + tags + "/a", "", 201, []any{"a"}},
			{"GET " + tags + "/a", "", 204, []any{"a"}},
			{"HEAD " + tags + "/b", "", 404, []any{"a"}},
			{"PUT " + tags + "/a,b", "", 400, []any{"a"}},
			{"PUT " + tags, `{"tags":["x","y"]}`, 200, []any{"x", "y"}},
			{"PUT " + tags, `{"tags":["x","x"]}`, 400, []any{"x", "y"}},
			{"PUT " + tags, `{}`, 400, []any{"x", "y"}},
			{"DELETE " + tags + "/x", "", 204, []any{"y"}},
			{"DELETE " + tags + "/x", "", 404, []any{"y"}},
			{"DELETE " + tags, "", 204, []any{}},
			{"PUT /v3/projects/nix/tags/a", "", 404, []any{}},
		} {
			if re := c.do(step.line, step.body, "X-Auth-Token", admin); re.Code != step.status {
				c.Errorf("%s: got %d %s", step.line, re.Code, re.Body)
			}
			if diff := cmp.Diff(any(step.tags), c.as(admin, "GET "+tags, "", 200).at("tags")); diff != "" {
				c.Errorf("%s: %s", step.line, diff)
			}
		}
	})
}

func TestRoles_Implied(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		l := listen(c.service)
		role := c.as(admin, "POST /v3/roles", `{"role":{"name":"r"}}`, 201).text("role", "id")
		member := c.find(admin, "/v3/roles?name=member", "roles")
		one := "/v3/roles/" + role + "/implies/" + member
		for _, step := range []struct {
			line   string
			status int
			told   []string
		}{
			{"HEAD " + one, 404, nil},
			{"DELETE " + one, 404, nil},
			{"PUT " + one, 201, []string{""}},
			{"PUT " + one, 409, nil},
			{"HEAD " + one, 200, nil},
			{"GET /v3/roles/nix/implies", 404, nil},
			{"PUT /v3/roles/" + role + "/implies/nix", 404, nil},
		} {
			l.take()
			if re := c.do(step.line, "", "X-Auth-Token", admin); re.Code != step.status || !slices.Equal(l.take(), step.told) {
				c.Errorf("%s: got %d %s", step.line, re.Code, re.Body)
			}
		}
		if got := c.as(admin, "GET /v3/roles/"+role+"/implies", "", 200).text("role_inference", "implies", 0, "name"); got != "member" {
			c.Errorf("implies %q", got)
		}
		c.as(admin, "DELETE "+one, "", 204)
	})
}

func TestRegions_Put(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		c.as(admin, "PUT /v3/regions/West", `{"region":{"description":"d"}}`, 201)
		c.as(admin, "PUT /v3/regions/West", `{"region":{}}`, 409)
		c.as(admin, "PUT /v3/regions/East", `{"region":{"id":"West"}}`, 400)
		c.as(admin, "POST /v3/regions", `{"region":{"id":"Below","parent_region_id":"West"}}`, 201)
		c.as(admin, "PATCH /v3/regions/West", `{"region":{"parent_region_id":"Below"}}`, 400)
		service := c.find(admin, "/v3/services?type=compute", "services")
		c.as(admin, "POST /v3/endpoints", `{"endpoint":{"service_id":"`+service+`","interface":"public","url":"http://x","region":"New"}}`, 201)
		c.as(admin, "GET /v3/regions/New", "", 200)
		c.as(admin, "POST /v3/endpoints", `{"endpoint":{"service_id":"`+service+`","interface":"public","url":"http://x/$(nix)s"}}`, 400)
	})
}

// A default project need not exist; a user whose default project is deleted has
// none any more.
func TestUsers_DefaultProject(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin := c.login("admin", "admin")
		project := c.as(admin, "POST /v3/projects", `{"project":{"name":"p"}}`, 201).text("project", "id")
		for _, tc := range [][2]string{{project, ""}, {"nix", "nix"}} {
			id, left := tc[0], tc[1]
			user := c.as(admin, "POST /v3/users", `{"user":{"name":"u`+id+`","password":"pw","default_project_id":"`+id+`"}}`, 201).text("user", "id")
			c.do("DELETE /v3/projects/"+project, "", "X-Auth-Token", admin)
			if got := c.as(admin, "GET /v3/users/"+user, "", 200).text("user", "default_project_id"); got != left {
				c.Errorf("%s: default project %q", id, got)
			}
			login := `{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"` + user + `","password":"pw"}}}}}`
			if re := c.do("POST /v3/auth/tokens", login); re.Code != http.StatusCreated || re.at("token", "project") != nil {
				c.Errorf("%s: log in: %d %s", id, re.Code, re.Body)
			}
		}
	})
}

func TestMethodNotAllowed(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		for line, status := range map[string]int{"OPTIONS /v3/users": 200, "PUT /v3/users": 405} {
			re := c.do(line, "")
			if got := re.Header().Get("Allow"); re.Code != status || got != "OPTIONS, GET, HEAD, POST" {
				c.Errorf("%s: got %d, Allow %q", line, re.Code, got)
			}
			if message := re.text("message"); (status == 405) != (message == "The method is not allowed for the requested URL.") {
				c.Errorf("%s: %s", line, re.Body)
			}
		}
		admin := c.login("admin", "admin")
		re := c.do("POST /v3/users", `<user/>`, "X-Auth-Token", admin, "Content-Type", "application/xml")
		if re.Code != 400 || !strings.HasPrefix(re.text("error", "message"), "Expecting to find application/json in Content-Type header.") {
			c.Errorf("XML: got %d %s", re.Code, re.Body)
		}
	})
}
