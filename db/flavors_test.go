package db_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestFlavors_Pages walks the list in pages, by every key and in both
// directions: together they must be what one page shows.
func TestFlavors_Pages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		const count, size = 11, 3
		for i := range count {
			f := nova.Flavor{ID: fmt.Sprint("id", i), Name: fmt.Sprint("n", (i*7)%count), RAM: i % 3, VCPUs: i % 2, Disk: i % 4, RxTx: float64(i % 2), Public: true}
			if i%3 == 0 {
				f.Description = new(fmt.Sprint("d", i%2))
			}
			if _, err := s.CreateFlavor(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []string{
			"created_at", "description", "disabled", "ephemeral_gb", "flavorid", "id", "is_public", "memory_mb", "name",
			"root_gb", "rxtx_factor", "swap", "updated_at", "vcpu_weight", "vcpus",
		} {
			for _, desc := range []bool{false, true} {
				sort := []nova.Sort{{Key: key, Desc: desc}}
				whole := ids(t, s, nova.Page{Limit: count + 1, Sort: sort})
				if len(whole) != count {
					t.Fatalf("by %s: %d flavors", key, len(whole))
				}
				var walked []string
				for marker := ""; len(walked) <= count; marker = walked[len(walked)-1] {
					page := ids(t, s, nova.Page{Limit: size, Marker: marker, Sort: sort})
					walked = append(walked, page...)
					if len(page) < size {
						break
					}
				}
				if diff := cmp.Diff(whole, walked); diff != "" {
					t.Errorf("by %s, descending %v (-whole +pages):\n%s", key, desc, diff)
				}
			}
		}
		if _, err := s.Flavors(t.Context(), db.FlavorFilter{}, nova.Page{Limit: 1, Sort: []nova.Sort{{Key: "id; DROP TABLE flavors"}}}); !nova.Is(err, nova.Invalid) {
			t.Errorf("an unknown key: %v", err)
		}
	})
}

func ids(t *testing.T, s *db.Store, p nova.Page) []string {
	t.Helper()
	flavors, err := s.Flavors(t.Context(), db.FlavorFilter{Public: new(true)}, p)
	if err != nil {
		t.Fatal(err)
	}
	found := make([]string, len(flavors))
	for i, f := range flavors {
		found[i] = f.ID
	}
	return found
}

// TestFlavors_Parts deletes a flavor with all that belongs to it, and adds to
// one that is gone.
func TestFlavors_Parts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		ctx := t.Context()
		flavor, err := s.CreateFlavor(ctx, nova.Flavor{ID: "1", Name: "one"})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{
			s.SetExtraSpecs(ctx, flavor, map[string]string{"a": "1", "b": "2"}),
			s.SetExtraSpecs(ctx, flavor, map[string]string{"b": "3"}),
			s.SetExtraSpecs(ctx, flavor, nil),
			s.AddFlavorAccess(ctx, flavor, "q"),
			s.AddFlavorAccess(ctx, flavor, "p"),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		found, err := s.Flavor(ctx, "1")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"a": "1", "b": "3"}, found.ExtraSpecs); diff != "" {
			t.Errorf("extra specs (-want +got):\n%s", diff)
		}
		if projects, err := s.FlavorAccess(ctx, flavor); err != nil || !slices.Equal(projects, []string{"p", "q"}) {
			t.Errorf("access: %v, %v", projects, err)
		}
		if err := s.DeleteFlavor(ctx, "1"); err != nil {
			t.Fatal(err)
		}
		if projects, err := s.FlavorAccess(ctx, flavor); err != nil || len(projects) != 0 {
			t.Errorf("access of a flavor that is gone: %v, %v", projects, err)
		}
		for what, err := range map[string]error{
			"extra spec": s.SetExtraSpecs(ctx, flavor, map[string]string{"a": "1"}),
			"access":     s.AddFlavorAccess(ctx, flavor, "p"),
		} {
			if !nova.Is(err, nova.NotFound) {
				t.Errorf("%s of a flavor that is gone: %v", what, err)
			}
		}
	})
}

func TestAllocatedQuota(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		ctx := t.Context()
		for _, err := range []error{
			s.SetProjectQuota(ctx, "p", nova.Quota{"cores": 50}),
			s.SetUserQuota(ctx, "p", "u", nova.Quota{"cores": 5, "ram": 7}),
			s.SetUserQuota(ctx, "p", "v", nova.Quota{"cores": 6, "ram": -1}),
			s.SetUserQuota(ctx, "q", "u", nova.Quota{"cores": 99}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		allocated, err := s.AllocatedQuota(ctx, "p")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(nova.Quota{"cores": 11, "ram": 7}, allocated); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
