package views

import (
	"encoding/json"
	"strconv"

	"github.com/nova-api/nova-api/internal/nova"
)

// Hypervisors renders what servers run on, with more about it if there is to be
// detail.
type Hypervisors struct {
	Detail      bool
	WithServers bool                    // servers were asked for
	Servers     map[string][]ServerName // by host
	Workloads   map[string]int          // how many servers of a host are busy, by host
}

// A ServerName is what is shown of a server on a hypervisor.
type ServerName struct{ ID, Name string }

// hypervisorsPath is where hypervisors are found.
const hypervisorsPath = "os-hypervisors"

// Index lists hypervisors, and links to the next page if there are pages.
func (v Hypervisors) Index(r Request, hosts []nova.Host, pages bool) Dict {
	path, id := hypervisorsPath, func(h nova.Host) string { return h.ID }
	if v.Detail {
		path += "/detail"
	}
	if !r.AtLeast(53) {
		id = func(h nova.Host) string { return strconv.FormatInt(h.Serial, 10) }
	}
	return Dict{
		{"hypervisors", each(r, hosts, v.hypervisor)},
		nextPage(r, "hypervisors_links", path, hosts, id).If(pages),
	}
}

// Show renders one hypervisor.
func (v Hypervisors) Show(r Request, h nova.Host) Dict {
	return Dict{{"hypervisor", v.hypervisor(r, h)}}
}

// Uptime renders for how long a hypervisor has been up.
func (v Hypervisors) Uptime(r Request, h nova.Host, uptime string) Dict {
	return Dict{{"hypervisor", append(v.hypervisor(r, h), Field{"uptime", uptime})}}
}

// hypervisor shows an empty list of servers only since 2.75, and resources until
// 2.87.
func (v Hypervisors) hypervisor(r Request, h nova.Host) Dict {
	d := Dict{
		since(r, 53, "id", h.ID),
		until(r, 52, "id", h.Serial),
		{"hypervisor_hostname", h.Node},
		{"state", serviceState(h.Up)},
		{"status", serviceStatus(!h.Enabled)},
	}
	if v.Detail {
		d = append(d,
			Field{"hypervisor_type", h.Type},
			Field{"hypervisor_version", h.Version},
			Field{"host_ip", h.IP},
			Field{"service", Dict{
				since(r, 53, "id", h.ServiceID),
				until(r, 52, "id", h.ServiceSerial),
				{"host", h.Name},
				{"disabled_reason", h.DisabledReason},
			}},
			since(r, 88, "uptime", nil), // which no hypervisor here tells
		)
		if !r.AtLeast(88) {
			d = append(append(d, v.resources(h)...), Field{"cpu_info", cpuInfo(r, h)})
		}
	}
	servers := make([]Dict, 0, len(v.Servers[h.Name]))
	for _, s := range v.Servers[h.Name] {
		servers = append(servers, Dict{{"name", s.Name}, {"uuid", s.ID}})
	}
	return append(d, Field{"servers", servers}.If(len(servers) > 0 || v.WithServers && r.AtLeast(75)))
}

// resources are what a hypervisor has, and what is used of it.
func (v Hypervisors) resources(h nova.Host) Dict {
	return Dict{
		{"vcpus", h.VCPUs},
		{"memory_mb", h.RAM},
		{"local_gb", h.Disk},
		{"vcpus_used", h.VCPUsUsed},
		{"memory_mb_used", h.RAMUsed},
		{"local_gb_used", h.DiskUsed},
		{"free_ram_mb", h.RAM - h.RAMUsed},
		{"free_disk_gb", h.Disk - h.DiskUsed},
		{"current_workload", v.Workloads[h.Name]},
		{"running_vms", h.RunningVMs},
		{"disk_available_least", h.Disk - h.DiskUsed},
	}
}

// cpuInfo was a text with JSON in it until 2.27.
func cpuInfo(r Request, h nova.Host) any {
	switch {
	case !r.AtLeast(28):
		return h.CPUInfo
	case h.CPUInfo == "":
		return Dict{}
	}
	return json.RawMessage(h.CPUInfo)
}

// Statistics sums up all hypervisors whose services are enabled.
func (v Hypervisors) Statistics(hosts []nova.Host) Dict {
	sums := v.resources(nova.Host{})
	count := 0
	for _, h := range hosts {
		if !h.Enabled {
			continue
		}
		count++
		for i, field := range v.resources(h) {
			sums[i].Value = asInt(sums[i].Value) + asInt(field.Value)
		}
	}
	return Dict{{"hypervisor_statistics", append(Dict{{"count", count}}, sums...)}}
}

func asInt(value any) int {
	n, _ := value.(int)
	return n
}
