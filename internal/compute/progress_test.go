package compute_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestProgress looks at a server whenever its driver lets time pass: progress
// rises where clients are shown it, and is 0 when the action has ended.
func TestProgress(t *testing.T) {
	t.Parallel()
	type testCase struct {
		metadata map[string]string
		verb     compute.Verb // on the booted server; empty: the boot itself
		want     []int
		took     time.Duration
		then     nova.VMState
	}
	rising := []int{0, 10, 20, 30, 40, 50, 60, 70, 80, 90}
	eachCase(t, map[string]testCase{
		"long boot":  {map[string]string{"fake:boot_time": "20"}, "", rising, 20 * time.Second, nova.Active},
		"short boot": {map[string]string{"fake:boot_time": "0.4"}, "", []int{0, 50}, 400 * time.Millisecond, nova.Active},
		"boot that fails on each host": {
			map[string]string{"fake:boot_time": "0.2", "fake:fail": "spawn"}, "", []int{0, 100}, 400 * time.Millisecond, nova.Errored,
		},
		"reboot": {map[string]string{"fake:reboot_time": "20"}, compute.SoftReboot, []int{0}, 20 * time.Second, nova.Active},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		server := s.begin(s.as("demo"), func(r *compute.ServerRequest) { r.Metadata = c.metadata })
		if c.verb != "" {
			s.work()
			s.must(s.api.Do(s.as("demo"), s.server(server.ID), c.verb))
		}
		var seen []int
		var took time.Duration
		s.hooks.set(func(h *hooks) {
			h.waits = func(d time.Duration) {
				seen, took = append(seen, s.server(server.ID).Progress), took+d
			}
		})
		s.work()
		if diff := cmp.Diff(c.want, seen); diff != "" || took != c.took {
			t.Errorf("took %v, want %v; progress (-want +got):\n%s", took, c.took, diff)
		}
		if server = s.server(server.ID); server.Progress != 0 || server.VMState != c.then {
			t.Errorf("ended %s with progress %d, want %s and 0", server.VMState, server.Progress, c.then)
		}
		s.settled()
	})
}

// TestProgress_EndsWithReset resets a server in the midst of its boot.
func TestProgress_EndsWithReset(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.begin(s.as("demo"), func(r *compute.ServerRequest) { r.Metadata = map[string]string{"fake:boot_time": "20"} })
		s.hooks.set(func(h *hooks) {
			h.waits = func(time.Duration) {
				if now := s.server(server.ID); now.Progress == 50 {
					s.must(s.api.ResetState(s.as("admin"), now, nova.Errored))
				}
			}
		})
		s.work()
		if server = s.server(server.ID); server.VMState != nova.Errored || server.Progress != 0 {
			t.Errorf("%s with progress %d, want error and 0", server.VMState, server.Progress)
		}
	})
}
