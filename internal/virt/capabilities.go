package virt

import (
	"context"
	"io"
	"io/fs"

	"github.com/nova-api/nova-api/internal/nova"
)

// What only some drivers can do. A driver has a capability by having its
// methods; As asks for it.

// A Pauser stops and starts the processors of servers.
type Pauser interface {
	// Pause stops the processors of a running server.
	Pause(ctx context.Context, s nova.Server) error
	// Unpause lets a paused server go on.
	Unpause(ctx context.Context, s nova.Server) error
}

// A Suspender writes the memory of servers to disk.
type Suspender interface {
	// Suspend writes the memory of a running server to the host's disk.
	Suspend(ctx context.Context, s nova.Server) error
	// Resume lets a suspended server go on.
	Resume(ctx context.Context, s nova.Server) error
}

// A Rescuer boots servers from other disks than their own, for their owners to
// repair these.
type Rescuer interface {
	// Rescue boots a server from an image, whatever it was doing. Its own disks
	// are there as well, unchanged.
	Rescue(ctx context.Context, s nova.Server, from RescueDisk) error
	// Unrescue boots a server from its own disk again, and drops the other one.
	Unrescue(ctx context.Context, s nova.Server) error
}

// A RescueDisk is what a server is rescued with.
type RescueDisk struct {
	ImageID string // tells one rescue from another
	Image   ImageSource
	// Device and Bus are how the disk is attached beside the server's own, as
	// hw_rescue_device and hw_rescue_bus of the image say: cdrom and usb, say. If
	// both are empty, it takes the place of the root disk.
	Device, Bus string
	Password    string // of the administrator in the system on the disk, for the config drive
}

// A Resizer makes servers larger or smaller, on their host or on another one.
// The host that a server leaves keeps it, shut down, until that is confirmed or
// reverted; the server isn't among those of the host meanwhile, unless it stays
// there. Destroy removes what is kept as well.
type Resizer interface {
	// MigrateOut shuts a server down, and keeps it. It returns what MigrateIn has
	// to know of it on the other host, or on the same.
	MigrateOut(ctx context.Context, s nova.Server) (disks string, err error)
	// MigrateIn makes the server that another host keeps, in the size that s has
	// now, and starts it if on says so. A server that is there already is left
	// as it is.
	MigrateIn(ctx context.Context, s nova.Server, disks string, devices Devices, on bool) error
	// ConfirmMigration removes what is kept of a server. If nothing is, that is as
	// good.
	ConfirmMigration(ctx context.Context, s nova.Server) error
	// RevertMigration makes a server what it was before MigrateOut, and starts it
	// if on says so. What MigrateIn has made of it on the same host is removed.
	RevertMigration(ctx context.Context, s nova.Server, devices Devices, on bool) error
}

// A LiveMigrator takes servers to other hosts while they run, or are paused.
type LiveMigrator interface {
	// SendLive copies what a server has to where another host finds it, while the
	// server goes on here. It tells its progress, and ends soon once Hurry says so. It
	// returns what ReceiveLive has to know.
	SendLive(ctx context.Context, s nova.Server) (disks string, err error)
	// ReceiveLive takes over a server that another host has sent, as it is there. A
	// server that is here already is left as it is. The other host is then to destroy
	// what it has.
	ReceiveLive(ctx context.Context, s nova.Server, disks string, devices Devices) error
}

// A PasswordSetter changes passwords inside of servers.
type PasswordSetter interface {
	// SetAdminPassword changes the password of the administrator of a running
	// server: of the image's os_admin_user, or of root or Administrator. It is a
	// secret, also in errors.
	SetAdminPassword(ctx context.Context, s nova.Server, password string) error
}

// A CrashDumper makes the systems on servers crash.
type CrashDumper interface {
	// TriggerCrashDump has the system write a dump of itself, however it is set
	// up for that. The server runs or is paused, and stays so.
	TriggerCrashDump(ctx context.Context, s nova.Server) error
}

// A Diagnoser counts what servers do.
type Diagnoser interface {
	// Diagnostics are the counters of a running server.
	Diagnostics(ctx context.Context, s nova.Server) (nova.Diagnostics, error)
}

// A Snapshotter reads the disks of servers.
type Snapshotter interface {
	// Snapshot opens the server's root disk as it is now. What happens to the
	// server later, even its end, doesn't change what is read.
	Snapshot(ctx context.Context, s nova.Server) (Snapshot, error)
}

// A Consoler keeps what servers write to their consoles.
type Consoler interface {
	// ConsoleOutput gives the end of what the server wrote to its console:
	// maxBytes at the most.
	ConsoleOutput(ctx context.Context, s nova.Server, maxBytes int) ([]byte, error)
}

// An Attacher plugs NICs into servers that are there already, whatever these are
// doing.
type Attacher interface {
	// AttachInterface plugs a NIC in. A server has one NIC at the most for a port.
	AttachInterface(ctx context.Context, s nova.Server, nic NIC) error
	// DetachInterface unplugs the NIC of a port. To unplug what isn't there is no
	// failure.
	DetachInterface(ctx context.Context, s nova.Server, portID string) error
	// Interfaces lists the NICs that are plugged in, in their order.
	Interfaces(ctx context.Context, s nova.Server) ([]NIC, error)
}

// A VolumeAttacher gives servers disks that the block storage service keeps, whatever
// the servers are doing. A server has one disk at the most for a volume.
type VolumeAttacher interface {
	// Connector says who the host is, for the block storage service to let it reach
	// volumes.
	Connector(ctx context.Context) (nova.Connector, error)
	// AttachVolume connects the host to a volume, and plugs it into a server.
	AttachVolume(ctx context.Context, s nova.Server, v Volume) error
	// DetachVolume unplugs a volume and ends the host's connection to it. To unplug
	// what isn't there is no failure.
	DetachVolume(ctx context.Context, s nova.Server, volumeID string) error
	// Volumes lists the IDs of the volumes that are plugged in, in their order.
	Volumes(ctx context.Context, s nova.Server) ([]string, error)
}

// A VolumeExtender has servers see that volumes have grown, without a restart.
type VolumeExtender interface {
	// ExtendVolume tells how large a volume is now, in bytes, which is larger than it
	// was. NotFound for one that isn't plugged in.
	ExtendVolume(ctx context.Context, s nova.Server, volumeID string, size int64) error
}

// A VolumeSwapper has servers go on with other volumes than they have, while they run.
type VolumeSwapper interface {
	// SwapVolume copies what is on a volume to another one, which is as large at least, and
	// plugs that in instead. A server that has the other one already keeps it. NotFound
	// for a server that has neither.
	SwapVolume(ctx context.Context, s nova.Server, volumeID string, to Volume) error
	// RenameVolume says that a volume has another ID now, and how the host reaches it. A
	// server that knows it by the new ID is left as it is. NotFound for a server that has
	// neither.
	RenameVolume(ctx context.Context, s nova.Server, volumeID string, to Volume) error
}

// A ConsoleOpener lets clients use the consoles of servers.
type ConsoleOpener interface {
	// OpenConsole gives the address of a server's console in a protocol of the
	// API: vnc, spice, serial, mks. NotImplemented for one that the hypervisor
	// does not speak. Somebody listens there as long as the driver lives.
	OpenConsole(ctx context.Context, s nova.Server, protocol string) (nova.ConsoleAddress, error)
}

// A DiskReader shows what a server was given when it was made, as its guest
// finds it.
type DiskReader interface {
	// Files are those that were put on the server's disk.
	Files(ctx context.Context, s nova.Server) (fs.FS, error)
	// ConfigDrive is what is on the server's config drive: see package
	// configdrive. Conflict for a server without one.
	ConfigDrive(ctx context.Context, s nova.Server) (fs.FS, error)
	// OpenVolume opens a volume as its guest would, to read and to write. NotFound
	// for one that isn't plugged in.
	OpenVolume(ctx context.Context, s nova.Server, volumeID string) (VolumeData, error)
}

// VolumeData is what is on a volume.
type VolumeData interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Size is how large the volume is for the guest, in bytes. What was larger when the
	// guest opened it counts from the next time.
	Size() int64
}

// As is a driver with a capability, such as As[Pauser]. The error is
// NotImplemented if the driver doesn't have it.
func As[C any](d Driver) (C, error) {
	capable, ok := d.(C)
	if !ok {
		return capable, Unsupported()
	}
	return capable, nil
}
