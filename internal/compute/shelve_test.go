package compute_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// TestShelve takes a server to the shelf and back, by each of the ways there are.
func TestShelve(t *testing.T) {
	t.Parallel()
	type testCase struct {
		after  time.Duration // how long shelved servers stay
		wait   time.Duration // how long this one does before it is looked for
		state  string
		record []string // of shelving it and bringing it back
	}
	const shelve, offload = "shelve: compute_shelve_instance", "shelveOffload: compute_shelve_offload_instance"
	const start, spawn = "unshelve: compute_start_instance", "unshelve: get_image_info, schedule_instances, compute_unshelve_instance"
	eachCase(t, map[string]testCase{
		"at once":         {0, 0, "shelved_offloaded", []string{shelve, spawn}},
		"never":           {-time.Second, 2 * time.Hour, "shelved", []string{shelve, start}},
		"later":           {time.Hour, 2 * time.Hour, "shelved_offloaded", []string{shelve, offload, spawn}},
		"not long enough": {time.Hour, 50 * time.Minute, "shelved", []string{shelve, start}},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		api := s.with(func(o *compute.Options) { o.OffloadAfter = c.after })
		before := s.boot(s.as("demo"), onPrivate)
		ports, disk := len(s.ports(before.ID)), s.read(before)
		s.must(api.Shelve(s.as("demo"), before))
		s.wantStates(before.ID, "active shelving")
		s.work()
		s.settled()
		s.clock.advance(c.wait)
		s.must(api.EndWaits(t.Context()))
		s.work()
		s.wantStates(before.ID, c.state)
		s.settled()
		shelved := s.server(before.ID)
		onHost := c.state == "shelved"
		if images := s.imagesOf(before.ID); len(images) != 1 || images[0].ID != shelved.ShelvedImage || images[0].Name != "web-shelved" {
			t.Errorf("images %+v", images)
		}
		for _, port := range s.ports(before.ID) {
			if (port.Host != "") != onHost || port.DeviceID != before.ID {
				t.Errorf("port %+v", port)
			}
		}
		if (shelved.Host != "") != onHost || (shelved.Zone != "") != onHost || shelved.PowerState != nova.Shutdown || shelved.Usage() != before.Usage() {
			t.Errorf("shelved %+v", shelved)
		}
		s.must(api.Unshelve(s.as("demo"), shelved, compute.Unshelving{}))
		s.work()
		s.wantStates(before.ID, "active")
		s.wantRecord(before.ID, append([]string{"create: compute__do_build_and_run_instance"}, c.record...)...)
		now := s.server(before.ID)
		if now.Host == "" || now.Zone == "" || now.ShelvedImage != "" || now.ImageID != before.ImageID || len(s.imagesOf(before.ID)) > 0 || s.machine(now) != nova.Running {
			t.Errorf("unshelved %+v", now)
		}
		if got := s.read(now); !strings.Contains(got, disk[:200]) {
			t.Errorf("the disk is %.300q, and was %.300q", got, disk)
		}
		for _, port := range s.ports(before.ID) {
			if port.Host != now.Host {
				t.Errorf("port %+v of a server on %s", port, now.Host)
			}
		}
		if got := s.ports(before.ID); len(got) != ports {
			t.Errorf("%d ports, and %d before", len(got), ports)
		}
		s.settled()
		s.clear(before.ID)
	})
}

// TestShelve_Gone removes a shelved server, and its image with it.
func TestShelve_Gone(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]compute.Verb{"offloaded": compute.Shelve, "on its host": stayShelved}, func(t *testing.T, s *site, _ string, verb compute.Verb) {
		for _, during := range []bool{false, true} {
			server := s.boot(s.as("demo"), onPrivate)
			s.must(s.do(s.as("demo"), server, verb))
			if !during {
				s.work()
			}
			s.must(s.api.Delete(s.as("demo"), s.server(server.ID)))
			s.work()
			s.wantStates(server.ID, "deleted")
			s.settled()
			if images := s.imagesOf(server.ID); len(images) > 0 {
				t.Errorf("images left: %+v", images)
			}
		}
	})
}

// TestUnshelve_To is where a server may be unshelved.
func TestUnshelve_To(t *testing.T) {
	t.Parallel()
	no := nova.Errorf(nova.Forbidden, "no")
	type testCase struct {
		first   compute.Verb
		to      compute.Unshelving
		kind    nova.Kind
		text    string
		pinned  string
		without bool // the caller may name no host
	}
	nowhere := "Specifying an availability zone or a host when unshelving server \"ID\" with status \"shelved\" is not supported. " +
		"The server status must be SHELVED_OFFLOADED."
	eachCase(t, map[string]testCase{
		"as it is":               {to: compute.Unshelving{}, pinned: "nova"},
		"in its zone":            {to: compute.Unshelving{Zone: new("nova")}, pinned: "nova"},
		"in no zone":             {to: compute.Unshelving{Zone: new("")}},
		"on a host":              {to: compute.Unshelving{Host: "fake-2"}, pinned: "nova"},
		"on a host, anywhere":    {to: compute.Unshelving{Zone: new(""), Host: "fake-2"}},
		"in an unknown zone":     {to: compute.Unshelving{Zone: new("mars")}, kind: nova.Invalid, text: "The requested availability zone is not available"},
		"on an unknown host":     {to: compute.Unshelving{Host: "mars"}, kind: nova.Invalid, text: "Compute host mars could not be found."},
		"on a host, not allowed": {to: compute.Unshelving{Host: "fake-2"}, without: true, kind: nova.Forbidden, text: "no"},
		"still on its host":      {first: stayShelved, to: compute.Unshelving{Host: "fake-2"}, without: true, kind: nova.Conflict, text: nowhere},
		"zone, on its host":      {first: stayShelved, to: compute.Unshelving{Zone: new("mars")}, kind: nova.Conflict, text: nowhere},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		server := s.boot(s.as("demo"), func(r *compute.ServerRequest) { r.Zone = "nova" })
		first := c.first
		if first == "" {
			first = compute.Shelve
		}
		s.first(server.ID, first)
		c.to.MayChoose = func() error {
			if c.without {
				return no
			}
			return nil
		}
		text := c.text
		if i := len("Specifying an availability zone or a host when unshelving server \""); text == nowhere {
			text = text[:i] + server.ID + text[i+2:]
		}
		wantRefusal(t, s.api.Unshelve(s.as("demo"), s.server(server.ID), c.to), c.kind, text)
		if c.text == "" {
			s.work()
			now := s.server(server.ID)
			pinned := ""
			if now.PinnedZone != nil {
				pinned = *now.PinnedZone
			}
			if c.to.Host != "" && now.Host != c.to.Host || pinned != c.pinned || now.VMState != nova.Active {
				t.Errorf("on %s, pinned to %q, %s", now.Host, pinned, now.VMState)
			}
		}
		s.settled()
		s.clear(server.ID)
	})
}

// TestUnshelve_Fails leaves a server on the shelf, from where it can be tried again;
// one whose image is gone is in error.
func TestUnshelve_Fails(t *testing.T) {
	t.Parallel()
	type testCase struct {
		fail  func(s *site, server nova.Server)
		state string
		fault string
	}
	eachCase(t, map[string]testCase{
		"to boot":                   {func(s *site, _ nova.Server) { s.failOnce("spawn", errors.New("boom")) }, "shelved_offloaded", "boom"},
		"to boot and to be removed": {func(s *site, _ nova.Server) { s.failFirst(map[string]int{"spawn": 1, "destroy": 5}) }, "shelved_offloaded", "the host is on fire"},
		"to find a host": {func(s *site, server nova.Server) {
			s.put(server.ID, db.ServerChange{PinnedZone: new(new("mars"))})
		}, "shelved_offloaded", "No valid host was found. There are not enough hosts available."},
		"to find the image": {func(s *site, server nova.Server) {
			s.must(s.clients.Image.AsService().Delete(s.t.Context(), server.ShelvedImage))
		}, "error", "Unshelve attempted but the image IMAGE cannot be found."},
	}, func(t *testing.T, s *site, name string, c testCase) {
		server := s.boot(s.as("demo"), onPrivate)
		s.first(server.ID, compute.Shelve)
		server = s.server(server.ID)
		c.fail(s, server)
		s.must(s.api.Unshelve(s.as("demo"), s.server(server.ID), compute.Unshelving{}))
		s.workOut()
		s.wantStates(server.ID, c.state)
		now := s.server(server.ID)
		if fault := c.fault; now.Fault == nil || now.Fault.Message != fault && name != "to find the image" {
			t.Errorf("fault %+v", now.Fault)
		}
		if now.Host != "" || slices.ContainsFunc(s.ports(server.ID), func(p nova.Port) bool { return p.Host != "" }) {
			t.Errorf("on host %s: %+v", now.Host, s.ports(server.ID))
		}
		s.settled()
		if strings.HasPrefix(name, "to boot") {
			s.hooks.set(func(h *hooks) { h.driver = nil })
			s.must(s.worker.ClearHosts(t.Context()))
			s.first(server.ID, compute.Unshelve)
			s.wantStates(server.ID, "active")
			if left := s.server(server.ID).Elsewhere; left != nil {
				t.Errorf("something is left on host %s", left.Host)
			}
		}
		s.settled()
		s.clear(server.ID)
	})
}

// TestOffload_Polls looks for shelved servers as often as it is told to.
func TestOffload_Polls(t *testing.T) {
	t.Parallel()
	type testCase struct {
		every, wait time.Duration
		state       string
	}
	eachCase(t, map[string]testCase{
		"never":    {-1, 10 * time.Hour, "shelved"},
		"not yet":  {time.Hour, 59 * time.Minute, "shelved"},
		"in time":  {time.Hour, time.Hour, "shelved_offloaded"},
		"whenever": {0, time.Minute, "shelved_offloaded"},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		api := s.with(func(o *compute.Options) { o.OffloadAfter, o.ShelvedPoll = time.Second, c.every })
		s.must(api.EndWaits(t.Context())) // the last look
		server := s.boot(s.as("demo"))
		s.first(server.ID, stayShelved)
		s.clock.advance(c.wait)
		s.must(api.EndWaits(t.Context()))
		s.work()
		s.wantStates(server.ID, c.state)
		s.clear(server.ID)
	})
}

// fail fails verbs of drivers, until the hooks are set anew.
func (s *site) fail(failure error, verbs ...string) {
	s.hooks.set(func(h *hooks) {
		h.driver = func(_ context.Context, verb string, _ nova.Server) error {
			if slices.Contains(verbs, verb) {
				return failure
			}
			return nil
		}
	})
}

// TestOffload_Fails leaves a shelved server on its host, and its ports there.
func TestOffload_Fails(t *testing.T) {
	t.Parallel()
	eachCase(t, map[compute.Verb][]compute.Verb{
		compute.ShelveOffload: {stayShelved}, compute.Shelve: nil,
	}, func(t *testing.T, s *site, verb compute.Verb, first []compute.Verb) {
		server := s.boot(s.as("demo"), onPrivate)
		s.first(server.ID, first...)
		s.fail(errors.New("boom"), "destroy")
		s.first(server.ID, verb)
		s.wantStates(server.ID, "shelved")
		if now := s.server(server.ID); now.Host != server.Host || s.ports(server.ID)[0].Host != server.Host {
			t.Errorf("the server is on host %q, its ports are %+v", now.Host, s.ports(server.ID))
		}
		s.settled()
		s.hooks.set(func(h *hooks) { h.driver = nil })
		s.first(server.ID, compute.Unshelve)
		s.wantStates(server.ID, "active")
		s.settled()
		s.clear(server.ID)
	})
}

// read is a server's disk.
func (s *site) read(server nova.Server) string {
	s.t.Helper()
	driver, err := virt.As[virt.Snapshotter](s.local.Driver(server.Host))
	s.must(err)
	shot, err := driver.Snapshot(s.t.Context(), server)
	s.must(err)
	return readAll(s.t, shot.Data)
}
