package compute_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// moves says of a volume how far the block storage service is with moving its data.
func (s *site) moves(volume, status string) {
	s.t.Helper()
	s.onVolume("admin", volume, fmt.Sprintf(`{"os-reset_status": {"migration_status": %q}}`, status))
}

// asCinder is a request of somebody who sees where volumes are moved to, and is kept back
// by locks all the same.
func (s *site) asCinder(ctx context.Context) context.Context {
	caller := nova.CallerOf(s.as("admin"))
	caller.Admin = nova.CallerOf(ctx).Admin
	return nova.WithCaller(ctx, caller)
}

// endsMigration adds to the bundled block storage service what it lacks, as it has one
// backend only: the end of a migration, as Cinder has it. The volume gets the data and the
// attachments of the other one, which is gone then.
func (s *site) endsMigration(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/action") {
		return false
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var in struct {
		End *struct {
			To     string `json:"new_volume"`
			Failed bool   `json:"error"`
		} `json:"os-migrate_volume_completion"`
	}
	if json.Unmarshal(body, &in) != nil || in.End == nil {
		return false
	}
	id := path.Base(path.Dir(r.URL.Path))
	err = s.endMigration(context.WithoutCancel(r.Context()), id, in.End.To, in.End.Failed)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case nova.Is(err, nova.NotFound):
		w.WriteHeader(http.StatusNotFound)
	case nova.Is(err, nova.Invalid):
		w.WriteHeader(http.StatusBadRequest)
	case err != nil:
		s.t.Error(err)
	default:
		_, _ = fmt.Fprintf(w, `{"save_volume_id": %q}`, id)
	}
	return true
}

func (s *site) endMigration(ctx context.Context, id, to string, failed bool) error {
	store := volumedb.New(s.store.DB)
	return store.Tx(ctx, func(tx *volumedb.Store) error {
		_, err := tx.Volumes.Change(ctx, id, func(tx *volumedb.Store, v *volumedb.Volume) error {
			if v.MigrationStatus == nil || *v.MigrationStatus != "migrating" {
				return nova.Errorf(nova.Invalid, "Source volume not mid-migration.")
			}
			if _, err := tx.Volumes.Get(ctx, to); err != nil {
				return err
			}
			v.MigrationStatus = new("error")
			if failed {
				return nil
			}
			v.MigrationStatus, v.Status, v.AttachStatus = new("success"), "in-use", "attached"
			if _, err := rows.Exec(ctx, tx.DB, "UPDATE volume_attachments SET volume_id = ? WHERE volume_id = ?", id, to); err != nil {
				return err
			}
			return os.Rename(filepath.Join(s.volumeDir, to), filepath.Join(s.volumeDir, id))
		})
		if err != nil {
			return err
		}
		return tx.Volumes.Delete(ctx, to)
	})
}

// TestVolumes_Swapped puts another volume in the place of a server's: the server goes on with
// what it had, on the other volume. If that is because the block storage service moves the
// volume, it has the same ID as before.
func TestVolumes_Swapped(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]struct {
		status string
		first  []compute.Verb
	}{
		"between two volumes": {"starting", nil},
		"moved":               {"migrating", nil},
		"paused":              {"migrating", []compute.Verb{compute.Pause}},
		"resized":             {"starting", []compute.Verb{compute.Resize}},
	}, func(t *testing.T, s *site, _ string, c struct {
		status string
		first  []compute.Verb
	},
	) {
		s.up()
		server, volume := s.boot(s.as("demo")), s.volume("demo")
		s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: volume, Tag: "data", DeleteOnTermination: true})
		s.first(server.ID, c.first...)
		server = s.server(server.ID)
		s.writeVolume(server, volume, "a letter")
		before, _ := server.BlockDevice(volume)
		other := s.make("demo", "volume", `"size": 2`)
		s.moves(volume, c.status)
		s.must(s.api.BeginSwapVolume(s.as("admin"), server, volume, other))
		s.work()
		now, want := s.server(server.ID), other
		if c.status == "migrating" {
			want = volume
		}
		after, found := now.BlockDevice(want)
		if !found || len(now.BlockDevices) != 1 || now.Fault != nil {
			t.Fatalf("%+v, fault %+v", now.BlockDevices, now.Fault)
		}
		before.VolumeID, before.AttachmentID = after.VolumeID, after.AttachmentID
		if before != after {
			t.Errorf("the device was %+v, and is %+v", before, after)
		}
		if got := s.readVolume(now, want, 8); got != "a letter" {
			t.Errorf("on the volume: %q", got)
		}
		if v := s.volumeNow(want); v.Status != nova.VolumeInUse {
			t.Errorf("the volume is %s", v.Status)
		}
		if a, err := s.clients.Volume.AsService().Attachment(t.Context(), after.AttachmentID); err != nil || a.Status != "attached" {
			t.Errorf("the attachment is %s, %v", a.Status, err)
		}
		if left := map[string]string{volume: other, other: volume}[want]; c.status == "starting" {
			if v := s.volumeNow(left); v.Status != nova.VolumeAvailable {
				t.Errorf("the volume that was swapped is %s", v.Status)
			}
		}
		lines := s.record(server.ID)
		if lines[len(lines)-1] != "swap_volume: compute_swap_volume" {
			t.Errorf("record: %q", lines)
		}
		s.settled()
		s.clear(server.ID)
		s.settled()
	})
}

// TestVolumes_SwapRefused is what the block storage service is told at once.
func TestVolumes_SwapRefused(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		const nobody = "00000000-0000-4000-8000-000000000000"
		server, second := s.boot(s.as("demo")), s.boot(s.as("demo"))
		volume, still := s.make("demo", "volume", `"size": 2`), s.volume("demo")
		taken, small, free := s.make("demo", "volume", `"size": 2`), s.volume("demo"), s.make("demo", "volume", `"size": 2`)
		shared := s.volume("demo", s.shared())
		for _, id := range []string{volume, still, shared} {
			s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: id, Multiattach: true})
		}
		s.attachVolume(second.ID, compute.VolumeRequest{VolumeID: taken})
		s.attachVolume(second.ID, compute.VolumeRequest{VolumeID: shared, Multiattach: true})
		s.moves(volume, "starting")
		s.moves(shared, "starting")
		for _, c := range []struct {
			server  string
			old, to string
			kind    nova.Kind
			text    string
		}{
			{server.ID, nobody, free, nova.NotFound, "Volume " + nobody + " could not be found."},
			{server.ID, still, free, nova.Conflict, "volume " + still + " is not migrating; this API should only be called by Cinder"},
			{server.ID, volume, nobody, nova.Invalid, "Volume " + nobody + " could not be found."},
			{second.ID, volume, free, nova.Invalid, "Invalid volume: Old volume is attached to a different instance."},
			{server.ID, volume, taken, nova.Invalid, "Invalid volume: New volume must be detached in order to swap."},
			{server.ID, volume, small, nova.Invalid, "Invalid volume: New volume must be the same size or larger."},
		} {
			wantRefusal(t, s.api.BeginSwapVolume(s.as("admin"), s.server(c.server), c.old, c.to), c.kind, c.text)
		}
		s.must(s.api.BeginSwapVolume(s.as("admin"), s.server(server.ID), shared, free)) // whose step refuses it
		wantRefusal(t, s.api.BeginSwapVolume(s.as("admin"), s.server(server.ID), shared, free), nova.Invalid,
			"Invalid volume: Invalid input received: Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.")
		s.work()
		const many = "Swapping multi-attach volumes with more than one read/write attachment is not supported."
		if fault := s.server(server.ID).Fault; fault == nil || fault.Message != many {
			t.Errorf("fault %+v", fault)
		}
		if v := s.volumeNow(free); v.Status != nova.VolumeAvailable {
			t.Errorf("the volume that was to be is %s", v.Status)
		}
		s.settled()
	})
}

// TestVolumes_SwapFails fails on the way, on either side: the server has what it wrote, on
// one volume, and the other one is free.
func TestVolumes_SwapFails(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]struct {
		fail    func(h *hooks)
		status  string
		swapped bool
	}{
		"reserve":           {volumesDown("POST", "/attachments"), "starting", false},
		"connect":           {volumesDown("PUT", "/attachments/"), "starting", false},
		"copy":              {func(h *hooks) { h.driver = failing("swap_volume") }, "starting", false},
		"copy, while moved": {func(h *hooks) { h.driver = failing("swap_volume") }, "migrating", false},
		"complete":          {volumesDown("POST", "/action"), "starting", false},
		"give back":         {volumesDown("DELETE", "/attachments/"), "starting", true},
		"rename, while moved": {func(h *hooks) {
			left := 2
			h.driver = func(_ context.Context, verb string, _ nova.Server) error {
				if verb != "rename_volume" || left == 0 {
					return nil
				}
				left--
				return errors.New("the device is on fire")
			}
		}, "migrating", false},
	}, func(t *testing.T, s *site, _ string, c struct {
		fail    func(h *hooks)
		status  string
		swapped bool
	},
	) {
		s.up()
		server, volume, other := s.boot(s.as("demo")), s.volume("demo"), s.volume("demo")
		s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: volume})
		s.writeVolume(server, volume, "a letter")
		s.moves(volume, c.status)
		s.must(s.api.BeginSwapVolume(s.as("admin"), s.server(server.ID), volume, other))
		s.hooks.set(c.fail)
		for range 12 { // as often as a step is tried, forward and back
			s.work()
			s.clock.advance(2 * time.Minute)
		}
		s.hooks.set(func(h *hooks) { h.request, h.driver = nil, nil })
		for range 3 {
			s.must(s.worker.SweepVolumes(t.Context()))
			s.clock.advance(2 * time.Minute)
			s.work()
		}
		now := s.server(server.ID)
		if len(now.BlockDevices) != 1 || now.BlockDevices[0].Swap != "" {
			t.Fatalf("%+v", now.BlockDevices)
		}
		if _, swapped := now.BlockDevice(other); swapped != c.swapped {
			t.Errorf("swapped: %v", swapped)
		}
		s.settled()
		if c.status == "starting" {
			if got := s.readVolume(now, now.BlockDevices[0].VolumeID, 8); got != "a letter" {
				t.Errorf("on the volume: %q", got)
			}
		}
	})
}

// TestVolumes_SwapBrokenOff ends the server while its volume is swapped, and the host:
// neither volume is left with a server that is gone.
func TestVolumes_SwapBrokenOff(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]struct {
		at  string // what the service is asked meanwhile
		end func(s *site, server nova.Server) error
	}{
		"deleted before": {"PUT", func(s *site, server nova.Server) error { return s.api.Delete(s.as("demo"), server) }},
		"deleted after":  {"DELETE", func(s *site, server nova.Server) error { return s.api.Delete(s.as("demo"), server) }},
		"evacuated before": {"PUT", func(s *site, server nova.Server) error {
			s.forceDown(server.Host)
			_, err := s.api.Evacuate(s.as("admin"), server, compute.Evacuation{})
			return err
		}},
		"evacuated after": {"DELETE", func(s *site, server nova.Server) error {
			s.forceDown(server.Host)
			_, err := s.api.Evacuate(s.as("admin"), server, compute.Evacuation{})
			return err
		}},
	}, func(t *testing.T, s *site, name string, c struct {
		at  string
		end func(s *site, server nova.Server) error
	},
	) {
		s.up()
		server, volume, other := s.boot(s.as("demo")), s.volume("demo"), s.volume("demo")
		s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: volume})
		s.writeVolume(server, volume, "a letter")
		s.moves(volume, "starting")
		s.must(s.api.BeginSwapVolume(s.as("admin"), s.server(server.ID), volume, other))
		s.hooks.set(func(h *hooks) {
			h.request = func(r *http.Request) error {
				if r.Method != c.at || !strings.Contains(r.URL.Path, "/attachments/") {
					return nil
				}
				s.hooks.set(func(h *hooks) { h.request = nil })
				return c.end(s, s.server(server.ID))
			}
		})
		s.work()
		s.up()
		s.work()
		for range 2 {
			s.clock.advance(time.Hour)
			s.must(s.worker.SweepVolumes(t.Context()))
		}
		s.settled()
		used := 0
		for _, id := range []string{volume, other} {
			if v := s.volumeNow(id); v.Status == nova.VolumeInUse {
				used++
			} else if v.Status != nova.VolumeAvailable {
				t.Errorf("volume %s is %s", id, v.Status)
			}
		}
		if strings.HasPrefix(name, "deleted") {
			if used != 0 {
				t.Errorf("%d volumes are in use", used)
			}
			return
		}
		now, err := s.store.Server(t.Context(), server.ID)
		s.must(err)
		if used != 1 || s.readVolume(now, now.BlockDevices[0].VolumeID, 8) != "a letter" {
			t.Errorf("%d volumes are in use; %+v", used, now.BlockDevices)
		}
		s.clear(server.ID)
	})
}

// TestCrash_Migration dies at every step of a swap by which the block storage service moves
// a volume.
func TestCrash_Migration(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		volumes := map[string]string{} // of the servers
		s.crash(func() nova.Server {
			server, volume := s.boot(s.as("demo")), s.volume("demo")
			volumes[server.ID] = volume
			s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: volume})
			s.writeVolume(server, volume, "a letter")
			s.moves(volume, "migrating")
			s.must(s.api.BeginSwapVolume(s.as("admin"), s.server(server.ID), volume, s.volume("demo")))
			return s.server(server.ID)
		}, func(id string) {
			if got := s.readVolume(s.server(id), volumes[id], 8); got != "a letter" {
				t.Errorf("on the volume: %q", got)
			}
			s.settled()
		})
	}, telling)
}
