package db

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nova-api/nova-api/db/rows"
)

// A Port is where a server, or a router, is attached to a network.
type Port struct {
	NetworkRecord
	NetworkID    string                         `db:"network_id"`
	Name         string                         `db:"name"`
	MAC          string                         `db:"mac_address"`
	AdminStateUp bool                           `db:"admin_state_up"`
	Status       string                         `db:"status"`
	DeviceID     string                         `db:"device_id"`
	DeviceOwner  string                         `db:"device_owner"` // compute:nova, network:router_interface, …
	Host         string                         `db:"host"`         // empty while it isn't bound
	VNICType     string                         `db:"vnic_type"`
	Profile      rows.JSON[map[string]any]      `db:"profile"`
	AddressPairs rows.JSON[[]map[string]string] `db:"allowed_address_pairs"`
	DHCPOptions  rows.JSON[[]map[string]any]    `db:"extra_dhcp_opts"`
	DNSName      string                         `db:"dns_name"`
	PortSecurity bool                           `db:"port_security"`
	FixedIPs     []FixedIP                      `db:"-"`
	GroupIDs     []string                       `db:"-"` // security groups
}

// A FixedIP is an address of a port.
type FixedIP struct {
	SubnetID string `db:"subnet_id"`
	Address  string `db:"address"`
}

// HasAddress is the condition that a port has an address that is, or begins
// with, what is given.
func HasAddress(address string, prefix bool) NetworkWhere {
	if prefix {
		return NetworkWhere{"id IN (SELECT port_id FROM network_addresses WHERE SUBSTR(address, 1, ?) = ?)", []any{len(address), address}}
	}
	return NetworkWhere{"id IN (SELECT port_id FROM network_addresses WHERE address = ?)", []any{address}}
}

// OnSubnet is the condition that a port has an address of a subnet.
func OnSubnet(id string) NetworkWhere {
	return NetworkWhere{"id IN (SELECT port_id FROM network_addresses WHERE subnet_id = ?)", []any{id}}
}

// InGroup is the condition that a port is in one of the security groups.
func InGroup(ids []string) NetworkWhere {
	return NetworkWhere{"id IN (SELECT port_id FROM network_port_groups WHERE group_id IN (?))", []any{ids}}
}

// SetPortGroups puts a port into these security groups and no others:
// Conflict if one of them isn't there.
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

// ReleaseAddress takes an address from a port, for others to have.
func (s *Store) ReleaseAddress(ctx context.Context, portID string, ip FixedIP) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM network_addresses WHERE port_id = ? AND subnet_id = ? AND address = ?", portID, ip.SubnetID, ip.Address)
	return err
}

// fixedIPs are the addresses of ports, by port.
func (s *Store) fixedIPs(ctx context.Context, portIDs []string) (map[string][]FixedIP, error) {
	if len(portIDs) == 0 {
		return nil, nil
	}
	q, args, err := rows.In("SELECT port_id, subnet_id, address FROM network_addresses WHERE port_id IN (?) ORDER BY serial", portIDs)
	if err != nil {
		return nil, err
	}
	found, err := rows.All[struct {
		PortID string `db:"port_id"`
		FixedIP
	}](ctx, s.DB, q, args...)
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	ips := make(map[string][]FixedIP, len(portIDs))
	for _, row := range found {
		ips[row.PortID] = append(ips[row.PortID], row.FixedIP)
	}
	return ips, nil
}

// loadPorts fetches the addresses and security groups of all ports, in two
// queries for each few thousand.
func (s *Store) loadPorts(ctx context.Context, ports []Port) error {
	const atOnce = 5000 // PostgreSQL takes 65,535 arguments, SQLite 32,766
	for chunk := range slices.Chunk(ports, atOnce) {
		ids := make([]string, len(chunk))
		for i := range chunk {
			ids[i] = chunk[i].ID
		}
		ips, err := s.fixedIPs(ctx, ids)
		groups, groupsErr := s.portGroups(ctx, ids)
		if err := errors.Join(err, groupsErr); err != nil {
			return err
		}
		for i := range chunk {
			chunk[i].FixedIPs = append([]FixedIP{}, ips[chunk[i].ID]...)
			chunk[i].GroupIDs = append([]string{}, groups[chunk[i].ID]...)
		}
	}
	return nil
}

func (s *Store) portGroups(ctx context.Context, portIDs []string) (map[string][]string, error) {
	q, args, err := rows.In("SELECT port_id, group_id FROM network_port_groups WHERE port_id IN (?) ORDER BY group_id", portIDs)
	if err != nil {
		return nil, err
	}
	found, err := rows.All[struct {
		PortID  string `db:"port_id"`
		GroupID string `db:"group_id"`
	}](ctx, s.DB, q, args...)
	if err != nil {
		return nil, fmt.Errorf("list security groups of ports: %w", err)
	}
	groups := make(map[string][]string, len(portIDs))
	for _, row := range found {
		groups[row.PortID] = append(groups[row.PortID], row.GroupID)
	}
	return groups, nil
}
