package api_test

import (
	"fmt"
	"testing"
)

func TestServerExternalEvents(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id, young := s.boot("web", ""), s.begin("young", "")
		event := func(name, id, more string) string {
			return fmt.Sprintf(`{"name": %q, "server_uuid": %q%s}`, name, id, more)
		}
		send := func(minor int, who, events string) *reply {
			return s.Do(`POST /v2.1/os-server-external-events {"events": [`+events+`]}`, as(who), at(minor))
		}
		send(1, "admin", event("network-changed", id, `, "tag": "foo", "status": "failed"`)).Want(t, 200, whole(
			`{"events": [{"name": "network-changed", "server_uuid": "`+id+`", "status": "completed", "code": 200, "tag": "foo"}]}`))
		send(93, "admin", event("network-vif-plugged", id, "")+","+event("network-changed", nobodyID, "")+","+
			event("power-update", id, "")+","+event("network-changed", young, "")+","+event("volume-reimaged", id, "")).Want(t, 207, whole(`{"events": [
				{"name": "network-vif-plugged", "server_uuid": "`+id+`", "status": "completed", "code": 200},
				{"name": "network-changed", "server_uuid": "`+nobodyID+`", "status": "failed", "code": 404},
				{"name": "power-update", "server_uuid": "`+id+`", "status": "failed", "code": 400},
				{"name": "network-changed", "server_uuid": "`+young+`", "status": "failed", "code": 422},
				{"name": "volume-reimaged", "server_uuid": "`+id+`", "status": "completed", "code": 200}]}`))
		for name, since := range map[string]int{"volume-extended": 51, "power-update": 76, "accelerator-request-bound": 82, "volume-reimaged": 93} {
			send(since, "admin", event(name, id, `, "tag": "x"`)).Want(t, 200)
			send(since-1, "admin", event(name, id, `, "tag": "x"`)).Want(t, 400)
		}
		send(1, "admin", "").Want(t, 400)
		send(1, "admin", event("network-changed", "no-uuid", "")).Want(t, 400)
		send(1, "demo", event("network-changed", id, "")).Want(t, 403)
		s.work()
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/status", "ACTIVE"))
	})
}

// TestServers_Network has everything that the network service may change about a
// server appear wherever addresses and groups are shown.
func TestServers_Network(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		n := s.neutron()
		s.route(n)
		id := s.boot("web", `, "networks": [{"uuid": "`+n.mine+`"}]`)
		port := s.Network("GET /ports?device_id=" + id).String("ports/0/id")
		shown := func(network string, want ...string) {
			t.Helper()
			s.work()
			places := map[string]string{
				"GET /v2.1/servers/" + id:                     "server/addresses/" + network,
				"GET /v2.1/servers/detail?name=web":           "servers/0/addresses/" + network,
				"GET /v2.1/servers/" + id + "/ips":            "addresses/" + network,
				"GET /v2.1/servers/" + id + "/ips/" + network: network,
			}
			for request, path := range places {
				r := s.Do(request, as("demo")).Want(t, 200)
				if n := r.Len(path); n != len(want) {
					t.Errorf("%s: %s", request, r.text)
					continue
				}
				for i, ip := range want {
					r.Want(t, 200, has(fmt.Sprintf("%s/%d/addr", path, i), ip))
				}
			}
			for _, ip := range want {
				s.Do("GET /v2.1/servers?ip="+ip+"$", as("demo")).Want(t, 200, has("servers/0/id", id))
			}
		}
		fixed := s.Do("GET /v2.1/servers/"+id, as("demo")).String("server/addresses/n/0/addr")
		floating := s.Network(`POST /floatingips {"floatingip": {"floating_network_id": "`+n.external+`", "port_id": "`+port+`"}}`, as("demo")).Want(t, 201)
		shown("n", fixed, floating.String("floatingip/floating_ip_address"))
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/addresses/n/1/OS-EXT-IPS:type", "floating"))
		s.Network("PUT /floatingips/"+floating.String("floatingip/id")+` {"floatingip": {"port_id": null}}`, as("demo")).Want(t, 200)
		shown("n", fixed)

		s.Network(`PUT /ports/`+port+` {"port": {"fixed_ips": [{"ip_address": "10.77.0.201"}]}}`).Want(t, 200)
		shown("n", "10.77.0.201")

		group := s.Network(`POST /security-groups {"security_group": {"name": "web"}}`, as("demo")).Want(t, 201).String("security_group/id")
		s.Network(`PUT /ports/`+port+` {"port": {"security_groups": ["`+group+`"]}}`, as("demo")).Want(t, 200)
		s.work()
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/security_groups/0/name", "web"))

		s.Network(`PUT /networks/`+n.mine+` {"network": {"name": "renamed"}}`).Want(t, 200) // of which nobody tells
		must(t, s.worker.HealNetworks(t.Context()))
		shown("renamed", "10.77.0.201")

		s.Network("DELETE /ports/"+port, as("demo")).Want(t, 204)
		s.work()
		s.Do("GET /v2.1/servers/"+id+"/ips", as("demo")).Want(t, 200, whole(`{"addresses": {}}`))
		s.Do("GET /v2.1/servers?ip=10.77.0.201", as("demo")).Want(t, 200, whole(`{"servers": []}`))
	})
}
