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
		api := compute.New(compute.Options{Store: s, Quota: nova.Quota{"instances": configured, "cores": configured, "ram": configured, "key_pairs": configured}})
		ctx := t.Context()
		for _, err := range []error{
			s.SetClassQuota(ctx, "default", nova.Quota{"cores": ofClass, "ram": ofClass, "key_pairs": ofClass}),
			s.SetClassQuota(ctx, "user", nova.Quota{"instances": 99}), // a class that has a user's name
			s.SetProjectQuota(ctx, "project", nova.Quota{"ram": ofProject, "key_pairs": ofProject}),
			s.SetProjectQuota(ctx, "other", nova.Quota{"instances": 99}),
			s.SetUserQuota(ctx, "project", "user", nova.Quota{"key_pairs": ofUser}),
			s.SetUserQuota(ctx, "project", "other", nova.Quota{"instances": 99}),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
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
			if diff := cmp.Diff(with(c.project4), gotProject); diff != "" {
				t.Errorf("project of %q, %q (-want +got):\n%s", c.project, c.user, diff)
			}
			if diff := cmp.Diff(with(c.user4), gotUser); diff != "" {
				t.Errorf("user of %q, %q (-want +got):\n%s", c.project, c.user, diff)
			}
		}
		byDefault, err := api.DefaultQuota(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(with([4]int{1, 2, 2, 2}), byDefault); diff != "" {
			t.Errorf("default (-want +got):\n%s", diff)
		}
	})
}

// with is a quota with limits of some resources and none of the others.
func with(limits [4]int) nova.Quota {
	return nova.Quota{
		"instances": limits[0], "cores": limits[1], "ram": limits[2], "key_pairs": limits[3],
		"metadata_items": -1, "server_groups": -1, "server_group_members": -1,
		"injected_files": -1, "injected_file_content_bytes": -1, "injected_file_path_bytes": -1,
		"fixed_ips": -1, "floating_ips": -1, "security_groups": -1, "security_group_rules": -1,
	}
}
