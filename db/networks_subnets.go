package db

import (
	"context"
	"net/netip"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Subnet is a range of addresses on a network.
type Subnet struct {
	NetworkRecord
	NetworkID       string                    `db:"network_id"`
	Name            string                    `db:"name"`
	IPVersion       int64                     `db:"ip_version"` // 4 or 6
	CIDR            string                    `db:"cidr"`
	GatewayIP       *string                   `db:"gateway_ip"` // nil for none
	EnableDHCP      bool                      `db:"enable_dhcp"`
	Pools           rows.JSON[[]AddressRange] `db:"allocation_pools"`
	DNSNameservers  rows.JSON[[]string]       `db:"dns_nameservers"`
	HostRoutes      rows.JSON[[]HostRoute]    `db:"host_routes"`
	ServiceTypes    rows.JSON[[]string]       `db:"service_types"`
	IPv6RAMode      *string                   `db:"ipv6_ra_mode"`
	IPv6AddressMode *string                   `db:"ipv6_address_mode"`
}

// An AddressRange is from Start to End, both included.
type AddressRange struct {
	Start netip.Addr `json:"start"`
	End   netip.Addr `json:"end"`
}

// A HostRoute tells where packets for a destination go next.
type HostRoute struct {
	Destination string `json:"destination"`
	NextHop     string `json:"nexthop"`
}

// Prefix is the subnet's CIDR.
func (s Subnet) Prefix() (netip.Prefix, error) { return netip.ParsePrefix(s.CIDR) }

// LockNetwork keeps others from locking the same network until the transaction
// ends: subnets are made and changed one at a time, because they must not
// overlap.
func (s *Store) LockNetwork(ctx context.Context, id string) error {
	_, err := rows.Get[int64](ctx, s.DB, "SELECT serial FROM network_networks WHERE id = ? "+s.ForUpdate(), id)
	return err
}

// SubnetsOf lists the subnets of a network, oldest first.
func (s *Store) SubnetsOf(ctx context.Context, networkID string) ([]Subnet, error) {
	table := s.Network().Subnets
	return rows.All[Subnet](ctx, s.DB, "SELECT "+table.kind.sql()+" FROM network_subnets WHERE network_id = ? ORDER BY serial", networkID)
}

// PortsOn lists the IDs of up to limit ports on a network.
func (s *Store) PortsOn(ctx context.Context, networkID string, limit int) ([]string, error) {
	return rows.All[string](ctx, s.DB, "SELECT id FROM network_ports WHERE network_id = ? ORDER BY id LIMIT ?", networkID, limit)
}

// NetworkLimits are the limits that a project has of its own, by resource.
func (s *Store) NetworkLimits(ctx context.Context, project string) (map[string]int64, error) {
	found, err := rows.All[networkLimit](ctx, s.DB, "SELECT project_id, resource, hard_limit FROM network_quotas WHERE project_id = ?", project)
	limits := make(map[string]int64, len(found))
	for _, row := range found {
		limits[row.Resource] = row.Limit
	}
	return limits, err
}

type networkLimit struct {
	ProjectID string `db:"project_id"`
	Resource  string `db:"resource"`
	Limit     int64  `db:"hard_limit"`
}

// ProjectsWithNetworkLimits lists the projects that have limits of their own.
func (s *Store) ProjectsWithNetworkLimits(ctx context.Context) ([]string, error) {
	return rows.All[string](ctx, s.DB, "SELECT DISTINCT project_id FROM network_quotas ORDER BY project_id")
}

// SetNetworkLimits gives a project limits of its own, beside those it has.
func (s *Store) SetNetworkLimits(ctx context.Context, project string, limits map[string]int64) error {
	return s.Tx(ctx, func(tx *Store) error {
		for resource, limit := range limits {
			_, err := rows.Exec(ctx, tx.DB, `
				INSERT INTO network_quotas (project_id, resource, hard_limit) VALUES (?, ?, ?)
				ON CONFLICT (project_id, resource) DO UPDATE SET hard_limit = excluded.hard_limit`, project, resource, limit)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteNetworkLimits gives a project the default limits again: NotFound if it
// has no others.
func (s *Store) DeleteNetworkLimits(ctx context.Context, project string) error {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM network_quotas WHERE project_id = ?", project)
	if err == nil && changed == 0 {
		return rows.ErrNoRows
	}
	return err
}

// WithinNetworkLimit lets pass, in a transaction that creates a thing, if the
// project has fewer than its limit of them, or none below zero: OverQuota
// otherwise. Until the transaction ends, others that count wait.
func WithinNetworkLimit[T any](ctx context.Context, t NetworkTable[T], project, resource string, byDefault int64) error {
	limits, err := t.s.NetworkLimits(ctx, project)
	if err != nil {
		return err
	}
	limit, ok := limits[resource]
	if !ok {
		limit = byDefault
	}
	if limit < 0 {
		return nil
	}
	_, err = rows.Exec(ctx, t.s.DB, `
		INSERT INTO network_projects (project_id) VALUES (?)
		ON CONFLICT (project_id) DO UPDATE SET project_id = excluded.project_id`, project)
	if err != nil {
		return err
	}
	used, err := t.Count(ctx, project)
	if err == nil && used >= limit {
		return nova.Errorf(nova.OverQuota, "Quota exceeded for resources: ['%s'].", resource)
	}
	return err
}

// NetworkUsedByOthers tells whether projects other than its own have ports on
// a network.
func (s *Store) NetworkUsedByOthers(ctx context.Context, networkID, project string) (bool, error) {
	others, err := rows.Get[int64](ctx, s.DB, `
		SELECT COUNT(*) FROM network_ports WHERE network_id = ? AND project_id NOT IN (?, '')`, networkID, project)
	return others > 0, err
}
