package fake

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// rescueFiles are what a server has for its rescue alone.
var rescueFiles = []string{rescueFile, rescueConfigFile}

// Rescue writes a second disk, and another config drive for a server that has
// one, and boots from these. Those of another rescue are written over.
func (d *Driver) Rescue(ctx context.Context, s nova.Server, from virt.RescueDisk) error {
	return d.on(ctx, rescue, s, func() error {
		m, err := d.load(s)
		if err != nil || m.rescuedFrom(from) {
			return err
		}
		s.ConfigDrive = m.ConfigDrive
		made, err := writeAll(map[string]func() (string, error){
			rescueFile: func() (string, error) { return d.writeDisk(ctx, s, rescueLabel, from.Image) },
			rescueConfigFile: func() (string, error) {
				return d.writeConfigDrive(s, virt.Build{Devices: virt.Devices{NICs: m.NICs}, Password: from.Password})
			},
		})
		defer removeAll(made)
		if err == nil {
			err = d.bootRescue(ctx, s, made, from)
		}
		if err != nil {
			return fmt.Errorf("rescue %s: %w", s.ID, err)
		}
		return nil
	})
}

// bootRescue puts the disks in their places and boots from them, unless the
// caller has turned away meanwhile, or another was faster.
func (d *Driver) bootRescue(ctx context.Context, s nova.Server, made map[string]string, from virt.RescueDisk) error {
	defer d.lock(s)()
	if err := ctx.Err(); err != nil {
		return err
	}
	m, err := d.load(s) // it may have been destroyed
	if err != nil || m.rescuedFrom(from) {
		return err
	}
	if err := d.put(s, made); err != nil {
		return err
	}
	m.Rescue = &rescuing{ImageID: from.ImageID, Device: from.Device, Bus: from.Bus}
	m.become(nova.Running, rescue, d.now())
	m.Events[len(m.Events)-1].Rescue = m.Rescue
	return d.save(m)
}

// rescuedFrom reports whether a machine runs from a rescue disk already.
func (m machine) rescuedFrom(from virt.RescueDisk) bool {
	return m.Rescue != nil && m.Rescue.ImageID == from.ImageID && m.Power == nova.Running
}

// Unrescue boots the server from its own disk, and then removes the others.
func (d *Driver) Unrescue(ctx context.Context, s nova.Server) error {
	if err := d.power(ctx, unrescue, s); err != nil {
		return err
	}
	defer d.lock(s)()
	if m, err := d.load(s); err != nil || m.Rescue != nil { // rescued again meanwhile
		return err
	}
	return d.remove(s, rescueFiles...)
}
