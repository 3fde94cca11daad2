package db

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// ForgetGateway takes a router off its gateway port, which can then go; and off
// the floating addresses that lead nowhere any more.
func (s *Store) ForgetGateway(ctx context.Context, routerID string) error {
	_, err := rows.Exec(ctx, s.DB, "UPDATE network_floatingips SET router_id = NULL WHERE router_id = ? AND port_id IS NULL", routerID)
	if err != nil {
		return err
	}
	_, err = rows.Exec(ctx, s.DB, "UPDATE network_routers SET gateway_network_id = NULL, gateway_port_id = NULL WHERE id = ?", routerID)
	return err
}

// RouterBetween finds a router with a gateway on an external network and an
// interface on a subnet: NotFound if there is none.
func (s *Store) RouterBetween(ctx context.Context, externalID, subnetID string) (*string, error) {
	id, err := rows.Get[string](ctx, s.DB, `
		SELECT r.id
		FROM network_routers r
			JOIN network_ports p ON p.device_id = r.id AND p.device_owner = 'network:router_interface'
			JOIN network_addresses a ON a.port_id = p.id
		WHERE r.gateway_network_id = ? AND a.subnet_id = ?
		ORDER BY r.serial
		LIMIT 1`, externalID, subnetID)
	if err != nil {
		return nil, err
	}
	return &id, nil
}

// Floating is the condition that a floating address leads to a port, or to
// none.
func Floating(leads bool) NetworkWhere {
	if leads {
		return NetworkWhere{"port_id IS NOT NULL", nil}
	}
	return NetworkWhere{"port_id IS NULL", nil}
}
