package network_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db/networkdb"
)

// port reads a port as an administrator sees it.
func (c cloud) port(id string) (p struct {
	Host     string   `json:"binding:host_id"`
	VIF      string   `json:"binding:vif_type"`
	MAC      string   `json:"mac_address"`
	Status   string   `json:"status"`
	Groups   []string `json:"security_groups"`
	FixedIPs []struct {
		Subnet  string `json:"subnet_id"`
		Address string `json:"ip_address"`
	} `json:"fixed_ips"`
},
) {
	c.t.Helper()
	got := c.want(200, "", "admin", "GET /ports/"+id, "")
	body := struct{ Port any }{&p}
	if err := json.Unmarshal([]byte(got.text), &body); err != nil {
		c.t.Fatal(err)
	}
	return p
}

func TestPorts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		n := c.make("demo", "network", `{}`)
		s := c.make("demo", "subnet", `{"network_id":"`+n+`","ip_version":4,"cidr":"10.9.0.0/29"}`)
		id := c.make("demo", "port", `{"network_id":"`+n+`","mac_address":"FA:16:3E:00:00:01","fixed_ips":[{"ip_address":"10.9.0.3"}]}`)
		p := c.port(id)
		if p.MAC != "fa:16:3e:00:00:01" || p.Status != "DOWN" || p.VIF != "unbound" || len(p.Groups) != 1 ||
			len(p.FixedIPs) != 1 || p.FixedIPs[0].Address != "10.9.0.3" || p.FixedIPs[0].Subnet != s {
			t.Errorf("port: %+v", p)
		}
		on := func(rest string) string { return `{"port":{"network_id":"` + n + `"` + rest + `}}` }
		shared := func(rest string) string { return `{"port":{"network_id":"` + privateID + `"` + rest + `}}` }
		c.steps(
			step{"demo", "GET /ports/" + id, "", 200, `"binding:vnic_type":"normal"`},
			step{"alt", "GET /ports/" + id, "", 404, "PortNotFound"},
			step{"alt", "DELETE /ports/" + id, "", 404, "PortNotFound"},
			step{"reader", "POST /ports", on(""), 403, "rule:create_port is disallowed by policy"},
			step{"demo", "POST /ports", `{"port":{}}`, 400, "Required attribute 'network_id' not specified"},
			step{"demo", "POST /ports", `{"port":{"network_id":"` + unknown + `"}}`, 404, "NetworkNotFound"},
			step{"demo", "POST /ports", `{"port":{"network_id":"zz"}}`, 400, "'zz' is not a valid UUID."},
			step{"demo", "POST /ports", `{"port":{"network_id":"` + publicID + `"}}`, 403, "not allowed to create port on this network"},
			step{"demo", "POST /ports", on(`,"mac_address":"fa:16:3e:00:00:01"`), 409, "MacAddressInUse"},
			step{"demo", "POST /ports", on(`,"mac_address":"zz"`), 400, "'zz' is not a valid MAC address."},
			step{"demo", "POST /ports", on(`,"fixed_ips":[{"ip_address":"10.9.0.3"}]`), 409, "IpAddressAlreadyAllocated"},
			step{"demo", "POST /ports", on(`,"fixed_ips":[{"ip_address":"1.2.3.4"}]`), 400, "InvalidIpForNetwork"},
			step{"demo", "POST /ports", on(`,"fixed_ips":[{"ip_address":"10.9.0.0"}]`), 400, "InvalidIpForNetwork"},
			step{"demo", "POST /ports", on(`,"fixed_ips":[{"subnet_id":"` + s + `","ip_address":"1.2.3.4"}]`), 400, "InvalidIpForSubnet"},
			step{"demo", "POST /ports", on(`,"fixed_ips":[{"subnet_id":"` + unknown + `"}]`), 404, "SubnetNotFound"},
			step{"demo", "POST /ports", on(`,"fixed_ips":[{}]`), 400, "IP allocation requires subnet_id or ip_address."},
			step{"demo", "POST /ports", on(`,"fixed_ips":[{"ip_address":"zz"}]`), 400, "'zz' is not a valid IP address."},
			step{"demo", "POST /ports", on(`,"security_groups":["` + unknown + `"]`), 404, "SecurityGroupNotFound"},
			step{"demo", "POST /ports", on(`,"binding:host_id":"h"`), 403, "rule:create_port:binding:host_id"},
			step{"demo", "POST /ports", shared(`,"fixed_ips":[{"ip_address":"10.0.9.9"}]`), 403, "fixed_ips:ip_address"},
			step{"demo", "POST /ports", shared(`,"mac_address":"fa:16:3e:00:00:01"`), 403, "rule:create_port:mac_address"},
			step{"demo", "POST /ports", shared(`,"device_owner":"network:dhcp"`), 403, "rule:create_port:device_owner"},
			step{"demo", "POST /ports", on(`,"port_security_enabled":false,"allowed_address_pairs":[{"ip_address":"10.9.0.9"}]`), 409, "AddressPairAndPortSecurityRequired"},
			step{"demo", "PUT /ports/" + id, `{"port":{"port_security_enabled":false}}`, 409, "PortSecurityPortHasSecurityGroup"},
			step{"demo", "PUT /ports/" + id, `{"port":{"port_security_enabled":false,"security_groups":["` + p.Groups[0] + `"]}}`, 400, "PortSecurityAndIPRequiredForSecurityGroups"},
			step{"demo", "PUT /ports/" + id, `{"port":{"security_groups":["` + p.Groups[0] + `","` + p.Groups[0] + `"]}}`, 400, "Invalid input for security_groups. Reason: Duplicate items in the list: '" + p.Groups[0] + "'."},
			step{"demo", "PUT /ports/" + id, `{"port":{"port_security_enabled":false,"security_groups":[]}}`, 200, `"port_security_enabled":false`},
			step{"demo", "PUT /ports/" + id, `{"port":{"allowed_address_pairs":[{"ip_address":"10.9.0.9"}]}}`, 409, "AddressPairAndPortSecurityRequired"},
			step{"demo", "PUT /ports/" + id, `{"port":{"port_security_enabled":true}}`, 200, `"port_security_enabled":true`},
			step{"demo", "PUT /ports/" + id, `{"port":{"name":"q","security_groups":[]}}`, 200, `"security_groups":[]`},
			step{"demo", "PUT /ports/" + id, `{"port":{"fixed_ips":[{"subnet_id":"` + s + `","ip_address":"10.9.0.6"}]}}`, 200, `"ip_address":"10.9.0.6"`},
			step{"demo", "PUT /ports/" + id, `{"port":{"network_id":"` + privateID + `"}}`, 400, "Cannot update read-only attribute network_id"},
			step{"demo", "PUT /ports/" + id, `{"port":{"mac_address":"fa:16:3e:00:00:02"}}`, 403, "rule:update_port:mac_address"},
			step{"demo", "PUT /ports/" + id, `{"port":{"binding:host_id":"h"}}`, 403, "rule:update_port:binding:host_id"},
			step{"demo", "DELETE /networks/" + n, "", 409, "id for these ports is: " + id + "."},
			step{"demo", "DELETE /subnets/" + s, "", 409, "SubnetInUse"},
			step{"demo", "PUT /ports/" + id, `{"port":{"fixed_ips":[]}}`, 200, `"fixed_ips":[]`},
			step{"demo", "DELETE /subnets/" + s, "", 204, ""},
			step{"demo", "DELETE /ports/" + id, "", 204, ""},
			step{"demo", "DELETE /ports/" + id, "", 404, "PortNotFound"},
			step{"demo", "DELETE /networks/" + n, "", 204, ""},
		)
	})
}

// What the compute service does with ports.
func TestPorts_Binding(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("admin", "port", `{"network_id":"`+privateID+`","tenant_id":"p-demo","device_id":"server-1",
			"device_owner":"compute:nova","admin_state_up":true,"binding:host_id":"fake-1"}`)
		p := c.port(id)
		if p.Status != "ACTIVE" || p.Host != "fake-1" || p.VIF == "unbound" || len(p.FixedIPs) != 1 || len(p.Groups) != 1 {
			t.Errorf("bound port: %+v", p)
		}
		group := c.do("demo", "GET /security-groups?name=default", "").values("security_groups", "id")
		if p.Groups[0] != group {
			t.Errorf("security groups: %v, want %s", p.Groups, group)
		}
		for query, ids := range map[string]string{
			"device_id=server-1": id, "device_id=server-2": "", "status=ACTIVE": id, "device_owner=compute:nova&tenant_id=p-demo": id,
			"mac_address=" + strings.ToUpper(p.MAC): id, "network_id=" + privateID: id, "security_groups=" + group: id,
			"fixed_ips=ip_address=" + p.FixedIPs[0].Address: id, "fixed_ips=ip_address=10.0.255.255": "",
			"fixed_ips=subnet_id=" + p.FixedIPs[0].Subnet: id, "fixed_ips=ip_address_substr=10.0.": id, "binding:host_id=fake-1": id,
		} {
			if got := c.want(200, "", "demo", "GET /ports?"+query, "").values("ports", "id"); got != ids {
				t.Errorf("%s: got %q, want %q", query, got, ids)
			}
		}
		if got := c.do("alt", "GET /ports", "").text; got != `{"ports":[]}` {
			t.Errorf("another project sees %s", got)
		}
		if got := c.do("demo", "GET /ports/"+id, "").text; strings.Contains(got, "fake-1") {
			t.Errorf("a project sees the host: %s", got)
		}
		c.want(200, `"status":"DOWN"`, "admin", "PUT /ports/"+id,
			`{"port":{"device_id":"","device_owner":"","binding:host_id":null,"binding:profile":{}}}`)
		c.want(200, `"status":"ACTIVE"`, "admin", "PUT /ports/"+id,
			`{"port":{"device_id":"server-2","device_owner":"compute:nova","binding:host_id":"fake-2"}}`)
	})
}

func TestPorts_IPv6(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		n := c.make("demo", "network", `{}`)
		for _, rest := range []string{
			`"ip_version":4,"cidr":"10.9.0.0/24"`, `"ip_version":6,"cidr":"fd00:1::/64"`,
			`"ip_version":6,"cidr":"fd00:2::/64","ipv6_address_mode":"slaac","ipv6_ra_mode":"slaac"`,
		} {
			c.make("demo", "subnet", `{"network_id":"`+n+`",`+rest+`}`)
		}
		p := c.port(c.make("demo", "port", `{"network_id":"`+n+`","mac_address":"fa:16:3e:12:34:56"}`))
		var prefixes []string
		for _, ip := range p.FixedIPs {
			address, err := netip.ParseAddr(ip.Address)
			if err != nil {
				t.Fatal(err)
			}
			prefix, err := address.Prefix(address.BitLen() / 2)
			if err != nil {
				t.Fatal(err)
			}
			prefixes = append(prefixes, prefix.String())
		}
		if diff := cmp.Diff([]string{"10.9.0.0/16", "fd00:1::/64", "fd00:2::/64"}, prefixes); diff != "" {
			t.Fatalf("addresses: %s", diff)
		}
		if got := p.FixedIPs[2].Address; got != "fd00:2::f816:3eff:fe12:3456" {
			t.Errorf("address made of the MAC address: %s", got)
		}
	})
}

func TestAddresses_Parallel(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		if statuses := c.parallel(8, 50, "demo", `{"port":{"network_id":"`+privateID+`"}}`); statuses[201] != 400 {
			t.Fatalf("statuses: %v", statuses)
		}
		ports, err := c.store.Ports.List(t.Context(), networkdb.Filter{Project: "p-demo"})
		if err != nil {
			t.Fatal(err)
		}
		addresses, macs := map[string]bool{}, map[string]bool{}
		for _, p := range ports {
			macs[p.MAC] = true
			for _, ip := range p.FixedIPs {
				addresses[ip.Address] = true
			}
		}
		if len(ports) != 400 || len(addresses) != 400 || len(macs) != 400 {
			t.Errorf("%d ports have %d addresses and %d MAC addresses", len(ports), len(addresses), len(macs))
		}
	})
}

// A pool gives exactly what it holds, to however many ask at once, and what
// is given back can be had again.
func TestAddresses_Exhausted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		n := c.make("demo", "network", `{}`)
		c.make("demo", "subnet", `{"network_id":"`+n+`","ip_version":4,"cidr":"10.9.0.0/24",
			"allocation_pools":[{"start":"10.9.0.10","end":"10.9.0.29"},{"start":"10.9.0.40","end":"10.9.0.51"}]}`)
		body := `{"port":{"network_id":"` + n + `"}}`
		if statuses := c.parallel(8, 6, "demo", body); statuses[201] != 32 || statuses[409] != 16 {
			t.Fatalf("statuses: %v", statuses)
		}
		c.want(409, "IpAddressGenerationFailure", "demo", "POST /ports", body)
		ids := strings.Fields(c.do("demo", "GET /ports?network_id="+n, "").values("ports", "id"))
		for _, id := range ids[:3] {
			c.want(204, "", "demo", "DELETE /ports/"+id, "")
		}
		if statuses := c.parallel(3, 2, "demo", body); statuses[201] != 3 || statuses[409] != 3 {
			t.Errorf("statuses after giving three back: %v", statuses)
		}
	})
}

// Of many who want one address, one gets it.
func TestAddresses_Requested(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		body := `{"port":{"network_id":"` + privateID + `","fixed_ips":[{"ip_address":"10.0.7.7"}]}}`
		if statuses := c.parallel(6, 2, "admin", body); statuses[201] != 1 || statuses[409] != 11 {
			t.Errorf("statuses: %v", statuses)
		}
	})
}

func TestSecurityGroups(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		first := c.want(200, `"name":"default"`, "demo", "GET /security-groups", "")
		if n := strings.Count(first.text, `"direction"`); n != 4 || strings.Count(first.text, `"ingress"`) != 2 {
			t.Errorf("the default group has %d rules: %s", n, first.text)
		}
		std := first.values("security_groups", "id")
		g := c.make("demo", "security_group", `{"name":"g1","description":"d"}`)
		rule := func(rest string) string {
			return `{"security_group_rule":{"security_group_id":"` + g + `"` + rest + `}}`
		}
		ssh := `,"direction":"ingress","protocol":"tcp","port_range_min":22,"port_range_max":22,"remote_ip_prefix":"0.0.0.0/0"`
		r := c.make("demo", "security_group_rule", strings.TrimSuffix(strings.TrimPrefix(rule(ssh), `{"security_group_rule":`), "}"))
		port := c.make("demo", "port", `{"network_id":"`+privateID+`","security_groups":["`+g+`"]}`)
		in := func(rest string) step {
			return step{as: "demo", call: "POST /security-group-rules", body: rule(`,"direction":"ingress"` + rest)}
		}
		fails := func(s step, status int, part string) step { s.status, s.part = status, part; return s }
		c.steps(
			step{"alt", "GET /security-groups/" + g, "", 404, "Security group " + g + " does not exist"},
			step{"demo", "POST /security-groups", `{"security_group":{"name":"default"}}`, 409, "SecurityGroupDefaultAlreadyExists"},
			step{"demo", "PUT /security-groups/" + g, `{"security_group":{"name":"g2"}}`, 200, `"name":"g2"`},
			step{"demo", "PUT /security-groups/" + g, `{"security_group":{"name":"default"}}`, 409, ""},
			step{"demo", "PUT /security-groups/" + std, `{"security_group":{"name":"g2"}}`, 409, "SecurityGroupCannotUpdateDefault"},
			step{"demo", "PUT /security-groups/" + std, `{"security_group":{"description":"x"}}`, 200, `"description":"x"`},
			step{"demo", "DELETE /security-groups/" + std, "", 409, "Insufficient rights for removing default security group."},
			step{"demo", "GET /security-groups/" + g, "", 200, `"port_range_min":22`},
			step{"demo", "POST /security-group-rules", rule(ssh), 409, "Rule id is " + r + "."},
			step{"demo", "POST /security-group-rules", rule(""), 400, "Required attribute 'direction' not specified"},
			step{"demo", "POST /security-group-rules", rule(`,"direction":"zz"`), 400, "zz is not in valid_values."},
			fails(in(`,"protocol":"tcp","port_range_min":22`), 400, "SecurityGroupInvalidPortRange"),
			fails(in(`,"protocol":"tcp","port_range_min":23,"port_range_max":22`), 400, "SecurityGroupInvalidPortRange"),
			fails(in(`,"port_range_min":23,"port_range_max":24`), 400, "SecurityGroupProtocolRequiredWithPorts"),
			fails(in(`,"protocol":"zz"`), 400, "SecurityGroupRuleInvalidProtocol"),
			fails(in(`,"protocol":"300"`), 400, "SecurityGroupRuleInvalidProtocol"),
			fails(in(`,"protocol":6`), 201, `"protocol":"6"`),
			fails(in(`,"ethertype":"zz"`), 400, "SecurityGroupRuleInvalidEtherType"),
			fails(in(`,"protocol":"tcp","port_range_min":1,"port_range_max":70000`), 400, "Invalid value for port 70000"),
			fails(in(`,"remote_ip_prefix":"::/0"`), 400, "Conflicting value ethertype IPv4 for CIDR ::/0"),
			fails(in(`,"remote_ip_prefix":"zz"`), 400, "InvalidCIDR"),
			fails(in(`,"remote_ip_prefix":"10.0.0.0/8","remote_group_id":"`+g+`"`), 400, "SecurityGroupMultipleRemoteEntites"),
			fails(in(`,"remote_group_id":"`+unknown+`"`), 404, "SecurityGroupNotFound"),
			fails(in(`,"protocol":"icmp","port_range_min":8,"port_range_max":0`), 201, ""),
			fails(in(`,"protocol":"icmp","port_range_max":0`), 400, "SecurityGroupMissingIcmpType"),
			fails(in(`,"protocol":"icmp","port_range_min":300`), 400, "SecurityGroupInvalidIcmpValue"),
			step{"alt", "DELETE /security-group-rules/" + r, "", 404, "SecurityGroupRuleNotFound"},
			step{"demo", "PUT /security-group-rules/" + r, `{"security_group_rule":{"protocol":"udp"}}`, 400, "Cannot update read-only attribute protocol"},
			step{"demo", "DELETE /security-group-rules/" + r, "", 204, ""},
			step{"demo", "DELETE /security-group-rules/" + r, "", 404, "SecurityGroupRuleNotFound"},
			step{"demo", "DELETE /security-groups/" + g, "", 409, "SecurityGroupInUse"},
			step{"demo", "DELETE /ports/" + port, "", 204, ""},
			step{"demo", "DELETE /security-groups/" + g, "", 204, ""},
		)
	})
}

// An administrator deletes a project's default group when no port is in it. The
// rules that name it as their remote group go with it, its own and others'.
func TestSecurityGroups_DeleteDefault(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		port := c.make("demo", "port", `{"network_id":"`+privateID+`"}`)
		std := c.do("demo", "GET /security-groups?name=default", "").values("security_groups", "id")
		g := c.make("demo", "security_group", `{"name":"g"}`)
		rule := c.make("demo", "security_group_rule", `{"security_group_id":"`+g+`","direction":"ingress","remote_group_id":"`+std+`"}`)
		one := "/security-groups/" + std
		c.steps(
			step{"admin", "DELETE " + one, "", 409, "SecurityGroupInUse"},
			step{"demo", "DELETE " + one, "", 409, "SecurityGroupInUse"},
			step{"demo", "DELETE /ports/" + port, "", 204, ""},
			step{"demo", "DELETE " + one, "", 409, "SecurityGroupCannotRemoveDefault"},
			step{"alt", "DELETE " + one, "", 404, "SecurityGroupNotFound"},
			step{"demo", "GET " + one, "", 200, `"remote_group_id":"` + std},
			step{"admin", "DELETE " + one, "", 204, ""},
			step{"admin", "GET " + one, "", 404, "SecurityGroupNotFound"},
			step{"admin", "GET /security-group-rules/" + rule, "", 404, "SecurityGroupRuleNotFound"},
			step{"admin", "GET /security-groups?tenant_id=p-demo&name=default", "", 200, `{"security_groups":[]}`},
			step{"demo", "POST /ports", `{"port":{"network_id":"` + privateID + `"}}`, 201, ""},
		)
		again := c.do("demo", "GET /security-groups?name=default", "").values("security_groups", "id")
		if again == "" || strings.Contains(again, " ") || again == std {
			t.Errorf("the project has the default groups %q", again)
		}
	})
}

func TestSecurityGroups_DefaultIsOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		if statuses := c.parallel(8, 1, "alt", `{"port":{"network_id":"`+privateID+`"}}`); statuses[201] != 8 {
			t.Errorf("statuses: %v", statuses)
		}
		if got := c.do("alt", "GET /security-groups", "").values("security_groups", "name"); got != "default" {
			t.Errorf("groups: %q", got)
		}
	})
}

func TestRoutersAndFloatingIPs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		c.want(201, "172.24.4.77", "admin", "POST /floatingips", `{"floatingip":{"floating_network_id":"`+publicID+`","floating_ip_address":"172.24.4.77"}}`)
		n := c.make("demo", "network", `{}`)
		s := c.make("demo", "subnet", `{"network_id":"`+n+`","ip_version":4,"cidr":"10.30.0.0/24"}`)
		vm := c.make("demo", "port", `{"network_id":"`+n+`","fixed_ips":[{"ip_address":"10.30.0.5"}]}`)
		bare := c.make("demo", "port", `{"network_id":"`+n+`","fixed_ips":[]}`)
		twice := c.make("demo", "port", `{"network_id":"`+n+`","fixed_ips":[{"ip_address":"10.30.0.8"},{"ip_address":"10.30.0.9"}]}`)
		router := c.make("demo", "router", `{"name":"r1"}`)
		one := "/routers/" + router
		gateway := fmt.Sprintf(`{"router":{"external_gateway_info":{"network_id":%q}}}`, publicID)
		subnet := `{"subnet_id":"` + s + `"}`
		floating := c.make("demo", "floatingip", `{"floating_network_id":"`+publicID+`"}`)
		lead := `{"floatingip":{"port_id":"` + vm + `"}}`
		c.steps(
			step{"alt", "GET " + one, "", 404, "RouterNotFound"},
			step{"demo", "POST /routers", `{"router":{"external_gateway_info":{"network_id":"` + n + `"}}}`, 400, "is not an external network."},
			step{"demo", "POST /routers", `{"router":{"distributed":true}}`, 403, "rule:create_router:distributed"},
			step{"demo", "PUT " + one, gateway, 200, `"enable_snat":true`},
			step{"demo", "PUT /floatingips/" + floating, lead, 404, "is not reachable from subnet"},
			step{"demo", "PUT " + one + "/add_router_interface", `{}`, 400, "Either subnet_id or port_id must be specified."},
			step{"demo", "PUT " + one + "/add_router_interface", `{"subnet_id":"zz"}`, 400, "'zz' is not a valid UUID."},
			step{"demo", "PUT " + one + "/add_router_interface", `{"subnet_id":"` + unknown + `"}`, 404, "SubnetNotFound"},
			step{"alt", "PUT " + one + "/add_router_interface", subnet, 404, "RouterNotFound"},
			step{"demo", "PUT " + one + "/add_router_interface", subnet, 200, `"subnet_ids":["` + s + `"]`},
			step{"demo", "PUT " + one + "/add_router_interface", subnet, 400, "Router already has a port on subnet"},
			step{"demo", "PUT " + one + "/add_router_interface", `{"port_id":"` + vm + `"}`, 400, "Router already has a port on subnet"},
			step{"demo", "GET /ports?device_id=" + router, "", 200, `"ip_address":"10.30.0.1"`},
			step{"demo", "DELETE " + one, "", 409, "RouterInUse"},
			step{"demo", "DELETE /subnets/" + s, "", 409, "SubnetInUse"},
			step{"demo", "POST /floatingips", `{"floatingip":{}}`, 400, "Required attribute 'floating_network_id' not specified"},
			step{"demo", "POST /floatingips", `{"floatingip":{"floating_network_id":"` + n + `"}}`, 400, "is not a valid external network."},
			step{"demo", "POST /floatingips", `{"floatingip":{"floating_network_id":"` + publicID + `","floating_ip_address":"172.24.4.77"}}`, 403, "floating_ip_address"},
			step{"demo", "PUT /floatingips/" + floating, lead, 200, `"router_id":"` + router + `"`},
			step{"demo", "PUT /floatingips/" + floating, lead, 200, `"status":"ACTIVE"`},
			step{"demo", "PUT /floatingips/" + floating, `{"floatingip":{"description":"d"}}`, 200, `"port_id":"` + vm + `"`},
			step{"demo", "PUT /floatingips/" + floating, `{"floatingip":{"fixed_ip_address":"10.30.0.9"}}`, 400, "fixed_ip_address cannot be specified without a port_id."},
			step{"demo", "PUT /floatingips/" + floating, `{"floatingip":{"port_id":"` + vm + `","fixed_ip_address":"10.30.0.1"}}`, 400, "does not have fixed ip 10.30.0.1."},
			step{"demo", "PUT /floatingips/" + floating, `{"floatingip":{"port_id":"` + bare + `"}}`, 400, "has no fixed IPv4 addresses."},
			step{"demo", "PUT /floatingips/" + floating, `{"floatingip":{"port_id":"` + twice + `"}}`, 400, "has multiple fixed IPv4 addresses."},
			step{"demo", "PUT /floatingips/" + floating, `{"floatingip":{"port_id":"` + twice + `","fixed_ip_address":"10.30.0.8"}}`, 200, `"fixed_ip_address":"10.30.0.8"`},
			step{"demo", "PUT /floatingips/" + floating, lead, 200, `"port_id":"` + vm + `"`},
			step{"demo", "PUT /floatingips/" + floating, `{"floatingip":{"port_id":"` + unknown + `"}}`, 404, "PortNotFound"},
			step{"demo", "POST /floatingips", `{"floatingip":{"floating_network_id":"` + publicID + `","port_id":"` + vm + `"}}`, 409, "FloatingIPPortAlreadyAssociated"},
			step{"demo", "GET /floatingips?port_id=" + vm, "", 200, floating},
			step{"demo", "GET /floatingips?port_id=" + unknown, "", 200, `{"floatingips":[]}`},
			step{"alt", "GET /floatingips", "", 200, `{"floatingips":[]}`},
			step{"demo", "PUT " + one + "/remove_router_interface", subnet, 409, "RouterInterfaceInUseByFloatingIP"},
			step{"demo", "PUT " + one, `{"router":{"external_gateway_info":{}}}`, 409, "RouterExternalGatewayInUseByFloatingIp"},
			step{"demo", "DELETE /ports/" + bare, "", 204, ""},
			step{"demo", "DELETE /ports/" + twice, "", 204, ""},
			step{"demo", "DELETE /ports/" + vm, "", 204, ""},
			step{"demo", "GET /floatingips/" + floating, "", 200, `"port_id":null`},
			step{"demo", "DELETE /floatingips/" + floating, "", 204, ""},
			step{"demo", "PUT " + one + "/remove_router_interface", subnet, 200, s},
			step{"demo", "PUT " + one + "/remove_router_interface", subnet, 404, "RouterInterfaceNotFoundForSubnet"},
			step{"demo", "PUT " + one, `{"router":{"external_gateway_info":{}}}`, 200, `"external_gateway_info":null`},
			step{"demo", "PUT " + one, gateway, 200, publicID},
			step{"demo", "DELETE " + one, "", 204, ""},
			step{"demo", "DELETE /networks/" + n, "", 204, ""},
			step{"admin", "GET /ports?device_owner=network:router_gateway", "", 200, `{"ports":[]}`},
		)
		gatewayPort := c.make("demo", "router", `{"external_gateway_info":{"network_id":"`+publicID+`"}}`)
		id := c.do("admin", "GET /ports?device_id="+gatewayPort, "").values("ports", "id")
		c.want(409, "ServicePortInUse", "admin", "DELETE /ports/"+id, "")
	})
}
