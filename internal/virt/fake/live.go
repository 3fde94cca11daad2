package fake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// SendLive takes its time, and changes nothing. What it returns is where the server's
// files are: the hosts of one cloud see each other's folders, as with a shared file
// system.
func (d *Driver) SendLive(ctx context.Context, s nova.Server) (disks string, err error) {
	err = d.on(ctx, sendLive, s, func() error {
		defer d.lock(s)()
		m, err := d.load(s)
		if err != nil {
			return err
		}
		if m.Power != nova.Running && m.Power != nova.PowerPaused {
			return nova.Errorf(nova.Conflict, "Instance %s is not running.", s.ID)
		}
		disks, err = filepath.Abs(d.path(s, ""))
		return err
	})
	return disks, err
}

// ReceiveLive copies the disks of a server, and then its state as it is on the other
// host: its console goes on, and it doesn't boot.
func (d *Driver) ReceiveLive(ctx context.Context, s nova.Server, disks string, devices virt.Devices) error {
	return d.on(ctx, receiveLive, s, func() error {
		defer d.lock(s)()
		if _, err := d.load(s); !nova.Is(err, nova.NotFound) {
			return err
		}
		if filepath.Base(disks) != s.ID {
			return fmt.Errorf("receive %s: its disks can't be at %q", s.ID, disks)
		}
		m, err := readMachine(disks + stateFile)
		if errors.Is(err, fs.ErrNotExist) {
			return virt.Unknown(s)
		}
		if err == nil {
			err = d.copyDisks(ctx, s, disks)
		}
		if err != nil {
			return fmt.Errorf("receive %s: %w", s.ID, err)
		}
		m.NICs, m.Volumes = devices.NICs, volumesOf(devices.Volumes)
		return d.save(m)
	})
}
