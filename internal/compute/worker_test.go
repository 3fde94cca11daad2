package compute_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// start runs a worker, and gives what stops it and waits for its end.
func (s *site) start(change ...func(*compute.WorkerOptions)) (stop func() error) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	worker := s.newWorker(change...)
	go func() { ended <- worker.Run(ctx) }()
	return func() error {
		cancel()
		return <-ended
	}
}

func slots(number int) func(*compute.WorkerOptions) {
	return func(o *compute.WorkerOptions) { o.Slots = number }
}

// shortLease is short enough to be waited for, and long enough to be renewed on a
// machine that has other things to do: the clock stands still, so an action that is
// broken off before it has come to where a test waits for it is never claimed again.
func shortLease(o *compute.WorkerOptions) { o.Lease = 900 * time.Millisecond }

// on gives a worker a store of its own, as another process has.
func on(store *db.Store) func(*compute.WorkerOptions) {
	return func(o *compute.WorkerOptions) { o.Store = store }
}

// onVerb does something whenever a driver is about to carry out a verb.
func (s *site) onVerb(verb string, do func(ctx context.Context, s nova.Server) error) {
	s.hooks.set(func(h *hooks) {
		h.driver = func(ctx context.Context, v string, server nova.Server) error {
			if v != verb {
				return nil
			}
			return do(ctx, server)
		}
	})
}

// TestWorker_Run does one thing after the other if it has one slot only.
func TestWorker_Run(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		begun := make(chan string)
		s.onVerb("spawn", func(ctx context.Context, server nova.Server) error {
			select {
			case begun <- server.ID:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		stop := s.start(slots(1))
		first, second := s.begin(s.as("demo")), s.begin(s.as("demo"))
		if id := <-begun; id != first.ID {
			t.Errorf("began with %s", id)
		}
		if id := <-begun; id != second.ID {
			t.Errorf("went on with %s", id)
		}
		s.wantStates(first.ID, "active")
		s.must(stop())
		s.consistent()
	})
}

// TestWorker_Slots is how much it does at once.
func TestWorker_Slots(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		const most, servers = 2, 6
		var mu sync.Mutex
		var now, seen int
		full, done := make(chan struct{}), make(chan struct{}, servers)
		filled := sync.OnceFunc(func() { close(full) })
		count := func(change int) {
			mu.Lock()
			defer mu.Unlock()
			now += change
			if seen = max(seen, now); now == most {
				filled()
			}
		}
		s.onVerb("spawn", func(context.Context, nova.Server) error {
			count(1)
			<-full
			count(-1)
			done <- struct{}{}
			return nil
		})
		for range servers {
			s.begin(s.as("demo"))
		}
		stop := s.start(slots(most))
		for range servers {
			<-done
		}
		s.must(stop())
		if seen != most {
			t.Errorf("%d at once, want %d", seen, most)
		}
		s.work()
		s.settled()
	})
}

// TestWorker_Stops breaks off what it does, and leaves it for others to take up
// at once.
func TestWorker_Stops(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		begun := make(chan struct{})
		s.onVerb("spawn", func(ctx context.Context, _ nova.Server) error {
			close(begun)
			<-ctx.Done()
			return ctx.Err()
		})
		server := s.begin(s.as("demo"), onPrivate)
		stop := s.start()
		<-begun
		s.must(stop())
		s.hooks.set(func(h *hooks) { h.driver = nil })
		s.inFlight.Wait()
		s.wantStates(server.ID, "building spawning")
		if number := s.work(); number != 1 {
			t.Errorf("took up %d actions", number)
		}
		s.wantStates(server.ID, "active")
		s.settled()
	})
}

// TestWorker_HearsOfLoss from the store, and makes room for what is to be done
// instead.
func TestWorker_HearsOfLoss(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		begun, destroyed := make(chan struct{}), make(chan struct{})
		s.hooks.set(func(h *hooks) {
			h.driver = func(ctx context.Context, verb string, _ nova.Server) error {
				switch verb {
				case "spawn":
					close(begun)
					<-ctx.Done()
				case "destroy":
					close(destroyed)
				}
				return ctx.Err()
			}
		})
		server := s.begin(s.as("demo"))
		stop := s.start(slots(1), shortLease)
		<-begun
		s.must(s.api.Delete(s.as("demo"), server))
		<-destroyed
		s.must(stop())
		s.hooks.set(func(h *hooks) { h.driver = nil })
		s.work()
		s.wantStates(server.ID, "deleted")
		s.settled()
	})
}

// TestWorker_LosesHost stops working on a host that another process has taken
// over, and leaves the action to that process.
func TestWorker_LosesHost(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		begun := make(chan string)
		s.onVerb("spawn", func(ctx context.Context, server nova.Server) error {
			begun <- s.server(server.ID).Host
			<-ctx.Done()
			return ctx.Err()
		})
		local := new(virt.Hosts)
		for _, host := range s.local.Names() {
			local.Add(host, s.local.Driver(host))
		}
		worker := s.newWorker(func(o *compute.WorkerOptions) { o.Local = local })
		server := s.begin(s.as("demo"))
		ended := make(chan error, 1)
		go func() {
			_, err := worker.RunOne(t.Context())
			ended <- err
		}()
		local.Drop(<-begun)
		worker.BreakOff()
		s.must(<-ended)
		s.hooks.set(func(h *hooks) { h.driver = nil })
		s.wantStates(server.ID, "building spawning")
		s.clock.advance(2 * lease)
		if more, err := worker.RunOne(t.Context()); more || err != nil {
			t.Errorf("claimed again: %v, %v", more, err)
		}
		s.work()
		s.wantStates(server.ID, "active")
		s.settled()
	})
}

// TestWorker_StoreAway breaks off what it can't hold a lease on any more.
func TestWorker_StoreAway(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := newSite(t, connection)
		own := dbtest.Open(t, connection, func(o *rows.Options) { o.Clock = s.clock.now })
		ended := make(chan struct{})
		s.onVerb("spawn", func(ctx context.Context, _ nova.Server) error {
			s.must(own.Close())
			<-ctx.Done()
			close(ended)
			return ctx.Err()
		})
		server := s.begin(s.as("demo"))
		stop := s.start(on(own), shortLease)
		<-ended
		if stop() == nil {
			t.Error("leases were given back to a store that is away")
		}
		s.hooks.set(func(h *hooks) { h.driver = nil })
		s.clock.advance(lease)
		s.work()
		s.wantStates(server.ID, "active")
		s.settled()
	})
}

// TestWorkers_Together never do one thing twice, and others than a host's own
// don't touch what is on it.
func TestWorkers_Together(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		const servers, processes = 24, 3
		s := newSite(t, connection)
		spawned := map[string]int{}
		var mu sync.Mutex
		s.onVerb("spawn", func(_ context.Context, server nova.Server) error {
			mu.Lock()
			defer mu.Unlock()
			spawned[server.ID]++
			return nil
		})
		for range servers {
			s.begin(s.as("demo"))
		}
		var group sync.WaitGroup
		for range processes {
			own := dbtest.Open(t, connection, func(o *rows.Options) { o.Clock = s.clock.now })
			group.Go(func() { s.workWith(s.newWorker(on(own))) })
		}
		group.Wait()
		s.work()
		for _, server := range s.servers(false) {
			if spawned[server.ID] != 1 || states(server) != "active" {
				t.Errorf("%s was spawned %d times, and is %s", server.ID, spawned[server.ID], states(server))
			}
		}
		s.settled()
	})
}

// TestWorkers_HandOver has one process find the host, and another build on it.
func TestWorkers_HandOver(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := newSite(t, connection)
		without := s.newWorker(func(o *compute.WorkerOptions) { o.Local = new(virt.Hosts) })
		server := s.begin(s.as("demo"))
		if number := s.workWith(without); number != 1 {
			t.Errorf("scheduled in %d actions", number)
		}
		s.wantStates(server.ID, "building networking")
		s.consistent()
		if number := s.work(); number != 1 {
			t.Errorf("built in %d actions", number)
		}
		s.wantStates(server.ID, "active")
		s.settled()
	})
}

// TestWorker_Fenced is one that slept through its lease: it wakes up, and
// writes nothing.
func TestWorker_Fenced(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		s.must(s.do(s.as("demo"), server, compute.Stop))
		slept := false
		s.onVerb("power_off", func(context.Context, nova.Server) error {
			if slept {
				return nil
			}
			slept = true
			s.clock.advance(2 * lease)
			s.workWith(s.newWorker())
			s.wantStates(server.ID, "stopped")
			s.must(s.do(s.as("demo"), s.server(server.ID), compute.Start))
			return nil
		})
		more, err := s.worker.RunOne(t.Context())
		if err != nil || !more {
			t.Fatalf("ran %v, %v", more, err)
		}
		s.wantStates(server.ID, "stopped powering-on")
		s.work()
		s.wantStates(server.ID, "active")
		s.settled()
	})
}

// TestWorker_Hopeless gives up what has killed one process after the other.
func TestWorker_Hopeless(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		const deaths = 25
		server := s.boot(s.as("demo"))
		s.must(s.do(s.as("demo"), server, compute.Delete))
		for range deaths {
			claimed, err := s.store.ClaimActions(t.Context(), db.Claim{
				Worker: "mortal", Queues: []string{server.Host}, Verbs: []string{"delete"}, Lease: lease, Limit: 1,
			})
			if err != nil || len(claimed) != 1 {
				t.Fatalf("claimed %v, %v", claimed, err)
			}
			s.clock.advance(2 * lease)
		}
		s.work()
		s.wantStates(server.ID, "error")
		s.settled()
		s.must(s.do(s.as("demo"), s.server(server.ID), compute.Delete))
		s.work()
		s.wantStates(server.ID, "deleted")
		s.settled()
	})
}
