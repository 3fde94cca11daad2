package db

import (
	"fmt"
	"slices"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/pattern"
)

// A ServerFilter selects the servers of a list. An empty field selects all servers.
type ServerFilter struct {
	ProjectID string
	Exact     map[string][]string          // one of the values
	Matches   map[string][]pattern.Pattern // all of the patterns, anywhere in the value

	States []nova.VMState
	Tasks  []nova.TaskState

	Deleted       *bool // nil for both
	SoftDeleted   *bool // whether servers that can be restored are among them: nil for as Deleted says
	ChangedSince  *time.Time
	ChangedBefore *time.Time

	AllTags, AnyTags       []string
	NotAllTags, NotAnyTags []string

	Locked *bool
	IP     []pattern.Pattern // from the start of an address: see pattern.ParseLine
}

// serverSorts are the sort keys of servers.
var serverSorts = rows.SortKeys{
	"access_ip_v4": "access_ip_v4", "access_ip_v6": "access_ip_v6", "auto_disk_config": "disk_config",
	"availability_zone": "zone", "config_drive": "config_drive", "created_at": "created_at",
	"display_description": "COALESCE(description, '')", "display_name": "name", "host": "host", "hostname": "hostname",
	"id": "id", "image_ref": "image_id", "instance_type_id": "flavor_id", "kernel_id": "kernel_id",
	"key_name": "COALESCE(key_name, '')", "launch_index": "launch_index", "launched_at": "COALESCE(launched_at, created_at)",
	"locked": "CASE WHEN locked_by = '' THEN 0 ELSE 1 END", "locked_by": "locked_by", "node": "node",
	"power_state": "power_state", "progress": "progress", "project_id": "project_id", "ramdisk_id": "ramdisk_id",
	"root_device_name": "COALESCE(root_device, '')", "task_state": "task_state",
	"terminated_at": "COALESCE(terminated_at, created_at)", "updated_at": "COALESCE(updated_at, created_at)",
	"user_id": "user_id", "uuid": "uuid", "vm_state": "vm_state",
}

// SortsServers reports whether servers can be sorted by a key.
func SortsServers(key string) bool {
	_, ok := serverSorts[key]
	return ok
}

// serverFilters map filters of servers to SQL for the text that values and patterns
// are compared with. The SQL is null for a property that a server doesn't have, and
// null matches nothing.
var serverFilters = map[string]string{
	"access_ip_v4": "NULLIF(access_ip_v4, '')", "access_ip_v6": "NULLIF(access_ip_v6, '')",
	"auto_disk_config": "CASE disk_config WHEN 'AUTO' THEN '1' ELSE '0' END", "availability_zone": "zone",
	"config_drive": "CASE WHEN config_drive THEN 'True' ELSE '' END", "created_at": secondOf("created_at"),
	"display_description": "description", "flavor": "flavor_id", "host": "NULLIF(host, '')", "hostname": "hostname", "image": "image_id",
	"kernel_id": "kernel_id", "key_name": "key_name", "launch_index": "CAST(launch_index AS TEXT)",
	"launched_at": secondOf("launched_at"), "locked_by": "NULLIF(locked_by, '')", "name": "name", "node": "NULLIF(node, '')",
	"power_state": "CAST(power_state AS TEXT)", "progress": "CAST(progress AS TEXT)", "project_id": "project_id",
	"ramdisk_id": "ramdisk_id", "reservation_id": "reservation_id", "root_device_name": "root_device",
	"task_state": "NULLIF(task_state, '')", "terminated_at": secondOf("terminated_at"),
	"user_id": "user_id", "uuid": "uuid", "vm_state": "vm_state",
}

// secondOf is the SQL for a time as text: 2026-01-02 03:04:05.
func secondOf(column string) string { return "SUBSTR(CAST(" + column + " AS TEXT), 1, 19)" }

// query makes the conditions of a filter. The error is for a column that nobody
// can filter by, which is a mistake in the program: the API refuses such filters.
func (f ServerFilter) query(d *rows.DB) (rows.Query, error) {
	var q rows.Query
	if f.ProjectID != "" {
		q.And("project_id = ?", f.ProjectID)
	}
	f.deleted(&q)
	f.states(&q)
	if err := f.columns(&q, d); err != nil {
		return q, err
	}
	f.times(&q)
	f.tags(&q)
	if f.Locked != nil {
		q.And(map[bool]string{true: "locked_by <> ''", false: "locked_by = ''"}[*f.Locked])
	}
	for _, pattern := range f.IP {
		q.And(d.Matches("ips", pattern))
	}
	return q, nil
}

// deleted tells deleted servers from others. Those that can be restored count as
// deleted, unless the filter says otherwise. Without Deleted there is nothing to
// tell, and SoftDeleted is without effect.
func (f ServerFilter) deleted(q *rows.Query) {
	if f.Deleted == nil {
		return
	}
	soft := *f.Deleted
	if f.SoftDeleted != nil {
		soft = *f.SoftDeleted
	}
	switch {
	case *f.Deleted && soft:
		q.And("(deleted_at IS NOT NULL OR vm_state = 'soft-delete')") // as the index servers_gone says it
	case *f.Deleted:
		q.And("deleted_at IS NOT NULL")
	case soft:
		q.And("deleted_at IS NULL")
	default:
		q.And("deleted_at IS NULL AND vm_state <> ?", nova.SoftDeleted)
	}
}

// states adds the conditions on what the server does. Of all projects, those that are not
// active are few, and found by an index of their own. It takes a condition of its own
// to have that used, which an argument would not tell the database.
func (f ServerFilter) states(q *rows.Query) {
	oneOf(q, "vm_state", f.States)
	oneOf(q, "task_state", f.Tasks)
	if f.ProjectID == "" && len(f.States) > 0 && !slices.Contains(f.States, nova.Active) {
		q.And("vm_state <> 'active'") // as the index servers_in_state says it
	}
}

// oneOf adds the condition that a column has one of some values. No values is no
// condition.
func oneOf[T any](q *rows.Query, column string, values []T) {
	if len(values) == 0 {
		return
	}
	q.And(column+" IN ("+rows.Marks(len(values))+")", rows.Anys(values)...)
}

// columns adds the conditions on columns, in the order of their names: a fixed
// order lets the database reuse its plan.
func (f ServerFilter) columns(q *rows.Query, d *rows.DB) error {
	for _, key := range rows.SortedKeys(f.Exact) {
		column, ok := serverFilters[key]
		if !ok {
			return fmt.Errorf("servers can't be filtered by %q", key)
		}
		if key == "host" { // the column itself, which has an index
			column = "host"
			q.And("host <> ''")
		}
		oneOf(q, column, f.Exact[key])
	}
	for _, key := range rows.SortedKeys(f.Matches) {
		column, ok := serverFilters[key]
		if !ok {
			return fmt.Errorf("servers can't be filtered by %q", key)
		}
		for _, pattern := range f.Matches[key] {
			q.And(d.Matches(column, pattern))
		}
	}
	return nil
}

// times adds the conditions on when a server was last changed. One that has never
// been changed counts from its creation, and a deletion is a change.
func (f ServerFilter) times(q *rows.Query) {
	const changed = "COALESCE(updated_at, created_at)"
	if f.ChangedSince != nil {
		q.And(changed+" >= ?", f.ChangedSince.UTC())
	}
	if f.ChangedBefore != nil {
		q.And(changed+" <= ?", f.ChangedBefore.UTC())
	}
}

// tags adds the conditions on tags: the server has all of some, any of some, not all
// of some, or none of some.
func (f ServerFilter) tags(q *rows.Query) {
	const count = "(SELECT COUNT(*) FROM server_tags t WHERE t.server_uuid = servers.uuid AND t.tag IN (%s)) %s %d"
	for _, ask := range []struct {
		tags    []string
		compare string
		number  int
		present bool // the server has at least one of them
	}{
		{f.AllTags, "=", len(f.AllTags), true},
		{f.AnyTags, ">", 0, true},
		{f.NotAllTags, "<", len(f.NotAllTags), false},
		{f.NotAnyTags, "=", 0, false},
	} {
		if len(ask.tags) == 0 {
			continue
		}
		if ask.present { // the tag, which may be rare, leads to the servers
			q.And("uuid IN (SELECT server_uuid FROM server_tags WHERE tag IN ("+rows.Marks(len(ask.tags))+"))", rows.Anys(ask.tags)...)
		}
		q.And(fmt.Sprintf(count, rows.Marks(len(ask.tags)), ask.compare, ask.number), rows.Anys(ask.tags)...)
	}
}
