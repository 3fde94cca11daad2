package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// neutron are the things in the network service that the tests of networks
// name.
type neutron struct {
	mine, bare, others string // networks: of demo, of demo without a subnet, of alt
	external           string // a network that leads outside, shared with nobody
	free, used, plain  string // ports of demo: with an address, in use, without an address
	bareport           string // a port on the network without a subnet
	named              string // a port for a server called www
	alien              string // a port of alt
}

func (s *cloudSite) neutron() (n neutron) {
	s.t.Helper()
	post := func(who, kind, body string) string {
		return s.Network(fmt.Sprintf(`POST /%ss {%q: {%s}}`, kind, kind, body), as(who)).Want(s.t, 201).String(kind + "/id")
	}
	network := func(who, cidr string) string {
		id := post(who, "network", `"name": "n"`)
		if cidr != "" {
			post(who, "subnet", fmt.Sprintf(`"network_id": %q, "ip_version": 4, "cidr": %q`, id, cidr))
		}
		return id
	}
	port := func(who, network, more string) string {
		return post(who, "port", fmt.Sprintf(`"network_id": %q%s`, network, more))
	}
	n.mine, n.bare, n.others = network("demo", "10.77.0.0/24"), network("demo", ""), network("alt", "10.78.0.0/24")
	n.external = s.Network("GET /networks?router:external=true").String("networks/0/id")
	n.free = port("demo", n.mine, `, "fixed_ips": [{"ip_address": "10.77.0.50"}]`)
	n.used = port("demo", n.mine, `, "device_id": "elsewhere", "fixed_ips": [{"ip_address": "10.77.0.51"}]`)
	n.plain, n.bareport = port("demo", n.mine, `, "fixed_ips": []`), port("demo", n.bare, "")
	n.named = port("demo", n.mine, `, "dns_name": "www"`)
	n.alien = port("alt", n.others, "")
	return n
}

// route joins demo's network to the external one, so that its ports can have floating
// addresses.
func (s *cloudSite) route(n neutron) {
	s.t.Helper()
	router := s.Network(`POST /routers {"router": {"external_gateway_info": {"network_id": "`+n.external+`"}}}`, as("demo")).Want(s.t, 201).String("router/id")
	subnet := s.Network("GET /networks/" + n.mine).String("network/subnets/0")
	s.Network("PUT /routers/"+router+`/add_router_interface {"subnet_id": "`+subnet+`"}`, as("demo")).Want(s.t, 200)
}

// TestServers_CreateNetworksRefused has every refusal of validate_networks in
// nova/network/neutron.py, and those that Nova finds when it builds a server. Not a
// server is made, and no port touched.
func TestServers_CreateNetworksRefused(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		n := s.neutron()
		const no, no2 = nobodyID, "00000000-0000-4000-8000-000000000001"
		uuid := func(id string) string { return fmt.Sprintf(`{"uuid": %q}`, id) }
		address := func(id, ip string) string { return fmt.Sprintf(`{"uuid": %q, "fixed_ip": %q}`, id, ip) }
		port := func(id string) string { return fmt.Sprintf(`{"port": %q}`, id) }
		before := s.Network("GET /ports?sort_key=id&sort_dir=asc").Want(t, 200).text
		for _, c := range []struct {
			name, caller, networks, more string
			status                       int
			fault, message               string
		}{
			{"FixedIpAlreadyInUse", "demo", address(n.mine, "10.77.0.51"), "", 400, "badRequest", "Fixed IP address 10.77.0.51 is already in use on instance elsewhere."},
			{"FixedIpAlreadyInUse, by nothing yet", "demo", address(n.mine, "10.77.0.50"), "", 400, "badRequest", "Fixed IP address 10.77.0.50 is already in use on instance ."},
			{"PortNotFound", "demo", port(no), "", 400, "badRequest", "Port id " + no + " could not be found."},
			{"PortNotFound, another project's", "demo", port(n.alien), "", 400, "badRequest", "Port id " + n.alien + " could not be found."},
			{"PortInUse", "demo", port(n.used), "", 409, "conflictingRequest", "Port " + n.used + " is still in use."},
			{"PortRequiresFixedIP", "demo", port(n.plain), "", 400, "badRequest", "Port " + n.plain + " requires a FixedIP in order to be used."},
			{"PortRequiresFixedIP, no subnet", "demo", port(n.bareport), "", 400, "badRequest", "Port " + n.bareport + " requires a FixedIP in order to be used."},
			{"PortNotUsable", "admin", port(n.alien), "", 400, "badRequest", "Port " + n.alien + " not usable for instance web."},
			{
				"PortNotUsableDNS", "demo", port(n.named), "", 400, "badRequest", "Port " + n.named + " not usable for instance web. " +
					"Value www assigned to dns_name attribute does not match instance's hostname web",
			},
			{"NetworkNotFound", "demo", uuid(no), "", 400, "badRequest", "Network " + no + " could not be found."},
			{"NetworkNotFound, two", "demo", uuid(no) + "," + uuid(n.mine) + "," + uuid(no2) + "," + uuid(no), "", 400, "badRequest", "Network " + no + ", " + no2 + " could not be found."},
			{"NetworkNotFound, another project's", "demo", uuid(n.others), "", 400, "badRequest", "Network " + n.others + " could not be found."},
			{"NetworkRequiresSubnet", "demo", uuid(n.bare), "", 400, "badRequest", "Network " + n.bare + " requires a subnet in order to boot instances on."},
			{"NetworkRequiresSubnet before NetworkNotFound", "demo", uuid(no) + "," + uuid(n.bare), "", 400, "badRequest", "Network " + n.bare + " requires a subnet in order to boot instances on."},
			{"ExternalNetworkAttachForbidden", "demo", uuid(n.external), "", 403, "forbidden", "It is not allowed to create an interface on external network " + n.external},
			{"an address of another project's network", "demo", address(private, "10.0.200.7"), "", 403, "forbidden", chosenAddress},
			{"NetworkAmbiguous", "demo", "", "", 409, "conflictingRequest", "Multiple possible networks found, use a Network ID to be more specific."},
			{
				"MultiplePortsNotApplicable", "demo", port(n.free), `, "max_count": 2`, 400, "badRequest", "Failed to launch instances: " +
					"Unable to launch multiple instances with a single configured port ID. Please launch your instance one by one with different ports.",
			},
			{
				"InvalidFixedIpAndMaxCountRequest", "demo", port(n.free) + "," + address(n.mine, "10.77.0.60"), `, "max_count": 2`, 400, "badRequest",
				"Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified.",
			},
			{"a port twice", "demo", port(n.free) + "," + port(n.free), "", 400, "badRequest", "Port ID '" + n.free + "' was specified twice: you cannot attach a port multiple times."},
			{
				"a port and an address", "demo", `{"port": "` + n.free + `", "fixed_ip": "10.77.0.60"}`, "", 400, "badRequest",
				"Specified Fixed IP '10.77.0.60' cannot be used with port '" + n.free + "': the two cannot be specified together.",
			},
			{"the second is wrong", "demo", port(n.free) + "," + port(no), "", 400, "badRequest", "Port id " + no + " could not be found."},
		} {
			t.Run(c.name, func(t *testing.T) {
				s.Do(create(`, "networks": [`+c.networks+`]`+c.more), as(c.caller), at(36)).Want(t, c.status, fault(c.fault, c.message))
			})
		}
		s.Do("GET /v2.1/servers?all_tenants=1").Want(t, 200, whole(`{"servers": []}`))
		if after := s.Network("GET /ports?sort_key=id&sort_dir=asc").text; after != before {
			t.Errorf("ports before: %s\nafter: %s", before, after)
		}
	})
}

// chosenAddress is what Neutron says to who chooses an address on another project's network.
const chosenAddress = "(rule:create_port and (rule:create_port:fixed_ips and (rule:create_port:fixed_ips:ip_address))) is disallowed by policy"

// TestServers_ChooseAddress chooses addresses on a network of the own project, and as an
// administrator on any.
func TestServers_ChooseAddress(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		n := s.neutron()
		for _, c := range []struct{ who, network, ip string }{{"demo", n.mine, "10.77.0.99"}, {"admin", private, "10.0.200.7"}} {
			id := s.boot("web", fmt.Sprintf(`, "networks": [{"uuid": %q, "fixed_ip": %q}]`, c.network, c.ip), as(c.who))
			if text := s.Do("GET /v2.1/servers/"+id+"/ips", as(c.who)).Want(t, 200).text; !strings.Contains(text, `"`+c.ip+`"`) {
				t.Errorf("%s: addresses %s", c.who, text)
			}
		}
	})
}

// TestServers_CreateNoNetwork is for a project that can use none.
func TestServers_CreateNoNetwork(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		s.Network("PUT /networks/"+private+` {"network": {"shared": false}}`).Want(t, 200)
		s.Do(create(`, "networks": "auto"`), as("demo"), at(37)).
			Want(t, 400, fault("badRequest", "Unable to automatically allocate a network for project "+demoProject))
		s.boot("alone", `, "networks": []`, at(36))
		s.Network("PUT /quotas/"+demoProject+` {"quota": {"port": 0}}`).Want(t, 200)
		s.Do(create(`, "networks": []`), as("demo"), at(36)).Want(t, 403, fault("forbidden", "Maximum number of ports exceeded"))
	})
}

// TestServers_CreatePortQuota makes as many servers as there are ports for.
func TestServers_CreatePortQuota(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		n := s.neutron()
		const mine = 5 // of demo
		one := `, "networks": [{"uuid": "` + n.mine + `"}]`
		two := `, "networks": [{"uuid": "` + n.mine + `"}, {"uuid": "` + private + `"}]`
		both := `, "networks": [{"uuid": "` + n.mine + `"}, {"port": "` + n.free + `"}]`
		const exceeded = "Maximum number of ports exceeded"
		for _, c := range []struct {
			name  string
			limit int
			more  string
			made  int
			text  string
		}{
			{"no limit", -1, two + `, "max_count": 3`, 3, ""},
			{"one too few", mine, one, 0, exceeded},
			{"just one", mine + 1, one, 1, ""},
			{"two of four", mine + 2, one + `, "max_count": 4`, 2, ""},
			{"not two of four", mine + 1, one + `, "min_count": 2, "max_count": 4`, 0, exceeded},
			{"two each", mine + 5, two + `, "max_count": 4`, 2, ""},
			{"two each, one free", mine + 1, two, 0, exceeded},
			{"a port that is there", mine + 1, both, 1, ""},
			{"only a port that is there", mine, `, "networks": [{"port": "` + n.free + `"}]`, 1, ""},
			{"more than the limit", mine - 1, one, 0, fmt.Sprintf("The number of defined ports: %d is over the limit: %d", mine, mine-1)},
			{"more than the limit, but not on the network", mine - 1, `, "networks": "none"`, 1, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				s.Network(fmt.Sprintf(`PUT /quotas/%s {"quota": {"port": %d}}`, demoProject, c.limit)).Want(t, 200)
				r := s.Do(create(c.more), as("demo"), at(37))
				if c.text != "" {
					r.Want(t, 403, fault("forbidden", c.text))
				} else {
					r.Want(t, 202)
				}
				s.work()
				list := s.Do("GET /v2.1/servers/detail", as("demo"))
				if made := list.Len("servers"); made != c.made {
					t.Errorf("made %d servers, want %d", made, c.made)
				}
				for i := range list.Len("servers") {
					list.Want(t, 200, has(fmt.Sprintf("servers/%d/status", i), "ACTIVE"))
					s.Do("DELETE /v2.1/servers/"+list.String(fmt.Sprintf("servers/%d/id", i)), as("demo")).Want(t, 204)
				}
				s.work()
			})
		}
	})
}
