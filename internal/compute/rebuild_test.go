package compute_test

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// onDisk reads a file that a server was given.
func (s *site) onDisk(id, path string) string {
	s.t.Helper()
	server := s.server(id)
	reader, err := virt.As[virt.DiskReader](s.local.Driver(server.Host))
	s.must(err)
	files, err := reader.Files(s.t.Context(), server)
	s.must(err)
	text, err := fs.ReadFile(files, path)
	s.must(err)
	return string(text)
}

// TestRebuild makes servers anew, and looks at what became of each.
func TestRebuild(t *testing.T) {
	t.Parallel()
	type testCase struct {
		first        []compute.Verb
		queued, then string
		midst        []string
		record       string
		reset        bool // the server is said to be in error first
	}
	const events = "rebuild: rebuild_server, compute_rebuild_instance"
	eachCase(t, map[string]testCase{
		"one that runs": {
			queued: "active rebuilding", then: "active", record: events,
			midst: []string{"destroy: active rebuilding", "spawn: active rebuild_spawning"},
		},
		"one that is stopped": {
			first: []compute.Verb{compute.Stop}, queued: "stopped rebuilding", then: "stopped", record: events + ", compute_stop_instance",
			midst: []string{"destroy: stopped rebuilding", "spawn: stopped rebuild_spawning", "power_off: active powering-off"},
		},
		"one in error": {
			reset: true, queued: "error rebuilding", then: "active", record: events,
			midst: []string{"destroy: error rebuilding", "spawn: error rebuild_spawning"},
		},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		ctx := s.as("demo")
		server := s.boot(ctx, onPrivate)
		s.first(server.ID, c.first...)
		if c.reset {
			s.must(s.api.ResetState(s.as("admin"), server, nova.Errored))
		}
		other := s.upload("demo", map[string]string{"os_type": "linux", "base_image_ref": cirros})
		key, err := s.store.CreateKeyPair(t.Context(), nova.KeyPair{Name: "key " + server.ID, UserID: nova.CallerOf(ctx).UserID, PublicKey: "ssh-ed25519 AAAA", Type: "ssh"}, 100)
		s.must(err)
		before, seen := s.server(server.ID), s.watch()
		rebuilt, password, err := s.api.Rebuild(s.as("demo"), before, compute.RebuildRequest{
			ImageID: other, DiskConfig: "AUTO", KeyName: new(&key.Name), TrustedCerts: &[]string{"one"},
			Files:  []compute.File{{Path: "/etc/motd", Contents: base64.StdEncoding.EncodeToString([]byte("anew"))}},
			Change: db.ServerChange{Name: new("anew"), Metadata: &map[string]string{"a": "b"}, UserData: new(new("dXNlcg=="))},
		})
		s.must(err)
		if states(rebuilt) != c.queued || len(password) != 12 {
			t.Errorf("queued %q, password %q", states(rebuilt), password)
		}
		s.work()
		if diff := cmp.Diff(c.midst, *seen); diff != "" {
			t.Errorf("in the midst (-want +got):\n%s", diff)
		}
		s.wantStates(server.ID, c.then)
		lines := s.record(server.ID)
		if last := lines[len(lines)-1]; last != c.record {
			t.Errorf("record %q, want %q", last, c.record)
		}
		after := s.server(server.ID)
		want := before // what must be as it was, and what must not
		want.VMState, want.TaskState, want.PowerState, want.UpdatedAt, want.LaunchedAt = after.VMState, "", after.PowerState, after.UpdatedAt, after.LaunchedAt
		want.Name, want.Metadata, want.UserData = "anew", map[string]string{"a": "b"}, new("dXNlcg==")
		want.ImageID, want.ImageProps, want.DiskConfig = other, map[string]string{"os_type": "linux", "base_image_ref": other}, "AUTO"
		want.KeyName, want.PublicKey, want.TrustedCerts = &key.Name, key.PublicKey, []string{"one"}
		want.Boot.DiskFormat, want.Boot.ContainerFormat = "raw", "bare"
		if diff := cmp.Diff(want, after); diff != "" {
			t.Errorf("server (-want +got):\n%s", diff)
		}
		if got := s.onDisk(server.ID, "etc/motd"); got != "anew" || s.machine(after) != after.PowerState {
			t.Errorf("on the disk is %q, the machine's power state %d", got, s.machine(after))
		}
		s.clear(server.ID)
		s.settled()
	})
}

// TestRebuild_Refused is what a client is told, and that the server stays as it
// was.
func TestRebuild_Refused(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		server := s.boot(ctx)
		many := map[string]string{}
		for i := range 129 {
			many[strings.Repeat("k", i+1)] = ""
		}
		empty, err := s.clients.Image.AsService().Ensure(t.Context(), nova.Image{
			Name: "empty", Owner: server.ProjectID, Visibility: "private", DiskFormat: "raw", ContainerFormat: "bare",
		})
		s.must(err)
		large := s.upload("demo", nil)
		const numa = "An instance's NUMA topology cannot be changed as part of a rebuild. The image provided is invalid for this instance."
		for _, c := range []struct {
			change func(r *compute.RebuildRequest)
			server db.ServerChange
			kind   nova.Kind
			text   string
		}{
			{func(r *compute.RebuildRequest) { r.ImageID = "00000000-0000-4000-8000-000000000000" }, db.ServerChange{}, nova.Invalid, "Cannot find image for rebuild"},
			{func(r *compute.RebuildRequest) { r.ImageID = s.upload("admin", nil) }, db.ServerChange{}, nova.Invalid, "Cannot find image for rebuild"},
			{func(r *compute.RebuildRequest) { r.ImageID = empty.ID }, db.ServerChange{}, nova.Invalid, "Image " + empty.ID + " is not active."},
			{func(r *compute.RebuildRequest) { r.KeyName = new(new("none")) }, db.ServerChange{}, nova.Invalid, "Invalid key_name provided."},
			{func(r *compute.RebuildRequest) { r.Change.Metadata = &many }, db.ServerChange{}, nova.OverQuota, "Maximum number of metadata items exceeds 128"},
			{
				func(r *compute.RebuildRequest) {
					r.ImageID, r.DiskConfig = s.upload("demo", map[string]string{"auto_disk_config": "disabled"}), "AUTO"
				},
				db.ServerChange{},
				nova.Invalid, "",
			},
			{func(r *compute.RebuildRequest) { r.ImageID = s.upload("demo", map[string]string{"hw_numa_nodes": "1"}) }, db.ServerChange{}, nova.Invalid, numa},
			{
				func(r *compute.RebuildRequest) { r.ImageID = s.upload("demo", map[string]string{"hw_numa_nodes": "2"}) },
				db.ServerChange{},
				nova.Invalid,
				"Instance CPUs and/or memory cannot be evenly distributed across instance NUMA nodes. Explicit assignment of CPUs and memory to nodes is required",
			},
			{func(r *compute.RebuildRequest) {
				r.ImageID = s.upload("demo", map[string]string{"hw_cpu_policy": "dedicated"})
			}, db.ServerChange{}, nova.Invalid, numa},
			{
				func(r *compute.RebuildRequest) { r.ImageID = large },
				db.ServerChange{ImageID: new("")},
				nova.Invalid,
				"Image " + large + " is unacceptable: Unable to rebuild with a different image for a volume-backed server.",
			},
			{
				func(r *compute.RebuildRequest) { r.TrustedCerts = &[]string{"one"} },
				db.ServerChange{ImageID: new("")},
				nova.Invalid, "Image certificate validation is not supported for volume-backed servers.",
			},
		} {
			r := compute.RebuildRequest{ImageID: cirros, Change: db.ServerChange{Name: new("anew")}}
			c.change(&r)
			s.put(server.ID, c.server)
			text := c.text
			if text == "" {
				text = "Requested image " + r.ImageID + " has automatic disk resize disabled."
			}
			_, _, err := s.api.Rebuild(ctx, s.server(server.ID), r)
			wantRefusal(t, err, c.kind, text)
			s.wantStates(server.ID, "active")
			if got := s.server(server.ID); got.Name != "web" || s.work() != 0 {
				t.Errorf("%s: the server is called %q", text, got.Name)
			}
			s.put(server.ID, db.ServerChange{ImageID: &server.ImageID})
		}
		// Nova holds image and flavor together before it reads what they want of the host.
		encrypted := map[string]string{"hw_mem_encryption": "yes", "hw_firmware_type": "uefi", "hw_machine_type": "pc", "hw_numa_nodes": "1"}
		_, _, err = s.api.Rebuild(ctx, s.server(server.ID), compute.RebuildRequest{ImageID: s.upload("demo", encrypted)})
		if err == nil || !strings.HasPrefix(nova.Message(err), "Machine type 'pc' is not compatible with image tools (") {
			t.Errorf("an image that can't be encrypted: %v", err)
		}
		// What asks for nothing new of the host fits.
		_, _, err = s.api.Rebuild(ctx, s.server(server.ID), compute.RebuildRequest{ImageID: s.upload("demo", map[string]string{"hw_cpu_policy": "shared"})})
		s.must(err)
		s.work()
		s.wantStates(server.ID, "active")
	})
}

// TestRebuild_Fails is where servers are left. One whose image is gone loses
// nothing, and any can be rebuilt again.
func TestRebuild_Fails(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		server := s.boot(ctx)
		begin := func(r compute.RebuildRequest) {
			t.Helper()
			_, _, err := s.api.Rebuild(ctx, s.server(server.ID), r)
			s.must(err)
		}
		failed := func(want, fault string) {
			t.Helper()
			s.work()
			s.wantStates(server.ID, want)
			if got := s.server(server.ID).Fault; got == nil || got.Message != fault {
				t.Errorf("fault %+v, want %s", got, fault)
			}
		}
		gone := s.upload("demo", nil)
		begin(compute.RebuildRequest{ImageID: gone})
		s.must(s.clients.Image.AsService().Delete(t.Context(), gone))
		failed("active", "Image "+gone+" could not be found.")
		if s.machine(s.server(server.ID)) != nova.Running {
			t.Error("the server was destroyed for an image that is gone")
		}
		begin(compute.RebuildRequest{ImageID: cirros, PreserveEphemeral: true})
		failed("error", "The current driver does not support preserving ephemeral partitions.")
		for _, at := range []string{"destroy", "spawn"} {
			begin(compute.RebuildRequest{ImageID: cirros})
			s.failOnce(at, errors.New("boom"))
			failed("error", "boom")
		}
		s.first(server.ID, compute.Rebuild, compute.Stop)
		begin(compute.RebuildRequest{ImageID: cirros})
		s.failOnce("power_off", errors.New("boom"))
		failed("active", "boom") // it runs, as one does whose stop has failed
		s.settled()
	})
}

// TestRebuild_Hosts says of each part of an action where it was done: what Nova's
// conductor does bears the name of a process.
func TestRebuild_Hosts(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		_, _, err := s.api.Rebuild(s.as("demo"), server, compute.RebuildRequest{ImageID: cirros})
		s.must(err)
		s.work()
		s.must(s.api.Resize(s.as("demo"), s.server(server.ID), compute.NewFlavor{ID: s.flavor(small)}))
		s.work()
		moved := s.server(server.ID)
		want := map[string]string{
			"compute__do_build_and_run_instance": server.Host, "compute_rebuild_instance": server.Host, "compute_resize_instance": server.Host,
			"compute_prep_resize": moved.Host, "compute_finish_resize": moved.Host,
			"rebuild_server": "conductor", "conductor_migrate_server": "conductor", "cold_migrate": "conductor",
		}
		got := map[string]string{}
		for _, action := range s.actions(server.ID) {
			for _, event := range action.Events {
				got[event.Event] = event.Host
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("hosts of events (-want +got):\n%s", diff)
		}
	})
}
