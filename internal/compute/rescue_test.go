package compute_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// upload makes an image with data, in the name of a user's project.
func (s *site) upload(who string, props map[string]string) string {
	s.t.Helper()
	made, err := s.clients.Image.AsService().Ensure(s.t.Context(), nova.Image{
		Name: "tools", Owner: nova.CallerOf(s.as(who)).ProjectID, Visibility: "private",
		DiskFormat: "raw", ContainerFormat: "bare", Properties: props,
	})
	s.must(err)
	s.must(s.clients.Image.AsService().Upload(s.t.Context(), made.ID, strings.NewReader("tools")))
	return made.ID
}

// onConsole demands a text on a server's console.
func (s *site) onConsole(id, want string) {
	s.t.Helper()
	text, err := s.api.ConsoleOutput(s.as("demo"), s.server(id), -1)
	s.must(err)
	if !strings.Contains(text, want) {
		s.t.Errorf("the console lacks %q:\n%s", want, text)
	}
}

// TestRescue is from which image a server is rescued, and how its disk is
// attached.
func TestRescue(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		plain, stable := s.upload("demo", nil), s.upload("demo", map[string]string{"hw_rescue_device": "cdrom", "hw_rescue_bus": "usb"})
		half := s.upload("demo", map[string]string{"hw_rescue_device": "cdrom"})
		foreign := s.upload("admin", nil)
		broken := s.upload("demo", map[string]string{"hw_rescue_bus": "carrier pigeon"})
		ofVolume := s.upload("demo", map[string]string{"img_block_device_mapping": "[]"})
		for _, c := range []struct {
			chosen string
			base   string // the base image of the server's
			volume bool   // the server boots from one
			before bool   // before 2.87
			text   string // why it is refused
			shown  string // on the console
		}{
			{shown: "Rescue image " + cirros + "; the server's own disk is /dev/vdb."},
			{base: plain, shown: "Rescue image " + plain},
			{chosen: plain, base: stable, before: true, shown: "Rescue image " + plain},
			{chosen: stable, before: true, shown: "Booting from cdrom on usb.\nRescue image " + stable + "; the server's own disk is /dev/vda."},
			{chosen: half, shown: "Rescue image " + half + "; the server's own disk is /dev/vdb."},
			{chosen: stable, volume: true, shown: "Booting from cdrom on usb."},
			{chosen: stable, volume: true, before: true, text: "Instance ID cannot be rescued: Cannot rescue a volume-backed instance"},
			{chosen: half, volume: true, text: "Instance ID cannot be rescued: Cannot rescue a volume-backed instance"},
			{volume: true, text: "Instance ID cannot be rescued: Cannot rescue a volume-backed instance"},
			{chosen: ofVolume, text: "Requested rescue image '" + ofVolume + "' is not supported"},
			{chosen: foreign, text: "Requested rescue image '" + foreign + "' is not supported"},
			{chosen: broken, text: "Invalid image metadata. Error: Field value carrier pigeon is invalid"},
		} {
			server := s.boot(s.as("demo"))
			change := db.ServerChange{ImageProps: &map[string]string{"base_image_ref": c.base}}
			if c.volume {
				change.ImageID = new("")
			}
			server = s.put(server.ID, change)
			s.clock.advance(time.Minute)
			_, err := s.api.Rescue(s.as("demo"), server, compute.RescueRequest{ImageID: c.chosen, Volumes: !c.before})
			wantRefusal(t, err, nova.Invalid, strings.ReplaceAll(c.text, "ID", server.ID))
			s.work()
			if c.text != "" {
				s.wantStates(server.ID, "active")
			} else {
				s.wantStates(server.ID, "rescued")
				s.onConsole(server.ID, c.shown)
				if launched := s.server(server.ID).LaunchedAt; !launched.Equal(s.clock.now()) {
					t.Errorf("launched at %s", launched)
				}
			}
			s.clear(server.ID)
		}
		s.settled()
	})
}

// TestRescue_Fails leaves a server in error if its host can't rescue it, and as
// it was if there is nothing to rescue it with.
func TestRescue_Fails(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		foreign := s.upload("admin", nil)
		for _, missing := range []string{"00000000-0000-4000-8000-000000000000", foreign} {
			server := s.boot(s.as("demo"))
			s.put(server.ID, db.ServerChange{ImageProps: &map[string]string{"base_image_ref": missing}})
			s.first(server.ID, compute.Rescue)
			s.wantStates(server.ID, "active")
			if fault := s.server(server.ID).Fault; fault == nil || fault.Message != "Image "+missing+" could not be found." {
				t.Errorf("fault %+v", fault)
			}
			s.wantRecord(server.ID, "create: compute__do_build_and_run_instance", "rescue (Error): compute_rescue_instance failed")
		}
		server, gone := s.boot(s.as("demo")), s.upload("demo", nil)
		_, err := s.api.Rescue(s.as("demo"), server, compute.RescueRequest{ImageID: gone})
		s.must(err)
		s.must(s.clients.Image.AsService().Delete(t.Context(), gone))
		s.work()
		s.wantStates(server.ID, "error")
		want := "Instance " + server.ID + " cannot be rescued: Driver Error: "
		if fault := s.server(server.ID).Fault; fault == nil || !strings.HasPrefix(fault.Message, want) {
			t.Errorf("fault %+v", fault)
		}
		s.first(server.ID, compute.Rescue, compute.Unrescue) // from error as well
		s.wantStates(server.ID, "active")
		s.settled()
	})
}
