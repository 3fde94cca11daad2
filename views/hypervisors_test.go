package views

import (
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestHypervisors_EveryVersion(t *testing.T) {
	t.Parallel()
	host := nova.Host{
		Serial: 3, ID: "b1e43b5f-eec1-44e0-9f10-7b4945c0226d", Name: "host1", Node: "node1", ServiceID: "5d343e1d-938e-4284-b98b-6a2b5406ba76", ServiceSerial: 6,
		Zone: "nova", Enabled: true, Up: true, Type: "fake", Version: 1000, IP: "192.0.2.7", CPUInfo: `{"arch": "x86_64", "topology": {"cores": 2}}`,
		VCPUs: 8, RAM: 8192, Disk: 1000, VCPUsUsed: 2, RAMUsed: 512, DiskUsed: 20, RunningVMs: 2,
	}
	idle := nova.Host{Serial: 4, ID: "0b7f9b3c-5e0e-4e1c-8c36-2b8e8c4bb0d0", Name: "host2", Node: "node2", DisabledReason: new("old"), VCPUs: 4}
	both := []nova.Host{host, idle}
	plain := Hypervisors{}
	detail := Hypervisors{Detail: true, Workloads: map[string]int{"host1": 1}}
	servers := Hypervisors{WithServers: true, Servers: map[string][]ServerName{"host1": {{ID: "93931069-e8d7-4e9a-a946-2d8cb9f1f4a5", Name: "web"}}}}
	everyVersion(t, "hypervisors", []int{53}, func(r Request) Dict { return plain.Index(r, both, false) })
	everyVersion(t, "hypervisors_detail", []int{28, 53, 88}, func(r Request) Dict { return detail.Index(r, both, false) })
	everyVersion(t, "hypervisors_with_servers", []int{53, 75}, func(r Request) Dict { return servers.Index(r, both, false) })
	everyVersion(t, "hypervisor", []int{28, 53, 88}, func(r Request) Dict { return detail.Show(r, host) })
	everyVersion(t, "hypervisor_uptime", []int{53}, func(r Request) Dict { return plain.Uptime(r, host, "up 93 days") })
	everyVersion(t, "hypervisor_statistics", nil, func(Request) Dict { return detail.Statistics(both) })
	everyVersion(t, "hypervisors_page", []int{53}, func(r Request) Dict {
		page, _ := r.(request)
		page.limit = 2
		return plain.Index(page, both, true)
	})
}

func TestHostMachines(t *testing.T) {
	t.Parallel()
	var v HostMachines
	host := nova.Host{Name: "host1", VCPUs: 8, RAM: 8192, Disk: 1000, VCPUsUsed: 2, RAMUsed: 512, DiskUsed: 20}
	flavor := nova.Flavor{VCPUs: 1, RAM: 256, Disk: 5, Ephemeral: 5, Swap: 1024}
	servers := []nova.Server{{ProjectID: "p", Flavor: flavor}, {ProjectID: "q", Flavor: flavor}, {ProjectID: "p", Flavor: flavor}}
	everyVersion(t, "host_machine", nil, func(Request) Dict { return v.Show(host, servers) })
	everyVersion(t, "host_machine_disabled", nil, func(Request) Dict { return v.Enabled("host1", false) })
	everyVersion(t, "host_machines", nil, func(r Request) Dict {
		return v.Index(r, []nova.Service{{Host: "here", Binary: "nova-scheduler", Zone: "internal"}, {Host: "host1", Binary: "nova-compute", Zone: "nova"}})
	})
}
