package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Aggregates answers for /os-aggregates: sets of hosts, which may be availability
// zones.
type Aggregates struct{ Options }

// Operations are the operations on aggregates.
func (c *Aggregates) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.Do(c.index).Query(schema.NoQuery).Needs(policy.AggregateIndex),
		"create": rest.DoWith(schema.AggregateCreate, c.create).Needs(policy.AggregateCreate),
		"show":   rest.Do(c.show).Query(schema.NoQuery).Needs(policy.AggregateShow),
		"update": rest.DoWith(schema.AggregateUpdate, c.update).Needs(policy.AggregateUpdate),
		"delete": rest.Do(c.delete).Needs(policy.AggregateDelete),
		"images": rest.DoWith(schema.AggregateImages, c.images).Since(81).Needs(policy.AggregateImages).Status(http.StatusAccepted),
	}
}

// MemberActions are the actions of POST /os-aggregates/{id}/action.
func (c *Aggregates) MemberActions() rest.Operations {
	return rest.Operations{
		"add_host":     rest.DoWith(schema.AggregateAddHost, c.addHost).Needs(policy.AggregateAddHost),
		"remove_host":  rest.DoWith(schema.AggregateRemoveHost, c.removeHost).Needs(policy.AggregateRemoveHost),
		"set_metadata": rest.DoWith(schema.AggregateSetMetadata, c.setMetadata).Needs(policy.AggregateSetMetadata),
	}
}

// index lists all aggregates.
func (c *Aggregates) index(ctx context.Context, r *rest.Request) (any, error) {
	aggregates, err := c.Hosts.Aggregates(ctx)
	if err != nil {
		return nil, err
	}
	return views.Aggregates{}.Index(r, aggregates), nil
}

// create makes an aggregate without hosts.
func (c *Aggregates) create(ctx context.Context, r *rest.Request, in schema.AggregateCreateBody) (any, error) {
	zone := ""
	if in.Aggregate.Zone != nil {
		zone = strings.TrimSpace(*in.Aggregate.Zone)
	}
	created, err := c.Hosts.CreateAggregate(ctx, strings.TrimSpace(in.Aggregate.Name), zone)
	if err != nil {
		return nil, err
	}
	return views.Aggregates{}.Created(r, created), nil
}

// aggregateIn reads the number of the aggregate in the path.
func aggregateIn(r *rest.Request) (int64, error) {
	serial, err := serialIn(r.ID())
	if err == nil && serial == noSerial {
		err = nova.Errorf(nova.NotFound, "Aggregate %s could not be found.", r.ID())
	}
	return serial, err
}

// about does something about the aggregate that the path names, and answers with
// what it is then.
func (c *Aggregates) about(r *rest.Request, do func(serial int64) (nova.Aggregate, error)) (any, error) {
	serial, err := aggregateIn(r)
	if err != nil {
		return nil, err
	}
	aggregate, err := do(serial)
	if err != nil {
		return nil, err
	}
	return views.Aggregates{}.Show(r, aggregate), nil
}

func (c *Aggregates) show(ctx context.Context, r *rest.Request) (any, error) {
	return c.about(r, func(serial int64) (nova.Aggregate, error) { return c.Hosts.Aggregate(ctx, serial) })
}

// update changes the name and the zone.
func (c *Aggregates) update(ctx context.Context, r *rest.Request, in schema.AggregateUpdateBody) (any, error) {
	change := hosts.AggregateChange{Metadata: map[string]*string{}}
	if in.Aggregate.Name != nil {
		change.Name = new(strings.TrimSpace(*in.Aggregate.Name))
	}
	if zone := in.Aggregate.Zone; zone.Set {
		change.Metadata[nova.AggregateZone] = &zone.Value // empty for null
	}
	return c.about(r, func(serial int64) (nova.Aggregate, error) {
		return c.Hosts.ChangeAggregate(ctx, serial, change, hosts.UpdatingAll)
	})
}

// setMetadata adds to the metadata, or changes it; a key with null is taken away.
func (c *Aggregates) setMetadata(ctx context.Context, r *rest.Request, in schema.AggregateSetMetadataBody) (any, error) {
	return c.about(r, func(serial int64) (nova.Aggregate, error) {
		return c.Hosts.ChangeAggregate(ctx, serial, hosts.AggregateChange{Metadata: in.Set.Metadata}, hosts.UpdatingMetadata)
	})
}

func (c *Aggregates) delete(ctx context.Context, r *rest.Request) (any, error) {
	serial, err := aggregateIn(r)
	if err != nil {
		return nil, err
	}
	return nil, c.Hosts.DeleteAggregate(ctx, serial)
}

func (c *Aggregates) addHost(ctx context.Context, r *rest.Request, in schema.AggregateAddHostBody) (any, error) {
	return c.about(r, func(serial int64) (nova.Aggregate, error) { return c.Hosts.AddHost(ctx, serial, in.Add.Host) })
}

// removeHost takes a host out. Whatever isn't found is told in the same words.
func (c *Aggregates) removeHost(ctx context.Context, r *rest.Request, in schema.AggregateRemoveHostBody) (any, error) {
	return c.about(r, func(serial int64) (nova.Aggregate, error) {
		changed, err := c.Hosts.RemoveHost(ctx, serial, in.Remove.Host)
		if nova.Is(err, nova.NotFound) {
			err = nova.Errorf(nova.NotFound, "Cannot remove host %s in aggregate %s", in.Remove.Host, r.ID())
		}
		return changed, err
	})
}

// images asks the hosts of an aggregate to fetch images ahead of time. Whether they
// do is theirs to decide: a hypervisor that keeps no images, as all here, does not.
func (c *Aggregates) images(ctx context.Context, r *rest.Request, in schema.AggregateImagesBody) (any, error) {
	serial, err := aggregateIn(r)
	if err != nil {
		return nil, err
	}
	if repeated(in) {
		return nil, nova.Errorf(nova.Invalid, "Duplicate images in request")
	}
	if _, err := c.Hosts.Aggregate(ctx, serial); err != nil {
		return nil, err
	}
	return nil, c.haveImages(ctx, in)
}

// repeated reports whether an image is named twice.
func repeated(in schema.AggregateImagesBody) bool {
	asked := map[string]bool{}
	for _, image := range in.Cache {
		if asked[image.ID] {
			return true
		}
		asked[image.ID] = true
	}
	return false
}

// haveImages refuses images that the caller can't see.
func (c *Aggregates) haveImages(ctx context.Context, in schema.AggregateImagesBody) error {
	for _, image := range in.Cache {
		_, err := c.Compute.Image(ctx, image.ID)
		if nova.Is(err, nova.NotFound) {
			err = nova.Errorf(nova.Invalid, "Image %s could not be found.", image.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
