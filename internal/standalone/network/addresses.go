package network

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// A wantedIP is an element of fixed_ips in a request: a subnet, an address or
// both.
type wantedIP struct {
	SubnetID string `json:"subnet_id"`
	Address  string `json:"ip_address"`
}

// wantedIPs reads fixed_ips from a body. Addresses come back as the database
// writes them.
func wantedIPs(body object) ([]wantedIP, error) {
	var wanted []wantedIP
	if err := reshape(body["fixed_ips"], &wanted); err != nil || len(wanted) > maxFixedIPs {
		return nil, invalid("fixed_ips", "Invalid data format for fixed IP: '%s'.", plain(body["fixed_ips"]))
	}
	for i, w := range wanted {
		if w.Address == "" && w.SubnetID == "" {
			return nil, invalidInput("IP allocation requires subnet_id or ip_address.")
		}
		if w.Address != "" {
			if err := isAddress("fixed_ips", w.Address); err != nil {
				return nil, err
			}
			wanted[i].Address = canonical(w.Address)
		}
	}
	return wanted, nil
}

// giveAddresses gives a new port the addresses that the body asks for. A body
// that does not say gets one address of each IP version that the network has.
func (s *Service) giveAddresses(ctx context.Context, tx *networkdb.Store, p *networkdb.Port, body object) error {
	subnets, err := tx.SubnetsOf(ctx, p.NetworkID)
	if err != nil {
		return err
	}
	// A new port has not been read from the database, which would have made
	// these lists.
	p.FixedIPs, p.GroupIDs = []networkdb.FixedIP{}, []string{}
	if body["fixed_ips"] == nil {
		return giveAnyAddresses(ctx, tx, p, subnets)
	}
	wanted, err := wantedIPs(body)
	if err != nil {
		return err
	}
	for _, w := range wanted {
		if err := giveAddress(ctx, tx, p, subnets, w); err != nil {
			return err
		}
	}
	return nil
}

// changeAddresses gives a port the addresses that the body asks for. Of those
// that the port has it keeps the ones that fit.
func (s *Service) changeAddresses(ctx context.Context, tx *networkdb.Store, p *networkdb.Port, body object) error {
	wanted, err := wantedIPs(body)
	if err != nil {
		return err
	}
	subnets, err := tx.SubnetsOf(ctx, p.NetworkID)
	if err != nil {
		return err
	}
	// What fits is kept, and the rest goes first, so that an address can change
	// its place within the request.
	before := p.FixedIPs
	p.FixedIPs = []networkdb.FixedIP{}
	var lacking []wantedIP
	for _, w := range wanted {
		at := slices.IndexFunc(before, func(ip networkdb.FixedIP) bool {
			return (w.Address == "" || w.Address == ip.Address) && (w.SubnetID == "" || w.SubnetID == ip.SubnetID)
		})
		if at < 0 {
			lacking = append(lacking, w)
			continue
		}
		p.FixedIPs = append(p.FixedIPs, before[at])
		before = slices.Delete(slices.Clone(before), at, at+1)
	}
	for _, ip := range before {
		if err := tx.ReleaseAddress(ctx, p.ID, ip); err != nil {
			return err
		}
	}
	for _, w := range lacking {
		if err := giveAddress(ctx, tx, p, subnets, w); err != nil {
			return err
		}
	}
	return nil
}

// giveAnyAddresses takes an address of each IP version from the first subnet
// that has one left, and the addresses that hosts make themselves on other
// subnets.
func giveAnyAddresses(ctx context.Context, tx *networkdb.Store, p *networkdb.Port, subnets []networkdb.Subnet) error {
	for _, version := range []int64{4, 6} {
		var full bool
		for _, subnet := range subnets {
			if subnet.IPVersion != version || isAutomatic(subnet) {
				continue
			}
			err := allocate(ctx, tx, p, subnet)
			// The next subnet of the version may have room.
			if full = errors.Is(err, networkdb.ErrNoAddress); full {
				continue
			}
			if err != nil {
				return err
			}
			break
		}
		if full {
			return noAddress(p.NetworkID)
		}
	}
	for _, subnet := range subnets {
		// A port has an address on each subnet whose hosts make their own.
		if isAutomatic(subnet) {
			if err := giveAddress(ctx, tx, p, subnets, wantedIP{SubnetID: subnet.ID}); err != nil {
				return err
			}
		}
	}
	return nil
}

// allocate takes any free address of a subnet.
func allocate(ctx context.Context, tx *networkdb.Store, p *networkdb.Port, subnet networkdb.Subnet) error {
	address, err := tx.AllocateAddress(ctx, subnet, p.ID)
	if err != nil {
		return err
	}
	p.FixedIPs = append(p.FixedIPs, networkdb.FixedIP{SubnetID: subnet.ID, Address: address.String()})
	return nil
}

// noAddress is Neutron's error for a network whose pools are used up.
func noAddress(networkID string) error {
	return kit.Typed("IpAddressGenerationFailure", nova.Conflict, "No more IP addresses available on network %s.", networkID)
}

// giveAddress takes one address that a client asks for: any of a subnet, or a
// certain one.
func giveAddress(ctx context.Context, tx *networkdb.Store, p *networkdb.Port, subnets []networkdb.Subnet, w wantedIP) error {
	subnet, err := subnetFor(p.NetworkID, subnets, w)
	if err != nil {
		return err
	}
	address, err := netip.ParseAddr(w.Address)
	switch {
	// The host will use this address, whatever it is told.
	case w.Address == "" && isAutomatic(subnet):
		if address, err = fromMAC(subnet, p.MAC); err != nil {
			return err
		}
	case w.Address == "":
		err := allocate(ctx, tx, p, subnet)
		if errors.Is(err, networkdb.ErrNoAddress) {
			return noAddress(p.NetworkID)
		}
		return err
	case err != nil:
		return err // it has been read before
	}
	taken, err := tx.TakeAddress(ctx, subnet, address, p.ID)
	if err != nil {
		return missingReference(err, subnetNotFound(subnet.ID))
	}
	if !taken {
		return kit.Typed("IpAddressAlreadyAllocated", nova.Conflict, "IP address %s already allocated in subnet %s", address, subnet.ID)
	}
	p.FixedIPs = append(p.FixedIPs, networkdb.FixedIP{SubnetID: subnet.ID, Address: address.String()})
	return nil
}

// subnetFor finds the subnet for an address: the one that the client names, or
// the one that the address is in.
func subnetFor(networkID string, subnets []networkdb.Subnet, w wantedIP) (networkdb.Subnet, error) {
	for _, subnet := range subnets {
		if w.SubnetID != "" && subnet.ID != w.SubnetID {
			continue
		}
		fits, err := canHave(subnet, w.Address)
		if err != nil {
			return subnet, err
		}
		if fits {
			return subnet, nil
		}
		if w.SubnetID != "" {
			return subnet, kit.Typed("InvalidIpForSubnet", nova.Invalid, "IP address %s is not a valid IP for the specified subnet.", w.Address)
		}
	}
	if w.SubnetID != "" {
		return networkdb.Subnet{}, subnetNotFound(w.SubnetID)
	}
	return networkdb.Subnet{}, kit.Typed("InvalidIpForNetwork", nova.Invalid,
		"IP address %s is not a valid IP for any of the subnets on the specified network %s.", w.Address, networkID)
}

// canHave reports whether a port can have an address of a subnet; empty text
// stands for any. The gateway's address is one, for the port of a router, also
// where it is the first of an IPv6 subnet.
func canHave(subnet networkdb.Subnet, text string) (bool, error) {
	if text == "" {
		return true, nil
	}
	prefix, err := subnet.Prefix()
	if err != nil {
		return false, fmt.Errorf("subnet %s: %w", subnet.ID, err)
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return false, nil //nolint:nilerr // then it is in no subnet
	}
	gateway := subnet.GatewayIP != nil && canonical(*subnet.GatewayIP) == address.String() // in IPv6 the first one
	return contains(hostRange(prefix), address) || gateway && prefix.Contains(address), nil
}

// isAutomatic reports whether hosts on an IPv6 subnet make their addresses
// themselves, from their MAC addresses.
func isAutomatic(subnet networkdb.Subnet) bool {
	return subnet.IPv6AddressMode != nil && *subnet.IPv6AddressMode != "dhcpv6-stateful"
}

// fromMAC is the address that a host makes from its MAC address (RFC 4291,
// appendix A).
func fromMAC(subnet networkdb.Subnet, text string) (netip.Addr, error) {
	mac, err := net.ParseMAC(text)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("address of %s: %w", text, err)
	}
	prefix, err := subnet.Prefix()
	if err != nil {
		return netip.Addr{}, fmt.Errorf("subnet %s: %w", subnet.ID, err)
	}
	bytes := prefix.Masked().Addr().As16()
	copy(bytes[8:], []byte{mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]})
	return netip.AddrFrom16(bytes), nil
}

// randomMAC is one of the MAC addresses that OpenStack gives to servers.
func randomMAC() string {
	mac := net.HardwareAddr{0xfa, 0x16, 0x3e, 0, 0, 0}
	_, _ = rand.Read(mac[3:]) // never fails
	return mac.String()
}

// isAddressOrCIDR refuses everything else.
func isAddressOrCIDR(name, text string) error {
	if _, err := netip.ParsePrefix(text); err == nil {
		return nil
	}
	return isAddress(name, text)
}
