package compute_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// up has an operator declare all hosts up again.
func (s *site) up() { s.forceDown("") }

// isOn reports whether a host runs a server.
func (s *site) isOn(host, id string) bool {
	s.t.Helper()
	ids, err := s.local.Driver(host).List(s.t.Context())
	s.must(err)
	return slices.Contains(ids, id)
}

// TestEvacuate makes a server anew in each of the states that it may have, and whether
// it is to be stopped or not. The host that was down removes it.
func TestEvacuate(t *testing.T) {
	t.Parallel()
	type testCase struct {
		first  compute.Verb
		change db.ServerChange
		with   compute.Evacuation
		state  string
	}
	eachCase(t, map[string]testCase{
		"active":             {state: "active"},
		"stopped":            {first: compute.Stop, state: "stopped"},
		"in error":           {change: db.ServerChange{VMState: new(nova.Errored)}, state: "active"},
		"busy":               {change: db.ServerChange{TaskState: new(nova.Pausing)}, state: "active"},
		"to be stopped":      {with: compute.Evacuation{Stop: true}, state: "stopped"},
		"in error, to stop":  {change: db.ServerChange{VMState: new(nova.Errored)}, with: compute.Evacuation{Stop: true}, state: "active"},
		"locked":             {change: db.ServerChange{LockedBy: new("owner")}, state: "active"},
		"to a host":          {with: compute.Evacuation{Host: "OTHER"}, state: "active"},
		"forced to a host":   {with: compute.Evacuation{Host: "OTHER", Force: true}, state: "active"},
		"with a password":    {with: compute.Evacuation{Password: new("s3cret")}, state: "active"},
		"left on its target": {change: db.ServerChange{Elsewhere: new(&nova.Elsewhere{Host: "mars", Node: "mars"})}, state: "active"},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		s.up()
		before := s.boot(s.as("demo"), onPrivate)
		s.first(before.ID, c.first)
		ports, target := s.ports(before.ID), s.other(before)
		before = s.put(before.ID, c.change)
		s.forceDown(before.Host)
		c.with.Host = strings.ReplaceAll(c.with.Host, "OTHER", target)
		password, err := s.api.Evacuate(s.as("admin"), before, c.with)
		s.must(err)
		if password == "" || c.with.Password != nil && password != *c.with.Password {
			t.Errorf("the password is %q", password)
		}
		s.wantStates(before.ID, string(before.VMState)+" rebuilding")
		s.wantMigration(before.ID, nova.MigrationEvacuation, nova.MigrationAccepted, before.Host, c.with.Host)
		s.work()
		s.wantStates(before.ID, c.state)
		now := s.server(before.ID)
		if now.Host != target || now.Elsewhere != nil || s.machine(now) != now.PowerState || !strings.HasPrefix(s.read(now), "nova fake disk of server "+now.ID) {
			t.Errorf("on %s, and on %+v", now.Host, now.Elsewhere)
		}
		s.wantPortsOn(before.ID, target, ports)
		if s.isOn(before.Host, before.ID) {
			t.Error("the host that was down still has it")
		}
		s.wantMigration(before.ID, nova.MigrationEvacuation, nova.MigrationCompleted, before.Host, target)
		record := s.record(before.ID)
		want := "evacuate: rebuild_server, compute_rebuild_instance"
		if c.state == "stopped" {
			want += ", compute_stop_instance"
		}
		if record[len(record)-1] != want {
			t.Errorf("on record: %v", record)
		}
		s.put(before.ID, db.ServerChange{LockedBy: new("")})
		s.settled()
		s.clear(before.ID)
		left, err := s.store.LeftOfServer(t.Context(), before.ID)
		s.must(err)
		for _, l := range left {
			_, err := s.store.ForgetOnHost(t.Context(), l.ServerID, l.Host) // mars, which is nobody's
			s.must(err)
		}
	})
}

// TestEvacuate_Fenced has a host that is back remove what was evacuated before it does
// anything else, in the midst of the evacuation or after it.
func TestEvacuate_Fenced(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"), onPrivate)
		source, target := s.local.Driver(server.Host), s.other(server)
		s.forceDown(server.Host)
		s.local.Drop(server.Host)
		_, err := s.api.Evacuate(s.as("admin"), server, compute.Evacuation{})
		s.must(err)
		s.work()
		s.wantStates(server.ID, "active")
		s.wantMigration(server.ID, nova.MigrationEvacuation, nova.MigrationDone, server.Host, target)
		s.local.Add(server.Host, source)
		if !s.isOn(server.Host, server.ID) {
			t.Fatal("the host that was down has forgotten it by itself")
		}
		s.forceDown(target) // the server could be evacuated to where it came from, but for what is there
		_, err = s.api.Evacuate(s.as("admin"), s.server(server.ID), compute.Evacuation{})
		s.must(err)
		s.work()
		s.wantStates(server.ID, "active")
		s.up()
		now := s.server(server.ID)
		if now.Host != server.Host || s.isOn(target, server.ID) {
			t.Errorf("it is on %s, and on %s: %t", now.Host, target, s.isOn(target, server.ID))
		}
		s.settled()
		s.clear(server.ID)
		s.settled()
	})
}

// TestEvacuate_Refused is what an administrator is told.
func TestEvacuate_Refused(t *testing.T) {
	t.Parallel()
	type testCase struct {
		change db.ServerChange
		host   string
		up     bool
		kind   nova.Kind
		text   string
	}
	eachCase(t, map[string]testCase{
		"unknown host":  {host: "mars", kind: nova.NotFound, text: "Compute host mars not found."},
		"the same host": {host: "HERE", kind: nova.Invalid, text: "The target host can't be the same one."},
		"host is up":    {up: true, kind: nova.Invalid, text: "Compute service of HERE is still in use."},
		"paused":        {change: db.ServerChange{VMState: new(nova.Paused)}, kind: nova.Conflict, text: "Cannot 'evacuate' instance ID while it is in vm_state paused"},
		"no host":       {change: db.ServerChange{Host: new("")}, kind: nova.Conflict, text: "Instance ID is not ready"},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		s.up()
		server := s.boot(s.as("demo"))
		if !c.up {
			s.forceDown(server.Host)
		}
		text := strings.NewReplacer("ID", server.ID, "HERE", server.Host)
		_, err := s.api.Evacuate(s.as("admin"), s.put(server.ID, c.change), compute.Evacuation{Host: text.Replace(c.host)})
		wantRefusal(t, err, c.kind, text.Replace(c.text))
		if number := s.work(); number != 0 {
			t.Errorf("%d actions were queued", number)
		}
		s.put(server.ID, db.ServerChange{VMState: new(nova.Active), Host: &server.Host})
		s.up()
		s.clear(server.ID)
	})
}

// TestEvacuate_Fails leaves a server on its host, in error, from where it can be
// evacuated again.
func TestEvacuate_Fails(t *testing.T) {
	t.Parallel()
	type testCase struct {
		change func(s *site, server nova.Server)
		with   compute.Evacuation
		text   string
		status nova.MigrationStatus
	}
	eachCase(t, map[string]testCase{
		"no host":        {change: func(s *site, server nova.Server) { s.put(server.ID, db.ServerChange{PinnedZone: new(new("mars"))}) }, text: "No valid host was found. There are not enough hosts available.", status: nova.MigrationFailed},
		"host is back":   {change: func(s *site, _ nova.Server) { s.up() }, text: "Compute service of HERE is still in use.", status: nova.MigrationFailed},
		"to spawn":       {change: func(s *site, _ nova.Server) { s.failOnce("spawn", errors.New("boom")) }, text: "boom", status: nova.MigrationTakenBack},
		"not on storage": {change: func(*site, nova.Server) {}, with: compute.Evacuation{Shared: true}, text: "Invalid state of instance files on shared storage", status: nova.MigrationTakenBack},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		s.up()
		server := s.boot(s.as("demo"), onPrivate)
		ports, source := s.ports(server.ID), s.local.Driver(server.Host)
		s.forceDown(server.Host)
		_, err := s.api.Evacuate(s.as("admin"), server, c.with)
		s.must(err)
		s.local.Drop(server.Host)
		c.change(s, server)
		s.work()
		s.local.Add(server.Host, source)
		s.work()
		s.wantStates(server.ID, "error")
		now := s.server(server.ID)
		if now.Host != server.Host || now.Fault == nil || now.Fault.Message != strings.ReplaceAll(c.text, "HERE", server.Host) || now.Elsewhere != nil {
			t.Errorf("on %s, fault %+v, elsewhere %+v", now.Host, now.Fault, now.Elsewhere)
		}
		if all, err := s.store.MigrationsOf(t.Context(), server.ID); err != nil || all[0].Status != c.status {
			t.Errorf("on record: %+v, %v", all, err)
		}
		s.wantPortsOn(server.ID, server.Host, ports)
		s.settled()
		s.put(server.ID, db.ServerChange{PinnedZone: new((*string)(nil))})
		s.forceDown(server.Host)
		_, err = s.api.Evacuate(s.as("admin"), s.server(server.ID), compute.Evacuation{})
		s.must(err)
		s.work()
		s.wantStates(server.ID, "active")
		s.settled()
		s.up()
		s.clear(server.ID)
	})
}

// TestDelete_HostIsDown removes a server from the books at once, whatever it was busy
// with, and from its host when that is back.
func TestDelete_HostIsDown(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]compute.Verb{"idle": "", "busy": compute.Stop, "resized": compute.Resize, "being deleted": compute.Delete}, func(t *testing.T, s *site, name string, verb compute.Verb) {
		s.up()
		server := s.boot(s.as("demo"), onPrivate)
		if verb == compute.Resize {
			s.first(server.ID, verb)
		} else if verb != "" {
			s.must(s.do(s.as("demo"), server, verb))
		}
		server = s.server(server.ID)
		driver := s.local.Driver(server.Host)
		s.local.Drop(server.Host)
		s.forceDown(server.Host)
		s.must(s.api.Delete(s.as("demo"), server))
		s.wantStates(server.ID, "deleted")
		if diff := cmp.Diff("delete", s.record(server.ID)[len(s.record(server.ID))-1]); diff != "" {
			t.Errorf("%s, on record (-want +got):\n%s", name, diff)
		}
		s.local.Add(server.Host, driver)
		if !s.isOn(server.Host, server.ID) {
			t.Fatal("the host that was down has forgotten it by itself")
		}
		s.up()
		s.work()
		s.sweepPorts()
		s.settled()
	})
}

// TestEvacuate_BrokenOff says that a server is well where it is while it is made anew
// elsewhere: its host, when it is back, keeps it.
func TestEvacuate_BrokenOff(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.up()
		server := s.boot(s.as("demo"))
		s.forceDown(server.Host)
		_, err := s.api.Evacuate(s.as("admin"), server, compute.Evacuation{})
		s.must(err)
		s.hooks.set(func(h *hooks) {
			h.driver = func(_ context.Context, verb string, _ nova.Server) error {
				if verb != "spawn" {
					return nil
				}
				s.hooks.set(func(h *hooks) { h.driver = nil })
				return s.api.ResetState(s.as("admin"), s.server(server.ID), nova.Active)
			}
		})
		s.work()
		s.up()
		s.work()
		if now := s.server(server.ID); now.Host != server.Host || !s.isOn(now.Host, now.ID) {
			t.Errorf("the server is on %s, which has it: %v", now.Host, s.isOn(now.Host, now.ID))
		}
		s.clear(server.ID)
		s.settled()
	})
}

// TestClearHosts goes on with other servers when one can't be removed, which is left for
// the next time.
func TestClearHosts(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		servers := []nova.Server{s.boot(s.as("demo")), s.boot(s.as("demo"))}
		for _, server := range servers {
			s.forceDown(server.Host)
			s.must(s.api.Delete(s.as("demo"), server))
		}
		s.up()
		s.hooks.set(func(h *hooks) {
			h.driver = func(_ context.Context, verb string, server nova.Server) error {
				if verb == "destroy" && server.ID == servers[0].ID {
					return errors.New("the host is on fire")
				}
				return nil
			}
		})
		if err := s.worker.ClearHosts(t.Context()); err == nil || !strings.Contains(err.Error(), "on fire") {
			t.Errorf("the first was removed: %v", err)
		}
		for i, want := range []bool{true, false} {
			if s.isOn(servers[i].Host, servers[i].ID) != want {
				t.Errorf("server %d: there %t, want %t", i, !want, want)
			}
		}
		s.hooks.set(func(h *hooks) { h.driver = nil })
		s.must(s.worker.ClearHosts(t.Context()))
		s.sweepPorts()
		s.settled()
	})
}
