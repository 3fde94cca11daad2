package network

import (
	"context"
	"errors"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

var floatingAttributes = []attribute[networkdb.FloatingIP]{
	{name: "floating_network_id", post: anyone, required: true, column: "network_id", find: asText, set: id(func(f *networkdb.FloatingIP) *string { return &f.NetworkID })},
	{name: "floating_ip_address", post: admins, column: "address", find: asText, set: setFloatingAddress},
	{name: "port_id", post: anyone, put: anyone, column: "port_id", find: asText, set: optional(func(f *networkdb.FloatingIP) **string { return &f.PortID }, isID)},
	{name: "fixed_ip_address", post: anyone, put: anyone, column: "fixed_ip_address", find: asText, set: setFixedAddress},
	{name: "router_id", column: "router_id", find: asText},
	{name: "subnet_id", post: anyone},
}

func (s *Service) floatingIPs() resource[networkdb.FloatingIP] {
	return resource[networkdb.FloatingIP]{
		s: s, one: "floatingip", many: "floatingips", limit: quotaOf("floatingip"), attributes: floatingAttributes,
		missing: func(id string) error {
			return kit.Typed("FloatingIPNotFound", nova.NotFound, "Floating IP %s could not be found", id)
		},
		record: (*networkdb.FloatingIP).Common,
		table:  func(s *networkdb.Store) networkdb.Table[networkdb.FloatingIP] { return s.FloatingIPs },
		fresh:  func() networkdb.FloatingIP { return networkdb.FloatingIP{} },
		view:   floatingView,
		filter: floatingFilter,
		create: s.createFloating,
		change: s.changeFloating,
		remove: s.removeFloating,
	}
}

// floatingView forgets what a port that is gone had to do with the address.
func floatingView(f networkdb.FloatingIP, _ bool) object {
	v := object{
		"floating_network_id": f.NetworkID,
		"floating_ip_address": f.Address,
		"status":              "DOWN",
		"port_id":             nil,
		"fixed_ip_address":    nil,
		"router_id":           nil,
		"port_details":        nil,
	}
	if f.PortID != nil {
		v["status"], v["port_id"], v["fixed_ip_address"], v["router_id"] = "ACTIVE", f.PortID, f.FixedIP, f.RouterID
	}
	return v
}

func floatingFilter(l *networkdb.Filter, name string, values []string) (bool, error) {
	if name != "status" {
		return false, nil
	}
	l.Where = append(l.Where, networkdb.Associated(values[0] == "ACTIVE"))
	return true, nil
}

func setFloatingAddress(f *networkdb.FloatingIP, name string, value any) error {
	if value == nil {
		return nil
	}
	f.Address = canonical(plain(value))
	return isAddress(name, f.Address)
}

func setFixedAddress(f *networkdb.FloatingIP, name string, value any) error {
	f.FixedIP = ""
	if value == nil {
		return nil
	}
	f.FixedIP = canonical(plain(value))
	return isAddress(name, f.FixedIP)
}

// createFloating takes an address of an external network, and leads it to a
// port if one is named.
func (s *Service) createFloating(ctx context.Context, tx *networkdb.Store, c nova.Caller, f *networkdb.FloatingIP, given object) error {
	network, err := s.networks().find(ctx, tx, c, f.NetworkID)
	if err != nil {
		return err
	}
	if !network.External {
		return kit.Typed("BadRequest", nova.Invalid, "Bad floatingip request: Network %s is not a valid external network.", network.ID)
	}
	wanted := []wantedIP{}
	if subnet, ok := given["subnet_id"].(string); ok || f.Address != "" {
		wanted = append(wanted, wantedIP{SubnetID: subnet, Address: f.Address})
	}
	port := servicePort(network.ID, "", f.ID, ownerFloatingIP)
	if err := s.makeServicePort(ctx, tx, &port, wanted); err != nil {
		return err
	}
	for _, ip := range port.FixedIPs {
		if address, err := parseAddress(ip.Address); err == nil && address.Is4() {
			f.Address = ip.Address
		}
	}
	if f.Address == "" {
		return kit.Typed("ExternalIpAddressExhausted", nova.Invalid, "Unable to find any IP address on external network %s.", network.ID)
	}
	f.OwnPortID = port.ID
	if err := s.lead(ctx, tx, c, f); err != nil {
		return err
	}
	made, err := tx.FloatingIPs.Create(ctx, *f)
	if errors.Is(err, networkdb.ErrTaken) {
		return associated(*f)
	}
	*f = made
	return err
}

func (s *Service) changeFloating(ctx context.Context, tx *networkdb.Store, c nova.Caller, was networkdb.FloatingIP, f *networkdb.FloatingIP, given object) error {
	if _, ok := given["port_id"]; !ok {
		f.PortID, f.FixedIP = was.PortID, was.FixedIP
		if given["fixed_ip_address"] == nil {
			return nil
		}
	}
	if _, ok := given["fixed_ip_address"]; !ok {
		f.FixedIP = ""
	}
	if err := s.lead(ctx, tx, c, f); err != nil || f.PortID == nil {
		return err
	}
	same := map[string][]any{"port_id": {*f.PortID}, "fixed_ip_address": {f.FixedIP}, "network_id": {f.NetworkID}}
	others, err := tx.FloatingIPs.List(ctx, networkdb.Filter{Match: same})
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.ID != f.ID {
			return associated(*f)
		}
	}
	return nil
}

func associated(f networkdb.FloatingIP) error {
	return kit.Typed("FloatingIPPortAlreadyAssociated", nova.Conflict,
		"Cannot associate floating IP %s (%s) with port %s using fixed IP %s, as that fixed IP already has a floating IP on external network %s.",
		f.Address, f.ID, *f.PortID, f.FixedIP, f.NetworkID)
}

// lead finds the fixed address and the router by which a floating address
// reaches its port.
func (s *Service) lead(ctx context.Context, tx *networkdb.Store, c nova.Caller, f *networkdb.FloatingIP) error {
	f.RouterID = nil
	if f.PortID == nil {
		f.FixedIP = ""
		return nil
	}
	port, err := s.ports().find(ctx, tx, c, *f.PortID)
	if err != nil {
		return err
	}
	if port.ProjectID != f.ProjectID && !isAdmin(c) { // seen because it is on a network of the caller's
		return kit.Typed("BadRequest", nova.Invalid, "Bad floatingip request: "+
			"Cannot process floating IP association with Port %s, since that port is owned by a different tenant.", port.ID)
	}
	for _, ip := range port.FixedIPs {
		address, err := parseAddress(ip.Address)
		if err != nil || !address.Is4() || f.FixedIP != "" && f.FixedIP != ip.Address {
			continue
		}
		f.FixedIP = ip.Address
		if f.RouterID, err = tx.RouterBetween(ctx, f.NetworkID, ip.SubnetID, f.ProjectID); err != nil {
			if nova.Is(err, nova.NotFound) {
				return kit.Typed("ExternalGatewayForFloatingIPNotFound", nova.NotFound,
					"External network %s is not reachable from subnet %s. Therefore, cannot associate Port %s with a Floating IP.",
					f.NetworkID, ip.SubnetID, port.ID)
			}
			return err
		}
		return nil
	}
	return kit.Typed("BadRequest", nova.Invalid, "Bad floatingip request: Port %s does not have fixed ip %s.", port.ID, f.FixedIP)
}

// removeFloating deletes a floating IP and the port that holds its address.
func (s *Service) removeFloating(ctx context.Context, tx *networkdb.Store, f networkdb.FloatingIP) error {
	if err := tx.FloatingIPs.Delete(ctx, f.ID); err != nil {
		return err
	}
	return tx.Ports.Delete(ctx, f.OwnPortID)
}
