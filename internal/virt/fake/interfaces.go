package fake

import (
	"context"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// AttachInterface plugs a NIC into a server. One with the same port makes room
// for it.
func (d *Driver) AttachInterface(ctx context.Context, s nova.Server, nic virt.NIC) error {
	return d.replug(ctx, attach, s, nic.PortID, nic)
}

// DetachInterface unplugs the NIC of a port.
func (d *Driver) DetachInterface(ctx context.Context, s nova.Server, portID string) error {
	return d.replug(ctx, detach, s, portID)
}

// Interfaces lists the server's NICs.
func (d *Driver) Interfaces(ctx context.Context, s nova.Server) (nics []virt.NIC, err error) {
	err = d.on(ctx, "interfaces", s, func() error {
		m, err := d.load(s)
		nics = m.NICs
		return err
	})
	return nics, err
}

// replug puts NICs in the place of that of a port, or behind the others if that
// isn't there.
func (d *Driver) replug(ctx context.Context, verb string, s nova.Server, portID string, nics ...virt.NIC) error {
	return d.on(ctx, verb, s, func() error {
		defer d.lock(s)()
		m, err := d.load(s)
		if err != nil {
			return err
		}
		m.NICs = replace(m.NICs, func(n virt.NIC) bool { return n.PortID == portID }, nics...)
		return d.save(m)
	})
}

// replace puts devices in the place of the one that matches, or behind the others if
// none does.
func replace[T any](all []T, matches func(T) bool, by ...T) []T {
	if at := slices.IndexFunc(all, matches); at >= 0 {
		return slices.Replace(all, at, at+1, by...)
	}
	return append(all, by...)
}
