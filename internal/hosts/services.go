package hosts

import (
	"cmp"
	"context"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// Services lists the services that fit a filter.
func (h *Hosts) Services(ctx context.Context, f db.ServiceFilter) ([]nova.Service, error) {
	services, err := h.store.Services(ctx, f, h.downTime)
	if err != nil {
		return nil, err
	}
	for i := range services {
		services[i].Zone = h.zoneOfService(services[i])
	}
	return services, nil
}

// zoneOfService is the internal zone for services that run no servers, and that of
// the host's aggregates for others.
func (h *Hosts) zoneOfService(s nova.Service) string {
	if s.Binary != BinaryCompute {
		return h.internalZone
	}
	return cmp.Or(s.Zone, h.zone)
}

// A ServiceChange says what is to be different of a service. Nil stays as it is.
type ServiceChange struct {
	Disabled   *bool
	Reason     *string // why it is disabled; nil takes an old reason away with Disabled
	ForcedDown *bool
}

// check refuses a change that makes no sense, with Invalid.
func (c ServiceChange) check() error {
	switch {
	case c.Disabled == nil && c.ForcedDown == nil:
		return nova.Errorf(nova.Invalid, "No updates were requested. Fields 'status' or 'forced_down' should be specified.")
	case c.Disabled != nil && !*c.Disabled && c.Reason != nil:
		return nova.Errorf(nova.Invalid, "Specifying 'disabled_reason' with status 'enabled' is invalid.")
	}
	return nil
}

// ChangeNamed changes the service of a host that has a binary: NotFound if there is
// no such host, and Invalid if the binary is one that runs no host.
func (h *Hosts) ChangeNamed(ctx context.Context, host, binary string, c ServiceChange) (nova.Service, error) {
	if err := checkBinary(binary); err != nil {
		return nova.Service{}, err
	}
	s, err := h.change(ctx, db.ServiceFilter{Host: host, Binary: binary}, c)
	if nova.Is(err, nova.NotFound) {
		return s, notMapped(host)
	}
	return s, err
}

// EnableHost enables the service that runs a host, or disables it: NotFound if there
// is no such host.
func (h *Hosts) EnableHost(ctx context.Context, host string, enabled bool) error {
	_, err := h.ChangeNamed(ctx, host, BinaryCompute, ServiceChange{Disabled: new(!enabled)})
	return err
}

// ChangeService changes a service by its ID: NotFound if there is none, and
// Invalid if it is one that runs no host.
func (h *Hosts) ChangeService(ctx context.Context, id string, c ServiceChange) (nova.Service, error) {
	s, err := h.change(ctx, db.ServiceFilter{ID: id}, c)
	if nova.Is(err, nova.NotFound) {
		return s, nova.Errorf(nova.NotFound, "Service %s could not be found.", id)
	}
	return s, err
}

// checkBinary refuses to change a service that runs no host, with Invalid.
func checkBinary(binary string) error {
	if binary == BinaryCompute {
		return nil
	}
	return nova.Errorf(nova.Invalid, "Updating a %s service is not supported. Only nova-compute services can be updated.", binary)
}

func (h *Hosts) change(ctx context.Context, f db.ServiceFilter, c ServiceChange) (nova.Service, error) {
	var changed nova.Service
	err := h.store.Tx(ctx, func(tx *db.Store) error {
		s, err := tx.LockService(ctx, f, h.downTime)
		if err != nil {
			return err
		}
		if err := checkBinary(s.Binary); err != nil {
			return err
		}
		if err := c.check(); err != nil {
			return err
		}
		if c.Disabled != nil {
			s.Disabled, s.DisabledReason = *c.Disabled, c.Reason
		}
		if c.ForcedDown != nil {
			s.ForcedDown = *c.ForcedDown
			if err := checkForcedUp(ctx, tx, s); err != nil {
				return err
			}
		}
		if err := tx.SetService(ctx, s); err != nil {
			return err
		}
		if changed, err = tx.LockService(ctx, db.ServiceFilter{ID: s.ID}, h.downTime); err != nil {
			return err
		}
		return h.notify.Service(ctx, tx, "update", changed)
	})
	changed.Zone = h.zoneOfService(changed)
	return changed, err
}

// checkForcedUp refuses to let a host count as up while it may not know that its
// servers were evacuated: they would run twice.
func checkForcedUp(ctx context.Context, tx *db.Store, s nova.Service) error {
	if s.ForcedDown {
		return nil
	}
	evacuated, err := tx.HasEvacuees(ctx, s.Host)
	if err != nil || !evacuated {
		return err
	}
	return nova.Errorf(nova.Invalid, "Unable to force up host %s as `done` evacuation migration records remain associated with the host. "+
		"Ensure the compute service has been restarted, allowing these records to move to `completed` before retrying this request.", s.Host)
}

// DeleteService removes a service that a filter names, and with one that runs a
// host, the host: Conflict while that has servers, or migrations that are under
// way. A process that still runs the host stops working on it, and registers
// it anew when it is started again. What the host was yet to remove of servers that
// were evacuated or deleted while it was down is forgotten: it won't come back.
func (h *Hosts) DeleteService(ctx context.Context, f db.ServiceFilter) error {
	return h.deleteService(ctx, f, checkUnused)
}

// CleanService removes a service that has not been heard of for a time: NotFound if it
// has, and Conflict as with DeleteService, and while its host is yet to remove
// something. Only an operator can know that the host won't come back for that.
func (h *Hosts) CleanService(ctx context.Context, id string, silent time.Duration) error {
	return h.deleteService(ctx, db.ServiceFilter{ID: id, Silent: silent}, func(ctx context.Context, tx *db.Store, host string) error {
		if err := checkUnused(ctx, tx, host); err != nil {
			return err
		}
		left, err := tx.LeftOnHosts(ctx, []string{host})
		if err != nil || len(left) == 0 {
			return err
		}
		return nova.Errorf(nova.Conflict, "The host has servers to remove that were evacuated or deleted. Delete the service if the host won't come back.")
	})
}

// deleteService removes a service, unless a check refuses to remove its host.
func (h *Hosts) deleteService(ctx context.Context, f db.ServiceFilter, check func(ctx context.Context, tx *db.Store, host string) error) error {
	return h.store.Tx(ctx, func(tx *db.Store) error {
		s, err := tx.LockService(ctx, f, h.downTime)
		if err != nil {
			return err
		}
		if s.Binary == BinaryCompute {
			if err := check(ctx, tx, s.Host); err != nil {
				return err
			}
		}
		if err := tx.DeleteService(ctx, s); err != nil {
			return err
		}
		return h.notify.Service(ctx, tx, "delete", s)
	})
}

// checkUnused refuses a host that has servers or gets some. It locks the host
// first, so that a server that claims room there at the same time is seen, or finds
// no host.
func checkUnused(ctx context.Context, tx *db.Store, host string) error {
	if err := tx.LockHosts(ctx, host); err != nil {
		return err
	}
	switch servers, err := tx.ServerCountOn(ctx, host); {
	case err != nil:
		return err
	case servers > 0:
		return nova.Errorf(nova.Conflict, "Unable to delete compute service that is hosting instances. Migrate or delete the instances first.")
	}
	switch moving, err := tx.IsMoving(ctx, host); {
	case err != nil:
		return err
	case moving:
		return nova.Errorf(nova.Conflict, "Unable to delete compute service that has in-progress migrations. "+
			"Complete the migrations or delete the instances first.")
	}
	return nil
}
