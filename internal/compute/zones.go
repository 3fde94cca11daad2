package compute

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// binaryCompute is the service that runs servers, in Nova's name for it.
const binaryCompute = "nova-compute"

// Zones lists the availability zones by name, each with its enabled services.
// What runs no servers is in the internal zone.
func (a *Servers) Zones(ctx context.Context) ([]nova.Zone, error) {
	services, err := a.store.Services(ctx)
	if err != nil {
		return nil, err
	}
	hosts, err := a.Hosts(ctx)
	if err != nil {
		return nil, err
	}
	zoneOf := make(map[string]string, len(hosts))
	for _, h := range hosts {
		zoneOf[h.Name] = h.Zone
	}
	zones := map[string]nova.Zone{}
	for _, s := range services {
		name, internal := a.internalZone, s.Binary != binaryCompute
		if !internal {
			name = cmp.Or(zoneOf[s.Host], a.zone)
		}
		zone := zones[name]
		zone.Name, zone.Internal = name, internal
		if !s.Disabled {
			zone.Available = true
			zone.Services = append(zone.Services, a.inZone(s))
		}
		zones[name] = zone
	}
	return slices.SortedFunc(maps.Values(zones), func(x, y nova.Zone) int { return cmp.Compare(x.Name, y.Name) }), nil
}

func (a *Servers) inZone(s nova.Service) nova.ZoneService {
	alive := !s.SeenAt.Before(a.store.Now().Add(-a.aliveFor))
	return nova.ZoneService{Host: s.Host, Binary: s.Binary, Available: alive && !s.ForcedDown, SeenAt: s.SeenAt}
}
