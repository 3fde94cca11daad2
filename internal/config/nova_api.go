package config

import (
	"slices"
	"time"
)

// The places of a service. Load turns auto into one of the others.
const (
	Bundled  = "bundled"
	External = "external"
	auto     = "auto"
)

// NovaAPI is the section [nova_api]: options that Nova doesn't have.
type NovaAPI struct {
	AdminListen      string // host:port of metrics and profiles; empty for none
	PublicURL        string // scheme, host and port that clients use; empty: those of each request
	LogFormat        string // auto, console or json
	RegionName       string
	Roles            []string
	Workers          int
	LeaseTime        time.Duration
	ListTimeout      time.Duration
	Identity         string // Bundled or External
	Image            string // Bundled or External
	Network          string // Bundled or External
	Volume           string // Bundled or External
	FakeHosts        []string
	FakeHostVCPUs    int
	FakeHostMemoryMB int
	FakeHostDiskGB   int
}

var place = oneOf(auto, Bundled, External)

var novaAPIOptions = []Option{
	// Set it where clients reach the process by another address than the Host header
	// says, as behind a proxy that sends no headers of its own.
	{
		Name: "public_url", Accepts: maybe(webAddress), at: func(c *Config) any { return &c.NovaAPI.PublicURL },
		Help: "Scheme, host and port at which clients reach this process, for links, the bundled identity service's catalog and clouds.yaml. Empty: those that each client has used, and in clouds.yaml the address to listen on.",
	},
	// Whoever reaches it sees names of hosts, and can slow the process down.
	{
		Name: "admin_listen", Accepts: maybe(hostAndPort), at: func(c *Config) any { return &c.NovaAPI.AdminListen },
		Help: "host:port at which Prometheus finds /metrics, probes /healthz and /readyz, and operators the profiles of /debug/pprof/, such as 127.0.0.1:9774. It asks for no token: only operators may reach it. Empty: nowhere.",
	},
	{
		Name: "log_format", Default: auto, Accepts: oneOf(auto, "console", "json"), at: func(c *Config) any { return &c.NovaAPI.LogFormat },
		Help: "The form of the log: console is for people, json is one object a line; auto is console on a terminal and json otherwise.",
	},
	{
		Name: "region_name", Default: "RegionOne", Accepts: notEmpty, at: func(c *Config) any { return &c.NovaAPI.RegionName },
		Help: "The region that the bundled identity service's catalog is for.",
	},
	{
		Name: "roles", Default: "api,scheduler,compute", Accepts: some(oneOf(RoleAPI, RoleScheduler, RoleCompute)),
		at:   func(c *Config) any { return &c.NovaAPI.Roles },
		Help: "The parts that this process plays: the API with the bundled services, the scheduler, the hosts. Processes that play only some of them share a PostgreSQL database, and for bundled images the folder of state_path.",
	},
	// An action mostly waits, for a hypervisor or another service, so there can be more of
	// them than cores. On SQLite writers take turns anyway.
	{
		Name: "workers", Default: "10", Accepts: between(1, 1000), at: func(c *Config) any { return &c.NovaAPI.Workers },
		Help: "How many actions on servers are worked on at the same time.",
	},
	// Short leases make a crash cheap. Long ones bear a database that stands still: a worker
	// that can't renew for a whole lease gives up what it does.
	{
		Name: "lease_time", Default: "6", Accepts: between(1, 3600), at: func(c *Config) any { return &c.NovaAPI.LeaseTime },
		Help: "How long after the death of a worker other workers reclaim its actions. A live worker renews its leases every third of this time.",
	},
	// Filters by regular expression scan; without a bound, a few of them would hold all
	// connections for lists.
	{
		Name: "list_timeout", Default: "15", Accepts: between(1, 3600), at: func(c *Config) any { return &c.NovaAPI.ListTimeout },
		Help: "How long the database may work on one list, such as servers filtered by a regular expression, before the client is told that it takes too long.",
	},
	// The catalog of the bundled identity service lists bundled services only; Validate asks
	// for an address where these are mixed.
	{
		Name: "identity", Default: auto, Accepts: place, at: func(c *Config) any { return &c.NovaAPI.Identity },
		Help: "Whether the identity service is the bundled one; auto: if [keystone_authtoken] has no auth_url.",
	},
	{
		Name: "image", Default: auto, Accepts: place, at: func(c *Config) any { return &c.NovaAPI.Image },
		Help: "Whether the image service is the bundled one; auto: as the identity service.",
	},
	{
		Name: "network", Default: auto, Accepts: place, at: func(c *Config) any { return &c.NovaAPI.Network },
		Help: "Whether the network service is the bundled one; auto: as the identity service.",
	},
	{
		Name: "volume", Default: auto, Accepts: place, at: func(c *Config) any { return &c.NovaAPI.Volume },
		Help: "Whether the block storage service is the bundled one; auto: as the identity service.",
	},
	// One process for each host: two processes that name the same one are found out by the
	// database, and the second is refused.
	{
		Name: "fake_hosts", Default: "fake-1,fake-2", Accepts: some(hostName), at: func(c *Config) any { return &c.NovaAPI.FakeHosts },
		Help: "The hosts that the fake driver pretends to run servers on.",
	},
	{
		Name: "fake_host_vcpus", Default: "128", Accepts: between(1, 1e6), at: func(c *Config) any { return &c.NovaAPI.FakeHostVCPUs },
		Help: "How many CPUs each fake host has.",
	},
	{
		Name: "fake_host_memory_mb", Default: "524288", Accepts: between(1, 1e9), at: func(c *Config) any { return &c.NovaAPI.FakeHostMemoryMB },
		Help: "How much memory each fake host has, in MiB.",
	},
	{
		Name: "fake_host_disk_gb", Default: "8192", Accepts: between(1, 1e9), at: func(c *Config) any { return &c.NovaAPI.FakeHostDiskGB },
		Help: "How much disk each fake host has, in GiB.",
	},
}

// The parts that a process can play.
const (
	RoleAPI       = "api"
	RoleScheduler = "scheduler"
	RoleCompute   = "compute"
)

// Plays reports whether this process plays a part.
func (c *Config) Plays(role string) bool { return slices.Contains(c.NovaAPI.Roles, role) }
