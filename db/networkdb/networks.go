package networkdb

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/db/rows"
)

// A Network is what ports are attached to.
type Network struct {
	Record
	Name             string   `db:"name"`
	AdminStateUp     bool     `db:"admin_state_up"`
	Shared           bool     `db:"shared"`   // every project may use it
	External         bool     `db:"external"` // routers may have a gateway on it
	IsDefault        bool     `db:"is_default"`
	PortSecurity     bool     `db:"port_security"` // the default of its ports
	MTU              int64    `db:"mtu"`
	ProviderType     string   `db:"provider_type"` // vxlan, flat, …
	ProviderPhysical *string  `db:"provider_physical"`
	ProviderSegment  *int64   `db:"provider_segment"`
	SubnetIDs        []string `db:"-"`
}

// networks are visible to the project that owns them, and to all if they are
// shared or external.
var networks = kind[Network]{
	table: "network_networks",
	columns: `name admin_state_up shared external is_default port_security mtu provider_type provider_physical
		provider_segment`,
	status:  alwaysActive,
	visible: "project_id = ? OR shared OR external",
	record:  (*Network).Common,
	load:    loadNetworks,
}

// loadNetworks adds the IDs of each network's subnets, oldest first.
func loadNetworks(ctx context.Context, d *rows.DB, networks []Network) error {
	ids := make([]string, len(networks))
	for i := range networks {
		ids[i] = networks[i].ID
	}
	subnets, err := idsByOwner(ctx, d, "SELECT network_id AS owner, id FROM network_subnets WHERE network_id IN (?) ORDER BY serial", ids)
	if err != nil {
		return fmt.Errorf("list subnets of networks: %w", err)
	}
	for i := range networks {
		networks[i].SubnetIDs = append([]string{}, subnets[networks[i].ID]...)
	}
	return nil
}

// UsedByOthers reports whether projects other than the given one have ports on
// a network.
func (s *Store) UsedByOthers(ctx context.Context, networkID, project string) (bool, error) {
	others, err := rows.Get[int64](ctx, s.DB, `
		SELECT COUNT(*) FROM network_ports WHERE network_id = ? AND project_id NOT IN (?, '')`, networkID, project)
	return others > 0, err
}

// PortsOn lists the IDs of up to limit ports on a network.
func (s *Store) PortsOn(ctx context.Context, networkID string, limit int) ([]string, error) {
	return rows.All[string](ctx, s.DB, "SELECT id FROM network_ports WHERE network_id = ? ORDER BY id LIMIT ?", networkID, limit)
}
