package compute_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/network"
)

// port makes a port before there is a server for it.
func (s *site) port() nova.Port {
	s.t.Helper()
	project := nova.CallerOf(s.as("demo")).ProjectID
	port, err := s.clients.Network.AsService().CreatePort(s.t.Context(), nova.Port{NetworkID: private, ProjectID: project})
	s.must(err)
	return port
}

func (s *site) portNow(id string) nova.Port {
	s.t.Helper()
	port, err := s.clients.Network.AsService().Port(s.t.Context(), id)
	s.must(err)
	return port
}

func withNICs(nics ...compute.NIC) func(*compute.ServerRequest) {
	return func(n *compute.ServerRequest) {
		n.Networks, n.AnyAddress = compute.Networks{List: nics}, true
	}
}

// TestPorts_BroughtAlong are bound, and left where they were when the server
// goes; those that were made for the server go with it.
func TestPorts_BroughtAlong(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		brought := s.port()
		server := s.boot(s.as("demo"), withNICs(
			compute.NIC{NetworkID: private, Tag: "first"}, compute.NIC{PortID: brought.ID}, compute.NIC{NetworkID: private, FixedIP: "10.0.0.77"},
		))
		if len(server.Addresses) != 3 || server.Addresses[0].Tag != "first" || server.Addresses[0].Keep ||
			server.Addresses[1].PortID != brought.ID || !server.Addresses[1].Keep || server.Addresses[2].IP != "10.0.0.77" {
			t.Errorf("addresses %+v", server.Addresses)
		}
		if now := s.portNow(brought.ID); now.DeviceID != server.ID || now.Host != server.Host {
			t.Errorf("brought along: %+v", now)
		}
		s.settled()
		_, err := s.api.Create(s.as("demo"), request(withNICs(compute.NIC{PortID: brought.ID})))
		wantRefusal(t, err, nova.Conflict, "Port "+brought.ID+" is still in use.")

		s.must(s.api.Delete(s.as("demo"), server))
		s.work()
		if now := s.portNow(brought.ID); now.DeviceID != "" || now.Host != "" {
			t.Errorf("left: %+v", now)
		}
		s.settled()
		s.boot(s.as("demo"), withNICs(compute.NIC{PortID: brought.ID}))
		s.settled()
	})
}

// TestPorts_WithoutAddress are kept as well.
func TestPorts_WithoutAddress(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		brought := s.port()
		server := s.begin(s.as("demo"), withNICs(compute.NIC{PortID: brought.ID}))
		s.hooks.set(func(h *hooks) {
			h.request = func(r *http.Request) error {
				if r.Method == http.MethodPut {
					s.hooks.set(func(h *hooks) { h.request = nil })
					return s.loseAddresses(brought.ID)
				}
				return nil
			}
		})
		s.work()
		s.wantStates(server.ID, "active")
		s.must(s.api.Delete(s.as("demo"), s.server(server.ID)))
		s.work()
		if now := s.portNow(brought.ID); now.DeviceID != "" {
			t.Errorf("left: %+v", now)
		}
		s.settled()
	})
}

// TestPorts_TakenMeanwhile fails the server that came second.
func TestPorts_TakenMeanwhile(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		brought := s.port()
		first := s.begin(s.as("demo"), withNICs(compute.NIC{PortID: brought.ID}))
		second := s.begin(s.as("demo"), onPrivate, withNICs(compute.NIC{NetworkID: private}, compute.NIC{PortID: brought.ID}))
		s.work()
		s.wantStates(first.ID, "active")
		s.wantStates(second.ID, "error")
		fault := s.server(second.ID).Fault
		if want := "Build of instance " + second.ID + " aborted: Port " + brought.ID + " is still in use."; fault == nil || fault.Message != want {
			t.Errorf("fault %+v", fault)
		}
		if now := s.portNow(brought.ID); now.DeviceID != first.ID {
			t.Errorf("port %+v", now)
		}
		s.settled()
		s.must(s.api.Delete(s.as("demo"), s.server(second.ID)))
		s.work()
		if now := s.portNow(brought.ID); now.DeviceID != first.ID {
			t.Errorf("port after the other has gone: %+v", now)
		}
		s.settled()
	})
}

// TestPorts_WantedAtOnce gives a port that six servers want to one of them. It
// is tried with a network service that heeds conditions and with one that
// doesn't always: Neutron forgets them when it repeats an update.
func TestPorts_WantedAtOnce(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		for _, heeded := range []bool{true, false} {
			s.hooks.set(func(h *hooks) {
				h.request = func(r *http.Request) error {
					if !heeded {
						r.Header.Del("If-Match")
					}
					return nil
				}
			})
			brought := s.port()
			var servers []nova.Server
			for range 6 {
				servers = append(servers, s.begin(s.as("demo"), withNICs(compute.NIC{PortID: brought.ID})))
			}
			var group sync.WaitGroup
			for range servers {
				worker := s.newWorker()
				group.Go(func() { s.workWith(worker) })
			}
			group.Wait()
			var active []string
			for _, server := range servers {
				if states(s.server(server.ID)) == "active" {
					active = append(active, server.ID)
				} else {
					s.wantStates(server.ID, "error")
				}
			}
			if len(active) != 1 || s.portNow(brought.ID).DeviceID != active[0] {
				t.Errorf("heeded %v: active are %v, the port is at %s", heeded, active, s.portNow(brought.ID).DeviceID)
			}
			for _, server := range servers {
				s.must(s.api.Delete(s.as("demo"), s.server(server.ID)))
			}
			s.work()
			s.settled()
		}
	})
}

// TestPorts_CreatedAtOnce has six clients create a server with one port while
// two workers are at it: one server gets the port and its address, the others
// are refused or end in error, and going they leave the port alone.
func TestPorts_CreatedAtOnce(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		brought, ctx := s.port(), s.as("demo")
		stops := []func() error{s.start(), s.start()}
		created := make(chan string, 6)
		var group sync.WaitGroup
		for range cap(created) {
			group.Go(func() {
				made, err := s.api.Create(ctx, request(withNICs(compute.NIC{PortID: brought.ID})))
				if err != nil {
					wantRefusal(t, err, nova.Conflict, "Port "+brought.ID+" is still in use.")
					return
				}
				created <- made.Servers[0].ID
			})
		}
		group.Wait()
		close(created)
		for _, stop := range stops {
			s.must(stop())
		}
		s.inFlight.Wait()
		s.work()
		var winner nova.Server
		for id := range created {
			switch server := s.server(id); {
			case server.VMState == nova.Active && winner.ID == "":
				winner = server
			default:
				s.wantStates(id, "error")
				s.must(s.api.Delete(ctx, server))
			}
		}
		s.work()
		if s.portNow(brought.ID).DeviceID != winner.ID || len(winner.Addresses) != 1 || winner.Addresses[0].IP != brought.FixedIPs[0].Address {
			t.Errorf("port %+v of server %+v", s.portNow(brought.ID), winner)
		}
		s.settled()
		s.must(s.api.Delete(ctx, winner))
		s.work()
		if now := s.portNow(brought.ID); now.DeviceID != "" {
			t.Errorf("left: %+v", now)
		}
		s.settled()
	})
}

// TestPorts_OtherHost moves the ports with the server to the host where it can
// be built.
func TestPorts_OtherHost(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		brought := s.port()
		s.failOnce("spawn", errors.New("boom"))
		server := s.boot(s.as("demo"), withNICs(compute.NIC{NetworkID: private}, compute.NIC{PortID: brought.ID}))
		if now := s.portNow(brought.ID); now.Host != server.Host || len(s.ports(server.ID)) != 2 {
			t.Errorf("ports %+v", s.ports(server.ID))
		}
		s.settled()
	})
}

// TestPorts_FoundAgain takes a server up whose worker died after each request
// to the network service: each NIC has one port in the end, and the right one.
func TestPorts_FoundAgain(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		for dies := range 12 {
			brought := s.port()
			server := s.begin(s.as("demo"), withNICs(
				compute.NIC{NetworkID: private}, compute.NIC{PortID: brought.ID},
				compute.NIC{NetworkID: private, FixedIP: "10.0.7.7"}, compute.NIC{NetworkID: private},
			))
			ctx, die := context.WithCancel(t.Context())
			requests := 0
			s.hooks.set(func(h *hooks) {
				h.request = func(*http.Request) error {
					requests++
					if requests > dies {
						die()
					}
					return nil
				}
			})
			_, err := s.worker.RunOne(ctx)
			s.must(err)
			die()
			s.hooks.set(func(h *hooks) { h.request = nil })
			s.clock.advance(2 * lease)
			s.workWith(s.newWorker())
			server = s.server(server.ID)
			if states(server) != "active" || len(server.Addresses) != 4 || len(s.ports(server.ID)) != 4 {
				t.Fatalf("dead after %d requests: %s at %+v", dies, states(server), server.Addresses)
			}
			if server.Addresses[1].PortID != brought.ID || server.Addresses[2].IP != "10.0.7.7" {
				t.Errorf("dead after %d requests: mixed up: %+v", dies, server.Addresses)
			}
			for i, address := range server.Addresses {
				if address.Keep != (i == 1) || slices.ContainsFunc(server.Addresses[:i], func(a nova.Address) bool { return a.PortID == address.PortID }) {
					t.Errorf("dead after %d requests: %+v", dies, server.Addresses)
				}
			}
			s.must(s.api.Delete(s.as("demo"), server))
			s.work()
			s.settled()
		}
	})
}

// loseAddresses takes a port's addresses away, as the network's owner may.
func (s *site) loseAddresses(id string) error {
	s.neutron("admin", http.MethodPut, "/ports/"+id, `{"port": {"fixed_ips": []}}`)
	return nil
}

// neutron sends a request to the bundled network service, and gives the ID in
// the answer.
func (s *site) neutron(who, method, path, body string) string {
	s.t.Helper()
	ctx := s.as(who)
	r, err := http.NewRequestWithContext(ctx, method, bundled+network.Path+"/v2.0"+path, strings.NewReader(body))
	s.must(err)
	r.Header.Set("X-Auth-Token", nova.CallerOf(ctx).Token)
	r.Header.Set("Content-Type", "application/json")
	response, err := s.transport.RoundTrip(r)
	s.must(err)
	defer response.Body.Close()
	var thing map[string]struct {
		ID string `json:"id"`
	}
	if err := json.NewDecoder(response.Body).Decode(&thing); err != nil || response.StatusCode >= http.StatusMultipleChoices {
		s.t.Errorf("%s %s: %s, %v", method, path, response.Status, err)
	}
	for _, t := range thing {
		return t.ID
	}
	return ""
}

// TestPorts_AllocatedNetwork connects a server to a network that is made for
// its project when the server is built, and found again if that is repeated.
func TestPorts_AllocatedNetwork(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.neutron("admin", http.MethodPut, "/networks/"+private, `{"network": {"shared": false}}`)
		auto := func(n *compute.ServerRequest) { n.Networks = compute.Networks{Auto: true} }
		_, err := s.api.Create(s.as("demo"), request(auto))
		wantRefusal(t, err, nova.Invalid, "Unable to automatically allocate a network for project "+nova.CallerOf(s.as("demo")).ProjectID)

		allocate := sync.OnceValue(func() string {
			id := s.neutron("demo", http.MethodPost, "/networks", `{"network": {"name": "allocated"}}`)
			s.neutron("demo", http.MethodPost, "/subnets", `{"subnet": {"network_id": "`+id+`", "ip_version": 4, "cidr": "10.88.0.0/24"}}`)
			return id
		})
		s.hooks.set(func(h *hooks) { h.allocate = allocate })
		s.failOnce("spawn", errors.New("boom"))
		server := s.boot(s.as("demo"), auto)
		if len(server.Addresses) != 1 || server.Addresses[0].Network != "allocated" || !strings.HasPrefix(server.Addresses[0].IP, "10.88.0.") {
			t.Errorf("addresses %+v", server.Addresses)
		}
		s.must(s.api.Delete(s.as("demo"), server))
		s.work()
		s.settled()
	})
}
