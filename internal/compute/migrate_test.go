package compute_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// wantMigration holds the last migration of a server to what became of it.
func (s *site) wantMigration(id string, kind nova.MigrationType, status nova.MigrationStatus, source, target string) {
	s.t.Helper()
	all, err := s.store.MigrationsOf(s.t.Context(), id)
	s.must(err)
	if len(all) == 0 {
		s.t.Fatal("no migration is on record")
	}
	if m := all[len(all)-1]; m.Type != kind || m.Status != status || m.SourceHost != source || m.TargetHost != target {
		s.t.Errorf("on record is %s, %s, from %q to %q, want %s, %s, from %q to %q", m.Type, m.Status, m.SourceHost, m.TargetHost, kind, status, source, target)
	}
}

// other is the host that a server is not on.
func (s *site) other(server nova.Server) string {
	if server.Host == "fake-1" {
		return "fake-2"
	}
	return "fake-1"
}

// TestMigrate moves a server, running or not, to a host of its own or of the
// scheduler's choice, and ends that in each of the ways that there are.
func TestMigrate(t *testing.T) {
	t.Parallel()
	type testCase struct {
		first  compute.Verb
		named  bool
		end    compute.Verb
		status nova.MigrationStatus
		record string
	}
	const (
		confirmed = "confirmResize: compute_confirm_resize"
		reverted  = "revertResize: compute_revert_resize, compute_finish_revert_resize"
	)
	eachCase(t, map[string]testCase{
		"confirmed":         {"", false, compute.ConfirmResize, nova.MigrationConfirmed, confirmed},
		"named, confirmed":  {"", true, compute.ConfirmResize, nova.MigrationConfirmed, confirmed},
		"reverted":          {"", true, compute.RevertResize, nova.MigrationReverted, reverted},
		"stopped":           {compute.Stop, false, compute.ConfirmResize, nova.MigrationConfirmed, confirmed},
		"stopped, reverted": {compute.Stop, true, compute.RevertResize, nova.MigrationReverted, reverted + ", compute_stop_instance"},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		before := s.boot(s.as("demo"), onPrivate)
		s.first(before.ID, c.first)
		before = s.server(before.ID)
		ports, disk, host := s.ports(before.ID), s.read(before), ""
		target := s.other(before)
		if c.named {
			host = target
		}
		s.must(s.api.Migrate(s.as("admin"), before, host))
		s.wantStates(before.ID, string(before.VMState)+" resize_prep")
		s.work()
		s.wantStates(before.ID, "resized")
		s.wantMigration(before.ID, nova.MigrationCold, nova.MigrationFinished, before.Host, target)
		s.settled()
		now := s.server(before.ID)
		if now.Host != target || now.Usage() != before.Usage() || s.read(now) != disk || s.machine(now) != before.PowerState {
			t.Errorf("on %s, counts for %+v", now.Host, now.Usage())
		}
		s.wantPortsOn(before.ID, target, ports)
		s.first(before.ID, c.end)
		s.wantStates(before.ID, string(before.VMState))
		s.wantMigration(before.ID, nova.MigrationCold, c.status, before.Host, target)
		record := s.record(before.ID)
		want := []string{"migrate: conductor_migrate_server, cold_migrate, compute_prep_resize, compute_resize_instance, compute_finish_resize", c.record}
		if !slices.Equal(record[len(record)-2:], want) {
			t.Errorf("on record: %v", record)
		}
		if c.end == compute.RevertResize {
			target = before.Host
		}
		now = s.server(before.ID)
		if now.Host != target || now.Elsewhere != nil || s.read(now) != disk || s.machine(now) != before.PowerState {
			t.Errorf("in the end on %s, and on %+v", now.Host, now.Elsewhere)
		}
		s.wantPortsOn(before.ID, target, ports)
		s.settled()
		s.clear(before.ID)
	})
}

// TestMigrate_Refused is what a client is told.
func TestMigrate_Refused(t *testing.T) {
	t.Parallel()
	type testCase struct {
		change db.ServerChange
		host   string // HERE is the server's own
		kind   nova.Kind
		text   string
	}
	eachCase(t, map[string]testCase{
		"the same host": {host: "HERE", kind: nova.Invalid, text: "Cannot migrate to the host where the server exists."},
		"unknown host":  {host: "mars", kind: nova.Invalid, text: "Compute host mars could not be found."},
		"no host":       {change: db.ServerChange{Host: new("")}, kind: nova.Conflict, text: "Instance ID is not ready"},
		"host is down":  {change: db.ServerChange{Host: new("mars")}, kind: nova.Conflict, text: "Service is unavailable at this time."},
		"left before":   {change: db.ServerChange{Elsewhere: new(&nova.Elsewhere{Host: "mars"})}, kind: nova.Conflict, text: "Instance ID is in an invalid state for 'migrate'"},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		server := s.boot(s.as("demo"))
		before := s.put(server.ID, c.change)
		err := s.api.Migrate(s.as("admin"), before, strings.ReplaceAll(c.host, "HERE", server.Host))
		wantRefusal(t, err, c.kind, strings.ReplaceAll(c.text, "ID", server.ID))
		if number := s.work(); number != 0 {
			t.Errorf("%d actions were queued", number)
		}
		s.put(server.ID, db.ServerChange{Host: &server.Host, Elsewhere: new((*nova.Elsewhere)(nil))})
		s.clear(server.ID)
	})
}
