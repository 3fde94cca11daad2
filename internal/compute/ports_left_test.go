package compute_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// portOf makes a port that names a device, as anybody can.
func (s *site) portOf(p nova.Port) nova.Port {
	s.t.Helper()
	p.NetworkID = private
	port, err := s.clients.Network.AsService().CreatePort(s.t.Context(), p)
	s.must(err)
	return port
}

// havePort reports whether there is a port.
func (s *site) havePort(id string) bool {
	s.t.Helper()
	_, err := s.clients.Network.AsService().Port(s.t.Context(), id)
	if nova.Is(err, nova.NotFound) {
		return false
	}
	s.must(err)
	return true
}

func (s *site) sweepPortsAfter(d time.Duration) {
	s.t.Helper()
	s.clock.advance(d)
	s.must(s.worker.SweepPorts(s.t.Context()))
}

// TestPorts_OfStrangers have a server's ID on them, because anybody can write
// that. They are neither given to the server nor removed with it.
func TestPorts_OfStrangers(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.begin(s.as("demo"), onPrivate)
		strangers := []nova.Port{
			s.portOf(nova.Port{ProjectID: "another", DeviceID: server.ID, DeviceOwner: "compute:nova"}),
			s.portOf(nova.Port{ProjectID: "another", DeviceID: server.ID, DeviceOwner: "network:dhcp"}),
			s.portOf(nova.Port{ProjectID: "another", DeviceID: server.ID}),
			s.portOf(nova.Port{ProjectID: server.ProjectID, DeviceID: server.ID, DeviceOwner: "network:dhcp"}),
			s.portOf(nova.Port{ProjectID: server.ProjectID, DeviceID: server.ID}),
		}
		s.work()
		server = s.server(server.ID)
		if len(server.Addresses) != 1 || slices.ContainsFunc(strangers, func(p nova.Port) bool { return p.ID == server.Addresses[0].PortID }) {
			t.Errorf("addresses %+v", server.Addresses)
		}
		s.must(s.api.Delete(s.as("demo"), server))
		s.work()
		s.wantStates(server.ID, "deleted")
		s.sweepPortsAfter(time.Hour)
		if s.havePort(server.Addresses[0].PortID) {
			t.Error("the server's own port is left")
		}
		for _, port := range strangers {
			if now := s.portNow(port.ID); now.DeviceID != server.ID {
				t.Errorf("a stranger's port was taken from its device: %+v", now)
			}
			s.must(s.clients.Network.AsService().DeletePort(t.Context(), port.ID, server.ID))
		}
		s.settled()
	})
}

// TestPorts_Undeletable don't keep a server from going: they are removed when
// the network service lets them go.
func TestPorts_Undeletable(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]string{ // what the network service refuses, by method
		"down":    "",
		"deletes": http.MethodDelete,
		"updates": http.MethodPut,
	}, func(t *testing.T, s *site, _ string, refused string) {
		brought := s.port()
		server := s.boot(s.as("demo"), withNICs(compute.NIC{NetworkID: private}, compute.NIC{PortID: brought.ID}))
		s.hooks.set(func(h *hooks) {
			h.request = func(r *http.Request) error {
				if strings.Contains(r.URL.Path, "/ports") && (refused == "" || r.Method == refused) {
					return errors.New("no")
				}
				return nil
			}
		})
		s.must(s.api.Delete(s.as("demo"), server))
		s.work()
		s.wantStates(server.ID, "deleted")
		s.clock.advance(time.Minute)
		if err := s.worker.SweepPorts(t.Context()); err == nil {
			t.Error("the sweep says nothing of what it can't remove")
		}
		s.hooks.set(func(h *hooks) { h.request = nil })
		s.sweepPortsAfter(time.Minute)
		if s.havePort(server.Addresses[0].PortID) {
			t.Error("the port that was made for the server is left")
		}
		if now := s.portNow(brought.ID); now.DeviceID != "" || now.Host != "" {
			t.Errorf("the port that was brought along: %+v", now)
		}
		s.settled()
	})
}

// TestPorts_MadeTooLate are those of a worker that didn't know yet that the
// server had been deleted.
func TestPorts_MadeTooLate(t *testing.T) {
	t.Parallel()
	eachCase(t, map[string]bool{"without a host": false, "on a host": true}, func(t *testing.T, s *site, _ string, placed bool) {
		server := s.begin(s.as("demo"), onPrivate)
		if placed {
			s.work()
		}
		s.must(s.api.Delete(s.as("demo"), s.server(server.ID)))
		s.work()
		s.wantStates(server.ID, "deleted")
		for _, after := range []time.Duration{10 * time.Second, 5 * time.Minute} {
			late := s.portOf(nova.Port{ProjectID: server.ProjectID, DeviceID: server.ID, DeviceOwner: "compute:nova"})
			s.sweepPortsAfter(after)
			if s.havePort(late.ID) {
				t.Errorf("a port is left after %s", after)
			}
		}
		left, err := s.store.LeftPorts(t.Context())
		s.must(err)
		if len(left) > 0 {
			t.Errorf("remembered for ever: %+v", left)
		}
		s.settled()
	})
}

// TestPorts_BroughtAndTakenOn are left to the server that has them by now.
func TestPorts_BroughtAndTakenOn(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		brought := s.port()
		first := s.boot(s.as("demo"), withNICs(compute.NIC{PortID: brought.ID}))
		s.must(s.api.Delete(s.as("demo"), first))
		s.work()
		second := s.boot(s.as("demo"), withNICs(compute.NIC{PortID: brought.ID}))
		s.sweepPortsAfter(time.Hour)
		if now := s.portNow(brought.ID); now.DeviceID != second.ID || now.Host != second.Host {
			t.Errorf("the sweep of one server took the port of the next: %+v", now)
		}
		s.settled()
	})
}
