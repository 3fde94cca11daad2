package compute_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// consistent holds what is counted to what there is: quotas and hosts to the
// sum over the servers, and over what is held for them.
func (s *site) consistent() {
	s.t.Helper()
	used, taken := map[[2]string]nova.Usage{}, map[string]nova.Resources{}
	for _, server := range s.servers(false) {
		usage := server.Usage()
		for _, action := range s.actions(server.ID) {
			if action.FinishTime == nil {
				more, node, takes, err := compute.HeldBy(action)
				s.must(err)
				usage, taken[node] = usage.Plus(more), taken[node].Plus(takes)
			}
		}
		for _, user := range []string{"", server.UserID} {
			key := [2]string{server.ProjectID, user}
			used[key] = used[key].Plus(usage)
		}
		taken[server.Node] = taken[server.Node].Plus(server.Takes(server.Flavor))
		if server.Elsewhere != nil {
			taken[server.Elsewhere.Node] = taken[server.Elsewhere.Node].Plus(server.Elsewhere.Takes)
		}
	}
	for _, server := range s.servers(true) { // those of the deleted too, which may have to be nothing
		for _, user := range []string{"", server.UserID} {
			usage, err := s.store.Usage(s.t.Context(), server.ProjectID, user)
			s.must(err)
			if want := used[[2]string{server.ProjectID, user}]; usage != want {
				s.t.Errorf("project %s, user %q has used %+v; its servers add up to %+v", server.ProjectID, user, usage, want)
			}
		}
	}
	for _, h := range s.allHosts() {
		got := nova.Resources{Instances: h.RunningVMs, VCPUs: h.VCPUsUsed, RAM: h.RAMUsed, Disk: h.DiskUsed}
		if want := taken[h.Node]; got != want {
			s.t.Errorf("host %s has given away %+v; its servers add up to %+v", h.Node, got, want)
		}
	}
}

func (s *site) allHosts() []nova.Host {
	s.t.Helper()
	all, err := s.hosts.All(s.t.Context())
	s.must(err)
	return all
}

// servers lists all servers, the deleted ones too if asked.
func (s *site) servers(deleted bool) []nova.Server {
	s.t.Helper()
	live := false
	filter := db.ServerFilter{Deleted: &live, SoftDeleted: new(true)}
	if deleted {
		filter.Deleted = nil
	}
	servers, err := s.store.Servers(s.t.Context(), filter, nova.Page{Limit: 1000})
	s.must(err)
	return servers
}

// settled demands that nothing is under way, and nothing left over: of actions,
// of what hosts run, of ports and of images.
func (s *site) settled() {
	s.t.Helper()
	s.consistent()
	live := map[string]nova.Server{}
	for _, server := range s.servers(true) {
		if server.DeletedAt == nil {
			live[server.ID] = server
		}
		if server.TaskState != nova.Idle {
			s.t.Errorf("server %s is %s, and busy with %s", server.ID, server.VMState, server.TaskState)
		}
		for _, action := range s.actions(server.ID) {
			if action.FinishTime == nil {
				s.t.Errorf("action %s has not ended", action.Name)
			}
			for _, event := range action.Events {
				if event.FinishTime == nil || event.Result == nil {
					s.t.Errorf("event %s of action %s has not ended", event.Event, action.Name)
				}
			}
		}
	}
	s.noStrayMachines(live)
	s.noStrayPorts(live)
	s.pluggedAsKnown(live)
	s.attachedAsKnown(live)
	s.clock.advance(time.Minute)
	s.must(s.worker.SweepImages(s.t.Context()))
	s.must(s.worker.SweepPorts(s.t.Context()))
	s.must(s.worker.SweepVolumes(s.t.Context()))
	s.noStrayAttachments(live)
	images, err := s.clients.Image.AsService().List(s.t.Context(), cloud.ImageQuery{})
	s.must(err)
	for _, i := range images {
		if i.Status != "active" {
			s.t.Errorf("image %s is left %s", i.Name, i.Status)
		}
	}
}

func (s *site) noStrayMachines(live map[string]nova.Server) {
	s.t.Helper()
	for _, host := range s.local.Names() {
		driver := s.local.Driver(host)
		ids, err := driver.List(s.t.Context())
		s.must(err)
		for _, id := range ids {
			if live[id].Host != host {
				s.t.Errorf("host %s runs server %s, which is on host %q", host, id, live[id].Host)
			}
		}
	}
}

func (s *site) noStrayPorts(live map[string]nova.Server) {
	s.t.Helper()
	for _, server := range s.servers(true) {
		for _, port := range s.ports(server.ID) {
			owner, ok := live[server.ID]
			known := slices.ContainsFunc(owner.Addresses, func(a nova.Address) bool { return a.PortID == port.ID })
			if known = known || owner.LaunchedAt == nil; !ok || !known || port.Host != owner.Host { // it may have been reset while it was built
				s.t.Errorf("port %s on host %q is left of server %s, on host %q, %s, which knows it: %v, deleted: %v", port.ID, port.Host, server.ID, owner.Host, server.VMState, known, !ok)
			}
		}
	}
}

// pluggedAsKnown holds the hosts to the ports that servers know: each is plugged in
// once, and no other is.
func (s *site) pluggedAsKnown(live map[string]nova.Server) {
	s.t.Helper()
	for _, server := range live {
		if server.LaunchedAt == nil || server.Host == "" || server.VMState == nova.Errored {
			continue
		}
		if !s.isOn(server.Host, server.ID) {
			s.t.Errorf("host %s doesn't have server %s, %s, elsewhere %v: %q", server.Host, server.ID, server.VMState, server.Elsewhere, s.record(server.ID))
			continue
		}
		known := []string{}
		for _, address := range server.Addresses {
			known = append(known, address.PortID)
		}
		slices.Sort(known)
		if diff := cmp.Diff(slices.Compact(known), s.plugged(server)); diff != "" {
			s.t.Errorf("ports that the server knows, and those that are plugged in (-want +got):\n%s", diff)
		}
	}
}

func (s *site) ports(serverID string) []nova.Port {
	s.t.Helper()
	ports, err := s.clients.Network.AsService().Ports(s.t.Context(), serverID)
	s.must(err)
	return ports
}

// machine is what the host says that a server does.
func (s *site) machine(server nova.Server) nova.PowerState {
	s.t.Helper()
	power, err := s.local.Driver(server.Host).PowerState(s.t.Context(), server)
	s.must(err)
	return power
}

// states is where a server is, in words.
func states(s nova.Server) string {
	return strings.TrimSpace(string(s.VMState) + " " + string(s.TaskState))
}

func (s *site) wantStates(id, want string) {
	s.t.Helper()
	if got := states(s.server(id)); got != want {
		s.t.Errorf("the server is %q, want %q", got, want)
	}
}

// wantRefusal holds an error to what a client is told. An empty text demands
// that there is none.
func wantRefusal(t *testing.T, err error, kind nova.Kind, text string) {
	t.Helper()
	switch {
	case text == "" && err != nil:
		t.Errorf("refused: %v", err)
	case text != "" && (nova.KindOf(err) != kind || nova.Message(err) != text):
		t.Errorf("error of kind %d: %v\nwant of kind %d: %s", nova.KindOf(err), err, kind, text)
	}
}

// record is what a server's actions show, each as "name: event result, …".
func (s *site) record(id string) []string {
	s.t.Helper()
	var lines []string
	for _, action := range s.actions(id) {
		var line strings.Builder
		line.WriteString(action.Name)
		if action.Message != nil {
			line.WriteString(" (" + *action.Message + ")")
		}
		events := slices.Clone(action.Events)
		slices.Reverse(events)
		for i, event := range events {
			line.WriteString(map[bool]string{true: ": ", false: ", "}[i == 0] + event.Event)
			if event.Result == nil || *event.Result != nova.EventSuccess {
				line.WriteString(" failed")
			}
		}
		lines = append(lines, line.String())
	}
	return lines
}

func (s *site) wantRecord(id string, want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.record(id)); diff != "" {
		s.t.Errorf("record (-want +got):\n%s", diff)
	}
}

// watch notes the states of a server whenever a driver is about to do
// something, as "verb: states".
func (s *site) watch() *[]string {
	var seen []string
	s.hooks.set(func(h *hooks) {
		h.driver = func(ctx context.Context, verb string, server nova.Server) error {
			now, err := s.store.AnyServer(ctx, server.ID)
			if err == nil && verb != "power_state" {
				seen = append(seen, verb+": "+states(now))
			}
			return nil
		}
	})
	return &seen
}

// forceDown has an operator declare one host down, and all others up.
func (s *site) forceDown(host string) {
	s.t.Helper()
	_, err := rows.Exec(s.t.Context(), s.store.DB, "UPDATE services SET forced_down = (host = ?)", host)
	s.must(err)
}

// silence has a host's process last have said so long ago that it is alive.
func (s *site) silence(host string, ago time.Duration) {
	s.t.Helper()
	_, err := rows.Exec(s.t.Context(), s.store.DB, "UPDATE services SET seen_at = "+s.store.Moment(-ago)+" WHERE host = ?", host)
	s.must(err)
}

// sweepPorts removes the ports that servers have left which were deleted at once.
func (s *site) sweepPorts() {
	s.t.Helper()
	s.clock.advance(time.Minute)
	s.must(s.worker.SweepPorts(s.t.Context()))
}
