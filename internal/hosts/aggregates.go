package hosts

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
)

// Aggregates lists all aggregates.
func (h *Hosts) Aggregates(ctx context.Context) ([]nova.Aggregate, error) {
	return h.store.Aggregates(ctx)
}

// Aggregate finds an aggregate by its number.
func (h *Hosts) Aggregate(ctx context.Context, serial int64) (nova.Aggregate, error) {
	return h.store.Aggregate(ctx, serial)
}

// CreateAggregate makes an aggregate without hosts, in a zone unless that is
// empty. The error is Conflict if the name is taken.
func (h *Hosts) CreateAggregate(ctx context.Context, name, zone string) (nova.Aggregate, error) {
	a := nova.Aggregate{ID: uuid.NewString(), Name: name, Metadata: map[string]string{}}
	if zone != "" {
		a.Metadata[nova.AggregateZone] = zone
	}
	var created nova.Aggregate
	err := h.store.Tx(ctx, func(tx *db.Store) (err error) {
		if created, err = tx.CreateAggregate(ctx, a); err != nil {
			return err
		}
		return h.notify.Aggregate(ctx, tx, "create", a, created)
	})
	return created, err
}

// An AggregateChange is what is to be different of an aggregate.
type AggregateChange struct {
	Name     *string            // nil: as it is
	Metadata map[string]*string // nil takes a key away; other keys stay
}

// The words that begin a refusal, by what is refused. They go before the number of
// the aggregate and the reason.
const (
	addingHost       = "Cannot add host to"
	removingHost     = "Cannot remove host from" // or deleting the aggregate
	UpdatingAll      = "Cannot update"
	UpdatingMetadata = "Cannot update metadata of"
)

func refused(kind nova.Kind, what string, a nova.Aggregate, reason string, args ...any) error {
	return nova.Errorf(kind, what+" aggregate %d. Reason: "+reason+".", append([]any{a.Serial}, args...)...)
}

// ChangeAggregate changes an aggregate's name and metadata; what is said in a
// refusal, UpdatingAll or UpdatingMetadata. The zone can't be taken away, and can't
// be changed while a host has servers or is in another zone by another aggregate:
// that is Invalid. A name that is taken is Conflict.
func (h *Hosts) ChangeAggregate(ctx context.Context, serial int64, c AggregateChange, what string) (nova.Aggregate, error) {
	return h.withAggregate(ctx, serial, func(tx *db.Store, a nova.Aggregate) (nova.Aggregate, error) {
		if zone, ok := c.Metadata[nova.AggregateZone]; ok {
			if err := checkNewZone(ctx, tx, a, zone, what); err != nil {
				return a, err
			}
		}
		before := a
		before.Metadata = maps.Clone(a.Metadata)
		if c.Name != nil {
			a.Name = *c.Name
		}
		for key, value := range c.Metadata {
			if value == nil {
				delete(a.Metadata, key)
			} else {
				a.Metadata[key] = *value
			}
		}
		a, err := tx.SetAggregate(ctx, a)
		if err != nil {
			return a, err
		}
		return a, h.tellChange(ctx, tx, c, before, a)
	})
}

// tellChange tells of an aggregate's new name, and then of its new metadata, as
// update_aggregate in nova/compute/api.py changes them.
func (h *Hosts) tellChange(ctx context.Context, tx *db.Store, c AggregateChange, before, after nova.Aggregate) error {
	if c.Name != nil {
		named := before
		named.Name = after.Name
		if err := h.notify.Aggregate(ctx, tx, "update_prop", before, named); err != nil {
			return err
		}
		before = named
	}
	if len(c.Metadata) == 0 {
		return nil
	}
	return h.notify.Aggregate(ctx, tx, "update_metadata", before, after)
}

// withAggregate changes an aggregate in a transaction that has locked it.
func (h *Hosts) withAggregate(
	ctx context.Context, serial int64, change func(tx *db.Store, a nova.Aggregate) (nova.Aggregate, error),
) (nova.Aggregate, error) {
	var changed nova.Aggregate
	err := h.store.Tx(ctx, func(tx *db.Store) error {
		a, err := tx.LockAggregate(ctx, serial)
		if err != nil {
			return err
		}
		changed, err = change(tx, a)
		return err
	})
	return changed, err
}

// checkNewZone refuses a zone that an aggregate's hosts can't get.
func checkNewZone(ctx context.Context, tx *db.Store, a nova.Aggregate, zone *string, what string) error {
	if zone == nil || *zone == "" {
		return refused(nova.Invalid, what, a, "Aggregate %s does not support empty named availability zone", a.Name)
	}
	if err := tx.LockHosts(ctx, a.Hosts...); err != nil {
		return err
	}
	if err := checkOneZone(ctx, tx, a, *zone, a.Hosts, nova.Invalid, what); err != nil {
		return err
	}
	if now := a.Zone(); now != nil && *now == *zone {
		return nil
	}
	switch servers, err := tx.ServerCountOn(ctx, a.Hosts...); {
	case err != nil:
		return err
	case servers > 0:
		return refused(nova.Invalid, what, a, "One or more hosts contain instances in this zone")
	}
	return nil
}

// checkOneZone refuses a zone for hosts that other aggregates have in another one.
func checkOneZone(ctx context.Context, tx *db.Store, a nova.Aggregate, zone string, hosts []string, kind nova.Kind, what string) error {
	others, err := tx.AggregatesOf(ctx, hosts...)
	if err != nil {
		return err
	}
	conflicting := []any{}
	for _, other := range others {
		if has := other.Zone(); has != nil && *has != zone && other.Serial != a.Serial {
			conflicting = append(conflicting, *has)
		}
	}
	if len(conflicting) > 0 {
		return refused(kind, what, a, "One or more hosts already in availability zone(s) %s", python.Repr(conflicting))
	}
	return nil
}

// DeleteAggregate removes an aggregate without hosts: Invalid if it has any.
func (h *Hosts) DeleteAggregate(ctx context.Context, serial int64) error {
	_, err := h.withAggregate(ctx, serial, func(tx *db.Store, a nova.Aggregate) (nova.Aggregate, error) {
		if len(a.Hosts) > 0 {
			return a, refused(nova.Invalid, removingHost, a, "Host aggregate is not empty")
		}
		if err := tx.DeleteAggregate(ctx, serial); err != nil {
			return a, err
		}
		return a, h.notify.Aggregate(ctx, tx, "delete", a, a)
	})
	return err
}

// AddHost puts a host into an aggregate: NotFound if there is no such host, and
// Conflict if it is there already, is in another zone, or has servers that would
// come into another zone.
func (h *Hosts) AddHost(ctx context.Context, serial int64, host string) (nova.Aggregate, error) {
	if err := h.checkHost(ctx, host); err != nil {
		return nova.Aggregate{}, err
	}
	return h.withAggregate(ctx, serial, func(tx *db.Store, a nova.Aggregate) (nova.Aggregate, error) {
		if err := tx.LockHosts(ctx, host); err != nil {
			return a, err
		}
		if zone := a.Zone(); zone != nil {
			if err := checkOneZone(ctx, tx, a, *zone, []string{host}, nova.Conflict, addingHost); err != nil {
				return a, err
			}
			before, err := zoneWithout(ctx, tx, host, 0)
			if err != nil {
				return a, err
			}
			if err := checkStays(ctx, tx, a, host, before, *zone, addingHost, "added to"); err != nil {
				return a, err
			}
		}
		added, err := tx.AddAggregateHost(ctx, serial, host)
		if err == nil && !added {
			err = nova.Errorf(nova.Conflict, "Aggregate %d already has host %s.", serial, host)
		}
		if err != nil {
			return a, err
		}
		before := a
		a.Hosts = slices.Concat(a.Hosts, []string{host})
		return a, h.notify.Aggregate(ctx, tx, "add_host", before, a)
	})
}

// checkHost refuses a host that there is not.
func (h *Hosts) checkHost(ctx context.Context, host string) error {
	found, err := h.store.Services(ctx, db.ServiceFilter{Host: host, Binary: BinaryCompute}, h.downTime)
	if err == nil && len(found) == 0 {
		err = nova.Errorf(nova.NotFound, "Compute host %s could not be found.", host)
	}
	return err
}

// RemoveHost takes a host out of an aggregate: NotFound if it is not in it, and
// Conflict if it has servers that would come into another zone.
func (h *Hosts) RemoveHost(ctx context.Context, serial int64, host string) (nova.Aggregate, error) {
	if err := h.checkHost(ctx, host); err != nil {
		return nova.Aggregate{}, err
	}
	return h.withAggregate(ctx, serial, func(tx *db.Store, a nova.Aggregate) (nova.Aggregate, error) {
		if err := tx.LockHosts(ctx, host); err != nil {
			return a, err
		}
		if zone := a.Zone(); zone != nil {
			after, err := zoneWithout(ctx, tx, host, serial)
			if err != nil {
				return a, err
			}
			if err := checkStays(ctx, tx, a, host, *zone, after, removingHost, "removed from"); err != nil {
				return a, err
			}
		}
		removed, err := tx.RemoveAggregateHost(ctx, serial, host)
		if err != nil {
			return a, err
		}
		if !removed {
			return a, nova.Errorf(nova.NotFound, "Aggregate %d has no host %s.", serial, host)
		}
		after, err := tx.Aggregate(ctx, serial)
		if err != nil {
			return a, err
		}
		return after, h.notify.Aggregate(ctx, tx, "remove_host", a, after)
	})
}

// noZone is how messages name the zone of a host that aggregates give none.
const noZone = "None"

// zoneWithout is the zone that a host would have without one of its aggregates.
func zoneWithout(ctx context.Context, tx *db.Store, host string, serial int64) (string, error) {
	aggregates, err := tx.AggregatesOf(ctx, host)
	for _, a := range aggregates {
		if zone := a.Zone(); zone != nil && a.Serial != serial {
			return *zone, err
		}
	}
	return noZone, err
}

// checkStays refuses to bring the servers of a host into another zone.
func checkStays(ctx context.Context, tx *db.Store, a nova.Aggregate, host, before, after, what, how string) error {
	if before == after {
		return nil
	}
	servers, err := tx.ServerCountOn(ctx, host)
	if err != nil || servers == 0 {
		return err
	}
	return refused(nova.Conflict, what, a, "The host cannot be %s the aggregate as the availability zone of the host would change from '%s' to '%s' "+
		"but the host already has %d instance(s). Changing the AZ of an existing instance is not supported by this action. "+
		"Move the instances away from this host then try again. If you need to move the instances between AZs then you can use "+
		"shelve_offload and unshelve to achieve this.", how, before, after, servers)
}
