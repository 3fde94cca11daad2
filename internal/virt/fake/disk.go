package fake

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// A disk begins with a label that names its server; then comes the beginning
// of the image. So the snapshots of two servers differ, and a server that was
// made of a snapshot can be told by the second label on its disk.
const (
	label       = "nova fake disk of server %s (%s)\n"
	rescueLabel = "nova fake rescue disk of server %s (%s)\n"
)

// writeDisk makes a disk under tmp, and names it: the empty string for a server
// that boots from a volume.
func (d *Driver) writeDisk(ctx context.Context, s nova.Server, label string, image virt.ImageSource) (string, error) {
	if image == nil {
		return "", nil
	}
	data, err := image(ctx)
	if err != nil {
		return "", fmt.Errorf("open image: %w", err)
	}
	defer func() { _ = data.Close() }()
	return d.write(s.ID, func(w io.Writer) error {
		if _, err := fmt.Fprintf(w, label, s.ID, s.Name); err != nil {
			return err
		}
		if _, err := io.Copy(w, io.LimitReader(data, d.o.DiskBytes)); err != nil {
			return fmt.Errorf("copy image: %w", err)
		}
		return ctx.Err()
	})
}

// openDisk opens a disk for reading. Its file can be removed meanwhile: what is
// open stays readable.
func openDisk(name string) (virt.Snapshot, error) {
	f, err := os.Open(name)
	if err != nil {
		return virt.Snapshot{}, fmt.Errorf("open disk: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return virt.Snapshot{}, fmt.Errorf("open disk: %w", err)
	}
	return virt.Snapshot{Data: f, Size: info.Size(), DiskFormat: "raw"}, nil
}
