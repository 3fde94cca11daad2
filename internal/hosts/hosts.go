// Package hosts knows the hosts of the cloud, and the services that run them.
// A process registers its own hosts here, and shows that they are alive.
package hosts

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/notify"
	"github.com/nova-api/nova-api/internal/nova"
)

// Hosts reads what all processes have registered.
type Hosts struct {
	store        *db.Store
	zone         string
	internalZone string
	downTime     time.Duration
	notify       *notify.Notifier
}

// Options are what Hosts works with.
type Options struct {
	Store *db.Store
	// Zone is the availability zone of the hosts. Empty is "nova".
	Zone string
	// InternalZone is that of services that run no servers. Empty is "internal".
	InternalZone string
	// DownTime is how long a service counts as up after it was last heard of.
	DownTime time.Duration
	// Notify tells other programs of services and aggregates. Nil for nobody.
	Notify *notify.Notifier
}

// New makes Hosts.
func New(o Options) *Hosts {
	return &Hosts{store: o.Store, zone: cmp.Or(o.Zone, "nova"), internalZone: cmp.Or(o.InternalZone, "internal"), downTime: o.DownTime, notify: o.Notify}
}

// In reads in a transaction.
func (h *Hosts) In(tx *db.Store) *Hosts {
	within := *h
	within.store = tx
	return &within
}

// All lists all hosts.
func (h *Hosts) All(ctx context.Context) ([]nova.Host, error) {
	return h.inZones(h.store.Hosts(ctx, h.downTime))
}

// Named finds the hosts of some names, by name.
func (h *Hosts) Named(ctx context.Context, names []string) (map[string]nova.Host, error) {
	found, err := h.inZones(h.store.HostsNamed(ctx, names, h.downTime))
	byName := make(map[string]nova.Host, len(found))
	for _, host := range found {
		byName[host.Name] = host
	}
	return byName, err
}

func (h *Hosts) inZones(hosts []nova.Host, err error) ([]nova.Host, error) {
	for i := range hosts {
		hosts[i].Zone = cmp.Or(hosts[i].Zone, h.zone)
	}
	return hosts, err
}

// ZoneOf is the zone of a host: that of its aggregates, or the default zone for a
// host that they give none, and for one that there is not.
func (h *Hosts) ZoneOf(ctx context.Context, host string) (string, error) {
	zone, err := h.store.ZoneOf(ctx, host)
	return cmp.Or(zone, h.zone), err
}

// HasZone reports whether an enabled host is in a zone.
func (h *Hosts) HasZone(ctx context.Context, zone string) (bool, error) {
	zones := []string{zone}
	if zone == h.zone {
		zones = append(zones, "")
	}
	found, err := h.store.FindHosts(ctx, db.HostFilter{Zones: zones, Limit: new(1)}, h.downTime)
	return len(found) > 0, err
}

// InternalZone is the zone of services that run no servers.
func (h *Hosts) InternalZone() string { return h.internalZone }

// Zones lists the availability zones by name, each with its enabled services.
// Services that run no servers are in the internal zone.
func (h *Hosts) Zones(ctx context.Context) ([]nova.Zone, error) {
	services, err := h.Services(ctx, db.ServiceFilter{})
	if err != nil {
		return nil, err
	}
	zones := map[string]nova.Zone{}
	for _, s := range services {
		zone := zones[s.Zone]
		zone.Name, zone.Internal = s.Zone, s.Zone == h.internalZone
		if !s.Disabled {
			zone.Available = true
			zone.Services = append(zone.Services, nova.ZoneService{Host: s.Host, Binary: s.Binary, Available: s.Up, SeenAt: s.SeenAt})
		}
		zones[s.Zone] = zone
	}
	return slices.SortedFunc(maps.Values(zones), func(x, y nova.Zone) int { return cmp.Compare(x.Name, y.Name) }), nil
}
