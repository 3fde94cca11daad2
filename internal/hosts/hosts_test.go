package hosts_test

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const downTime = time.Minute

// A site is a store with a clock that the test sets, and what happens to it.
type site struct {
	t         *testing.T
	store     *db.Store
	mu        sync.Mutex
	now       time.Time
	statement func()
}

func eachSite(t *testing.T, test func(t *testing.T, s *site)) {
	t.Helper()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := &site{t: t, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
		s.store = dbtest.Open(t, connection, func(o *rows.Options) {
			o.Clock = func() time.Time {
				s.mu.Lock()
				defer s.mu.Unlock()
				return s.now
			}
			o.Observe = func(string, []any) {
				s.mu.Lock()
				observe := s.statement
				s.mu.Unlock()
				if observe != nil {
					observe()
				}
			}
		})
		test(t, s)
	})
}

func (s *site) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// A hypervisor is a driver that has no more to say than what its host has.
type hypervisor struct {
	virt.Driver
	node virt.Node
	err  error
}

func (h *hypervisor) Nodes(context.Context) ([]virt.Node, error) {
	return []virt.Node{h.node}, h.err
}

// process is one that runs fake-1.
func (s *site) process(p hosts.Process) (*hosts.Registrar, *hypervisor) {
	driver := &hypervisor{node: virt.Node{Name: "fake-1-node", Type: "test", VCPUs: 8, RAM: 4096, Disk: 100, CPUInfo: "{}"}}
	local := new(virt.Hosts)
	local.Add("fake-1", driver)
	return &hosts.Registrar{
		Store: s.store, Local: local, Process: p, Host: p.Machine, Services: []string{hosts.BinaryScheduler},
		Every: 5 * time.Millisecond, DownTime: downTime, Ratios: hosts.Ratios{CPU: 2, RAM: 1, Disk: 1},
		Reserved: nova.Resources{VCPUs: 1, RAM: 512, Disk: 10}, Log: zerolog.Nop(),
	}, driver
}

// somewhere is a process on another machine, which nothing is known of here.
func somewhere(id string) hosts.Process {
	return hosts.Process{ID: id, Machine: "machine of " + id, PID: 7}
}

func (s *site) services() map[string]nova.Service {
	s.t.Helper()
	all, err := s.store.Services(s.t.Context(), db.ServiceFilter{}, downTime)
	s.must(err)
	found := map[string]nova.Service{}
	for _, v := range all {
		found[v.Host+" "+v.Binary] = v
	}
	return found
}

// host is fake-1 as it is registered.
func (s *site) host() nova.Host {
	s.t.Helper()
	found, err := hosts.New(hosts.Options{Store: s.store, DownTime: downTime}).Named(s.t.Context(), []string{"fake-1"})
	s.must(err)
	return found["fake-1"]
}

func TestRegistrar_Register(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		r, _ := s.process(somewhere("a"))
		for range 2 { // once more by the same process changes nothing
			s.must(r.Register(t.Context()))
		}
		got := s.host()
		want := nova.Host{
			Serial: got.Serial, ID: got.ID, Name: "fake-1", Node: "fake-1-node", ServiceID: got.ServiceID, ServiceSerial: got.ServiceSerial, Zone: "nova", Enabled: true, Up: true,
			Type: "test", CPUInfo: "{}", VCPUs: 7, RAM: 3584, Disk: 90, CPURatio: 2, RAMRatio: 1, DiskRatio: 1, SeenAt: got.SeenAt,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if all := s.services(); len(all) != 2 || all["fake-1 nova-compute"].ID != got.ServiceID || !all["machine of a nova-scheduler"].Up {
			t.Errorf("services %+v", all)
		}
		s.advance(downTime + time.Second)
		if s.host().Up || s.services()["machine of a nova-scheduler"].Up {
			t.Error("up though nothing was heard of them")
		}
	})
}

// TestRegistrar_SecondProcess is refused as soon as the first shows that it is
// alive, and told who that is.
func TestRegistrar_SecondProcess(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		first, _ := s.process(somewhere("a"))
		s.must(first.Register(t.Context()))
		second, _ := s.process(somewhere("b"))
		s.onStatement(4, func() { // when the second has looked once
			s.advance(time.Second)
			_, err := s.store.Heartbeat(t.Context(), first.Process.String(), "")
			s.must(err)
		})
		err := second.Register(t.Context())
		want := "it is run by another process, pid 7 on machine of a, which is alive"
		if !nova.Is(err, nova.Conflict) || nova.Message(err) != want || !strings.Contains(err.Error(), "fake-1") {
			t.Errorf("refused with %v", err)
		}
		if holder := s.services()["fake-1 nova-compute"].Holder; holder != first.Process.String() {
			t.Errorf("held by %q", holder)
		}
	})
}

// onStatement does something before a statement of the store's, counted from
// now on.
func (s *site) onStatement(number int, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statement = func() {
		s.mu.Lock()
		number--
		due := number == 0
		s.mu.Unlock()
		if due {
			do()
		}
	}
}

// TestRegistrar_TakesOver has a second process take the host of a first over that
// has released it, is not heard of any more, or is known to be dead.
func TestRegistrar_TakesOver(t *testing.T) {
	t.Parallel()
	ended := exec.CommandContext(t.Context(), "true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	here := hosts.ThisProcess("here", "this machine")
	dead, reused := here, here
	dead.PID, dead.ID = ended.Process.Pid, "dead"
	reused.Started, reused.ID = "1", "predecessor"
	for name, c := range map[string]struct {
		first hosts.Process
		then  func(s *site, first *hosts.Registrar)
	}{
		"released": {somewhere("a"), func(s *site, first *hosts.Registrar) { s.must(first.Release(s.t.Context())) }},
		"stale":    {somewhere("a"), func(s *site, _ *hosts.Registrar) { s.onStatement(4, func() { s.advance(downTime + time.Second) }) }},
		"dead":     {dead, func(*site, *hosts.Registrar) {}},
		"reused":   {reused, func(*site, *hosts.Registrar) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachSite(t, func(t *testing.T, s *site) {
				first, _ := s.process(c.first)
				s.must(first.Register(t.Context()))
				before := s.host()
				c.then(s, first)
				second, _ := s.process(here)
				s.must(second.Register(t.Context()))
				if now := s.services()["fake-1 nova-compute"]; now.Holder != here.String() || !now.Up || now.ID != before.ServiceID {
					t.Errorf("taken over: %+v", now)
				}
			})
		})
	}
}

// TestRegistrar_Waits as long as nothing is known of the holder: until the
// context ends.
func TestRegistrar_Waits(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		first, _ := s.process(somewhere("a"))
		s.must(first.Register(t.Context()))
		second, _ := s.process(somewhere("b"))
		var log bytes.Buffer
		second.Log = zerolog.New(&log)
		ctx, stop := context.WithCancel(t.Context())
		s.onStatement(6, stop) // when the second has looked twice
		if err := second.Register(ctx); err == nil {
			t.Error("took the host over")
		}
		if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "machine of a") {
			t.Errorf("logged %d lines: %s", lines, log.String())
		}
	})
}

// TestRegistrar_Run shows over and over that the hosts are alive, and writes
// nothing but that; what a host has, it writes when that has changed.
func TestRegistrar_Run(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		r, driver := s.process(somewhere("a"))
		s.must(r.Register(t.Context()))
		_, err := rows.Exec(t.Context(), s.store.DB, "UPDATE hosts SET vcpus = 77")
		s.must(err)
		_, err = rows.Exec(t.Context(), s.store.DB, "UPDATE services SET disabled = ?, forced_down = ?", true, true)
		s.must(err)
		beat := make(chan struct{}, 1000)
		s.mu.Lock()
		s.statement = func() { beat <- struct{}{} }
		s.mu.Unlock()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		s.advance(time.Hour)
		<-beat
		<-beat // after the first was carried out
		stop()
		s.must(<-ended)
		s.mu.Lock()
		s.statement = nil
		s.mu.Unlock()
		all := s.services()
		compute, scheduler := all["fake-1 nova-compute"], all["machine of a nova-scheduler"]
		if !compute.SeenAt.Equal(s.now) || !scheduler.SeenAt.Equal(s.now) {
			t.Errorf("seen at %s and %s, want %s", compute.SeenAt, scheduler.SeenAt, s.now)
		}
		if !compute.Disabled || !compute.ForcedDown || s.host().VCPUs != 77 {
			t.Errorf("more than that was written: %+v, %+v", compute, s.host())
		}
		driver.node.RAM = 8192
		s.must(r.Beat(t.Context()))
		if now := s.host(); now.RAM != 8192-512 || now.VCPUs != 7 {
			t.Errorf("it has more now: %+v", now)
		}
	})
}

// TestRegistrar_LogsFailures of its heartbeats, and goes on.
func TestRegistrar_LogsFailures(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		r, driver := s.process(somewhere("a"))
		s.must(r.Register(t.Context()))
		driver.err = errors.New("the hypervisor is away")
		lines := make(lineChannel, 100)
		r.Log = zerolog.New(lines)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		for range 2 {
			if line := <-lines; !strings.Contains(line, "heartbeat failed") || !strings.Contains(line, "the hypervisor is away") {
				t.Errorf("logged %s", line)
			}
		}
		stop()
		s.must(<-ended)
	})
}

type lineChannel chan string

func (c lineChannel) Write(line []byte) (int, error) {
	select {
	case c <- string(line):
	default:
	}
	return len(line), nil
}

// TestRegistrar_Loses a host to another process: it stops working on that.
func TestRegistrar_Loses(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		first, driver := s.process(somewhere("a"))
		first.Local.Add("fake-2", &hypervisor{node: virt.Node{Name: "fake-2"}})
		s.must(first.Register(t.Context()))
		s.advance(downTime + time.Second)
		second, _ := s.process(somewhere("b"))
		s.must(second.Register(t.Context()))
		var lost []string
		first.Lost = func(host string) {
			if first.Local.Driver(host) != nil {
				t.Errorf("%s is still worked on", host)
			}
			lost = append(lost, host)
		}
		driver.err = errors.New("nobody should ask")
		for range 2 {
			s.must(first.Beat(t.Context()))
		}
		if diff := cmp.Diff([]string{"fake-1"}, lost); diff != "" {
			t.Errorf("lost (-want +got):\n%s", diff)
		}
		if holder := s.services()["fake-1 nova-compute"].Holder; holder != second.Process.String() {
			t.Errorf("held by %q", holder)
		}
		s.must(first.Release(t.Context())) // which the other keeps
		if all := s.services(); all["fake-1 nova-compute"].Holder == "" || all["fake-2 nova-compute"].Holder != "" {
			t.Errorf("released: %+v", all)
		}
	})
}

// A process stops working on a host whose service an operator deletes, and has it
// again when it is started anew.
func TestRegistrar_ServiceDeleted(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		first, _ := s.process(somewhere("a"))
		s.must(first.Register(t.Context()))
		known := hosts.New(hosts.Options{Store: s.store, DownTime: downTime})
		s.must(known.DeleteService(t.Context(), db.ServiceFilter{Host: "fake-1"}))
		s.must(first.Beat(t.Context()))
		if first.Local.Driver("fake-1") != nil {
			t.Error("fake-1 is still worked on")
		}
		if left, err := known.All(t.Context()); err != nil || len(left) > 0 {
			t.Errorf("hosts left: %v, %v", left, err)
		}
		again, _ := s.process(somewhere("a"))
		s.must(again.Register(t.Context()))
		if all, err := known.All(t.Context()); err != nil || len(all) != 1 || !all[0].Up {
			t.Errorf("hosts after the start: %v, %v", all, err)
		}
	})
}

// TestHosts_ServiceDeletedForGood: nobody waits any more for what the host was yet to
// remove, and what other hosts are to remove stays, also that of a service of the same
// machine that runs no servers.
func TestHosts_ServiceDeletedForGood(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		r, _ := s.process(somewhere("a"))
		s.must(r.Register(t.Context()))
		evacuation := nova.Migration{ID: "m", ServerID: "evacuated", Type: nova.MigrationEvacuation, Status: nova.MigrationDone, SourceHost: "fake-1"}
		s.must(s.store.CreateMigration(t.Context(), evacuation))
		for _, l := range []nova.Leftover{
			{ServerID: "evacuated", Host: "fake-1", Migration: "m"}, {ServerID: "deleted", Host: "fake-1"}, {ServerID: "deleted", Host: "fake-2"},
		} {
			s.must(s.store.LeaveOnHost(t.Context(), l))
		}
		left := func() (found []string) {
			all, err := s.store.LeftOnHosts(t.Context(), []string{"fake-1", "fake-2"})
			s.must(err)
			for _, l := range all {
				found = append(found, l.ServerID+" on "+l.Host)
			}
			return found
		}
		known := hosts.New(hosts.Options{Store: s.store, DownTime: downTime})
		s.must(known.DeleteService(t.Context(), db.ServiceFilter{Binary: hosts.BinaryScheduler}))
		if diff := cmp.Diff([]string{"evacuated on fake-1", "deleted on fake-1", "deleted on fake-2"}, left()); diff != "" {
			t.Errorf("left without the scheduler (-want +got):\n%s", diff)
		}
		s.must(known.DeleteService(t.Context(), db.ServiceFilter{Host: "fake-1"}))
		if diff := cmp.Diff([]string{"deleted on fake-2"}, left()); diff != "" {
			t.Errorf("left without the host (-want +got):\n%s", diff)
		}
		if evacuees, err := s.store.HasEvacuees(t.Context(), "fake-1"); err != nil || evacuees {
			t.Errorf("the evacuation goes on: %v, %v", evacuees, err)
		}
	})
}

// TestHosts_CleanService keeps services that were heard of, that have servers, and
// that are yet to remove some.
func TestHosts_CleanService(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		const silent = time.Hour
		known := hosts.New(hosts.Options{Store: s.store, DownTime: downTime})
		r, _ := s.process(somewhere("a"))
		s.must(r.Register(t.Context()))
		s.must(s.store.LeaveOnHost(t.Context(), nova.Leftover{ServerID: "deleted", Host: "fake-1"}))
		clean := func() map[string]string {
			found, err := s.store.Services(t.Context(), db.ServiceFilter{Silent: silent}, downTime)
			s.must(err)
			did := map[string]string{}
			for _, service := range found {
				err := known.CleanService(t.Context(), service.ID, silent)
				did[service.Binary] = "deleted"
				if err != nil {
					did[service.Binary] = nova.Message(err)
				}
			}
			return did
		}
		if did := clean(); len(did) > 0 {
			t.Errorf("services that live: %v", did)
		}
		compute := s.services()["fake-1 nova-compute"]
		if err := known.CleanService(t.Context(), compute.ID, silent); !nova.Is(err, nova.NotFound) {
			t.Errorf("a service that has been heard of: %v", err)
		}
		s.advance(silent + time.Second)
		want := map[string]string{
			"nova-scheduler": "deleted",
			"nova-compute":   "The host has servers to remove that were evacuated or deleted. Delete the service if the host won't come back.",
		}
		if diff := cmp.Diff(want, clean()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		_, err := s.store.ForgetOnHost(t.Context(), "deleted", "fake-1")
		s.must(err)
		server, err := s.store.CreateServer(t.Context(), nova.Server{ID: "s", Host: "fake-1"})
		s.must(err)
		want = map[string]string{"nova-compute": "Unable to delete compute service that is hosting instances. Migrate or delete the instances first."}
		if diff := cmp.Diff(want, clean()); diff != "" {
			t.Errorf("with a server (-want +got):\n%s", diff)
		}
		s.must(s.store.ChangeServer(t.Context(), server.ID, db.ServerChange{Host: new("")}))
		if diff := cmp.Diff(map[string]string{"nova-compute": "deleted"}, clean()); diff != "" {
			t.Errorf("in the end (-want +got):\n%s", diff)
		}
	})
}

// TestHosts_HasZone looks for an enabled host in a zone, which an aggregate or the
// configuration gives it.
func TestHosts_HasZone(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		r, _ := s.process(somewhere("a"))
		s.must(r.Register(t.Context()))
		known := hosts.New(hosts.Options{Store: s.store, Zone: "north", DownTime: downTime})
		want := func(when string, want map[string]bool) {
			t.Helper()
			got := map[string]bool{}
			for zone := range want {
				has, err := known.HasZone(t.Context(), zone)
				s.must(err)
				got[zone] = has
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		want("at first", map[string]bool{"north": true, "south": false, "internal": false})
		aggregate, err := known.CreateAggregate(t.Context(), "a", "south")
		s.must(err)
		want("an aggregate without hosts", map[string]bool{"north": true, "south": false})
		_, err = known.AddHost(t.Context(), aggregate.Serial, "fake-1")
		s.must(err)
		want("in an aggregate", map[string]bool{"north": false, "south": true})
		s.must(known.EnableHost(t.Context(), "fake-1", false))
		want("disabled", map[string]bool{"north": false, "south": false})
	})
}

func TestHosts_Zones(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		r, _ := s.process(somewhere("a"))
		s.must(r.Register(t.Context()))
		_, _, err := s.store.Hold(t.Context(), nova.Service{ID: "u", Host: "fake-2", Binary: "nova-compute"}, 0, "")
		s.must(err)
		_, err = rows.Exec(t.Context(), s.store.DB, "UPDATE services SET disabled = ? WHERE host = 'fake-2'", true)
		s.must(err)
		zones, err := hosts.New(hosts.Options{Store: s.store, Zone: "north", InternalZone: "inside", DownTime: downTime}).Zones(t.Context())
		s.must(err)
		want := []nova.Zone{
			{Name: "inside", Internal: true, Available: true, Services: []nova.ZoneService{
				{Host: "machine of a", Binary: "nova-scheduler", Available: true, SeenAt: s.now},
			}},
			{Name: "north", Available: true, Services: []nova.ZoneService{{Host: "fake-1", Binary: "nova-compute", Available: true, SeenAt: s.now}}},
		}
		if diff := cmp.Diff(want, zones); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
