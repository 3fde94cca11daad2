package compute_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestVerbs takes a server through what a driver does alone, and looks at it
// before, in the midst and afterwards.
func TestVerbs(t *testing.T) {
	t.Parallel()
	type testCase struct {
		verb                compute.Verb
		before              compute.Verb
		queued, midst, then string
		power               nova.PowerState
		record              string
	}
	eachCase(t, map[string]testCase{
		"stop":                               {compute.Stop, "", "active powering-off", "power_off: active powering-off", "stopped", nova.Shutdown, "stop: compute_stop_instance"},
		"start":                              {compute.Start, compute.Stop, "stopped powering-on", "power_on: stopped powering-on", "active", nova.Running, "start: compute_start_instance"},
		"soft reboot":                        {compute.SoftReboot, "", "active rebooting", "soft_reboot: active rebooting", "active", nova.Running, "reboot: compute_reboot_instance"},
		"hard reboot":                        {compute.HardReboot, "", "active rebooting_hard", "hard_reboot: active rebooting_hard", "active", nova.Running, "reboot: compute_reboot_instance"},
		"hard reboot of one that is stopped": {compute.HardReboot, compute.Stop, "stopped rebooting_hard", "hard_reboot: stopped rebooting_hard", "active", nova.Running, "reboot: compute_reboot_instance"},
		"hard reboot of one that is paused":  {compute.HardReboot, compute.Pause, "paused rebooting_hard", "hard_reboot: paused rebooting_hard", "active", nova.Running, "reboot: compute_reboot_instance"},
		"pause":                              {compute.Pause, "", "active pausing", "pause: active pausing", "paused", nova.PowerPaused, "pause: compute_pause_instance"},
		"suspend":                            {compute.Suspend, "", "active suspending", "suspend: active suspending", "suspended", nova.PowerSuspended, "suspend: compute_suspend_instance"},
		"resume":                             {compute.Resume, compute.Suspend, "suspended resuming", "resume: suspended resuming", "active", nova.Running, "resume: compute_resume_instance"},
		"hard reboot of one that sleeps":     {compute.HardReboot, compute.Suspend, "suspended rebooting_hard", "hard_reboot: suspended rebooting_hard", "active", nova.Running, "reboot: compute_reboot_instance"},
		"rescue":                             {compute.Rescue, "", "active rescuing", "rescue: active rescuing", "rescued", nova.Running, "rescue: compute_rescue_instance"},
		"rescue of one that is stopped":      {compute.Rescue, compute.Stop, "stopped rescuing", "rescue: stopped rescuing", "rescued", nova.Running, "rescue: compute_rescue_instance"},
		"unrescue":                           {compute.Unrescue, compute.Rescue, "rescued unrescuing", "unrescue: rescued unrescuing", "active", nova.Running, "unrescue: compute_unrescue_instance"},
		"unpause":                            {compute.Unpause, compute.Pause, "paused unpausing", "unpause: paused unpausing", "active", nova.Running, "unpause: compute_unpause_instance"},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		server := s.boot(s.as("demo"))
		s.first(server.ID, c.before)
		seen := s.watch()
		s.must(s.do(s.as("demo"), s.server(server.ID), c.verb))
		s.wantStates(server.ID, c.queued)
		s.work()
		s.wantStates(server.ID, c.then)
		if diff := cmp.Diff([]string{c.midst}, *seen); diff != "" {
			t.Errorf("in the midst (-want +got):\n%s", diff)
		}
		server = s.server(server.ID)
		if s.machine(server) != c.power || server.PowerState != c.power {
			t.Errorf("power state %d of the machine, %d of the server, want %d", s.machine(server), server.PowerState, c.power)
		}
		lines := s.record(server.ID)
		if last := lines[len(lines)-1]; last != c.record {
			t.Errorf("record %q, want %q", last, c.record)
		}
		s.settled()
	})
}
