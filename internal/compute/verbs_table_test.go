package compute_test

import (
	"cmp"
	"context"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// A verbRow is what the tests that walk all verbs have to know of one. Nothing
// but do and asks needs to be said of a verb that begins with a server that
// runs, and that nothing sets apart.
type verbRow struct {
	do      func(s *site, ctx context.Context, server nova.Server) error // nil: Servers.Do
	asks    string                                                       // what it asks a driver for, as hooks.driver hears it
	first   []compute.Verb                                               // what brings a server that runs to where it can begin
	request func(*compute.ServerRequest)                                 // what server it takes; nil: one connected to nothing
	weight  int                                                          // how often clients do it in a storm; 0: once

	// What refuses it.
	word    string         // what a refusal calls it; empty: the verb itself
	wrong   nova.VMState   // a state that doesn't allow it; empty: all do, and all tasks
	busy    nova.TaskState // a task that doesn't allow it; empty: pausing
	locked  bool           // it may be done to a locked server
	anyTask bool           // it may interrupt any task
	vague   bool           // a lock is no better reason than a wrong state
}

// verbsForTests are all verbs. TestVerbs_HaveRows finds one that is missing.
var verbsForTests = map[compute.Verb]verbRow{
	compute.Create: {asks: "spawn", request: onPrivate},
	compute.Delete: {
		do:   func(s *site, ctx context.Context, server nova.Server) error { return s.api.Delete(ctx, server) },
		asks: "destroy", request: onPrivate,
	},
	compute.Resize: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			return s.api.Resize(ctx, server, compute.NewFlavor{ID: s.flavor(small)})
		},
		asks: "migrate_in", request: onPrivate, wrong: nova.Errored,
	},
	compute.Migrate: {
		do:   func(s *site, ctx context.Context, server nova.Server) error { return s.api.Migrate(ctx, server, "") },
		asks: "migrate_in", request: onPrivate, wrong: nova.Errored,
	},
	compute.LiveMigrate: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			err := s.api.LiveMigrate(ctx, server, compute.LiveMigration{})
			if nova.Is(err, nova.Invalid) { // its host is down, as others wanted
				err = nova.Errorf(nova.Conflict, "%s", nova.Message(err))
			}
			return err
		},
		asks: "receive_live", request: onPrivate, word: "os-migrateLive", wrong: nova.Stopped,
	},
	compute.Evacuate: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			s.forceDown(server.Host)
			_, err := s.api.Evacuate(ctx, server, compute.Evacuation{})
			return err
		},
		asks: "spawn", first: []compute.Verb{compute.Stop}, request: onPrivate, wrong: nova.Paused, locked: true, anyTask: true,
	},
	compute.ConfirmResize: {
		do:   func(s *site, ctx context.Context, server nova.Server) error { return s.api.ConfirmResize(ctx, server) },
		asks: "confirm_migration", first: []compute.Verb{compute.Resize}, request: onPrivate, wrong: nova.Active,
	},
	compute.RevertResize: {
		do:   func(s *site, ctx context.Context, server nova.Server) error { return s.api.RevertResize(ctx, server) },
		asks: "revert_migration", first: []compute.Verb{compute.Resize}, request: onPrivate, wrong: nova.Active,
	},
	compute.Shelve: {
		do:   func(s *site, ctx context.Context, server nova.Server) error { return s.api.Shelve(ctx, server) },
		asks: "snapshot", request: onPrivate, wrong: nova.Errored,
	},
	compute.ShelveOffload: {asks: "destroy", first: []compute.Verb{stayShelved}, request: onPrivate, wrong: nova.Active},
	compute.Unshelve: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			return s.api.Unshelve(ctx, server, compute.Unshelving{})
		},
		asks: "spawn", first: []compute.Verb{compute.Shelve}, request: onPrivate, wrong: nova.Active,
	},
	compute.SoftDelete: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			return s.with(keepDeleted).Delete(ctx, server)
		},
		asks: "power_off", request: onPrivate, word: "delete",
	},
	compute.Restore: {
		do:   func(s *site, ctx context.Context, server nova.Server) error { return s.api.Restore(ctx, server) },
		asks: "power_on", first: []compute.Verb{compute.SoftDelete}, wrong: nova.Active, vague: true,
	},
	compute.Start:      {asks: "power_on", first: []compute.Verb{compute.Stop}, wrong: nova.Active},
	compute.Stop:       {asks: "power_off", wrong: nova.Stopped},
	compute.SoftReboot: {asks: "soft_reboot", wrong: nova.Stopped},
	compute.HardReboot: {
		asks: "hard_reboot", first: []compute.Verb{compute.Pause}, weight: 2,
		word: "reboot", wrong: nova.Building, busy: nova.Deleting,
	},
	compute.Pause:   {asks: "pause", wrong: nova.Stopped},
	compute.Unpause: {asks: "unpause", first: []compute.Verb{compute.Pause}, wrong: nova.Active},
	compute.Suspend: {asks: "suspend", wrong: nova.Stopped},
	compute.Resume:  {asks: "resume", first: []compute.Verb{compute.Suspend}, wrong: nova.Active},
	compute.Rescue: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			_, err := s.api.Rescue(ctx, server, compute.RescueRequest{})
			return err
		},
		asks: "rescue", wrong: nova.Paused,
	},
	compute.Rebuild: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			_, _, err := s.api.Rebuild(ctx, server, compute.RebuildRequest{ImageID: cirros})
			return err
		},
		asks: "spawn", first: []compute.Verb{compute.Stop}, request: onPrivate, wrong: nova.Paused,
	},
	compute.ChangePassword: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			return s.api.BeginPassword(ctx, server, "s3cret")
		},
		asks: "set_password", wrong: nova.Stopped, vague: true,
	},
	compute.CrashDump: {asks: "crash_dump", wrong: nova.Stopped},
	compute.Unrescue:  {asks: "unrescue", first: []compute.Verb{compute.Rescue}, wrong: nova.Active},
	compute.Snapshot: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			_, err := s.api.CreateImage(ctx, server, "shot", nil)
			return err
		},
		asks: "snapshot", wrong: nova.Errored, locked: true,
	},
	compute.Backup: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			_, err := s.api.CreateBackup(ctx, server, "daily", "daily", 1, nil)
			return err
		},
		asks: "snapshot", wrong: nova.Errored, locked: true,
	},
	compute.BackupInstance: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			_, err := s.api.BackupInstance(ctx, server, "backup", nil)
			return err
		},
		asks: "snapshot", first: []compute.Verb{compute.Stop}, wrong: nova.Building,
	},
	compute.PoweredOn:  {asks: "power_on", first: []compute.Verb{compute.Stop}, word: "start", wrong: nova.Active, locked: true},
	compute.PoweredOff: {asks: "power_off", word: "stop", wrong: nova.Errored, locked: true},
	compute.AttachInterface: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			return s.api.BeginAttach(ctx, server, compute.NIC{NetworkID: private})
		},
		asks: "attach_interface", request: onPrivate, wrong: nova.Suspended,
	},
	compute.DetachInterface: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			port := "none"
			if len(server.Addresses) > 0 {
				port = server.Addresses[0].PortID
			}
			return s.api.DetachInterface(ctx, server, port)
		},
		asks: "detach_interface", request: onPrivate, wrong: nova.Errored,
	},
	compute.AttachVolume: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			return s.api.BeginAttachVolume(ctx, server, compute.VolumeRequest{VolumeID: s.volume("demo")})
		},
		asks: "attach_volume", wrong: nova.Suspended,
	},
	compute.DetachVolume: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			volume := s.volume("demo")
			if len(server.BlockDevices) > 0 {
				volume = server.BlockDevices[0].VolumeID
			}
			return s.api.BeginDetachVolume(ctx, server, volume)
		},
		asks: "detach_volume", first: []compute.Verb{compute.AttachVolume}, wrong: nova.Errored,
	},
	compute.SwapVolume: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			volume := s.volume("demo")
			if len(server.BlockDevices) > 0 {
				volume = server.BlockDevices[0].VolumeID
			}
			s.moves(volume, "starting")
			return s.api.BeginSwapVolume(s.asCinder(ctx), server, volume, s.volume("demo"))
		},
		asks: "swap_volume", first: []compute.Verb{compute.AttachVolume}, wrong: nova.Stopped,
	},
	compute.ExtendVolume: {
		do: func(s *site, ctx context.Context, server nova.Server) error {
			tag := "none"
			if len(server.BlockDevices) > 0 {
				tag = server.BlockDevices[0].VolumeID
			}
			_, err := s.api.ExternalEvents(ctx, []nova.ServerEvent{{Name: nova.EventVolumeExtended, ServerID: server.ID, Tag: &tag}})
			return err
		},
		asks: "extend_volume", first: []compute.Verb{compute.AttachVolume}, locked: true, anyTask: true,
	},
}

func TestVerbs_HaveRows(t *testing.T) {
	t.Parallel()
	for _, verb := range compute.AllVerbs {
		if row, ok := verbsForTests[verb]; !ok || row.asks == "" {
			t.Errorf("%s has no row in verbsForTests, or asks no driver for anything", verb)
		}
	}
	if len(verbsForTests) != len(compute.AllVerbs) {
		t.Errorf("there are %d rows for %d verbs", len(verbsForTests), len(compute.AllVerbs))
	}
}

// stayShelved is Shelve where shelved servers stay on their hosts.
const stayShelved compute.Verb = "stay shelved"

// do starts any verb but Create.
func (s *site) do(ctx context.Context, server nova.Server, verb compute.Verb) error {
	s.t.Helper()
	if verb == stayShelved {
		return s.with(func(o *compute.Options) { o.OffloadAfter = -1 }).Shelve(ctx, server)
	}
	if do := verbsForTests[verb].do; do != nil {
		return do(s, ctx, server)
	}
	return s.api.Do(ctx, server, verb)
}

// first does verbs, one after the other, to their end. "" is none.
func (s *site) first(id string, verbs ...compute.Verb) {
	s.t.Helper()
	for _, verb := range verbs {
		if verb != "" {
			s.must(s.do(s.as("demo"), s.server(id), verb))
			s.work()
		}
	}
}

// ready makes a server that a verb may begin with.
func (s *site) ready(verb compute.Verb) nova.Server {
	s.t.Helper()
	row := verbsForTests[verb]
	s.up()
	server := s.boot(s.as("demo"), row.change()...)
	s.first(server.ID, row.first...)
	return s.server(server.ID)
}

// begun makes a server that a verb was begun with, which nobody works at yet.
func (s *site) begun(verb compute.Verb) nova.Server {
	s.t.Helper()
	if verb == compute.Create {
		return s.begin(s.as("demo"), verbsForTests[verb].change()...)
	}
	server := s.ready(verb)
	s.must(s.do(s.as("demo"), server, verb))
	return s.server(server.ID)
}

func (r verbRow) change() (change []func(*compute.ServerRequest)) {
	if r.request != nil {
		change = append(change, r.request)
	}
	return change
}

// TestVerbs_RefusedEach is what every verb has in common: it is refused by a
// lock, unless it changes nothing, by a state and by a task. Somebody who looked
// before the server came to be so is told the same.
func TestVerbs_RefusedEach(t *testing.T) {
	t.Parallel()
	eachCase(t, verbsForTests, func(t *testing.T, s *site, verb compute.Verb, row verbRow) {
		if verb == compute.Create {
			return
		}
		ready, word, locked := s.ready(verb), cmp.Or(row.word, string(verb)), "Instance ID is locked"
		switch {
		case row.locked:
			locked = ""
		case row.vague:
			locked = "Instance ID is in an invalid state for '" + word + "'"
		}
		busy := cmp.Or(row.busy, nova.Pausing)
		for _, c := range []struct {
			change db.ServerChange
			text   string
			late   bool // who looked before is told the same
		}{
			{db.ServerChange{LockedBy: new("owner")}, locked, false},
			{db.ServerChange{VMState: &row.wrong}, "Cannot '" + word + "' instance ID while it is in vm_state " + string(row.wrong), true},
			{db.ServerChange{TaskState: &busy}, "Cannot '" + word + "' instance ID while it is in task_state " + string(busy), true},
		} {
			if c.text == "" || c.change.LockedBy == nil && row.wrong == "" || c.change.TaskState != nil && row.anyTask {
				continue
			}
			refused, record := s.put(ready.ID, c.change), s.record(ready.ID)
			text := strings.ReplaceAll(c.text, "ID", ready.ID)
			wantRefusal(t, s.do(s.as("demo"), refused, verb), nova.Conflict, text)
			if c.late {
				wantRefusal(t, s.do(s.as("demo"), ready, verb), nova.Conflict, text)
			}
			s.wantStates(ready.ID, states(refused))
			s.wantRecord(ready.ID, record...)
			if number := s.work(); number != 0 {
				t.Errorf("%d actions were queued", number)
			}
			s.put(ready.ID, db.ServerChange{LockedBy: new(""), VMState: &ready.VMState, TaskState: &ready.TaskState})
		}
		if row.locked {
			s.put(ready.ID, db.ServerChange{LockedBy: new("owner")})
		}
		s.must(s.do(s.as("demo"), s.server(ready.ID), verb)) // it was nothing else that kept it back
		s.work()
		if fault := s.server(ready.ID).Fault; fault != nil {
			t.Errorf("fault %+v", fault)
		}
		s.settled()
	})
}
