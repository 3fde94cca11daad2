package fake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// What a server that does nothing does in a second.
const (
	idlePercent    = 3
	idleNanosecond = idlePercent * 10_000_000
	idleOctets     = 44
	idlePackets    = 1
	block          = 4096 // bytes of a disk that are read or written at once
)

// Diagnostics makes counters up from how long the server has been running, and
// from the disk that it has.
func (d *Driver) Diagnostics(ctx context.Context, s nova.Server) (all nova.Diagnostics, err error) {
	err = d.on(ctx, "diagnostics", s, func() error {
		m, err := d.load(s)
		if err != nil {
			return err
		}
		if m.Power != nova.Running {
			return virt.WrongState(s, "diagnostics", m.Power)
		}
		uptime := d.uptime(m)
		all = nova.Diagnostics{
			State: m.Power, Driver: "libvirt", Hypervisor: "kvm", HypervisorOS: "linux", // names that clients know
			Uptime: uptime, ConfigDrive: m.ConfigDrive, MaxMemory: int64(m.RAM), UsedMemory: int64(m.RAM) / 4, //nolint:mnd // a quarter
		}
		for id := range m.VCPUs {
			all.CPUs = append(all.CPUs, nova.CPUDiagnostics{ID: id, Time: uptime * idleNanosecond, Utilisation: new(idlePercent)})
		}
		for i, nic := range m.NICs {
			traffic := nova.Traffic{Octets: uptime * idleOctets, Packets: uptime * idlePackets, Rate: new(int64(idleOctets))}
			all.NICs = append(all.NICs, nova.NICDiagnostics{Name: fmt.Sprintf("vnet%d", i), MAC: nic.MAC, Received: traffic, Sent: traffic})
		}
		all.Disks, err = d.disks(s, uptime)
		return err
	})
	return all, err
}

// uptime is for how many seconds a machine has been running, by its last boot
// that the console tells of.
func (d *Driver) uptime(m machine) int64 {
	for _, e := range slices.Backward(m.Events) {
		if slices.Contains(boots, e.Verb) {
			return int64(d.now().Sub(e.At).Seconds())
		}
	}
	return 0
}

// disks are a server's own disk and the one that it is rescued with. All of a disk
// was read once, and a block is written each second.
func (d *Driver) disks(s nova.Server, uptime int64) (all []nova.DiskDiagnostics, err error) {
	for _, kind := range []string{rescueFile, diskFile} {
		info, err := os.Stat(d.path(s, kind))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, fmt.Errorf("look for disks of server %s: %w", s.ID, err)
		}
		all = append(all, nova.DiskDiagnostics{
			Name:      fmt.Sprintf("vd%c", 'a'+len(all)),
			ReadBytes: info.Size(), ReadRequests: (info.Size() + block - 1) / block,
			WriteBytes: uptime * block, WriteRequests: uptime,
		})
	}
	return all, nil
}
