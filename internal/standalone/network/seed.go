package network

import (
	"context"
	"errors"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
)

// seeds are the networks that a new cloud starts with: one that every server
// gets if it names none, and an external one for routers. Their IDs are always
// the same, so that several processes that start at once agree on them.
var seeds = []struct {
	id, name, cidr, subnetID string
	external, dhcp           bool
	kind                     string
	mtu                      int64
}{
	{
		"0e7a0001-0000-4000-8000-000000000001", "private", "10.0.0.0/16", "0e7a0001-0000-4000-8000-000000000002",
		false, true, "vxlan", tunnelMTU,
	},
	{
		"0e7a0002-0000-4000-8000-000000000001", "public", "172.24.4.0/24", "0e7a0002-0000-4000-8000-000000000002",
		true, false, "flat", wireMTU,
	},
}

// Seed makes the first networks, if there are none. Call it at every start.
func (s *Service) Seed(ctx context.Context) error {
	there, err := s.Store.Networks.List(ctx, networkdb.Filter{Page: nova.Page{Limit: 1}})
	if err != nil || len(there) > 0 {
		return err
	}
	err = s.Store.Tx(ctx, func(tx *networkdb.Store) error {
		for _, seed := range seeds {
			n := networkdb.Network{
				Name: seed.name, AdminStateUp: true, Shared: !seed.external, External: seed.external,
				PortSecurity: true, MTU: seed.mtu, ProviderType: seed.kind,
			}
			n.ID, n.ProjectID = seed.id, s.Owner
			if _, err := tx.Networks.Create(ctx, n); err != nil {
				return err
			}
			subnet := networkdb.Subnet{NetworkID: n.ID, Name: seed.name + "-subnet", IPVersion: 4, CIDR: seed.cidr, EnableDHCP: seed.dhcp}
			subnet.ID, subnet.ProjectID = seed.subnetID, s.Owner
			// The gateway and the pools are the default ones.
			if err := fillIn(&subnet, nil); err != nil {
				return err
			}
			if _, err := tx.Subnets.Create(ctx, subnet); err != nil {
				return err
			}
		}
		return nil
	})
	// Another process was faster, with the same IDs.
	if errors.Is(err, networkdb.ErrTaken) {
		return nil
	}
	return err
}
