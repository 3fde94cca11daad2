package networkdb

import (
	"context"
	"net/netip"

	"github.com/nova-api/nova-api/db/rows"
)

// A Subnet is a range of addresses on a network.
type Subnet struct {
	Record
	NetworkID       string                    `db:"network_id"`
	Name            string                    `db:"name"`
	IPVersion       int64                     `db:"ip_version"` // 4 or 6
	CIDR            string                    `db:"cidr"`
	GatewayIP       *string                   `db:"gateway_ip"` // nil for none
	EnableDHCP      bool                      `db:"enable_dhcp"`
	Pools           rows.JSON[[]AddressRange] `db:"allocation_pools"`
	DNSNameservers  rows.JSON[[]string]       `db:"dns_nameservers"`
	HostRoutes      rows.JSON[[]HostRoute]    `db:"host_routes"`
	ServiceTypes    rows.JSON[[]string]       `db:"service_types"`
	IPv6RAMode      *string                   `db:"ipv6_ra_mode"`
	IPv6AddressMode *string                   `db:"ipv6_address_mode"`
}

// An AddressRange reaches from Start to End, both included.
type AddressRange struct {
	Start netip.Addr `json:"start"`
	End   netip.Addr `json:"end"`
}

// A HostRoute says which router packets for a destination are sent to.
type HostRoute struct {
	Destination string `json:"destination"` // a CIDR
	NextHop     string `json:"nexthop"`     // an address
}

var subnets = kind[Subnet]{
	table: "network_subnets",
	columns: `network_id name ip_version cidr gateway_ip enable_dhcp allocation_pools dns_nameservers host_routes
		service_types ipv6_ra_mode ipv6_address_mode`,
	visible: "project_id = ? OR network_id IN (SELECT id FROM network_networks WHERE shared)",
	record:  (*Subnet).Common,
}

// Prefix parses the subnet's CIDR.
func (s Subnet) Prefix() (netip.Prefix, error) { return netip.ParsePrefix(s.CIDR) }

// SubnetsOf lists the subnets of a network, oldest first, whoever owns them.
func (s *Store) SubnetsOf(ctx context.Context, networkID string) ([]Subnet, error) {
	return rows.All[Subnet](ctx, s.DB, "SELECT "+subnets.selected()+" FROM network_subnets WHERE network_id = ? ORDER BY serial", networkID)
}
