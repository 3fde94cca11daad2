package db

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// Hold registers a service as held by a process: nova.Service's ID, Host, Binary
// and Holder. It reports whether that succeeded: a service that another process
// holds is left to it, unless that has not been heard of within a time, or is
// known to be dead. What the service is now is returned in either case.
func (s *Store) Hold(ctx context.Context, v nova.Service, within time.Duration, dead string) (now nova.Service, held bool, err error) {
	moment := s.Moment(0)
	now, err = rows.Put[nova.Service](ctx, s.DB, `
		INSERT INTO services (uuid, host, binary_name, disabled, forced_down, holder, seen_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, `+moment+`, `+moment+`)
		ON CONFLICT (host, binary_name) DO UPDATE SET holder = excluded.holder, seen_at = excluded.seen_at
		WHERE services.holder IN ('', excluded.holder, ?) OR services.seen_at < `+s.Moment(-within)+`
		RETURNING `+serviceColumns, v.ID, v.Host, v.Binary, false, false, v.Holder, dead)
	if !nova.Is(err, nova.NotFound) {
		return now, err == nil, err
	}
	now, err = rows.Get[nova.Service](ctx, s.DB, "SELECT "+serviceColumns+" FROM services WHERE host = ? AND binary_name = ?", v.Host, v.Binary)
	return now, false, err
}

// Heartbeat shows that what a process holds is alive, and the services of a
// host that nobody holds. It returns the names of the hosts that it still holds.
func (s *Store) Heartbeat(ctx context.Context, holder, host string) (held []string, err error) {
	return rows.PutAll[string](ctx, s.DB, "UPDATE services SET seen_at = "+s.Moment(0)+" WHERE holder = ? OR host = ? AND holder = '' RETURNING host",
		holder, host)
}

// ReleaseHosts lets others hold what a process holds.
func (s *Store) ReleaseHosts(ctx context.Context, holder string) error {
	_, err := rows.Exec(ctx, s.DB, "UPDATE services SET holder = '' WHERE holder = ?", holder)
	return err
}

// Of a host's columns, these are not what its process registers: Claim counts what
// is used, and the service and the aggregates know the rest.
var hostColumnsOfOthers = []string{
	"id", "vcpus_used", "memory_mb_used", "local_gb_used", "running_vms", "enabled", "up", "forced_down", "seen_at", "zone", "service_serial", "disabled_reason",
}

// The tags of nova.Host name its columns. A host that registers again keeps its ID.
var (
	hostColumns  = rows.List[nova.Host]()
	registerHost = rows.Insert[nova.Host]("hosts", hostColumnsOfOthers...) +
		" ON CONFLICT (node) DO UPDATE SET " + rows.Excluded[nova.Host](slices.Concat(hostColumnsOfOthers, []string{"uuid", "node"})...)
)

// RegisterHost writes what a hypervisor has. What is used of it stays.
func (s *Store) RegisterHost(ctx context.Context, h nova.Host) error {
	q, args, err := rows.Named(registerHost, h)
	if err != nil {
		return err
	}
	_, err = rows.Exec(ctx, s.DB, q, args...)
	return err
}

// Hosts lists all hypervisors. A host is up if its service is, see Services.
func (s *Store) Hosts(ctx context.Context, within time.Duration) ([]nova.Host, error) {
	return s.hosts(ctx, within, nil, "1 = 1")
}

// HostsNamed lists the hypervisors of some hosts.
func (s *Store) HostsNamed(ctx context.Context, names []string, within time.Duration) ([]nova.Host, error) {
	if len(names) == 0 {
		return nil, nil
	}
	return s.hosts(ctx, within, nil, "host IN ("+rows.Marks(len(names))+")", rows.Anys(names)...)
}

// hosts lists hypervisors by their numbers: so many at the most, or all if limit is
// nil.
func (s *Store) hosts(ctx context.Context, within time.Duration, limit *int, condition string, args ...any) ([]nova.Host, error) {
	page := ""
	if limit != nil {
		page, args = "LIMIT ?", append(args, *limit)
	}
	hosts, err := rows.All[nova.Host](ctx, s.DB, `
		SELECT `+hostColumns+`
		FROM (
			SELECT h.*, NOT s.disabled AS enabled, s.forced_down, s.seen_at, s.id AS service_serial, s.disabled_reason, `+s.isUp(within)+`, `+zoneOf("h.host")+` AS zone
			FROM hosts h JOIN services s ON s.uuid = h.service_uuid
		) AS known
		WHERE `+condition+`
		ORDER BY id `+page, args...)
	if err != nil {
		return nil, fmt.Errorf("list hosts: %w", err)
	}
	return hosts, nil
}

// IOOps counts, by host, the servers that data is being moved for: those that are
// being built, resized, rebuilt, copied, rescued or unshelved.
func (s *Store) IOOps(ctx context.Context) (map[string]int, error) {
	counts, err := rows.All[struct {
		Host  string `db:"host"`
		Count int    `db:"servers"`
	}](ctx, s.DB, `
		SELECT host, COUNT(*) AS servers FROM servers
		WHERE deleted_at IS NULL AND task_state <> '' AND host <> ''
			AND (vm_state = ? OR task_state IN (?, ?, ?, ?, ?, ?, ?))
		GROUP BY host`,
		nova.Building, nova.ResizeMigrating, nova.ResizePrep, nova.Rebuilding, nova.ImageSnapshot, nova.ImageBackup, nova.Rescuing, nova.Unshelving)
	if err != nil {
		return nil, fmt.Errorf("count what hosts are doing: %w", err)
	}
	of := make(map[string]int, len(counts))
	for _, c := range counts {
		of[c.Host] = c.Count
	}
	return of, nil
}

// Claim reserves resources on a node and reports whether they were available.
// A resource with a request of zero is not checked, as in the scheduler. Call it
// in the transaction that places the server.
func (s *Store) Claim(ctx context.Context, node string, want nova.Resources) (bool, error) {
	changed, err := rows.Exec(ctx, s.DB, `
		UPDATE hosts
		SET vcpus_used = vcpus_used + ?, memory_mb_used = memory_mb_used + ?, local_gb_used = local_gb_used + ?, running_vms = running_vms + ?
		WHERE node = ?
			AND (? <= 0 OR vcpus_used + ? <= vcpus * cpu_ratio)
			AND (? <= 0 OR memory_mb_used + ? <= memory_mb * ram_ratio)
			AND (? <= 0 OR local_gb_used + ? <= local_gb * disk_ratio)`,
		want.VCPUs, want.RAM, want.Disk, want.Instances, node,
		want.VCPUs, want.VCPUs, want.RAM, want.RAM, want.Disk, want.Disk)
	return changed == 1, err
}

// Unclaim gives back the resources of a server on a node.
func (s *Store) Unclaim(ctx context.Context, node string, had nova.Resources) error {
	_, err := rows.Exec(ctx, s.DB, `
		UPDATE hosts
		SET vcpus_used = vcpus_used - ?, memory_mb_used = memory_mb_used - ?, local_gb_used = local_gb_used - ?, running_vms = running_vms - ?
		WHERE node = ?`, had.VCPUs, had.RAM, had.Disk, had.Instances, node)
	return err
}
