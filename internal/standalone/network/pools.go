package network

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// lastAddress is the highest address of a prefix.
func lastAddress(p netip.Prefix) netip.Addr {
	bytes := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	address, _ := netip.AddrFromSlice(bytes) // as many bytes as it came with
	return address
}

// hostRange are the addresses that ports can have: not the first, which is the
// network's, and in IPv4 not the last, which is for broadcasts. A prefix of one
// or two addresses gives all of them.
func hostRange(p netip.Prefix) networkdb.AddressRange {
	first, end := p.Masked().Addr(), lastAddress(p)
	if p.Addr().BitLen()-p.Bits() < 2 {
		return networkdb.AddressRange{Start: first, End: end}
	}
	if p.Addr().Is4() {
		end = end.Prev()
	}
	return networkdb.AddressRange{Start: first.Next(), End: end}
}

// defaultGateway is the gateway of a subnet that names none: the first address
// that can be one. In IPv6 that is the address of the subnet itself, which all
// routers answer to.
func defaultGateway(p netip.Prefix) string {
	if p.Addr().Is6() {
		return p.Masked().Addr().String()
	}
	return hostRange(p).Start.String()
}

// defaultPools are all addresses that ports can have, but for the gateway's.
func defaultPools(p netip.Prefix, gateway *string) []networkdb.AddressRange {
	all := hostRange(p)
	if gateway == nil {
		return []networkdb.AddressRange{all}
	}
	at, err := netip.ParseAddr(*gateway)
	if err != nil || !contains(all, at) {
		return []networkdb.AddressRange{all}
	}
	var pools []networkdb.AddressRange
	if all.Start.Less(at) {
		pools = append(pools, networkdb.AddressRange{Start: all.Start, End: at.Prev()})
	}
	if at.Less(all.End) {
		pools = append(pools, networkdb.AddressRange{Start: at.Next(), End: all.End})
	}
	return pools
}

// contains reports whether an address is in a range.
func contains(r networkdb.AddressRange, a netip.Addr) bool {
	return r.Start.Compare(a) <= 0 && a.Compare(r.End) <= 0
}

// setPools reads [{"start": …, "end": …}, …], in any order.
func setPools(n *networkdb.Subnet, name string, value any) error {
	var pools []map[string]string
	if err := reshape(value, &pools); err != nil || len(pools) > maxPools {
		return invalid(name, "Invalid data format for IP pool: '%s'.", plain(value))
	}
	n.Pools.V = nil
	for _, pool := range pools {
		start, err := parseAddress(pool["start"])
		if err != nil {
			return invalid(name, "'%s' is not a valid IP address.", pool["start"])
		}
		end, err := parseAddress(pool["end"])
		if err != nil {
			return invalid(name, "'%s' is not a valid IP address.", pool["end"])
		}
		n.Pools.V = append(n.Pools.V, networkdb.AddressRange{Start: start, End: end})
	}
	return nil
}

// checkRanges refuses a gateway or pools that don't suit a subnet.
func checkRanges(n networkdb.Subnet) error {
	prefix, err := n.Prefix()
	if err != nil {
		return fmt.Errorf("subnet %s: %w", n.ID, err)
	}
	if n.GatewayIP != nil {
		if err := checkGateway(*n.GatewayIP, prefix); err != nil {
			return err
		}
	}
	if err := checkPools(n, prefix); err != nil {
		return err
	}
	return checkGatewayOutsidePools(n)
}

// checkGateway refuses a gateway of the wrong IP version, and one at the
// addresses that no host has. It may be outside of the subnet: Neutron takes
// that for a router on the link.
func checkGateway(gateway string, prefix netip.Prefix) error {
	at, err := netip.ParseAddr(gateway)
	if err != nil || at.Is4() != prefix.Addr().Is4() {
		return invalidInput("gateway_ip '%s' does not match the subnet's ip_version.", gateway)
	}
	// A prefix of one or two addresses has none that is special.
	small := prefix.Addr().BitLen()-prefix.Bits() < 2
	if at.Is4() && !small && (at == prefix.Addr() || at == lastAddress(prefix)) {
		return invalidInput("Gateway is not valid on subnet.")
	}
	return nil
}

// checkPools refuses pools that are no ranges, reach beyond the subnet or
// overlap.
func checkPools(n networkdb.Subnet, prefix netip.Prefix) error {
	all := hostRange(prefix)
	for _, pool := range n.Pools.V {
		if pool.Start.Is4() != prefix.Addr().Is4() || pool.End.Is4() != pool.Start.Is4() || pool.End.Less(pool.Start) {
			return kit.Typed("InvalidAllocationPool", nova.Invalid, "The allocation pool %s-%s is not valid.", pool.Start, pool.End)
		}
		if !contains(all, pool.Start) || !contains(all, pool.End) {
			return kit.Typed("OutOfBoundsAllocationPool", nova.Invalid,
				"The allocation pool %s-%s spans beyond the subnet cidr %s.", pool.Start, pool.End, n.CIDR)
		}
	}
	// Sorted by their starts, only neighbours can overlap.
	sorted := slices.SortedFunc(slices.Values(n.Pools.V), func(a, b networkdb.AddressRange) int { return a.Start.Compare(b.Start) })
	for i := 1; i < len(sorted); i++ {
		if !sorted[i-1].End.Less(sorted[i].Start) {
			return kit.Typed("OverlappingAllocationPools", nova.Conflict, "Found overlapping allocation pools: %s-%s %s-%s for subnet %s.",
				sorted[i-1].Start, sorted[i-1].End, sorted[i].Start, sorted[i].End, n.CIDR)
		}
	}
	return nil
}

// checkGatewayOutsidePools refuses a gateway that a port could be given.
func checkGatewayOutsidePools(n networkdb.Subnet) error {
	if n.GatewayIP == nil {
		return nil
	}
	at, err := netip.ParseAddr(*n.GatewayIP)
	if err != nil {
		return fmt.Errorf("subnet %s: %w", n.ID, err)
	}
	for _, pool := range n.Pools.V {
		if contains(pool, at) {
			return kit.Typed("GatewayConflictWithAllocationPools", nova.Conflict,
				"Gateway ip %s conflicts with allocation pool %s-%s.", at, pool.Start, pool.End)
		}
	}
	return nil
}
