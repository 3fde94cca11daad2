package network_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/networkdb"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		w := httptest.NewRecorder()
		c.service.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"href":"http://cloud/networking/v2.0/"`) {
			t.Errorf("versions: %d %s", w.Code, w.Body)
		}
		c.steps(
			step{"demo", "GET ", "", 200, `"collection":"networks"`},
			step{"demo", "GET /", "", 200, `"collection":"networks"`},
			step{"", "GET /networks", "", 401, "requires authentication"},
			step{"unscoped", "GET /networks", "", 403, "PolicyNotAuthorized"},
			step{"demo", "GET /nothing", "", 404, "HTTPNotFound"},
			step{"demo", "PATCH /networks/" + privateID, "{}", 405, "HTTPMethodNotAllowed"},
			step{"demo", "GET /extensions", "", 200, `"alias":"security-group"`},
			step{"demo", "GET /extensions/router", "", 200, `"alias":"router"`},
			step{"demo", "GET /extensions/zz", "", 404, "Extension with alias zz does not exist"},
		)
	})
}

func TestSeed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.Store) {
		s := networkdb.New(d.DB)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() { newCloud(t, s) })
		}
		group.Wait()
		c := newCloud(t, s)
		if got := c.do("admin", "GET /networks?sort_key=name&sort_dir=asc", "").values("networks", "name"); got != "private public" {
			t.Errorf("networks: %s", got)
		}
		c.steps(
			step{"demo", "GET /subnets", "", 200, `"allocation_pools":[{"start":"10.0.0.2","end":"10.0.255.254"}]`},
			step{"admin", "GET /subnets?name=public-subnet", "", 200, `"gateway_ip":"172.24.4.1"`},
		)
	})
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", "network", `{"name":"n1"}`)
		one := "/networks/" + id
		c.steps(
			step{"demo", "GET " + one, "", 200, `"tenant_id":"p-demo"`},
			step{"demo", "GET " + one, "", 200, `"status":"ACTIVE"`},
			step{"admin", "GET " + one, "", 200, `"provider:network_type":"vxlan"`},
			step{"alt", "GET " + one, "", 404, `"type":"NetworkNotFound"`},
			step{"alt", "PUT " + one, `{"network":{"name":"z"}}`, 404, "NetworkNotFound"},
			step{"alt", "DELETE " + one, "", 404, "NetworkNotFound"},
			step{"demo", "GET /networks/nope", "", 404, "Network nope could not be found."},
			step{"demo", "PUT " + one, `{"network":{"name":"n2","description":"d"}}`, 200, `"revision_number":1`},
			step{"demo", "PUT " + one, `{"network":{}}`, 200, `"name":"n2"`},
			step{"demo", "PUT " + one, `{"network":{"shared":true}}`, 403, "(rule:update_network and rule:update_network:shared) is disallowed by policy"},
			step{"demo", "PUT " + one, `{"network":{"id":"q"}}`, 400, "Cannot update read-only attribute id"},
			step{"demo", "PUT " + one, `{"network":{"tenant_id":"z"}}`, 400, "Specifying 'project_id' or 'tenant_id'"},
			step{"demo", "PUT " + one, `{"network":{"shared":false}}`, 403, "(rule:update_network and rule:update_network:shared) is disallowed by policy"},
			step{"demo", "POST /networks", `{"network":{"shared":false,"router:external":"False","is_default":0}}`, 201, `"shared":false`},
			step{"demo", "POST /networks", `{"network":{"shared":true}}`, 403, "(rule:create_network and rule:create_network:shared) is disallowed by policy"},
			step{"demo", "POST /networks", `{`, 400, "Body contains invalid data"},
			step{"demo", "POST /networks", `{}`, 400, "Unable to find 'network' in request body"},
			step{"demo", "POST /networks", `{"network":[]}`, 400, "Object 'network' contains invalid data"},
			step{"demo", "POST /networks", `{"network":{"foo":1}}`, 400, "Unrecognized attribute(s) 'foo'"},
			step{"demo", "POST /networks", `{"network":{"name":3}}`, 400, "Invalid input for name. Reason: '3' is not a valid string."},
			step{"demo", "POST /networks", `{"network":{"name":"` + strings.Repeat("x", 256) + `"}}`, 400, "exceeds maximum length of 255."},
			step{"demo", "POST /networks", `{"network":{"name":"a\u0000b"}}`, 400, "Body contains invalid data"},
			step{"demo", "GET /networks/%FF", "", 404, ""},
			step{"demo", "POST /networks", `{"network":{"shared":true}}`, 403, "rule:create_network:shared"},
			step{"demo", "POST /networks", `{"network":{"tenant_id":"p-alt"}}`, 400, "Specifying 'project_id' or 'tenant_id'"},
			step{"demo", "POST /networks", `{"network":{"status":"DOWN"}}`, 400, "Attribute 'status' not allowed in POST"},
			step{"demo", "POST /networks", `{"network":{"admin_state_up":"zz"}}`, 400, "'zz' cannot be converted to boolean."},
			step{"demo", "POST /networks", `{"network":{"mtu":-5}}`, 400, "Invalid input for mtu. Reason: '-5' should be non-negative."},
			step{"reader", "POST /networks", `{"network":{}}`, 403, "rule:create_network is disallowed by policy"},
			step{"demo", "PUT /networks/" + privateID, `{"network":{"name":"z"}}`, 403, "rule:update_network is disallowed by policy"},
			step{"demo", "DELETE /networks/" + privateID, "", 403, "rule:delete_network is disallowed by policy"},
			step{"admin", "POST /networks", `{"network":{"tenant_id":"p-alt","name":"for-alt"}}`, 201, `"project_id":"p-alt"`},
			step{"demo", "POST /networks", `{"networks":[{"name":"b1"},{"name":"b2"}]}`, 201, `"name":"b2"`},
			step{"demo", "POST /networks", `{"networks":[{"name":"b3"},{"shared":true}]}`, 403, ""},
			step{"demo", "GET /networks?name=b3", "", 200, `{"networks":[]}`},
			step{"demo", "DELETE " + one, "", 204, ""},
			step{"demo", "GET " + one, "", 404, ""},
		)
	})
}

func TestNetworks_List(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		c.make("demo", "network", `{"name":"mine"}`)
		c.make("demo", "network", `{"name":"down","admin_state_up":false,"mtu":9000}`)
		c.make("alt", "network", `{"name":"theirs"}`)
		for query, names := range map[string]string{
			"":                              "down mine private public",
			"name=mine":                     "mine",
			"name=mine&name=private":        "mine private",
			"shared=True":                   "private",
			"shared=0":                      "down mine public",
			"router:external=true":          "public",
			"tenant_id=p-demo&shared=False": "down mine",
			"admin_state_up=False":          "down",
			"mtu=9000":                      "down",
			"id=" + privateID:               "private",
			"status=ACTIVE&name=mine":       "mine",
			"status=DOWN":                   "",
			"tags=x":                        "",
		} {
			got := c.want(200, "", "demo", "GET /networks?sort_key=name&sort_dir=asc&"+query, "").values("networks", "name")
			if got != names {
				t.Errorf("%s: got %q, want %q", query, got, names)
			}
		}
		for query, part := range map[string]string{
			"limit=x":                              "Bad limit request: Limit must be an integer 0 or greater and not 'x'.",
			"name=%00":                             "not well-formed text",
			"id=x" + strings.Repeat("&id=x", 1000): "More than 1000 values of 'id' are asked for.",
			"foo=bar":                              "['foo'] is invalid attribute for filtering",
			"shared=zz":                            "'zz' cannot be converted to boolean.",
			"sort_key=name":                        "The number of sort_keys and sort_dirs must be same",
			"sort_key=zz&sort_dir=asc":             "is invalid attribute for sort_keys",
			"sort_key=id&sort_dir=zz":              "['zz'] is invalid value for sort_dirs",
		} {
			c.want(400, part, "demo", "GET /networks?"+query, "")
		}
		c.want(404, "Network zz could not be found.", "demo", "GET /networks?marker=zz", "")
		if got := c.do("demo", "GET /networks?fields=id&fields=name&name=private", "").text; got != `{"networks":[{"id":"`+privateID+`","name":"private"}]}` {
			t.Errorf("fields: %s", got)
		}
	})
}

func TestNetworks_Pages(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		seen := []string{}
		for path := "/networks?limit=1&sort_key=name&sort_dir=desc"; path != ""; {
			page := c.want(200, "", "demo", "GET "+path, "")
			seen = append(seen, page.values("networks", "name"))
			path = nextPage(page, "networks")
		}
		if got := strings.Join(seen, "|"); got != "public|private|" {
			t.Errorf("pages: %s", got)
		}
	})
}

// nextPage gives the path that the link to the next page of a list leads to.
func nextPage(page reply, plural string) string {
	links, _ := page.body[plural+"_links"].([]any)
	if len(links) == 0 {
		return ""
	}
	href, _ := links[0].(map[string]any)["href"].(string)
	return strings.TrimPrefix(href, "http://cloud/networking/v2.0")
}

// TestStatus_SortsLists sorts by a status that is no column, as Skyline does,
// and reads one by one.
func TestStatus_SortsLists(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		n := c.make("demo", "network", `{}`)
		s := c.make("demo", "subnet", `{"network_id":"`+n+`","ip_version":4,"cidr":"10.30.0.0/24"}`)
		port := c.make("demo", "port", `{"network_id":"`+n+`"}`)
		router := c.make("demo", "router", `{"external_gateway_info":{"network_id":"`+publicID+`"}}`)
		c.want(200, "", "demo", "PUT /routers/"+router+"/add_router_interface", `{"subnet_id":"`+s+`"}`)
		c.make("demo", "floatingip", `{"floating_network_id":"`+publicID+`","port_id":"`+port+`"}`)
		c.make("demo", "floatingip", `{"floating_network_id":"`+publicID+`"}`)
		for plural, want := range map[string]string{
			"networks": "ACTIVE|ACTIVE|ACTIVE", "routers": "ACTIVE", "floatingips": "DOWN|ACTIVE", "ports": "DOWN|ACTIVE",
		} {
			var seen []string
			for path := "/" + plural + "?limit=1&sort_key=status&sort_dir=desc"; path != ""; {
				page := c.want(200, "", "demo", "GET "+path, "")
				seen = append(seen, page.values(plural, "status"))
				path = nextPage(page, plural)
			}
			if got := strings.TrimRight(strings.Join(seen, "|"), "|"); got != want {
				t.Errorf("%s: got %q, want %q", plural, got, want)
			}
		}
		c.want(400, "['status'] is invalid attribute for filtering", "demo", "GET /routers?status=ACTIVE", "")
	})
}

func TestSubnets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		n := c.make("demo", "network", `{}`)
		on := func(rest string) string { return `{"subnet":{"network_id":"` + n + `"` + rest + `}}` }
		id := c.make("demo", "subnet", `{"network_id":"`+n+`","ip_version":4,"cidr":"10.9.0.5/29","name":"s1"}`)
		c.steps(
			step{"demo", "GET /subnets/" + id, "", 200, `"cidr":"10.9.0.0/29"`},
			step{"demo", "GET /subnets/" + id, "", 200, `"allocation_pools":[{"start":"10.9.0.2","end":"10.9.0.6"}]`},
			step{"demo", "GET /networks/" + n, "", 200, `"subnets":["` + id + `"]`},
			step{"alt", "GET /subnets/" + id, "", 404, "SubnetNotFound"},
			step{"demo", "POST /subnets", `{"subnet":{}}`, 400, "Required attribute 'network_id' not specified"},
			step{"demo", "POST /subnets", on(`,"cidr":"10.9.1.0/24"`), 400, "Required attribute 'ip_version' not specified"},
			step{"demo", "POST /subnets", on(`,"ip_version":4`), 400, "a subnetpool must be specified in the absence of a cidr."},
			step{"demo", "POST /subnets", on(`,"ip_version":4,"cidr":"zz"`), 400, "zz is not in a CIDR format."},
			step{"demo", "POST /subnets", on(`,"ip_version":5,"cidr":"10.9.1.0/24"`), 400, "5 is not in valid_values."},
			step{"demo", "POST /subnets", on(`,"ip_version":6,"cidr":"10.9.1.0/24"`), 400, "does not match the ip_version '6'."},
			step{"demo", "POST /subnets", `{"subnet":{"network_id":"` + unknown + `","ip_version":4,"cidr":"10.9.1.0/24"}}`, 404, "NetworkNotFound"},
			step{"demo", "POST /subnets", `{"subnet":{"network_id":"` + privateID + `","ip_version":4,"cidr":"10.9.1.0/24"}}`, 403, "PolicyNotAuthorized"},
			step{"demo", "POST /subnets", on(`,"ip_version":4,"cidr":"10.9.0.0/28"`), 400, "overlaps with another subnet."},
			step{"demo", "POST /subnets", on(`,"ip_version":4,"cidr":"10.10.0.0/28","gateway_ip":"10.10.0.0"`), 400, "Gateway is not valid on subnet."},
			step{"demo", "POST /subnets", on(`,"ip_version":4,"cidr":"10.10.0.0/28","allocation_pools":[{"start":"10.11.0.1","end":"10.11.0.4"}]`), 400, "OutOfBoundsAllocationPool"},
			step{"demo", "POST /subnets", on(`,"ip_version":4,"cidr":"10.10.0.0/28","allocation_pools":[{"start":"10.10.0.4","end":"10.10.0.2"}]`), 400, "InvalidAllocationPool"},
			step{"demo", "POST /subnets", on(`,"ip_version":4,"cidr":"10.10.0.0/28","allocation_pools":[{"start":"10.10.0.4","end":"10.10.0.8"},{"start":"10.10.0.2","end":"10.10.0.4"}]`), 409, "OverlappingAllocationPools"},
			step{"demo", "POST /subnets", on(`,"ip_version":4,"cidr":"10.10.0.0/28","gateway_ip":"10.10.0.3","allocation_pools":[{"start":"10.10.0.2","end":"10.10.0.5"}]`), 409, "GatewayConflictWithAllocationPools"},
			step{"demo", "POST /subnets", on(`,"ip_version":4,"cidr":"10.10.0.0/31"`), 400, "incompatible with DHCP service enabled."},
			step{"demo", "POST /subnets", on(`,"ip_version":4,"cidr":"0.0.0.0/0"`), 400, "First IP '0.0.0.0' of network is not supported"},
			step{"demo", "POST /subnets", on(`,"ip_version":4,"cidr":"10.14.0.0/28","dns_nameservers":["zz"]`), 400, "'zz' is not a valid nameserver."},
			step{"demo", "POST /subnets", on(`,"ip_version":4,"cidr":"10.13.0.0/28","gateway_ip":"10.13.0.5","host_routes":[{"destination":"10.0.0.0/8","nexthop":"10.13.0.6"}]`), 201, `"allocation_pools":[{"start":"10.13.0.1","end":"10.13.0.4"},{"start":"10.13.0.6","end":"10.13.0.14"}]`},
			step{"demo", "POST /subnets", on(`,"ip_version":6,"cidr":"fd00:1::/64"`), 201, `"allocation_pools":[{"start":"fd00:1::1","end":"fd00:1::ffff:ffff:ffff:ffff"}]`},
			step{"demo", "POST /subnets", on(`,"ip_version":4,"cidr":"10.15.0.0/28","gateway_ip":null`), 201, `"gateway_ip":null`},
			step{"demo", "PUT /subnets/" + id, `{"subnet":{"gateway_ip":"10.9.0.2"}}`, 409, "GatewayConflictWithAllocationPools"},
			step{"demo", "PUT /subnets/" + id, `{"subnet":{"cidr":"1.1.1.0/24"}}`, 400, "Cannot update read-only attribute cidr"},
			step{"demo", "PUT /subnets/" + id, `{"subnet":{"allocation_pools":[{"start":"10.9.0.3","end":"10.9.0.4"}],"enable_dhcp":false}}`, 200, `"allocation_pools":[{"start":"10.9.0.3","end":"10.9.0.4"}]`},
			step{"demo", "DELETE /subnets/" + id, "", 204, ""},
			step{"demo", "DELETE /subnets/" + id, "", 404, "SubnetNotFound"},
			step{"demo", "DELETE /networks/" + n, "", 204, ""},
		)
	})
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		c.steps(
			step{"demo", "GET /quotas/p-demo", "", 200, `"router":10`},
			step{"demo", "GET /quotas/p-demo/default", "", 200, `"security_group":10`},
			step{"demo", "GET /quotas/p-alt", "", 403, "rule:get_quota is disallowed by policy"},
			step{"demo", "PUT /quotas/p-demo", `{"quota":{"port":10}}`, 403, "rule:update_quota is disallowed by policy"},
			step{"admin", "PUT /quotas/p-demo", `{"quota":{"zz":1}}`, 400, "Unrecognized attribute(s) 'zz'"},
			step{"admin", "PUT /quotas/p-demo", `{"quota":{"port":-3}}`, 400, "'-3' is too small - must be at least '-1'."},
			step{"admin", "PUT /quotas/p-demo", `{"quota":{"network":"1","port":0}}`, 200, `"network":1`},
			step{"admin", "GET /quotas", "", 200, `"project_id":"p-demo"`},
			step{"demo", "POST /networks", `{"network":{}}`, 201, ""},
			step{"demo", "POST /networks", `{"network":{}}`, 409, "Quota exceeded for resources: ['network']."},
			step{"demo", "POST /ports", `{"port":{"network_id":"` + privateID + `"}}`, 409, "OverQuota"},
			step{"demo", "GET /quotas/p-demo/details", "", 200, `"network":{"limit":1,"reserved":0,"used":1}`},
			step{"admin", "DELETE /quotas/p-demo", "", 204, ""},
			step{"admin", "DELETE /quotas/p-demo", "", 404, "TenantQuotaNotFound"},
			step{"demo", "POST /networks", `{"network":{}}`, 201, ""},
		)
	})
}

// A limit holds, however many want the last one.
func TestQuotas_Exact(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		c.want(200, "", "admin", "PUT /quotas/p-demo", `{"quota":{"port":20}}`)
		statuses := c.parallel(8, 5, "demo", `{"port":{"network_id":"`+privateID+`"}}`)
		if statuses[201] != 20 || statuses[409] != 20 {
			t.Errorf("statuses: %v", statuses)
		}
	})
}

// parallel creates ports, and counts the statuses of the answers.
func (c cloud) parallel(goroutines, each int, as, body string) map[int]int {
	var mu sync.Mutex
	var group sync.WaitGroup
	statuses := map[int]int{}
	for range goroutines {
		group.Go(func() {
			for range each {
				got := c.do(as, "POST /ports", body)
				mu.Lock()
				statuses[got.status]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return statuses
}
