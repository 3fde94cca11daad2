package network

import (
	"context"
	"errors"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// floatingAttributes are what a floating IP can be told. Only administrators
// choose its address.
var floatingAttributes = []attribute[networkdb.FloatingIP]{
	{name: "status", sort: "status"},
	{name: "floating_network_id", post: anyone, required: true, column: "network_id", find: asText, set: id(func(f *networkdb.FloatingIP) *string { return &f.NetworkID })},
	{name: "floating_ip_address", post: admins, isDefault: isNull, column: "address", find: asText, set: setFloatingAddress},
	// Where the floating IP leads to.
	{name: "port_id", post: anyone, put: anyone, column: "port_id", find: asText, set: optional(func(f *networkdb.FloatingIP) **string { return &f.PortID }, isID)},
	{name: "fixed_ip_address", post: anyone, put: anyone, column: "fixed_ip_address", find: asText, set: setFixedIP},
	// The router follows from the port; the subnet is only asked for at creation.
	{name: "router_id", column: "router_id", find: asText},
	{name: "subnet_id", post: anyone},
}

// floatingIPs describes floating IPs to the calls that all kinds share.
func (s *Service) floatingIPs() resource[networkdb.FloatingIP] {
	return resource[networkdb.FloatingIP]{
		s: s, singular: "floatingip", plural: "floatingips", limit: quotaOf("floatingip"), attributes: floatingAttributes,
		notFound: func(id string) error {
			return kit.Typed("FloatingIPNotFound", nova.NotFound, "Floating IP %s could not be found", id)
		},
		record:   (*networkdb.FloatingIP).Common,
		table:    func(s *networkdb.Store) networkdb.Table[networkdb.FloatingIP] { return s.FloatingIPs },
		defaults: func() networkdb.FloatingIP { return networkdb.FloatingIP{} },
		view:     floatingView,
		filter:   floatingFilter,
		create:   s.createFloating,
		change:   s.changeFloating,
		remove:   s.removeFloating,
		events:   s.floatingEvents,
	}
}

// floatingView shows a floating IP. When its port is deleted the row keeps the
// fixed address and the router, which mean nothing then.
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

// floatingFilter knows the status, which follows from the port.
func floatingFilter(l *networkdb.Filter, name string, values []string) (bool, error) {
	if name != "status" {
		return false, nil
	}
	l.Where = append(l.Where, networkdb.Associated(values[0] == "ACTIVE"))
	return true, nil
}

// setFloatingAddress reads the address that an administrator asks for.
func setFloatingAddress(f *networkdb.FloatingIP, name string, value any) error {
	if value == nil {
		return nil
	}
	f.Address = canonical(plain(value))
	return isAddress(name, f.Address)
}

// setFixedIP reads the address of the port that the floating IP is to lead to.
func setFixedIP(f *networkdb.FloatingIP, name string, value any) error {
	f.FixedIP = ""
	if value == nil {
		return nil
	}
	f.FixedIP = canonical(plain(value))
	return isAddress(name, f.FixedIP)
}

// createFloating takes an address of an external network, and leads it to a
// port if the body names one. A port without an owner holds the address.
func (s *Service) createFloating(ctx context.Context, tx *networkdb.Store, c nova.Caller, f *networkdb.FloatingIP, body object) error {
	network, err := s.networks().find(ctx, tx, c, f.NetworkID)
	if err != nil {
		return err
	}
	if !network.External {
		return badFloating("Network %s is not a valid external network.", network.ID)
	}
	if err := checkFixedIP(body); err != nil {
		return err
	}
	wanted := []wantedIP{}
	if subnet, ok := body["subnet_id"].(string); ok || f.Address != "" {
		wanted = append(wanted, wantedIP{SubnetID: subnet, Address: f.Address})
	}
	// The address is held by a port of its own, as a server's would be, so that
	// the pool gives it to nobody else.
	port := servicePort(network.ID, "", f.ID, ownerFloatingIP)
	if err := s.makeServicePort(ctx, tx, &port, wanted); err != nil {
		return err
	}
	for _, ip := range port.FixedIPs {
		if address, err := parseAddress(ip.Address); err == nil && address.Is4() {
			f.Address = ip.Address
		}
	}
	// The network may have IPv6 subnets only.
	if f.Address == "" {
		return kit.Typed("ExternalIpAddressExhausted", nova.Invalid, "Unable to find any IP address on external network %s.", network.ID)
	}
	f.OwnPortID = port.ID
	if err := s.associate(ctx, tx, c, f); err != nil {
		return err
	}
	made, err := tx.FloatingIPs.Create(ctx, *f)
	if errors.Is(err, networkdb.ErrTaken) {
		return alreadyAssociated(*f)
	}
	*f = made
	return err
}

// changeFloating leads a floating IP to another port, or to none. A body that
// names no port leaves it where it is.
func (s *Service) changeFloating(ctx context.Context, tx *networkdb.Store, c nova.Caller, was networkdb.FloatingIP, f *networkdb.FloatingIP, body object) error {
	if err := checkFixedIP(body); err != nil {
		return err
	}
	if _, ok := body["port_id"]; !ok {
		f.PortID, f.FixedIP = was.PortID, was.FixedIP
		return nil
	}
	if body["fixed_ip_address"] == nil { // that of the old port means nothing for a new one
		f.FixedIP = ""
	}
	if err := s.associate(ctx, tx, c, f); err != nil || f.PortID == nil {
		return err
	}
	// The database allows one floating IP for an address of a port. This names
	// the one that is there.
	same := map[string][]any{"port_id": {*f.PortID}, "fixed_ip_address": {f.FixedIP}, "network_id": {f.NetworkID}}
	others, err := tx.FloatingIPs.List(ctx, networkdb.Filter{Match: same})
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.ID != f.ID {
			return alreadyAssociated(*f)
		}
	}
	return nil
}

// checkFixedIP refuses an address of a port without the port.
func checkFixedIP(body object) error {
	if body["fixed_ip_address"] != nil && body["port_id"] == nil {
		return badFloating("fixed_ip_address cannot be specified without a port_id.")
	}
	return nil
}

// badFloating refuses a request about a floating IP.
func badFloating(format string, args ...any) error {
	return kit.Typed("BadRequest", nova.Invalid, "Bad floatingip request: "+format, args...)
}

// alreadyAssociated is Neutron's error for a port that another floating IP of
// the same network leads to.
func alreadyAssociated(f networkdb.FloatingIP) error {
	return kit.Typed("FloatingIPPortAlreadyAssociated", nova.Conflict,
		"Cannot associate floating IP %s (%s) with port %s using fixed IP %s, as that fixed IP already has a floating IP on external network %s.",
		f.Address, f.ID, *f.PortID, f.FixedIP, f.NetworkID)
}

// associate finds the fixed address and the router by which a floating IP
// reaches its port. The port must belong to the project of the floating IP,
// unless an administrator joins the two.
func (s *Service) associate(ctx context.Context, tx *networkdb.Store, c nova.Caller, f *networkdb.FloatingIP) error {
	f.RouterID = nil
	if f.PortID == nil {
		f.FixedIP = ""
		return nil
	}
	port, err := s.ports().find(ctx, tx, c, *f.PortID)
	if err != nil {
		return err
	}
	// The caller may see the port of another project, because it is on a
	// network of the caller's.
	if port.ProjectID != f.ProjectID && !isAdmin(c) {
		return badFloating("Cannot process floating IP association with Port %s, since that port is owned by a different tenant.", port.ID)
	}
	fixed, err := fixedIPFor(port, f.FixedIP)
	if err != nil {
		return err
	}
	f.FixedIP = fixed.Address
	f.RouterID, err = tx.RouterBetween(ctx, f.NetworkID, fixed.SubnetID, f.ProjectID)
	return asMissing(err, kit.Typed("ExternalGatewayForFloatingIPNotFound", nova.NotFound,
		"External network %s is not reachable from subnet %s. Therefore, cannot associate Port %s with a Floating IP.",
		f.NetworkID, fixed.SubnetID, port.ID))
}

// fixedIPFor chooses the address of a port that a floating IP leads to: the one
// that the client wants, or the only one that there is. Floating IPs are IPv4.
// As in Neutron (db/l3_db.py, _internal_fip_assoc_data).
func fixedIPFor(port networkdb.Port, wanted string) (networkdb.FixedIP, error) {
	var found []networkdb.FixedIP
	for _, ip := range port.FixedIPs {
		address, err := parseAddress(ip.Address)
		if err == nil && address.Is4() && (wanted == "" || wanted == ip.Address) {
			found = append(found, ip)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case wanted != "":
		return networkdb.FixedIP{}, badFloating("Port %s does not have fixed ip %s.", port.ID, wanted)
	case len(found) == 0:
		return networkdb.FixedIP{}, badFloating("Cannot add floating IP to port %s that has no fixed IPv4 addresses.", port.ID)
	}
	return networkdb.FixedIP{}, badFloating("Port %s has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address "+
		"when assigning a floating IP.", port.ID)
}

// removeFloating deletes a floating IP and the port that holds its address.
func (s *Service) removeFloating(ctx context.Context, tx *networkdb.Store, f networkdb.FloatingIP) error {
	if err := tx.FloatingIPs.Delete(ctx, f.ID); err != nil {
		return err
	}
	return tx.Ports.Delete(ctx, f.OwnPortID)
}
