package compute_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestCrash has a worker die at every step of each verb: whenever the store is
// about to write, and before and after all that drivers and other services are
// asked. Another one takes up the work, and in the end all is as if nothing had
// happened. There are a thousand such steps: where they take long, a run dies at
// some of them only, others than the run before; make soak dies at each.
func TestCrash(t *testing.T) {
	t.Parallel()
	for verb := range verbsForTests {
		t.Run(string(verb), func(t *testing.T) {
			t.Parallel()
			eachSite(t, func(t *testing.T, s *site) {
				s.crash(func() nova.Server { return s.begun(verb) }, func(string) {})
			}, telling)
		})
	}
}

// crash has a worker die at the steps of what was begun with a server, once for each. In
// the end the server must be as if it had not, in what an outcome has and in what check
// looks at.
func (s *site) crash(begun func() nova.Server, check func(id string)) {
	s.t.Helper()
	calm := begun()
	s.work()
	want := s.outcome(calm.ID)
	check(calm.ID)
	first, stride := s.deaths()
	for step := first; ; step += stride {
		server := begun()
		died := s.dieAt(step)
		s.clock.advance(2 * lease)
		s.workWith(s.newWorker())
		if diff := cmp.Diff(want, s.outcome(server.ID)); diff != "" {
			s.t.Errorf("dead at step %d (-want +got):\n%s", step, diff)
		}
		check(server.ID)
		s.clear(server.ID)
		if !died {
			s.t.Logf("each %d. of fewer than %d steps, from %d on", stride, step, first)
			break
		}
	}
	s.settled()
}

// everyStep names the environment variable that has crash tests die at each step
// on both databases.
const everyStep = "NOVA_CRASH_EVERY_STEP"

// deaths says at which steps a crash test has a worker die: at the first one, and
// at those that follow by a stride.
func (s *site) deaths() (first, stride int) {
	stride = 2
	if s.store.Dialect() == "postgres" { // each takes four times as long there
		stride *= 2
	}
	if raceDetector {
		stride *= 4
	}
	if os.Getenv(everyStep) != "" {
		stride = 1
	}
	return 1 + rand.IntN(stride), stride
}

// dieAt has the worker die at a step of the next action, and tells whether
// there was one. What a dead process does no more is what a cancelled context
// keeps it from.
func (s *site) dieAt(step int) bool {
	s.t.Helper()
	ctx, die := context.WithCancel(s.t.Context())
	defer die()
	var steps atomic.Int64 // the services count too, in goroutines of their own
	s.hooks.set(func(h *hooks) {
		h.steps = func() {
			if steps.Add(1) >= int64(step) {
				die()
			}
		}
	})
	_, err := s.worker.RunOne(ctx)
	s.hooks.set(func(h *hooks) { h.steps = nil })
	s.inFlight.Wait() // the services died with it
	dbtest.AwaitWriters(s.t, s.store)
	if ctx.Err() == nil {
		s.ran(err)
	}
	return ctx.Err() != nil
}

// An outcome is all that is left of a verb.
type outcome struct {
	States   string
	Power    nova.PowerState
	Placed   bool
	Flavor   string
	Moved    string // the host elsewhere, and the resizes on record
	Fault    *nova.Fault
	Ports    int
	Networks int
	Record   []string
	Images   int      // of the server
	Told     []string // notifications
}

func (s *site) outcome(id string) outcome {
	s.t.Helper()
	server := s.server(id)
	o := outcome{
		States: states(server), Power: server.PowerState, Placed: server.Host != "", Flavor: server.Flavor.Name, Moved: s.moved(server), Fault: server.Fault,
		Ports: len(s.ports(id)), Networks: len(server.Addresses), Record: s.record(id), Images: len(s.imagesOf(id)), Told: s.events(id, 0),
	}
	if server.DeletedAt == nil && server.Host != "" && s.machine(server) != server.PowerState {
		s.t.Errorf("the machine's power state is %d, the server's %d", s.machine(server), server.PowerState)
	}
	return o
}

// moved is where a server has something beside its host, and what became of its
// resizes.
func (s *site) moved(server nova.Server) string {
	s.t.Helper()
	migrations, err := s.store.MigrationsOf(s.t.Context(), server.ID)
	s.must(err)
	var statuses []nova.MigrationStatus
	for _, m := range migrations {
		statuses = append(statuses, m.Status)
	}
	return fmt.Sprint(server.Elsewhere != nil, server.BeforeResize != nil, statuses)
}

// imagesOf are the images that were made of a server, all with data.
func (s *site) imagesOf(id string) []nova.Image {
	s.t.Helper()
	made, err := s.clients.Image.AsService().List(s.t.Context(), cloud.ImageQuery{Properties: map[string]string{"instance_uuid": id}})
	s.must(err)
	for _, i := range made {
		if i.Status != "active" || s.data(i.ID) == "" {
			s.t.Errorf("image %s is %s", i.ID, i.Status)
		}
	}
	return made
}

// clear removes a server and what was made of it.
func (s *site) clear(id string) {
	s.t.Helper()
	for _, i := range s.imagesOf(id) {
		s.must(s.clients.Image.AsService().Delete(s.t.Context(), i.ID))
	}
	if server := s.server(id); server.DeletedAt == nil {
		s.must(s.api.Delete(s.as("demo"), server))
		s.work()
	}
}
