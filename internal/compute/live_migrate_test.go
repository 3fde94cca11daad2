package compute_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// lastMigration is the latest migration of a server.
func (s *site) lastMigration(id string) nova.Migration {
	s.t.Helper()
	all, err := s.store.MigrationsOf(s.t.Context(), id)
	s.must(err)
	if len(all) == 0 {
		s.t.Fatal("there is no migration")
	}
	return all[len(all)-1]
}

// TestLiveMigrate moves servers that run and are paused, to the best host and to a named
// one. They go on as they were.
func TestLiveMigrate(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]struct {
		first  []compute.Verb
		wanted func(to string) compute.LiveMigration
		states string
	}{
		"to the best":     {nil, func(string) compute.LiveMigration { return compute.LiveMigration{} }, "active"},
		"to a host":       {nil, func(to string) compute.LiveMigration { return compute.LiveMigration{Host: to} }, "active"},
		"forced":          {nil, func(to string) compute.LiveMigration { return compute.LiveMigration{Host: to, Force: true} }, "active"},
		"a paused server": {[]compute.Verb{compute.Pause}, func(string) compute.LiveMigration { return compute.LiveMigration{} }, "paused"},
	}, func(t *testing.T, s *site, _ string, c struct {
		first  []compute.Verb
		wanted func(to string) compute.LiveMigration
		states string
	},
	) {
		s.up()
		server := s.boot(s.as("demo"), onPrivate)
		s.first(server.ID, c.first...)
		server = s.server(server.ID)
		to := map[string]string{"fake-1": "fake-2", "fake-2": "fake-1"}[server.Host]
		s.must(s.api.LiveMigrate(s.as("admin"), server, c.wanted(to)))
		s.wantStates(server.ID, c.states+" migrating")
		s.work()
		now := s.server(server.ID)
		s.wantStates(server.ID, c.states)
		if now.Host != to || now.PowerState != server.PowerState || !now.LaunchedAt.Equal(*server.LaunchedAt) || now.Elsewhere != nil {
			t.Errorf("on %s, power state %d, launched at %v, elsewhere %v", now.Host, now.PowerState, now.LaunchedAt, now.Elsewhere)
		}
		m := s.lastMigration(server.ID)
		if m.Type != nova.MigrationLive || m.Status != nova.MigrationCompleted || m.SourceHost != server.Host || m.TargetHost != to {
			t.Errorf("migration %+v", m)
		}
		s.work() // the old host removes what it has
		s.settled()
		s.clear(server.ID)
	})
}

// TestLiveMigrate_Progress shows how far the migration is, and hurries it.
func TestLiveMigrate_Progress(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.up()
		server := s.boot(s.as("demo"), func(n *compute.ServerRequest) { n.Metadata = map[string]string{"fake:live_migration_time": "20"} })
		s.must(s.api.LiveMigrate(s.as("admin"), server, compute.LiveMigration{}))
		var seen []string
		s.hooks.set(func(h *hooks) {
			h.waits = func(d time.Duration) {
				m := s.lastMigration(server.ID)
				if m.MemoryTotal == nil {
					seen = append(seen, fmt.Sprint(m.Status))
					return
				}
				seen = append(seen, fmt.Sprintf("%s %d of %d MB", m.Status, *m.MemoryProcessed>>20, *m.MemoryTotal>>20))
				if len(seen) == 4 {
					s.must(s.api.HurryMigration(s.as("admin"), s.server(server.ID), strconv.FormatInt(m.Serial, 10)))
				}
			}
		})
		s.work()
		s.hooks.set(func(h *hooks) { h.waits = nil })
		want := "running; running 51 of 512 MB; running 102 of 512 MB; running 153 of 512 MB"
		if got := strings.Join(seen[:min(4, len(seen))], "; "); got != want {
			t.Errorf("seen: %s, want %s", got, want)
		}
		if len(seen) > 6 {
			t.Errorf("it took its time: %q", seen)
		}
		s.wantStates(server.ID, "active")
		lines := s.record(server.ID)
		if last := lines[len(lines)-1]; last != "live_migration_force_complete: compute_live_migration_force_complete" {
			t.Errorf("record %q", last)
		}
		s.work()
		s.settled()
	})
}

// TestLiveMigrate_Abort ends a migration while it is copied, and before: the server goes
// on where it was.
func TestLiveMigrate_Abort(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]struct {
		during string // a verb of the driver; empty: before anything is done
		status nova.MigrationStatus
	}{
		"while it is copied": {"send_live", nova.MigrationCancelled},
		"too late":           {"receive_live", nova.MigrationCompleted},
	}, func(t *testing.T, s *site, _ string, c struct {
		during string
		status nova.MigrationStatus
	},
	) {
		s.up()
		server := s.boot(s.as("demo"), onPrivate, fromDisks(onVolume("image", cirros, 1, true)))
		s.must(s.api.LiveMigrate(s.as("admin"), server, compute.LiveMigration{}))
		var refused error
		s.hooks.set(func(h *hooks) {
			h.driver = func(_ context.Context, verb string, _ nova.Server) error {
				if verb == c.during {
					s.hooks.set(func(h *hooks) { h.driver = nil })
					refused = s.api.AbortMigration(s.as("admin"), s.server(server.ID), strconv.FormatInt(s.lastMigration(server.ID).Serial, 10), false)
				}
				return nil
			}
		})
		s.work()
		if (refused == nil) != (c.status == nova.MigrationCancelled) {
			t.Errorf("refused: %v", refused)
		}
		if m := s.lastMigration(server.ID); m.Status != c.status {
			t.Errorf("migration is %s", m.Status)
		}
		if moved := s.server(server.ID).Host != server.Host; moved != (c.status == nova.MigrationCompleted) {
			t.Errorf("moved: %v", moved)
		}
		s.wantStates(server.ID, "active")
		s.work()
		s.settled()
		s.clear(server.ID)
	})
}

// TestLiveMigrate_Fail fails at each step: the server goes on where it was, with its ports
// and volumes.
func TestLiveMigrate_Fail(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]string{"send": "send_live", "receive": "receive_live"}, func(t *testing.T, s *site, _ string, verb string) {
		s.up()
		server := s.boot(s.as("demo"), onPrivate)
		s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: s.volume("demo")})
		s.must(s.api.LiveMigrate(s.as("admin"), s.server(server.ID), compute.LiveMigration{}))
		s.hooks.set(func(h *hooks) { h.driver = failing(verb) })
		s.work()
		s.hooks.set(func(h *hooks) { h.driver = nil })
		s.wantStates(server.ID, "active")
		if now := s.server(server.ID); now.Host != server.Host || now.Elsewhere != nil {
			t.Errorf("on %s, elsewhere %v", now.Host, now.Elsewhere)
		}
		if m := s.lastMigration(server.ID); m.Status != nova.MigrationFailed {
			t.Errorf("migration is %s", m.Status)
		}
		s.settled()
		s.clear(server.ID)
	})
}

// TestLiveMigrate_Refused is what is refused at once, and what a client is told who waits.
func TestLiveMigrate_Refused(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.up()
		ctx, server := s.as("admin"), s.boot(s.as("demo"))
		wantRefusal(t, s.api.LiveMigrate(ctx, server, compute.LiveMigration{Host: "mars"}), nova.Invalid, "Compute host mars could not be found.")
		stop := s.start()
		err := s.api.LiveMigrate(ctx, server, compute.LiveMigration{Host: server.Host, Force: true, Wait: true})
		s.must(stop())
		wantRefusal(t, err, nova.Invalid, "Unable to migrate instance ("+server.ID+") to current host ("+server.Host+").")
		m := strconv.FormatInt(s.lastMigration(server.ID).Serial, 10)
		server = s.server(server.ID)
		wantRefusal(t, s.api.AbortMigration(ctx, server, m, true), nova.Conflict,
			"Instance "+server.ID+" is in an invalid state for 'abort live migration'")
		wantRefusal(t, s.api.HurryMigration(ctx, server, m), nova.Conflict, "Instance "+server.ID+" is in an invalid state for 'force_complete'")
		s.must(s.api.LiveMigrate(ctx, server, compute.LiveMigration{}))
		wantRefusal(t, s.api.AbortMigration(ctx, server, "4711", true), nova.NotFound, "Migration 4711 not found for instance "+server.ID)
		wantRefusal(t, s.api.AbortMigration(ctx, server, m, true), nova.Invalid,
			"Migration "+m+" state of instance "+server.ID+" is error. Cannot abort live migration while the migration is in this state.")
		s.work()
		s.forceDown(s.server(server.ID).Host)
		server = s.server(server.ID)
		wantRefusal(t, s.api.LiveMigrate(ctx, server, compute.LiveMigration{}), nova.Invalid, "Compute service of "+server.Host+" is unavailable at this time.")
		s.up()
		s.work()
		s.settled()
	})
}

// TestLiveMigrate_Left breaks migrations off when the new host has a copy of the server
// already. The server goes on where it was, with its ports, and what it is next is what
// arrives on a host, and not what the copy was.
func TestLiveMigrate_Left(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]struct {
		reset bool // somebody resets the server's state; otherwise the host fails, and can't remove the copy
		kept  bool // the copy is the server's to remove, and no migration leads to it
	}{"the host fails": {false, false}, "the state is reset": {true, true}}, func(t *testing.T, s *site, _ string, c struct{ reset, kept bool }) {
		s.up()
		server := s.boot(s.as("demo"), onPrivate)
		s.must(s.api.LiveMigrate(s.as("admin"), server, compute.LiveMigration{}))
		arrived := false
		s.hooks.set(func(h *hooks) {
			h.driver = func(_ context.Context, verb string, _ nova.Server) error {
				arrived = arrived || verb == "receive_live"
				switch {
				case !arrived || verb != "power_state" && verb != "destroy":
					return nil
				case c.reset:
					s.hooks.set(func(h *hooks) { h.driver = nil })
					return s.api.ResetState(s.as("admin"), s.server(server.ID), nova.Active)
				}
				return errors.New("the host is on fire")
			}
		})
		_, err := s.worker.RunOne(t.Context()) // and nothing is removed yet
		s.must(err)
		s.hooks.set(func(h *hooks) { h.driver = nil })
		s.wantStates(server.ID, "active")
		if now := s.server(server.ID); now.Host != server.Host || (now.Elsewhere != nil) != c.kept {
			t.Errorf("on %s, elsewhere %v", now.Host, now.Elsewhere)
		}
		if m := s.lastMigration(server.ID); m.Status != nova.MigrationFailed {
			t.Errorf("migration is %s", m.Status)
		}
		for _, port := range s.ports(server.ID) {
			if !c.reset && port.Host != server.Host {
				t.Errorf("port is bound to %s", port.Host)
			}
		}
		s.work() // the new host removes the copy
		s.first(server.ID, compute.Pause)
		s.must(s.api.LiveMigrate(s.as("admin"), s.server(server.ID), compute.LiveMigration{}))
		s.work()
		s.wantStates(server.ID, "paused")
		now := s.server(server.ID)
		if moved := now.Host != server.Host; moved == c.kept || now.PowerState != nova.PowerPaused {
			t.Errorf("moved: %v, power state %d", moved, now.PowerState)
		}
		s.clear(server.ID)
		s.settled()
	})
}

// TestLiveMigrate_TargetDies has the new host go down at each of its steps, whether its
// process is dead or was only declared to be. The server goes on where it is, with its
// ports and volumes, and the new host, when it is back, has nothing of it.
func TestLiveMigrate_TargetDies(t *testing.T) {
	t.Parallel()
	type testCase struct {
		during string // the verb of a driver before which the process dies
		alive  bool   // it goes on, although its host was declared to be down
		silent bool   // nobody has declared anything: it has not been heard of for long enough
	}
	eachCase(t, map[string]testCase{
		"before it has said whether it will do": {"", false, false},
		"before the server has arrived":         {"receive_live", false, false},
		"when the server has arrived":           {"power_state", false, false},
		"and nobody knows":                      {"receive_live", false, true},
		"while it takes the server in":          {"receive_live", true, false},
		"while it looks at what has arrived":    {"power_state", true, false},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		s.up()
		server := s.boot(s.as("demo"), onPrivate)
		s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: s.volume("demo")})
		server = s.server(server.ID)
		ports, target := s.ports(server.ID), s.other(server)
		driver := s.local.Driver(target)
		s.must(s.api.LiveMigrate(s.as("admin"), server, compute.LiveMigration{Host: target, Force: true}))
		ctx, die := context.WithCancel(t.Context())
		defer die()
		down := func() {
			if c.silent {
				s.silence(target, 24*time.Hour)
			} else {
				s.forceDown(target)
			}
			if c.alive {
				s.must(s.newWorker().TurnBack(t.Context()))
				return
			}
			s.local.Drop(target)
			die()
		}
		arrives := false
		s.hooks.set(func(h *hooks) {
			h.driver = func(_ context.Context, verb string, _ nova.Server) error {
				if arrives = arrives || verb == "receive_live"; arrives && verb == c.during {
					s.hooks.set(func(h *hooks) { h.driver = nil })
					down()
				}
				return ctx.Err()
			}
		})
		if c.during == "" {
			s.forceDown(target)
			s.local.Drop(target)
		}
		_, err := s.worker.RunOne(ctx)
		if ctx.Err() == nil {
			s.must(err)
		}
		s.clock.advance(2 * lease)
		if !c.alive {
			if s.work() != 0 {
				t.Error("somebody has done a dead host's work")
			}
			s.wantStates(server.ID, "active migrating")
		}
		s.must(s.worker.TurnBack(t.Context()))
		s.work()
		s.wantStates(server.ID, "active")
		now := s.server(server.ID)
		if now.Host != server.Host || now.Elsewhere != nil || s.machine(now) != nova.Running || now.Fault == nil ||
			now.Fault.Message != "Compute service of "+target+" is unavailable at this time." {
			t.Errorf("on %s, elsewhere %+v, fault %+v", now.Host, now.Elsewhere, now.Fault)
		}
		s.wantPortsOn(server.ID, server.Host, ports)
		if m := s.lastMigration(server.ID); m.Status != nova.MigrationFailed {
			t.Errorf("migration is %s", m.Status)
		}
		s.local.Add(target, driver)
		s.silence(target, 0)
		s.up()
		s.work()
		if s.isOn(target, server.ID) {
			t.Error("there are two of it")
		}
		s.settled()
		s.must(s.api.LiveMigrate(s.as("admin"), now, compute.LiveMigration{Host: target}))
		s.work()
		if now = s.server(server.ID); now.Host != target {
			t.Errorf("it can't be moved any more: on %s, %+v", now.Host, now.Fault)
		}
		s.settled()
		s.clear(server.ID)
	})
}

// TestLiveMigrate_TurnBack leaves alone what it is not for: a host that is up, and the
// way back.
func TestLiveMigrate_TurnBack(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.up()
		server := s.boot(s.as("demo"), onPrivate)
		target := s.other(server)
		driver := s.local.Driver(target)
		s.local.Drop(target)
		s.must(s.api.LiveMigrate(s.as("admin"), server, compute.LiveMigration{Host: target}))
		s.work()
		s.must(s.worker.TurnBack(t.Context()))
		if s.work() != 0 {
			t.Error("a host that is up has lost its work")
		}
		source := s.local.Driver(server.Host)
		s.local.Drop(server.Host)
		s.forceDown(target)
		for range 2 { // the second time, the action is on its way back, and waits for a scheduler
			s.must(s.worker.TurnBack(t.Context()))
		}
		s.local.Add(server.Host, source)
		s.local.Add(target, driver)
		s.up()
		s.work()
		s.wantStates(server.ID, "active")
		if now := s.server(server.ID); now.Host != server.Host {
			t.Errorf("on %s", now.Host)
		}
		s.settled()
	})
}

// TestLiveMigrate_Lost has another worker take the action over while the first still
// copies: that stops, and shows no progress any more.
func TestLiveMigrate_Lost(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.up()
		server := s.boot(s.as("demo"), func(n *compute.ServerRequest) { n.Metadata = map[string]string{"fake:live_migration_time": "20"} })
		s.must(s.api.LiveMigrate(s.as("admin"), server, compute.LiveMigration{}))
		waited, late, second := 0, 0, s.newWorker()
		s.hooks.set(func(h *hooks) {
			h.waits = func(time.Duration) {
				waited++
				if waited == 2 {
					s.clock.advance(2 * lease)
					s.hooks.set(func(h *hooks) { h.waits = nil })
					s.workWith(second)
					s.hooks.set(func(h *hooks) { h.waits = func(time.Duration) { late++ } })
				}
			}
		})
		if _, err := s.worker.RunOne(t.Context()); err != nil {
			t.Error(err)
		}
		s.hooks.set(func(h *hooks) { h.waits = nil })
		if waited != 2 || late > 0 {
			t.Errorf("the first one copied for %d ticks, and for %d more after it had lost the action", waited, late)
		}
		s.wantStates(server.ID, "active")
		if m := s.lastMigration(server.ID); m.Status != nova.MigrationCompleted {
			t.Errorf("migration is %s", m.Status)
		}
		s.work()
		s.settled()
	})
}
