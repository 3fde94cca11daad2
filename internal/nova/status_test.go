package nova_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		vm   nova.VMState
		task nova.TaskState
		want string
	}{
		{nova.Active, nova.Idle, "ACTIVE"},
		{nova.Active, nova.Pausing, "ACTIVE"},
		{nova.Active, nova.RebootStarted, "REBOOT"},
		{nova.Active, nova.RebootPendingHard, "HARD_REBOOT"},
		{nova.Active, nova.UpdatingPassword, "PASSWORD"},
		{nova.Active, nova.RebuildSpawning, "REBUILD"},
		{nova.Active, nova.Migrating, "MIGRATING"},
		{nova.Active, nova.ResizeMigrated, "RESIZE"},
		{nova.Building, nova.Spawning, "BUILD"},
		{nova.Stopped, nova.Idle, "SHUTOFF"},
		{nova.Stopped, nova.ResizePrep, "RESIZE"},
		{nova.Stopped, nova.Rebuilding, "REBUILD"},
		{nova.Stopped, nova.Rebooting, "SHUTOFF"},
		{nova.Resized, nova.Idle, "VERIFY_RESIZE"},
		{nova.Resized, nova.ResizeReverting, "REVERT_RESIZE"},
		{nova.Paused, nova.Migrating, "MIGRATING"},
		{nova.Suspended, nova.Idle, "SUSPENDED"},
		{nova.Rescued, nova.Idle, "RESCUE"},
		{nova.Errored, nova.Idle, "ERROR"},
		{nova.Errored, nova.Rebuilding, "REBUILD"},
		{nova.SoftDeleted, nova.Idle, "SOFT_DELETED"},
		{nova.Shelved, nova.Idle, "SHELVED"},
		{nova.ShelvedOffloaded, nova.Idle, "SHELVED_OFFLOADED"},
		{"never heard of", nova.Idle, "UNKNOWN"},
	} {
		if got := nova.Status(c.vm, c.task); got != c.want {
			t.Errorf("%s/%s: %s, want %s", c.vm, c.task, got, c.want)
		}
	}
}

func TestStatus_DeletedRow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if got := (nova.Server{VMState: nova.Active, DeletedAt: &now}).Status(); got != "DELETED" {
		t.Errorf("a deleted server shows as %s", got)
	}
}

func TestStatesOf(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]struct {
		states []nova.VMState
		tasks  []nova.TaskState
	}{
		"ACTIVE":        {[]nova.VMState{nova.Active}, nil}, // whatever it is busy with
		"REBOOT":        {[]nova.VMState{nova.Active}, []nova.TaskState{nova.Rebooting, nova.RebootPending, nova.RebootStarted}},
		"REVERT_RESIZE": {[]nova.VMState{nova.Resized}, []nova.TaskState{nova.ResizeReverting}},
		"SHUTOFF":       {[]nova.VMState{nova.Stopped}, nil},
		"nonsense":      {},
	} {
		states, tasks := nova.StatesOf(status)
		if diff := cmp.Diff(want.states, states); diff != "" {
			t.Errorf("%s: states (-want +got):\n%s", status, diff)
		}
		if diff := cmp.Diff(want.tasks, tasks); diff != "" {
			t.Errorf("%s: tasks (-want +got):\n%s", status, diff)
		}
	}
}

// TestHostID checks that a project can tell whether two servers share a host,
// and nothing else.
func TestHostID(t *testing.T) {
	t.Parallel()
	one := nova.Server{ProjectID: "b127a4957f204ca29e38e4cb2952631a", Host: "fake2"}
	if got, want := one.HostID(), "cd7016afeedccbc59a47b83bb8ab4acd0ee532e642ce7bbd82d34b09"; got != want {
		t.Errorf("host ID %s, want %s", got, want)
	}
	if got := (nova.Server{ProjectID: "p"}).HostID(); got != "" {
		t.Errorf("without a host: %q", got)
	}
}

func TestQuota_Exceeded(t *testing.T) {
	t.Parallel()
	quota := nova.Quota{nova.QuotaInstances: 10, nova.QuotaCores: 20, nova.QuotaRAM: -1}
	for _, c := range []struct {
		name         string
		wanted, used nova.Usage
		want         string
	}{
		{"within", nova.Usage{Instances: 1, Cores: 1, RAM: 1 << 40}, nova.Usage{Instances: 9, Cores: 19}, ""},
		{
			"one",
			nova.Usage{Instances: 2, Cores: 1},
			nova.Usage{Instances: 9},
			"Quota exceeded for instances: Requested 2, but already used 9 of 10 instances",
		},
		{
			"two",
			nova.Usage{Instances: 2, Cores: 9},
			nova.Usage{Instances: 9, Cores: 19},
			"Quota exceeded for cores, instances: Requested 9, 2, but already used 19, 9 of 20, 10 cores, instances",
		},
		{"over already, but nothing added", nova.Usage{Cores: 1}, nova.Usage{Instances: 11}, ""},
	} {
		err := quota.Exceeded(c.wanted, c.used)
		if got := nova.Message(err); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if c.want != "" && !nova.Is(err, nova.OverQuota) {
			t.Errorf("%s: %v is not over quota", c.name, err)
		}
	}
}

func TestQuota_Room(t *testing.T) {
	t.Parallel()
	quota := nova.Quota{nova.QuotaInstances: 10, nova.QuotaCores: 20}
	each := nova.Usage{Instances: 1, Cores: 4, RAM: 512}
	for used, want := range map[nova.Usage]int{
		{}:                           5,
		{Instances: 9}:               1,
		{Instances: 1, Cores: 17}:    0,
		{Instances: 12}:              0,
		{RAM: 1 << 40, Instances: 7}: 3,
	} {
		if got := quota.Room(each, used); got != want {
			t.Errorf("room for %d beside %+v, want %d", got, used, want)
		}
	}
}

func TestFlavor_Takes(t *testing.T) {
	t.Parallel()
	got := nova.Flavor{VCPUs: 2, RAM: 512, Disk: 10, Ephemeral: 5, Swap: 1025}.Takes()
	if want := (nova.Resources{Instances: 1, VCPUs: 2, RAM: 512, Disk: 17}); got != want {
		t.Errorf("takes %+v, want %+v", got, want)
	}
}
