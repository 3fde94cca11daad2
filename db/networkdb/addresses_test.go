package networkdb_test

import (
	"fmt"
	"net/netip"
	"os"
	"testing"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
)

// newSubnet makes a network with one subnet, whose pool is all of it but the
// first and last addresses.
func newSubnet(t testing.TB, s *networkdb.Store, cidr string, first, last string) networkdb.Subnet {
	t.Helper()
	network := networkdb.Network{Name: "n", ProviderType: "vxlan"}
	network.ID = uuid.NewString()
	if _, err := s.Networks.Create(t.Context(), network); err != nil {
		t.Fatal(err)
	}
	subnet := networkdb.Subnet{NetworkID: network.ID, IPVersion: 4, CIDR: cidr}
	subnet.ID = uuid.NewString()
	subnet.Pools.V = []networkdb.AddressRange{{Start: netip.MustParseAddr(first), End: netip.MustParseAddr(last)}}
	subnet, err := s.Subnets.Create(t.Context(), subnet)
	if err != nil {
		t.Fatal(err)
	}
	return subnet
}

// newPort makes a port with an address of the subnet.
func newPort(t testing.TB, s *networkdb.Store, subnet networkdb.Subnet) (netip.Addr, error) {
	t.Helper()
	var address netip.Addr
	err := s.Tx(t.Context(), func(tx *networkdb.Store) error {
		port := networkdb.Port{NetworkID: subnet.NetworkID, Status: "DOWN", VNICType: "normal"}
		port.ID = uuid.NewString()
		port.MAC = port.ID // as unlike as can be
		if _, err := tx.Ports.Create(t.Context(), port); err != nil {
			return err
		}
		var err error
		address, err = tx.AllocateAddress(t.Context(), subnet, port.ID)
		return err
	})
	return address, err
}

func TestAllocateAddress(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		cidr, first, last string
		count             int
	}{
		"IPv4":          {"10.0.0.0/24", "10.0.0.2", "10.0.0.21", 20},
		"one":           {"10.0.0.0/24", "10.0.0.9", "10.0.0.9", 1},
		"IPv6":          {"fd00::/64", "fd00::1", "fd00::10", 16},
		"IPv6, far end": {"fd00::/64", "fd00::3fff:ffff:ffff:fff8", "fd00::ffff:ffff:ffff:ffff", 9},
	}
	dbtest.Each(t, func(t *testing.T, d *db.Store) {
		s := networkdb.New(d.DB)
		for name, k := range cases {
			subnet := newSubnet(t, s, k.cidr, k.first, k.last)
			seen := map[netip.Addr]bool{}
			for range k.count {
				address, err := newPort(t, s, subnet)
				if err != nil {
					t.Fatalf("%s: after %d: %v", name, len(seen), err)
				}
				if address.Less(subnet.Pools.V[0].Start) || subnet.Pools.V[0].End.Less(address) || seen[address] {
					t.Errorf("%s: got %s", name, address)
				}
				seen[address] = true
			}
			if _, err := newPort(t, s, subnet); !nova.Is(err, nova.Conflict) {
				t.Errorf("%s: got %v from an empty pool", name, err)
			}
		}
	})
}

// BenchmarkCreatePort creates ports on a /16 that is so full already.
func BenchmarkCreatePort(b *testing.B) {
	connections := map[string]func(testing.TB) string{
		"sqlite": func(t testing.TB) string {
			t.Helper()
			return dbtest.SQLiteIn(t, t.TempDir())
		},
	}
	if os.Getenv(dbtest.PostgresVariable) != "" {
		connections["postgres"] = dbtest.PostgresFor
	}
	for name, connection := range connections {
		for _, percent := range []int{0, 50, 95} {
			b.Run(fmt.Sprintf("%s/%d%%", name, percent), func(b *testing.B) {
				s := networkdb.New(dbtest.Open(b, connection(b)).DB)
				subnet := newSubnet(b, s, "10.0.0.0/16", "10.0.0.2", "10.0.255.254")
				if err := s.Tx(b.Context(), func(tx *networkdb.Store) error { return fill(b, tx, subnet, 65533*percent/100) }); err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					if _, err := newPort(b, s, subnet); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// fill takes addresses for one port, in as many strides as there are.
func fill(b *testing.B, tx *networkdb.Store, subnet networkdb.Subnet, count int) error {
	b.Helper()
	port := networkdb.Port{NetworkID: subnet.NetworkID, MAC: "filler", Status: "DOWN", VNICType: "normal"}
	port.ID = uuid.NewString()
	if _, err := tx.Ports.Create(b.Context(), port); err != nil {
		return err
	}
	for range count {
		if _, err := tx.AllocateAddress(b.Context(), subnet, port.ID); err != nil {
			return err
		}
	}
	return nil
}
