package network

import (
	"context"
	"errors"
	"net"
	"slices"
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

var portAttributes = []attribute[networkdb.Port]{
	{name: "network_id", post: anyone, required: true, column: "network_id", find: asText, set: id(func(p *networkdb.Port) *string { return &p.NetworkID })},
	{name: "name", post: anyone, put: anyone, column: "name", find: asText, set: text(func(p *networkdb.Port) *string { return &p.Name })},
	{name: "mac_address", post: networkOwners, put: admins, column: "mac_address", find: asMAC, set: setMAC},
	{name: "admin_state_up", post: anyone, put: anyone, column: "admin_state_up", find: asFlag, set: flag(func(p *networkdb.Port) *bool { return &p.AdminStateUp })},
	{name: "device_id", post: anyone, put: anyone, column: "device_id", find: asText, set: text(func(p *networkdb.Port) *string { return &p.DeviceID })},
	{name: "device_owner", post: anyone, put: anyone, column: "device_owner", find: asText, set: text(func(p *networkdb.Port) *string { return &p.DeviceOwner })},
	{name: "binding:host_id", post: admins, put: admins, column: "host", find: asText, set: setHost},
	{name: "binding:profile", post: admins, put: admins, set: setProfile},
	{name: "binding:vnic_type", post: anyone, put: anyone, column: "vnic_type", find: asText, set: oneOf(func(p *networkdb.Port) *string { return &p.VNICType }, "normal", "direct", "macvtap", "direct-physical", "baremetal", "virtio-forwarder", "smart-nic", "vdpa")},
	{name: "port_security_enabled", post: networkOwners, put: networkOwners, column: "port_security", find: asFlag, set: flag(func(p *networkdb.Port) *bool { return &p.PortSecurity })},
	{name: "allowed_address_pairs", post: networkOwners, put: networkOwners, set: shaped(func(p *networkdb.Port) *[]map[string]string { return &p.AddressPairs.V }, maxAddressPairs, arePairs)},
	{name: "extra_dhcp_opts", post: anyone, put: anyone, set: shaped(func(p *networkdb.Port) *[]map[string]any { return &p.DHCPOptions.V }, maxDHCPOptions, nil)},
	{name: "dns_name", post: anyone, put: anyone, set: text(func(p *networkdb.Port) *string { return &p.DNSName })},
	{name: "fixed_ips", post: anyone, put: networkOwners},
	{name: "security_groups", post: anyone, put: anyone},
}

func (s *Service) ports() resource[networkdb.Port] {
	return resource[networkdb.Port]{
		s: s, one: "port", many: "ports", limit: quotaOf("port"), attributes: portAttributes,
		missing: portNotFound,
		record:  (*networkdb.Port).Common,
		table:   func(s *networkdb.Store) networkdb.Table[networkdb.Port] { return s.Ports },
		fresh:   func() networkdb.Port { return networkdb.Port{AdminStateUp: true, VNICType: "normal"} },
		view:    portView,
		filter:  portFilter,
		create:  s.createPort,
		change:  s.changePort,
		remove:  s.removePort,
	}
}

func portNotFound(id string) error {
	return kit.Typed("PortNotFound", nova.NotFound, "Port %s could not be found.", id)
}

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

// showBinding tells how a port is plugged in, if it is on a host.
func showBinding(v object, p networkdb.Port) {
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

// statusOf is ACTIVE for a port that is plugged in.
func statusOf(p networkdb.Port) string {
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

// portFilter knows what a port has in other tables:
// fixed_ips=ip_address=10.0.0.5, and security_groups=ID.
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

func anys(values []string) []any {
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = value
	}
	return list
}

// canonical writes an address as the database does.
func canonical(text string) string {
	address, err := parseAddress(text)
	if err != nil {
		return text
	}
	return address.String()
}

// createPort makes a port with its addresses and security groups.
func (s *Service) createPort(ctx context.Context, tx *networkdb.Store, c nova.Caller, p *networkdb.Port, given object) error {
	network, err := s.networks().find(ctx, tx, c, p.NetworkID)
	if err != nil {
		return err
	}
	if !network.Shared && !owns(c, network.ProjectID) { // it is seen because it is external
		return kit.Typed("HTTPForbidden", nova.Forbidden, "Tenant %s not allowed to create port on this network", p.ProjectID)
	}
	if err := mayPort(c, network, given, "create_port"); err != nil {
		return err
	}
	if err := mayBeDevice(c, network, networkdb.Port{}, *p, "create_port"); err != nil {
		return err
	}
	if _, ok := given["port_security_enabled"]; !ok {
		p.PortSecurity = network.PortSecurity && !strings.HasPrefix(p.DeviceOwner, "network:")
	}
	p.Status = statusOf(*p)
	if err := insertPort(ctx, tx, p); err != nil {
		return err
	}
	if err := joinAsLabelled(ctx, tx, *p); err != nil {
		return err
	}
	if err := s.addressPort(ctx, tx, p, given); err != nil {
		return err
	}
	return s.groupPort(ctx, tx, c, p, given)
}

// mayPort refuses attributes of a port that only the owner of its network may
// choose, if the caller isn't that: they are about what others see on the
// network.
func mayPort(c nova.Caller, network networkdb.Network, given object, rule string) error {
	if owns(c, network.ProjectID) {
		return nil
	}
	for _, a := range portAttributes {
		if _, ok := given[a.name]; ok && a.access(rule) == networkOwners {
			return disallowedPart(rule, a.name)
		}
	}
	wanted, err := wantedIPs(given)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(wanted, func(w wantedIP) bool { return w.Address != "" }) {
		return disallowedPart(rule, "fixed_ips", "ip_address")
	}
	return nil
}

// mayBeDevice refuses a change of a port's device that isn't the caller's to
// make. Ports of routers and floating IPs are made and unmade by calls about
// these, which check whose they are; other network devices, such as DHCP
// servers, belong to the network's owner.
func mayBeDevice(c nova.Caller, network networkdb.Network, was, p networkdb.Port, rule string) error {
	if isAdmin(c) || was.DeviceOwner == p.DeviceOwner && was.DeviceID == p.DeviceID {
		return nil
	}
	switch {
	case ofRouter(p.DeviceOwner) && was.DeviceOwner == p.DeviceOwner:
		return deviceNotOwned(p.DeviceID)
	case ofRouter(p.DeviceOwner), ofRouter(was.DeviceOwner):
		return disallowedPart(rule, "device_owner")
	case strings.HasPrefix(p.DeviceOwner, "network:") && !owns(c, network.ProjectID):
		return disallowedPart(rule, "device_owner")
	}
	return nil
}

// ofRouter reports whether a device owner is one of those that Neutron's L3
// service gives to ports: network:router_interface,
// network:ha_router_replicated_interface, network:floatingip_agent_gateway, ….
func ofRouter(owner string) bool {
	return slices.ContainsFunc([]string{"network:router", "network:ha_router", "network:floatingip"},
		func(prefix string) bool { return strings.HasPrefix(owner, prefix) })
}

// joinAsLabelled makes a port an interface of the router that an administrator
// has named as its device, if both belong to the same project.
func joinAsLabelled(ctx context.Context, tx *networkdb.Store, p networkdb.Port) error {
	if p.DeviceOwner != ownerInterface {
		return nil
	}
	same, err := tx.IsRouterOf(ctx, p.DeviceID, p.ProjectID)
	if err != nil || !same {
		return err
	}
	return tx.AddInterface(ctx, p.DeviceID, p.ID)
}

// insertPort keeps a new port, with a MAC address of its own if it has none.
func insertPort(ctx context.Context, tx *networkdb.Store, p *networkdb.Port) error {
	const tries = 16 // of 16 million addresses
	chosen := p.MAC != ""
	for range tries {
		if !chosen {
			p.MAC = randomMAC()
		}
		made, err := tx.Ports.Create(ctx, *p)
		switch {
		case err == nil:
			*p = made
			return nil
		case !errors.Is(err, networkdb.ErrTaken):
			return gone(err, networkNotFound(p.NetworkID))
		case chosen:
			return macInUse(*p)
		}
	}
	return kit.Typed("MacAddressGenerationFailure", nova.Unavailable, "Unable to generate unique mac on network %s.", p.NetworkID)
}

// gone is for what was there a moment ago: a conflict says that it is no more.
func gone(err, notFound error) error {
	if nova.Is(err, nova.Conflict) {
		return notFound
	}
	return err
}

func macInUse(p networkdb.Port) error {
	return kit.Typed("MacAddressInUse", nova.Conflict,
		"Unable to complete operation for network %s. The mac address %s is in use.", p.NetworkID, p.MAC)
}

// changePort checks and carries out what a port's row doesn't hold, too.
func (s *Service) changePort(ctx context.Context, tx *networkdb.Store, c nova.Caller, was networkdb.Port, p *networkdb.Port, given object) error {
	network, err := tx.Networks.Get(ctx, "", p.NetworkID)
	if err != nil {
		return err
	}
	if err := mayPort(c, network, given, "update_port"); err != nil {
		return err
	}
	if err := mayBeDevice(c, network, was, *p, "update_port"); err != nil {
		return err
	}
	if was.DeviceOwner != p.DeviceOwner || was.DeviceID != p.DeviceID {
		if err := tx.RemoveInterface(ctx, p.ID); err != nil {
			return err
		}
		if err := joinAsLabelled(ctx, tx, *p); err != nil {
			return err
		}
	}
	if was.MAC != p.MAC {
		if err := macFree(ctx, tx, *p); err != nil {
			return err
		}
	}
	if _, ok := given["fixed_ips"]; ok {
		if err := s.readdressPort(ctx, tx, p, given); err != nil {
			return err
		}
	}
	p.Status = statusOf(*p)
	if _, ok := given["security_groups"]; !ok {
		return nil
	}
	return s.groupPort(ctx, tx, c, p, given)
}

func macFree(ctx context.Context, tx *networkdb.Store, p networkdb.Port) error {
	same := map[string][]any{"network_id": {p.NetworkID}, "mac_address": {p.MAC}}
	others, err := tx.Ports.List(ctx, networkdb.Filter{Match: same})
	if err == nil && len(others) > 0 {
		return macInUse(p)
	}
	return err
}

// removePort deletes a port, unless a router or a floating IP needs it.
func (s *Service) removePort(ctx context.Context, tx *networkdb.Store, p networkdb.Port) error {
	err := tx.Ports.Delete(ctx, p.ID)
	if nova.Is(err, nova.Conflict) {
		return kit.Typed("ServicePortInUse", nova.Conflict,
			"Port %s cannot be deleted directly via the port API: has device owner %s.", p.ID, p.DeviceOwner)
	}
	return err
}

func asMAC(text string) (any, error) { return strings.ToLower(text), nil }

func setMAC(p *networkdb.Port, name string, value any) error {
	mac, err := net.ParseMAC(plain(value))
	if err != nil || len(mac) != 6 || mac.String() == "00:00:00:00:00:00" {
		return invalid(name, "'%s' is not a valid MAC address.", plain(value))
	}
	p.MAC = mac.String()
	return nil
}

// setHost binds a port to a host, and with null or nothing to none.
func setHost(p *networkdb.Port, name string, value any) error {
	p.Host = ""
	if value == nil {
		return nil
	}
	host, err := stringOf(name, value)
	p.Host = host
	return err
}

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
