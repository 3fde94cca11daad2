package fake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/sparse"
	"github.com/nova-api/nova-api/internal/virt"
)

// Connector says who the host is. The initiator is what the fake driver of Nova says.
func (d *Driver) Connector(context.Context) (nova.Connector, error) {
	return nova.Connector{
		"host": d.o.Host, "ip": d.o.IP, "initiator": "fake", "platform": "x86_64", "os_type": "linux", "multipath": false, "do_local_attach": false,
	}, nil
}

// AttachVolume plugs a volume into a server. One with the same ID makes room for it.
func (d *Driver) AttachVolume(ctx context.Context, s nova.Server, v virt.Volume) error {
	return d.replugVolume(ctx, attachVolume, s, v.ID, volumesOf([]virt.Volume{v})...)
}

// DetachVolume unplugs a volume.
func (d *Driver) DetachVolume(ctx context.Context, s nova.Server, volumeID string) error {
	return d.replugVolume(ctx, detachVolume, s, volumeID)
}

// Volumes lists the server's volumes.
func (d *Driver) Volumes(ctx context.Context, s nova.Server) (ids []string, err error) {
	err = d.on(ctx, "volumes", s, func() error {
		m, err := d.load(s)
		for _, v := range m.Volumes {
			ids = append(ids, v.ID)
		}
		return err
	})
	return ids, err
}

// OpenVolume opens the file of a volume. Only those of the bundled block storage
// service have one.
func (d *Driver) OpenVolume(ctx context.Context, s nova.Server, volumeID string) (data virt.VolumeData, err error) {
	err = d.on(ctx, "open_volume", s, func() error {
		m, err := d.load(s)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(m.Volumes, func(v volume) bool { return v.ID == volumeID })
		if at < 0 || m.Volumes[at].Path == "" {
			return nova.Errorf(nova.NotFound, "Volume %s has no file at instance %s.", volumeID, s.ID)
		}
		file, err := os.OpenFile(m.Volumes[at].Path, os.O_RDWR, 0)
		if err != nil {
			return fmt.Errorf("open volume: %w", err)
		}
		data = guestVolume{file, m.Volumes[at].Size}
		return nil
	})
	return data, err
}

// ExtendVolume tells a server how large a volume is now. One with a file is as large as
// that is.
func (d *Driver) ExtendVolume(ctx context.Context, s nova.Server, volumeID string, size int64) error {
	return d.on(ctx, extendVolume, s, func() error {
		defer d.lock(s)()
		m, err := d.load(s)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(m.Volumes, func(v volume) bool { return v.ID == volumeID })
		if at < 0 {
			return nova.Errorf(nova.NotFound, "Volume %s is not attached to instance %s.", volumeID, s.ID)
		}
		m.Volumes[at].Size = size
		if known := sizeOf(m.Volumes[at].Path); known > 0 {
			m.Volumes[at].Size = known
		}
		return d.save(m)
	})
}

// SwapVolume copies the file of a volume, if both have one, and puts the other volume in
// its place.
func (d *Driver) SwapVolume(ctx context.Context, s nova.Server, volumeID string, to virt.Volume) error {
	return d.exchange(ctx, swapVolume, s, volumeID, to, func(from, to volume) error {
		if from.Path == "" || to.Path == "" {
			return nil
		}
		return copyVolume(ctx, to.Path, from.Path)
	})
}

// RenameVolume has a server know a volume by another ID.
func (d *Driver) RenameVolume(ctx context.Context, s nova.Server, volumeID string, to virt.Volume) error {
	return d.exchange(ctx, "rename_volume", s, volumeID, to, func(volume, volume) error { return nil })
}

// exchange puts a volume in the place of another one, after something is done to both.
// Once that is so, there is nothing to do.
func (d *Driver) exchange(ctx context.Context, verb string, s nova.Server, volumeID string, to virt.Volume, before func(from, to volume) error) error {
	return d.on(ctx, verb, s, func() error {
		defer d.lock(s)()
		m, err := d.load(s)
		if err != nil {
			return err
		}
		next := volumesOf([]virt.Volume{to})[0]
		at := slices.IndexFunc(m.Volumes, func(v volume) bool { return v.ID == volumeID })
		if at < 0 && slices.ContainsFunc(m.Volumes, func(v volume) bool { return v.ID == next.ID }) {
			return nil
		}
		if at < 0 {
			return nova.Errorf(nova.NotFound, "Volume %s is not attached to instance %s.", volumeID, s.ID)
		}
		if err := before(m.Volumes[at], next); err != nil {
			return err
		}
		m.Volumes[at] = next
		return d.save(m)
	})
}

// copyVolume copies the data of a volume over those of another one.
func copyVolume(ctx context.Context, to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("open volume: %w", err)
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open volume: %w", err)
	}
	size := sizeOf(to)
	err = target.Truncate(0) // so that there are holes where the source has them
	if err == nil {
		err = sparse.Copy(target, source, ctx.Err)
	}
	if err == nil {
		err = sparse.Grow(target, size)
	}
	if err := errors.Join(err, target.Sync(), target.Close()); err != nil {
		return fmt.Errorf("copy volume: %w", err)
	}
	return nil
}

// A guestVolume is a volume as a guest sees it: what is beyond the size that the guest was
// told is not there.
type guestVolume struct {
	*os.File
	size int64
}

// Size is how large the guest thinks that the volume is, in bytes.
func (v guestVolume) Size() int64 { return v.size }

// ReadAt reads up to the end that the guest knows.
func (v guestVolume) ReadAt(p []byte, at int64) (int, error) {
	return io.NewSectionReader(v.File, 0, v.size).ReadAt(p, at)
}

// WriteAt writes up to the end that the guest knows. The error is that of a full disk for
// what is beyond.
func (v guestVolume) WriteAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > v.size {
		return 0, fmt.Errorf("write to volume: %w", syscall.ENOSPC)
	}
	return v.File.WriteAt(p, at)
}

// replugVolume puts volumes in the place of one, or behind the others if that isn't
// there.
func (d *Driver) replugVolume(ctx context.Context, verb string, s nova.Server, volumeID string, volumes ...volume) error {
	return d.on(ctx, verb, s, func() error {
		defer d.lock(s)()
		m, err := d.load(s)
		if err != nil {
			return err
		}
		m.Volumes = replace(m.Volumes, func(v volume) bool { return v.ID == volumeID }, volumes...)
		return d.save(m)
	})
}

// volumesOf are volumes as a machine remembers them.
func volumesOf(all []virt.Volume) []volume {
	volumes := make([]volume, len(all))
	for i, v := range all {
		path, _ := v.Connection.Data["device_path"].(string)
		volumes[i] = volume{ID: v.ID, Device: v.Device, Path: path, Size: sizeOf(path)}
	}
	return volumes
}

// sizeOf is how large the file of a volume is, in bytes: 0 if there is none that this host
// can reach.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
