// Package config holds the settings of nova-api. They have the form of
// nova.conf, with Nova's names wherever Nova has the option.
//
// Each section has a file of its own, in which the struct stands beside the
// table of options that fill it. Reading, checking, printing and documenting an
// option derive from its row. Load reads files, the environment and flags, and
// reports everything that is wrong at once.
package config

import (
	"net"
	"strconv"
	"time"
)

// Config is the result of Load: the options of [DEFAULT], and a struct for each
// other section. Nobody changes it after Load.
type Config struct {
	Debug            bool
	StateDir         string
	ListenHost       string
	ListenPort       int
	Host             string // the name of this process among those that share a database
	ShutdownTimeout  time.Duration
	ResponseTimeout  time.Duration
	HealInterval     time.Duration
	ReimageTime      time.Duration // for each GB of an image
	ClientTimeout    time.Duration // for the next part of a body, in either direction
	PasswordLength   int
	ForceConfigDrive bool
	DefaultZone      string   // the availability zone of hosts that are in no aggregate with a zone
	NotInherited     []string // the image properties that snapshots don't take over
	InternalZone     string   // the zone that the API shows for services other than compute
	AuditPeriod      string   // for which usage is told: see nova.ParseAuditCycle
	Hosts            Hosts
	Waits            Waits

	API             API
	Database        Database
	Middleware      Middleware
	Keystone        Keystone
	Glance          Glance
	Neutron         Neutron
	Cinder          Cinder
	Volume          Volume
	Identity        Identity
	Quota           Quota
	Policy          Policy
	FilterScheduler FilterScheduler
	Consoles        Consoles
	Notifications   Notifications
	OTel            OTel
	NovaAPI         NovaAPI
	Fake            Fake
	Image           Image
	SSL             SSL

	// BootstrapPassword is the password of the users that the first start
	// creates. Only NOVA_BOOTSTRAP_PASSWORD sets it. Empty: a random one.
	BootstrapPassword string

	from map[key]string // the source of each value that isn't a default
}

// Scheme is the protocol that the listener speaks: http or https.
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
