package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/config"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/metrics"
	"github.com/nova-api/nova-api/internal/notify"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/internal/scheduler"
	"github.com/nova-api/nova-api/internal/standalone/image"
	"github.com/nova-api/nova-api/internal/standalone/network"
	"github.com/nova-api/nova-api/internal/tracing"
	"github.com/nova-api/nova-api/internal/virt"
)

// serve plays the parts of this process until the context ends. What may be
// refused at the start comes first: certificate, address, database, hosts. The
// error says why the process could not start, or why a part of it has ended.
func serve(ctx context.Context, cfg *config.Config, log zerolog.Logger) error {
	if err := os.MkdirAll(cfg.StateDir, 0o700); err != nil {
		return err
	}
	pair, err := newCertificate(cfg.SSL, log)
	if err != nil {
		return err
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go pair.onHangup(ctx, hangups)
	var listener net.Listener // only the API listens
	if cfg.Plays(config.RoleAPI) {
		if listener, err = listen(ctx, cfg); err != nil {
			return err
		}
		defer func() { _ = listener.Close() }() // once it serves, that closes it
	}
	store, err := openStore(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	admin, err := newAdmin(ctx, cfg.NovaAPI.AdminListen, store, log)
	if err != nil {
		return err
	}
	c, err := newCore(cfg, store, admin.counters(), log)
	if err != nil {
		return err
	}
	defer flush(ctx, c.tracer)
	if err := c.registrar.Register(ctx); err != nil {
		return err
	}
	defer func() { _ = c.registrar.Release(ctx) }() // else others wait for the down time
	group, running := errgroup.WithContext(ctx)
	if listener != nil {
		handler, err := c.startAPI(ctx, cfg, listener.Addr().String(), log)
		if err != nil {
			return err
		}
		group.Go(func() error { return c.bundled.run(running) })
		group.Go(func() error { return httpServer{handler, newPatience(cfg), pair, log}.run(running, listener) })
	}
	if admin != nil {
		group.Go(func() error { return admin.run(running) })
	}
	if cfg.Plays(config.RoleScheduler) || cfg.Plays(config.RoleCompute) {
		group.Go(func() error { return c.registrar.Run(running) })
		group.Go(func() error { return c.worker.Run(running) })
	}
	if cfg.Plays(config.RoleScheduler) {
		group.Go(func() error { c.servers.RunWaiting(log.WithContext(running)); return nil })
		group.Go(func() error { c.sender.Run(running); return nil })
	}
	group.Go(func() error { store.Listen(running); return nil })
	line := log.Info().Strs("roles", cfg.NovaAPI.Roles).Str("database", store.Dialect())
	if listener != nil {
		line = line.Stringer("address", listener.Addr())
	}
	line.Msg("serving")
	group.Go(func() error { underSystemd(running, log); return nil })
	return group.Wait()
}

// A core is what the parts of a process work with. A process without the role api
// has all of them but serves no requests, and one without hosts has a worker that
// serves the schedulers' queue alone.
type core struct {
	store     *db.Store
	counters  *metrics.Metrics // nil for none
	tracer    *tracing.Tracer  // nil for none
	bundled   *bundled
	clients   *cloud.Clients
	hosts     *hosts.Hosts
	servers   *compute.Servers
	registrar *hosts.Registrar
	worker    *compute.Worker
	sender    *notify.Sender // nil for none
}

// startAPI seeds the bundled services, tells the operator how to log in, and
// makes what answers requests.
func (c core) startAPI(ctx context.Context, cfg *config.Config, address string, log zerolog.Logger) (http.Handler, error) {
	first, err := c.bundled.seed(ctx, cfg)
	if err != nil {
		return nil, err
	}
	handler, err := newHandler(cfg, c, log)
	if err != nil {
		return nil, err
	}
	return handler, first.tell(cfg, address, os.Stdout)
}

// newCore makes the bundled services, the clients of all services, and compute
// with the hypervisors of this process.
func newCore(cfg *config.Config, store *db.Store, counters *metrics.Metrics, log zerolog.Logger) (c core, err error) {
	c.store, c.counters = store, counters
	if c.tracer, err = newTracer(cfg, log); err != nil {
		return c, err
	}
	if c.bundled, err = newBundled(cfg, store, log); err != nil {
		return c, err
	}
	if c.clients, err = newClients(cfg, c.bundled, log); err != nil {
		return c, err
	}
	c.bundled.connect(c.clients)
	local, err := newLocalHosts(cfg)
	if err != nil {
		return c, err
	}
	notifier, err := newNotifier(cfg, log)
	if err != nil {
		return c, err
	}
	c.hosts = knownHosts(cfg, store, notifier)
	c.servers = compute.New(compute.Options{
		Store: store, Images: c.clients.Image, Networks: c.clients.Network, Volumes: c.clients.Volume, Hosts: c.hosts, Local: local, Host: cfg.Host,
		Quota: defaultQuota(cfg.Quota), PasswordLength: cfg.PasswordLength, NotInherited: cfg.NotInherited, ConsoleTTL: cfg.Consoles.TokenTTL,
		FloatingPool: c.bundled.floatingPool(cfg.Neutron.FloatingPool),
		Patience:     cfg.ResponseTimeout, ReclaimAfter: cfg.Waits.ReclaimInterval, ConfirmAfter: cfg.Waits.ConfirmWindow, ResizeInPlace: cfg.Waits.ResizeToSameHost,
		VolumesInZone: !cfg.Cinder.CrossZoneAttach,
		OffloadAfter:  time.Duration(cfg.Waits.ShelvedOffloadTime) * time.Second,
		ShelvedPoll:   shelvedPoll(cfg.Waits),
		Notify:        notifier,
	})
	c.bundled.tell(c.servers, c.clients.Identity)
	chooser, err := newScheduler(cfg.FilterScheduler)
	if err != nil {
		return c, err
	}
	process := hosts.ThisProcess(uuid.NewString(), cfg.Host)
	c.registrar = newRegistrar(cfg, store, local, process, log)
	c.worker = compute.NewWorker(compute.WorkerOptions{
		Store: store, Images: c.clients.Image, Networks: c.clients.Network, Volumes: c.clients.Volume, Hosts: c.hosts, Local: local,
		Schedules: cfg.Plays(config.RoleScheduler), ID: process.ID, Host: cfg.Host, Lease: cfg.NovaAPI.LeaseTime, Slots: cfg.NovaAPI.Workers,
		Patience: cfg.ResponseTimeout, Heal: cfg.HealInterval, ReimageTime: cfg.ReimageTime, Scheduler: chooser, Count: counters.Action, Tracer: c.tracer, ConfigDrives: cfg.ForceConfigDrive, Notify: notifier, Log: log,
	})
	if c.sender, err = newSender(cfg, store, process.ID, counters.Notifications, log); err != nil {
		return c, err
	}
	c.registrar.Notify = notifier
	c.registrar.Lost = func(string) { c.worker.BreakOff() }
	return c, nil
}

// newScheduler makes the scheduler. The error names the option that it can't be made
// of.
func newScheduler(c config.FilterScheduler) (*scheduler.Scheduler, error) {
	s, err := scheduler.New(scheduler.Options{
		Available: c.Available, Enabled: c.Enabled, Weights: scheduler.Weights(c.Weights), Subset: c.Subset,
		MaxIOOps: c.MaxIOOps, MaxInstances: c.MaxInstances,
		IsolatedImages: c.IsolatedImages, IsolatedHosts: c.IsolatedHosts, OnlyIsolated: c.OnlyIsolated,
		ImageNamespace: c.ImageNamespace, ImageSeparator: c.ImageSeparator, DefaultArchitecture: c.DefaultArchitecture,
	})
	if err != nil {
		return nil, fmt.Errorf("[filter_scheduler]: %w", err)
	}
	return s, nil
}

// openStore opens the database and brings its schema up to date. Of a SQLite file,
// it makes this process the only one that serves it.
func openStore(ctx context.Context, cfg *config.Config) (*db.Store, error) {
	store, err := db.Open(ctx, rows.Options{
		Connection: cfg.Database.Connection, MaxConns: cfg.Database.MaxConns(), ListTimeout: cfg.NovaAPI.ListTimeout, Exclusive: true,
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := store.Migrate(ctx); err != nil {
		_ = store.Close()
		return nil, err
	}
	return store, nil
}

// newRegistrar makes the registrar of the hosts that this process runs.
func newRegistrar(cfg *config.Config, store *db.Store, local *virt.Hosts, process hosts.Process, log zerolog.Logger) *hosts.Registrar {
	r := &hosts.Registrar{
		Store: store, Local: local, Process: process, Log: log, Host: cfg.Host,
		Every: cfg.Hosts.ReportInterval, DownTime: cfg.Hosts.DownTime,
		Ratios: hosts.Ratios{CPU: cfg.Hosts.CPURatio, RAM: cfg.Hosts.RAMRatio, Disk: cfg.Hosts.DiskRatio},
	}
	if cfg.Plays(config.RoleScheduler) {
		r.Services = []string{hosts.BinaryScheduler, hosts.BinaryConductor}
	}
	const mbPerGB = 1024
	r.Reserved.VCPUs, r.Reserved.RAM = cfg.Hosts.ReservedCPUs, cfg.Hosts.ReservedMemoryMB
	r.Reserved.Disk = (cfg.Hosts.ReservedDiskMB + mbPerGB - 1) / mbPerGB
	return r
}

// newSite makes the part that all requests to the API share: policy, tokens,
// limits and links. A policy file that can't be read ends the start, since other
// rules than the operator's would be worse.
func newSite(cfg *config.Config, clients *cloud.Clients, bundled *bundled, log zerolog.Logger) (*rest.Site, error) {
	enforcer, warnings, err := loadPolicy(cfg)
	if err != nil {
		return nil, err
	}
	for _, warning := range warnings {
		log.Warn().Msg(warning)
	}
	prefix := cfg.API.ComputeLinkPrefix
	if prefix == "" {
		prefix = cfg.NovaAPI.PublicURL
	}
	return &rest.Site{
		Policy: enforcer, Validate: clients.Identity.ValidateFor, Log: log, AuthURI: bundled.authURI(clients.Identity.AuthURI()),
		MaxLimit: cfg.API.MaxLimit, MaxBody: cfg.Middleware.MaxBodySize,
		LinkPrefix: prefix,
	}, nil
}

// loadPolicy reads the rules of who may do what, with what an operator has
// overridden. The warnings are about lines without effect.
func loadPolicy(cfg *config.Config) (*policy.Enforcer, []string, error) {
	options := policy.Defaults()
	options.EnforceScope, options.EnforceNewDefaults = cfg.Policy.EnforceScope, cfg.Policy.EnforceNewDefaults
	if cfg.Policy.File == "" {
		return policy.New(options)
	}
	return policy.Load(options, cfg.Policy.File)
}

// newClients makes the clients of identity, image, network and block storage services. They call
// bundled services directly, in this process. Certificates are
// verified as cafile and insecure of [keystone_authtoken] say, whichever service
// they are of.
func newClients(cfg *config.Config, bundled *bundled, log zerolog.Logger) (*cloud.Clients, error) {
	next, err := cloud.NewTransport(cloud.TLS{CAFile: cfg.Keystone.CAFile, Insecure: cfg.Keystone.Insecure})
	if err != nil {
		return nil, err
	}
	transport, err := cloud.NewInProcess(cloud.InProcessOptions{
		Services: bundled.services(), Next: next,
		Panicked: func(value any, stack []byte) {
			log.Error().Any("panic", value).Bytes("stack", stack).Msg("bundled service panicked")
		},
	})
	if err != nil {
		return nil, err
	}
	return cloud.New(cloud.Options{
		Login: bundled.login(cfg.Keystone.Auth), WWWAuthenticateURI: cfg.Keystone.WWWAuthenticateURI,
		Image:     bundled.endpoint(image.Path, cfg.Glance.Endpoint, config.Auth{}),
		Network:   bundled.endpoint(network.Path, cfg.Neutron.Endpoint, cfg.Neutron.Auth),
		Volume:    bundled.volumeEndpoint(cfg.Cinder),
		Transport: transport, TokenCacheTime: cfg.Keystone.TokenCacheTime,
		ServiceRoles: cfg.Keystone.ServiceRoles, AnyoneMaySendService: !cfg.Keystone.ServiceRolesRequired,
		CatchUp: bundled.catchUp(), Timeout: time.Minute,
	})
}

// newHandler makes the handler of everything that is served: the API, the bundled
// services and the probes.
func newHandler(cfg *config.Config, c core, log zerolog.Logger) (http.Handler, error) {
	site, err := newSite(cfg, c.clients, c.bundled, log)
	if err != nil {
		return nil, err
	}
	if c.counters != nil {
		site.Count = c.counters.Request
	}
	site.Tracer = c.tracer
	cycle, err := nova.ParseAuditCycle(cfg.AuditPeriod)
	if err != nil {
		return nil, err
	}
	front := newFront(c.store, site, c.bundled, api.New(api.Options{
		Site: site, Store: c.store, Compute: c.servers, Hosts: c.hosts, ProjectExists: c.clients.Identity.ProjectExists, AuditCycle: cycle,
		ImageURL: c.bundled.imageURL(cfg, c.clients.Image), ConsoleURL: consoleURL(cfg), ShowPassword: cfg.API.InstancePassword,
	}))
	if cfg.Middleware.ProxyHeaders {
		return forwarded(front), nil
	}
	return front, nil
}

// defaultQuota gives the limits of projects that an administrator has set no
// others for.
func defaultQuota(q config.Quota) nova.Quota {
	return nova.Quota{
		nova.QuotaInstances: q.Instances, nova.QuotaCores: q.Cores, nova.QuotaRAM: q.RAM,
		nova.QuotaMetadataItems: q.MetadataItems, nova.QuotaInjectedFiles: q.InjectedFiles,
		nova.QuotaInjectedFileBytes: q.InjectedFileContentBytes, nova.QuotaInjectedPathBytes: q.InjectedFilePathLength,
		nova.QuotaKeyPairs: q.KeyPairs, nova.QuotaServerGroups: q.ServerGroups, nova.QuotaServerGroupMembers: q.ServerGroupMembers,
	}
}

// shelvedPoll is how often shelved servers are looked for: as an option, 0 is never.
func shelvedPoll(w config.Waits) time.Duration {
	if w.ShelvedPoll <= 0 {
		return -1
	}
	return time.Duration(w.ShelvedPoll) * time.Second
}
