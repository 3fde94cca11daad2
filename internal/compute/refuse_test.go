package compute_test

import (
	"strings"
	"testing"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// put writes a server's columns, as only a test may.
func (s *site) put(id string, change db.ServerChange) nova.Server {
	s.t.Helper()
	s.must(s.store.ChangeServer(s.t.Context(), id, change))
	return s.server(id)
}

// TestVerbs_Refused is what a client is told beyond TestVerbs_RefusedEach, and
// that nothing was done. The order of the reasons is Nova's.
func TestVerbs_Refused(t *testing.T) {
	t.Parallel()
	type testCase struct {
		verb   compute.Verb
		change db.ServerChange
		text   string
	}
	eachCase(t, map[string]testCase{
		"snapshot while built":    {compute.Snapshot, db.ServerChange{VMState: new(nova.Building)}, "Cannot 'createImage' instance ID while it is in vm_state building"},
		"no host":                 {compute.Stop, db.ServerChange{Host: new("")}, "Instance ID is not ready"},
		"no host before state":    {compute.Start, db.ServerChange{Host: new("")}, "Instance ID is not ready"},
		"locked before the state": {compute.Start, db.ServerChange{LockedBy: new("owner")}, "Instance ID is locked"},
		"state before the task":   {compute.Start, db.ServerChange{TaskState: new(nova.Pausing)}, "Cannot 'start' instance ID while it is in vm_state active"},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		ctx := s.as("demo")
		server := s.boot(ctx)
		before := s.put(server.ID, c.change)
		wantRefusal(t, s.do(ctx, before, c.verb), nova.Conflict, strings.ReplaceAll(c.text, "ID", server.ID))
		s.wantStates(server.ID, states(before))
		if done := s.record(server.ID); len(done) != 1 {
			t.Errorf("record %q", done)
		}
		if number := s.work(); number != 0 {
			t.Errorf("%d actions were queued", number)
		}
	})
}

// TestVerbs_NeverLaunched is a server whose build failed: there is nothing to
// stop.
func TestVerbs_NeverLaunched(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.begin(s.as("demo"))
		s.must(s.api.ResetState(s.as("admin"), server, nova.Errored))
		server = s.put(server.ID, db.ServerChange{Host: new("fake-1")})
		wantRefusal(t, s.do(s.as("demo"), server, compute.Stop), nova.Conflict, "Instance "+server.ID+" is in an invalid state for 'stop'")
	})
}

// TestVerbs_AdminIsNotLockedOut is for whom locks don't hold.
func TestVerbs_AdminIsNotLockedOut(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		server = s.put(server.ID, db.ServerChange{LockedBy: new("owner")})
		for _, verb := range []compute.Verb{compute.Stop, compute.Start, compute.Delete} {
			s.must(s.do(s.as("admin"), s.server(server.ID), verb))
			s.work()
		}
		s.wantStates(server.ID, "deleted")
		s.settled()
	})
}

func TestLock(t *testing.T) {
	t.Parallel()
	type step struct {
		who    string
		reason string // "" for none, "unlock" to unlock
	}
	type testCase struct {
		steps      []step
		by, reason string
		override   map[string]bool // who it takes more of to unlock
		record     int             // how much of it is recorded
	}
	eachCase(t, map[string]testCase{
		"by the owner":                     {[]step{{"demo", "mine"}}, "owner", "mine", map[string]bool{"demo": false, "admin": true}, 1},
		"by an administrator":              {[]step{{"admin", "ours"}}, "admin", "ours", map[string]bool{"demo": true, "admin": false}, 1},
		"again by the owner":               {[]step{{"demo", "mine"}, {"demo", "new"}}, "owner", "mine", nil, 1},
		"the owner after an administrator": {[]step{{"admin", "ours"}, {"demo", "mine"}}, "admin", "ours", nil, 1},
		"an administrator after the owner": {[]step{{"demo", "mine"}, {"admin", "ours"}}, "admin", "ours", nil, 2},
		"without a new reason":             {[]step{{"demo", "mine"}, {"admin", ""}}, "admin", "mine", nil, 2},
		"unlocked":                         {[]step{{"demo", "mine"}, {"demo", "unlock"}}, "", "", map[string]bool{"demo": false, "admin": false}, 2},
		"unlocked twice":                   {[]step{{"demo", "unlock"}, {"demo", "unlock"}}, "", "", nil, 2},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		server := s.boot(s.as("demo"))
		for _, step := range c.steps {
			switch step.reason {
			case "unlock":
				s.must(s.api.Unlock(s.as(step.who), s.server(server.ID)))
			case "":
				s.must(s.api.Lock(s.as(step.who), s.server(server.ID), nil))
			default:
				s.must(s.api.Lock(s.as(step.who), s.server(server.ID), &step.reason))
			}
		}
		server = s.server(server.ID)
		reason := ""
		if server.LockedReason != nil {
			reason = *server.LockedReason
		}
		if server.LockedBy != c.by || reason != c.reason {
			t.Errorf("locked by %q because %q, want %q, %q", server.LockedBy, reason, c.by, c.reason)
		}
		for who, want := range c.override {
			if got := compute.LockedByOther(s.as(who), server); got != want {
				t.Errorf("locked by another than %s: %v, want %v", who, got, want)
			}
		}
		if done := s.record(server.ID); len(done) != 1+c.record {
			t.Errorf("record %q", done)
		}
		s.settled()
	})
}

func TestResetState(t *testing.T) {
	t.Parallel()
	type testCase struct {
		during compute.Verb // what is broken off, if anything
		to     nova.VMState
	}
	eachCase(t, map[string]testCase{
		"at rest":                {"", nova.Errored},
		"while stopping":         {compute.Stop, nova.Active},
		"while being deleted":    {compute.Delete, nova.Errored},
		"while an image is made": {compute.Snapshot, nova.Active},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		server := s.boot(s.as("demo"))
		if c.during != "" {
			s.must(s.do(s.as("demo"), server, c.during))
		}
		s.must(s.api.ResetState(s.as("admin"), server, c.to))
		s.wantStates(server.ID, string(c.to))
		if number := s.work(); number != 0 {
			t.Errorf("%d actions were left", number)
		}
		s.wantStates(server.ID, string(c.to))
		s.settled()
		s.must(s.api.Delete(s.as("demo"), s.server(server.ID)))
		s.work()
		s.wantStates(server.ID, "deleted")
		s.settled()
	})
}
