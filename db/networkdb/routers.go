package networkdb

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/db/rows"
)

// A Router connects networks with each other and with an external one.
type Router struct {
	Record
	Name             string                 `db:"name"`
	AdminStateUp     bool                   `db:"admin_state_up"`
	EnableSNAT       bool                   `db:"enable_snat"`
	Routes           rows.JSON[[]HostRoute] `db:"routes"`
	GatewayNetworkID *string                `db:"gateway_network_id"` // nil without a gateway
	GatewayPortID    *string                `db:"gateway_port_id"`
	GatewayIPs       []FixedIP              `db:"-"`
}

// A FloatingIP is an address of an external network that leads to a port.
type FloatingIP struct {
	Record
	NetworkID string  `db:"network_id"`
	Address   string  `db:"address"`
	OwnPortID string  `db:"own_port_id"`      // the port that holds the address
	PortID    *string `db:"port_id"`          // the port that it leads to; nil for none
	FixedIP   string  `db:"fixed_ip_address"` // of PortID
	RouterID  *string `db:"router_id"`
}

var routers = kind[Router]{
	table: "network_routers", visible: "project_id = ?",
	columns: "name admin_state_up enable_snat routes gateway_network_id gateway_port_id",
	status:  alwaysActive,
	record:  (*Router).Common,
	load:    loadRouters,
}

var floatingIPs = kind[FloatingIP]{
	table: "network_floatingips", visible: "project_id = ?",
	columns: "network_id address own_port_id port_id fixed_ip_address router_id",
	status:  "CASE WHEN port_id IS NULL THEN 'DOWN' ELSE 'ACTIVE' END",
	record:  (*FloatingIP).Common,
}

// loadRouters adds the addresses of the gateway ports.
func loadRouters(ctx context.Context, d *rows.DB, routers []Router) error {
	gateways := []string{}
	for i := range routers {
		if routers[i].GatewayPortID != nil {
			gateways = append(gateways, *routers[i].GatewayPortID)
		}
	}
	addresses, err := fixedIPs(ctx, d, gateways)
	if err != nil {
		return fmt.Errorf("list addresses of gateways: %w", err)
	}
	for i := range routers {
		routers[i].GatewayIPs = []FixedIP{}
		if routers[i].GatewayPortID != nil {
			routers[i].GatewayIPs = append(routers[i].GatewayIPs, addresses[*routers[i].GatewayPortID]...)
		}
	}
	return nil
}

// ForgetGateway clears a router's gateway, so that the gateway port can be
// deleted, and takes the router from the floating IPs that lead nowhere.
func (s *Store) ForgetGateway(ctx context.Context, routerID string) error {
	_, err := rows.Exec(ctx, s.DB, "UPDATE network_floatingips SET router_id = NULL WHERE router_id = ? AND port_id IS NULL", routerID)
	if err != nil {
		return err
	}
	_, err = rows.Exec(ctx, s.DB, "UPDATE network_routers SET gateway_network_id = NULL, gateway_port_id = NULL WHERE id = ?", routerID)
	return err
}

// AddInterface makes a port an interface of a router. It returns Conflict if
// either is gone.
func (s *Store) AddInterface(ctx context.Context, routerID, portID string) error {
	_, err := rows.Exec(ctx, s.DB, "INSERT INTO network_router_ports (port_id, router_id) VALUES (?, ?)", portID, routerID)
	return err
}

// RemoveInterface takes a port from its router, if it has one.
func (s *Store) RemoveInterface(ctx context.Context, portID string) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM network_router_ports WHERE port_id = ?", portID)
	return err
}

// IsRouterOf reports whether a router belongs to a project.
func (s *Store) IsRouterOf(ctx context.Context, routerID, project string) (bool, error) {
	found, err := rows.Get[int64](ctx, s.DB, "SELECT COUNT(*) FROM network_routers WHERE id = ? AND project_id = ?", routerID, project)
	return found > 0, err
}

// InterfaceOf is the condition that a port is an interface of a router.
func InterfaceOf(routerID string) Condition {
	return Condition{"id IN (SELECT port_id FROM network_router_ports WHERE router_id = ?)", []any{routerID}}
}

// RouterBetween finds a router with a gateway on an external network and an
// interface on a subnet, for a floating IP of a project. The router at the
// subnet's gateway address serves everybody on the subnet and comes first;
// other routers serve their own project, or all if they belong to the subnet's
// owner. Call it in a transaction: the interface stays until that ends. It
// returns NotFound if there is no such router.
func (s *Store) RouterBetween(ctx context.Context, externalID, subnetID, project string) (*string, error) {
	id, err := rows.Get[string](ctx, s.DB, `
		SELECT r.id
		FROM network_routers r
			JOIN network_router_ports i ON i.router_id = r.id
			JOIN network_addresses a ON a.port_id = i.port_id
			JOIN network_subnets s ON s.id = a.subnet_id
		WHERE r.gateway_network_id = ? AND s.id = ? AND (a.address = s.gateway_ip OR r.project_id IN (?, s.project_id))
		ORDER BY CASE WHEN a.address = s.gateway_ip THEN 0 WHEN r.project_id = ? THEN 1 ELSE 2 END, r.serial
		LIMIT 1 `+s.ForUpdate(), externalID, subnetID, project, project)
	if err != nil {
		return nil, err
	}
	return &id, nil
}

// Associated is the condition that a floating IP leads to a port, or to none.
func Associated(toPort bool) Condition {
	if toPort {
		return Condition{"port_id IS NOT NULL", nil}
	}
	return Condition{"port_id IS NULL", nil}
}
