package compute_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

type disk = compute.BlockDevice

// fromDisks is a server that is made of disks and of no image.
func fromDisks(disks ...disk) func(*compute.ServerRequest) {
	return func(n *compute.ServerRequest) { n.ImageID, n.Devices = "", disks }
}

// onVolume is a disk on a volume; the first to be booted from.
func onVolume(source, id string, size int, boots bool) disk {
	d := disk{Source: source, Destination: "volume", ID: id, Size: size}
	if boots {
		d.BootIndex = new(0)
	}
	return d
}

// bootable makes a volume of the bundled image.
func (s *site) bootable() string {
	s.t.Helper()
	return s.volume("demo", fmt.Sprintf(`"imageRef": %q`, cirros))
}

// TestCreate_Volumes makes servers that boot from volumes and have others, of all that
// volumes can be made of.
func TestCreate_Volumes(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]struct {
		disks   func(s *site) []disk
		devices []string
	}{
		"a volume": {func(s *site) []disk { return []disk{onVolume("volume", s.bootable(), 0, true)} }, []string{"/dev/vda"}},
		"an image": {func(*site) []disk { return []disk{onVolume("image", cirros, 1, true)} }, []string{"/dev/vda"}},
		"an image, and an empty one": {func(*site) []disk {
			return []disk{onVolume("image", cirros, 1, true), onVolume("blank", "", 2, false)}
		}, []string{"/dev/vda", "/dev/vdb"}},
		"a snapshot": {func(s *site) []disk {
			return []disk{onVolume("snapshot", s.make("demo", "snapshot", fmt.Sprintf(`"volume_id": %q`, s.bootable())), 0, true)}
		}, []string{"/dev/vda"}},
		"one with a name": {func(s *site) []disk {
			named := onVolume("volume", s.volume("demo"), 0, false)
			named.Device = "/dev/sdk"
			return []disk{onVolume("image", cirros, 1, true), named}
		}, []string{"/dev/vda", "/dev/sdk"}},
	}, func(t *testing.T, s *site, _ string, c struct {
		disks   func(s *site) []disk
		devices []string
	},
	) {
		ctx := s.as("demo")
		server := s.boot(ctx, fromDisks(c.disks(s)...))
		var devices []string
		for _, d := range server.BlockDevices {
			devices = append(devices, d.Device)
			if v := s.volumeNow(d.VolumeID); v.Status != nova.VolumeInUse || v.ProjectID != server.ProjectID {
				t.Errorf("volume %+v", v)
			}
		}
		if !slices.Equal(devices, c.devices) || server.ImageID != "" || !server.OnVolume() {
			t.Errorf("devices %q of %+v", devices, server)
		}
		s.settled()
		s.first(server.ID, compute.Migrate, compute.ConfirmResize, compute.Stop, compute.Start)
		s.settled()
		s.clear(server.ID)
		s.settled()
	})
}

// TestCreate_VolumesTogether makes several servers at once, each with volumes of its
// own; those that are to go with a server do.
func TestCreate_VolumesTogether(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		root := onVolume("image", cirros, 1, true)
		root.DeleteOnTermination = true
		created, err := s.api.Create(s.as("demo"), request(fromDisks(root), func(n *compute.ServerRequest) { n.Min, n.Max = 3, 3 }))
		s.must(err)
		s.work()
		seen := map[string]bool{}
		for _, server := range created.Servers {
			s.wantStates(server.ID, "active")
			seen[s.server(server.ID).BlockDevices[0].VolumeID] = true
			s.clear(server.ID)
		}
		if len(seen) != 3 {
			t.Errorf("%d volumes for three servers", len(seen))
		}
		s.settled()
		if left, err := s.clients.Volume.As(nova.CallerOf(s.as("demo"))).List(t.Context()); err != nil || len(left) > 0 {
			t.Errorf("volumes are left: %+v, %v", left, err)
		}
	})
}

// TestCreate_VolumesFail fails the server if its volume can't be made or attached.
func TestCreate_VolumesFail(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]struct {
		fail func(s *site, server nova.Server)
		text string
	}{
		"the service refuses": {nil, "Build of instance ID aborted: "},
		"another has it": {func(s *site, server nova.Server) {
			_, err := s.clients.Volume.AsService().Reserve(s.t.Context(), server.BlockDevices[0].VolumeID, "00000000-0000-4000-8000-000000000000")
			s.must(err)
		}, "Build of instance ID aborted: Invalid input received: Invalid volume: Volume "},
	}, func(t *testing.T, s *site, _ string, c struct {
		fail func(s *site, server nova.Server)
		text string
	},
	) {
		if c.fail == nil {
			s.hooks.set(func(h *hooks) {
				h.request = func(r *http.Request) error {
					if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/volumes") {
						return errors.New("the line is cut")
					}
					return nil
				}
			})
		}
		server := s.begin(s.as("demo"), fromDisks(onVolume("image", cirros, 1, true)))
		s.hooks.set(func(h *hooks) { h.request = nil })
		if c.fail != nil {
			c.fail(s, s.server(server.ID))
		}
		s.work()
		s.wantStates(server.ID, "error")
		if fault := s.server(server.ID).Fault; fault == nil || !strings.HasPrefix(fault.Message, strings.ReplaceAll(c.text, "ID", server.ID)) {
			t.Errorf("fault %+v", fault)
		}
		s.clear(server.ID)
	})
}

// TestCreate_VolumesLate deletes a server while its volume is being made: the volume
// goes as well.
func TestCreate_VolumesLate(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.hooks.set(func(h *hooks) {
			h.request = func(r *http.Request) error {
				if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/volumes") {
					return nil
				}
				s.hooks.set(func(h *hooks) { h.request = nil })
				for _, server := range s.servers(false) {
					s.must(s.api.Delete(s.as("demo"), server))
				}
				return nil
			}
		})
		s.begin(s.as("demo"), fromDisks(onVolume("image", cirros, 1, true)))
		s.work()
		if left, err := s.clients.Volume.As(nova.CallerOf(s.as("demo"))).List(t.Context()); err != nil || len(left) > 0 {
			t.Errorf("volumes are left: %+v, %v", left, err)
		}
		if servers, err := s.store.Servers(t.Context(), db.ServerFilter{Deleted: new(false)}, nova.Page{Limit: 10}); err != nil || len(servers) > 0 {
			t.Errorf("servers are left: %+v, %v", servers, err)
		}
		s.settled()
	})
}

// TestCreate_VolumesLost has volumes made of which no server knows, since the process that
// asked for them died before it heard the answer, or never heard it. Whoever builds the
// server finds its volume, and nobody else's; and one of a server that is deleted before goes
// with it.
func TestCreate_VolumesLost(t *testing.T) {
	t.Parallel()
	type testCase struct {
		then    func()
		deleted bool // before anybody builds it
	}
	eachCase(t, map[string]testCase{
		"the process died":                             {runtime.Goexit, false},
		"the answer was lost":                          {func() {}, false},
		"the process died, and the server was deleted": {runtime.Goexit, true},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		var other string // is nobody's, and stays
		s.hooks.set(func(h *hooks) {
			h.request = func(r *http.Request) error {
				if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/volumes") {
					return nil
				}
				response, err := s.transport.RoundTrip(r)
				s.must(err)
				s.must(response.Body.Close())
				c.then()
				return errors.New("the line is cut")
			}
		})
		other = s.volume("demo", `"metadata": {"nova_block_device": "another"}`)
		done := make(chan struct{})
		go func() {
			defer close(done)
			root := onVolume("image", cirros, 1, true)
			root.DeleteOnTermination = true
			_, _ = s.api.Create(s.as("demo"), request(fromDisks(root)))
		}()
		<-done
		s.hooks.set(func(h *hooks) { h.request = nil })
		mine := s.clients.Volume.As(nova.CallerOf(s.as("demo")))
		if made, err := mine.List(t.Context()); err != nil || len(made) != 2 {
			t.Fatalf("volumes: %+v, %v", made, err)
		}
		if !c.deleted {
			s.work()
		}
		for _, server := range s.servers(false) {
			if built := server.VMState == nova.Active && len(server.BlockDevices) == 1 && server.BlockDevices[0].VolumeID != ""; built == c.deleted {
				t.Errorf("server %s has %+v", states(server), server.BlockDevices)
			}
			s.clear(server.ID)
		}
		s.clock.advance(time.Minute)
		s.must(s.worker.SweepVolumes(t.Context()))
		if left, err := mine.List(t.Context()); err != nil || len(left) != 1 || left[0].ID != other {
			t.Errorf("volumes are left: %+v, %v", left, err)
		}
		s.must(mine.Delete(t.Context(), other))
		s.clock.advance(time.Hour)
		s.must(s.worker.SweepVolumes(t.Context()))
		if left, err := s.store.LeftVolumes(t.Context()); err != nil || len(left) > 0 {
			t.Errorf("notes are left: %+v, %v", left, err)
		}
		s.settled()
	})
}

// TestCreate_VolumesRefused is what is refused at once: nothing is made.
func TestCreate_VolumesRefused(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]struct {
		disks func(s *site) []disk
		text  string // VOLUME is that of the first disk
		many  bool
	}{
		"not bootable": {func(s *site) []disk { return []disk{onVolume("volume", s.volume("demo"), 0, true)} }, "Block Device VOLUME is not bootable.", false},
		"in use": {func(s *site) []disk {
			v := s.bootable()
			s.attachVolume(s.boot(s.as("demo")).ID, compute.VolumeRequest{VolumeID: v})
			return []disk{onVolume("volume", v, 0, true)}
		}, "Invalid volume: Invalid input received: Invalid volume: Volume VOLUME status must be available or downloading to reserve, but the current status is in-use.", false},
		"for two": {
			func(s *site) []disk { return []disk{onVolume("volume", s.bootable(), 0, true)} },
			"Cannot attach one or more volumes to multiple instances", true,
		},
		"twice": {func(s *site) []disk {
			v := s.bootable()
			return []disk{onVolume("volume", v, 0, true), onVolume("volume", v, 0, false)}
		}, "Invalid volume: volume VOLUME already attached", false},
		"of no size": {func(*site) []disk { return []disk{onVolume("image", cirros, 0, true)} }, "Images with destination_type 'volume' need to have a non-zero size specified", false},
		"of no type": {func(*site) []disk {
			d := onVolume("image", cirros, 1, true)
			d.VolumeType = "mars"
			return []disk{d}
		}, "Volume type mars could not be found.", false},
		"of no image": {func(*site) []disk { return []disk{onVolume("image", private, 1, true)} }, "Block Device Mapping is Invalid: failed to get image " + private + ".", false},
	}, func(t *testing.T, s *site, _ string, c struct {
		disks func(s *site) []disk
		text  string
		many  bool
	},
	) {
		disks := c.disks(s)
		_, err := s.api.Create(s.as("demo"), request(fromDisks(disks...), func(n *compute.ServerRequest) {
			if c.many {
				n.Min, n.Max = 2, 2
			}
		}))
		wantRefusal(t, err, nova.Invalid, strings.ReplaceAll(c.text, "VOLUME", disks[0].ID))
		s.settled()
	})
}
