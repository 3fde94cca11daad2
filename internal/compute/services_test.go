package compute_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/identity"
	"github.com/nova-api/nova-api/internal/standalone/image"
	"github.com/nova-api/nova-api/internal/standalone/network"
	"github.com/nova-api/nova-api/internal/standalone/volume"
)

// callers are the users who have signed in.
type callers struct {
	mu     sync.Mutex
	byName map[string]nova.Caller
}

// wire is the transport to the bundled services, with hooks on it.
type wire struct {
	http.RoundTripper
	hooks *hooks
}

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.hooks.step()
	w.hooks.mu.Lock()
	before := w.hooks.request
	w.hooks.mu.Unlock()
	if before != nil {
		if err := before(r); err != nil {
			return nil, err
		}
	}
	response, err := w.RoundTripper.RoundTrip(r)
	w.hooks.step()
	return response, err
}

// newClients starts the bundled services, to be reached in this process alone.
func (s *site) newClients() *cloud.Clients {
	s.t.Helper()
	var clients *cloud.Clients
	validate := func(ctx context.Context, token string) (nova.Caller, error) {
		return clients.Identity.Validate(ctx, token)
	}
	authURL := func(*http.Request) string { return bundled + identity.Path }
	users := identity.New(identity.Options{
		Store: identitydb.New(s.store.DB), Log: zerolog.Nop(), PublicURL: bundled, ServicePassword: secret, PasswordCost: 4, TokenLifetime: 24 * time.Hour,
	})
	_, err := users.Seed(s.t.Context(), identity.SeedOptions{AdminPassword: secret})
	s.must(err)
	images, err := image.New(image.Options{
		Store: imagedb.New(s.store.DB), Dir: s.t.TempDir(), Log: zerolog.Nop(), Validate: validate, AuthURL: authURL, PublicURL: bundled, Owner: "nobody",
	})
	s.must(err)
	s.must(images.Seed(s.t.Context()))
	networks := network.New(network.Options{
		Store: networkdb.New(s.store.DB), Log: zerolog.Nop(), Validate: validate, AuthURL: authURL, PublicURL: bundled, Owner: "nobody",
	})
	s.must(networks.Seed(s.t.Context()))
	s.network, s.volumeDir = networks, s.t.TempDir()
	s.volumes, err = volume.New(volume.Options{
		Store: volumedb.New(s.store.DB), Dir: s.volumeDir, Log: zerolog.Nop(), Validate: validate, AuthURL: authURL, PublicURL: bundled, Host: "here",
		Limits: map[string]int64{"volumes": -1, "snapshots": -1, "gigabytes": -1},
	})
	s.must(err)
	s.must(s.volumes.Seed(s.t.Context()))
	s.transport, err = cloud.NewInProcess(cloud.InProcessOptions{Services: map[string]http.Handler{
		bundled + identity.Path: s.counted(users), bundled + image.Path: s.counted(images), bundled + network.Path: s.counted(s.allocating(networks)),
		bundled + volume.Path: s.counted(s.working(s.volumes)),
	}})
	s.must(err)
	clients, err = cloud.New(cloud.Options{
		Login: cloud.Login{
			URL: bundled + identity.Path + "/v3", Username: identity.ServiceUser, Password: secret, ProjectName: "service",
			UserDomainID: "default", ProjectDomainID: "default",
		},
		Image:     cloud.Endpoint{Override: bundled + image.Path},
		Network:   cloud.Endpoint{Override: bundled + network.Path},
		Volume:    cloud.Endpoint{Override: bundled + volume.Path},
		Transport: wire{s.transport, s.hooks}, TokenCacheTime: time.Hour, Now: s.clock.now,
	})
	s.must(err)
	s.volumes.Images = clients.Image
	return clients
}

// allocating adds to the bundled network service what it lacks: it allocates a
// network for a project if the test says how.
func (s *site) allocating(networks http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.hooks.mu.Lock()
		allocate := s.hooks.allocate
		s.hooks.mu.Unlock()
		if allocate == nil || !strings.Contains(r.URL.Path, "/auto-allocated-topology/") {
			networks.ServeHTTP(w, r)
			return
		}
		id := "dry-run=pass"
		if r.URL.Query().Get("fields") != "dry-run" {
			id = allocate()
		}
		w.Header().Set("Content-Type", "application/json")
		_, err := fmt.Fprintf(w, `{"auto_allocated_topology": {"id": %q}}`, id)
		if err != nil {
			s.t.Error(err)
		}
	})
}

// working has the bundled block storage service do at once what it would do in the
// background.
func (s *site) working(volumes *volume.Service) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.endsMigration(w, r) {
			return
		}
		volumes.ServeHTTP(w, r)
		if r.Method == http.MethodGet || strings.Contains(r.URL.Path, "/attachments") {
			return
		}
		if err := volumes.Work(context.WithoutCancel(r.Context())); err != nil {
			s.t.Error(err)
		}
	})
}

// counted knows which requests a service is still at, though nobody waits for
// the answer any more.
func (s *site) counted(service http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.inFlight.Add(1)
		defer s.inFlight.Done()
		service.ServeHTTP(w, r)
	})
}

// as is a request of a user's, in the project of the same name.
func (s *site) as(user string) context.Context {
	s.t.Helper()
	s.callers.mu.Lock()
	defer s.callers.mu.Unlock()
	caller, ok := s.callers.byName[user]
	if !ok {
		caller = s.signIn(user)
		s.callers.byName[user] = caller
	}
	return nova.WithRequest(nova.WithCaller(s.t.Context(), caller), nova.Request{ID: "req-" + uuid.NewString()})
}

func (s *site) signIn(user string) nova.Caller {
	s.t.Helper()
	body := fmt.Sprintf(`{"auth": {"identity": {"methods": ["password"], "password": {"user": `+
		`{"name": %[1]q, "password": %[2]q, "domain": {"id": "default"}}}}, "scope": {"project": {"name": %[1]q, "domain": {"id": "default"}}}}}`,
		user, secret)
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, bundled+identity.Path+"/v3/auth/tokens", strings.NewReader(body))
	s.must(err)
	r.Header.Set("Content-Type", "application/json")
	response, err := s.transport.RoundTrip(r)
	s.must(err)
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body)
	caller, err := s.clients.Identity.Validate(s.t.Context(), response.Header.Get("X-Subject-Token"))
	s.must(err)
	caller.Admin = caller.HasRole("admin") // the default of policy, which the API asks
	return caller
}
