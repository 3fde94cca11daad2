package views

import (
	"fmt"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// Diagnostics renders a server's counters. Until 2.47 each hypervisor had its own
// names for them: those of libvirt are shown then.
func Diagnostics(r Request, d nova.Diagnostics) Dict {
	if !r.AtLeast(48) {
		return libvirtDiagnostics(d)
	}
	return Dict{
		{"state", d.State.Word()},
		{"driver", d.Driver},
		{"hypervisor", stringOrNull(d.Hypervisor)},
		{"hypervisor_os", stringOrNull(d.HypervisorOS)},
		{"uptime", d.Uptime},
		{"config_drive", d.ConfigDrive},
		{"num_cpus", len(d.CPUs)},
		{"num_nics", len(d.NICs)},
		{"num_disks", len(d.Disks)},
		{"disk_details", each(r, d.Disks, diskDiagnostics)},
		{"cpu_details", each(r, d.CPUs, cpuDiagnostics)},
		{"nic_details", each(r, d.NICs, nicDiagnostics)},
		{"memory_details", Dict{{"maximum", d.MaxMemory}, {"used", d.UsedMemory}}},
	}
}

func diskDiagnostics(_ Request, d nova.DiskDiagnostics) Dict {
	return Dict{
		{"read_bytes", d.ReadBytes},
		{"read_requests", d.ReadRequests},
		{"write_bytes", d.WriteBytes},
		{"write_requests", d.WriteRequests},
		{"errors_count", d.Errors},
	}
}

func cpuDiagnostics(_ Request, d nova.CPUDiagnostics) Dict {
	return Dict{{"id", d.ID}, {"time", d.Time}, {"utilisation", d.Utilisation}}
}

func nicDiagnostics(_ Request, d nova.NICDiagnostics) Dict {
	return Dict{
		{"mac_address", d.MAC},
		{"rx_octets", d.Received.Octets},
		{"rx_errors", d.Received.Errors},
		{"rx_drop", d.Received.Drop},
		{"rx_packets", d.Received.Packets},
		{"rx_rate", d.Received.Rate},
		{"tx_octets", d.Sent.Octets},
		{"tx_errors", d.Sent.Errors},
		{"tx_drop", d.Sent.Drop},
		{"tx_packets", d.Sent.Packets},
		{"tx_rate", d.Sent.Rate},
	}
}

// libvirtDiagnostics are the counters by the names of libvirt's driver: memory is
// in KiB.
func libvirtDiagnostics(d nova.Diagnostics) Dict {
	const perMiB = 1 << 10
	all := Dict{}
	for _, cpu := range d.CPUs {
		all = append(all, Field{fmt.Sprintf("cpu%d_time", cpu.ID), cpu.Time})
	}
	for _, disk := range d.Disks {
		all = append(
			all,
			Field{disk.Name + "_read_req", disk.ReadRequests},
			Field{disk.Name + "_read", disk.ReadBytes},
			Field{disk.Name + "_write_req", disk.WriteRequests},
			Field{disk.Name + "_write", disk.WriteBytes},
			Field{disk.Name + "_errors", disk.Errors},
		)
	}
	for _, nic := range d.NICs {
		all = append(all, libvirtTraffic(nic.Name+"_rx", nic.Received)...)
		all = append(all, libvirtTraffic(nic.Name+"_tx", nic.Sent)...)
	}
	return append(all, Field{"memory", d.MaxMemory * perMiB})
}

func libvirtTraffic(name string, t nova.Traffic) Dict {
	return Dict{{name, t.Octets}, {name + "_packets", t.Packets}, {name + "_errors", t.Errors}, {name + "_drop", t.Drop}}
}

// Topology renders a server's NUMA nodes. Which node of the host each is on not
// everybody sees. Processors of servers are threads of no cores, and pinned to
// none of the host's.
func Topology(r Request, t nova.Topology) Dict {
	onHost := r.Can(policy.ServerTopologyHostIndex)
	var page *int
	if t.PageSize > 0 {
		page = &t.PageSize
	}
	return Dict{
		{"nodes", each(r, t.Nodes, func(_ Request, n nova.NUMANode) Dict {
			return Dict{
				{"vcpu_set", n.CPUs},
				{"siblings", [][]int{}},
				{"memory_mb", n.Memory},
				Field{"host_node", n.HostNode}.If(onHost),
				Field{"cpu_pinning", Dict{}}.If(onHost),
			}
		})},
		{"pagesize_kb", page},
	}
}

// ServerPassword renders the encrypted password of a server's administrator.
func ServerPassword(encrypted string) Dict { return Dict{{"password", encrypted}} }
