package views

import (
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

// TenantUsages renders for how long projects have used what their servers are
// made of. Its servers are in the order of their projects.
type TenantUsages struct {
	Period nova.Period
	Now    time.Time // up to which servers that have not ended were up
}

// tenantUsagePath is where usage is found.
const tenantUsagePath = "os-simple-tenant-usage"

// Index renders the usage of all projects that have servers on the page, with
// each server's if it is to be detailed. There are pages since 2.40, of servers
// and not of projects.
func (v TenantUsages) Index(r Request, servers []nova.Server, detailed bool) Dict {
	usages := []Dict{}
	for start := 0; start < len(servers); {
		stop := start + 1
		for stop < len(servers) && servers[stop].ProjectID == servers[start].ProjectID {
			stop++
		}
		usages = append(usages, v.project(servers[start:stop], detailed))
		start = stop
	}
	return Dict{
		{"tenant_usages", usages},
		nextPage(r, "tenant_usages_links", tenantUsagePath, servers, serverID).If(r.AtLeast(40)),
	}
}

// Show renders the usage of one project, always in detail: an empty object for a
// project without servers on the page.
func (v TenantUsages) Show(r Request, project string, servers []nova.Server) Dict {
	usage := Dict{}
	if len(servers) > 0 {
		usage = v.project(servers, true)
	}
	return Dict{
		{"tenant_usage", usage},
		nextPage(r, "tenant_usage_links", tenantUsagePath+"/"+project, servers, serverID).If(r.AtLeast(40)),
	}
}

// project sums up the servers of one project, of which there is at least one.
// The sums are in units of the flavor times hours.
func (v TenantUsages) project(servers []nova.Server, detailed bool) Dict {
	var hours, disk, vcpus, ram float64
	details := make([]Dict, len(servers))
	for i, s := range servers {
		used := v.Period.Hours(s)
		hours += used
		disk += float64(localDisk(s.Flavor)) * used
		vcpus += float64(s.Flavor.VCPUs) * used
		ram += float64(s.Flavor.RAM) * used
		details[i] = v.server(s, used)
	}
	return Dict{
		{"tenant_id", servers[0].ProjectID},
		Field{"server_usages", details}.If(detailed),
		{"total_local_gb_usage", disk},
		{"total_vcpus_usage", vcpus},
		{"total_memory_mb_usage", ram},
		{"total_hours", hours},
		{"start", naive(v.Period.Start)},
		{"stop", naive(v.Period.Stop)},
	}
}

// server is one server, which was launched.
func (v TenantUsages) server(s nova.Server, hours float64) Dict {
	state, end := string(s.VMState), v.Now
	if s.TerminatedAt != nil {
		state, end = "terminated", *s.TerminatedAt
	}
	return Dict{
		{"hours", hours},
		{"flavor", s.Flavor.Name},
		{"instance_id", s.ID},
		{"name", s.Name},
		{"tenant_id", s.ProjectID},
		{"memory_mb", s.Flavor.RAM},
		{"local_gb", localDisk(s.Flavor)},
		{"vcpus", s.Flavor.VCPUs},
		{"started_at", naiveOrNull(s.LaunchedAt)},
		{"ended_at", naiveOrNull(s.TerminatedAt)},
		{"state", state},
		{"uptime", int64(end.Sub(*s.LaunchedAt) / time.Second)},
	}
}

// localDisk is the disk that a flavor takes of its host, in GiB.
func localDisk(f nova.Flavor) int { return f.Disk + f.Ephemeral }
