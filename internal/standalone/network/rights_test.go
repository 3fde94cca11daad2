package network_test

import (
	"strings"
	"testing"
)

// things are what a test needs of two projects: demo, who tries to reach into
// alt's things, and alt. The names stand in calls and bodies as $name.
func (c cloud) things() *strings.Replacer {
	c.t.Helper()
	of := map[string]string{"shared": privateID, "public": publicID}
	for _, who := range []string{"demo", "alt"} {
		of[who+"Net"] = c.make(who, "network", `{}`)
		of[who+"Subnet"] = c.make(who, "subnet", `{"network_id":"`+of[who+"Net"]+`","ip_version":4,"cidr":"10.30.0.0/24"}`)
		of[who+"Port"] = c.make(who, "port", `{"network_id":"`+of[who+"Net"]+`"}`)
		of[who+"SharedPort"] = c.make(who, "port", `{"network_id":"`+privateID+`"}`)
		of[who+"Group"] = c.make(who, "security_group", `{"name":"g"}`)
		of[who+"Router"] = c.make(who, "router", `{"external_gateway_info":{"network_id":"`+publicID+`"}}`)
		of[who+"Floating"] = c.make(who, "floatingip", `{"floating_network_id":"`+publicID+`"}`)
		joined := c.want(200, "", who, "PUT /routers/"+of[who+"Router"]+"/add_router_interface", `{"subnet_id":"`+of[who+"Subnet"]+`"}`)
		of[who+"Interface"], _ = joined.body["port_id"].(string)
	}
	of["sharedSubnet"] = c.do("admin", "GET /subnets?network_id="+privateID, "").values("subnets", "id")
	of["altOnDemoNet"] = c.make("admin", "port", `{"network_id":"`+of["demoNet"]+`","project_id":"p-alt"}`)
	var pairs []string
	for name, id := range of {
		pairs = append(pairs, "$"+name+";", id)
	}
	return strings.NewReplacer(pairs...)
}

// A member reaches into nobody else's things. Each row is an attempt of demo's,
// and its refusal: Neutron's own, but for the rows that say so.
func TestMembers_StayWithinTheirProject(t *testing.T) {
	t.Parallel()
	policy := func(rules string) string { return "(" + rules + ") is disallowed by policy" }
	const owner = "rule:create_port and rule:create_port:device_owner"
	attempts := []step{
		// Ports of routers and floating IPs. Neutron lets a network's owner make
		// them for routers of the own project.
		{"", "POST /ports", `{"port":{"network_id":"$demoNet;","device_owner":"network:router_interface","device_id":"$altRouter;"}}`, 403, policy(owner)},
		{"", "POST /ports", `{"port":{"network_id":"$demoNet;","device_owner":"network:router_interface","device_id":"$demoRouter;"}}`, 403, policy(owner)},
		{"", "POST /ports", `{"port":{"network_id":"$demoNet;","device_owner":"network:ha_router_replicated_interface","device_id":"$altRouter;"}}`, 403, policy(owner)},
		{"", "POST /ports", `{"port":{"network_id":"$demoNet;","device_owner":"network:router_gateway","device_id":"$altRouter;"}}`, 403, policy(owner)},
		{"", "POST /ports", `{"port":{"network_id":"$demoNet;","device_owner":"network:floatingip","device_id":"$altFloating;"}}`, 403, policy(owner)},
		{"", "POST /ports", `{"ports":[{"network_id":"$demoNet;"},{"network_id":"$demoNet;","device_owner":"network:router_interface","device_id":"$altRouter;"}]}`, 403, policy(owner)},
		{"", "POST /ports", `{"port":{"network_id":"$shared;","device_owner":"network:dhcp"}}`, 403, policy(owner)},
		{"", "PUT /ports/$demoPort;", `{"port":{"device_owner":"network:router_interface","device_id":"$altRouter;"}}`, 403, "update_port:device_owner"},
		{"", "PUT /ports/$demoPort;", `{"port":{"device_owner":"network:floatingip"}}`, 403, "update_port:device_owner"},
		{"", "PUT /ports/$demoSharedPort;", `{"port":{"device_owner":"network:dhcp"}}`, 403, "update_port:device_owner"},
		{"", "PUT /ports/$demoInterface;", `{"port":{"device_id":"$altRouter;"}}`, 409, "DeviceIDNotOwnedByTenant"},
		{"", "PUT /ports/$demoInterface;", `{"port":{"device_owner":""}}`, 403, "update_port:device_owner"},
		{"", "DELETE /ports/$demoInterface;", "", 409, "ServicePortInUse"},

		// Other ports of others.
		{"", "GET /ports/$altPort;", "", 404, "PortNotFound"},
		{"", "PUT /ports/$altPort;", `{"port":{"name":"x"}}`, 404, "PortNotFound"},
		{"", "PUT /ports/$altOnDemoNet;", `{"port":{"name":"x"}}`, 403, "rule:update_port is disallowed by policy"},
		{"", "POST /ports", `{"port":{"network_id":"$altNet;"}}`, 404, "NetworkNotFound"},
		{"", "POST /ports", `{"port":{"network_id":"$public;"}}`, 403, "Tenant p-demo not allowed to create port on this network"},
		{"", "POST /ports", `{"port":{"network_id":"$demoNet;","project_id":"p-alt"}}`, 400, "requires admin or advsvc privileges"},
		{"", "POST /ports", `{"port":{"network_id":"$demoNet;","tenant_id":"p-alt"}}`, 400, "requires admin or advsvc privileges"},
		{"", "PUT /ports/$demoPort;", `{"port":{"project_id":"p-alt"}}`, 400, "requires admin or advsvc privileges"},
		{"", "POST /ports", `{"port":{"network_id":"$demoNet;","security_groups":["$altGroup;"]}}`, 404, "SecurityGroupNotFound"},
		{"", "PUT /ports/$demoPort;", `{"port":{"security_groups":["$altGroup;"]}}`, 404, "SecurityGroupNotFound"},
		{"", "POST /ports", `{"port":{"network_id":"$demoNet;","fixed_ips":[{"subnet_id":"$altSubnet;"}]}}`, 404, "SubnetNotFound"},
		{"", "PUT /ports/$demoPort;", `{"port":{"fixed_ips":[{"subnet_id":"$sharedSubnet;"}]}}`, 404, "SubnetNotFound"},

		// What others on a shared network see, and what hosts are told.
		{"", "POST /ports", `{"port":{"network_id":"$shared;","fixed_ips":[{"ip_address":"10.0.9.9"}]}}`, 403, policy("rule:create_port and (rule:create_port:fixed_ips and (rule:create_port:fixed_ips:ip_address))")},
		{"", "POST /ports", `{"port":{"network_id":"$shared;","fixed_ips":[{"subnet_id":"$sharedSubnet;","ip_address":"10.0.0.1"}]}}`, 403, "create_port:fixed_ips:ip_address"},
		{"", "POST /ports", `{"port":{"network_id":"$shared;","mac_address":"fa:16:3e:00:00:01"}}`, 403, policy("rule:create_port and rule:create_port:mac_address")},
		{"", "POST /ports", `{"port":{"network_id":"$shared;","port_security_enabled":false}}`, 403, "create_port:port_security_enabled"},
		{"", "POST /ports", `{"port":{"network_id":"$shared;","allowed_address_pairs":[{"ip_address":"10.0.0.1"}]}}`, 403, "create_port:allowed_address_pairs"},
		{"", "POST /ports", `{"port":{"network_id":"$demoNet;","binding:host_id":"h"}}`, 403, policy("rule:create_port and rule:create_port:binding:host_id")},
		{"", "POST /ports", `{"port":{"network_id":"$demoNet;","binding:profile":{"a":1}}}`, 403, "create_port:binding:profile"},
		{"", "PUT /ports/$demoSharedPort;", `{"port":{"fixed_ips":[{"subnet_id":"$sharedSubnet;"}]}}`, 403, "update_port:fixed_ips"},
		{"", "PUT /ports/$demoSharedPort;", `{"port":{"fixed_ips":[]}}`, 403, "update_port:fixed_ips"},
		{"", "PUT /ports/$demoSharedPort;", `{"port":{"port_security_enabled":false}}`, 403, "update_port:port_security_enabled"},
		{"", "PUT /ports/$demoSharedPort;", `{"port":{"allowed_address_pairs":[]}}`, 403, "update_port:allowed_address_pairs"},
		{"", "PUT /ports/$demoPort;", `{"port":{"mac_address":"fa:16:3e:00:00:01"}}`, 403, "update_port:mac_address"},
		{"", "PUT /ports/$demoPort;", `{"port":{"binding:host_id":"h"}}`, 403, "update_port:binding:host_id"},
		{"", "PUT /ports/$demoPort;", `{"port":{"binding:profile":{}}}`, 403, "update_port:binding:profile"},

		// Routers.
		{"", "PUT /routers/$altRouter;/add_router_interface", `{"subnet_id":"$demoSubnet;"}`, 404, "RouterNotFound"},
		{"", "PUT /routers/$altRouter;/remove_router_interface", `{"subnet_id":"$altSubnet;"}`, 404, "RouterNotFound"},
		{"", "PUT /routers/$demoRouter;/remove_router_interface", `{"subnet_id":"$altSubnet;"}`, 404, "RouterInterfaceNotFoundForSubnet"},
		{"", "PUT /routers/$demoRouter;/remove_router_interface", `{"port_id":"$altInterface;"}`, 404, "RouterInterfaceNotFound"},
		{"", "PUT /routers/$demoRouter;/add_router_interface", `{"subnet_id":"$altSubnet;"}`, 404, "SubnetNotFound"},
		{"", "PUT /routers/$demoRouter;/add_router_interface", `{"port_id":"$altPort;"}`, 404, "PortNotFound"},
		{"", "PUT /routers/$demoRouter;/add_router_interface", `{"port_id":"$altOnDemoNet;"}`, 409, "DeviceIDNotOwnedByTenant"},
		{"", "PUT /routers/$demoRouter;/add_router_interface", `{"subnet_id":"$sharedSubnet;"}`, 400, "because subnet $sharedSubnet; is not owned by project making the request."},
		{"", "POST /routers", `{"router":{"external_gateway_info":{"network_id":"$altNet;"}}}`, 404, "NetworkNotFound"},
		{"", "POST /routers", `{"router":{"external_gateway_info":{"network_id":"$public;","enable_snat":true}}}`, 403, policy("rule:create_router and (rule:create_router:external_gateway_info and (rule:create_router:external_gateway_info:network_id and rule:create_router:external_gateway_info:enable_snat))")},
		{"", "PUT /routers/$demoRouter;", `{"router":{"external_gateway_info":{"network_id":"$public;","enable_snat":false}}}`, 403, "rule:update_router:external_gateway_info:enable_snat"},
		{"", "PUT /routers/$demoRouter;", `{"router":{"external_gateway_info":{"network_id":"$public;","external_fixed_ips":[{"ip_address":"172.24.4.9"}]}}}`, 403, "rule:update_router:external_gateway_info:external_fixed_ips"},
		{"", "PUT /routers/$demoRouter;", `{"router":{"ha":true}}`, 403, "rule:update_router:ha"},

		// Floating IPs.
		{"", "POST /floatingips", `{"floatingip":{"floating_network_id":"$public;","floating_ip_address":"172.24.4.9"}}`, 403, policy("rule:create_floatingip and rule:create_floatingip:floating_ip_address")},
		{"", "POST /floatingips", `{"floatingip":{"floating_network_id":"$public;","port_id":"$altPort;"}}`, 404, "PortNotFound"},
		{"", "POST /floatingips", `{"floatingip":{"floating_network_id":"$public;","port_id":"$altOnDemoNet;"}}`, 400, "since that port is owned by a different tenant."},
		{"", "PUT /floatingips/$demoFloating;", `{"floatingip":{"port_id":"$altOnDemoNet;"}}`, 400, "since that port is owned by a different tenant."},
		{"", "PUT /floatingips/$altFloating;", `{"floatingip":{"port_id":"$demoPort;"}}`, 404, "FloatingIPNotFound"},
		{"", "DELETE /floatingips/$altFloating;", "", 404, "FloatingIPNotFound"},

		// Networks and subnets. Neutron's policy forgets to look at whose network
		// a subnet is created on.
		{"", "POST /networks", `{"network":{"shared":true}}`, 403, policy("rule:create_network and rule:create_network:shared")},
		{"", "POST /networks", `{"network":{"router:external":true}}`, 403, "create_network:router:external"},
		{"", "POST /networks", `{"network":{"is_default":true}}`, 403, "create_network:is_default"},
		{"", "POST /networks", `{"network":{"provider:network_type":"flat","provider:physical_network":"p"}}`, 403, "create_network:provider:"},
		{"", "PUT /networks/$demoNet;", `{"network":{"shared":true}}`, 403, "update_network:shared"},
		{"", "PUT /networks/$demoNet;", `{"network":{"router:external":true}}`, 403, "update_network:router:external"},
		{"", "PUT /networks/$shared;", `{"network":{"name":"x"}}`, 403, "rule:update_network is disallowed by policy"},
		{"", "DELETE /networks/$shared;", "", 403, "rule:delete_network is disallowed by policy"},
		{"", "POST /subnets", `{"subnet":{"network_id":"$shared;","ip_version":4,"cidr":"10.99.0.0/24"}}`, 403, "rule:create_subnet is disallowed by policy"},
		{"", "POST /subnets", `{"subnet":{"network_id":"$altNet;","ip_version":4,"cidr":"10.99.0.0/24"}}`, 404, "NetworkNotFound"},
		{"", "PUT /subnets/$sharedSubnet;", `{"subnet":{"gateway_ip":null}}`, 403, "rule:update_subnet is disallowed by policy"},
		{"", "POST /subnets", `{"subnet":{"network_id":"$demoNet;","ip_version":4,"cidr":"10.99.0.0/24","service_types":["x"]}}`, 403, "create_subnet:service_types"},

		// Security groups and quotas.
		{"", "GET /security-groups/$altGroup;", "", 404, "SecurityGroupNotFound"},
		{"", "PUT /security-groups/$altGroup;", `{"security_group":{"name":"x"}}`, 404, "SecurityGroupNotFound"},
		{"", "POST /security-group-rules", `{"security_group_rule":{"security_group_id":"$altGroup;","direction":"ingress"}}`, 404, "SecurityGroupNotFound"},
		{"", "POST /security-group-rules", `{"security_group_rule":{"security_group_id":"$demoGroup;","direction":"ingress","remote_group_id":"$altGroup;"}}`, 404, "SecurityGroupNotFound"},
		{"", "GET /quotas/p-alt", "", 403, "rule:get_quota is disallowed by policy"},
		{"", "PUT /quotas/p-demo", `{"quota":{"router":100}}`, 403, "rule:update_quota is disallowed by policy"},
	}
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		fill := c.things()
		for _, attempt := range attempts {
			c.want(attempt.status, fill.Replace(attempt.part), "demo", fill.Replace(attempt.call), fill.Replace(attempt.body))
		}
	})
}

// What a member may do all the same, and what administrators may.
func TestMembers_OwnThingsAndAdministrators(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		fill := c.things()
		for _, s := range []step{
			{"demo", "POST /ports", `{"port":{"network_id":"$demoNet;","device_owner":"network:dhcp","device_id":"d"}}`, 201, "network:dhcp"},
			{"demo", "POST /ports", `{"port":{"network_id":"$demoNet;","device_owner":"compute:nova","device_id":"d"}}`, 201, "compute:nova"},
			{"demo", "POST /ports", `{"port":{"network_id":"$shared;","fixed_ips":[{"subnet_id":"$sharedSubnet;"}]}}`, 201, "10.0."},
			{"demo", "POST /ports", `{"port":{"network_id":"$demoNet;","mac_address":"fa:16:3e:00:00:01","port_security_enabled":false}}`, 201, "fa:16:3e:00:00:01"},
			{"demo", "PUT /ports/$demoInterface;", `{"port":{"name":"gate","device_owner":"network:router_interface"}}`, 200, "gate"},
			{"demo", "PUT /ports/$demoPort;", `{"port":{"device_owner":"compute:nova","device_id":"d","allowed_address_pairs":[]}}`, 200, "compute:nova"},

			// A port within the pools of a shared subnet may join it to a router.
			{"demo", "PUT /routers/$demoRouter;/add_router_interface", `{"port_id":"$demoSharedPort;"}`, 200, "$sharedSubnet;"},
			{"demo", "PUT /routers/$demoRouter;/add_router_interface", `{"port_id":"$demoSharedPort;"}`, 409, "PortInUse"},
			{"demo", "DELETE /ports/$demoSharedPort;", "", 409, "ServicePortInUse"},
			{"demo", "DELETE /routers/$demoRouter;", "", 409, "$demoSharedPort;"},

			// Administrators join what they like; the interface is the router's.
			{"admin", "PUT /routers/$altRouter;/add_router_interface", `{"subnet_id":"$sharedSubnet;"}`, 200, "$sharedSubnet;"},
			{"admin", "PUT /routers/$demoRouter;/add_router_interface", `{"port_id":"$altOnDemoNet;"}`, 400, "already has a port on subnet"},
			{"admin", "PUT /routers/$altRouter;/add_router_interface", `{"port_id":"$demoPort;"}`, 409, "PortInUse"},
			{"demo", "PUT /ports/$demoPort;", `{"port":{"device_owner":"","device_id":""}}`, 200, ""},
			{"admin", "PUT /routers/$altRouter;/add_router_interface", `{"port_id":"$demoPort;"}`, 200, "$demoSubnet;"},
			{"demo", "PUT /ports/$demoPort;", `{"port":{"device_owner":"","device_id":""}}`, 403, "update_port:device_owner"},
			{"demo", "DELETE /ports/$demoPort;", "", 409, "ServicePortInUse"},
			{"alt", "DELETE /routers/$altRouter;", "", 409, "$demoPort;"},
			{"alt", "PUT /routers/$altRouter;/remove_router_interface", `{"port_id":"$demoPort;"}`, 200, "$demoPort;"},
		} {
			c.want(s.status, fill.Replace(s.part), s.as, fill.Replace(s.call), fill.Replace(s.body))
		}
	})
}

// A port is an interface of a router because the router was given it. What it
// says of its device is a label; an administrator's label counts within a
// project.
func TestRouters_CountTheirOwnInterfaces(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		fill := c.things()
		n := c.make("demo", "network", `{}`)
		subnet := c.make("demo", "subnet", `{"network_id":"`+n+`","ip_version":4,"cidr":"10.31.0.0/24"}`)
		label := fill.Replace(`"network_id":"` + n + `","device_owner":"network:router_interface","device_id":"$altRouter;"`)
		port := c.make("admin", "port", `{"project_id":"p-demo",`+label+`}`)
		vm := c.make("demo", "port", `{"network_id":"`+n+`"}`)
		for _, s := range []step{
			{"alt", "PUT /routers/$altRouter;/remove_router_interface", `{"subnet_id":"$altSubnet;"}`, 200, ""},
			{"alt", "PUT /routers/$altRouter;/remove_router_interface", `{"subnet_id":"` + subnet + `"}`, 404, "RouterInterfaceNotFoundForSubnet"},
			{"demo", "PUT /floatingips/$demoFloating;", `{"floatingip":{"port_id":"` + vm + `"}}`, 404, "is not reachable from subnet"},
			{"alt", "DELETE /routers/$altRouter;", "", 204, ""},
			{"demo", "DELETE /ports/" + port, "", 204, ""},
			{"admin", "POST /ports", `{"port":{"network_id":"` + n + `","project_id":"p-demo","device_owner":"network:router_interface","device_id":"$demoRouter;"}}`, 201, ""},
			{"demo", "PUT /floatingips/$demoFloating;", `{"floatingip":{"port_id":"` + vm + `"}}`, 200, "$demoRouter;"},
			{"demo", "DELETE /routers/$demoRouter;", "", 409, "RouterInUse"},
		} {
			c.want(s.status, fill.Replace(s.part), s.as, fill.Replace(s.call), fill.Replace(s.body))
		}
	})
}

// A floating IP on a shared network goes through the router at the gateway's
// address, or through one of its own project, and never through a third
// project's.
func TestFloatingIPs_ThroughWhoseRouter(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		fill := c.things()
		lead := step{"demo", "PUT /floatingips/$demoFloating;", `{"floatingip":{"port_id":"$demoSharedPort;"}}`, 0, ""}
		led := func(status int, part string) step { s := lead; s.status, s.part = status, part; return s }
		other := c.make("demo", "port", `{"network_id":"`+privateID+`"}`)
		common := c.make("admin", "router", `{"external_gateway_info":{"network_id":"`+publicID+`"}}`)
		for _, s := range []step{
			{"alt", "PUT /routers/$altRouter;/add_router_interface", `{"port_id":"$altSharedPort;"}`, 200, ""},
			led(404, "is not reachable from subnet"),
			{"demo", "PUT /routers/$demoRouter;/add_router_interface", `{"port_id":"` + other + `"}`, 200, ""},
			led(200, `"router_id":"$demoRouter;"`),
			{"demo", "PUT /routers/$demoRouter;/remove_router_interface", `{"port_id":"` + other + `"}`, 409, "RouterInterfaceInUseByFloatingIP"},
			{"admin", "PUT /routers/" + common + "/add_router_interface", `{"subnet_id":"$sharedSubnet;"}`, 200, ""},
			led(200, `"router_id":"`+common+`"`),
		} {
			c.want(s.status, fill.Replace(s.part), s.as, fill.Replace(s.call), fill.Replace(s.body))
		}
	})
}
