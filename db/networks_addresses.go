package db

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// ErrNoAddress is what AllocateAddress answers if a subnet has none left.
var ErrNoAddress = nova.Errorf(nova.Conflict, "No more IP addresses available.")

// farthest is the last position of a subnet that is handed out by itself: an
// IPv6 subnet has more than a BIGINT can count.
const farthest = 1 << 62

// TakeAddress gives a port an address of a subnet, and tells whether it could:
// nobody else may have it.
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

func (s *Store) takeAddress(ctx context.Context, subnetID string, address netip.Addr, position any, portID string) (bool, error) {
	changed, err := rows.Exec(ctx, s.DB, `
		INSERT INTO network_addresses (subnet_id, port_id, address, position) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, subnetID, portID, address.String(), position)
	return changed == 1, err
}

// AllocateAddress gives a port any free address of a subnet's pools:
// ErrNoAddress if there is none. Call it in the transaction that creates the
// port.
//
// It tries an address at random and, if that is taken, the next free one
// behind it. So callers seldom want the same address and never wait for each
// other on a common row; and finding one takes as long as the taken addresses
// on its way are many, which are few until the pool is almost full.
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

// An allocation looks for an address for a port.
type allocation struct {
	s                *Store
	subnetID, portID string
	base             netip.Addr
}

// draw picks a pool, the larger the likelier.
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

// bounds are a pool's first and last positions.
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

// from takes a free address of a pool: the zero Addr if there is none.
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

// between takes the first free address of some positions. Whoever is faster
// with one makes it look for the next, so it ends.
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

// positionOf counts from a subnet's first address, as far as that goes.
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

// addressAt is the address at a position. It is in the subnet, so that only
// the lower half of it changes.
func addressAt(base netip.Addr, position int64) netip.Addr {
	bytes := base.As16()
	binary.BigEndian.PutUint64(bytes[8:], binary.BigEndian.Uint64(bytes[8:])+uint64(position)) //nolint:gosec // never negative
	address := netip.AddrFrom16(bytes)
	if base.Is4() {
		return address.Unmap()
	}
	return address
}
