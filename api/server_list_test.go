package api_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// fleet boots servers that differ in everything that lists are filtered and
// sorted by, oldest first: web, db, cache, gone (deleted), and foreign, which
// is another project's.
func (s *cloudSite) fleet() map[string]string {
	s.t.Helper()
	ids := map[string]string{
		"web":     s.boot("web", `, "tags": ["front", "prod"], "description": "the site", "hostname": "www", "availability_zone": "nova"`),
		"db":      s.boot("db", `, "tags": ["prod"], "flavorRef": "2", "config_drive": true, "accessIPv4": "192.0.2.7", "OS-DCF:diskConfig": "AUTO"`),
		"cache":   s.boot("cache", `, "networks": [{"uuid": "`+private+`"}], "user_data": "aGk="`),
		"gone":    s.boot("gone", ""),
		"foreign": s.boot("foreign", "", as("alt")),
	}
	s.act(ids["db"], `{"lock": {"locked_reason": "moving"}}`, at(73)).Want(s.t, 202)
	s.act(ids["cache"], `{"os-stop": null}`).Want(s.t, 202)
	s.Do("DELETE /v2.1/servers/"+ids["gone"], as("demo")).Want(s.t, 204)
	s.work()
	return ids
}

// A list that the database works on for too long is given up, and nothing else.
func TestLists_TakeTooLong(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := newSite(t, dbtest.Open(t, connection, func(o *rows.Options) { o.ListTimeout = 1 }))
		s.flavors()
		for _, path := range []string{"servers", "servers/detail?name=.", "flavors", "flavors/detail"} {
			s.Do("GET /v2.1/"+path).Want(t, 503,
				fault("serviceUnavailable", "The list takes too long: ask for less at a time, or filter it by something simpler."))
		}
		s.Do("GET /v2.1/flavors/1").Want(t, 200)
	})
}

// Both databases refuse the same patterns, in the words that Nova has for them.
func TestServers_Patterns(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		long, large := strings.Repeat("a", 5000), strings.Repeat("x{1000}", 500)
		for text, status := range map[string]int{
			`(a)(b)(c)(d)(e)(f)(g)(h)(i)\10`: 400, `\pL`: 400, `\x{61}`: 400, `\Qa\E`: 400, "(?=a)": 400, "[": 400, long: 400, large: 400,
			"(?P<n>a)": 200, "x{1000}": 200, "a|b": 200, "[[:alpha:]]": 200, `\bweb\b`: 200,
		} {
			check := func(*reply) error { return nil }
			if status == 400 {
				check = fault("badRequest", "Invalid input for query parameters name. Value: "+text+". '"+strings.ReplaceAll(text, `\`, `\\`)+"' is not a 'regex'")
			}
			for _, minor := range []int{0, 1, 104} {
				s.Do("GET /v2.1/servers?name="+url.QueryEscape(text), at(minor)).Want(t, status, check)
			}
		}
	})
}

func TestServers_Filters(t *testing.T) {
	t.Parallel()
	const everything = "cache db web"
	const notDate = "changes-since=bad"
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		ids := s.fleet()
		for _, c := range []struct {
			caller string
			minor  int // 0 is the legacy API
			query  string
			want   string // names, or the fault
		}{
			{"demo", 1, "", everything},
			{"reader", 1, "", everything},
			{"alt", 1, "", "foreign"},
			{"admin", 1, "", ""},
			{"demo", 1, "name=^w", "web"},
			{"demo", 1, "name=B$", "db web"},
			{"demo", 1, "name=b&name=c", "cache"},
			{"demo", 1, "flavor=2&flavor=nope", ""},
			{"demo", 1, "changes-since=2099-01-01T00:00:00Z&changes-since=2020-01-01T00:00:00Z&name=w", "web"},
			{"demo", 1, "all_tenants=1&all_tenants=0", everything},
			{"demo", 1, "name=[", "400 Invalid input for query parameters name. Value: [. '[' is not a 'regex'"},
			{"demo", 1, "display_name=db", everything},
			{"demo", 1, "status=active", "db web"},
			{"demo", 1, "status=ACTIVE&status=SHUTOFF", everything},
			{"demo", 1, "status=REBOOT", ""},
			{"demo", 37, "status=bogus", ""},
			{"demo", 38, "status=bogus", "400 Invalid status value"},
			{"demo", 38, "status=", "400 Invalid status value"},
			{"demo", 1, "status=DELETED", "403 Only administrators may list deleted instances"},
			{"demo", 1, "status=DELETED&status=deleted", "403 Only administrators may list deleted instances"},
			{"demo", 1, "status=DELETED&status=ACTIVE", "db web"},
			{"admin", 1, "all_tenants=1&status=DELETED&status=ACTIVE", "foreign db web"},
			{"demo", 1, "image=" + cirros, everything},
			{"demo", 1, "image=other", ""},
			{"demo", 1, "flavor=2", "db"},
			{"demo", 1, "flavor=nope", ""},
			{"demo", 1, "ip=10.0", "cache"},
			{"demo", 1, "ip=0.0", ""},
			{"demo", 4, "ip6=10", everything},
			{"demo", 5, "ip6=10", "cache"},
			{"demo", 1, "reservation_id=^r-", everything},
			{"demo", 1, notDate, "400 Invalid input for query parameters changes-since. Value: bad. 'bad' is not a 'date-time'"},
			{"demo", 1, "changes-since=2020-01-01T00:00:00Z", "gone cache db web"},
			{"demo", 1, "changes-since=2099-01-01T00:00:00Z", ""},
			{"demo", 65, "changes-before=2020-01-01T00:00:00Z", everything},
			{"demo", 66, "changes-before=2020-01-01T00:00:00Z", ""},
			{"demo", 66, "changes-before=2099-01-01T00:00:00Z", "gone cache db web"},
			{
				"demo", 66, "changes-since=2021-01-01T00:00:00Z&changes-before=2020-01-01T00:00:00Z",
				"400 The value of changes-since must be less than or equal to changes-before.",
			},
			{"demo", 1, "all_tenants=0", everything},
			{"demo", 1, "all_tenants=1", "403 Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed."},
			{"demo", 1, "all_tenants=bad", "400 Unrecognized value 'bad', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'"},
			{"demo", 25, "tags=prod", everything},
			{"demo", 26, "tags=prod", "db web"},
			{"demo", 26, "tags=prod,front", "web"},
			{"demo", 26, "tags-any=front,none", "web"},
			{"demo", 26, "not-tags=prod,front", "cache db"},
			{"demo", 26, "not-tags-any=prod,front", "cache"},
			{"demo", 72, "locked=true", everything},
			{"demo", 73, "locked=true", "db"},
			{"demo", 73, "locked=no", "cache web"},
			{"demo", 73, "locked=", "400 Unrecognized value '', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'"},
			{"demo", 82, "vm_state=stopped", everything},
			{"demo", 83, "vm_state=stopped", "cache"},
			{"demo", 83, "vm_state=stopped&status=ACTIVE", "db web"},
			{"demo", 83, "task_state=pausing&status=ACTIVE", ""},
			{"demo", 83, "availability_zone=^nova$", everything},
			{"demo", 83, "config_drive=True", "db"},
			{"demo", 83, "key_name=.", ""},
			{"demo", 83, "power_state=4", "cache"},
			{"demo", 83, "task_state=", ""},
			{"demo", 83, "user_id=demo-user", everything},
			{"demo", 83, "launched_at=20", everything},
			{"demo", 83, "terminated_at=20", ""},
			{"demo", 89, "hostname=www", everything},
			{"demo", 90, "hostname=www", "web"},
			{"demo", 1, "host=nowhere", everything},
			{"demo", 1, "deleted=1", everything},
			{"demo", 1, "project_id=" + altProject, everything},
			{"demo", 74, "foo=1", everything},
			{"demo", 75, "foo=1", "400 'foo' does not match any of the regexes: '^_'"},
			{"demo", 75, "_x=1", everything},
			{"demo", 0, "foo=1", everything},
			{"demo", 0, "sort_key=foo", ""},
			{"demo", 0, "sort_key=%20display_name&sort_dir=asc%20", "cache db web"},
			{"demo", 0, "limit=%201", "cache"},
			{"demo", 0, "locked=true", everything},
			{"admin", 0, "all_tenants=1&locked=true", "db"},
			{"admin", 0, "all_tenants=1&locked=x", "400 Unrecognized value 'x', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'"},
			{"demo", 0, "name=[", "400 Invalid input for query parameters name. Value: [. '[' is not a 'regex'"},
			{"demo", 0, notDate, "400 Invalid filter field: changes-since."},
			{"demo", 0, "changes-before=2020-01-01T00:00:00Z", everything},
			{"demo", 0, "limit=", "400 Invalid input received: limit must be an integer"},
			{"demo", 0, "limit=-1", "400 Invalid input received: limit must be >= 0"},
			{"demo", 0, "limit=x", "400 Invalid input received: limit must be an integer"},
			{"admin", 1, "all_tenants=1", "foreign cache db web"},
			{"admin", 1, "all_tenants=", "foreign cache db web"},
			{"admin", 1, "tenant_id=" + altProject, ""},
			{"admin", 1, "all_tenants=1&tenant_id=" + altProject, "foreign"},
			{"admin", 1, "all_tenants=1&project_id=" + altProject, "foreign"},
			{"admin", 1, "all_tenants=1&tenant_id=" + adminProject + "&project_id=" + altProject, "foreign"},
			{"admin", 1, "all_tenants=1&display_name=e", "foreign cache web"},
			{"admin", 1, "all_tenants=1&deleted=true", "gone"},
			{"admin", 1, "all_tenants=1&deleted=bad", "foreign cache db web"},
			{"admin", 1, "all_tenants=1&status=DELETED", "gone"},
			{"admin", 1, "all_tenants=1&uuid=" + ids["web"], "web"},
			{"admin", 1, "all_tenants=1&host=nowhere", ""},
			{"admin", 1, "all_tenants=1&node=fake-", "foreign cache db web"},
			{"admin", 1, "all_tenants=1&locked_by=owner", "db"},
			{"admin", 1, "all_tenants=1&locked_by=.*", "db"},
			{"admin", 1, "all_tenants=1&launch_index=1", ""},
			{"admin", 1, "all_tenants=1&root_device_name=vda", "foreign cache db web"},
			{"admin", 1, "all_tenants=1&access_ip_v4=192", "db"},
			{"admin", 1, "all_tenants=1&auto_disk_config=1", "db"},
			{"admin", 1, "all_tenants=1&display_description=site", "web"},
			{"admin", 1, "all_tenants=1&description=nothing", "foreign cache db web"},
			{"admin", 1, "all_tenants=1&metadata=x", "400 Invalid filter field: metadata."},
			{"admin", 1, "all_tenants=1&_x=1", "400 Invalid filter field: _x."},
		} {
			root := "/v2.1"
			if c.minor == 0 {
				root = "/v2"
			}
			r := s.Do("GET "+root+"/servers?"+encoded(c.query), as(c.caller), at(c.minor))
			if got := namesOrFault(r); got != c.want {
				t.Errorf("%s at 2.%d: ?%s: %q, want %q", c.caller, c.minor, c.query, got, c.want)
			}
		}
	})
}

// TestServers_Deleted lists a server that is gone: what was attached to it has
// gone with it, but its host is still shown.
func TestServers_Deleted(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", `, "tags": ["a"], "metadata": {"k": "v"}, "networks": [{"uuid": "`+private+`"}]`)
		s.Do("GET /v2.1/servers/"+id, at(26)).Want(t, 200, has("server/host_status", "UP"), has("server/security_groups/0/name", "default"))
		s.Do("DELETE /v2.1/servers/"+id, as("demo")).Want(t, 204)
		s.work()
		for _, query := range []string{"deleted=true", "status=DELETED", "changes-since=2020-01-01T00:00:00Z"} {
			s.Do("GET /v2.1/servers/detail?all_tenants=1&"+query, at(26)).Want(t, 200, listed("servers", "id", id),
				has("servers/0/status", "DELETED"), has("servers/0/metadata", map[string]any{}), has("servers/0/tags", []any{}),
				has("servers/0/addresses", map[string]any{}), has("servers/0/host_status", ""), has("servers/0/OS-EXT-AZ:availability_zone", "nova"),
				lacks("servers/0/security_groups"))
		}
		s.Do("GET /v2.1/servers?all_tenants=1&deleted=true&tags=a", at(26)).Want(t, 200, listed("servers", "id"))
	})
}

// TestServers_SoftDeleted lists servers that can be restored: they count as deleted.
func TestServers_SoftDeleted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		began, now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2026, 1, 2, 3, 5, 5, 0, time.UTC)
		for i, server := range []nova.Server{
			{Name: "kept", VMState: nova.Active},
			{Name: "soft", VMState: nova.SoftDeleted},
			{Name: "hard", VMState: nova.Deleted, DeletedAt: &now},
			{Name: "busy", VMState: nova.Active, TaskState: nova.Rebooting},
		} {
			server.ID, server.ProjectID, server.CreatedAt = usageID(strconv.Itoa(i)), demoProject, began.Add(time.Duration(i)*time.Second)
			_, err := s.store.CreateServer(t.Context(), server)
			must(t, err)
		}
		for _, c := range []struct{ caller, query, want string }{
			{"demo", "", "busy kept"},
			{"demo", "soft_deleted=1", "busy kept"},
			{"demo", "status=SOFT_DELETED", ""},
			{"demo", "changes-since=2020-01-01T00:00:00Z", "busy hard soft kept"},
			{"demo", "changes-since=2020-01-01T00:00:00Z&status=SOFT_DELETED", "soft"},
			{"demo", "vm_state=soft-delete", ""},
			{"demo", "task_state=pausing&status=REBOOT", "busy"},
			{"admin", "all_tenants=1", "busy kept"},
			{"admin", "all_tenants=1&soft_deleted=1", "busy soft kept"},
			{"admin", "all_tenants=1&soft_deleted=false", "busy soft kept"},
			{"admin", "all_tenants=1&soft_deleted=", "busy kept"},
			{"admin", "all_tenants=1&status=SOFT_DELETED", ""},
			{"admin", "all_tenants=1&status=SOFT_DELETED&soft_deleted=1", "soft"},
			{"admin", "all_tenants=1&deleted=1", "hard soft"},
			{"admin", "all_tenants=1&deleted=1&soft_deleted=1", "hard soft"},
			{"admin", "all_tenants=1&deleted=1&soft_deleted=", "hard"},
			{"admin", "all_tenants=1&deleted=1&status=SOFT_DELETED", "soft"},
			{"admin", "all_tenants=1&status=DELETED", "hard"},
		} {
			if got := namesOrFault(s.Do("GET /v2.1/servers?"+c.query, as(c.caller), at(83))); got != c.want {
				t.Errorf("%s: ?%s: %q, want %q", c.caller, c.query, got, c.want)
			}
		}
	})
}

func encoded(query string) string {
	return strings.NewReplacer("^", "%5E", "[", "%5B", "$", "%24").Replace(query)
}

// namesOrFault is what a list found, in short.
func namesOrFault(r *reply) string {
	if r.status != 200 {
		for _, body := range r.JSON().(map[string]any) {
			return fmt.Sprintf("%d %s", r.status, body.(map[string]any)["message"])
		}
	}
	var names []string
	for i := range r.Len("servers") {
		names = append(names, r.String(fmt.Sprintf("servers/%d/name", i)))
	}
	return strings.Join(names, " ")
}

func TestServers_Sort(t *testing.T) {
	t.Parallel()
	const unknown = "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'"
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		s.fleet()
		for _, c := range []struct {
			caller string
			minor  int
			query  string
			want   string
		}{
			{"demo", 1, "sort_dir=asc", "web db cache"},
			{"demo", 1, "sort_key=display_name&sort_dir=asc", "cache db web"},
			{"demo", 1, "sort_key=display_name", "web db cache"},
			{"demo", 1, "sort_key=vm_state&sort_key=display_name&sort_dir=desc&sort_dir=asc", "cache db web"},
			{"demo", 1, "sort_key=vm_state&sort_key=display_name&sort_dir=asc", "db web cache"},
			{"demo", 1, "sort_key=vm_state&sort_dir=asc", "web db cache"},
			{"demo", 1, "sort_dir=up", "400 " + unknown},
			{"demo", 1, "sort_key=display_name&sort_dir=up", "400 " + unknown},
			{"demo", 1, "sort_key=display_name&sort_dir=asc&sort_dir=asc", "400 Invalid input received: Sort direction size exceeds sort key size"},
			{"demo", 1, "sort_key=host", "403 Only administrators can sort servers by host"},
			{"admin", 1, "all_tenants=1&sort_key=host&sort_key=display_name&sort_dir=asc&limit=0", ""},
			{"demo", 72, "sort_key=locked&sort_dir=asc", "cache db web"},
			{"demo", 73, "sort_key=locked&sort_dir=desc", "db cache web"},
			{"demo", 74, "sort_key=vcpus&sort_dir=asc", "cache db web"},
			{"demo", 74, "sort_key=vcpus&sort_key=display_name&sort_dir=desc&sort_dir=asc", "cache db web"},
			{"demo", 74, "sort_key=vcpus&sort_dir=up", "cache db web"},
		} {
			r := s.Do("GET /v2.1/servers?"+c.query, as(c.caller), at(c.minor))
			if got := namesOrFault(r); got != c.want {
				t.Errorf("%s at 2.%d: ?%s: %q, want %q", c.caller, c.minor, c.query, got, c.want)
			}
		}
		for _, key := range []string{"vcpus", "foo"} {
			s.Do("GET /v2.1/servers?sort_key="+key, at(75)).Want(t, 400)
		}
	})
}

// TestServers_Pages follows the links from page to page, in every order that
// there is: together the pages are the whole list.
func TestServers_Pages(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		ids := s.fleet()
		for _, query := range []string{
			"", "sort_key=display_name&sort_dir=asc", "sort_key=vm_state&sort_key=display_name&sort_dir=desc&sort_dir=asc",
			"sort_key=availability_zone", "sort_key=launched_at&sort_dir=asc", "sort_key=terminated_at", "sort_key=key_name",
			"sort_key=updated_at", "sort_key=uuid&sort_dir=asc", "sort_key=config_drive", "sort_key=locked", "status=ACTIVE&sort_key=project_id",
		} {
			whole := namesOrFault(s.Do("GET /v2.1/servers?"+query, as("demo"), at(74)))
			var pages []string
			path := "/v2.1/servers?limit=1&" + query
			for range 10 {
				r := s.Do("GET "+path, as("demo"), at(74)).Want(t, 200)
				if r.Len("servers") == 0 {
					break
				}
				pages = append(pages, namesOrFault(r))
				next, err := url.Parse(r.String("servers_links/0/href"))
				must(t, err)
				path = next.RequestURI()
			}
			if got := strings.Join(pages, " "); got != whole {
				t.Errorf("?%s: pages %q, want %q", query, got, whole)
			}
		}
		s.Do("GET /v2.1/servers?limit=3", as("demo")).Want(t, 200, has("servers_links/0/rel", "next"))
		s.Do("GET /v2.1/servers?limit=4", as("demo")).Want(t, 200, lacks("servers_links"))
		s.Do("GET /v2.1/servers?limit=0", as("demo")).Want(t, 200, whole(`{"servers": []}`))
		s.Do("GET /v2.1/servers?limit=-1", as("demo")).Want(t, 400)
		s.Do("GET /v2.1/servers/detail?limit=1&name=.&foo=1&status=active", as("demo"), at(74)).Want(t, 200, has("servers_links", []any{map[string]any{
			"rel": "next", "href": "http://nova.example/v2.1/servers/detail?limit=1&name=.&status=active&marker=" + ids["db"],
		}}))
		s.Do("GET /v2.1/"+demoProject+"/servers?limit=1", as("demo")).Want(t, 200,
			has("servers_links/0/href", "http://nova.example/v2.1/"+demoProject+"/servers?limit=1&marker="+ids["cache"]))
		s.Do("GET /v2.1/servers?marker="+ids["gone"], as("demo")).Want(t, 200, listed("servers", "name", "cache", "db", "web"))
		s.Do("GET /v2.1/servers?sort_dir=asc&marker="+ids["foreign"], as("demo")).Want(t, 200, whole(`{"servers": []}`)) // a place in the order like any other
		s.Do("GET /v2.1/servers?limit=1&status=ACTIVE&status=SHUTOFF", as("demo")).Want(t, 200,
			has("servers_links/0/href", "http://nova.example/v2.1/servers?limit=1&status=SHUTOFF&marker="+ids["cache"]))
		for _, marker := range []string{"bad", nobodyID} {
			s.Do("GET /v2.1/servers?marker="+marker, as("demo")).Want(t, 400, fault("badRequest", "marker ["+marker+"] not found"))
		}
	})
}

// TestServers_MaxLimit holds pages to the site's limit.
func TestServers_MaxLimit(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		s.begin("a", "")
		s.begin("b", "")
		s.begin("c", "")
		s.Do("GET /v2.1/servers", as("demo")).Want(t, 200, listed("servers", "name", "c", "b"), has("servers_links/0/rel", "next"))
		s.Do("GET /v2.1/servers?limit=3", as("demo")).Want(t, 200, listed("servers", "name", "c", "b"), has("servers_links/0/rel", "next"))
	}, func(o *api.Options, _ *compute.Options) { o.Site.MaxLimit = 2 })
}

// TestServers_Statements counts what a page costs: one query for the servers
// and a constant number for what belongs to them, whatever its size.
func TestServers_Statements(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.begin("first", `, "tags": ["a"]`)
		for _, c := range []struct {
			who, path string
			most      int64
		}{
			{"demo", "/v2.1/servers", 1},
			{"demo", "/v2.1/servers/detail", 1},
			{"admin", "/v2.1/servers/detail?all_tenants=1", 2}, // hosts are for administrators
			{"demo", "/v2.1/servers?limit=50&marker=" + id, 2},
			{"demo", "/v2.1/servers/" + id, 1},
			{"admin", "/v2.1/servers/" + id, 2},
			{"demo", "/v2.1/servers/" + id + "/metadata", 1},
			{"demo", "/v2.1/flavors/detail", 1},
		} {
			before := s.statements.Load()
			s.Do("GET "+c.path, as(c.who), at(104)).Want(t, 200)
			few := s.statements.Load() - before
			for i := range 5 {
				s.begin(fmt.Sprint("more", i), `, "tags": ["a"]`)
			}
			before = s.statements.Load()
			s.Do("GET "+c.path, as(c.who), at(104)).Want(t, 200)
			if many := s.statements.Load() - before; many != few || many > c.most {
				t.Errorf("GET %s: %d statements, then %d, want no more than %d", c.path, few, many, c.most)
			}
		}
	}, func(_ *api.Options, o *compute.Options) { o.Quota = nova.Quota{} })
}
