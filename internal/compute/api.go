// Package compute holds the verbs: what is done to servers, by whom, and in
// which order. One file per verb; states.go is the life of a server as a
// table, worker.go what carries it on.
package compute

import (
	"cmp"
	"context"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// Servers starts work: each method checks whether the work may be done, and
// writes it down in the transaction that makes the server busy with it.
type Servers struct {
	store        *db.Store
	images       *cloud.ImageService
	networks     *cloud.NetworkService
	drivers      map[string]virt.Driver
	defaults     nova.Quota // what projects may have unless something was set for them
	zone         string
	internalZone string
	aliveFor     time.Duration
	passwords    int
	notInherited []string
}

// Options are what Servers works with.
type Options struct {
	Store    *db.Store
	Images   *cloud.ImageService
	Networks *cloud.NetworkService
	// Drivers are the hypervisors that this process runs, by the host's name.
	Drivers map[string]virt.Driver
	// Quota is what a project may have unless something was set for it: a
	// resource that it doesn't name has no limit.
	Quota nova.Quota
	// Zone is the availability zone of hosts that are in no other.
	Zone string
	// InternalZone is that of services that run no servers. Empty is "internal".
	InternalZone string
	// AliveFor is how long a host counts as up after its heart has beaten.
	AliveFor time.Duration
	// PasswordLength is that of the administrator's password of a new server,
	// if the client chooses none. 0 is 12.
	PasswordLength int
	// NotInherited are the properties that the image of a server doesn't take
	// over from the image that the server was made of, beside those that it
	// never does.
	NotInherited []string
}

// New makes Servers.
func New(o Options) *Servers {
	const passwordLength = 12
	if o.PasswordLength == 0 {
		o.PasswordLength = passwordLength
	}
	return &Servers{
		store: o.Store, images: o.Images, networks: o.Networks, drivers: o.Drivers, defaults: o.Quota,
		zone: o.Zone, internalZone: cmp.Or(o.InternalZone, "internal"), aliveFor: o.AliveFor, passwords: o.PasswordLength,
		notInherited: o.NotInherited,
	}
}

// Hosts lists the hypervisors, and which of them are up.
func (a *Servers) Hosts(ctx context.Context) ([]nova.Host, error) {
	return a.store.Hosts(ctx, a.store.Now().Add(-a.aliveFor))
}
