package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// AvailabilityZones answers for /os-availability-zone: where servers can be
// asked to run.
type AvailabilityZones struct {
	compute *compute.Servers
	view    views.AvailabilityZones
}

// Operations is what can be done with availability zones.
func (c *AvailabilityZones) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.Do(c.index).Query(schema.NoQuery).Needs(policy.AvailabilityZoneList),
		"detail": rest.Do(c.detail).Query(schema.NoQuery).Needs(policy.AvailabilityZoneDetail),
	}
}

func (c *AvailabilityZones) index(ctx context.Context, r *rest.Request) (any, error) {
	zones, err := c.compute.Zones(ctx)
	if err != nil {
		return nil, err
	}
	return c.view.Index(r, zones), nil
}

func (c *AvailabilityZones) detail(ctx context.Context, r *rest.Request) (any, error) {
	zones, err := c.compute.Zones(ctx)
	if err != nil {
		return nil, err
	}
	return c.view.Detail(r, zones), nil
}
