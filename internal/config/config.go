// Package config holds the settings of nova-api. They are written in
// nova.conf's own form, with Nova's names wherever Nova has the option; one
// table (options.go) is all that is known about each. Load reads files, the
// environment and flags, and reports everything that is wrong at once.
package config

import (
	"net"
	"strconv"
	"time"
)

// Config is what Load makes of all sources: [DEFAULT] at the top, and a struct
// for each other section. It is read-only after Load.
type Config struct {
	Debug           bool
	StateDir        string
	ListenHost      string
	ListenPort      int
	Host            string // this process, among those that share a database
	ShutdownTimeout time.Duration
	ClientTimeout   time.Duration // for the next part of a body, in either direction
	PasswordLength  int
	DefaultZone     string   // what servers and hosts are shown to be in if nothing says otherwise
	NotInherited    []string // the image properties that snapshots don't take over
	InternalZone    string   // what services that aren't compute are shown to be in
	Hosts           Hosts

	API        API
	Database   Database
	Middleware Middleware
	Keystone   Keystone
	Glance     Glance
	Neutron    Neutron
	Identity   Identity
	Quota      Quota
	Policy     Policy
	Weights    Weights
	Consoles   Consoles
	NovaAPI    NovaAPI
	Image      Image
	SSL        SSL

	// BootstrapPassword is for the users that the first start creates; it
	// comes from NOVA_BOOTSTRAP_PASSWORD alone. Empty: make one up.
	BootstrapPassword string

	from map[key]string // where a value that isn't the default was found
}

// Hosts is how hosts are watched, and how much of one servers may use.
type Hosts struct {
	ReportInterval   time.Duration
	DownTime         time.Duration
	CPURatio         float64 // virtual CPUs given out per CPU of the host
	RAMRatio         float64
	DiskRatio        float64
	ReservedCPUs     int
	ReservedMemoryMB int
	ReservedDiskMB   int
}

// API is the section [api].
type API struct {
	MaxLimit          int    // the most items of a list that one response holds
	ComputeLinkPrefix string // replaces scheme and host in links to this API; empty: the request's
	GlanceLinkPrefix  string // the same for links to images
	InstancePassword  bool   // show adminPass where a server is created or rebuilt
}

// Database is the section [database].
type Database struct {
	Connection  string // sqlite:///FILE or postgresql://…; never empty after Load
	MaxPoolSize int
	MaxOverflow int
}

// MaxConns is the most connections that the process may hold open.
func (d Database) MaxConns() int { return d.MaxPoolSize + d.MaxOverflow }

// Middleware is the section [oslo_middleware].
type Middleware struct {
	MaxBodySize int64 // bytes of a request body, beyond which it is refused
}

// Auth is how a service user logs in to the identity service.
type Auth struct {
	URL               string
	Username          string
	Password          string
	ProjectName       string
	UserDomainName    string
	UserDomainID      string // in preference to the name
	ProjectDomainName string
	ProjectDomainID   string // in preference to the name
	CAFile            string
	Insecure          bool // don't verify certificates
}

// Keystone is the section [keystone_authtoken].
type Keystone struct {
	Auth

	WWWAuthenticateURI string // where a client without a token is sent; the Auth.URL if not set
	RegionName         string
	TokenCacheTime     time.Duration // zero: ask about each request
}

// Endpoint is how another service is found: at a fixed address, or in the
// identity service's catalog.
type Endpoint struct {
	Override        string // the address, if the catalog isn't to be asked
	RegionName      string
	ValidInterfaces []string // in order of preference: internal, public, admin
}

// Glance is the section [glance].
type Glance struct {
	Endpoint

	APIServers []string // the older name of Override
}

// Neutron is the section [neutron]. Its Auth is that of [keystone_authtoken]
// where the section has none.
type Neutron struct {
	Endpoint
	Auth
}

// Unlimited is the value of a quota that has no bound.
const Unlimited = -1

// Quota is the section [quota]: what a project has if nothing was set for it.
type Quota struct {
	Instances                int
	Cores                    int
	RAM                      int // MiB
	MetadataItems            int
	InjectedFiles            int
	InjectedFileContentBytes int
	InjectedFilePathLength   int
	KeyPairs                 int
	ServerGroups             int
	ServerGroupMembers       int
}

// Image is the section [image]: the bundled image service.
type Image struct {
	MaxGB int // of the data of all images of a project, in GiB; 0 for any amount
}

// Policy is the section [oslo_policy].
type Policy struct {
	File               string // the path of the overrides; empty if there are none
	EnforceScope       bool
	EnforceNewDefaults bool
}

// Weights is the section [filter_scheduler]: how much each kind of free
// capacity counts when hosts are compared. Below zero, servers are packed.
type Weights struct {
	RAM  float64
	CPU  float64
	Disk float64

	SoftAffinity     float64
	SoftAntiAffinity float64
}

// Where a service is: in this process, or elsewhere.
const (
	Bundled  = "bundled"
	External = "external"
	auto     = "auto"
)

// NovaAPI is the section [nova_api]: what Nova has no option for.
type NovaAPI struct {
	PublicURL        string // scheme, host and port that clients use; empty if the port is not known yet
	LogFormat        string // auto, console or json
	RegionName       string
	Workers          int
	LeaseTime        time.Duration
	ListTimeout      time.Duration
	Identity         string // Bundled or External
	Image            string // Bundled or External
	Network          string // Bundled or External
	FakeHosts        []string
	FakeHostVCPUs    int
	FakeHostMemoryMB int
	FakeHostDiskGB   int
}

// Scheme is how the listener is spoken to: http or https.
func (c *Config) Scheme() string {
	if c.SSL.Enabled() {
		return "https"
	}
	return "http"
}

// Listen is the address to listen on, as host:port.
func (c *Config) Listen() string {
	return net.JoinHostPort(c.ListenHost, strconv.Itoa(c.ListenPort))
}
