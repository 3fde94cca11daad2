package compute_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// TestStorm has many clients do whatever comes to their minds with a few
// servers, while two processes work. Nobody is told of anything but the state
// of a server, and when the storm is over everything is at rest.
func TestStorm(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		const clients, rounds, servers = 6, 25, 4
		s := newSite(t, connection)
		var stops []func() error
		for _, host := range s.local.Names() { // each process has a host of its own
			local := new(virt.Hosts)
			local.Add(host, s.local.Driver(host))
			own := dbtest.Open(t, connection, func(o *rows.Options) { o.Clock = s.clock.now })
			stops = append(stops, s.start(on(own), func(o *compute.WorkerOptions) { o.Local = local }))
		}
		var ids [servers]string
		for i := range ids {
			ids[i] = s.begin(s.as("demo"), onPrivate).ID
		}
		var mu sync.Mutex
		var group sync.WaitGroup
		for client := range uint64(clients) {
			group.Go(func() {
				dice := rand.New(rand.NewPCG(client, servers))
				for range rounds {
					at := dice.IntN(servers)
					mu.Lock()
					id := ids[at]
					mu.Unlock()
					err := s.whim(dice, id)
					switch {
					case nova.Is(err, nova.NotFound): // somebody has deleted it: here is another
						fresh := s.begin(s.as("demo"), onPrivate)
						mu.Lock()
						ids[at] = fresh.ID
						mu.Unlock()
					case err != nil && !nova.Is(err, nova.Conflict), nova.Message(err) == "There is one already.":
						t.Errorf("a client is told: %v", err)
					}
				}
			})
		}
		group.Wait()
		for _, stop := range stops {
			s.must(stop())
		}
		s.inFlight.Wait()
		s.clock.advance(time.Hour)
		s.up() // all hosts: what is deleted on one that is down is left to the sweep
		s.work()
		s.sweepPorts()
		s.settled()
		for _, server := range s.servers(false) {
			s.must(s.api.Delete(s.as("demo"), server))
		}
		s.work()
		s.settled()
	})
}

// whim does something to a server.
func (s *site) whim(dice *rand.Rand, id string) error {
	ctx := s.as("demo")
	server, err := s.store.Server(ctx, id)
	if err != nil {
		return err
	}
	whims := []func() error{
		func() error { return s.api.ResetState(s.as("admin"), server, nova.Active) },
		func() error { return s.api.Unlock(ctx, server) },
		func() error {
			_, err := s.api.ChangeMetadata(ctx, server, "update metadata", func(map[string]string) (map[string]string, error) {
				return map[string]string{"at": uuid.NewString()}, nil
			})
			return err
		},
		func() error { return s.store.ReplaceTags(ctx, id, []string{"a", "b"}) },
		func() error {
			_, err := s.store.AddTag(ctx, id, "a", 50)
			return err
		},
	}
	for _, verb := range compute.AllVerbs {
		for range max(1, verbsForTests[verb].weight) {
			if verb != compute.Create {
				whims = append(whims, func() error { return s.do(ctx, server, verb) })
			}
		}
	}
	return whims[dice.IntN(len(whims))]()
}
