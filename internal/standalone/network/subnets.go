package network

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// Neutron's limits.
const (
	maxNameservers = 5
	maxRoutes      = 20
	maxPools       = 64
)

// ipv6Modes are how hosts get their IPv6 addresses: they make them themselves,
// or a server gives them out, with or without other settings.
var ipv6Modes = []string{"slaac", "dhcpv6-stateful", "dhcpv6-stateless"}

var subnetAttributes = []attribute[networkdb.Subnet]{
	{name: "network_id", post: anyone, required: true, column: "network_id", find: asText, set: id(func(n *networkdb.Subnet) *string { return &n.NetworkID })},
	{name: "ip_version", post: anyone, required: true, column: "ip_version", find: asNumber, set: setIPVersion},
	{name: "cidr", post: anyone, column: "cidr", find: asText, set: text(func(n *networkdb.Subnet) *string { return &n.CIDR })},
	{name: "name", post: anyone, put: anyone, column: "name", find: asText, set: text(func(n *networkdb.Subnet) *string { return &n.Name })},
	{name: "gateway_ip", post: anyone, put: anyone, column: "gateway_ip", find: asText, set: optional(func(n *networkdb.Subnet) **string { return &n.GatewayIP }, isAddress)},
	{name: "enable_dhcp", post: anyone, put: anyone, column: "enable_dhcp", find: asFlag, set: flag(func(n *networkdb.Subnet) *bool { return &n.EnableDHCP })},
	// What ports get: addresses, and what a DHCP server would tell their hosts.
	{name: "allocation_pools", post: anyone, put: anyone, set: setPools},
	{name: "dns_nameservers", post: anyone, put: anyone, set: shaped(func(n *networkdb.Subnet) *[]string { return &n.DNSNameservers.V }, maxNameservers, areNameservers)},
	{name: "host_routes", post: anyone, put: anyone, set: shaped(func(n *networkdb.Subnet) *[]networkdb.HostRoute { return &n.HostRoutes.V }, maxRoutes, areRoutes)},
	// Which ports may have addresses of the subnet. Only kept, for administrators.
	{name: "service_types", post: admins, put: admins, set: shaped(func(n *networkdb.Subnet) *[]string { return &n.ServiceTypes.V }, maxPools, nil)},
	{name: "ipv6_ra_mode", post: anyone, column: "ipv6_ra_mode", find: asText, set: optional(func(n *networkdb.Subnet) **string { return &n.IPv6RAMode }, isIPv6Mode)},
	{name: "ipv6_address_mode", post: anyone, column: "ipv6_address_mode", find: asText, set: optional(func(n *networkdb.Subnet) **string { return &n.IPv6AddressMode }, isIPv6Mode)},
}

// subnets describes subnets to the calls that all kinds share.
func (s *Service) subnets() resource[networkdb.Subnet] {
	return resource[networkdb.Subnet]{
		s: s, singular: "subnet", plural: "subnets", limit: quotaOf("subnet"), attributes: subnetAttributes,
		notFound: subnetNotFound,
		record:   (*networkdb.Subnet).Common,
		table:    func(s *networkdb.Store) networkdb.Table[networkdb.Subnet] { return s.Subnets },
		defaults: func() networkdb.Subnet { return networkdb.Subnet{EnableDHCP: true} },
		view:     subnetView,
		create:   s.createSubnet,
		change:   s.changeSubnet,
		remove:   s.removeSubnet,
	}
}

// subnetNotFound is Neutron's error for a subnet that isn't there or may not be
// seen.
func subnetNotFound(id string) error {
	return kit.Typed("SubnetNotFound", nova.NotFound, "Subnet %s could not be found.", id)
}

// subnetView shows a subnet. There are no subnet pools here.
func subnetView(n networkdb.Subnet, _ bool) object {
	return object{
		"name":              n.Name,
		"network_id":        n.NetworkID,
		"ip_version":        n.IPVersion,
		"cidr":              n.CIDR,
		"gateway_ip":        n.GatewayIP,
		"enable_dhcp":       n.EnableDHCP,
		"allocation_pools":  listOf(n.Pools.V),
		"dns_nameservers":   listOf(n.DNSNameservers.V),
		"host_routes":       listOf(n.HostRoutes.V),
		"service_types":     listOf(n.ServiceTypes.V),
		"ipv6_ra_mode":      n.IPv6RAMode,
		"ipv6_address_mode": n.IPv6AddressMode,
		"subnetpool_id":     nil,
	}
}

// listOf shows no items as [], not as null.
func listOf[V any](items []V) []V {
	if items == nil {
		return []V{}
	}
	return items
}

// createSubnet writes a subnet of a network that the caller owns. Neutron's
// default policy forgets to ask whose network it is.
func (s *Service) createSubnet(ctx context.Context, tx *networkdb.Store, c nova.Caller, n *networkdb.Subnet, body object) error {
	network, err := s.networks().find(ctx, tx, c, n.NetworkID)
	if err != nil {
		return err
	}
	if !owns(c, network.ProjectID) {
		return disallowed("create_subnet")
	}
	if err := fillIn(n, body); err != nil {
		return err
	}
	if _, err := tx.Networks.Lock(ctx, n.NetworkID); err != nil { // so that no other subnet is created beside it
		return asMissing(err, networkNotFound(n.NetworkID))
	}
	if err := checkNoOverlap(ctx, tx, *n); err != nil {
		return err
	}
	*n, err = tx.Subnets.Create(ctx, *n)
	return err
}

// fillIn checks a new subnet and gives it what the body left out: a gateway and
// pools. A gateway of null is none.
func fillIn(n *networkdb.Subnet, body object) error {
	if n.CIDR == "" {
		return kit.Typed("BadRequest", nova.Invalid, "Bad subnets request: a subnetpool must be specified in the absence of a cidr.")
	}
	prefix, err := netip.ParsePrefix(n.CIDR)
	if err != nil {
		return invalidInput("%s is not in a CIDR format.", n.CIDR)
	}
	// 10.0.0.7/24 is taken for 10.0.0.0/24, as by Neutron.
	prefix = prefix.Masked()
	n.CIDR = prefix.String()
	if prefix.Addr().Is4() != (n.IPVersion == 4) {
		return invalidInput("cidr '%s' does not match the ip_version '%d'.", n.CIDR, n.IPVersion)
	}
	if err := checkDHCP(*n, prefix); err != nil {
		return err
	}
	if n.IPVersion == 4 && (n.IPv6RAMode != nil || n.IPv6AddressMode != nil) {
		return invalidInput("ipv6_ra_mode and ipv6_address_mode are for IPv6 subnets only.")
	}
	// A gateway of null has been set already: none.
	if _, ok := body["gateway_ip"]; !ok {
		gateway := defaultGateway(prefix)
		n.GatewayIP = &gateway
	}
	if n.Pools.V == nil {
		n.Pools.V = defaultPools(prefix, n.GatewayIP)
	}
	return checkRanges(*n)
}

// checkDHCP refuses subnets with DHCP that have no place for a DHCP server, or
// whose first address is none of a network's.
func checkDHCP(n networkdb.Subnet, prefix netip.Prefix) error {
	if !n.EnableDHCP {
		return nil
	}
	if prefix.Addr().BitLen()-prefix.Bits() < 2 {
		return invalidInput("Subnet has a prefix length that is incompatible with DHCP service enabled.")
	}
	if prefix.Addr().Is4() && prefix.Addr().IsUnspecified() || prefix.Addr().IsMulticast() || prefix.Addr().IsLoopback() {
		return invalidInput("First IP '%s' of network is not supported if enable_dhcp is True.", prefix.Addr())
	}
	return nil
}

// checkNoOverlap refuses a subnet that shares addresses with another one of its
// network. Call it while the network is locked.
func checkNoOverlap(ctx context.Context, tx *networkdb.Store, n networkdb.Subnet) error {
	prefix, err := n.Prefix()
	if err != nil {
		return fmt.Errorf("subnet %s: %w", n.ID, err)
	}
	others, err := tx.SubnetsOf(ctx, n.NetworkID)
	if err != nil {
		return err
	}
	for _, other := range others {
		if p, err := other.Prefix(); err == nil && p.Overlaps(prefix) {
			return invalidInput("Requested subnet with cidr: %s for network: %s overlaps with another subnet.", n.CIDR, n.NetworkID)
		}
	}
	return nil
}

// changeSubnet checks a changed subnet. An empty list of pools asks for the
// default ones.
func (s *Service) changeSubnet(_ context.Context, _ *networkdb.Store, _ nova.Caller, _ networkdb.Subnet, n *networkdb.Subnet, body object) error {
	// An empty list is how clients ask for the default pools.
	if body["allocation_pools"] != nil && len(n.Pools.V) == 0 {
		prefix, err := n.Prefix()
		if err != nil {
			return fmt.Errorf("subnet %s: %w", n.ID, err)
		}
		n.Pools.V = defaultPools(prefix, n.GatewayIP)
	}
	return checkRanges(*n)
}

// removeSubnet deletes a subnet that no port has an address of.
func (s *Service) removeSubnet(ctx context.Context, tx *networkdb.Store, n networkdb.Subnet) error {
	err := tx.Subnets.Delete(ctx, n.ID)
	if nova.Is(err, nova.Conflict) {
		return kit.Typed("SubnetInUse", nova.Conflict,
			"Unable to complete operation on subnet %s: One or more ports have an IP allocation from this subnet.", n.ID)
	}
	return err
}

// setIPVersion reads 4 or 6, which may come as a string.
func setIPVersion(n *networkdb.Subnet, name string, value any) error {
	version := plain(value)
	if version != "4" && version != "6" {
		return invalid(name, "%s is not in valid_values.", version)
	}
	n.IPVersion = map[string]int64{"4": 4, "6": 6}[version]
	return nil
}

// isIPv6Mode refuses other words than those of ipv6Modes.
func isIPv6Mode(name, mode string) error {
	if !slices.Contains(ipv6Modes, mode) {
		return invalid(name, "%s is not in valid_values.", mode)
	}
	return nil
}

// areNameservers refuses nameservers that are no IP addresses.
func areNameservers(name string, servers []string) error {
	for _, server := range servers {
		if _, err := netip.ParseAddr(server); err != nil {
			return invalid(name, "'%s' is not a valid nameserver. '%s' is not a valid IP address.", server, server)
		}
	}
	return nil
}

// areRoutes refuses routes that don't lead from a CIDR to an address.
func areRoutes(name string, routes []networkdb.HostRoute) error {
	for _, route := range routes {
		if _, err := netip.ParsePrefix(route.Destination); err != nil {
			return invalid(name, "'%s' is not a valid IP subnet.", route.Destination)
		}
		if err := isAddress(name, route.NextHop); err != nil {
			return err
		}
	}
	return nil
}
