package views

import (
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

func TestInsides_EveryVersion(t *testing.T) {
	t.Parallel()
	counters := nova.Diagnostics{
		State: nova.Running, Driver: "libvirt", Hypervisor: "kvm", Uptime: 60, ConfigDrive: true, MaxMemory: 512, UsedMemory: 100,
		CPUs: []nova.CPUDiagnostics{{ID: 0, Time: 5, Utilisation: new(3)}, {ID: 1, Time: 6}},
		NICs: []nova.NICDiagnostics{{
			Name: "vnet0", MAC: "fa:16:3e:00:00:01",
			Received: nova.Traffic{Octets: 1, Packets: 2, Errors: 3, Drop: 4, Rate: new(int64(5))},
			Sent:     nova.Traffic{Octets: 6, Packets: 7, Errors: 8, Drop: 9},
		}},
		Disks: []nova.DiskDiagnostics{{Name: "vda", ReadBytes: 1, ReadRequests: 2, WriteBytes: 3, WriteRequests: 4, Errors: 5}},
	}
	topology := nova.Topology{Nodes: []nova.NUMANode{{HostNode: 1, CPUs: []int{0, 1}, Memory: 256}}, PageSize: 4}
	for _, c := range []struct {
		name   string
		breaks []int
		render func(Request) Dict
		denied []policy.Rule
	}{
		{"diagnostics", []int{48}, func(r Request) Dict { return Diagnostics(r, counters) }, nil},
		{"topology", nil, func(r Request) Dict { return Topology(r, topology) }, nil},
		{"topology_for_members", nil, func(r Request) Dict { return Topology(r, topology) }, []policy.Rule{policy.ServerTopologyHostIndex}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			everyVersion(t, c.name, c.breaks, c.render, c.denied...)
		})
	}
}
