package hosts

import (
	"context"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// Find lists the hypervisors that a filter chooses.
func (h *Hosts) Find(ctx context.Context, f db.HostFilter) ([]nova.Host, error) {
	return h.inZones(h.store.FindHosts(ctx, f, h.downTime))
}

// Hypervisor finds the node of a host by its UUID. The error is NotFound if there is none.
func (h *Hosts) Hypervisor(ctx context.Context, id string) (nova.Host, error) {
	found, err := h.Find(ctx, db.HostFilter{ID: id})
	if err == nil && len(found) == 0 {
		err = nova.Errorf(nova.NotFound, "Hypervisor %s could not be found.", id)
	}
	if err != nil {
		return nova.Host{}, err
	}
	return found[0], nil
}

// Uptime is how long a host has been up, as its operating system tells. The error is
// Invalid while its service is down, and NotImplemented otherwise: no hypervisor
// that there is tells.
func (h *Hosts) Uptime(host nova.Host) (string, error) {
	if !host.Up {
		return "", nova.Errorf(nova.Invalid, "Compute service of %s is unavailable at this time.", host.Name)
	}
	return "", errUnsupported
}

var errUnsupported = nova.Errorf(nova.NotImplemented, "The requested functionality is not supported.")

// NotTurned refuses what would turn the machine of a host off or on, or put it into
// maintenance: NotFound if there is no such host, and NotImplemented otherwise.
func (h *Hosts) NotTurned(ctx context.Context, host string) error {
	found, err := h.store.Services(ctx, db.ServiceFilter{Host: host, Binary: BinaryCompute}, h.downTime)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return notMapped(host)
	}
	return errUnsupported
}

// notMapped says that there is no such host.
func notMapped(host string) error {
	return nova.Errorf(nova.NotFound, "Host '%s' is not mapped to any cell", host)
}
