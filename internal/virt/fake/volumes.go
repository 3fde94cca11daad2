package fake

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
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
		data, err = os.OpenFile(m.Volumes[at].Path, os.O_RDWR, 0)
		if err != nil {
			return fmt.Errorf("open volume: %w", err)
		}
		return nil
	})
	return data, err
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
		volumes[i] = volume{ID: v.ID, Device: v.Device, Path: path}
	}
	return volumes
}
