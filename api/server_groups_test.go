package api_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// group is a request that creates a server group, in the words of 2.64.
func group(name, policy string) string {
	return fmt.Sprintf(`POST /v2.1/os-server-groups {"server_group": {"name": %q, "policy": %q}}`, name, policy)
}

func TestServerGroups_Create(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		const url = "POST /v2.1/os-server-groups "
		for _, c := range []struct {
			minor   int
			body    string
			status  int
			message string
		}{
			{1, `{"name": "g", "policies": ["affinity"]}`, 200, ""},
			{1, `{"name": "g", "policies": ["soft-affinity"]}`, 400, "Invalid input for field/attribute 0. Value: soft-affinity. 'soft-affinity' is not one of ['anti-affinity', 'affinity']"},
			{1, `{"name": "g", "policies": []}`, 400, "Invalid input for field/attribute policies. Value: []. [] should be non-empty"},
			{1, `{"name": "g", "policies": ["affinity", "affinity"]}`, 400, ""},
			{1, `{"name": "g", "policy": "affinity"}`, 400, ""},
			{15, `{"name": "g", "policies": ["soft-affinity"]}`, 200, ""},
			{63, `{"name": "g", "policies": ["soft-anti-affinity"]}`, 200, ""},
			{64, `{"name": "g", "policies": ["affinity"]}`, 400, ""},
			{64, `{"name": "g", "policy": "soft-anti-affinity"}`, 200, ""},
			{64, `{"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": "3"}}`, 200, ""},
			{64, `{"name": "g", "policy": "anti-affinity", "rules": {"max_server_per_host": 0}}`, 400, ""},
			{64, `{"name": "g", "policy": "anti-affinity", "rules": {"other": 1}}`, 400, ""},
			{64, `{"name": "g", "policy": "affinity", "rules": {}}`, 200, ""},
			{64, `{"name": "g", "policy": "affinity", "rules": {"max_server_per_host": 3}}`, 400, "Only anti-affinity policy supports rules."},
			{64, `{"name": "", "policy": "affinity"}`, 400, ""},
			{64, `{"policy": "affinity"}`, 400, ""},
			{63, `{"name": "g", "policies": ["affinity"], "rules": {}}`, 400, ""},
		} {
			r := s.Do(url+`{"server_group": `+c.body+`}`, at(c.minor)).Want(t, c.status)
			if c.message != "" && r.String("badRequest/message") != c.message {
				t.Errorf("%s at 2.%d: %s", c.body, c.minor, r.text)
			}
		}
		s.Do(`POST /v2/os-server-groups {"server_group": {"name": "old", "policies": ["affinity"], "more": 1}}`, as("demo"), at(0)).
			Want(t, 200, has("server_group/name", "old"), lacks("server_group/project_id"))
	})
}

func TestServerGroups_Shown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		mine := s.Do(group("mine", "affinity"), as("demo"), at(64)).Want(t, 200, has("server_group/user_id", "demo-user"), has("server_group/project_id", demoProject)).
			String("server_group/id")
		second := s.Do(group("second", "anti-affinity"), as("demo"), at(64)).Want(t, 200).String("server_group/id")
		theirs := s.Do(group("theirs", "affinity"), as("alt"), at(64)).Want(t, 200).String("server_group/id")

		s.Do("GET /v2.1/os-server-groups/"+mine, as("reader")).Want(t, 200, has("server_group/name", "mine"))
		s.Do("GET /v2.1/os-server-groups/"+theirs, as("demo")).
			Want(t, 404, fault("itemNotFound", "Instance group "+theirs+" could not be found."))
		s.Do("GET /v2.1/os-server-groups/"+theirs).Want(t, 200)
		s.Do("GET /v2.1/os-server-groups/"+nobodyID, as("demo")).
			Want(t, 404, fault("itemNotFound", "Instance group "+nobodyID+" could not be found."))

		list := func(query string) string { return "GET /v2.1/os-server-groups" + query }
		s.Do(list(""), as("demo")).Want(t, 200, listed("server_groups", "id", mine, second), lacks("server_groups_links"))
		s.Do(list("?limit=1"), as("demo")).Want(t, 200, listed("server_groups", "id", mine))
		s.Do(list("?limit=0&offset=1"), as("demo")).Want(t, 200, listed("server_groups", "id", second))
		s.Do(list("?limit=-1"), as("demo")).Want(t, 400)
		s.Do(list("?all_projects=1"), as("demo")).Want(t, 200, listed("server_groups", "id", mine, second))
		s.Do(list("?all_projects")).Want(t, 200, listed("server_groups", "id", mine, second, theirs))
		s.Do(list("")).Want(t, 200, listed("server_groups", "id"))
		s.Do(list("?unknown=1"), as("demo"), at(74)).Want(t, 200)
		s.Do(list("?unknown=1"), as("demo"), at(75)).Want(t, 400)

		s.Do(group("refused", "affinity"), as("reader"), at(64)).Want(t, 403)
		s.Do("DELETE /v2.1/os-server-groups/"+mine, as("reader")).Want(t, 403)
		s.Do("DELETE /v2.1/os-server-groups/"+theirs, as("demo")).Want(t, 404)
		s.Do("DELETE /v2.1/os-server-groups/"+mine, as("demo")).Want(t, 204, empty)
		s.Do("DELETE /v2.1/os-server-groups/"+mine, as("demo")).Want(t, 404)
		s.Do("PUT /v2.1/os-server-groups/"+second, as("demo")).Want(t, 404)
	})
}

// The quota is exact, however many ask at once.
func TestServerGroups_Quota(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		var created, refused atomic.Int64
		var group15 sync.WaitGroup
		for range 15 {
			group15.Go(func() {
				switch r := s.Do(group("g", "affinity"), as("demo"), at(64)); r.status {
				case http.StatusOK:
					created.Add(1)
				case http.StatusForbidden:
					refused.Add(1)
					if got := r.String("forbidden/message"); got != "Quota exceeded, too many server groups." {
						t.Errorf("refused with %q", got)
					}
				default:
					t.Errorf("status %d: %s", r.status, r.text)
				}
			})
		}
		group15.Wait()
		if created.Load() != 10 || refused.Load() != 5 {
			t.Errorf("%d created, %d refused", created.Load(), refused.Load())
		}
		s.Do("GET /v2.1/limits", as("demo")).Want(t, 200, has("limits/absolute/totalServerGroupsUsed", 10))
		s.Do("GET /v2.1/os-quota-sets/"+demoProject+"/detail", as("demo"), at(50)).Want(t, 200, has("quota_set/server_groups/in_use", 10))
		s.Do(group("g", "affinity"), as("alt"), at(64)).Want(t, 200)
	})
}

func TestServerGroups_Members(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.Do(group("g", "soft-affinity"), as("demo"), at(64)).Want(t, 200).String("server_group/id")
		hint := func(id string) string {
			return `{"server": {"name": "m", "imageRef": "` + cirros + `", "flavorRef": "1", "networks": "none", "max_count": 2}, "os:scheduler_hints": {"group": "` + id + `"}}`
		}
		s.Do("POST /v2.1/servers "+hint(nobodyID), as("demo"), at(71)).
			Want(t, 400, fault("badRequest", "Instance group "+nobodyID+" could not be found."))
		server := s.Do("POST /v2.1/servers "+hint(id), as("demo"), at(71)).Want(t, 202).String("server/id")
		s.work()
		s.Do("GET /v2.1/os-server-groups/"+id, as("demo")).Want(t, 200, func(r *reply) error {
			if n := r.Len("server_group/members"); n != 2 {
				return fmt.Errorf("%d members, want 2", n)
			}
			return nil
		})
		s.Do("GET /v2.1/servers/"+server, as("demo"), at(71)).Want(t, 200, has("server/server_groups/0", id))
		s.Do("POST /v2.1/servers "+hint(id), as("demo"), at(71)).
			Want(t, 403, fault("forbidden", "Quota exceeded, too many servers in group"))
		s.Do("DELETE /v2.1/servers/"+server, as("demo")).Want(t, 204)
		s.work()
		s.Do("POST /v2.1/servers "+hint(id), as("demo"), at(71)).Want(t, 403)
		s.Do("DELETE /v2.1/os-server-groups/"+id, as("demo")).Want(t, 204)
		s.Do("GET /v2.1/servers/detail", as("demo"), at(71)).Want(t, 200, lacks("servers/0/server_groups"))
		left := s.Do("GET /v2.1/servers", as("demo")).Want(t, 200).String("servers/0/id")
		s.Do("GET /v2.1/servers/"+left, as("demo"), at(71)).Want(t, 200, has("server/server_groups", []any{}))
	}, func(_ *api.Options, o *compute.Options) { o.Quota = nova.Quota{nova.QuotaServerGroupMembers: 2} })
}

func TestSamples_ServerGroups(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		id := s.Do(group("test", "anti-affinity"), as("demo"), at(64)).Want(t, 200).String("server_group/id")
		var samples []sample
		for _, c := range []struct {
			folder string
			minor  int
			body   string
		}{
			{"os-server-groups/", 1, `"policies": ["anti-affinity"]`},
			{"os-server-groups/v2.13/", 13, `"policies": ["anti-affinity"]`},
			{"os-server-groups/v2.64/", 64, `"policy": "anti-affinity", "rules": {"max_server_per_host": 3}`},
		} {
			samples = append(samples,
				sample{c.folder + "server-groups-post-resp.json", `POST /v2.1/os-server-groups {"server_group": {"name": "test", ` + c.body + `}}`, c.minor, 200, []string{"rules"}},
				sample{c.folder + "server-groups-get-resp.json", "GET /v2.1/os-server-groups/" + id, c.minor, 200, []string{"rules"}},
				sample{c.folder + "server-groups-list-resp.json", "GET /v2.1/os-server-groups?all_projects=1&limit=1", c.minor, 200, []string{"rules"}})
		}
		s.conform(t, samples)
	})
}
