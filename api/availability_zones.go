package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// AvailabilityZones answers for /os-availability-zone: the zones that servers
// can be asked to run in.
type AvailabilityZones struct{ Options }

// Operations are the operations on availability zones.
func (c *AvailabilityZones) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.Do(c.index).Query(schema.NoQuery).Needs(policy.AvailabilityZoneList),
		"detail": rest.Do(c.detail).Query(schema.NoQuery).Needs(policy.AvailabilityZoneDetail),
	}
}

// index lists the zones that servers can be asked to run in, without their
// hosts.
func (c *AvailabilityZones) index(ctx context.Context, r *rest.Request) (any, error) {
	zones, err := c.Hosts.Zones(ctx)
	if err != nil {
		return nil, err
	}
	return views.AvailabilityZones{}.Index(r, zones), nil
}

// detail lists all zones, with the hosts and services in each. It is for
// administrators.
func (c *AvailabilityZones) detail(ctx context.Context, r *rest.Request) (any, error) {
	zones, err := c.Hosts.Zones(ctx)
	if err != nil {
		return nil, err
	}
	return views.AvailabilityZones{}.Detail(r, zones), nil
}
