package cloud_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

func neutronNetwork(id string, shared bool) object {
	return object{
		"id": id, "name": "net " + id, "tenant_id": "p1", "project_id": "p1", "shared": shared, "router:external": id == "ext",
		"subnets": []string{"s1"}, "status": "ACTIVE", "mtu": 1450,
	}
}

func novaNetwork(id string, shared bool) nova.Network {
	return nova.Network{ID: id, Name: "net " + id, ProjectID: "p1", Shared: shared, External: id == "ext", SubnetIDs: []string{"s1"}}
}

func TestNetwork_Available(t *testing.T) {
	t.Parallel()
	neutron := &script{answers: map[string]scripted{
		"GET /v2.0/networks?shared=False&tenant_id=p1": {http.StatusOK, object{"networks": []any{neutronNetwork("own", false), neutronNetwork("ext", false)}}},
		"GET /v2.0/networks?shared=True": {http.StatusOK, object{
			"networks":       []any{neutronNetwork("shared1", true)},
			"networks_links": []any{object{"rel": "next", "href": "http://elsewhere/v2.0/networks?shared=True&marker=shared1"}},
		}},
		"GET /v2.0/networks?marker=shared1&shared=True": {http.StatusOK, object{
			"networks":       []any{neutronNetwork("shared2", true)},
			"networks_links": []any{object{"rel": "previous", "href": "http://elsewhere/v2.0/networks?marker=shared2"}},
		}},
	}}
	b := newBed(t, nil, neutron, nil)
	got, err := b.Network.As(caller).Available(t.Context(), "p1")
	if err != nil {
		t.Fatal(err)
	}
	want := []nova.Network{novaNetwork("own", false), novaNetwork("ext", false), novaNetwork("shared1", true), novaNetwork("shared2", true)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, a := range neutron.told(t) {
		if a.Token != caller.Token {
			t.Errorf("%s was asked as %q", a.Request, a.Token)
		}
	}
}

func TestNetwork_ByIDs(t *testing.T) {
	t.Parallel()
	ids := make([]string, 150)
	for i := range ids {
		ids[i] = fmt.Sprintf("n%03d", i)
	}
	query := func(ids []string) string { return "GET /v2.0/networks?id=" + strings.Join(ids, "&id=") }
	neutron := &script{answers: map[string]scripted{
		query(ids[:100]):        {http.StatusOK, object{"networks": []any{neutronNetwork("n050", false), neutronNetwork("n007", false)}}},
		query(ids[100:]):        {http.StatusOK, object{"networks": []any{neutronNetwork("n149", true)}}},
		"GET /v2.0/networks/n7": {http.StatusOK, object{"network": neutronNetwork("n7", true)}},
		"GET /v2.0/networks/n8": {http.StatusNotFound, object{"NeutronError": object{"type": "NetworkNotFound", "message": "x"}}},
	}}
	b := newBed(t, nil, neutron, nil)
	got, err := b.Network.As(caller).Networks(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	want := []nova.Network{novaNetwork("n007", false), novaNetwork("n050", false), novaNetwork("n149", true)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	one, err := b.Network.As(caller).Network(t.Context(), "n7")
	if diff := cmp.Diff(novaNetwork("n7", true), one); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	_, err = b.Network.As(caller).Network(t.Context(), "n8")
	wantError(t, err, nova.NotFound, "Network n8 could not be found.")
	if none, err := b.Network.As(caller).Networks(t.Context(), nil); err != nil || len(none) > 0 {
		t.Errorf("of no IDs: %v, %v", none, err)
	}
}

var (
	neutronPort = object{
		"id": "port1", "network_id": "n1", "tenant_id": "p1", "device_id": "server1", "device_owner": "compute:nova",
		"binding:host_id": "fake-1", "mac_address": "fa:16:3e:00:00:01", "status": "ACTIVE",
		"fixed_ips": []any{object{"subnet_id": "s1", "ip_address": "10.0.0.5"}}, "security_groups": []string{"g1"}, "revision_number": 3,
	}
	port = nova.Port{
		ID: "port1", NetworkID: "n1", ProjectID: "p1", DeviceID: "server1", DeviceOwner: "compute:nova",
		Host: "fake-1", MAC: "fa:16:3e:00:00:01", Status: "ACTIVE",
		FixedIPs: []nova.FixedIP{{SubnetID: "s1", Address: "10.0.0.5"}}, SecurityGroups: []string{"g1"}, Revision: 3,
	}
)

func TestNetwork_Ports(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil, &script{answers: map[string]scripted{
		"GET /v2.0/ports?device_id=server1": {http.StatusOK, object{"ports": []any{neutronPort}}},
		"GET /v2.0/ports/port1":             {http.StatusOK, object{"port": neutronPort}},
		"GET /v2.0/ports/none":              {http.StatusNotFound, object{"NeutronError": object{"type": "PortNotFound", "message": "x"}}},
	}}, nil)
	ports, err := b.Network.AsService().Ports(t.Context(), "server1")
	if diff := cmp.Diff([]nova.Port{port}, ports); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	one, err := b.Network.As(caller).Port(t.Context(), "port1")
	if diff := cmp.Diff(port, one); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	_, err = b.Network.As(caller).Port(t.Context(), "none")
	wantError(t, err, nova.NotFound, "Port id none could not be found.")
}

// TestNetwork_Allocate is for a project without a network of its own.
func TestNetwork_Allocate(t *testing.T) {
	t.Parallel()
	const refused = "Unable to automatically allocate a network for project p1"
	conflict := scripted{http.StatusConflict, object{"NeutronError": object{"type": "AutoAllocationFailure", "message": "no default pool"}}}
	for name, test := range map[string]struct {
		dry, real scripted
		able      bool
		network   string
		kind      nova.Kind
		text      string
	}{
		"done": {
			scripted{http.StatusOK, object{"auto_allocated_topology": object{"id": "dry-run=pass", "tenant_id": "p1"}}},
			scripted{http.StatusOK, object{"auto_allocated_topology": object{"id": "n1", "tenant_id": "p1"}}},
			true, "n1", 0, "",
		},
		"can't be done": {conflict, conflict, false, "", nova.Conflict, refused},
		"unknown to the service": {
			scripted{http.StatusNotFound, object{}}, scripted{http.StatusNotFound, object{}}, false, "", nova.NotFound, "The network service answered: Not Found.",
		},
	} {
		b := newBed(t, nil, &script{answers: map[string]scripted{
			"GET /v2.0/auto-allocated-topology/p1?fields=dry-run": test.dry,
			"GET /v2.0/auto-allocated-topology/p1":                test.real,
		}}, nil)
		if able, err := b.Network.As(caller).CanAllocate(t.Context(), "p1"); able != test.able || err != nil {
			t.Errorf("%s: able %v, %v", name, able, err)
		}
		got, err := b.Network.AsService().AllocateNetwork(t.Context(), "p1")
		if got != test.network || nova.KindOf(err) != test.kind || nova.Message(err) != test.text {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestNetwork_PortsAt(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil, &script{answers: map[string]scripted{
		"GET /v2.0/ports?fields=id&fields=device_id&fixed_ips=ip_address%3D10.0.0.5&network_id=n1": {
			http.StatusOK, object{"ports": []any{object{"id": "port1", "device_id": "server1"}}},
		},
	}}, nil)
	got, err := b.Network.As(caller).PortsAt(t.Context(), "n1", "10.0.0.5")
	if err != nil || len(got) != 1 || got[0].ID != "port1" || got[0].DeviceID != "server1" {
		t.Errorf("%v %v", got, err)
	}
}

func TestNetwork_PortQuota(t *testing.T) {
	t.Parallel()
	none, refused := cloud.PortQuota{Limit: nova.QuotaUnlimited}, object{"NeutronError": object{"type": "PolicyNotAuthorized", "message": "no"}}
	for name, test := range map[string]struct {
		quota scripted
		want  cloud.PortQuota
		kind  nova.Kind
		text  string
	}{
		"limited":     {scripted{http.StatusOK, object{"quota": object{"port": 3, "network": 1}}}, cloud.PortQuota{Limit: 3, Used: 2}, 0, ""},
		"none at all": {scripted{http.StatusOK, object{"quota": object{"port": 0}}}, cloud.PortQuota{Limit: 0, Used: 2}, 0, ""},
		"unlimited":   {scripted{http.StatusOK, object{"quota": object{"port": -1}}}, none, 0, ""},
		"not told":    {scripted{http.StatusOK, object{"quota": object{"network": 1}}}, none, 0, ""},
		"no quotas":   {scripted{http.StatusNotFound, object{}}, none, 0, ""},
		"refused":     {scripted{http.StatusForbidden, refused}, cloud.PortQuota{}, nova.Forbidden, "no"},
	} {
		b := newBed(t, nil, &script{answers: map[string]scripted{
			"GET /v2.0/quotas/p1":                    test.quota,
			"GET /v2.0/ports?fields=id&tenant_id=p1": {http.StatusOK, object{"ports": []any{object{"id": "a"}, object{"id": "b"}}}},
		}}, nil)
		got, err := b.Network.As(caller).PortQuota(t.Context(), "p1")
		if got != test.want || nova.KindOf(err) != test.kind || nova.Message(err) != test.text {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestNetwork_CreatePort(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		port nova.Port
		body object
	}{
		"marked": {
			nova.Port{NetworkID: "n1", ProjectID: "p1", Mark: "action 7"},
			object{
				"network_id": "n1", "tenant_id": "p1", "device_id": "", "device_owner": "", "admin_state_up": true,
				"binding:profile": object{"attached_by": "action 7"},
			},
		},
		"plain": {
			nova.Port{NetworkID: "n1", ProjectID: "p1", DeviceID: "server1", DeviceOwner: "compute:nova", Host: "fake-1"},
			object{"network_id": "n1", "tenant_id": "p1", "device_id": "server1", "device_owner": "compute:nova", "binding:host_id": "fake-1", "admin_state_up": true},
		},
		"address and groups": {
			nova.Port{
				NetworkID: "n1", ProjectID: "p1", DeviceID: "server1", MAC: "fa:16:3e:00:00:01",
				FixedIPs: []nova.FixedIP{{Address: "10.0.0.5"}, {SubnetID: "s1"}}, SecurityGroups: []string{"g1"},
			},
			object{
				"network_id": "n1", "tenant_id": "p1", "device_id": "server1", "device_owner": "", "admin_state_up": true,
				"mac_address": "fa:16:3e:00:00:01", "security_groups": []any{"g1"},
				"fixed_ips": []any{object{"ip_address": "10.0.0.5"}, object{"subnet_id": "s1"}},
			},
		},
		"no groups": {
			nova.Port{NetworkID: "n1", SecurityGroups: []string{}},
			object{"network_id": "n1", "tenant_id": "", "device_id": "", "device_owner": "", "admin_state_up": true, "security_groups": []any{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			neutron := &script{answers: map[string]scripted{"POST /v2.0/ports": {http.StatusCreated, object{"port": neutronPort}}}}
			got, err := newBed(t, nil, neutron, nil).Network.AsService().CreatePort(t.Context(), test.port)
			if diff := cmp.Diff(port, got); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
			if diff := cmp.Diff([]asked{{"POST /v2.0/ports", "service-1", object{"port": test.body}}}, neutron.told(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNetwork_PortFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status  int
		reason  string
		kind    nova.Kind
		message string
	}{
		{409, "OverQuota", nova.OverQuota, "Maximum number of ports exceeded"},
		{409, "IpAddressGenerationFailure", nova.Invalid, "No fixed IP addresses available for network: n1"},
		{409, "IpAddressInUse", nova.Conflict, "Fixed IP 10.0.0.5 is already in use."},
		{409, "IpAddressAlreadyAllocated", nova.Conflict, "Fixed IP 10.0.0.5 is already in use."},
		{400, "InvalidIpForNetwork", nova.Invalid, "Invalid input received: Fixed IP 10.0.0.5 is not a valid ip address for network n1."},
		{404, "NetworkNotFound", nova.NotFound, "Network n1 could not be found."},
		{404, "SecurityGroupNotFound", nova.NotFound, "Neutron says so"},
		{409, "MacAddressInUse", nova.Conflict, "Neutron says so"},
		{503, "", nova.Unavailable, "The network service is temporarily unavailable."},
		{500, "HTTPInternalServerError", nova.Internal, ""},
	} {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, nil, &script{answers: map[string]scripted{
				"POST /v2.0/ports": {test.status, object{"NeutronError": object{"type": test.reason, "message": "Neutron says so", "detail": ""}}},
			}}, nil)
			_, err := b.Network.AsService().CreatePort(t.Context(), nova.Port{NetworkID: "n1", FixedIPs: []nova.FixedIP{{Address: "10.0.0.5"}}})
			wantError(t, err, test.kind, test.message)
		})
	}
}

func TestNetwork_SecurityGroupsAndFloatingIPs(t *testing.T) {
	t.Parallel()
	neutron := &script{answers: map[string]scripted{
		"GET /v2.0/security-groups?fields=id&fields=name&fields=tenant_id&tenant_id=p1": {http.StatusOK, object{
			"security_groups": []any{object{"id": "g1", "name": "default", "tenant_id": "p1"}},
		}},
		"GET /v2.0/floatingips?port_id=port1&port_id=port2": {http.StatusOK, object{
			"floatingips": []any{object{"floating_ip_address": "172.24.4.9", "port_id": "port1", "fixed_ip_address": "10.0.0.5"}},
		}},
		"GET /v2.0/floatingips?port_id=norouter": {http.StatusNotFound, object{"message": "The resource could not be found."}},
	}}
	network := newBed(t, nil, neutron, nil).Network.As(caller)
	groups, err := network.SecurityGroups(t.Context(), "p1")
	if want := []nova.SecurityGroup{{ID: "g1", Name: "default", ProjectID: "p1"}}; err != nil || !cmp.Equal(want, groups) {
		t.Errorf("%v, %v", groups, err)
	}
	floating, err := network.FloatingIPs(t.Context(), []string{"port1", "port2"})
	if want := []nova.FloatingIP{{Address: "172.24.4.9", PortID: "port1", FixedIP: "10.0.0.5"}}; err != nil || !cmp.Equal(want, floating) {
		t.Errorf("%v, %v", floating, err)
	}
	if none, err := network.FloatingIPs(t.Context(), []string{"norouter"}); err != nil || len(none) > 0 {
		t.Errorf("without routers: %v, %v", none, err)
	}
}
