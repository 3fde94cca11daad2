package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/console"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/identity"
	"github.com/nova-api/nova-api/internal/standalone/image"
	"github.com/nova-api/nova-api/internal/standalone/kit"
	"github.com/nova-api/nova-api/internal/standalone/network"
	"github.com/nova-api/nova-api/internal/standalone/placement"
	"github.com/nova-api/nova-api/internal/standalone/volume"
)

// inProcess is the address of the bundled services for this process itself. The
// transport calls their handlers; no host of that name is ever contacted.
const inProcess = "http://bundled"

const bundledService = "bundled"

// bundled holds the services that this process provides because the configuration
// names no others.
type bundled struct {
	store    *db.Store
	password string // of the service user; it never leaves this process
	identity *identity.Service
	image    *image.Service
	network  *network.Service
	volume   *volume.Service
	consoles *console.Proxy
	patience time.Duration           // how long console sessions may take to end
	mounts   map[string]http.Handler // by path
	validate func(ctx context.Context, token string) (nova.Caller, error)
}

// floatingPool is the network that floating addresses come from by default: Nova's,
// or the one that the bundled network service starts with.
func (b *bundled) floatingPool(configured string) string {
	switch {
	case configured != "":
		return configured
	case b.network != nil:
		return "public"
	}
	return "nova"
}

// newBundled makes the bundled services that the configuration asks for. Call
// connect before they serve.
func newBundled(cfg *config.Config, store *db.Store, log zerolog.Logger) (*bundled, error) {
	consoles, err := console.New(console.Options{Resolve: store.ConsoleOfToken})
	if err != nil {
		return nil, err
	}
	b := &bundled{
		store: store, password: rand.Text(), consoles: consoles, patience: cfg.ShutdownTimeout,
		mounts: map[string]http.Handler{console.Path: consoles},
	}
	authURL := func(r *http.Request) string { return kit.BaseURL(r, cfg.NovaAPI.PublicURL) + identity.Path + "/v3" }
	whose := func(ctx context.Context, token string) (nova.Caller, error) { return b.validate(ctx, token) }
	if cfg.NovaAPI.Identity == bundledService {
		b.identity = identity.New(identity.Options{
			Store: identitydb.New(store.DB), Log: log, PublicURL: cfg.NovaAPI.PublicURL, Region: cfg.NovaAPI.RegionName, ServicePassword: b.password,
			MaxTokensPerUser: cfg.Identity.MaxTokensPerUser, PasswordCost: cfg.Identity.PasswordHashRounds,
		})
		b.mounts[identity.Path] = b.identity
		b.mounts[placement.Path] = placement.New(placement.Options{Source: knownHosts(cfg, store, nil), Log: log, Validate: whose, AuthURL: authURL})
	}
	if cfg.NovaAPI.Image == bundledService {
		b.image, err = image.New(image.Options{
			Store: imagedb.New(store.DB), Dir: filepath.Join(cfg.StateDir, "images"), Log: log,
			Validate: whose, AuthURL: authURL, PublicURL: cfg.NovaAPI.PublicURL, QuotaBytes: int64(cfg.Image.MaxGB) << 30,
		})
		if err != nil {
			return nil, err
		}
		b.mounts[image.Path] = b.image
	}
	if cfg.NovaAPI.Network == bundledService {
		b.network = network.New(network.Options{
			Store: networkdb.New(store.DB), Log: log, Validate: whose, AuthURL: authURL, PublicURL: cfg.NovaAPI.PublicURL,
		})
		b.mounts[network.Path] = b.network
	}
	if cfg.NovaAPI.Volume == bundledService {
		b.volume, err = volume.New(volume.Options{
			Store: volumedb.New(store.DB), Dir: filepath.Join(cfg.StateDir, "volumes"), Log: log,
			Validate: whose, AuthURL: authURL, PublicURL: cfg.NovaAPI.PublicURL, Zone: cfg.DefaultZone, Host: cfg.Host,
			Limits: volumeLimits(cfg.Volume),
		})
		if err != nil {
			return nil, err
		}
		b.mounts[volume.Path] = b.volume
	}
	return b, nil
}

// volumeLimits are the limits of block storage, by Cinder's names.
func volumeLimits(c config.Volume) map[string]int64 {
	return map[string]int64{
		"volumes": int64(c.Volumes), "snapshots": int64(c.Snapshots), "gigabytes": int64(c.Gigabytes), "per_volume_gigabytes": int64(c.VolumeGB),
	}
}

// connect gives the bundled services the clients that the API uses, to ask about
// tokens and images. The bundled identity service tells the client of identity
// which tokens are revoked.
func (b *bundled) connect(clients *cloud.Clients) {
	b.validate = clients.Identity.Validate
	if b.identity != nil {
		b.identity.OnRevocation(clients.Identity.Forget)
	}
	if b.volume != nil {
		b.volume.Images = clients.Image
	}
}

// tell has the bundled network and block storage services tell servers what they change,
// as Neutron and Cinder tell Nova: by the same events, and in this process. A server shows
// who had it see that its volume is larger, which for Cinder is its service user.
func (b *bundled) tell(servers *compute.Servers, identity *cloud.Identity) {
	tell := func(ctx context.Context, events []nova.ServerEvent) error {
		_, err := servers.ExternalEvents(ctx, events)
		return err
	}
	if b.network != nil {
		b.network.OnChange(tell)
	}
	if b.volume != nil {
		b.volume.OnChange(func(ctx context.Context, events []nova.ServerEvent) error {
			self, err := identity.Self(ctx)
			if err != nil {
				return err
			}
			return tell(nova.WithCaller(ctx, self), events)
		})
	}
}

// catchUp returns the function that the client of the identity service calls before
// it uses a cached answer: it reads the revocations of other processes. It is nil
// if the identity service isn't the bundled one.
func (b *bundled) catchUp() func(context.Context) error {
	if b.identity == nil {
		return nil
	}
	return b.identity.CatchUp
}

// run runs the background work of the bundled services until the context ends.
func (b *bundled) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return closeConsoles(ctx, b.consoles, b.patience) })
	if b.identity != nil {
		group.Go(func() error { return b.identity.Run(ctx) })
	}
	if b.image != nil {
		group.Go(func() error { return b.image.Run(ctx) })
	}
	if b.volume != nil {
		group.Go(func() error { return b.volume.Run(ctx) })
	}
	return group.Wait()
}

// services maps the addresses of the bundled services to their handlers, for the
// in-process transport.
func (b *bundled) services() map[string]http.Handler {
	services := map[string]http.Handler{}
	for path, handler := range b.mounts {
		services[inProcess+path] = handler
	}
	return services
}

// login returns the service user's login: at the bundled identity service, or as
// configured.
func (b *bundled) login(auth config.Auth) cloud.Login {
	if b.identity != nil {
		return cloud.Login{
			URL: inProcess + identity.Path + "/v3", Username: identity.ServiceUser, Password: b.password,
			UserDomainID: "default", ProjectName: "service", ProjectDomainID: "default",
		}
	}
	return cloudLogin(auth)
}

// cloudLogin converts a configured login.
func cloudLogin(auth config.Auth) cloud.Login {
	return cloud.Login{
		URL: auth.URL, Username: auth.Username, Password: auth.Password, ProjectName: auth.ProjectName,
		UserDomainName: auth.UserDomainName, UserDomainID: auth.UserDomainID,
		ProjectDomainName: auth.ProjectDomainName, ProjectDomainID: auth.ProjectDomainID,
	}
}

// endpoint says where a service is: in this process, at a fixed address, or where
// the catalog says.
func (b *bundled) endpoint(path string, e config.Endpoint, auth config.Auth) cloud.Endpoint {
	if b.mounts[path] != nil {
		return cloud.Endpoint{Override: inProcess + path}
	}
	endpoint := cloud.Endpoint{Override: e.Override, Region: e.RegionName, Interfaces: e.ValidInterfaces}
	if b.identity == nil && auth.URL != "" {
		endpoint.Login = cloudLogin(auth)
	}
	return endpoint
}

// volumeEndpoint says where the block storage service is. Its options have names
// and forms of their own in Nova.
func (b *bundled) volumeEndpoint(c config.Cinder) cloud.Endpoint {
	kind, name, face := c.Catalog()
	endpoint := b.endpoint(volume.Path, config.Endpoint{
		Override: c.EndpointTemplate, RegionName: c.RegionName, ValidInterfaces: []string{face},
	}, c.Auth)
	endpoint.Type, endpoint.Name, endpoint.Retries = kind, name, c.HTTPRetries
	return endpoint
}

// authURI is the identity service that a client without a token is told.
func (b *bundled) authURI(configured string) string {
	if b.identity == nil {
		return configured
	}
	return identity.Path + "/v3"
}

// imageURL returns the function that gives the image service's address in links:
// the configured prefix, this process for the bundled service, or the address at
// which the service is reached.
func (b *bundled) imageURL(cfg *config.Config, images *cloud.ImageService) func(*rest.Request) string {
	return func(r *rest.Request) string {
		switch {
		case cfg.API.GlanceLinkPrefix != "":
			return strings.TrimSuffix(cfg.API.GlanceLinkPrefix, "/")
		case b.image != nil:
			return r.Base() + image.Path
		}
		return images.Address()
	}
}

// seed fills an empty database with users, flavors, an image, networks and a volume type. It
// can be run again after it was interrupted.
func (b *bundled) seed(ctx context.Context, cfg *config.Config) (firstStart, error) {
	var first firstStart
	if b.identity != nil {
		if err := b.seedIdentity(ctx, cfg, &first); err != nil {
			return first, err
		}
	}
	owner, err := b.seedOwner(ctx)
	if err != nil {
		return first, err
	}
	if b.image != nil {
		b.image.Owner = owner
		if err := b.image.Seed(ctx); err != nil {
			return first, err
		}
	}
	if b.network != nil {
		b.network.Owner = owner
		if err := b.network.Seed(ctx); err != nil {
			return first, err
		}
	}
	if b.volume != nil {
		if err := b.volume.Seed(ctx); err != nil {
			return first, err
		}
	}
	return first, nil
}

// seedOwner returns the project that owns the seeded image and networks: the
// service project. If they were the administrators' own, administrators would have
// two networks to choose from where everybody else has one, and a server without
// networks would be refused. It is empty if projects belong to another service.
func (b *bundled) seedOwner(ctx context.Context) (string, error) {
	if b.identity == nil {
		return "", nil
	}
	project, err := identitydb.New(b.store.DB).Projects.Named(ctx, "default", "service")
	if nova.Is(err, nova.NotFound) {
		return "", nil
	}
	return project.ID, err
}

// seedIdentity seeds users and flavors. An existing cloud has flavors of its own,
// so they come with the bundled identity service only.
func (b *bundled) seedIdentity(ctx context.Context, cfg *config.Config, first *firstStart) error {
	password := cfg.BootstrapPassword
	if password == "" {
		password = rand.Text()
	}
	if err := b.seedFlavors(ctx); err != nil {
		return err
	}
	created, err := b.identity.Seed(ctx, identity.SeedOptions{AdminPassword: password, Endpoints: elsewhere(cfg)})
	if created {
		first.password = password
	}
	first.bundled = true
	return err
}

// elsewhere are the addresses of the services that aren't bundled, for the catalog of
// the identity service that is.
func elsewhere(cfg *config.Config) map[string]string {
	there := map[string]string{}
	if cfg.NovaAPI.Image != bundledService {
		there["image"] = cfg.Glance.Override
	}
	if cfg.NovaAPI.Network != bundledService {
		there["network"] = cfg.Neutron.Override
	}
	if cfg.NovaAPI.Volume != bundledService {
		there["volumev3"], there["block-storage"] = cfg.Cinder.EndpointTemplate, cfg.Cinder.EndpointTemplate
	}
	return there
}
