package compute_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// bootOnVolume makes a server that boots from a volume and has another one.
func (s *site) bootOnVolume() nova.Server {
	s.t.Helper()
	return s.boot(s.as("demo"), onPrivate, fromDisks(onVolume("image", cirros, 1, true), onVolume("blank", "", 2, false)))
}

// TestVolumeImages makes images of a server that boots from a volume, each at once, and
// servers of these images: they have volumes of their own.
func TestVolumeImages(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]func(s *site, server nova.Server) (string, error){
		"createImage": func(s *site, server nova.Server) (string, error) {
			return s.api.CreateImage(s.as("demo"), server, "shot", map[string]string{"a": "b"})
		},
		"backup_instance": func(s *site, server nova.Server) (string, error) {
			return s.api.BackupInstance(s.as("demo"), server, "shot", new("text"))
		},
	}, func(t *testing.T, s *site, verb string, do func(s *site, server nova.Server) (string, error)) {
		server := s.bootOnVolume()
		id, err := do(s, server)
		s.must(err)
		image, err := s.clients.Image.AsService().Show(t.Context(), id)
		s.must(err)
		if image.Status != "active" || image.Size != 0 || image.Properties["bdm_v2"] != "True" || image.Properties["root_device_name"] != "/dev/vda" ||
			strings.Count(image.Properties["block_device_mapping"], `"snapshot_id"`) != 2 {
			t.Errorf("image %+v", image)
		}
		lines := s.record(server.ID)
		if last := lines[len(lines)-1]; last != verb+": api_snapshot_instance" {
			t.Errorf("record %q", last)
		}
		s.wantStates(server.ID, "active")
		twin := s.boot(s.as("demo"), func(n *compute.ServerRequest) {
			n.ImageID = id
			n.Devices = []disk{{Source: "image", Destination: "local", ID: id, BootIndex: new(0)}} // as openstackclient says
		})
		if len(twin.BlockDevices) != 2 || !twin.OnVolume() || twin.BlockDevices[0].Device != "/dev/vda" || twin.BlockDevices[1].Device != "/dev/vdb" {
			t.Errorf("a server of the image: %+v", twin.BlockDevices)
		}
		s.settled()
		s.must(s.clients.Image.AsService().Delete(t.Context(), id))
		s.clear(twin.ID)
		s.clear(server.ID)
		s.settled()
	})
}

// TestVolumeImages_Fail leaves no snapshot if one can't be made.
func TestVolumeImages_Fail(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.bootOnVolume()
		asked := 0
		s.hooks.set(func(h *hooks) {
			h.request = func(r *http.Request) error {
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/snapshots") {
					asked++
					if asked > 1 {
						return errors.New("the line is cut")
					}
				}
				return nil
			}
		})
		if _, err := s.api.CreateImage(s.as("demo"), server, "shot", nil); err == nil {
			t.Error("an image of half a server")
		}
		s.hooks.set(func(h *hooks) { h.request = nil })
		left, err := s.clients.Volume.As(nova.CallerOf(s.as("demo"))).Snapshots(t.Context())
		if err != nil || len(left) > 0 {
			t.Errorf("snapshots are left: %+v, %v", left, err)
		}
		wantRefusal(t, func() error {
			_, err := s.api.CreateBackup(s.as("demo"), server, "backup", "daily", 1, nil)
			return err
		}(), nova.Invalid, "Backup is not supported for volume-backed instances.")
		s.settled()
	})
}

// TestVolumeImages_Shelved shelves a server that boots from a volume: it leaves its host
// at once, without an image, and comes back.
func TestVolumeImages_Shelved(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.bootOnVolume()
		s.must(s.with(func(o *compute.Options) { o.OffloadAfter = -1 }).Shelve(s.as("demo"), server))
		s.work()
		s.wantStates(server.ID, "shelved_offloaded")
		if made := s.imagesOf(server.ID); len(made) > 0 {
			t.Errorf("images %+v", made)
		}
		s.settled()
		s.must(s.api.Unshelve(s.as("demo"), s.server(server.ID), compute.Unshelving{}))
		s.work()
		s.wantStates(server.ID, "active")
		s.settled()
		s.hooks.set(func(h *hooks) { h.driver = failing("destroy") })
		s.must(s.api.Shelve(s.as("demo"), s.server(server.ID)))
		s.work()
		s.hooks.set(func(h *hooks) { h.driver = nil })
		s.wantStates(server.ID, "stopped")
		s.settled()
		s.clear(server.ID)
	})
}

// TestVolumeImages_Malformed is an image whose mapping is none.
func TestVolumeImages_Malformed(t *testing.T) {
	t.Parallel()
	for text, refusal := range map[string]string{
		`[{"source_type": "mars"}]`: "Block Device Mapping is Invalid: Invalid source_type field.",
		`{`:                         "Block Device Mapping is Invalid: Invalid block_device_mapping of image IMAGE.",
	} {
		eachSite(t, func(t *testing.T, s *site) {
			image := s.giveImage(nova.Image{ID: uuid.NewString(), Name: "odd", DiskFormat: "raw", ContainerFormat: "bare", Visibility: "public", Properties: map[string]string{"bdm_v2": "true", "block_device_mapping": text}})
			_, err := s.api.Create(s.as("demo"), request(func(n *compute.ServerRequest) { n.ImageID = image }))
			wantRefusal(t, err, nova.Invalid, strings.ReplaceAll(refusal, "IMAGE", image))
		})
	}
}
