package networkdb

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// ErrNoAddress is the error of AllocateAddress if no address is free.
var ErrNoAddress = nova.Errorf(nova.Conflict, "No more IP addresses available.")

// farthest is the last position that AllocateAddress hands out: an IPv6 subnet
// has more positions than a BIGINT can count.
const farthest = 1 << 62

// TakeAddress gives a port a certain address of a subnet, and reports whether
// the address was free.
func (s *Store) TakeAddress(ctx context.Context, subnet Subnet, address netip.Addr, portID string) (bool, error) {
	prefix, err := subnet.Prefix()
	if err != nil {
		return false, fmt.Errorf("subnet %s: %w", subnet.ID, err)
	}
	position, ok := positionOf(prefix.Masked().Addr(), address)
	var column any
	if ok {
		column = position
	}
	return s.takeAddress(ctx, subnet.ID, address, column, portID)
}

// ReleaseAddress takes an address from a port and makes it free.
func (s *Store) ReleaseAddress(ctx context.Context, portID string, ip FixedIP) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM network_addresses WHERE port_id = ? AND subnet_id = ? AND address = ?", portID, ip.SubnetID, ip.Address)
	return err
}

// takeAddress writes the row that gives an address to a port, and reports
// whether the address was free. The position may be nil.
func (s *Store) takeAddress(ctx context.Context, subnetID string, address netip.Addr, position any, portID string) (bool, error) {
	changed, err := rows.Exec(ctx, s.DB, `
		INSERT INTO network_addresses (subnet_id, port_id, address, position) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, subnetID, portID, address.String(), position)
	return changed == 1, err
}

// AllocateAddress gives a port any free address of a subnet's pools, or returns
// ErrNoAddress. Call it in the transaction that creates the port.
//
// It tries an address at random and then the next free one after it. Callers
// therefore seldom want the same address and never wait for each other on a
// common row. The search takes as long as there are taken addresses in a row,
// and these are few until the pool is almost full.
func (s *Store) AllocateAddress(ctx context.Context, subnet Subnet, portID string) (netip.Addr, error) {
	prefix, err := subnet.Prefix()
	if err != nil {
		return netip.Addr{}, fmt.Errorf("subnet %s: %w", subnet.ID, err)
	}
	a := allocation{s: s, subnetID: subnet.ID, portID: portID, base: prefix.Masked().Addr()}
	pools := subnet.Pools.V
	first := a.draw(pools)
	for i := range pools {
		pool := pools[(first+i)%len(pools)]
		address, err := a.from(ctx, pool)
		if err != nil || address.IsValid() {
			return address, err
		}
	}
	return netip.Addr{}, ErrNoAddress
}

// An allocation searches a subnet for a port's address.
type allocation struct {
	s                *Store
	subnetID, portID string
	base             netip.Addr // the subnet's first; positions count from here
}

// draw picks a pool at random: the larger a pool, the likelier.
func (a allocation) draw(pools []AddressRange) int {
	var total int64
	sizes := make([]int64, len(pools))
	for i, pool := range pools {
		first, last := a.bounds(pool)
		sizes[i] = min(max(last-first+1, 0), farthest/int64(len(pools)))
		total += sizes[i]
	}
	if total == 0 {
		return 0
	}
	at := rand.N(total) //nolint:gosec // spreads addresses, guards nothing
	for i, size := range sizes {
		if at -= size; at < 0 {
			return i
		}
	}
	return 0
}

// bounds returns a pool's first and last positions. A pool that begins beyond
// the farthest position is empty.
func (a allocation) bounds(pool AddressRange) (first, last int64) {
	first, ok := positionOf(a.base, pool.Start)
	if !ok {
		return 0, -1
	}
	if last, ok = positionOf(a.base, pool.End); !ok {
		last = farthest
	}
	return first, last
}

// from takes a free address of a pool. It returns the zero Addr if there is
// none.
func (a allocation) from(ctx context.Context, pool AddressRange) (netip.Addr, error) {
	first, last := a.bounds(pool)
	if first > last {
		return netip.Addr{}, nil
	}
	start := first + rand.N(last-first+1) //nolint:gosec // as above
	for _, part := range [][2]int64{{start, last}, {first, start - 1}} {
		address, err := a.between(ctx, part[0], part[1])
		if err != nil || address.IsValid() {
			return address, err
		}
	}
	return netip.Addr{}, nil
}

// between takes the first free address from a position to the last one. If
// another transaction takes that address first, it goes on to the next free
// one. It returns the zero Addr if there is none.
func (a allocation) between(ctx context.Context, position, last int64) (netip.Addr, error) {
	for position <= last {
		address := addressAt(a.base, position)
		taken, err := a.s.takeAddress(ctx, a.subnetID, address, position, a.portID)
		if err != nil {
			return netip.Addr{}, err
		}
		if taken {
			return address, nil
		}
		position, err = rows.Get[int64](ctx, a.s.DB, `
			SELECT a.position + 1
			FROM network_addresses a
			WHERE a.subnet_id = ? AND a.position >= ? AND a.position < ? AND NOT EXISTS (
				SELECT 1 FROM network_addresses b WHERE b.subnet_id = a.subnet_id AND b.position = a.position + 1)
			ORDER BY a.position
			LIMIT 1`, a.subnetID, position, last)
		if nova.Is(err, nova.NotFound) {
			return netip.Addr{}, nil
		}
		if err != nil {
			return netip.Addr{}, err
		}
	}
	return netip.Addr{}, nil
}

// positionOf counts from a subnet's first address. It is not ok if the address
// is further away than the farthest position.
func positionOf(base, address netip.Addr) (position int64, ok bool) {
	if base.Is4() != address.Is4() {
		return 0, false
	}
	from, to := base.As16(), address.As16()
	if binary.BigEndian.Uint64(from[:8]) != binary.BigEndian.Uint64(to[:8]) {
		return 0, false
	}
	distance := binary.BigEndian.Uint64(to[8:]) - binary.BigEndian.Uint64(from[8:])
	if distance > farthest {
		return 0, false
	}
	return int64(distance), true
}

// addressAt returns the address at a position. Positions count in the lower
// half of an IPv6 address only.
func addressAt(base netip.Addr, position int64) netip.Addr {
	bytes := base.As16()
	binary.BigEndian.PutUint64(bytes[8:], binary.BigEndian.Uint64(bytes[8:])+uint64(position)) //nolint:gosec // never negative
	address := netip.AddrFrom16(bytes)
	if base.Is4() {
		return address.Unmap()
	}
	return address
}
