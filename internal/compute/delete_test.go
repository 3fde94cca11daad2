package compute_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

func TestDelete(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		server := s.boot(ctx, onPrivate)
		s.must(s.api.Delete(s.as("demo"), server))
		s.wantStates(server.ID, "active deleting")
		s.must(s.api.Delete(s.as("demo"), server)) // once more changes nothing
		if number := s.work(); number != 1 {
			t.Errorf("%d actions", number)
		}
		deleted := s.server(server.ID)
		s.wantStates(server.ID, "deleted")
		if deleted.DeletedAt == nil || deleted.TerminatedAt == nil || deleted.PowerState != nova.NoState || len(deleted.Addresses) > 0 {
			t.Errorf("deleted: %+v", deleted)
		}
		if ports := s.ports(server.ID); len(ports) > 0 {
			t.Errorf("ports left: %v", ports)
		}
		s.wantRecord(server.ID, "create: compute__do_build_and_run_instance", "delete: compute_terminate_instance")
		wantRefusal(t, s.api.Delete(ctx, server), nova.NotFound, "Instance "+server.ID+" could not be found.")
		s.settled()
	})
}

// TestDelete_WithoutHost is done at once: there is nobody to ask.
func TestDelete_WithoutHost(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		server := s.begin(ctx)
		s.must(s.api.Delete(s.as("demo"), server))
		s.wantStates(server.ID, "deleted")
		s.wantRecord(server.ID, "create (Error)", "delete")
		if number := s.work(); number != 0 {
			t.Errorf("%d actions were left", number)
		}
		s.settled()
	})
}

// TestDelete_WhileBusy removes a server in the midst of each verb: whoever is
// at work with it finds its action lost, and writes nothing.
func TestDelete_WhileBusy(t *testing.T) {
	t.Parallel()
	eachCase(t, verbsForTests, func(t *testing.T, s *site, verb compute.Verb, row verbRow) {
		if verb == compute.Delete || verb == compute.SoftDelete {
			return // one that is being deleted stays so
		}
		server := s.begun(verb)
		var midst nova.Server
		s.hooks.set(func(h *hooks) {
			h.driver = func(_ context.Context, verb string, _ nova.Server) error {
				if verb == row.asks {
					s.must(s.api.Delete(s.as("demo"), server))
					midst = s.server(server.ID)
				}
				return nil
			}
		})
		more, err := s.worker.RunOne(t.Context())
		if err != nil || !more {
			t.Fatalf("ran %v, %v", more, err)
		}
		after := s.server(server.ID)
		gone := after.TaskState == nova.Deleting || after.DeletedAt != nil // at once, if the server's host is down
		if states(midst) != states(after) || !gone || !after.UpdatedAt.Equal(*midst.UpdatedAt) {
			t.Errorf("%s became %s by the work that was broken off", states(midst), states(after))
		}
		s.work()
		s.wantStates(server.ID, "deleted")
		s.sweepPorts()
		s.settled()
	})
}

// TestDelete_Fails leaves the server in error, from where it can be tried again.
func TestDelete_Fails(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"), onPrivate)
		s.failOnce("destroy", errors.New("boom"))
		s.must(s.api.Delete(s.as("demo"), server))
		s.work()
		s.wantStates(server.ID, "error")
		if fault := s.server(server.ID).Fault; fault == nil || fault.Message != "boom" {
			t.Errorf("fault %+v", fault)
		}
		s.settled()
		s.must(s.api.Delete(s.as("demo"), s.server(server.ID)))
		s.work()
		s.wantStates(server.ID, "deleted")
		s.wantRecord(server.ID, "create: compute__do_build_and_run_instance",
			"delete (Error): compute_terminate_instance failed", "delete: compute_terminate_instance")
		s.settled()
	})
}

// failOnce fails a driver's verb, the first time: in a panic if so wanted.
func (s *site) failOnce(verb string, failure error) {
	failed := false
	s.hooks.set(func(h *hooks) {
		h.driver = func(_ context.Context, v string, _ nova.Server) error {
			if v != verb || failed {
				return nil
			}
			failed = true
			if errors.Is(failure, errPanic) {
				panic(failure)
			}
			return failure
		}
	})
}

// TestDelete_Together has two clients delete, and others do what they like with
// the same server: whoever deletes is never refused.
func TestDelete_Together(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		const rounds = 10
		ctx := s.as("demo")
		for range rounds {
			server := s.boot(ctx)
			results := make(chan error)
			deletes := []compute.Verb{compute.Delete, compute.Delete}
			others := []compute.Verb{compute.Stop, compute.HardReboot, compute.HardReboot, compute.Pause}
			for _, verb := range append(deletes, others...) {
				go func() {
					err := s.api.Do(ctx, server, verb)
					if verb == compute.Delete {
						err = s.api.Delete(ctx, server)
					} else if nova.Is(err, nova.Conflict) && nova.Message(err) != "There is one already." {
						err = nil
					}
					results <- err
				}()
			}
			for range len(deletes) + len(others) {
				if err := <-results; err != nil {
					t.Error(err)
				}
			}
			s.work()
			s.wantStates(server.ID, "deleted")
		}
		s.settled()
	})
}

// TestHardReboot_Supersedes a soft one that doesn't get anywhere.
func TestHardReboot_Supersedes(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		s.must(s.do(s.as("demo"), server, compute.SoftReboot))
		s.must(s.do(s.as("demo"), s.server(server.ID), compute.HardReboot))
		s.wantStates(server.ID, "active rebooting_hard")
		if number := s.work(); number != 1 {
			t.Errorf("%d actions", number)
		}
		s.wantStates(server.ID, "active")
		s.wantRecord(server.ID, "create: compute__do_build_and_run_instance", "reboot (Error)", "reboot: compute_reboot_instance")
		s.settled()
	})
}

// TestVerbs_Fail is where servers are left, as Nova leaves them.
func TestVerbs_Fail(t *testing.T) {
	t.Parallel()
	type testCase struct {
		first compute.Verb
		verb  compute.Verb
		at    string
		want  string
	}
	eachCase(t, map[string]testCase{
		"stop":                               {"", compute.Stop, "power_off", "active"},
		"start":                              {compute.Stop, compute.Start, "power_on", "stopped"},
		"pause":                              {"", compute.Pause, "pause", "active"},
		"unpause":                            {compute.Pause, compute.Unpause, "unpause", "paused"},
		"suspend":                            {"", compute.Suspend, "suspend", "active"},
		"resume":                             {compute.Suspend, compute.Resume, "resume", "suspended"},
		"reboot of one that runs on":         {"", compute.SoftReboot, "soft_reboot", "active"},
		"hard reboot of one that runs on":    {"", compute.HardReboot, "hard_reboot", "active"},
		"hard reboot of one that is stopped": {compute.Stop, compute.HardReboot, "hard_reboot", "error"},
		"rescue":                             {compute.Stop, compute.Rescue, "rescue", "error"},
		"unrescue":                           {compute.Rescue, compute.Unrescue, "unrescue", "error"},
		"snapshot":                           {"", compute.Snapshot, "snapshot", "active"},
		"backup":                             {compute.Pause, compute.Backup, "snapshot", "paused"},
		"quick backup":                       {compute.Stop, compute.BackupInstance, "snapshot", "stopped"},
		"power state":                        {"", compute.Stop, "power_state", "active"},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		for _, failure := range []error{errors.New("boom"), errPanic, errors.New("\x00\xff boom")} {
			server := s.boot(s.as("demo"))
			s.first(server.ID, c.first)
			s.must(s.do(s.as("demo"), s.server(server.ID), c.verb))
			s.failOnce(c.at, failure)
			s.work()
			s.wantStates(server.ID, c.want)
			if s.server(server.ID).Fault == nil {
				t.Error("the server doesn't remember why")
			}
			done := s.actions(server.ID)
			if last := done[len(done)-1]; last.Message == nil || *last.Message != "Error" || last.Events[0].Details == nil {
				t.Errorf("%q: record %q", failure, s.record(server.ID))
			}
		}
		s.settled()
	})
}

var errPanic = errors.New("panic")

// TestActions_WithoutSense end as well, and let the server go.
func TestActions_WithoutSense(t *testing.T) {
	t.Parallel()
	type testCase struct {
		verb, step, args string
		server           string // empty for a server that is there
		tries            int    // 0: it is left to others
	}
	eachCase(t, map[string]testCase{
		"of a verb that isn't known": {"juggle", "", "", "", 0},
		"of a step that isn't known": {"createImage", "juggle", "", "", 5},
		"that can't be read":         {"createImage", "create", "{", "", 1},
		"with arguments of another":  {"createImage", "create", "7", "", 1},
		"of a server that isn't":     {"stop", "stop", "", "00000000-0000-4000-8000-000000000000", 1},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		server := s.boot(s.as("demo"))
		s.put(server.ID, db.ServerChange{TaskState: new(nova.PoweringOff)})
		id := server.ID
		if c.server != "" {
			id = c.server
		}
		_, err := s.store.QueueAction(t.Context(), nova.Action{
			ServerID: id, Name: "juggle", RequestID: "req-1", Queue: server.Host, Exclusive: true, Verb: c.verb, Step: c.step, Args: c.args,
		})
		s.must(err)
		for range c.tries {
			if number := s.work(); number != 1 {
				t.Errorf("tried %d times at once", number)
			}
			s.clock.advance(20 * lease)
		}
		if number := s.work(); number != 0 {
			t.Errorf("tried %d times more", number)
		}
		action, err := s.store.Action(t.Context(), id, "req-1")
		s.must(err)
		if c.tries == 0 {
			if action.FinishTime != nil {
				t.Errorf("left %+v", action)
			}
			s.must(s.api.Delete(s.as("demo"), server)) // which nothing keeps from going
			s.work()
			s.wantStates(id, "deleted")
			return
		}
		if action.FinishTime == nil || action.Message == nil {
			t.Errorf("left %+v", action)
		}
		if c.server == "" {
			s.wantStates(id, "active")
		}
	})
}

// keepDeleted keeps deleted servers for an hour.
func keepDeleted(o *compute.Options) { o.ReclaimAfter = time.Hour }

// TestDelete_Soft keeps a deleted server, which counts for nothing meanwhile,
// until it is restored, deleted by force or reclaimed.
func TestDelete_Soft(t *testing.T) {
	t.Parallel()
	type testCase struct {
		then   func(s *site, server nova.Server) error
		state  string
		record []string // after create and the first delete
	}
	const softly, forGood = "delete: compute_soft_delete_instance", "delete: compute_terminate_instance"
	reclaim := func(after time.Duration) func(s *site, server nova.Server) error {
		return func(s *site, _ nova.Server) error {
			s.clock.advance(after)
			return s.api.EndWaits(s.t.Context())
		}
	}
	eachCase(t, map[string]testCase{
		"restored":        {func(s *site, server nova.Server) error { return s.api.Restore(s.as("demo"), server) }, "active", []string{"restore: compute_restore_instance"}},
		"by force":        {func(s *site, server nova.Server) error { return s.api.ForceDelete(s.as("demo"), server) }, "deleted", []string{forGood}},
		"again":           {func(s *site, server nova.Server) error { return s.api.Delete(s.as("demo"), server) }, "soft-delete", []string{softly}},
		"not long enough": {reclaim(50 * time.Minute), "soft-delete", nil},
		"long enough":     {reclaim(61 * time.Minute), "deleted", []string{forGood}},
		"declared active": {func(s *site, server nova.Server) error { return s.api.ResetState(s.as("admin"), server, nova.Active) }, "active", []string{"resetState"}},
		"locked, reclaimed": {func(s *site, server nova.Server) error {
			s.must(s.api.Lock(s.as("demo"), server, nil))
			return reclaim(2*time.Hour)(s, server)
		}, "deleted", []string{"lock: api_lock", forGood}},
		"restored in time": {func(s *site, server nova.Server) error {
			s.must(s.api.Restore(s.as("demo"), server))
			return reclaim(2*time.Hour)(s, server)
		}, "active", []string{"restore: compute_restore_instance"}},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		server := s.boot(s.as("demo"), onPrivate)
		s.must(s.api.Delete(s.as("demo"), server))
		s.wantStates(server.ID, "active soft-deleting")
		s.must(s.api.ForceDelete(s.as("demo"), server)) // which is deleting already
		s.work()
		s.wantStates(server.ID, "soft-delete")
		kept := s.server(server.ID)
		if kept.PowerState != nova.Shutdown || kept.Host == "" || len(s.ports(server.ID)) == 0 || kept.Usage() != (nova.Usage{}) {
			t.Errorf("kept %+v", kept)
		}
		s.settled()
		s.must(c.then(s, kept))
		s.work()
		s.wantStates(server.ID, c.state)
		s.wantRecord(server.ID, append([]string{"create: compute__do_build_and_run_instance", softly}, c.record...)...)
		s.settled()
		s.clear(server.ID)
	}, keepDeleted)
}

// TestDelete_SoftBeforeItRuns deletes a server for good that has never run.
func TestDelete_SoftBeforeItRuns(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.begin(s.as("demo"))
		s.must(s.api.Delete(s.as("demo"), server))
		s.wantStates(server.ID, "deleted")
		s.settled()
	}, keepDeleted)
}

// TestRestore_OverQuota is refused while others have what the server had, and
// nothing of it is left half done.
func TestRestore_OverQuota(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		s.must(s.api.Delete(s.as("demo"), server))
		s.work()
		other := s.boot(s.as("demo"))
		wantRefusal(t, s.api.Restore(s.as("demo"), s.server(server.ID)), nova.OverQuota,
			"Quota exceeded for instances: Requested 1, but already used 1 of 1 instances")
		s.wantStates(server.ID, "soft-delete")
		s.settled()
		s.must(s.api.ForceDelete(s.as("demo"), other))
		s.work()
		s.must(s.api.Restore(s.as("demo"), s.server(server.ID)))
		if used, err := s.store.Usage(t.Context(), server.ProjectID, ""); err != nil || used.Instances != 1 {
			t.Errorf("used %+v before anybody has begun, %v", used, err)
		}
		s.failOnce("power_on", errors.New("boom"))
		s.work()
		s.wantStates(server.ID, "soft-delete")
		s.settled()
	}, func(o *compute.Options) { o.ReclaimAfter, o.Quota = time.Hour, nova.Quota{nova.QuotaInstances: 1} })
}
