package compute_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// onRoot reads the beginning of the volume that a server boots from, as its guest does.
func (s *site) onRoot(id string, length int) string {
	s.t.Helper()
	server := s.server(id)
	return s.readVolume(server, server.BlockDevices[0].VolumeID, length)
}

// readVolume reads the beginning of a volume, as the guest that has it does.
func (s *site) readVolume(server nova.Server, volumeID string, length int) string {
	s.t.Helper()
	data, err := s.local.Driver(server.Host).(virt.DiskReader).OpenVolume(s.t.Context(), server, volumeID)
	s.must(err)
	defer func() { _ = data.Close() }()
	text := make([]byte, length)
	_, err = data.ReadAt(text, 0)
	s.must(err)
	return string(text)
}

// writeVolume writes the beginning of a volume, as the guest that has it does.
func (s *site) writeVolume(server nova.Server, volumeID, text string) {
	s.t.Helper()
	data, err := s.local.Driver(server.Host).(virt.DiskReader).OpenVolume(s.t.Context(), server, volumeID)
	s.must(err)
	defer func() { _ = data.Close() }()
	_, err = data.WriteAt([]byte(text), 0)
	s.must(err)
}

// bootVolume makes a server that boots from a volume made of the bundled image, and has written
// something there.
func (s *site) bootVolume() nova.Server {
	s.t.Helper()
	root := onVolume("image", cirros, 1, true)
	root.DeleteOnTermination = true
	server := s.boot(s.as("demo"), fromDisks(root, onVolume("blank", "", 1, false)))
	s.writeVolume(server, server.BlockDevices[0].VolumeID, "own data")
	s.writeVolume(server, server.BlockDevices[1].VolumeID, "more data")
	return server
}

// TestRebuild_Volume makes servers anew that boot from volumes: clients of old get their
// data back, and later ones what is in the image. Other volumes stay as they are.
func TestRebuild_Volume(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]struct {
		first   []compute.Verb
		reimage bool
		states  string
		midst   []string
	}{
		"of old":      {nil, false, "active", []string{"destroy: active rebuilding", "spawn: active rebuild_spawning"}},
		"now":         {nil, true, "active", []string{"destroy: active rebuilding", "spawn: active rebuild_spawning"}},
		"as it was":   {[]compute.Verb{compute.Stop}, true, "stopped", []string{"destroy: stopped rebuilding", "spawn: stopped rebuild_spawning", "power_off: active powering-off"}},
		"and unheard": {nil, true, "active", []string{"destroy: active rebuilding", "spawn: active rebuild_spawning"}},
	}, func(t *testing.T, s *site, name string, c struct {
		first   []compute.Verb
		reimage bool
		states  string
		midst   []string
	},
	) {
		if name != "and unheard" { // a lost event is no reason not to go on
			s.hear()
		}
		server := s.bootVolume()
		root, other := server.BlockDevices[0].VolumeID, server.BlockDevices[1].VolumeID
		s.first(server.ID, c.first...)
		image, want := cirros, "own data"
		if c.reimage {
			image = s.upload("demo", map[string]string{"os_type": "linux"})
			want = s.data(image)
		}
		seen := s.watch()
		_, _, err := s.api.Rebuild(s.as("demo"), s.server(server.ID), compute.RebuildRequest{ImageID: image, Reimage: c.reimage})
		s.must(err)
		s.work()
		if diff := cmp.Diff(c.midst, *seen); diff != "" {
			t.Errorf("in the midst (-want +got):\n%s", diff)
		}
		s.wantStates(server.ID, c.states)
		now := s.server(server.ID)
		if now.ImageID != "" || now.ImageProps["os_type"] != map[bool]string{true: "linux"}[c.reimage] {
			t.Errorf("image %q, %v", now.ImageID, now.ImageProps)
		}
		if got := s.readVolume(now, root, len(want)); got != want {
			t.Errorf("on the root volume: %q, want %q", got, want)
		}
		if got := s.readVolume(now, other, 9); got != "more data" {
			t.Errorf("on the other volume: %q", got)
		}
		if v := s.volumeNow(root); v.ImageMetadata["image_id"] != image {
			t.Errorf("the volume is of image %s", v.ImageMetadata["image_id"])
		}
		lines := s.record(server.ID)
		if last := lines[len(lines)-1]; !strings.HasPrefix(last, "rebuild: rebuild_server, compute_rebuild_instance") {
			t.Errorf("record %q", last)
		}
		s.settled()
		s.clear(server.ID)
		s.settled()
	})
}

// TestRebuild_VolumeRefused is what can't be had for a server that boots from a volume.
func TestRebuild_VolumeRefused(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.bootVolume()
		other := s.upload("demo", nil)
		large, err := s.clients.Image.AsService().Ensure(t.Context(), nova.Image{
			Name: "large", Visibility: "public", DiskFormat: "raw", ContainerFormat: "bare", MinDisk: 2,
		})
		s.must(err)
		s.must(s.clients.Image.AsService().Upload(t.Context(), large.ID, strings.NewReader("large")))
		loose := s.volume("demo")
		s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: loose})
		for _, c := range []struct {
			request compute.RebuildRequest
			ready   func()
			text    string
		}{
			{compute.RebuildRequest{ImageID: other}, nil, "Image " + other + " is unacceptable: Unable to rebuild with a different image for a volume-backed server."},
			{
				compute.RebuildRequest{ImageID: other, Reimage: true, TrustedCerts: &[]string{"one"}},
				nil,
				"Image certificate validation is not supported for volume-backed servers.",
			},
			{
				compute.RebuildRequest{ImageID: large.ID, Reimage: true},
				nil,
				"Volume is smaller than the minimum size specified in image metadata. Volume size is 1073741824 bytes, minimum size is 2147483648 bytes.",
			},
			{
				compute.RebuildRequest{ImageID: other, Reimage: true},
				func() { s.onVolume("demo", loose, `{"os-begin_detaching": null}`) },
				"Invalid volume: volume '" + loose + "' status must be 'in-use'. Currently in 'detaching' status",
			},
		} {
			if c.ready != nil {
				c.ready()
			}
			_, _, err := s.api.Rebuild(s.as("demo"), s.server(server.ID), c.request)
			wantRefusal(t, err, nova.Invalid, c.text)
			s.wantStates(server.ID, "active")
		}
		s.onVolume("demo", loose, `{"os-roll_detaching": null}`)
		s.settled()
	})
}

// TestRebuild_VolumeFails is a volume that can't be overwritten: its server is in error, as
// in Nova, and leaves nothing behind when it is deleted.
func TestRebuild_VolumeFails(t *testing.T) {
	t.Parallel()
	const aborted = "Build of instance ID aborted: Failed to rebuild volume backed instance."
	cut := func(method, part string) func(s *site, root string) {
		return func(s *site, _ string) {
			s.hooks.set(func(h *hooks) {
				h.request = func(r *http.Request) error {
					if r.Method == method && strings.HasSuffix(r.URL.Path, part) {
						return errors.New("the line is cut")
					}
					return nil
				}
			})
		}
	}
	eachCase(t, map[string]struct {
		spoil func(s *site, root string)
		text  string
	}{
		"it can't be reserved":  {cut(http.MethodPost, "/attachments"), "Connection to cinder host failed"},
		"nobody can be asked":   {cut(http.MethodPost, "/action"), "Connection to cinder host failed"},
		"it takes too long":     {cut(http.MethodGet, "/file"), aborted},
		"the volume is refused": {func(s *site, root string) { s.onVolume("admin", root, `{"os-reset_status": {"status": "error"}}`) }, aborted},
	}, func(t *testing.T, s *site, _ string, c struct {
		spoil func(s *site, root string)
		text  string
	},
	) {
		s.hear()
		server, image := s.bootVolume(), s.upload("demo", nil)
		_, _, err := s.api.Rebuild(s.as("demo"), s.server(server.ID), compute.RebuildRequest{ImageID: image, Reimage: true})
		s.must(err)
		c.spoil(s, server.BlockDevices[0].VolumeID)
		impatient := s.newWorker(func(o *compute.WorkerOptions) { o.ReimageTime = 50 * time.Millisecond })
		for range 6 { // as often as a step is tried
			s.workWith(impatient)
			s.clock.advance(2 * time.Minute)
		}
		s.hooks.set(func(h *hooks) { h.request = nil })
		s.wantStates(server.ID, "error")
		if fault := s.server(server.ID).Fault; fault == nil || !strings.HasPrefix(fault.Message, strings.ReplaceAll(c.text, "ID", server.ID)) {
			t.Errorf("fault %+v", fault)
		}
		s.clear(server.ID)
		s.settled()
		if v := s.volumeNow(server.BlockDevices[1].VolumeID); v.Status != nova.VolumeAvailable {
			t.Errorf("the other volume is %s", v.Status)
		}
	})
}

// TestCrash_Reimage dies at every step of a rebuild that writes another image over the
// volume that a server boots from.
func TestCrash_Reimage(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.hear()
		image := s.upload("demo", nil)
		want := s.data(image)
		s.crash(func() nova.Server {
			server := s.bootVolume()
			_, _, err := s.api.Rebuild(s.as("demo"), server, compute.RebuildRequest{ImageID: image, Reimage: true})
			s.must(err)
			return s.server(server.ID)
		}, func(id string) {
			if got := s.onRoot(id, len(want)); got != want {
				t.Errorf("on the root volume: %q, want %q", got, want)
			}
			s.settled()
		})
	}, telling)
}
