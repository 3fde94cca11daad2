package compute_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/network"
	"github.com/nova-api/nova-api/internal/standalone/volume"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/fake"
)

func TestMain(m *testing.M) {
	shortModel()
	goleak.VerifyTestMain(m)
}

const (
	bundled = "http://bundled"
	cirros  = "c1220500-0000-4000-8000-000000000001" // the bundled image
	private = "0e7a0001-0000-4000-8000-000000000001" // the bundled network that every server gets
	secret  = "a password for tests"
)

var (
	began = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	small = nova.Flavor{ID: "2", Name: "m1.small", RAM: 1024, VCPUs: 2, Disk: 2}
	tiny  = nova.Flavor{ID: "1", Name: "m1.tiny", RAM: 512, VCPUs: 1, Disk: 1}
)

// A site is a cloud in one process: a store, the bundled services and two
// hosts. Its work is done by hand, one action at a time.
type site struct {
	t         *testing.T
	store     *db.Store
	clock     *clock
	hooks     *hooks
	transport http.RoundTripper
	network   *network.Service
	volumes   *volume.Service
	volumeDir string // where it has its data
	clients   *cloud.Clients
	local     *virt.Hosts
	hosts     *hosts.Hosts
	api       *compute.Servers
	options   compute.Options
	worker    *compute.Worker
	inFlight  *sync.WaitGroup // requests to the bundled services
	callers   *callers
}

// A clock stands still until it is moved.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	steps *hooks
}

func (c *clock) now() time.Time {
	c.steps.step()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// after lets so much time pass at once, and says so.
func (c *clock) after(d time.Duration) <-chan time.Time {
	c.steps.mu.Lock()
	waits := c.steps.waits
	c.steps.mu.Unlock()
	if waits != nil {
		waits(d)
	}
	c.advance(d)
	passed := make(chan time.Time, 1)
	passed <- c.now()
	return passed
}

// hooks are what a test has to say when something is about to happen.
type hooks struct {
	mu      sync.Mutex
	driver  func(ctx context.Context, verb string, s nova.Server) error
	request func(r *http.Request) error
	// allocate gives the ID of a network that the network service allocates.
	allocate func() string
	steps    func()
	waits    func(d time.Duration) // a driver lets time pass
}

func (h *hooks) set(change func(h *hooks)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
}

// step is called wherever a process might die: when the store is about to
// write, and before and after all that other services and drivers are asked.
func (h *hooks) step() {
	h.mu.Lock()
	step := h.steps
	h.mu.Unlock()
	if step != nil {
		step()
	}
}

func (h *hooks) before(ctx context.Context, verb string, s nova.Server) error {
	h.step()
	h.mu.Lock()
	before := h.driver
	h.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(ctx, verb, s)
}

// eachSite runs a test in a site on each database.
func eachSite(t *testing.T, test func(t *testing.T, s *site), change ...func(*compute.Options)) {
	t.Helper()
	dbtest.EachConnection(t, func(t *testing.T, connection string) { test(t, newSite(t, connection, change...)) })
}

// eachCase runs subtests by name, one after the other in one site.
func eachCase[N ~string, C any](
	t *testing.T, cases map[N]C, test func(t *testing.T, s *site, name N, c C), change ...func(*compute.Options),
) {
	t.Helper()
	eachSite(t, func(t *testing.T, s *site) {
		for _, name := range slices.Sorted(maps.Keys(cases)) {
			t.Run(string(name), func(t *testing.T) {
				within := *s
				within.t = t
				defer s.hooks.set(func(h *hooks) { h.driver, h.request, h.steps, h.allocate, h.waits = nil, nil, nil, nil, nil })
				test(t, &within, name, cases[name])
			})
		}
	}, change...)
}

func newSite(t *testing.T, connection string, change ...func(*compute.Options)) *site {
	t.Helper()
	h := &hooks{}
	s := &site{t: t, hooks: h, inFlight: &sync.WaitGroup{}, callers: &callers{byName: map[string]nova.Caller{}}, clock: &clock{at: began, steps: h}, local: &virt.Hosts{}}
	s.store = dbtest.Open(t, connection, func(o *rows.Options) { o.Clock = s.clock.now })
	s.clients = s.newClients()
	s.hosts = hosts.New(hosts.Options{Store: s.store, DownTime: 12 * time.Hour})
	options := compute.Options{
		Store: s.store, Images: s.clients.Image, Networks: s.clients.Network, Volumes: s.clients.Volume, Hosts: s.hosts, Local: s.local,
		Quota: nova.Quota{nova.QuotaInstances: 100, nova.QuotaCores: 200, nova.QuotaRAM: 51200, nova.QuotaMetadataItems: 128},
	}
	for _, f := range change {
		f(&options)
	}
	s.api, s.options = compute.New(options), options
	s.flavor(tiny)
	s.addHost("fake-1")
	s.addHost("fake-2")
	s.worker = s.newWorker()
	return s
}

// with is the API of a process that was configured otherwise.
func (s *site) with(change func(o *compute.Options)) *compute.Servers {
	options := s.options
	change(&options)
	return compute.New(options)
}

// newWorker starts another process, as it were, that has the same hosts.
func (s *site) newWorker(change ...func(*compute.WorkerOptions)) *compute.Worker {
	o := compute.WorkerOptions{
		Store: s.store, Images: s.clients.Image, Networks: s.clients.Network, Volumes: s.clients.Volume, Hosts: s.hosts, Local: s.local,
		Schedules: true, ID: uuid.NewString(), Host: "conductor", Lease: lease, Slots: 2, Notify: s.options.Notify, Log: zerolog.Nop(),
	}
	for _, f := range change {
		f(&o)
	}
	return compute.NewWorker(o)
}

const lease = 6 * time.Second

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// request is a server as the API has it from a client, connected to nothing.
func request(change ...func(*compute.ServerRequest)) compute.ServerRequest {
	r := compute.ServerRequest{
		Name: "web", Min: 1, Max: 1, FlavorID: tiny.ID, ImageID: cirros, DiskConfig: "MANUAL", Networks: compute.Networks{None: true},
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

// flavor makes a flavor, unless there is one of its ID, and gives the ID.
func (s *site) flavor(f nova.Flavor) string {
	s.t.Helper()
	f.Public = true
	made, err := s.store.CreateFlavor(s.t.Context(), f)
	switch {
	case nova.Is(err, nova.Conflict):
	case err != nil:
		s.t.Fatal(err)
	case len(f.ExtraSpecs) > 0:
		s.must(s.store.SetExtraSpecs(s.t.Context(), made, f.ExtraSpecs))
	}
	return f.ID
}

func onPrivate(n *compute.ServerRequest) { n.Networks = compute.Networks{} }

// begin creates one server, and leaves the work to others.
func (s *site) begin(ctx context.Context, change ...func(*compute.ServerRequest)) nova.Server {
	s.t.Helper()
	created, err := s.api.Create(ctx, request(change...))
	s.must(err)
	return created.Servers[0]
}

// boot makes one server that runs.
func (s *site) boot(ctx context.Context, change ...func(*compute.ServerRequest)) nova.Server {
	s.t.Helper()
	server := s.begin(ctx, change...)
	s.work()
	server = s.server(server.ID)
	if server.VMState != nova.Active {
		s.t.Fatalf("booted a server into %s: %+v", server.VMState, server.Fault)
	}
	return server
}

// work carries out all that is queued, and tells how much that was.
func (s *site) work() (number int) {
	s.t.Helper()
	return s.workWith(s.worker)
}

func (s *site) workWith(w *compute.Worker) (number int) {
	s.t.Helper()
	for {
		more, err := w.RunOne(s.t.Context())
		s.ran(err)
		if !more {
			return number
		}
		number++
	}
}

// ran allows for a host that can't remove now what it has of servers that are not its own,
// since the model wants that: it is asked again.
func (s *site) ran(err error) {
	s.t.Helper()
	if !errors.Is(err, errModel) {
		s.must(err)
	}
}

// workOut is work until steps are put off no more, as often as once.
func (s *site) workOut() {
	s.t.Helper()
	for range 6 {
		s.work()
		s.clock.advance(time.Minute)
	}
}

// server is a server as it is now, be it deleted.
func (s *site) server(id string) nova.Server {
	s.t.Helper()
	server, err := s.store.AnyServer(s.t.Context(), id)
	s.must(err)
	return server
}

// actions are what was done to a server, oldest first, with the events.
func (s *site) actions(id string) []nova.Action {
	s.t.Helper()
	found, err := s.store.Actions(s.t.Context(), id, db.ActionFilter{}, nova.Page{Limit: 100})
	s.must(err)
	slices.Reverse(found)
	for i, action := range found {
		found[i], err = s.store.Action(s.t.Context(), id, action.RequestID)
		s.must(err)
	}
	return found
}

// addHost starts another hypervisor in the process.
func (s *site) addHost(name string) {
	s.t.Helper()
	driver, err := fake.New(fake.Options{
		Dir: s.t.TempDir(), Host: name, VCPUs: 8, RAM: 8192, Disk: 100, Before: s.hooks.before, Clock: s.clock.now, After: s.clock.after,
	})
	s.must(err)
	s.t.Cleanup(func() { _ = driver.Close() })
	s.local.Add(name, driver)
	registrar := hosts.Registrar{
		Store: s.store, Local: s.local, Process: hosts.ThisProcess("this", "here"), Host: "here", Ratios: hosts.Ratios{CPU: 16, RAM: 1.5, Disk: 1},
	}
	s.must(registrar.Register(s.t.Context()))
}
