package quota_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/quota"
)

func TestEffective(t *testing.T) {
	t.Parallel()
	configured := nova.Quota{"instances": 1, "cores": 1, "ram": 1}
	got := quota.Effective(configured, nova.Quota{"cores": 2, "ram": 2}, nil, nova.Quota{"ram": -1})
	want := nova.Quota{
		"instances": 1, "cores": 2, "ram": -1, "key_pairs": -1, "metadata_items": -1, "server_groups": -1, "server_group_members": -1,
		"injected_files": -1, "injected_file_content_bytes": -1, "injected_file_path_bytes": -1,
		"fixed_ips": -1, "floating_ips": -1, "security_groups": -1, "security_group_rules": -1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got["instances"] = 9
	if again := quota.Effective(configured); configured["instances"] != 1 || again["instances"] != 1 {
		t.Errorf("a layer changed: %v, %v", configured, again)
	}
}

// TestRecord_Check has the bounds of a project with 10 instances that promised
// 6 to its users, 2 of them to one user, who has 3 of its 5.
func TestRecord_Check(t *testing.T) {
	t.Parallel()
	const (
		atLeast = "Quota limit %L for instances must be greater than or equal to already used and reserved "
		atMost  = "Quota limit %L for instances must be less than or equal to "
	)
	record := quota.Record{
		OfProject: nova.Quota{"instances": 10}, Allocated: nova.Quota{"instances": 6}, Used: nova.Usage{Instances: 5},
	}
	of := func(change func(*quota.Record)) quota.Record {
		r := record
		change(&r)
		return r
	}
	user := of(func(r *quota.Record) { r.OfUser, r.Used = nova.Quota{"instances": 2}, nova.Usage{Instances: 3} })
	noLimit := of(func(r *quota.Record) { r.OfProject = nova.Quota{"instances": -1} })
	unbound := of(func(r *quota.Record) { r.OfUser = nova.Quota{"instances": -1} })
	overdrawn := of(func(r *quota.Record) { r.OfUser, r.Allocated = nova.Quota{"instances": 2}, nova.Quota{"instances": 12} })
	overdrawn.Used = nova.Usage{}
	few := of(func(r *quota.Record) { r.OfProject = nova.Quota{"instances": 4} })
	for name, c := range map[string]struct {
		check func(nova.Quota) error
		limit int
		text  string
	}{
		"as much as was promised":             {record.CheckProject, 6, ""},
		"less than was promised":              {record.CheckProject, 5, atLeast + "6."},
		"no limit for the project":            {record.CheckProject, -1, ""},
		"promises of a project without limit": {noLimit.CheckProject, 5, ""},
		"less than its use":                   {noLimit.CheckProject, 4, atLeast + "5."},
		"promises beyond the limit":           {few.CheckProject, 5, ""},
		"less than the use, beyond the limit": {few.CheckProject, 4, atLeast + "5."},
		"as much as the user has":             {user.CheckUser, 3, ""},
		"less than the user has":              {user.CheckUser, 2, atLeast + "3."},
		"all that is left":                    {user.CheckUser, 6, ""},
		"more than is left":                   {user.CheckUser, 7, atMost + "6."},
		"no limit within the project's":       {user.CheckUser, -1, atMost + "6."},
		"no limit, the project has none":      {noLimit.CheckUser, -1, ""},
		"no limit, the user had none":         {unbound.CheckUser, -1, ""},
		"what was promised, nothing is left":  {overdrawn.CheckUser, 2, ""},
		"more, nothing is left":               {overdrawn.CheckUser, 3, atMost + "2."},
	} {
		err := c.check(nova.Quota{"instances": c.limit})
		want := strings.ReplaceAll(c.text, "%L", strconv.Itoa(c.limit))
		if nova.Message(err) != want || (want != "" && !nova.Is(err, nova.Invalid)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// TestRecord_Check_First names the first resource in the alphabet that is
// wrong.
func TestRecord_Check_First(t *testing.T) {
	t.Parallel()
	r := quota.Record{Used: nova.Usage{Instances: 2, Cores: 2, RAM: 2}, OfProject: nova.Quota{"instances": -1, "cores": -1, "ram": -1}}
	err := r.CheckProject(nova.Quota{"ram": 1, "instances": 1, "cores": 2})
	if want := "Quota limit 1 for instances must be greater than or equal to already used and reserved 2."; nova.Message(err) != want {
		t.Errorf("%v, want %q", err, want)
	}
}
