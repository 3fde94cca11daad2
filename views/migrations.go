package views

import (
	"strconv"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// Migrations renders moves of servers, whichever kind and however far.
type Migrations struct{}

// Index lists migrations. There are pages since 2.59.
func (v Migrations) Index(r Request, migrations []nova.Migration) Dict {
	return Dict{
		{"migrations", each(r, migrations, v.migration)},
		nextPage(r, "migrations_links", "os-migrations", migrations, func(m nova.Migration) string { return m.ID }).If(r.AtLeast(59)),
	}
}

// migration has a link, since 2.23, if it can be found below its server.
func (Migrations) migration(r Request, m nova.Migration) Dict {
	hosts := r.Can(policy.MigrationIndexHost)
	return Dict{
		{"created_at", naive(m.CreatedAt)},
		{"updated_at", naiveOrNull(m.UpdatedAt)},
		{"id", m.Serial},
		{"source_compute", shownHost(hosts, m.SourceHost)},
		{"source_node", shownHost(hosts, m.SourceNode)},
		{"dest_compute", shownHost(hosts, m.TargetHost)},
		{"dest_node", shownHost(hosts, m.TargetNode)},
		{"dest_host", shownHost(hosts, m.TargetIP)},
		{"old_instance_type_id", numberOrNull(m.OldFlavor)},
		{"new_instance_type_id", numberOrNull(m.NewFlavor)},
		{"instance_uuid", m.ServerID},
		{"status", string(m.Status)},
		since(r, 23, "migration_type", string(m.Type)),
		since(r, 59, "uuid", m.ID),
		since(r, 80, "user_id", stringOrNull(m.UserID)),
		since(r, 80, "project_id", stringOrNull(m.ProjectID)),
		Field{"links", links(r, "servers/"+m.ServerID+"/migrations", strconv.FormatInt(m.Serial, 10))}.If(m.InProgress() && r.AtLeast(23)),
	}
}

// ServerMigrations renders the live migrations of a server that are under way.
type ServerMigrations struct{}

// Index lists them. Who may not see the hosts is shown that there are some.
func (v ServerMigrations) Index(r Request, migrations []nova.Migration) Dict {
	hosts := r.Can(policy.ServerMigrationIndexHost)
	return Dict{{"migrations", each(r, migrations, func(r Request, m nova.Migration) Dict { return v.migration(r, m, hosts) })}}
}

// Show renders one, with its hosts.
func (v ServerMigrations) Show(r Request, m nova.Migration) Dict {
	return Dict{{"migration", v.migration(r, m, true)}}
}

func (ServerMigrations) migration(r Request, m nova.Migration, hosts bool) Dict {
	return Dict{
		{"created_at", naive(m.CreatedAt)},
		{"updated_at", naiveOrNull(m.UpdatedAt)},
		{"id", m.Serial},
		{"server_uuid", m.ServerID},
		{"source_compute", shownHost(hosts, m.SourceHost)},
		{"source_node", shownHost(hosts, m.SourceNode)},
		{"dest_compute", shownHost(hosts, m.TargetHost)},
		{"dest_node", shownHost(hosts, m.TargetNode)},
		{"dest_host", shownHost(hosts, m.TargetIP)},
		{"status", string(m.Status)},
		{"memory_total_bytes", m.MemoryTotal},
		{"memory_processed_bytes", m.MemoryProcessed},
		{"memory_remaining_bytes", m.MemoryRemaining},
		{"disk_total_bytes", m.DiskTotal},
		{"disk_processed_bytes", m.DiskProcessed},
		{"disk_remaining_bytes", m.DiskRemaining},
		since(r, 59, "uuid", m.ID),
		since(r, 80, "user_id", stringOrNull(m.UserID)),
		since(r, 80, "project_id", stringOrNull(m.ProjectID)),
	}
}

// shownHost is null for whom hosts are hidden from, and for one that has not been
// chosen.
func shownHost(shown bool, host string) any {
	if !shown {
		return nil
	}
	return stringOrNull(host)
}

// numberOrNull is null for zero.
func numberOrNull(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}
