package compute_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// hear has the bundled network and block storage services tell of what they change.
func (s *site) hear() {
	hear := func(ctx context.Context, events []nova.ServerEvent) error {
		_, err := s.api.ExternalEvents(ctx, events)
		return err
	}
	s.network.OnChange(hear)
	s.volumes.OnChange(hear)
}

// TestNetworks_PortDeleted is a port that somebody deletes at the network service: it
// is unplugged, and shown no more. The server's others stay.
func TestNetworks_PortDeleted(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		for _, told := range []bool{true, false} {
			if told {
				s.hear()
			} else {
				s.network.OnChange(nil)
			}
			server := s.boot(s.as("demo"), withNICs(compute.NIC{NetworkID: private}, compute.NIC{NetworkID: private, Tag: "stays"}))
			first, second := server.Addresses[0].PortID, server.Addresses[1]
			s.must(s.clients.Network.AsService().DeletePort(t.Context(), first, server.ID))
			if now := s.server(server.ID); now.NetworkStale != told {
				t.Errorf("told %v, stale %v", told, now.NetworkStale)
			}
			refresh := s.worker.RefreshNetworks
			if !told {
				s.must(refresh(t.Context()))
				refresh = s.worker.HealNetworks
			}
			s.must(refresh(t.Context()))
			now := s.server(server.ID)
			if len(now.Addresses) != 1 || now.Addresses[0] != second || now.NetworkStale || len(now.SecurityGroups) != 1 {
				t.Errorf("told %v: %+v, %q", told, now.Addresses, now.SecurityGroups)
			}
			s.settled()
			s.must(s.api.Delete(s.as("demo"), now))
			s.work()
		}
		s.settled()
	})
}

// TestNetworks_ChangedMeanwhile has the network change again while a worker looks:
// what was seen before is not shown, and the worker looks once more.
func TestNetworks_ChangedMeanwhile(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"), withNICs(compute.NIC{NetworkID: private}, compute.NIC{NetworkID: private}))
		s.hear()
		first, second := server.Addresses[0].PortID, server.Addresses[1].PortID
		s.must(s.clients.Network.AsService().DeletePort(t.Context(), first, server.ID))
		s.hooks.set(func(h *hooks) {
			h.request = func(r *http.Request) error {
				if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/floatingips") {
					return nil
				}
				s.hooks.set(func(h *hooks) { h.request = nil })
				return s.clients.Network.AsService().DeletePort(r.Context(), second, server.ID)
			}
		})
		s.must(s.worker.RefreshNetworks(t.Context()))
		if now := s.server(server.ID); len(now.Addresses) != 2 || !now.NetworkStale {
			t.Errorf("stale %v: %+v", now.NetworkStale, now.Addresses)
		}
		s.must(s.worker.RefreshNetworks(t.Context()))
		if now := s.server(server.ID); len(now.Addresses) != 0 || now.NetworkStale {
			t.Errorf("stale %v: %+v", now.NetworkStale, now.Addresses)
		}
		s.settled()
	})
}

// TestNetworks_Away leaves what is stale for later while the network service can't be
// asked.
func TestNetworks_Away(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"), onPrivate)
		s.must(s.store.NetworkChanged(t.Context(), server.ID))
		s.hooks.set(func(h *hooks) {
			h.request = func(*http.Request) error { return nova.Errorf(nova.Unavailable, "away") }
		})
		if err := s.worker.RefreshNetworks(t.Context()); err == nil {
			t.Error("no error")
		}
		s.hooks.set(func(h *hooks) { h.request = nil })
		if now := s.server(server.ID); !now.NetworkStale || len(now.Addresses) != 1 {
			t.Errorf("stale %v: %+v", now.NetworkStale, now.Addresses)
		}
		s.must(s.worker.RefreshNetworks(t.Context()))
		if now := s.server(server.ID); now.NetworkStale {
			t.Error("still stale")
		}
	})
}

// TestNetworks_Worker is woken by an event, and looks without being asked.
func TestNetworks_Worker(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"), onPrivate)
		s.hear()
		unplugs := make(chan struct{})
		s.onVerb("detach_interface", func(ctx context.Context, _ nova.Server) error {
			select {
			case unplugs <- struct{}{}:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		stop := s.start()
		s.must(s.clients.Network.AsService().DeletePort(t.Context(), server.Addresses[0].PortID, server.ID))
		<-unplugs
		s.must(stop())
		s.hooks.set(func(h *hooks) { h.driver = nil })
		s.must(s.worker.RefreshNetworks(t.Context())) // should it have been stopped right then
		s.settled()
	})
}

// TestExternalEvents takes each event as Nova does, and does what it asks for.
func TestExternalEvents(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server, building := s.boot(s.as("demo")), s.boot(s.as("demo"))
		s.put(building.ID, db.ServerChange{Host: new("")})
		tag := new("x")
		for _, c := range []struct {
			name, id string
			tag      *string
			fate     nova.EventFate
			record   string // the last of it
			states   string
		}{
			{"network-changed", server.ID, nil, nova.EventTaken, "", "active"},
			{"network-vif-plugged", server.ID, tag, nova.EventTaken, "", "active"},
			{"network-changed", "no-server", nil, nova.EventNoServer, "", "active"},
			{"volume-extended", "no-server", nil, nova.EventNoServer, "", "active"},
			{"network-changed", building.ID, nil, nova.EventNoHost, "", "active"},
			{"power-update", building.ID, nil, nova.EventNoTag, "", "active"},
			{"accelerator-request-bound", server.ID, nil, nova.EventNoTag, "", "active"},
			{"accelerator-request-bound", server.ID, tag, nova.EventTaken, "", "active"},
			{"volume-reimaged", server.ID, nil, nova.EventTaken, "", "active"},
			{"volume-extended", server.ID, tag, nova.EventTaken, "extend_volume: compute_extend_volume", "active"},
			{"power-update", server.ID, tag, nova.EventTaken, "extend_volume: compute_extend_volume", "active"},
			{"power-update", server.ID, new("POWER_ON"), nova.EventTaken, "start: compute_power_update", "active"},
			{"power-update", server.ID, new("POWER_OFF"), nova.EventTaken, "stop: compute_power_update", "stopped"},
			{"power-update", server.ID, new("POWER_OFF"), nova.EventTaken, "stop: compute_power_update", "stopped"},
			{"power-update", server.ID, new("POWER_ON"), nova.EventTaken, "start: compute_power_update", "active"},
		} {
			fates, err := s.api.ExternalEvents(s.as("admin"), []nova.ServerEvent{{Name: c.name, ServerID: c.id, Tag: c.tag}})
			if err != nil || len(fates) != 1 || fates[0] != c.fate {
				t.Errorf("%s: %v, %v", c.name, fates, err)
			}
			s.work()
			s.wantStates(server.ID, c.states)
			lines := s.record(server.ID)
			if last := lines[len(lines)-1]; c.record != "" && last != c.record {
				t.Errorf("%s: record %q", c.name, last)
			}
		}
		if now := s.server(server.ID); !now.NetworkStale {
			t.Error("the network is not stale")
		}
	})
}
