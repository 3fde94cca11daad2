package network

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// Neutron's limits.
const (
	maxFixedIPs     = 64
	maxAddressPairs = 10
	maxPortGroups   = 64
	maxDHCPOptions  = 64
)

// portAttributes are what a port can be told. What others on the network see of
// a port is for the network's owner, and where it is plugged in for the compute
// service.
var portAttributes = []attribute[networkdb.Port]{
	{name: "status", sort: "status"},
	{name: "network_id", post: anyone, required: true, column: "network_id", find: asText, set: id(func(p *networkdb.Port) *string { return &p.NetworkID })},
	{name: "name", post: anyone, put: anyone, column: "name", find: asText, set: text(func(p *networkdb.Port) *string { return &p.Name })},
	{name: "mac_address", post: networkOwners, put: admins, column: "mac_address", find: asMAC, set: setMAC},
	{name: "admin_state_up", post: anyone, put: anyone, column: "admin_state_up", find: asFlag, set: flag(func(p *networkdb.Port) *bool { return &p.AdminStateUp })},
	// What the port belongs to. checkDevice says who may write what.
	{name: "device_id", post: anyone, put: anyone, column: "device_id", find: asText, set: text(func(p *networkdb.Port) *string { return &p.DeviceID })},
	{name: "device_owner", post: anyone, put: anyone, column: "device_owner", find: asText, set: text(func(p *networkdb.Port) *string { return &p.DeviceOwner })},
	// How the port is plugged in.
	{name: "binding:host_id", post: admins, put: admins, column: "host", find: asText, set: setHost},
	{name: "binding:profile", post: admins, put: admins, set: setProfile},
	{name: "binding:vnic_type", post: anyone, put: anyone, column: "vnic_type", find: asText, set: oneOf(func(p *networkdb.Port) *string { return &p.VNICType }, "normal", "direct", "macvtap", "direct-physical", "baremetal", "virtio-forwarder", "smart-nic", "vdpa")},
	// What passes through the port.
	{name: "port_security_enabled", post: networkOwners, put: networkOwners, column: "port_security", find: asFlag, set: flag(func(p *networkdb.Port) *bool { return &p.PortSecurity })},
	{name: "allowed_address_pairs", post: networkOwners, put: networkOwners, set: shaped(func(p *networkdb.Port) *[]map[string]string { return &p.AddressPairs.V }, maxAddressPairs, arePairs)},
	// What a DHCP or DNS server would be told.
	{name: "extra_dhcp_opts", post: anyone, put: anyone, set: shaped(func(p *networkdb.Port) *[]map[string]any { return &p.DHCPOptions.V }, maxDHCPOptions, nil)},
	{name: "dns_name", post: anyone, put: anyone, set: text(func(p *networkdb.Port) *string { return &p.DNSName })},
	// What other tables hold: createPort and changePort see to these.
	{name: "fixed_ips", post: anyone, put: networkOwners},
	{name: "security_groups", post: anyone, put: anyone},
}

// ports describes ports to the calls that all kinds share.
func (s *Service) ports() resource[networkdb.Port] {
	return resource[networkdb.Port]{
		s: s, singular: "port", plural: "ports", limit: quotaOf("port"), attributes: portAttributes,
		notFound: portNotFound,
		record:   (*networkdb.Port).Common,
		table:    func(s *networkdb.Store) networkdb.Table[networkdb.Port] { return s.Ports },
		defaults: func() networkdb.Port { return networkdb.Port{AdminStateUp: true, VNICType: "normal"} },
		view:     portView,
		filter:   portFilter,
		create:   s.createPort,
		change:   s.changePort,
		remove:   s.removePort,
		events:   portEvents,
	}
}

// portNotFound is Neutron's error for a port that isn't there or may not be
// seen.
func portNotFound(id string) error {
	return kit.Typed("PortNotFound", nova.NotFound, "Port %s could not be found.", id)
}

// portView shows a port. Where it is plugged in is for administrators.
func portView(p networkdb.Port, admin bool) object {
	ips := make([]object, len(p.FixedIPs))
	for i, ip := range p.FixedIPs {
		ips[i] = object{"subnet_id": ip.SubnetID, "ip_address": ip.Address}
	}
	v := object{
		"name":                  p.Name,
		"network_id":            p.NetworkID,
		"mac_address":           p.MAC,
		"admin_state_up":        p.AdminStateUp,
		"status":                p.Status,
		"device_id":             p.DeviceID,
		"device_owner":          p.DeviceOwner,
		"fixed_ips":             ips,
		"security_groups":       listOf(p.GroupIDs),
		"port_security_enabled": p.PortSecurity,
		"allowed_address_pairs": listOf(p.AddressPairs.V),
		"extra_dhcp_opts":       listOf(p.DHCPOptions.V),
		"binding:vnic_type":     p.VNICType,
		"dns_name":              p.DNSName,
		"dns_assignment":        []object{},
	}
	if admin {
		showBinding(v, p)
	}
	return v
}

// showBinding shows how a port is plugged in. There is no wiring here, so each
// host plugs ports in as Open vSwitch would.
func showBinding(v object, p networkdb.Port) {
	// Clients expect an object, never null.
	profile := p.Profile.V
	if profile == nil {
		profile = object{}
	}
	v["binding:host_id"], v["binding:profile"] = p.Host, profile
	v["binding:vif_type"], v["binding:vif_details"] = "unbound", object{}
	if p.Host != "" {
		v["binding:vif_type"] = "ovs"
		v["binding:vif_details"] = object{"port_filter": true, "connectivity": "l2", "bridge_name": "br-int", "datapath_type": "system"}
	}
}

// portStatus is ACTIVE for a port that is plugged in: into a host, or into a
// router.
func portStatus(p networkdb.Port) string {
	switch {
	case p.DeviceOwner == ownerFloatingIP:
		return "N/A"
	case !p.AdminStateUp:
		return "DOWN"
	case strings.HasPrefix(p.DeviceOwner, "network:") && p.DeviceID != "",
		strings.HasPrefix(p.DeviceOwner, "compute:") && p.Host != "":
		return "ACTIVE"
	}
	return "DOWN"
}

// portFilter reads filters on what other tables hold of ports:
// fixed_ips=ip_address=10.0.0.5 and security_groups=ID; and on the status.
func portFilter(l *networkdb.Filter, name string, values []string) (bool, error) {
	switch name {
	case "status":
		l.Match["status"] = anys(values)
	case "security_groups":
		l.Where = append(l.Where, networkdb.InGroup(values))
	case "fixed_ips":
		for _, value := range values {
			key, text, _ := strings.Cut(value, "=")
			switch key {
			// The database has addresses in their usual form.
			case "ip_address":
				l.Where = append(l.Where, networkdb.HasAddress(canonical(text), false))
			case "ip_address_substr":
				l.Where = append(l.Where, networkdb.HasAddress(text, true))
			case "subnet_id":
				l.Where = append(l.Where, networkdb.OnSubnet(text))
			default:
				return true, invalidInput("'%s' is not a filter of fixed_ips.", key)
			}
		}
	default:
		return false, nil
	}
	return true, nil
}

// anys turns strings into arguments of a query.
func anys(values []string) []any {
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = value
	}
	return list
}

// canonical writes an address as the database does. Text that is no address
// stays, and so matches nothing.
func canonical(text string) string {
	address, err := parseAddress(text)
	if err != nil {
		return text
	}
	return address.String()
}

// createPort writes a port with its addresses and security groups. A port on a
// network of another project is possible if the network is shared.
func (s *Service) createPort(ctx context.Context, tx *networkdb.Store, c nova.Caller, p *networkdb.Port, body object) error {
	network, err := s.networks().find(ctx, tx, c, p.NetworkID)
	if err != nil {
		return err
	}
	// An external network is seen by everybody, but is for routers only.
	if !network.Shared && !owns(c, network.ProjectID) {
		return kit.Typed("HTTPForbidden", nova.Forbidden, "Tenant %s not allowed to create port on this network", p.ProjectID)
	}
	if err := checkNetworkOwner(c, network, body, "create_port"); err != nil {
		return err
	}
	if err := checkDevice(c, network, networkdb.Port{}, *p, "create_port"); err != nil {
		return err
	}
	// Packets of a network's own devices are never filtered.
	if _, ok := body["port_security_enabled"]; !ok {
		p.PortSecurity = network.PortSecurity && !strings.HasPrefix(p.DeviceOwner, "network:")
	}
	if err := checkPairs(*p); err != nil {
		return err
	}
	p.Status = portStatus(*p)
	// The rows of addresses and groups refer to the port's, so this comes
	// first.
	if err := insertPort(ctx, tx, p); err != nil {
		return err
	}
	if err := joinAsLabelled(ctx, tx, *p); err != nil {
		return err
	}
	if err := s.giveAddresses(ctx, tx, p, body); err != nil {
		return err
	}
	return s.setGroups(ctx, tx, c, p, body)
}

// insertPort writes a new port. Without a MAC address it gets one that is free
// on its network.
func insertPort(ctx context.Context, tx *networkdb.Store, p *networkdb.Port) error {
	const tries = 16 // of 16 million addresses
	chosen := p.MAC != ""
	for range tries {
		if !chosen {
			p.MAC = randomMAC()
		}
		// A MAC address of our own choosing that is taken is replaced; one that
		// the client has chosen is refused.
		made, err := tx.Ports.Create(ctx, *p)
		switch {
		case err == nil:
			*p = made
			return nil
		case !errors.Is(err, networkdb.ErrTaken):
			return missingReference(err, networkNotFound(p.NetworkID))
		case chosen:
			return macInUse(*p)
		}
	}
	return kit.Typed("MacAddressGenerationFailure", nova.Unavailable, "Unable to generate unique mac on network %s.", p.NetworkID)
}

// missingReference explains a conflict while a row was written: the row refers
// to a thing that was there a moment ago, and has been deleted since.
func missingReference(err, notFound error) error {
	if nova.Is(err, nova.Conflict) {
		return notFound
	}
	return err
}

// checkPairs refuses pairs of addresses on a port that may use any.
func checkPairs(p networkdb.Port) error {
	if p.PortSecurity || len(p.AddressPairs.V) == 0 {
		return nil
	}
	return kit.Typed("AddressPairAndPortSecurityRequired", nova.Conflict,
		"Port Security must be enabled in order to have allowed address pairs on a port.")
}

// macInUse is Neutron's error for a MAC address that another port of the
// network has.
func macInUse(p networkdb.Port) error {
	return kit.Typed("MacAddressInUse", nova.Conflict,
		"Unable to complete operation for network %s. The mac address %s is in use.", p.NetworkID, p.MAC)
}

// changePort checks a changed port, and writes its addresses, its security
// groups and what it is to routers.
func (s *Service) changePort(ctx context.Context, tx *networkdb.Store, c nova.Caller, was networkdb.Port, p *networkdb.Port, body object) error {
	network, err := tx.Networks.Get(ctx, "", p.NetworkID)
	if err != nil {
		return err
	}
	if err := checkNetworkOwner(c, network, body, "update_port"); err != nil {
		return err
	}
	if err := checkDevice(c, network, was, *p, "update_port"); err != nil {
		return err
	}
	// Whatever the port was to routers, from now on it is what its device says.
	if was.DeviceOwner != p.DeviceOwner || was.DeviceID != p.DeviceID {
		if err := tx.RemoveInterface(ctx, p.ID); err != nil {
			return err
		}
		if err := joinAsLabelled(ctx, tx, *p); err != nil {
			return err
		}
	}
	if err := checkPairs(*p); err != nil {
		return err
	}
	if len(p.GroupIDs) > 0 && was.PortSecurity && !p.PortSecurity && body["security_groups"] == nil {
		return kit.Typed("PortSecurityPortHasSecurityGroup", nova.Conflict,
			"Port has security group associated. Cannot disable port security or IP address until security group is removed.")
	}
	if was.MAC != p.MAC {
		if err := checkMACFree(ctx, tx, *p); err != nil {
			return err
		}
	}
	if _, ok := body["fixed_ips"]; ok {
		if err := s.changeAddresses(ctx, tx, p, body); err != nil {
			return err
		}
	}
	p.Status = portStatus(*p)
	if _, ok := body["security_groups"]; !ok {
		return nil
	}
	return s.setGroups(ctx, tx, c, p, body)
}

// checkMACFree refuses a MAC address that another port of the network has.
func checkMACFree(ctx context.Context, tx *networkdb.Store, p networkdb.Port) error {
	same := map[string][]any{"network_id": {p.NetworkID}, "mac_address": {p.MAC}}
	others, err := tx.Ports.List(ctx, networkdb.Filter{Match: same})
	if err == nil && len(others) > 0 {
		return macInUse(p)
	}
	return err
}

// removePort deletes a port, unless a router or a floating IP needs it: their
// rows refer to the port's.
func (s *Service) removePort(ctx context.Context, tx *networkdb.Store, p networkdb.Port) error {
	err := tx.Ports.Delete(ctx, p.ID)
	if nova.Is(err, nova.Conflict) {
		return kit.Typed("ServicePortInUse", nova.Conflict,
			"Port %s cannot be deleted directly via the port API: has device owner %s.", p.ID, p.DeviceOwner)
	}
	return err
}

// asMAC reads a MAC address in a filter.
func asMAC(text string) (any, error) { return strings.ToLower(text), nil }

// setMAC reads a MAC address in any usual form.
func setMAC(p *networkdb.Port, name string, value any) error {
	mac, err := net.ParseMAC(plain(value))
	if err != nil || len(mac) != 6 || mac.String() == "00:00:00:00:00:00" {
		return invalid(name, "'%s' is not a valid MAC address.", plain(value))
	}
	p.MAC = mac.String()
	return nil
}

// setHost binds a port to a host, or with null or nothing to none.
func setHost(p *networkdb.Port, name string, value any) error {
	p.Host = ""
	if value == nil {
		return nil
	}
	host, err := stringOf(name, value)
	p.Host = host
	return err
}

// setProfile reads what the compute service notes for the host's wiring.
func setProfile(p *networkdb.Port, name string, value any) error {
	profile, ok := value.(object)
	if !ok && value != nil {
		return invalid(name, "'%s' is not a dictionary.", plain(value))
	}
	if len(plain(value)) > 4095 {
		return invalid(name, "it is longer than 4095 characters.")
	}
	p.Profile.V = profile
	return nil
}

// arePairs refuses pairs without an address.
func arePairs(name string, pairs []map[string]string) error {
	for _, pair := range pairs {
		if pair["ip_address"] == "" {
			return badRequest("Invalid input for %s. Reason: AllowedAddressPair must contain ip_address.", name)
		}
		if err := isAddressOrCIDR(name, pair["ip_address"]); err != nil {
			return err
		}
	}
	return nil
}
