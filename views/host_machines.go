package views

import (
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// HostMachines renders the machines of the cloud, as they were shown until 2.42.
type HostMachines struct{}

// Index lists services with their hosts.
func (HostMachines) Index(r Request, services []nova.Service) Dict {
	return Dict{{"hosts", each(r, services, func(_ Request, s nova.Service) Dict {
		return Dict{
			{"host_name", s.Host},
			{"service", strings.TrimPrefix(s.Binary, "nova-")},
			{"zone", s.Zone},
		}
	})}}
}

// Show tells what a host has, what is used of it now, what its servers may use, and
// what those of each project may.
func (v HostMachines) Show(h nova.Host, servers []nova.Server) Dict {
	var most nova.Resources
	projects, byProject := []string{}, map[string]nova.Resources{}
	for _, s := range servers {
		takes := nova.Resources{VCPUs: s.Flavor.VCPUs, RAM: s.Flavor.RAM, Disk: localDisk(s.Flavor)}
		most, byProject[s.ProjectID] = most.Plus(takes), byProject[s.ProjectID].Plus(takes)
		if !slices.Contains(projects, s.ProjectID) {
			projects = append(projects, s.ProjectID)
		}
	}
	list := []Dict{
		v.resource(h.Name, "(total)", nova.Resources{VCPUs: h.VCPUs, RAM: h.RAM, Disk: h.Disk}),
		v.resource(h.Name, "(used_now)", nova.Resources{VCPUs: h.VCPUsUsed, RAM: h.RAMUsed, Disk: h.DiskUsed}),
		v.resource(h.Name, "(used_max)", most),
	}
	for _, project := range projects {
		list = append(list, v.resource(h.Name, project, byProject[project]))
	}
	return Dict{{"host", list}}
}

func (HostMachines) resource(host, project string, r nova.Resources) Dict {
	return Dict{{"resource", Dict{
		{"host", host},
		{"project", project},
		{"cpu", r.VCPUs},
		{"memory_mb", r.RAM},
		{"disk_gb", r.Disk},
	}}}
}

// Enabled answers that a host was enabled or disabled.
func (HostMachines) Enabled(host string, enabled bool) Dict {
	return Dict{{"host", host}, {"status", serviceStatus(!enabled)}}
}
