package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestServers_SecurityGroups(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", `, "networks": [{"uuid": "`+private+`"}, {"uuid": "`+private+`"}]`)
		bare := s.boot("bare", "")
		group := func(name string) string {
			return s.Network(`POST /security-groups {"security_group": {"name": "`+name+`"}}`, as("demo")).Want(t, 201).String("security_group/id")
		}
		web := group("web")
		group("twin")
		group("twin")
		path := "GET /v2.1/servers/" + id + "/os-security-groups"
		add := func(name string) *reply { return s.act(id, `{"addSecurityGroup": {"name": "`+name+`"}}`) }
		remove := func(name string) *reply { return s.act(id, `{"removeSecurityGroup": {"name": "`+name+`"}}`) }

		add("web").Want(t, 202)
		twice := add("web").Want(t, 400)
		if want := "Invalid input for security_groups. Reason: Duplicate items in the list: '" + web + "'.\nNeutron server returns request_ids: ['req-"; !strings.HasPrefix(twice.String("badRequest/message"), want) {
			t.Error(twice.text)
		}
		list := s.Do(path, as("demo")).Want(t, 200, has("security_groups/0/name", "default"), has("security_groups/2/name", "web"), has("security_groups/3/id", web))
		if list.Len("security_groups") != 4 || list.Len("security_groups/0/rules") != 2 || list.Len("security_groups/2/rules") != 0 {
			t.Error(list.text)
		}
		list.Want(t, 200, has("security_groups/0/rules/0/group/name", "default"))
		if shown := s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200); shown.Len("server/security_groups") != 4 {
			t.Error(shown.text)
		}
		remove(web).Want(t, 202)
		if n := s.Do(path, as("demo")).Want(t, 200).Len("security_groups"); n != 2 {
			t.Errorf("%d groups are left", n)
		}
		for _, c := range []struct {
			reply   *reply
			status  int
			message string
		}{
			{remove("web"), 404, "Security group web not associated with the instance " + id},
			{add("none"), 404, "Security group none is not found for project " + demoProject},
			{remove("none"), 404, "Security group none is not found for project " + demoProject},
			{add("twin"), 409, "Multiple security_group matches found for name 'twin', use an ID to be more specific."},
			{remove("twin"), 409, "Multiple security_group matches found for name 'twin', use an ID to be more specific."},
			{add("  "), 400, "Security group name cannot be empty"},
			{s.act(bare, `{"addSecurityGroup": {"name": "web"}}`), 404, "instance_id " + bare + " could not be found as device id on any ports"},
			{s.act(bare, `{"removeSecurityGroup": {"name": "web"}}`), 404, "instance_id " + bare + " could not be found as device id on any ports"},
		} {
			c.reply.Want(t, c.status, fault(map[int]string{400: "badRequest", 404: "itemNotFound", 409: "conflictingRequest"}[c.status], c.message))
		}
		port := s.Network("GET /ports?device_id=" + id).String("ports/0/id")
		s.Network("PUT /ports/"+port+` {"port": {"security_groups": [], "port_security_enabled": false}}`).Want(t, 200)
		add("web").Want(t, 400, fault("badRequest", "Network requires port_security_enabled and subnet associated in order to apply security groups."))
		s.conform(t, []sample{{"os-security-groups/server-security-groups-list-resp.json", path, 1, 200, []string{"rules"}}})
	})
}

func TestServers_FixedIPs(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", `, "networks": [{"uuid": "`+private+`"}]`)
		addresses := func() *reply { return s.Do("GET /v2.1/servers/"+id+"/ips", as("demo")).Want(t, 200) }
		s.act(id, `{"addFixedIp": {"networkId": "`+private+`"}}`, at(43)).Want(t, 202)
		if n := addresses().Len("addresses/private"); n != 2 {
			t.Errorf("%d addresses", n)
		}
		second := addresses().String("addresses/private/1/addr")
		s.act(id, `{"removeFixedIp": {"address": "`+second+`"}}`, at(43)).Want(t, 202)
		if n := addresses().Len("addresses/private"); n != 1 {
			t.Errorf("%d addresses", n)
		}
		s.act(id, `{"removeFixedIp": {"address": "`+second+`"}}`).Want(t, 400, fault("badRequest", fmt.Sprintf("Instance %s does not have fixed IP '%s'.", id, second)))
		s.act(id, `{"addFixedIp": {"networkId": "`+nobodyID+`"}}`).Want(t, 404, fault("itemNotFound", "Network could not be found for instance "+id+"."))
		s.act(id, `{"addFixedIp": {"networkId": 1}}`).Want(t, 404)
		s.act(id, `{"addFixedIp": {"networkId": "`+private+`"}}`, at(44)).Want(t, 404)
		s.act(id, `{"lock": null}`).Want(t, 202)
		for _, body := range []string{`{"addFixedIp": {"networkId": "` + private + `"}}`, `{"removeFixedIp": {"address": "` + second + `"}}`} {
			s.act(id, body).Want(t, 409, fault("conflictingRequest", "Instance "+id+" is locked"))
		}
	})
}

func TestServers_FloatingIPs(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		n := s.neutron()
		s.route(n)
		id, other, bare := s.boot("web", `, "networks": [{"uuid": "`+n.mine+`"}]`), s.boot("other", `, "networks": [{"uuid": "`+n.mine+`"}]`), s.boot("bare", "")
		floating := func() string {
			return s.Network(`POST /floatingips {"floatingip": {"floating_network_id": "`+n.external+`"}}`, as("demo")).Want(t, 201).String("floatingip/floating_ip_address")
		}
		add := func(id, address, more string) *reply {
			return s.act(id, `{"addFloatingIp": {"address": "`+address+`"`+more+`}}`, at(43))
		}
		remove := func(id, address string) *reply {
			return s.act(id, `{"removeFloatingIp": {"address": "`+address+`"}}`, at(43))
		}
		fixed := s.Do("GET /v2.1/servers/"+id+"/ips", as("demo")).String("addresses/n/0/addr")
		first, second := floating(), floating()
		add(id, first, "").Want(t, 202)
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/addresses/n/1/addr", first), has("server/addresses/n/1/OS-EXT-IPS:type", "floating"))
		add(other, first, "").Want(t, 202) // it moves
		if n := s.Do("GET /v2.1/servers/"+id+"/ips", as("demo")).Len("addresses/n"); n != 1 {
			t.Errorf("%d addresses are left", n)
		}
		remove(id, first).Want(t, 409, fault("conflictingRequest", "Floating IP "+first+" is not associated with instance "+id+"."))
		remove(other, first).Want(t, 202)
		remove(other, first).Want(t, 409, fault("conflictingRequest", "Floating IP "+first+" is not associated with instance "+other+"."))
		add(id, first, `, "fixed_address": "`+fixed+`"`).Want(t, 202)
		for _, c := range []struct {
			reply   *reply
			status  int
			message string
		}{
			{add(id, "192.0.2.1", ""), 404, "floating IP not found"},
			{remove(id, "192.0.2.1"), 404, "Floating IP not found for address 192.0.2.1."},
			{add(id, second, `, "fixed_address": "10.77.0.99"`), 400, "Specified fixed address not assigned to instance"},
			{add(bare, second, ""), 400, "Instance network is not ready yet"},
		} {
			c.reply.Want(t, c.status, fault(map[int]string{400: "badRequest", 404: "itemNotFound"}[c.status], c.message))
		}
		add(id, second, "").Want(t, 400) // in the words of the network service
		s.act(id, `{"addFloatingIp": {"address": "`+second+`"}}`, at(44)).Want(t, 404)
		s.act(id, `{"removeFloatingIp": {"address": "`+first+`"}}`, at(43), as("reader")).Want(t, 403)
		s.Do("POST /v2.1/servers/"+id+`/action {"addFloatingIp": {"address": "`+second+`"}}`, as("alt"), at(1)).Want(t, 404)
	})
}
