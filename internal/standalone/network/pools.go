package network

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// last is the highest address of a prefix.
func last(p netip.Prefix) netip.Addr {
	bytes := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < len(bytes)*8; bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	address, _ := netip.AddrFromSlice(bytes) // as many bytes as it came with
	return address
}

// hosts are the addresses that ports can have: in IPv4 not the first and the
// last, in IPv6 not the first; unless there are but one or two.
func hosts(p netip.Prefix) networkdb.AddressRange {
	first, end := p.Masked().Addr(), last(p)
	if p.Addr().BitLen()-p.Bits() < 2 {
		return networkdb.AddressRange{Start: first, End: end}
	}
	if p.Addr().Is4() {
		end = end.Prev()
	}
	return networkdb.AddressRange{Start: first.Next(), End: end}
}

// defaultGateway is the first address that can be one: in IPv6 that is the
// address of the subnet itself, which all routers have.
func defaultGateway(p netip.Prefix) string {
	if p.Addr().Is6() {
		return p.Masked().Addr().String()
	}
	return hosts(p).Start.String()
}

// defaultPools are all addresses but the gateway's.
func defaultPools(p netip.Prefix, gateway *string) []networkdb.AddressRange {
	all := hosts(p)
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

// fits tells whether a subnet's gateway and pools are right for it.
func fits(n networkdb.Subnet) error {
	prefix, err := n.Prefix()
	if err != nil {
		return fmt.Errorf("subnet %s: %w", n.ID, err)
	}
	if n.GatewayIP != nil {
		if err := gatewayFits(*n.GatewayIP, prefix); err != nil {
			return err
		}
	}
	if err := poolsFit(n, prefix); err != nil {
		return err
	}
	return gatewayOutsidePools(n)
}

func gatewayFits(gateway string, prefix netip.Prefix) error {
	at, err := netip.ParseAddr(gateway)
	if err != nil || at.Is4() != prefix.Addr().Is4() {
		return invalidInput("gateway_ip '%s' does not match the subnet's ip_version.", gateway)
	}
	small := prefix.Addr().BitLen()-prefix.Bits() < 2
	if at.Is4() && !small && (at == prefix.Addr() || at == last(prefix)) {
		return invalidInput("Gateway is not valid on subnet.")
	}
	return nil
}

func poolsFit(n networkdb.Subnet, prefix netip.Prefix) error {
	all := hosts(prefix)
	for _, pool := range n.Pools.V {
		if pool.Start.Is4() != prefix.Addr().Is4() || pool.End.Is4() != pool.Start.Is4() || pool.End.Less(pool.Start) {
			return kit.Typed("InvalidAllocationPool", nova.Invalid, "The allocation pool %s-%s is not valid.", pool.Start, pool.End)
		}
		if !contains(all, pool.Start) || !contains(all, pool.End) {
			return kit.Typed("OutOfBoundsAllocationPool", nova.Invalid,
				"The allocation pool %s-%s spans beyond the subnet cidr %s.", pool.Start, pool.End, n.CIDR)
		}
	}
	sorted := slices.SortedFunc(slices.Values(n.Pools.V), func(a, b networkdb.AddressRange) int { return a.Start.Compare(b.Start) })
	for i := 1; i < len(sorted); i++ {
		if !sorted[i-1].End.Less(sorted[i].Start) {
			return kit.Typed("OverlappingAllocationPools", nova.Conflict, "Found overlapping allocation pools: %s-%s %s-%s for subnet %s.",
				sorted[i-1].Start, sorted[i-1].End, sorted[i].Start, sorted[i].End, n.CIDR)
		}
	}
	return nil
}

func gatewayOutsidePools(n networkdb.Subnet) error {
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
