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

var ipv6Modes = []string{"slaac", "dhcpv6-stateful", "dhcpv6-stateless"}

var subnetAttributes = []attribute[networkdb.Subnet]{
	{name: "network_id", post: anyone, required: true, column: "network_id", find: asText, set: id(func(n *networkdb.Subnet) *string { return &n.NetworkID })},
	{name: "ip_version", post: anyone, required: true, column: "ip_version", find: asNumber, set: setIPVersion},
	{name: "cidr", post: anyone, column: "cidr", find: asText, set: text(func(n *networkdb.Subnet) *string { return &n.CIDR })},
	{name: "name", post: anyone, put: anyone, column: "name", find: asText, set: text(func(n *networkdb.Subnet) *string { return &n.Name })},
	{name: "gateway_ip", post: anyone, put: anyone, column: "gateway_ip", find: asText, set: optional(func(n *networkdb.Subnet) **string { return &n.GatewayIP }, isAddress)},
	{name: "enable_dhcp", post: anyone, put: anyone, column: "enable_dhcp", find: asFlag, set: flag(func(n *networkdb.Subnet) *bool { return &n.EnableDHCP })},
	{name: "allocation_pools", post: anyone, put: anyone, set: setPools},
	{name: "dns_nameservers", post: anyone, put: anyone, set: shaped(func(n *networkdb.Subnet) *[]string { return &n.DNSNameservers.V }, maxNameservers, areNameservers)},
	{name: "host_routes", post: anyone, put: anyone, set: shaped(func(n *networkdb.Subnet) *[]networkdb.HostRoute { return &n.HostRoutes.V }, maxRoutes, areRoutes)},
	{name: "service_types", post: admins, put: admins, set: shaped(func(n *networkdb.Subnet) *[]string { return &n.ServiceTypes.V }, maxPools, nil)},
	{name: "ipv6_ra_mode", post: anyone, column: "ipv6_ra_mode", find: asText, set: optional(func(n *networkdb.Subnet) **string { return &n.IPv6RAMode }, isIPv6Mode)},
	{name: "ipv6_address_mode", post: anyone, column: "ipv6_address_mode", find: asText, set: optional(func(n *networkdb.Subnet) **string { return &n.IPv6AddressMode }, isIPv6Mode)},
}

func (s *Service) subnets() resource[networkdb.Subnet] {
	return resource[networkdb.Subnet]{
		s: s, one: "subnet", many: "subnets", limit: quotaOf("subnet"), attributes: subnetAttributes,
		missing: subnetNotFound,
		record:  (*networkdb.Subnet).Common,
		table:   func(s *networkdb.Store) networkdb.Table[networkdb.Subnet] { return s.Subnets },
		fresh:   func() networkdb.Subnet { return networkdb.Subnet{EnableDHCP: true} },
		view:    subnetView,
		create:  s.createSubnet,
		change:  s.changeSubnet,
		remove:  s.removeSubnet,
	}
}

func subnetNotFound(id string) error {
	return kit.Typed("SubnetNotFound", nova.NotFound, "Subnet %s could not be found.", id)
}

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

// createSubnet makes a subnet on a network of the caller's.
func (s *Service) createSubnet(ctx context.Context, tx *networkdb.Store, c nova.Caller, n *networkdb.Subnet, given object) error {
	network, err := s.networks().find(ctx, tx, c, n.NetworkID)
	if err != nil {
		return err
	}
	if !owns(c, network.ProjectID) {
		return disallowed("create_subnet")
	}
	if err := complete(n, given); err != nil {
		return err
	}
	if _, err := tx.Networks.Lock(ctx, n.NetworkID); err != nil { // so that no other subnet is created beside it
		return asMissing(err, networkNotFound(n.NetworkID))
	}
	if err := noOverlap(ctx, tx, *n); err != nil {
		return err
	}
	*n, err = tx.Subnets.Create(ctx, *n)
	return err
}

// complete checks a new subnet and fills in what was not given.
func complete(n *networkdb.Subnet, given object) error {
	if n.CIDR == "" {
		return kit.Typed("BadRequest", nova.Invalid, "Bad subnets request: a subnetpool must be specified in the absence of a cidr.")
	}
	prefix, err := netip.ParsePrefix(n.CIDR)
	if err != nil {
		return invalidInput("%s is not in a CIDR format.", n.CIDR)
	}
	prefix = prefix.Masked()
	n.CIDR = prefix.String()
	if prefix.Addr().Is4() != (n.IPVersion == 4) {
		return invalidInput("cidr '%s' does not match the ip_version '%d'.", n.CIDR, n.IPVersion)
	}
	if err := fitForDHCP(*n, prefix); err != nil {
		return err
	}
	if n.IPVersion == 4 && (n.IPv6RAMode != nil || n.IPv6AddressMode != nil) {
		return invalidInput("ipv6_ra_mode and ipv6_address_mode are for IPv6 subnets only.")
	}
	if _, ok := given["gateway_ip"]; !ok {
		gateway := defaultGateway(prefix)
		n.GatewayIP = &gateway
	}
	if n.Pools.V == nil {
		n.Pools.V = defaultPools(prefix, n.GatewayIP)
	}
	return fits(*n)
}

// fitForDHCP refuses subnets in which a server that hands out addresses has
// no place.
func fitForDHCP(n networkdb.Subnet, prefix netip.Prefix) error {
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

// noOverlap refuses a subnet that shares addresses with another of its network.
func noOverlap(ctx context.Context, tx *networkdb.Store, n networkdb.Subnet) error {
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

func (s *Service) changeSubnet(_ context.Context, _ *networkdb.Store, _ nova.Caller, _ networkdb.Subnet, n *networkdb.Subnet, given object) error {
	if given["allocation_pools"] != nil && len(n.Pools.V) == 0 {
		prefix, err := n.Prefix()
		if err != nil {
			return fmt.Errorf("subnet %s: %w", n.ID, err)
		}
		n.Pools.V = defaultPools(prefix, n.GatewayIP)
	}
	return fits(*n)
}

func (s *Service) removeSubnet(ctx context.Context, tx *networkdb.Store, n networkdb.Subnet) error {
	err := tx.Subnets.Delete(ctx, n.ID)
	if nova.Is(err, nova.Conflict) {
		return kit.Typed("SubnetInUse", nova.Conflict,
			"Unable to complete operation on subnet %s: One or more ports have an IP allocation from this subnet.", n.ID)
	}
	return err
}

func setIPVersion(n *networkdb.Subnet, name string, value any) error {
	version := plain(value)
	if version != "4" && version != "6" {
		return invalid(name, "%s is not in valid_values.", version)
	}
	n.IPVersion = map[string]int64{"4": 4, "6": 6}[version]
	return nil
}

func isIPv6Mode(name, mode string) error {
	if !slices.Contains(ipv6Modes, mode) {
		return invalid(name, "%s is not in valid_values.", mode)
	}
	return nil
}

func areNameservers(name string, servers []string) error {
	for _, server := range servers {
		if _, err := netip.ParseAddr(server); err != nil {
			return invalid(name, "'%s' is not a valid nameserver. '%s' is not a valid IP address.", server, server)
		}
	}
	return nil
}

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
