package compute_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// failFirst fails the first calls of drivers' verbs, as many of each as it says.
func (s *site) failFirst(times map[string]int) {
	times = maps.Clone(times) // which is the table's, for both databases
	s.hooks.set(func(h *hooks) {
		h.driver = func(_ context.Context, verb string, _ nova.Server) error {
			if times[verb] == 0 {
				return nil
			}
			times[verb]--
			return errors.New("the host is on fire")
		}
	})
}

// TestWayBack fails what servers with volumes are to do, and what takes it back as well. In
// the end a server has its volumes, or whoever mends it sees to that, and all others are
// free.
func TestWayBack(t *testing.T) {
	t.Parallel()
	type testCase struct {
		verb  compute.Verb
		first []compute.Verb
		then  []compute.Verb // what comes in between
		fails map[string]int
		state string
		cure  compute.Verb // what mends it; empty: nothing needs to
	}
	eachCase(t, map[string]testCase{
		"live migration": {
			verb: compute.LiveMigrate, fails: map[string]int{"receive_live": 1, "attach_volume": 3}, state: "active",
		},
		"live migration, for long": {
			verb: compute.LiveMigrate, fails: map[string]int{"receive_live": 1, "attach_volume": 12}, state: "active",
		},
		"attaching": {
			verb: compute.AttachVolume, fails: map[string]int{"attach_volume": 1, "detach_volume": 3}, state: "active",
		},
		"attaching, and deleted for a while": {
			verb: compute.AttachVolume, then: []compute.Verb{compute.SoftDelete, compute.Restore},
			fails: map[string]int{"attach_volume": 1, "detach_volume": 1}, state: "active",
		},
		"evacuation": {
			verb: compute.Evacuate, fails: map[string]int{"spawn": 3}, state: "error", cure: compute.HardReboot,
		},
		"evacuation, stopped": {
			verb: compute.Evacuate, fails: map[string]int{"spawn": 3}, state: "error", cure: compute.Stop,
		},
		"resize": {
			verb: compute.Resize, fails: map[string]int{"migrate_in": 1, "revert_migration": 3}, state: "error", cure: compute.HardReboot,
		},
		"unshelving": {
			verb: compute.Unshelve, first: []compute.Verb{compute.Shelve}, fails: map[string]int{"spawn": 1, "destroy": 2},
			state: "shelved_offloaded", cure: compute.Unshelve,
		},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		s.up()
		server, volume := s.boot(s.as("demo"), onPrivate), s.volume("demo")
		s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: volume})
		s.first(server.ID, c.first...)
		s.must(s.do(s.as("admin"), s.server(server.ID), c.verb))
		s.failFirst(c.fails)
		if len(c.then) > 0 {
			s.work()
			for _, verb := range c.then {
				s.must(s.do(s.as("demo"), s.server(server.ID), verb))
				s.workOut()
			}
		}
		for range 3 {
			s.workOut()
		}
		s.hooks.set(func(h *hooks) { h.driver = nil })
		s.must(s.worker.ClearHosts(t.Context()))
		s.wantStates(server.ID, c.state)
		now := s.server(server.ID)
		if now.Host != server.Host && now.VMState != nova.ShelvedOffloaded || now.Elsewhere != nil && now.VMState != nova.Errored || now.Fault == nil && c.verb != compute.AttachVolume {
			t.Errorf("on %q, elsewhere %+v, fault %+v", now.Host, now.Elsewhere, now.Fault)
		}
		s.up()
		s.settled()
		if c.cure != "" {
			s.first(server.ID, c.cure)
		}
		now = s.server(server.ID)
		if status := s.volumeNow(volume).Status; status != nova.VolumeInUse || now.VMState == nova.Errored || slices.ContainsFunc(now.BlockDevices, func(d nova.BlockDevice) bool { return d.Moving }) {
			t.Errorf("server is %s, its volume %s: %+v", states(now), status, now.BlockDevices)
		}
		s.settled()
		s.clear(server.ID)
		if status := s.volumeNow(volume).Status; status != nova.VolumeAvailable {
			t.Errorf("the volume of a deleted server is %s", status)
		}
	})
}

// TestAttachVolume_Stays can't unplug a volume that it could not attach: the server keeps
// it, and can be rid of it later.
func TestAttachVolume_Stays(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server, volume := s.boot(s.as("demo")), s.volume("demo")
		s.must(s.api.BeginAttachVolume(s.as("demo"), server, compute.VolumeRequest{VolumeID: volume}))
		s.hooks.set(func(h *hooks) {
			h.request = nil
			h.driver = func(_ context.Context, verb string, _ nova.Server) error {
				if verb == "detach_volume" || verb == "attach_volume" {
					return errors.New("the host is on fire")
				}
				return nil
			}
		})
		s.workOut()
		s.hooks.set(func(h *hooks) { h.driver = nil })
		if _, has := s.server(server.ID).BlockDevice(volume); !has || s.volumeNow(volume).Status != nova.VolumeInUse {
			t.Errorf("the server has it: %v, it is %s", has, s.volumeNow(volume).Status)
		}
		s.must(s.api.BeginDetachVolume(s.as("demo"), s.server(server.ID), volume))
		s.work()
		if _, has := s.server(server.ID).BlockDevice(volume); has || s.volumeNow(volume).Status != nova.VolumeAvailable {
			t.Errorf("the server has it: %v, it is %s", has, s.volumeNow(volume).Status)
		}
		s.settled()
	})
}
