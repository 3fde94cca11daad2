package api_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/identity"
	"github.com/nova-api/nova-api/internal/standalone/image"
	"github.com/nova-api/nova-api/internal/standalone/network"
	"github.com/nova-api/nova-api/internal/standalone/volume"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/fake"
)

// What the bundled services start with, and a server that can't be.
const (
	bundled  = "http://bundled"
	cirros   = "c1220500-0000-4000-8000-000000000001"
	private  = "0e7a0001-0000-4000-8000-000000000001"
	nobodyID = "00000000-0000-4000-8000-000000000000"
)

// A cloudSite is a site with the bundled services and two hosts. Its work is
// done by hand: work does all that is queued.
type cloudSite struct {
	*site
	worker     *compute.Worker
	statements *atomic.Int64 // that the store has run
	transport  http.RoundTripper
	volumes    *volume.Service
}

// eachCloud runs a test against a cloud on every database.
func eachCloud(t *testing.T, test func(t *testing.T, s *cloudSite), change ...func(*api.Options, *compute.Options)) {
	t.Helper()
	dbtest.EachConnection(t, func(t *testing.T, connection string) { test(t, newCloud(t, connection, change...)) })
}

func newCloud(t *testing.T, connection string, change ...func(*api.Options, *compute.Options)) *cloudSite {
	t.Helper()
	statements := &atomic.Int64{}
	store := dbtest.Open(t, connection, func(o *rows.Options) { o.Observe = func(string, []any) { statements.Add(1) } })
	clients, transport, networks, volumes := newClients(t, store)
	local := new(virt.Hosts)
	for _, host := range []string{"fake-1", "fake-2"} {
		driver, err := fake.New(fake.Options{Dir: t.TempDir(), Host: host, VCPUs: 64, RAM: 65536, Disk: 1000})
		must(t, err)
		local.Add(host, driver)
	}
	wire := func(o *api.Options, work *compute.Options) {
		o.ShowPassword, o.ImageURL = true, func(*rest.Request) string { return "http://image.example" }
		work.Images, work.Networks, work.Volumes, work.Local = clients.Image, clients.Network, clients.Volume, local
	}
	s := &cloudSite{
		site:       newSite(t, store, append([]func(*api.Options, *compute.Options){wire}, change...)...),
		statements: statements, transport: transport, volumes: volumes,
	}
	networks.OnChange(func(ctx context.Context, events []nova.ServerEvent) error {
		_, err := s.compute.ExternalEvents(ctx, events)
		return err
	})
	s.worker = compute.NewWorker(compute.WorkerOptions{
		Store: store, Images: clients.Image, Networks: clients.Network, Volumes: clients.Volume,
		Hosts: hosts.New(hosts.Options{Store: store, DownTime: 24 * time.Hour}), Local: local,
		Schedules: true, ID: uuid.NewString(), Log: zerolog.Nop(),
	})
	registrar := hosts.Registrar{
		Store: store, Local: local, Process: hosts.ThisProcess("this", "here"), Host: "here",
		Services: []string{hosts.BinaryScheduler, hosts.BinaryConductor}, Ratios: hosts.Ratios{CPU: 16, RAM: 1.5, Disk: 1},
	}
	must(t, registrar.Register(t.Context()))
	s.flavors()
	return s
}

// newClients starts the bundled services, and gives the clients that reach
// them in this process, the transport that does, and the services of networks and
// volumes. The services know the tests' callers by the same tokens.
func newClients(t *testing.T, store *db.Store) (*cloud.Clients, http.RoundTripper, *network.Service, *volume.Service) {
	t.Helper()
	const password = "a password for tests"
	var clients *cloud.Clients
	whose := func(ctx context.Context, token string) (nova.Caller, error) {
		if c, ok := callers[token]; ok {
			c.Token = token // by which a service asks another one
			return c, nil
		}
		return clients.Identity.Validate(ctx, token)
	}
	authURL := func(*http.Request) string { return bundled + identity.Path }
	users := identity.New(identity.Options{Store: identitydb.New(store.DB), Log: zerolog.Nop(), PublicURL: bundled, ServicePassword: password, PasswordCost: 4})
	_, err := users.Seed(t.Context(), identity.SeedOptions{AdminPassword: password})
	must(t, err)
	images, err := image.New(image.Options{
		Store: imagedb.New(store.DB), Dir: t.TempDir(), Log: zerolog.Nop(), Validate: whose, AuthURL: authURL, PublicURL: bundled, Owner: adminProject,
	})
	must(t, err)
	must(t, images.Seed(t.Context()))
	networks := network.New(network.Options{
		Store: networkdb.New(store.DB), Log: zerolog.Nop(), Validate: whose, AuthURL: authURL, PublicURL: bundled, Owner: adminProject,
	})
	must(t, networks.Seed(t.Context()))
	volumes, err := volume.New(volume.Options{
		Store: volumedb.New(store.DB), Dir: t.TempDir(), Log: zerolog.Nop(), Validate: whose, AuthURL: authURL, PublicURL: bundled, Host: "here",
		Limits: map[string]int64{"volumes": -1, "snapshots": -1},
	})
	must(t, err)
	must(t, volumes.Seed(t.Context()))
	transport, err := cloud.NewInProcess(cloud.InProcessOptions{Services: map[string]http.Handler{
		bundled + identity.Path: users, bundled + image.Path: images, bundled + network.Path: networks,
		bundled + volume.Path: volumes,
	}})
	must(t, err)
	clients, err = cloud.New(cloud.Options{
		Login: cloud.Login{
			URL: bundled + identity.Path + "/v3", Username: identity.ServiceUser, Password: password, ProjectName: "service",
			UserDomainID: "default", ProjectDomainID: "default",
		},
		Image: cloud.Endpoint{Override: bundled + image.Path}, Network: cloud.Endpoint{Override: bundled + network.Path},
		Volume:    cloud.Endpoint{Override: bundled + volume.Path},
		Transport: transport, TokenCacheTime: time.Hour,
	})
	must(t, err)
	volumes.Images = clients.Image
	return clients, transport, networks, volumes
}

// Network sends a request to the bundled network service, as Do does to the
// API: "POST /ports {…}".
func (s *cloudSite) Network(request string, options ...option) *reply {
	s.t.Helper()
	return s.service(network.Path+"/v2.0", request, options...)
}

// ownVolume makes a volume of a caller, or a snapshot of one, and waits until it is
// available.
func (s *cloudSite) ownVolume(persona string, snapshot bool) string {
	s.t.Helper()
	made := s.service(volume.Path+"/v3", `POST /volumes {"volume": {"size": 1}}`, as(persona)).Want(s.t, 202).String("volume/id")
	must(s.t, s.volumes.Work(s.t.Context()))
	if snapshot {
		made = s.service(volume.Path+"/v3", `POST /snapshots {"snapshot": {"volume_id": "`+made+`"}}`, as(persona)).Want(s.t, 202).String("snapshot/id")
		must(s.t, s.volumes.Work(s.t.Context()))
	}
	return made
}

// Image sends a request to the bundled image service: "POST /images {…}".
func (s *cloudSite) Image(request string, options ...option) *reply {
	s.t.Helper()
	return s.service(image.Path+"/v2", request, options...)
}

func (s *cloudSite) service(path, request string, options ...option) *reply {
	s.t.Helper()
	parts := append(strings.SplitN(request, " ", 3), "", "")
	r, err := http.NewRequestWithContext(s.t.Context(), parts[0], bundled+path+parts[1], strings.NewReader(parts[2]))
	must(s.t, err)
	r.Header.Set("X-Auth-Token", "admin")
	for _, change := range append([]option{header("Content-Type", "application/json")}, options...) {
		change(r)
	}
	response, err := s.transport.RoundTrip(r)
	must(s.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(s.t, err)
	return &reply{request: request, status: response.StatusCode, header: response.Header, text: string(text)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// boot makes a server that runs, connected to nothing unless more says so:
// further keys of the body. It gives the server's ID.
func (s *cloudSite) boot(name, more string, options ...option) string {
	s.t.Helper()
	id := s.begin(name, more, options...)
	s.work()
	if status := s.Do("GET /v2.1/servers/" + id).String("server/status"); status != "ACTIVE" {
		s.t.Fatalf("server %s is %s: %s", name, status, s.Do("GET /v2.1/servers/"+id).text)
	}
	return id
}

// begin is boot without the work.
func (s *cloudSite) begin(name, more string, options ...option) string {
	s.t.Helper()
	if !strings.Contains(more, "networks") {
		more += `, "networks": "none"`
	}
	body := fmt.Sprintf(`{"server": {"name": %q, "imageRef": %q, "flavorRef": "1"%s}}`, name, cirros, more)
	return s.Do("POST /v2.1/servers "+body, append([]option{as("demo"), at(90)}, options...)...).Want(s.t, 202).String("server/id")
}

// work does all that is queued, and shows what the network service has changed.
func (s *cloudSite) work() {
	s.t.Helper()
	for more := true; more; {
		var err error
		more, err = s.worker.RunOne(s.t.Context())
		must(s.t, err)
	}
	must(s.t, s.worker.RefreshNetworks(s.t.Context()))
}

// bring has an administrator do something to a server that must be accepted.
func (s *cloudSite) bring(id, body string) {
	s.t.Helper()
	s.act(id, body, as("admin")).Want(s.t, acceptedAs(body))
}

// acceptedAs is how an action with this body is answered: a rescue as if it had
// been done at once.
func acceptedAs(body string) int {
	if strings.HasPrefix(body, `{"rescue"`) {
		return http.StatusOK
	}
	return http.StatusAccepted
}

// working has the worker work until the function that it returns is called: for
// requests that wait for it.
func (s *cloudSite) working() (stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	go func() { done <- s.worker.Run(ctx) }()
	return func() {
		s.t.Helper()
		cancel()
		must(s.t, <-done)
	}
}

// act sends an action's body to a server, and does the work.
func (s *cloudSite) act(id, body string, options ...option) *reply {
	s.t.Helper()
	if strings.HasPrefix(body, `{"changePassword"`) { // which waits
		defer s.working()()
	} else {
		defer s.work()
	}
	return s.Do("POST /v2.1/servers/"+id+"/action "+body, append([]option{as("demo")}, options...)...)
}

// forceDown has an operator declare one host down, and all others up.
func (s *cloudSite) forceDown(host string) {
	s.t.Helper()
	_, err := rows.Exec(s.t.Context(), s.store.DB, "UPDATE services SET forced_down = (host = ?)", host)
	must(s.t, err)
}
