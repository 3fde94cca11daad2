package compute_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/notify"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/samples"
)

// telling has a site tell of what is done to servers.
func telling(o *compute.Options) {
	o.Notify = notify.New(notify.Options{Host: "api-1", BlockDevices: true})
}

// tellingAll has it tell of every change of their states as well.
func tellingAll(o *compute.Options) {
	o.Notify = notify.New(notify.Options{Host: "api-1", StateChanges: true, TaskChanges: true})
}

// told are the notifications about a server, oldest first.
func (s *site) told(id string) (about []nova.Notification) {
	s.t.Helper()
	all, err := s.store.Notifications(s.t.Context(), 100000)
	s.must(err)
	return slices.DeleteFunc(all, func(n nova.Notification) bool { return n.Subject != "instance:"+id })
}

// events are what is told of a server, with the publishers: without instance. and
// nova-, and hosts' names where they don't matter.
func (s *site) events(id string, after int) (events []string) {
	s.t.Helper()
	for _, n := range s.told(id)[after:] {
		var message struct {
			Publisher string `json:"publisher_id"`
		}
		s.must(json.Unmarshal([]byte(n.Message), &message))
		source, _, _ := strings.Cut(strings.TrimPrefix(message.Publisher, "nova-"), ":")
		event := strings.TrimPrefix(n.EventType, "instance.")
		if source != "compute" {
			event = source + ": " + event
		}
		events = append(events, event)
	}
	return events
}

// toldOfVerbs is what is told of each verb that goes well. The names are those that
// nova/compute/manager.py has for it.
var toldOfVerbs = map[compute.Verb]string{
	compute.Create:          "create.start create.end",
	compute.Delete:          "delete.start shutdown.start shutdown.end delete.end",
	compute.SoftDelete:      "soft_delete.start soft_delete.end",
	compute.Restore:         "restore.start restore.end",
	compute.Start:           "power_on.start power_on.end",
	compute.Stop:            "power_off.start power_off.end",
	compute.PoweredOn:       "power_on.start power_on.end",
	compute.PoweredOff:      "power_off.start power_off.end",
	compute.SoftReboot:      "reboot.start reboot.end",
	compute.HardReboot:      "reboot.start reboot.end",
	compute.Pause:           "pause.start pause.end",
	compute.Unpause:         "unpause.start unpause.end",
	compute.Suspend:         "suspend.start suspend.end",
	compute.Resume:          "resume.start resume.end",
	compute.Rescue:          "rescue.start rescue.end",
	compute.Unrescue:        "unrescue.start unrescue.end",
	compute.Resize:          "resize_prep.start resize_prep.end resize.start resize.end resize_finish.start resize_finish.end",
	compute.Migrate:         "resize_prep.start resize_prep.end resize.start resize.end resize_finish.start resize_finish.end",
	compute.ConfirmResize:   "resize_confirm.start resize_confirm.end",
	compute.RevertResize:    "resize_revert.start resize_revert.end",
	compute.LiveMigrate:     "live_migration_pre.start live_migration_pre.end live_migration_post.start live_migration_post_dest.start live_migration_post_dest.end live_migration_post.end",
	compute.Evacuate:        "api: evacuate; conductor: rebuild_scheduled; rebuild.start power_off.start power_off.end rebuild.end",
	compute.Rebuild:         "conductor: rebuild_scheduled; rebuild.start power_off.start power_off.end rebuild.end",
	compute.Shelve:          "shelve.start shelve.end shelve_offload.start shelve_offload.end",
	compute.ShelveOffload:   "shelve_offload.start shelve_offload.end",
	compute.Unshelve:        "unshelve.start unshelve.end",
	compute.Snapshot:        "snapshot.start snapshot.end",
	compute.Backup:          "snapshot.start snapshot.end",
	compute.BackupInstance:  "snapshot.start snapshot.end",
	compute.ChangePassword:  "",
	compute.CrashDump:       "trigger_crash_dump.start trigger_crash_dump.end",
	compute.AttachInterface: "interface_attach.start interface_attach.end",
	compute.DetachInterface: "interface_detach.start interface_detach.end",
	compute.AttachVolume:    "volume_attach.start volume_attach.end",
	compute.DetachVolume:    "volume_detach.start volume_detach.end",
	compute.SwapVolume:      "volume_swap.start volume_swap.end",
	compute.ExtendVolume:    "",
}

// wantEvents compares what is told with a row of toldOfVerbs.
func wantEvents(t *testing.T, want string, got []string) {
	t.Helper()
	var events []string
	for part := range strings.SplitSeq(want, "; ") {
		if strings.Contains(part, ": ") {
			events = append(events, part)
			continue
		}
		events = append(events, strings.Fields(part)...)
	}
	if diff := cmp.Diff(events, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

// TestTell does each verb, and compares what is told of it.
func TestTell(t *testing.T) {
	t.Parallel()
	eachCase(t, verbsForTests, func(t *testing.T, s *site, verb compute.Verb, _ verbRow) {
		want, ok := toldOfVerbs[verb]
		if !ok {
			t.Fatal("it is in no row of toldOfVerbs")
		}
		server := s.begun(verb)
		before := 0
		if verb == compute.Evacuate { // the API tells of it
			before--
		}
		before += len(s.told(server.ID))
		s.work()
		wantEvents(t, want, s.events(server.ID, before))
		for _, n := range s.told(server.ID) {
			samples.CompareNotification(t, n.EventType, n.Message)
		}
	}, telling)
}

// TestTell_Off holds that nothing is written unless somebody is to be told.
func TestTell_Off(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		s.must(s.api.Lock(s.as("demo"), server, nil))
		s.must(s.api.Unlock(s.as("demo"), server))
		s.must(s.api.Delete(s.as("demo"), server))
		s.work()
		if told := s.told(server.ID); len(told) > 0 {
			t.Errorf("told: %v", told)
		}
	})
}

// TestTell_Failures is what is told of what goes wrong.
func TestTell_Failures(t *testing.T) {
	t.Parallel()
	broken := errors.New("the hypervisor broke down")
	for name, c := range map[string]struct {
		verb compute.Verb
		asks string // what the driver fails at
		want string
	}{
		"no host can build it": {compute.Create, "spawn", "create.start create.error create.start create.error"},
		"a reboot":             {compute.HardReboot, "hard_reboot", "reboot.start reboot.error"},
		"a rebuild":            {compute.Rebuild, "spawn", "conductor: rebuild_scheduled; rebuild.start rebuild.error"},
		"a resize":             {compute.Resize, "migrate_in", "resize_prep.start resize_prep.end resize.start resize.end resize_finish.start"},
		"a live migration": {
			compute.LiveMigrate, "receive_live",
			"live_migration_pre.start live_migration_pre.end live_migration_post.start live_migration_post_dest.start " +
				"live_migration_rollback_dest.start live_migration_rollback_dest.end live_migration_rollback.start live_migration_rollback.end",
		},
		"an interface":                  {compute.AttachInterface, "attach_interface", "interface_attach.start interface_attach.error"},
		"a volume":                      {compute.AttachVolume, "attach_volume", "volume_attach.start volume_attach.error"},
		"what Nova has no failures for": {compute.Pause, "pause", "pause.start"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachSite(t, func(t *testing.T, s *site) {
				server := s.begun(c.verb)
				before := len(s.told(server.ID))
				s.onVerb(c.asks, func(context.Context, nova.Server) error { return broken })
				s.work()
				wantEvents(t, c.want, s.events(server.ID, before))
				for _, n := range s.told(server.ID) {
					wantFailure(t, n)
				}
			}, telling)
		})
	}
}

// wantFailure holds that a notification of a failure says why, and no other does.
func wantFailure(t *testing.T, n nova.Notification) {
	t.Helper()
	var message struct {
		Priority string
		Payload  struct {
			Data struct {
				Fault *struct {
					Data struct {
						Message string `json:"exception_message"`
					} `json:"nova_object.data"`
				}
			} `json:"nova_object.data"`
		}
	}
	if err := json.Unmarshal([]byte(n.Message), &message); err != nil {
		t.Fatal(err)
	}
	fault, failed := message.Payload.Data.Fault, strings.HasSuffix(n.EventType, ".error")
	if failed != (fault != nil) || failed != (message.Priority == "ERROR") || failed && fault.Data.Message == "" {
		t.Errorf("%s is told with the priority %s and the fault %+v", n.EventType, message.Priority, fault)
	}
}

// TestTell_AtOnce is what the API tells of itself.
func TestTell_AtOnce(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		server := s.boot(ctx)
		s.must(s.api.Lock(ctx, server, new("maintenance")))
		s.must(s.api.Unlock(ctx, server))
		wantEvents(t, "create.start create.end; api: lock; api: unlock", s.events(server.ID, 0))
		early := s.begin(ctx)
		s.must(s.api.Delete(ctx, early))
		wantEvents(t, "api: delete.start; api: delete.end", s.events(early.ID, 0))
	}, telling)
}

// TestTell_Superseded has a server deleted that is being built: what has begun comes
// to an end.
func TestTell_Superseded(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.begin(s.as("demo"))
		s.onVerb("spawn", func(context.Context, nova.Server) error {
			return s.api.Delete(s.as("demo"), s.server(server.ID))
		})
		s.work()
		wantEvents(t, "create.start create.error delete.start shutdown.start shutdown.end delete.end", s.events(server.ID, 0))
	}, telling)
}

// TestTell_Changes is instance.update: each change of a server's states, with those
// before.
func TestTell_Changes(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		server := s.boot(ctx)
		_, err := s.api.Update(ctx, server, db.ServerChange{Name: new("db")})
		s.must(err)
		s.must(s.api.Do(ctx, server, compute.Stop))
		s.work()
		want := []string{
			"building/ -> building/scheduling", "building/scheduling -> building/networking", "building/networking -> building/spawning",
			"building/spawning -> active/", "active/ -> active/ (was web)", "active/ -> active/powering-off", "active/powering-off -> stopped/",
		}
		var got []string
		for _, n := range s.told(server.ID) {
			if n.EventType == "instance.update" {
				got = append(got, changeOf(t, n))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}, tellingAll)
}

// changeOf writes an instance.update as the states before and after.
func changeOf(t *testing.T, n nova.Notification) string {
	t.Helper()
	var message struct {
		Payload struct {
			Data struct {
				OldName string `json:"old_display_name"`
				States  struct {
					Data struct {
						Old     string `json:"old_state"`
						State   string `json:"state"`
						OldTask string `json:"old_task_state"`
						Task    string `json:"new_task_state"`
					} `json:"nova_object.data"`
				} `json:"state_update"`
			} `json:"nova_object.data"`
		}
	}
	if err := json.Unmarshal([]byte(n.Message), &message); err != nil {
		t.Fatal(err)
	}
	data := message.Payload.Data
	text := fmt.Sprintf("%s/%s -> %s/%s", data.States.Data.Old, data.States.Data.OldTask, data.States.Data.State, data.States.Data.Task)
	if data.OldName != "" {
		text += " (was " + data.OldName + ")"
	}
	return text
}
