package networkdb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nova-api/nova-api/db/rows"
)

// A Port attaches a server, a router or a floating IP to a network.
type Port struct {
	Record
	NetworkID    string                         `db:"network_id"`
	Name         string                         `db:"name"`
	MAC          string                         `db:"mac_address"`
	AdminStateUp bool                           `db:"admin_state_up"`
	Status       string                         `db:"status"`
	DeviceID     string                         `db:"device_id"`
	DeviceOwner  string                         `db:"device_owner"` // compute:nova, network:router_interface, …
	Host         string                         `db:"host"`         // empty while the port is not bound
	VNICType     string                         `db:"vnic_type"`
	Profile      rows.JSON[map[string]any]      `db:"profile"`
	AddressPairs rows.JSON[[]map[string]string] `db:"allowed_address_pairs"`
	DHCPOptions  rows.JSON[[]map[string]any]    `db:"extra_dhcp_opts"`
	DNSName      string                         `db:"dns_name"`
	PortSecurity bool                           `db:"port_security"`
	FixedIPs     []FixedIP                      `db:"-"`
	GroupIDs     []string                       `db:"-"` // of security groups
}

// A FixedIP is an address of a port.
type FixedIP struct {
	SubnetID string `db:"subnet_id"`
	Address  string `db:"address"`
}

// ports are visible to the project that owns them, and to the owner of their
// network.
var ports = kind[Port]{
	table: "network_ports",
	columns: `network_id name mac_address admin_state_up status device_id device_owner host vnic_type profile
		allowed_address_pairs extra_dhcp_opts dns_name port_security`,
	visible: "project_id = ? OR network_id IN (SELECT id FROM network_networks WHERE project_id = ?)",
	record:  (*Port).Common,
	load:    loadPorts,
}

// HasAddress is the condition that a port has an address, or one that begins
// with a prefix.
func HasAddress(address string, prefix bool) Condition {
	if prefix {
		return Condition{"id IN (SELECT port_id FROM network_addresses WHERE SUBSTR(address, 1, ?) = ?)", []any{len(address), address}}
	}
	return Condition{"id IN (SELECT port_id FROM network_addresses WHERE address = ?)", []any{address}}
}

// OnSubnet is the condition that a port has an address of a subnet.
func OnSubnet(id string) Condition {
	return Condition{"id IN (SELECT port_id FROM network_addresses WHERE subnet_id = ?)", []any{id}}
}

// InGroup is the condition that a port is in one of the security groups.
func InGroup(ids []string) Condition {
	return Condition{"id IN (SELECT port_id FROM network_port_groups WHERE group_id IN (?))", []any{ids}}
}

// SetPortGroups puts a port into these security groups and no others. It
// returns Conflict if there is no such group.
func (s *Store) SetPortGroups(ctx context.Context, portID string, groups []string) error {
	if _, err := rows.Exec(ctx, s.DB, "DELETE FROM network_port_groups WHERE port_id = ?", portID); err != nil {
		return err
	}
	for _, group := range groups {
		_, err := rows.Exec(ctx, s.DB, "INSERT INTO network_port_groups (port_id, group_id) VALUES (?, ?) ON CONFLICT DO NOTHING", portID, group)
		if err != nil {
			return err
		}
	}
	return nil
}

// loadPorts adds the addresses and security groups of ports. Each chunk of
// ports costs two queries.
func loadPorts(ctx context.Context, d *rows.DB, ports []Port) error {
	for chunk := range slices.Chunk(ports, idsAtOnce) {
		ids := make([]string, len(chunk))
		for i := range chunk {
			ids[i] = chunk[i].ID
		}
		addresses, err := fixedIPs(ctx, d, ids)
		groups, groupsErr := idsByOwner(ctx, d,
			"SELECT port_id AS owner, group_id AS id FROM network_port_groups WHERE port_id IN (?) ORDER BY group_id", ids)
		if err := errors.Join(err, groupsErr); err != nil {
			return fmt.Errorf("list addresses and security groups of ports: %w", err)
		}
		for i := range chunk {
			chunk[i].FixedIPs = append([]FixedIP{}, addresses[chunk[i].ID]...)
			chunk[i].GroupIDs = append([]string{}, groups[chunk[i].ID]...)
		}
	}
	return nil
}

// fixedIPs lists the addresses of ports by the port's ID.
func fixedIPs(ctx context.Context, d *rows.DB, portIDs []string) (map[string][]FixedIP, error) {
	if len(portIDs) == 0 {
		return nil, nil
	}
	text, args, err := rows.In("SELECT port_id, subnet_id, address FROM network_addresses WHERE port_id IN (?) ORDER BY serial", portIDs)
	if err != nil {
		return nil, err
	}
	found, err := rows.All[struct {
		PortID string `db:"port_id"`
		FixedIP
	}](ctx, d, text, args...)
	if err != nil {
		return nil, err
	}
	addresses := make(map[string][]FixedIP, len(portIDs))
	for _, row := range found {
		addresses[row.PortID] = append(addresses[row.PortID], row.FixedIP)
	}
	return addresses, nil
}
