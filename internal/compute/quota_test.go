package compute_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestQuota_Layers sets one resource in each layer, and finds in each answer
// the last layer that has a word in it.
func TestQuota_Layers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		const configured, ofClass, ofProject, ofUser = 1, 2, 3, 4
		api := compute.New(compute.Options{Store: s, Quota: nova.Quota{"a": configured, "b": configured, "c": configured, "d": configured}})
		ctx := t.Context()
		for _, err := range []error{
			s.SetClassQuota(ctx, "default", nova.Quota{"b": ofClass, "c": ofClass, "d": ofClass}),
			s.SetClassQuota(ctx, "user", nova.Quota{"a": 99}), // a class that has a user's name
			s.SetProjectQuota(ctx, "project", nova.Quota{"c": ofProject, "d": ofProject}),
			s.SetProjectQuota(ctx, "other", nova.Quota{"a": 99}),
			s.SetUserQuota(ctx, "project", "user", nova.Quota{"d": ofUser}),
			s.SetUserQuota(ctx, "project", "other", nova.Quota{"a": 99}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		outside := nova.Quota{"fixed_ips": -1, "floating_ips": -1, "security_groups": -1, "security_group_rules": -1}
		for _, c := range []struct {
			project, user string
			project4      [4]int
			user4         [4]int
		}{
			{"project", "user", [4]int{1, 2, 3, 3}, [4]int{1, 2, 3, 4}},
			{"project", "", [4]int{1, 2, 3, 3}, [4]int{1, 2, 3, 3}},
			{"nobody's", "user", [4]int{1, 2, 2, 2}, [4]int{1, 2, 2, 2}},
			{"", "user", [4]int{1, 2, 2, 2}, [4]int{1, 2, 2, 2}},
		} {
			gotProject, gotUser, err := api.Quota(ctx, c.project, c.user)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(with(outside, c.project4), gotProject); diff != "" {
				t.Errorf("project of %q, %q (-want +got):\n%s", c.project, c.user, diff)
			}
			if diff := cmp.Diff(with(outside, c.user4), gotUser); diff != "" {
				t.Errorf("user of %q, %q (-want +got):\n%s", c.project, c.user, diff)
			}
		}
		byDefault, err := api.DefaultQuota(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(with(outside, [4]int{1, 2, 2, 2}), byDefault); diff != "" {
			t.Errorf("default (-want +got):\n%s", diff)
		}
	})
}

func with(base nova.Quota, limits [4]int) nova.Quota {
	quota := nova.Quota{"a": limits[0], "b": limits[1], "c": limits[2], "d": limits[3]}
	for resource, limit := range base {
		quota[resource] = limit
	}
	return quota
}
