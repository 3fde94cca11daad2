package views

import (
	"maps"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// AvailabilityZones renders the zones that servers can be asked to run in.
type AvailabilityZones struct{}

// Index lists the zones of servers by name, with null for their hosts. The zone
// of the services is internal and left out.
func (v AvailabilityZones) Index(r Request, zones []nova.Zone) Dict {
	open := make([]nova.Zone, 0, len(zones))
	for _, z := range zones {
		if !z.Internal {
			open = append(open, z)
		}
	}
	return Dict{{"availabilityZoneInfo", each(r, open, func(_ Request, z nova.Zone) Dict { return v.zone(z, nil) })}}
}

// Detail lists all zones, with hosts and services. A zone that is not available
// shows null for its hosts.
func (v AvailabilityZones) Detail(r Request, zones []nova.Zone) Dict {
	return Dict{{"availabilityZoneInfo", each(r, zones, func(_ Request, z nova.Zone) Dict {
		if !z.Available {
			return v.zone(z, nil)
		}
		return v.zone(z, v.hosts(z))
	})}}
}

func (AvailabilityZones) zone(z nova.Zone, hosts any) Dict {
	return Dict{
		{"zoneName", z.Name},
		{"zoneState", Dict{{"available", z.Available}}},
		{"hosts", hosts},
	}
}

// hosts renders the services of a zone as an object of hosts, each an object of
// binaries.
func (AvailabilityZones) hosts(z nova.Zone) Dict {
	services := map[string]Dict{}
	for _, s := range z.Services {
		services[s.Host] = append(services[s.Host], Field{s.Binary, Dict{
			{"available", s.Available},
			{"active", true}, // those that are not are left out
			{"updated_at", naive(s.SeenAt)},
		}})
	}
	hosts := make(Dict, 0, len(services))
	for _, host := range slices.Sorted(maps.Keys(services)) {
		hosts = append(hosts, Field{host, services[host]})
	}
	return hosts
}
