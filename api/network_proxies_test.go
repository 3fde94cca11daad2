package api_test

import (
	"fmt"
	"testing"
)

func TestNetworks(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		n := s.neutron()
		s.Do("GET /v2.1/os-tenant-networks/"+n.mine, as("demo")).Want(t, 200, whole(`{"network": {"id": "`+n.mine+`", "cidr": "None", "label": "n"}}`))
		s.Do("GET /v2.1/os-networks/"+n.mine, as("demo")).Want(t, 200, whole(`{"network": {"id": "`+n.mine+`", "label": "n", "cidr": null, "netmask": null,
			"gateway": null, "broadcast": null, "dns1": null, "dns2": null, "cidr_v6": null, "gateway_v6": null, "netmask_v6": null}}`))
		for _, path := range []string{"/v2.1/os-networks", "/v2.1/os-tenant-networks"} {
			if seen := s.Do("GET "+path, as("demo")).Want(t, 200).Len("networks"); seen != 4 { // two of its own, the shared and the external one
				t.Errorf("%s: %d networks", path, seen)
			}
			for _, id := range []string{n.others, nobodyID} {
				s.Do("GET "+path+"/"+id, as("demo")).Want(t, 404, fault("itemNotFound", "Network not found"))
			}
			s.Do("GET "+path, as("demo"), at(36)).Want(t, 404)
			s.Do("DELETE "+path+"/"+n.mine, as("demo")).Want(t, 410)
		}
		s.Do("GET /v2.1/os-floating-ip-pools", as("demo")).Want(t, 200, whole(`{"floating_ip_pools": [{"name": "public"}]}`))
		s.conform(t, []sample{
			{"os-networks/network-show-resp.json", "GET /v2.1/os-networks/" + n.mine, 1, 200, nil},
			{"os-networks/networks-list-resp.json", "GET /v2.1/os-networks", 1, 200, nil},
			{"os-tenant-networks/networks-list-res.json", "GET /v2.1/os-tenant-networks", 1, 200, nil},
			{"os-floating-ip-pools/floatingippools-list-resp.json", "GET /v2.1/os-floating-ip-pools", 1, 200, nil},
		})
	})
}

func TestFloatingIPs(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		n := s.neutron()
		s.route(n)
		server := s.boot("web", `, "networks": [{"uuid": "`+n.mine+`"}]`)
		allocate := func(body string) *reply { return s.Do("POST /v2.1/os-floating-ips "+body, as("demo")) }
		s.Do("GET /v2.1/os-floating-ips", as("demo")).Want(t, 200, whole(`{"floating_ips": []}`))
		made := allocate(`{"pool": "public"}`).Want(t, 200, has("floating_ip/pool", "public"))
		id, ip := made.String("floating_ip/id"), made.String("floating_ip/ip")
		made.Want(t, 200, whole(`{"floating_ip": {"fixed_ip": null, "id": "`+id+`", "instance_id": null, "ip": "`+ip+`", "pool": "public"}}`))
		s.act(server, `{"addFloatingIp": {"address": "`+ip+`"}}`, at(43)).Want(t, 202)
		fixed := s.Do("GET /v2.1/servers/"+server+"/ips", as("demo")).String("addresses/n/0/addr")
		whose := `{"fixed_ip": "` + fixed + `", "id": "` + id + `", "instance_id": "` + server + `", "ip": "` + ip + `", "pool": "public"}`
		s.Do("GET /v2.1/os-floating-ips/"+id, as("demo")).Want(t, 200, whole(`{"floating_ip": `+whose+`}`))
		s.Do("GET /v2.1/os-floating-ips", as("demo")).Want(t, 200, whole(`{"floating_ips": [`+whose+`]}`))
		s.Do("GET /v2.1/os-floating-ips", as("alt")).Want(t, 200, whole(`{"floating_ips": []}`))
		s.conform(t, []sample{
			{"os-floating-ips/floating-ips-create-resp.json", `POST /v2.1/os-floating-ips {"pool": "` + n.external + `"}`, 1, 200, nil},
			{"os-floating-ips/floating-ips-get-resp.json", "GET /v2.1/os-floating-ips/" + id, 1, 200, nil},
			{"os-floating-ips/floating-ips-list-resp.json", "GET /v2.1/os-floating-ips", 1, 200, nil},
		})
		s.Do("DELETE /v2.1/os-floating-ips/"+id, as("demo")).Want(t, 202)
		s.work()
		if left := s.Do("GET /v2.1/servers/"+server+"/ips", as("demo")).Len("addresses/n"); left != 1 {
			t.Errorf("%d addresses are left", left)
		}
		for _, method := range []string{"GET", "DELETE"} {
			s.Do(method+" /v2.1/os-floating-ips/"+id, as("demo")).Want(t, 404, fault("itemNotFound", "Floating IP not found for ID "+id))
		}
		for _, body := range []string{`{"pool": "none"}`, `{"pool": null}`, `{}`} {
			allocate(body).Want(t, 404, fault("itemNotFound", "Floating IP pool not found."))
		}
		s.Network("PUT /quotas/"+demoProject+` {"quota": {"floatingip": 0}}`).Want(t, 200)
		allocate(`{"pool": "public"}`).Want(t, 403, fault("forbidden", "IP allocation over quota in pool public."))
		s.Do("GET /v2.1/os-floating-ips", as("demo"), at(36)).Want(t, 404)
	})
}

func TestSecurityGroups(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		const groups, rules = "/v2.1/os-security-groups", "/v2.1/os-security-group-rules"
		body := func(name string) string {
			return `{"security_group": {"name": "` + name + `", "description": "of old", "more": 1}}`
		}
		id := s.Do("POST "+groups+" "+body("web"), as("demo")).Want(t, 200).String("security_group/id")
		shown := `{"security_group": {"id": "` + id + `", "name": %q, "description": "of old", "tenant_id": "` + demoProject + `", "rules": [%s]}}`
		s.Do("GET "+groups+"/"+id, as("demo")).Want(t, 200, whole(fmt.Sprintf(shown, "web", "")))
		s.Do("PUT "+groups+"/"+id+" "+body("www"), as("demo")).Want(t, 200, whole(fmt.Sprintf(shown, "www", "")))

		add := func(more string) *reply {
			return s.Do("POST "+rules+` {"security_group_rule": {"parent_group_id": "`+id+`"`+more+`}}`, as("demo"))
		}
		ssh := add(`, "ip_protocol": "tcp", "from_port": "22", "to_port": 22, "cidr": "10.0.0.0/8"`).Want(t, 200).String("security_group_rule/id")
		rule := `{"id": "` + ssh + `", "parent_group_id": "` + id + `", "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "group": {}, "ip_range": {"cidr": "10.0.0.0/8"}}`
		s.Do("GET "+groups+"/"+id, as("demo")).Want(t, 200, whole(fmt.Sprintf(shown, "www", rule)))
		s.conform(t, []sample{
			{"os-security-groups/security-groups-get-resp.json", "GET " + groups + "/" + id, 1, 200, []string{"rules"}},
			{"os-security-groups/security-groups-list-get-resp.json", "GET " + groups, 1, 200, []string{"rules"}},
			{"os-security-groups/security-groups-create-resp.json", "POST " + groups + " " + body("x"), 1, 200, nil},
		})
		add(`, "ip_protocol": "icmp", "from_port": -1, "to_port": -1`).Want(t, 200, has("security_group_rule/ip_range/cidr", "0.0.0.0/0"))
		add(`, "ip_protocol": "udp", "group_id": "`+id+`"`).Want(t, 200, has("security_group_rule/group/name", "www"))
		add(`, "group_id": "`+id+`"`).Want(t, 200)
		add(`, "ip_protocol": "tcp", "from_port": 70.5, "to_port": 71`).Want(t, 200, has("security_group_rule/from_port", 70))
		for _, c := range []struct {
			more    string
			status  int
			message string
		}{
			{`, "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/8"`, 400, "This rule already exists in group " + id},
			{"", 400, "Not enough parameters to build a valid rule."},
			{`, "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10/8x"`, 400, "10/8x is not a valid IP network."},
			{`, "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": {"a": 1}`, 400, `{"a":1} is not a valid IP network.`},
			{`, "ip_protocol": "tcp", "from_port": 22, "to_port": 22, "cidr": "10.0.0.0/0"`, 400, "Bad prefix for network in cidr 10.0.0.0/0"},
			{`, "ip_protocol": "tcp", "from_port": "70.5", "to_port": 71`, 400, "Invalid input received: To and From ports must be integers"},
			{`, "ip_protocol": "tcp", "from_port": "x", "to_port": 22`, 400, "Invalid input received: To and From ports must be integers"},
			{`, "ip_protocol": "icmp", "from_port": "x", "to_port": 22`, 400, "Invalid input received: Type and Code must be integers for ICMP protocol type"},
			{`, "ip_protocol": "gre", "from_port": 1, "to_port": 2`, 400, "Invalid IP protocol gre."},
			{`, "ip_protocol": "tcp", "from_port": 3, "to_port": 2`, 400, "Invalid port range 3:2. Former value cannot be greater than the later"},
			{`, "ip_protocol": "tcp", "from_port": 0, "to_port": 2`, 400, "Invalid port range 0:2. Valid TCP ports should be between 1-65535"},
			{`, "ip_protocol": "icmp", "from_port": 256, "to_port": 2`, 400, "Invalid port range 256:2. For ICMP, the type:code must be valid"},
		} {
			add(c.more).Want(t, c.status, fault("badRequest", c.message))
		}
		add(`, "group_id": "`+nobodyID+`"`).Want(t, 404)
		s.Do("DELETE "+rules+"/"+ssh, as("alt")).Want(t, 404)
		s.Do("DELETE "+rules+"/"+ssh, as("demo")).Want(t, 202)
		s.Do("DELETE "+rules+"/"+ssh, as("demo")).Want(t, 404)
		for _, request := range []string{"GET " + groups + "/x", "DELETE " + groups + "/x", "DELETE " + rules + "/x", "PUT " + groups + "/x " + body("y")} {
			s.Do(request, as("demo")).Want(t, 400, fault("badRequest", "Security group id should be uuid"))
		}

		if n := s.Do("GET "+groups, as("demo")).Len("security_groups"); n != 2 { // default and www
			t.Errorf("%d groups", n)
		}
		s.Do("GET "+groups, as("demo")).Want(t, 200, has("security_groups/0/name", "default"), has("security_groups/1/name", "www"))
		if n := s.Do("GET "+groups+"?offset=1&limit=1", as("demo")).Want(t, 200).Len("security_groups"); n != 1 {
			t.Errorf("%d groups on a page", n)
		}
		if all, own := s.Do("GET "+groups+"?all_tenants=1").Len("security_groups"), s.Do("GET "+groups).Len("security_groups"); all <= own {
			t.Errorf("%d groups of all, %d of the administrator", all, own)
		}
		s.Do("GET "+groups+"/"+id, as("alt")).Want(t, 404)
		s.Do("DELETE "+groups+"/"+id, as("demo")).Want(t, 202)
		s.Do("GET "+groups+"/"+id, as("demo")).Want(t, 404)
		s.Network("PUT /quotas/"+demoProject+` {"quota": {"security_group": 1}}`).Want(t, 200)
		s.Do("POST "+groups+" "+body("more"), as("demo")).Want(t, 403)
		s.Do("GET "+groups, as("demo"), at(36)).Want(t, 404)
	})
}
