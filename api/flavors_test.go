package api_test

import (
	"fmt"
	"testing"
)

// flavor creates one.
func (s *site) flavor(body string) {
	s.t.Helper()
	s.Do(`POST /v2.1/flavors {"flavor": `+body+`}`).Want(s.t, 200)
}

// flavors creates some that differ in everything that lists are sorted by.
func (s *site) flavors() {
	s.t.Helper()
	s.flavor(`{"id": "1", "name": "d", "ram": 512, "vcpus": 1, "disk": 1}`)
	s.flavor(`{"id": "2", "name": "c", "ram": 2048, "vcpus": 1, "disk": 20}`)
	s.flavor(`{"id": "10", "name": "b", "ram": 1024, "vcpus": 2, "disk": 40}`)
	s.flavor(`{"id": "private", "name": "a", "ram": 64, "vcpus": 1, "disk": 0, "os-flavor-access:is_public": "False"}`)
}

func TestFlavors_Show(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.flavor(`{"id": "1", "name": "m1.tiny", "ram": 512, "vcpus": 1, "disk": 1}`)
		s.Do("GET /v2.1/flavors/1", as("reader")).Want(t, 200, whole(`{"flavor": {
			"id": "1", "name": "m1.tiny", "ram": 512, "disk": 1, "swap": "", "OS-FLV-EXT-DATA:ephemeral": 0,
			"OS-FLV-DISABLED:disabled": false, "vcpus": 1, "os-flavor-access:is_public": true, "rxtx_factor": 1.0,
			"links": [
				{"rel": "self", "href": "http://nova.example/v2.1/flavors/1"},
				{"rel": "bookmark", "href": "http://nova.example/flavors/1"}
			]}}`))
		s.Do("GET /v2.1/flavors/1", as("reader"), at(61)).Want(t, 200, has("flavor/extra_specs", map[string]any{}), has("flavor/description", nil))
		s.Do("GET /v2.1/flavors/1", as("reader"), at(102)).Want(t, 200).Lacks(t, "flavor/rxtx_factor", "flavor/OS-FLV-DISABLED:disabled")
		s.Do("GET /v2.1/flavors/nope", as("reader")).Want(t, 404, fault("itemNotFound", "Flavor nope could not be found."))
		s.Do("GET /v2.1/flavors/1?x=1", as("reader"), at(101)).Want(t, 200)
		s.Do("GET /v2.1/flavors/1?x=1", as("reader"), at(102)).Want(t, 400,
			fault("badRequest", "Additional properties are not allowed ('x' was unexpected)"))
		s.Do("GET /v2.1/"+demoProject+"/flavors/1", as("reader")).Want(t, 200,
			has("flavor/links/0/href", "http://nova.example/v2.1/"+demoProject+"/flavors/1"))
		s.Do("GET /v2/flavors/1", as("reader")).Want(t, 200, has("flavor/links/0/href", "http://nova.example/v2/flavors/1"))
	})
}

func TestFlavors_Create(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.Do(`POST /v2.1/flavors {"flavor": {"name": "zz1", "ram": "64", "vcpus": 1, "disk": 0, "id": 7001,
			"os-flavor-access:is_public": false, "rxtx_factor": "2.50", "swap": 5}}`).Want(t, 200,
			has("flavor/id", "7001"), has("flavor/ram", 64), has("flavor/swap", 5), has("flavor/rxtx_factor", 2.5),
			has("flavor/os-flavor-access:is_public", false), lacks("flavor/description"))
		made := s.Do(`POST /v2.1/flavors {"flavor": {"name": "made", "ram": 64, "vcpus": 1, "disk": 0, "id": null, "description": "x"}}`, at(61)).
			Want(t, 200, has("flavor/description", "x"), has("flavor/extra_specs", map[string]any{})).String("flavor/id")
		if len(made) != 36 {
			t.Errorf("made up ID %q", made)
		}
		for _, c := range []struct {
			path, body string
			minor      int
			who        string
			status     int
			name, text string
		}{
			{"/v2.1", `{"name": "zz1", "ram": 64, "vcpus": 1, "disk": 0}`, 1, "admin", 409, "conflictingRequest", "Flavor with name zz1 already exists."},
			{"/v2.1", `{"name": "zz2", "ram": 64, "vcpus": 1, "disk": 0, "id": "7001"}`, 1, "admin", 409, "conflictingRequest", "Flavor with ID 7001 already exists."},
			{"/v2.1", `{"name": "zz2", "ram": 64, "vcpus": 1, "disk": 0}`, 1, "demo", 403, "forbidden", "Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed."},
			{"/v2.1", `{"name": "zz2", "ram": 64, "vcpus": 1, "disk": 0, "rxtx_factor": 1}`, 102, "admin", 400, "badRequest", ""},
			{"/v2.1", `{"name": "zz2", "ram": 64, "vcpus": 1, "disk": 0, "description": "x"}`, 54, "admin", 400, "badRequest", ""},
			{"/v2.1", `{"name": " zz2", "ram": 64, "vcpus": 1, "disk": 0}`, 1, "admin", 400, "badRequest", ""},
			{"/v2.1", `{"name": "zz2", "ram": 0, "vcpus": 1, "disk": 0}`, 1, "admin", 400, "badRequest", ""},
		} {
			reply := s.Do("POST "+c.path+`/flavors {"flavor": `+c.body+"}", as(c.who), at(c.minor)).Want(t, c.status)
			if c.text != "" {
				reply.Want(t, c.status, fault(c.name, c.text))
			}
		}
		s.Do(`POST /v2/flavors {"flavor": {"name": " old ", "ram": 64, "vcpus": 1, "disk": 0, "unknown": 1}}`).Want(t, 200, has("flavor/name", "old"))
	})
}

func TestFlavors_Update(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.flavors()
		s.Do(`PUT /v2.1/flavors/1 {"flavor": {"description": "x"}}`, at(54)).Want(t, 404, fault("itemNotFound", "The resource could not be found."))
		s.Do(`PUT /v2.1/flavors/1 {"flavor": {"description": "x"}}`, at(55)).Want(t, 200, has("flavor/description", "x"), lacks("flavor/extra_specs"))
		s.Do(`PUT /v2.1/flavors/1 {"flavor": {"description": null}}`, at(61)).Want(t, 200, has("flavor/description", nil), has("flavor/extra_specs", map[string]any{}))
		s.Do(`PUT /v2.1/flavors/nope {"flavor": {"description": null}}`, at(61)).Want(t, 404, fault("itemNotFound", "Flavor nope could not be found."))
		s.Do(`PUT /v2.1/flavors/nope {"flavor": {"description": null}}`, at(61), as("demo")).Want(t, 403)
		s.Do(`PUT /v2.1/flavors/1 {"flavor": {}}`, at(61)).Want(t, 400)
	})
}

func TestFlavors_Delete(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.flavors()
		s.Do(`POST /v2.1/flavors/private/action {"addTenantAccess": {"tenant": "`+demoProject+`"}}`).Want(t, 200)
		s.Do(`POST /v2.1/flavors/private/os-extra_specs {"extra_specs": {"a": "b"}}`).Want(t, 200)
		s.Do("DELETE /v2.1/flavors/private", as("demo")).Want(t, 403)
		s.Do("DELETE /v2.1/flavors/private").Want(t, 202, empty)
		s.Do("DELETE /v2.1/flavors/private").Want(t, 404, fault("itemNotFound", "Flavor private could not be found."))
		s.Do("PATCH /v2.1/flavors/1").Want(t, 404)
	})
}

func TestFlavors_List(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.flavors()
		for _, c := range []struct {
			query string
			who   string
			minor int
			ids   []string
		}{
			{"", "demo", 1, []string{"1", "10", "2"}},
			{"", "admin", 1, []string{"1", "10", "2"}},
			{"?sort_key=name", "demo", 1, []string{"10", "2", "1"}},
			{"?sort_key=id&sort_key=memory_mb&sort_dir=asc&sort_dir=desc", "demo", 1, []string{"2", "10", "1"}},
			{"?sort_dir=desc", "demo", 1, []string{"2", "10", "1"}},
			{"?sort_key=description", "demo", 1, []string{"1", "2", "10"}},
			{"?sort_key=rxtx_factor", "demo", 101, []string{"1", "2", "10"}},
			{"?minRam=1024", "demo", 1, []string{"10", "2"}},
			{"?minRam=-5&minDisk=40", "demo", 1, []string{"10"}},
			{"?limit=0", "demo", 1, nil},
			{"?limit=2&limit=1", "demo", 1, []string{"1"}},
			{"?marker=1&limit=1", "demo", 1, []string{"10"}},
			{"?marker=2", "demo", 1, nil},
			{"?marker=private", "admin", 1, nil},
			{"?sort_key=memory_mb&marker=1", "demo", 1, []string{"10", "2"}},
			{"?is_public=none", "admin", 1, []string{"1", "10", "2", "private"}},
			{"?is_public=no", "admin", 1, []string{"private"}},
			{"?is_public=no", "demo", 1, []string{"1", "10", "2"}},
			{"?is_public=bogus", "demo", 1, []string{"1", "10", "2"}},
			{"?name=c", "demo", 101, []string{"1", "10", "2"}},
			{"?name=[bc]", "demo", 102, []string{"10", "2"}},
			{"?name=", "demo", 74, []string{"1", "10", "2"}},
			{"?name=", "demo", 102, []string{"1", "10", "2"}},
			{"?bogus=1", "demo", 74, []string{"1", "10", "2"}},
		} {
			for _, path := range []string{"/v2.1/flavors", "/v2.1/flavors/detail"} {
				if c.minor == 101 && c.query == "?name=c" {
					s.Do("GET "+path+c.query, as(c.who), at(c.minor)).Want(t, 400)
					continue
				}
				s.Do("GET "+path+c.query, as(c.who), at(c.minor)).Want(t, 200, listed("flavors", "id", c.ids...))
			}
		}
		s.Do("GET /v2.1/flavors?limit=2", as("demo"), at(55)).Want(t, 200,
			has("flavors/0", map[string]any{"id": "1", "name": "d", "description": nil, "links": []any{
				map[string]any{"rel": "self", "href": "http://nova.example/v2.1/flavors/1"},
				map[string]any{"rel": "bookmark", "href": "http://nova.example/flavors/1"},
			}}),
			has("flavors_links", []any{map[string]any{"rel": "next", "href": "http://nova.example/v2.1/flavors?limit=2&marker=10"}}))
		s.Do("GET /v2.1/flavors/detail?limit=2&sort_dir=asc", as("demo")).Want(t, 200,
			has("flavors_links/0/href", "http://nova.example/v2.1/flavors/detail?limit=2&sort_dir=asc&marker=10"))
		s.Do("GET /v2.1/flavors?limit=9", as("demo")).Want(t, 200).Lacks(t, "flavors_links")
	})
}

func TestFlavors_ListRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.flavors()
		for _, c := range []struct {
			query, who string
			minor      int
			message    string
		}{
			{"minRam=bogus", "demo", 1, "Invalid minRam filter [bogus]"},
			{"minRam=", "demo", 1, "Invalid minRam filter []"},
			{"minDisk=1.5", "demo", 1, "Invalid minDisk filter [1.5]"},
			{"is_public=bogus", "admin", 1, "Invalid is_public filter [bogus]"},
			{"marker=nope", "admin", 1, "marker [nope] not found"},
			{"marker=", "demo", 1, "marker [] not found"},
			{"marker=private", "demo", 1, "marker [private] not found"},
			{"limit=-1", "demo", 1, "Invalid input for query parameters limit. Value: -1. '-1' does not match '^[0-9]*$'"},
			{"sort_dir=up", "demo", 1, "Invalid input for query parameters sort_dir. Value: up. 'up' is not one of ['asc', 'desc']"},
			{"bogus=1", "demo", 75, "Additional properties are not allowed ('bogus' was unexpected)"},
		} {
			s.Do("GET /v2.1/flavors?"+c.query, as(c.who), at(c.minor)).Want(t, 400, fault("badRequest", c.message))
		}
		s.Do("GET /v2.1/flavors?sort_key=rxtx_factor", at(102)).Want(t, 400)
		s.Do("GET /v2.1/flavors?name=[", at(102)).Want(t, 400)
	})
}

func TestFlavorAccess(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.flavors()
		grant := func(flavor, project string) string {
			return fmt.Sprintf(`POST /v2.1/flavors/%s/action {"addTenantAccess": {"tenant": %q}}`, flavor, project)
		}
		revoke := func(flavor, project string) string {
			return fmt.Sprintf(`POST /v2.1/flavors/%s/action {"removeTenantAccess": {"tenant": %q}}`, flavor, project)
		}
		s.Do("GET /v2.1/flavors/private/os-flavor-access").Want(t, 200, whole(`{"flavor_access": []}`))
		s.Do("GET /v2.1/flavors/private", as("demo")).Want(t, 404)

		s.Do(grant("private", demoProject)).Want(t, 200,
			whole(`{"flavor_access": [{"flavor_id": "private", "tenant_id": "`+demoProject+`"}]}`))
		s.Do(grant("private", demoProject)).Want(t, 409,
			fault("conflictingRequest", "Flavor access already exists for flavor 4 and project "+demoProject+" combination."))
		s.Do("GET /v2.1/flavors/private", as("demo")).Want(t, 200)
		s.Do("GET /v2.1/flavors", as("demo")).Want(t, 200, listed("flavors", "id", "1", "10", "2", "private"))
		s.Do("GET /v2.1/flavors/private", as("alt")).Want(t, 404)
		s.Do("GET /v2.1/flavors/private/os-flavor-access").Want(t, 200, has("flavor_access/0/tenant_id", demoProject))

		s.Do(grant("nope", unknownProject)).Want(t, 400, fault("badRequest", "Project ID "+unknownProject+" is not a valid project."))
		s.Do(grant("nope", demoProject)).Want(t, 404, fault("itemNotFound", "Flavor nope could not be found."))
		s.Do(grant("1", demoProject), at(6)).Want(t, 200)
		s.Do(revoke("1", demoProject), at(6)).Want(t, 200)
		s.Do(grant("1", demoProject), at(7)).Want(t, 409, fault("conflictingRequest", "Can not add access to a public flavor."))
		s.Do(grant("1", demoProject), as("demo")).Want(t, 403,
			fault("forbidden", "Policy doesn't allow os_compute_api:os-flavor-access:add_tenant_access to be performed."))

		s.Do(revoke("private", unknownProject)).Want(t, 404,
			fault("itemNotFound", "Flavor access not found for 4 / "+unknownProject+" combination."))
		s.Do(revoke("private", demoProject)).Want(t, 200, whole(`{"flavor_access": []}`))
		s.Do("GET /v2.1/flavors/private", as("demo")).Want(t, 404)
		s.Do(revoke("private", demoProject), as("demo")).Want(t, 403)

		s.Do("GET /v2.1/flavors/1/os-flavor-access").Want(t, 404, fault("itemNotFound", "Access list not available for public flavors."))
		s.Do("GET /v2.1/flavors/nope/os-flavor-access").Want(t, 404, fault("itemNotFound", "Flavor nope could not be found."))
		s.Do("GET /v2.1/flavors/1/os-flavor-access", as("demo")).Want(t, 403)
		s.Do(`POST /v2.1/flavors/1/action {"reboot": null}`).Want(t, 400, fault("badRequest", "There is no such action: reboot"))
	})
}

func TestFlavorExtraSpecs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.flavors()
		const specs = "/v2.1/flavors/1/os-extra_specs"
		s.Do("GET "+specs, as("reader")).Want(t, 200, whole(`{"extra_specs": {}}`))
		s.Do(`POST `+specs+` {"extra_specs": {"a": "<in> x & y", "n": 1.50, "i": 7, "b b": ""}}`).Want(t, 200,
			whole(`{"extra_specs": {"a": "<in> x & y", "n": 1.5, "i": 7, "b b": ""}}`))
		s.Do(`POST `+specs+` {"extra_specs": {"c": "d", "a": "z"}}`).Want(t, 200, whole(`{"extra_specs": {"c": "d", "a": "z"}}`))
		s.Do("GET "+specs, as("reader")).Want(t, 200, whole(`{"extra_specs": {"a": "z", "n": "1.5", "i": "7", "b b": "", "c": "d"}}`))
		s.Do("GET /v2.1/flavors/1", at(61), as("reader")).Want(t, 200, has("flavor/extra_specs/n", "1.5"))
		s.Do("GET "+specs+"/b%20b", as("reader")).Want(t, 200, whole(`{"b b": ""}`))
		s.Do("GET "+specs+"/zz", as("reader")).Want(t, 404, fault("itemNotFound", "Flavor 1 has no extra specs with key zz."))

		s.Do(`PUT `+specs+`/a {"a": 2}`).Want(t, 200, whole(`{"a": 2}`))
		s.Do("GET "+specs+"/a", as("reader")).Want(t, 200, whole(`{"a": "2"}`))
		s.Do(`PUT `+specs+`/a {"b": "q"}`).Want(t, 400, fault("badRequest", "Request body and URI mismatch"))
		s.Do(`PUT `+specs+`/a {}`).Want(t, 400, fault("badRequest", "{} should be non-empty"))

		s.Do("DELETE "+specs+"/a").Want(t, 200, empty)
		s.Do("DELETE "+specs+"/a").Want(t, 404, fault("itemNotFound", "Flavor 1 has no extra specs with key a."))
		for _, request := range []string{
			"GET %s", "GET %s/a", `POST %s {"extra_specs": {"a": "b"}}`, `PUT %s/a {"a": "b"}`, "DELETE %s/a",
		} {
			s.Do(fmt.Sprintf(request, "/v2.1/flavors/nope/os-extra_specs")).Want(t, 404,
				fault("itemNotFound", "Flavor nope could not be found."))
		}
		s.Do("GET /v2.1/flavors/private/os-extra_specs", as("reader")).Want(t, 404)
		s.Do(`POST `+specs+` {"extra_specs": {"a": "b"}}`, as("demo")).Want(t, 403)
		s.Do(`PUT `+specs+`/a {"a": "b"}`, as("demo")).Want(t, 403)
		s.Do("DELETE "+specs+"/a", as("demo")).Want(t, 403)

		s.Do(`POST `+specs+` {"extra_specs": {"hw:nope": "b"}}`, at(85)).Want(t, 200)
		s.Do(`POST /v2.1/flavors/nope/os-extra_specs {"extra_specs": {"hw:nope": "b"}}`, at(86)).Want(t, 400,
			fault("badRequest", "Validation failed; extra spec 'hw:nope' does not appear to be a valid extra spec."))
		s.Do(`PUT `+specs+`/hw:cpu_policy {"hw:cpu_policy": "b"}`, at(86)).Want(t, 400,
			fault("badRequest", "Validation failed; 'b' is not one of: dedicated, shared, mixed."))
		s.Do(`PUT `+specs+`/hw:cpu_policy {"hw:cpu_policy": "mixed"}`, at(86)).Want(t, 200)
	})
}
