package api_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// attach sends the body of an attachment and waits for the answer.
func (s *cloudSite) attach(id, body string, options ...option) *reply {
	s.t.Helper()
	defer s.working()()
	return s.Do("POST /v2.1/servers/"+id+"/os-interface "+body, append([]option{as("demo")}, options...)...)
}

func TestInterfaces(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		n := s.neutron()
		empty := s.Network(`POST /networks {"network": {"name": "empty"}}`, as("demo")).Want(t, 201).String("network/id")
		s.Network(`POST /subnets {"subnet": {"network_id": "`+empty+`", "ip_version": 4, "cidr": "10.79.0.0/24"}}`, as("demo")).Want(t, 201)
		id := s.boot("web", "")
		path := "GET /v2.1/servers/" + id + "/os-interface"
		s.Do(path, as("demo")).Want(t, 200, whole(`{"interfaceAttachments": []}`))
		for _, c := range []struct {
			body, network, ip, tag string
			minor                  int
		}{
			{`{"interfaceAttachment": {"port_id": "` + n.free + `"}}`, n.mine, "10.77.0.50", "", 1},
			{`{"interfaceAttachment": {"net_id": "` + empty + `", "fixed_ips": [{"ip_address": "10.79.0.60"}], "tag": "blue"}}`, empty, "10.79.0.60", "blue", 49},
			{`{"interfaceAttachment": {"net_id": "` + empty + `", "fixed_ips": [{"ip_address": "10.79.0.61"}], "tag": "red"}}`, empty, "10.79.0.61", "red", 70},
		} {
			made := s.attach(id, c.body, at(c.minor)).Want(
				t, 200, has("interfaceAttachment/port_state", "ACTIVE"), has("interfaceAttachment/net_id", c.network),
				has("interfaceAttachment/fixed_ips/0/ip_address", c.ip),
			)
			port := made.String("interfaceAttachment/port_id")
			for _, minor := range []int{69, 70} {
				shown := s.Do(path+"/"+port, as("demo"), at(minor)).Want(t, 200, has("interfaceAttachment/port_id", port))
				tag, ok := shown.JSON().(map[string]any)["interfaceAttachment"].(map[string]any)["tag"]
				if ok != (minor == 70) || ok && c.tag != "" && tag != c.tag || ok && c.tag == "" && tag != nil {
					t.Errorf("at 2.%d: %s", minor, shown.text)
				}
			}
		}
		list := s.Do(path, as("demo"), at(70)).Want(t, 200)
		if list.Len("interfaceAttachments") != 3 {
			t.Error(list.text)
		}
		for i := range 3 {
			s.Do(fmt.Sprintf("DELETE /v2.1/servers/%s/os-interface/%s", id, list.String(fmt.Sprintf("interfaceAttachments/%d/port_id", i))), as("demo")).Want(t, 202)
			s.work()
		}
		s.Do(path, as("demo")).Want(t, 200, whole(`{"interfaceAttachments": []}`))
		s.Network("GET /ports/"+n.free).Want(t, 200, has("port/device_id", ""))
		s.Do("DELETE /v2.1/servers/"+id+"/os-interface/"+nobodyID, as("demo")).Want(t, 202) // what isn't there the host finds out
	})
}

// TestInterfaces_Refused has the refusals of Nova's attach_interfaces.py, and those of
// its network API that a client waits for.
func TestInterfaces_Refused(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		n := s.neutron()
		id, others := s.boot("web", ""), s.boot("others", "", as("alt"))
		attachment := func(keys string) string { return `{"interfaceAttachment": {` + keys + `}}` }
		network := func(id string) string { return attachment(`"net_id": "` + id + `"`) }
		port := func(id string) string { return attachment(`"port_id": "` + id + `"`) }
		address := func(ip string) string {
			return attachment(`"net_id": "` + n.mine + `", "fixed_ips": [{"ip_address": "` + ip + `"}]`)
		}
		for _, c := range []struct {
			name, body     string
			status         int
			fault, message string
		}{
			{"both", attachment(`"net_id": "` + n.mine + `", "port_id": "` + n.free + `"`), 400, "badRequest", "Must not input both network_id and port_id"},
			{"an address of no network", attachment(`"fixed_ips": [{"ip_address": "10.77.0.9"}]`), 400, "badRequest", "Must input network_id when request IP address"},
			{"NetworkAmbiguous", `{}`, 400, "badRequest", "Multiple possible networks found, use a Network ID to be more specific."},
			{"NetworkNotFound", network(nobodyID), 404, "itemNotFound", "Network " + nobodyID + " could not be found."},
			{"NetworkNotFound, another project's", network(n.others), 404, "itemNotFound", "Network " + n.others + " could not be found."},
			{"PortNotFound", port(nobodyID), 404, "itemNotFound", "Port id " + nobodyID + " could not be found."},
			{"PortNotFound, another project's", port(n.alien), 404, "itemNotFound", "Port id " + n.alien + " could not be found."},
			{"PortInUse", port(n.used), 409, "conflictingRequest", "Port " + n.used + " is still in use."},
			{"FixedIpAlreadyInUse", address("10.77.0.51"), 409, "conflictingRequest", "Fixed IP 10.77.0.51 is already in use."},
			{"InvalidInput", address("192.0.2.1"), 400, "badRequest", "Invalid input received: Fixed IP 192.0.2.1 is not a valid ip address for network " + n.mine + "."},
			{"an address of another project's network", attachment(`"net_id": "` + private + `", "fixed_ips": [{"ip_address": "10.0.200.7"}]`), 403, "forbidden", chosenAddress},
			{"ExternalNetworkAttachForbidden", network(n.external), 403, "forbidden", "It is not allowed to create an interface on external network " + n.external},
			{"PortNotUsableDNS", port(n.named), 400, "badRequest", "Port " + n.named + " not usable for instance " + id + ". Value www assigned to dns_name attribute " +
				"does not match instance's hostname web"},
		} {
			t.Run(c.name, func(t *testing.T) {
				s.attach(id, c.body, at(49)).Want(t, c.status, fault(c.fault, c.message))
				s.Do("GET /v2.1/servers/"+id+"/os-interface", as("demo")).Want(t, 200, whole(`{"interfaceAttachments": []}`))
			})
		}
		s.attach(id, port(n.alien), as("admin")).Want(t, 400, fault("badRequest", "Port "+n.alien+" not usable for instance "+id+"."))
		s.Network("PUT /quotas/"+demoProject+` {"quota": {"port": 1}}`).Want(t, 200)
		s.attach(id, network(n.mine)).Want(t, 403, fault("forbidden", "Maximum number of ports exceeded"))
		s.attach(others, "{}", as("demo")).Want(t, 404, fault("itemNotFound", "Instance "+others+" could not be found."))
		s.attach(id, "{}", as("reader")).Want(t, 403)
		s.attach(id, attachment(`"tag": "blue"`), at(48)).Want(t, 400)
		path := "/v2.1/servers/" + id + "/os-interface/"
		s.Do("GET "+path+nobodyID, as("demo")).Want(t, 404, fault("itemNotFound", "Port id "+nobodyID+" could not be found."))
		s.Do("GET "+path+n.used, as("demo")).Want(t, 404, fault("itemNotFound", "Instance "+id+" does not have a port with id "+n.used))

		for _, c := range []struct{ action, message string }{
			{`{"suspend": null}`, "Cannot '%s' instance " + id + " while it is in vm_state suspended"},
			{`{"lock": null}`, "Instance " + id + " is locked"},
		} {
			s.act(id, c.action).Want(t, 202)
			for word, request := range map[string]string{"attach_interface": "POST /v2.1/servers/" + id + "/os-interface {}", "detach_interface": "DELETE " + path + n.used} {
				message := c.message
				if c.action == `{"suspend": null}` {
					message = fmt.Sprintf(message, word)
				}
				s.Do(request, as("demo")).Want(t, 409, fault("conflictingRequest", message))
			}
		}
	})
}

func TestSamples_Interfaces(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", `, "networks": [{"uuid": "`+private+`"}]`)
		port := s.Network("GET /ports?device_id=" + id).String("ports/0/id")
		path := "/v2.1/servers/" + id + "/os-interface"
		defer s.working()()
		var all []sample
		for minor, folder := range map[int]string{1: "", 49: "v2.49", 70: "v2.70"} {
			all = append(all, sample{filepath.Join("os-attach-interfaces", folder, "attach-interfaces-create-resp.json"), "POST " + path + " {}", minor, 200, nil})
			if minor != 49 {
				all = append(
					all,
					sample{filepath.Join("os-attach-interfaces", folder, "attach-interfaces-list-resp.json"), "GET " + path, minor, 200, nil},
					sample{filepath.Join("os-attach-interfaces", folder, "attach-interfaces-show-resp.json"), "GET " + path + "/" + port, minor, 200, nil},
				)
			}
		}
		s.conform(t, all)
	}, func(_ *api.Options, o *compute.Options) { o.Quota = nova.Quota{} })
}
