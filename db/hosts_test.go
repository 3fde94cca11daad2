package db_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/nova"
)

// A host that comes back with more memory under a new service is still the same
// host, and what runs on it still counts.
func TestRegisterHost_Again(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		for _, id := range []string{"first", "second"} {
			if _, _, err := s.Hold(t.Context(), nova.Service{ID: id, Host: id, Binary: "nova-compute", Holder: id}, time.Minute, ""); err != nil {
				t.Fatal(err)
			}
		}
		host := nova.Host{
			ID: "one", ServiceID: "first", Name: "first", Node: "node", Type: "fake", Version: 1, IP: "192.0.2.1", CPUInfo: "{}",
			VCPUs: 2, RAM: 1024, Disk: 10, CPURatio: 4, RAMRatio: 1, DiskRatio: 1,
		}
		if err := s.RegisterHost(t.Context(), host); err != nil {
			t.Fatal(err)
		}
		if claimed, err := s.Claim(t.Context(), "node", nova.Resources{Instances: 1, VCPUs: 1, RAM: 512, Disk: 5}); err != nil || !claimed {
			t.Fatal(claimed, err)
		}
		host.ID, host.ServiceID, host.Name, host.RAM, host.Version = "another", "second", "second", 2048, 2
		if err := s.RegisterHost(t.Context(), host); err != nil {
			t.Fatal(err)
		}
		hosts, err := s.Hosts(t.Context(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		found := one(hosts)
		want := host
		want.ID = "one"
		want.RunningVMs, want.VCPUsUsed, want.RAMUsed, want.DiskUsed = 1, 1, 512, 5
		want.Serial, want.Enabled, want.Up, want.SeenAt, want.ServiceSerial = found.Serial, true, true, found.SeenAt, 2
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
	})
}
