package db

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

const serviceColumns = `id, uuid, host, binary_name, disabled, disabled_reason, forced_down, seen_at, created_at`

// Heartbeat notes that a service is alive, and registers it the first time.
func (s *Store) Heartbeat(ctx context.Context, id, host, binary string) (nova.Service, error) {
	now := s.Now()
	return rows.Put[nova.Service](ctx, s.DB, `
		INSERT INTO services (uuid, host, binary_name, disabled, forced_down, seen_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (host, binary_name) DO UPDATE SET seen_at = excluded.seen_at
		RETURNING `+serviceColumns, id, host, binary, false, false, now, now)
}

// Services lists all services.
func (s *Store) Services(ctx context.Context) ([]nova.Service, error) {
	return rows.All[nova.Service](ctx, s.DB, "SELECT "+serviceColumns+" FROM services ORDER BY id")
}

const hostColumns = `h.id, h.uuid, h.host, h.node, h.service_uuid, h.zone, h.hypervisor_type, h.hypervisor_version, h.host_ip, h.cpu_info,
	h.vcpus, h.memory_mb, h.local_gb, h.vcpus_used, h.memory_mb_used, h.local_gb_used, h.running_vms,
	h.cpu_ratio, h.ram_ratio, h.disk_ratio, NOT s.disabled AS enabled, s.forced_down, s.seen_at`

// RegisterHost writes what a hypervisor has; what is used of it stays.
func (s *Store) RegisterHost(ctx context.Context, h nova.Host) error {
	q, args, err := rows.Named(`
		INSERT INTO hosts (uuid, service_uuid, host, node, zone, hypervisor_type, hypervisor_version, host_ip, cpu_info,
			vcpus, memory_mb, local_gb, cpu_ratio, ram_ratio, disk_ratio)
		VALUES (:uuid, :service_uuid, :host, :node, :zone, :hypervisor_type, :hypervisor_version, :host_ip, :cpu_info,
			:vcpus, :memory_mb, :local_gb, :cpu_ratio, :ram_ratio, :disk_ratio)
		ON CONFLICT (node) DO UPDATE SET
			host = excluded.host, service_uuid = excluded.service_uuid, zone = excluded.zone,
			hypervisor_type = excluded.hypervisor_type, hypervisor_version = excluded.hypervisor_version,
			host_ip = excluded.host_ip, cpu_info = excluded.cpu_info,
			vcpus = excluded.vcpus, memory_mb = excluded.memory_mb, local_gb = excluded.local_gb,
			cpu_ratio = excluded.cpu_ratio, ram_ratio = excluded.ram_ratio, disk_ratio = excluded.disk_ratio`, h)
	if err != nil {
		return err
	}
	_, err = rows.Exec(ctx, s.DB, q, args...)
	return err
}

// Hosts lists all hypervisors. One is up if its heart has beaten since a time
// and nobody forced it down.
func (s *Store) Hosts(ctx context.Context, aliveSince time.Time) ([]nova.Host, error) {
	hosts, err := rows.All[nova.Host](ctx, s.DB, `
		SELECT `+hostColumns+`
		FROM hosts h JOIN services s ON s.uuid = h.service_uuid
		ORDER BY h.id`)
	if err != nil {
		return nil, fmt.Errorf("list hosts: %w", err)
	}
	for i := range hosts {
		hosts[i].Up = !hosts[i].ForcedDown && !hosts[i].SeenAt.Before(aliveSince)
	}
	return hosts, nil
}

// Claim takes room on a hypervisor, if it has as much, and tells whether it
// had: of what isn't wanted, there may be none, as the scheduler has it. Call it in the transaction that puts a server there.
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

// Unclaim gives the room of a server back.
func (s *Store) Unclaim(ctx context.Context, node string, had nova.Resources) error {
	_, err := rows.Exec(ctx, s.DB, `
		UPDATE hosts
		SET vcpus_used = vcpus_used - ?, memory_mb_used = memory_mb_used - ?, local_gb_used = local_gb_used - ?, running_vms = running_vms - ?
		WHERE node = ?`, had.VCPUs, had.RAM, had.Disk, had.Instances, node)
	return err
}
