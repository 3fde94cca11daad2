package compute_test

import (
	"context"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// attach has a port attached while this process works, as a client does, and gives
// its ID.
func (s *site) attach(ctx context.Context, server nova.Server, nic compute.NIC) (string, error) {
	s.t.Helper()
	stop := s.start()
	defer func() { s.must(stop()) }()
	return s.api.AttachInterface(ctx, server, nic, compute.NetworkRights{AnyAddress: true})
}

// plugged are the ports that are plugged into a server on its host, in order.
func (s *site) plugged(server nova.Server) []string {
	s.t.Helper()
	nics, err := s.local.Driver(server.Host).(virt.Attacher).Interfaces(s.t.Context(), server)
	s.must(err)
	ports := []string{}
	for _, nic := range nics {
		ports = append(ports, nic.PortID)
	}
	slices.Sort(ports)
	return ports
}

// TestInterfaces attaches in each of the ways, and detaches: a port that was
// brought along stays, another goes.
func TestInterfaces(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		brought := s.port()
		server := s.boot(s.as("demo"))
		for _, c := range []struct {
			nic compute.NIC
			ip  string
		}{
			{compute.NIC{}, "10.0."},
			{compute.NIC{NetworkID: private, Tag: "blue"}, "10.0."},
			{compute.NIC{NetworkID: private, FixedIP: "10.0.0.77"}, "10.0.0.77"},
			{compute.NIC{PortID: brought.ID, Tag: "red"}, brought.FixedIPs[0].Address},
		} {
			id, err := s.attach(s.as("demo"), s.server(server.ID), c.nic)
			s.must(err)
			now := s.server(server.ID)
			last := now.Addresses[len(now.Addresses)-1]
			if last.PortID != id || last.Network != "private" || !strings.HasPrefix(last.IP, c.ip) || last.Tag != c.nic.Tag ||
				last.Keep != (c.nic.PortID != "") || last.Type != "fixed" || last.MAC == "" {
				t.Errorf("attached %+v: %+v", c.nic, last)
			}
			port := s.portNow(id)
			if port.DeviceID != server.ID || port.Host != server.Host || port.DeviceOwner != "compute:nova" {
				t.Errorf("attached %+v: %+v", c.nic, port)
			}
		}
		server = s.server(server.ID)
		if diff := cmp.Diff([]string{"default", "default", "default", "default"}, server.SecurityGroups); diff != "" {
			t.Errorf("groups (-want +got):\n%s", diff)
		}
		s.wantRecord(server.ID, append([]string{s.record(server.ID)[0]}, slices.Repeat([]string{"attach_interface: compute_attach_interface"}, 4)...)...)
		s.settled()
		for i, address := range server.Addresses {
			s.must(s.api.DetachInterface(s.as("demo"), s.server(server.ID), address.PortID))
			s.work()
			if there := s.havePort(address.PortID); there != address.Keep {
				t.Errorf("port %s is there: %v", address.PortID, there)
			}
			if left := len(s.server(server.ID).Addresses); left != len(server.Addresses)-1-i {
				t.Errorf("%d addresses are left", left)
			}
		}
		if now := s.portNow(brought.ID); now.DeviceID != "" || now.Host != "" {
			t.Errorf("left: %+v", now)
		}
		if groups := s.server(server.ID).SecurityGroups; len(groups) > 0 {
			t.Errorf("groups of no port: %q", groups)
		}
		lines := s.record(server.ID)
		if last := lines[len(lines)-1]; last != "detach_interface: compute_detach_interface" {
			t.Errorf("record %q", last)
		}
		s.settled()
	})
}

// TestInterfaces_Refused is what a client is told who waits, and what is left then:
// nothing.
func TestInterfaces_Refused(t *testing.T) {
	t.Parallel()
	type testCase struct {
		nic  func(s *site) compute.NIC
		fail func(s *site, h *hooks)
		kind nova.Kind
		text string // ID is the server's, PORT that of the NIC
	}
	const nobody = "00000000-0000-4000-8000-000000000000"
	onPrivate := func(*site) compute.NIC { return compute.NIC{NetworkID: private} }
	noDriver := func(_ *site, h *hooks) {
		h.driver = func(_ context.Context, verb string, _ nova.Server) error {
			if verb == "attach_interface" {
				return errors.New("the device is on fire")
			}
			return nil
		}
	}
	failed := "Failed to attach network adapter device to ID"
	eachCase(t, map[string]testCase{
		"no such port":    {func(*site) compute.NIC { return compute.NIC{PortID: nobody} }, nil, nova.NotFound, "Port id " + nobody + " could not be found."},
		"no such network": {func(*site) compute.NIC { return compute.NIC{NetworkID: nobody} }, nil, nova.NotFound, "Network " + nobody + " could not be found."},
		"in use": {func(s *site) compute.NIC {
			used := s.boot(s.as("demo"), withNICs(compute.NIC{NetworkID: private}))
			return compute.NIC{PortID: used.Addresses[0].PortID}
		}, nil, nova.Conflict, "Port PORT is still in use."},
		"address in use": {func(s *site) compute.NIC {
			return compute.NIC{NetworkID: private, FixedIP: s.port().FixedIPs[0].Address}
		}, nil, nova.Conflict, "Fixed IP ADDRESS is already in use."},
		"no address": {func(*site) compute.NIC {
			return compute.NIC{NetworkID: private, FixedIP: "192.0.2.7"}
		}, nil, nova.Invalid, "Invalid input received: Fixed IP 192.0.2.7 is not a valid ip address for network " + private + "."},
		"the driver fails":                        {onPrivate, noDriver, nova.Failed, failed},
		"the driver fails with a port that stays": {func(s *site) compute.NIC { return compute.NIC{PortID: s.port().ID} }, noDriver, nova.Failed, failed},
		"taken while it is attached": {func(s *site) compute.NIC { return compute.NIC{PortID: s.port().ID} }, func(s *site, h *hooks) {
			h.request = func(r *http.Request) error {
				if r.Method != http.MethodPut {
					return nil
				}
				s.hooks.set(func(h *hooks) { h.request = nil })
				port := s.portNow(path.Base(r.URL.Path))
				port.DeviceID, port.DeviceOwner, port.Host = "elsewhere", "compute:nova", "there"
				_, err := s.clients.Network.AsService().ClaimPort(r.Context(), port)
				return err
			}
		}, nova.Conflict, "Port PORT is still in use."},
	}, func(t *testing.T, s *site, name string, c testCase) {
		ctx := s.as("demo")
		server := s.boot(ctx)
		nic := c.nic(s)
		if c.fail != nil {
			s.hooks.set(func(h *hooks) { c.fail(s, h) })
		}
		_, err := s.attach(ctx, server, nic)
		wantRefusal(t, err, c.kind, strings.NewReplacer("ID", server.ID, "PORT", nic.PortID, "ADDRESS", nic.FixedIP).Replace(c.text))
		s.hooks.set(func(h *hooks) { h.driver, h.request = nil, nil })
		now := s.server(server.ID)
		if len(now.Addresses) > 0 || len(s.ports(server.ID)) > 0 || len(s.plugged(now)) > 0 {
			t.Errorf("left: %+v, %+v, %q", now.Addresses, s.ports(server.ID), s.plugged(now))
		}
		if nic.PortID != "" && name != "no such port" && !s.havePort(nic.PortID) {
			t.Error("the port is lost")
		}
		s.wantStates(server.ID, "active")
		s.settled()
	})
}

// TestInterfaces_SideBySide attaches several ports to one server at once, each for
// a client that waits, and two clients want one of them.
func TestInterfaces_SideBySide(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		const clients = 6
		ctx, brought := s.as("demo"), s.port()
		server := s.boot(ctx)
		nics := []compute.NIC{{PortID: brought.ID}, {PortID: brought.ID}}
		for len(nics) < clients {
			nics = append(nics, compute.NIC{NetworkID: private})
		}
		first, second := s.start(), s.start(func(o *compute.WorkerOptions) { o.Slots = 3 })
		var mu sync.Mutex
		var group sync.WaitGroup
		want, refused := []string{}, 0
		for _, nic := range nics {
			group.Go(func() {
				id, err := s.api.AttachInterface(ctx, server, nic, compute.NetworkRights{AnyAddress: true})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					want = append(want, id)
				case nic.PortID != "" && nova.Is(err, nova.Conflict):
					refused++
				default:
					t.Errorf("attach %+v: %v", nic, err)
				}
			})
		}
		group.Wait()
		s.must(first())
		s.must(second())
		now := s.server(server.ID)
		slices.Sort(want)
		if diff := cmp.Diff(want, s.plugged(now)); diff != "" || refused != 1 || len(want) != clients-1 {
			t.Errorf("%d were refused; plugged in (-want +got):\n%s", refused, diff)
		}
		s.settled()
	})
}

// TestInterfaces_Twin attaches a port that a twin takes and plugs in between the
// look at the port and the beginning of the work.
func TestInterfaces_Twin(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		server, brought := s.boot(ctx), s.port()
		twins := 0
		s.hooks.set(func(h *hooks) {
			h.request = func(r *http.Request) error {
				if !strings.Contains(r.URL.Path, "/networks/") || twins > 0 { // looked at after the port
					return nil
				}
				twins++
				if err := s.api.BeginAttach(ctx, server, compute.NIC{PortID: brought.ID}); err != nil {
					return err
				}
				s.work()
				return nil
			}
		})
		err := s.api.BeginAttach(ctx, server, compute.NIC{PortID: brought.ID})
		wantRefusal(t, err, nova.Conflict, "Port "+brought.ID+" is still in use.")
		if now := s.server(server.ID); twins != 1 || len(s.plugged(now)) != 1 {
			t.Errorf("%d twins, plugged in: %v", twins, s.plugged(now))
		}
		s.settled()
	})
}

// TestInterfaces_Patience gives up waiting, with the client and by itself. The work
// goes on.
func TestInterfaces_Patience(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		server := s.boot(ctx)
		_, err := s.api.AttachInterface(ctx, server, compute.NIC{}, compute.NetworkRights{})
		wantRefusal(t, err, nova.Unavailable, "Service is unavailable at this time.")
		leaving, leave := context.WithCancel(ctx)
		time.AfterFunc(time.Millisecond, leave)
		if _, err := s.api.AttachInterface(leaving, s.server(server.ID), compute.NIC{}, compute.NetworkRights{}); !errors.Is(err, context.Canceled) {
			t.Errorf("a client that has left is told %v", err)
		}
		s.work()
		if now := s.server(server.ID); len(now.Addresses) == 0 || len(now.Addresses) > 2 {
			t.Errorf("addresses %+v", now.Addresses)
		}
		s.settled()
	}, func(o *compute.Options) { o.Patience = 20 * time.Millisecond })
}

// TestInterfaces_Superseded goes on while the server is rebooted hard and reset, and
// ends with the server: nothing is left of it, and what was brought along stays.
func TestInterfaces_Superseded(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx := s.as("demo")
		server := s.boot(ctx)
		s.must(s.api.BeginAttach(ctx, server, compute.NIC{}))
		s.must(s.api.Do(ctx, s.server(server.ID), compute.HardReboot))
		s.must(s.api.ResetState(s.as("admin"), s.server(server.ID), nova.Active))
		s.work()
		if now := s.server(server.ID); len(now.Addresses) != 1 {
			t.Errorf("addresses %+v", now.Addresses)
		}
		brought := s.port()
		s.must(s.api.BeginAttach(ctx, s.server(server.ID), compute.NIC{PortID: brought.ID}))
		s.hooks.set(func(h *hooks) {
			h.driver = func(_ context.Context, verb string, _ nova.Server) error {
				if verb != "attach_interface" {
					return nil
				}
				s.hooks.set(func(h *hooks) { h.driver = nil })
				return s.api.Delete(ctx, s.server(server.ID))
			}
		})
		s.work()
		s.wantStates(server.ID, "deleted")
		if now := s.portNow(brought.ID); now.DeviceID != "" {
			t.Errorf("left: %+v", now)
		}
		s.settled()
	})
}

// TestInterfaces_Broken detaches what is not attached, and what the host can't
// unplug: the port stays.
func TestInterfaces_Broken(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		ctx, alien := s.as("demo"), s.port()
		server := s.boot(ctx, onPrivate)
		for _, port := range []string{alien.ID, "no-port"} {
			s.must(s.api.DetachInterface(ctx, s.server(server.ID), port))
			s.work()
			if fault := s.server(server.ID).Fault; fault == nil || fault.Message != "Port "+port+" is not attached" {
				t.Errorf("fault %+v", fault)
			}
		}
		s.hooks.set(func(h *hooks) {
			h.driver = func(_ context.Context, verb string, _ nova.Server) error {
				if verb == "detach_interface" {
					return errors.New("stuck")
				}
				return nil
			}
		})
		port := s.server(server.ID).Addresses[0].PortID
		s.must(s.api.DetachInterface(ctx, s.server(server.ID), port))
		s.work()
		s.hooks.set(func(h *hooks) { h.driver = nil })
		fault := s.server(server.ID).Fault
		if fault == nil || fault.Message != "Failed to detach network adapter device from "+server.ID || !strings.Contains(fault.Details, "stuck") {
			t.Errorf("fault %+v", fault)
		}
		s.wantStates(server.ID, "active")
		if !s.havePort(alien.ID) || s.portNow(port).DeviceID != server.ID {
			t.Error("a port is lost")
		}
		s.settled()
	})
}

// TestInterfaces_LatePort is a port whose maker died before it could say so, after
// somebody else had made another: it goes.
func TestInterfaces_LatePort(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		made := func(mark string) nova.Port {
			port, err := s.clients.Network.AsService().CreatePort(t.Context(), nova.Port{
				NetworkID: private, ProjectID: server.ProjectID, DeviceID: server.ID, DeviceOwner: "compute:nova", Host: server.Host, Mark: mark,
			})
			s.must(err)
			return port
		}
		late := made("action 4711")
		s.must(s.api.BeginAttach(s.as("demo"), server, compute.NIC{}))
		s.must(s.worker.HealNetworks(t.Context()))
		if s.havePort(late.ID) || len(s.server(server.ID).Addresses) > 0 {
			t.Errorf("left: %v, %+v", s.havePort(late.ID), s.server(server.ID).Addresses)
		}
		action := s.actions(server.ID)[1]
		own := made(compute.MarkOf(action))
		s.must(s.worker.HealNetworks(t.Context()))
		if !s.havePort(own.ID) || len(s.server(server.ID).Addresses) > 0 {
			t.Errorf("lost, or shown too early: %v, %+v", s.havePort(own.ID), s.server(server.ID).Addresses)
		}
		s.work()
		if now := s.server(server.ID); len(now.Addresses) != 1 || now.Addresses[0].PortID != own.ID {
			t.Errorf("addresses %+v", now.Addresses)
		}
		s.settled()
	})
}
