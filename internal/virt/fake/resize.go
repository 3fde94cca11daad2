package fake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// keptFile is what a host keeps of a server that has left it, or that it has in
// another size by now: the server's state as it was. Its disks stay where they are.
const keptFile = ".kept"

// ownFiles are the disks that a server takes along.
var ownFiles = []string{diskFile, filesFile, configFile}

// MigrateOut shuts the server down and puts its state aside. What it returns is
// where its files are: the hosts of one cloud see each other's folders, as with a
// shared file system.
func (d *Driver) MigrateOut(ctx context.Context, s nova.Server) (disks string, err error) {
	err = d.on(ctx, migrateOut, s, func() error {
		defer d.lock(s)()
		if disks, err = filepath.Abs(d.path(s, "")); err != nil {
			return fmt.Errorf("migrate %s: %w", s.ID, err)
		}
		m, err := d.load(s)
		if nova.Is(err, nova.NotFound) {
			_, err = readMachine(disks + keptFile) // an earlier call did it
			return unknownIfAbsent(s, err)
		}
		if err != nil {
			return err
		}
		m.turnOff(d.now())
		if err := d.save(m); err != nil {
			return err
		}
		return os.Rename(d.path(s, stateFile), d.path(s, keptFile))
	})
	return disks, err
}

// MigrateIn copies the disks of a server, unless they are here, and then writes the
// server itself.
func (d *Driver) MigrateIn(ctx context.Context, s nova.Server, disks string, devices virt.Devices, on bool) error {
	return d.on(ctx, migrateIn, s, func() error {
		defer d.lock(s)()
		if _, err := d.load(s); !nova.Is(err, nova.NotFound) {
			return err
		}
		if filepath.Base(disks) != s.ID {
			return fmt.Errorf("migrate %s: its disks can't be at %q", s.ID, disks)
		}
		m, err := readMachine(disks + keptFile)
		if err != nil {
			return unknownIfAbsent(s, err)
		}
		here, err := filepath.Abs(d.path(s, ""))
		if err == nil && here != disks {
			err = d.copyDisks(ctx, s, disks)
		}
		if err != nil {
			return fmt.Errorf("migrate %s: %w", s.ID, err)
		}
		m.VCPUs, m.RAM, m.Disk = s.Flavor.VCPUs, s.Flavor.RAM, s.Flavor.Disk
		m.NICs, m.Volumes = devices.NICs, volumesOf(devices.Volumes)
		m.arrive(on, d.now())
		return d.save(m)
	})
}

// copyDisks copies the disks that there are of a server into their places here.
func (d *Driver) copyDisks(ctx context.Context, s nova.Server, from string) error {
	if err := os.MkdirAll(filepath.Dir(d.path(s, stateFile)), 0o700); err != nil {
		return err
	}
	for _, kind := range ownFiles {
		source, err := os.Open(from + kind)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		copied, err := d.write(s.ID, func(w io.Writer) error {
			_, err := io.Copy(w, source)
			return errors.Join(err, source.Close(), ctx.Err())
		})
		if err == nil {
			err = os.Rename(copied, d.path(s, kind))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ConfirmMigration removes what is kept of the server, and its disks unless it is
// still here.
func (d *Driver) ConfirmMigration(ctx context.Context, s nova.Server) error {
	return d.on(ctx, confirmMigration, s, func() error {
		defer d.lock(s)()
		if _, err := d.load(s); nova.Is(err, nova.NotFound) {
			if err := d.remove(s, ownFiles...); err != nil {
				return err
			}
		}
		return d.remove(s, keptFile)
	})
}

// RevertMigration puts the state that was kept back in its place.
func (d *Driver) RevertMigration(ctx context.Context, s nova.Server, devices virt.Devices, on bool) error {
	return d.on(ctx, revertMigration, s, func() error {
		defer d.lock(s)()
		m, err := readMachine(d.path(s, keptFile))
		if errors.Is(err, fs.ErrNotExist) { // an earlier call did it
			_, err := d.load(s)
			return err
		}
		if err != nil {
			return err
		}
		m.NICs, m.Volumes = devices.NICs, volumesOf(devices.Volumes)
		m.arrive(on, d.now())
		if err := d.save(m); err != nil {
			return err
		}
		return d.remove(s, keptFile)
	})
}

// readMachine reads the state of a server from anywhere.
func readMachine(path string) (m machine, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return m, fmt.Errorf("read server: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read server: %w", err)
	}
	return m, nil
}

// unknownIfAbsent says of a file that isn't there that the server isn't.
func unknownIfAbsent(s nova.Server, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return virt.Unknown(s)
	}
	return err
}
