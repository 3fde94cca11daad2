package compute_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// volume makes a volume of a user's, of the size of 1 GB, and gives its ID.
func (s *site) volume(user string, properties ...string) string {
	s.t.Helper()
	return s.make(user, "volume", strings.Join(append(properties, `"size": 1`), ", "))
}

// shared is the property of a volume that several servers may have.
func (s *site) shared() string {
	s.t.Helper()
	name := "shared " + uuid.NewString()
	s.make("admin", "volume_type", fmt.Sprintf(`"name": %q, "extra_specs": {"multiattach": "<is> True"}`, name))
	return fmt.Sprintf(`"volume_type": %q`, name)
}

// make makes something at the block storage service, past all hooks, and gives its ID.
func (s *site) make(user, what, properties string) string {
	s.t.Helper()
	path := map[string]string{"volume": "volumes", "volume_type": "types", "snapshot": "snapshots"}[what]
	response := s.askVolumes(user, path, fmt.Sprintf(`{%q: {%s}}`, what, properties))
	defer func() { _ = response.Body.Close() }()
	var made map[string]struct{ ID string }
	s.must(json.NewDecoder(response.Body).Decode(&made))
	if made[what].ID == "" {
		s.t.Fatalf("no %s is made: %s", what, response.Status)
	}
	return made[what].ID
}

// askVolumes posts to the block storage service, past all hooks, in its latest version.
func (s *site) askVolumes(user, path, body string) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, bundled+"/volume/v3/"+path, strings.NewReader(body))
	s.must(err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("OpenStack-API-Version", "volume 3.71")
	r.Header.Set("X-Auth-Token", nova.CallerOf(s.as(user)).Token)
	response, err := s.transport.RoundTrip(r)
	s.must(err)
	return response
}

// onVolume does something to a volume at the block storage service, which must take it.
func (s *site) onVolume(user, id, action string) {
	s.t.Helper()
	response := s.askVolumes(user, "volumes/"+id+"/action", action)
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode/100 != 2 {
		text, _ := io.ReadAll(response.Body)
		s.t.Fatalf("%s: %s %s", action, response.Status, text)
	}
}

// volumeNow is a volume as the block storage service has it.
func (s *site) volumeNow(id string) nova.Volume {
	s.t.Helper()
	v, err := s.clients.Volume.AsService().Show(s.t.Context(), id)
	s.must(err)
	return v
}

// attachVolume attaches a volume, and sees to the end of that.
func (s *site) attachVolume(id string, wanted compute.VolumeRequest) {
	s.t.Helper()
	s.must(s.api.BeginAttachVolume(s.as("demo"), s.server(id), wanted))
	s.work()
}

// attachedAsKnown holds the hosts to the volumes that servers know: each is plugged in
// once, and no other is.
func (s *site) attachedAsKnown(live map[string]nova.Server) {
	s.t.Helper()
	for _, server := range live {
		if server.LaunchedAt == nil || server.Host == "" || server.VMState == nova.Errored {
			continue
		}
		if !s.isOn(server.Host, server.ID) { // as pluggedAsKnown says
			continue
		}
		known := []string{}
		for _, device := range server.BlockDevices {
			known = append(known, device.VolumeID)
		}
		plugged, err := s.local.Driver(server.Host).(virt.VolumeAttacher).Volumes(s.t.Context(), server)
		s.must(err)
		slices.Sort(known)
		slices.Sort(plugged)
		if !slices.Equal(known, plugged) {
			s.t.Errorf("server %s knows the volumes %q, and has %q: %s, %q", server.ID, known, plugged, states(server), s.record(server.ID))
		}
	}
}

// noStrayAttachments holds the block storage service to what servers know: a volume
// that a server has is in use, with one attachment, and any other is available.
func (s *site) noStrayAttachments(live map[string]nova.Server) {
	s.t.Helper()
	all, err := s.clients.Volume.AsService().Attachments(s.t.Context(), cloud.AttachmentQuery{})
	s.must(err)
	found := map[[2]string]int{}
	for _, attachment := range all {
		device, known := live[attachment.ServerID].BlockDevice(attachment.VolumeID)
		if !known {
			s.t.Errorf("volume %s is attached to server %s, which doesn't know it", attachment.VolumeID, attachment.ServerID)
		}
		found[[2]string{attachment.ServerID, attachment.VolumeID}]++
		if live[attachment.ServerID].VMState == nova.Errored {
			continue // it may have failed on the way to another host
		}
		away := live[attachment.ServerID].VMState == nova.ShelvedOffloaded || device.Moving // its volumes wait for it
		if known && device.AttachmentID != attachment.ID || attachment.Status != "attached" && !away {
			s.t.Errorf("server %s knows attachment %s of volume %s; there is %s, %s", attachment.ServerID, device.AttachmentID, attachment.VolumeID, attachment.ID, attachment.Status)
		}
	}
	for _, server := range live {
		for _, device := range server.BlockDevices {
			if found[[2]string{server.ID, device.VolumeID}] != 1 {
				s.t.Errorf("volume %s is attached to server %s %d times", device.VolumeID, server.ID, found[[2]string{server.ID, device.VolumeID}])
			}
		}
	}
}

// TestVolumes attaches volumes and detaches them: each gets the next name, or the one
// that the client wants.
func TestVolumes(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		for _, c := range []struct {
			wanted compute.VolumeRequest
			device string
		}{
			{compute.VolumeRequest{}, "/dev/vdb"},
			{compute.VolumeRequest{Device: "/dev/sdd", Tag: "data"}, "/dev/vdd"},
			{compute.VolumeRequest{DeleteOnTermination: true}, "/dev/vdc"},
		} {
			c.wanted.VolumeID = s.volume("demo")
			s.attachVolume(server.ID, c.wanted)
			if fault := s.server(server.ID).Fault; fault != nil {
				t.Fatalf("fault %+v", fault)
			}
			device, _ := s.server(server.ID).BlockDevice(c.wanted.VolumeID)
			if device.Device != c.device || device.Tag != c.wanted.Tag || device.DeleteOnTermination != c.wanted.DeleteOnTermination || device.AttachmentID == "" {
				t.Errorf("attached %+v: %+v", c.wanted, device)
			}
			v := s.volumeNow(c.wanted.VolumeID)
			if v.Status != nova.VolumeInUse || len(v.Holders) != 1 || v.Holders[0].ServerID != server.ID || v.Holders[0].Device != c.device {
				t.Errorf("attached %+v: %+v", c.wanted, v)
			}
		}
		s.settled()
		kept, removed := s.server(server.ID).BlockDevices[1].VolumeID, s.server(server.ID).BlockDevices[2].VolumeID
		s.must(s.api.BeginDetachVolume(s.as("demo"), s.server(server.ID), s.server(server.ID).BlockDevices[0].VolumeID))
		s.work()
		s.settled()
		if left := s.server(server.ID).BlockDevices; len(left) != 2 {
			t.Errorf("left: %+v", left)
		}
		lines := s.record(server.ID)
		if diff := cmp.Diff([]string{"attach_volume: compute_attach_volume", "detach_volume: compute_detach_volume"}, lines[len(lines)-2:]); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
		s.must(s.api.Delete(s.as("demo"), s.server(server.ID)))
		s.work()
		if v := s.volumeNow(kept); v.Status != nova.VolumeAvailable {
			t.Errorf("after its server: %+v", v)
		}
		if _, err := s.clients.Volume.AsService().Show(t.Context(), removed); !nova.Is(err, nova.NotFound) {
			t.Errorf("a volume that goes with its server: %v", err)
		}
		s.settled()
	})
}

// TestVolumes_Moved takes volumes along wherever a server goes, and back.
func TestVolumes_Moved(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string][]compute.Verb{
		"rebuild":              {compute.Rebuild},
		"resize":               {compute.Resize},
		"resize and confirm":   {compute.Resize, compute.ConfirmResize},
		"resize and revert":    {compute.Resize, compute.RevertResize},
		"live migration":       {compute.LiveMigrate, compute.LiveMigrate},
		"migrate":              {compute.Migrate, compute.ConfirmResize},
		"shelve":               {compute.Shelve},
		"shelve and unshelve":  {compute.Shelve, compute.Unshelve},
		"evacuate":             {compute.Evacuate},
		"hard reboot":          {compute.HardReboot},
		"attached while away":  {compute.Shelve, compute.AttachVolume, compute.Unshelve},
		"detached while away":  {compute.Shelve, compute.DetachVolume, compute.Unshelve},
		"attached when it is":  {compute.Resize, compute.AttachVolume, compute.RevertResize},
		"detached in between":  {compute.Resize, compute.DetachVolume, compute.ConfirmResize},
		"rescued":              {compute.Rescue, compute.Unrescue},
		"deleted and restored": {compute.SoftDelete, compute.Restore},
	}, func(t *testing.T, s *site, _ string, verbs []compute.Verb) {
		s.up()
		server := s.boot(s.as("demo"), onPrivate)
		s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: s.volume("demo")})
		s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: s.volume("demo")})
		number := 2
		for _, verb := range verbs {
			s.first(server.ID, verb)
			number += map[compute.Verb]int{compute.AttachVolume: 1, compute.DetachVolume: -1}[verb]
			now := s.server(server.ID)
			if now.Fault != nil || len(now.BlockDevices) != number {
				t.Errorf("after %s: %+v, fault %+v", verb, now.BlockDevices, now.Fault)
			}
			for _, device := range now.BlockDevices {
				if now.Host != "" && device.Device == "" {
					t.Errorf("after %s a device has no name: %+v", verb, device)
				}
			}
			s.settled()
		}
		s.clear(server.ID)
		s.settled()
	})
}

// TestVolumes_Refused is what a client is told at once, and what is left then: nothing.
func TestVolumes_Refused(t *testing.T) {
	t.Parallel()
	const nobody = "00000000-0000-4000-8000-000000000000"
	eachCase(t, map[string]struct {
		ready func(s *site, server nova.Server) compute.VolumeRequest
		kind  nova.Kind
		text  string // ID is the server's, VOLUME that of the volume
	}{
		"no such volume": {func(*site, nova.Server) compute.VolumeRequest { return compute.VolumeRequest{VolumeID: nobody} }, nova.NotFound, "Volume VOLUME could not be found."},
		"another project's": {func(s *site, _ nova.Server) compute.VolumeRequest {
			return compute.VolumeRequest{VolumeID: s.volume("admin")}
		}, nova.NotFound, "Volume VOLUME could not be found."},
		"twice": {func(s *site, server nova.Server) compute.VolumeRequest {
			r := compute.VolumeRequest{VolumeID: s.volume("demo")}
			s.attachVolume(server.ID, r)
			return r
		}, nova.Invalid, "Invalid volume: volume VOLUME is already attached to instances: ID"},
		"no name": {func(s *site, _ nova.Server) compute.VolumeRequest {
			return compute.VolumeRequest{VolumeID: s.volume("demo"), Device: "vdb"}
		}, nova.Invalid, "The supplied device path (vdb) is invalid."},
		"name in use": {func(s *site, _ nova.Server) compute.VolumeRequest {
			return compute.VolumeRequest{VolumeID: s.volume("demo"), Device: "/dev/sda1"}
		}, nova.Conflict, "The supplied device path (/dev/sda1) is in use."},
		"old client": {func(s *site, _ nova.Server) compute.VolumeRequest {
			return compute.VolumeRequest{VolumeID: s.volume("demo", s.shared())}
		}, nova.Invalid, "Multiattach volumes are only supported starting with compute API version 2.60."},
	}, func(t *testing.T, s *site, _ string, c struct {
		ready func(s *site, server nova.Server) compute.VolumeRequest
		kind  nova.Kind
		text  string
	},
	) {
		server := s.boot(s.as("demo"))
		wanted := c.ready(s, server)
		devices, record := s.server(server.ID).BlockDevices, s.record(server.ID)
		err := s.api.BeginAttachVolume(s.as("demo"), s.server(server.ID), wanted)
		wantRefusal(t, err, c.kind, strings.NewReplacer("ID", server.ID, "VOLUME", wanted.VolumeID).Replace(c.text))
		if now := s.server(server.ID); len(now.BlockDevices) != len(devices) {
			t.Errorf("left: %+v", now.BlockDevices)
		}
		s.wantRecord(server.ID, record...)
		s.settled()
	})
}

// volumesDown has requests to the block storage service fail: those of a method, or of any,
// with a part of their path.
func volumesDown(method, part string) func(h *hooks) {
	return func(h *hooks) {
		h.request = func(r *http.Request) error {
			if strings.Contains(r.URL.Path, "/volume/") && (method == "" || r.Method == method) && strings.Contains(r.URL.Path, part) {
				return errors.New("the line is cut")
			}
			return nil
		}
	}
}

// TestVolumes_Fail fails on the way, on either side: the server hasn't got the volume
// then, nobody else is kept from it, and nothing needs an administrator.
func TestVolumes_Fail(t *testing.T) {
	t.Parallel()
	fails := func(verb string) func(h *hooks) { return func(h *hooks) { h.driver = failing(verb) } }
	eachCase(t, map[string]struct {
		fail     func(h *hooks)
		detaches bool
		has      bool // the server has the volume in the end
	}{
		"attach: reserve":        {volumesDown("POST", "/attachments"), false, false},
		"attach: connect":        {volumesDown("PUT", "/attachments/"), false, false},
		"attach: plug":           {fails("attach_volume"), false, false},
		"attach: complete":       {volumesDown("POST", "/action"), false, false},
		"detach: begin":          {volumesDown("POST", "/action"), true, true},
		"detach: unplug":         {fails("detach_volume"), true, true},
		"detach: give it back":   {volumesDown("DELETE", "/attachments/"), true, false},
		"detach: look for it":    {volumesDown("GET", "/attachments"), true, false},
		"attach: all of it away": {volumesDown("", ""), false, false},
	}, func(t *testing.T, s *site, _ string, c struct {
		fail     func(h *hooks)
		detaches bool
		has      bool
	},
	) {
		s.up()
		server, volume := s.boot(s.as("demo")), s.volume("demo")
		if c.detaches {
			s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: volume})
			s.must(s.api.BeginDetachVolume(s.as("demo"), s.server(server.ID), volume))
		} else {
			s.must(s.api.BeginAttachVolume(s.as("demo"), s.server(server.ID), compute.VolumeRequest{VolumeID: volume}))
		}
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
		if _, has := s.server(server.ID).BlockDevice(volume); has != c.has {
			t.Errorf("the server has the volume: %v", has)
		}
		s.settled()
		if !c.has { // and can have it
			s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: volume})
			s.settled()
		}
	})
}

// failing is a driver that fails at a verb.
func failing(verb string) func(ctx context.Context, asked string, s nova.Server) error {
	return func(_ context.Context, asked string, _ nova.Server) error {
		if asked == verb {
			return errors.New("the device is on fire")
		}
		return nil
	}
}

// TestVolumes_BrokenOff ends the server while a volume comes, and the host.
func TestVolumes_BrokenOff(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]func(s *site, server nova.Server) error{
		"deleted": func(s *site, server nova.Server) error { return s.api.Delete(s.as("demo"), server) },
		"deleted while its host is down": func(s *site, server nova.Server) error {
			s.forceDown(server.Host)
			return s.api.Delete(s.as("demo"), server)
		},
		"evacuated": func(s *site, server nova.Server) error {
			s.forceDown(server.Host)
			_, err := s.api.Evacuate(s.as("admin"), server, compute.Evacuation{})
			return err
		},
	}, func(t *testing.T, s *site, name string, end func(s *site, server nova.Server) error) {
		s.up()
		server, there, comes := s.boot(s.as("demo")), s.volume("demo"), s.volume("demo")
		s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: there})
		s.must(s.api.BeginAttachVolume(s.as("demo"), s.server(server.ID), compute.VolumeRequest{VolumeID: comes}))
		s.hooks.set(func(h *hooks) {
			h.driver = func(_ context.Context, verb string, _ nova.Server) error {
				if verb != "attach_volume" {
					return nil
				}
				s.hooks.set(func(h *hooks) { h.driver = nil })
				return end(s, s.server(server.ID))
			}
		})
		s.work()
		for range 2 {
			s.clock.advance(time.Hour)
			s.must(s.worker.SweepVolumes(t.Context()))
		}
		if v := s.volumeNow(comes); v.Status != nova.VolumeAvailable {
			t.Errorf("the volume that came: %+v", v)
		}
		if v := s.volumeNow(there); (v.Status == nova.VolumeInUse) != (name == "evacuated") {
			t.Errorf("the volume that was there: %+v", v)
		}
		s.up()
		s.work()
		s.settled()
		s.clear(server.ID)
	})
}

// TestVolumes_InOrder has what moves a server wait for a volume that was on its way
// before.
func TestVolumes_InOrder(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx, volume := s.as("demo"), s.volume("demo")
		server := s.boot(ctx)
		s.must(s.api.BeginAttachVolume(ctx, server, compute.VolumeRequest{VolumeID: volume}))
		s.must(s.api.Migrate(s.as("admin"), s.server(server.ID), ""))
		claimed, err := s.store.ClaimActions(t.Context(), db.Claim{
			Worker: "w", Queues: []string{server.Host, nova.QueueSchedule}, Verbs: []string{"attach_volume", "migrate"}, First: []string{"attach_volume"}, Lease: lease, Limit: 10,
		})
		s.must(err)
		if len(claimed) != 1 || claimed[0].Verb != "attach_volume" {
			t.Errorf("claimed: %+v", claimed)
		}
		s.must(s.store.ReleaseLeases(t.Context(), "w"))
		s.work()
		s.wantStates(server.ID, "resized")
		s.settled()
	})
}
