// Package virt is how servers are run: the interface that a hypervisor's
// driver fulfils. Drivers know the nouns of package nova and nothing else.
package virt

import (
	"context"
	"io"

	"github.com/nova-api/nova-api/internal/nova"
)

// A Driver runs servers on one host. This is what all drivers can do; what only
// some can is in capabilities.go.
//
// Every verb may be called again after a crash at any point of the call before,
// and then ends in the same state: what is so already is left alone. A verb that
// the server's power state doesn't allow fails with nova.Conflict, and all but
// Destroy fail with nova.NotFound for a server that isn't on the host.
type Driver interface {
	// Nodes lists what the host offers: itself, or the nodes of its cluster.
	Nodes(ctx context.Context) ([]Node, error)
	// List lists the IDs of the servers on the host, in no particular order.
	List(ctx context.Context) ([]string, error)
	// PowerState tells what the hypervisor says of a server.
	PowerState(ctx context.Context, s nova.Server) (nova.PowerState, error)

	// Spawn makes a server and starts it. One that is there already is started,
	// and keeps what it was made of.
	Spawn(ctx context.Context, s nova.Server, b Build) error
	// Destroy stops a server and removes what it had on the host. To destroy
	// what isn't there is no failure.
	Destroy(ctx context.Context, s nova.Server) error

	// PowerOn starts a server that is shut down.
	PowerOn(ctx context.Context, s nova.Server) error
	// PowerOff shuts a server down, whatever it is doing.
	PowerOff(ctx context.Context, s nova.Server) error
	// SoftReboot asks a running server to restart.
	SoftReboot(ctx context.Context, s nova.Server) error
	// HardReboot starts a server afresh, whatever it was doing.
	HardReboot(ctx context.Context, s nova.Server) error
}

// A Node is what the scheduler is told of a hypervisor.
type Node struct {
	Name    string // unique in the cloud; that of the host, unless the host is a cluster
	Type    string // as clients know it: fake, QEMU
	Version int    // 1002003 is 1.2.3
	IP      string // of the host
	CPUInfo string // JSON: vendor, model, arch, features, topology
	VCPUs   int
	RAM     int // MB
	Disk    int // GB
}

// A Build is what a server is made of, beside what the server itself says: its
// key, its user data, and whether it has a config drive.
type Build struct {
	Devices
	Image    ImageSource // nil for a server that boots from a volume
	Files    []File      // to be put on the server's disk
	Password string      // of the server's administrator; empty for none
}

// Devices are what a server is connected to beyond its host.
type Devices struct {
	NICs    []NIC
	Volumes []Volume // in the order of their devices; the one with Root is booted from
}

// A File is put on a server's disk before the server starts.
type File struct {
	Path string // as the client wrote it
	Data []byte
}

// An ImageSource opens the data of a server's image, from the start. The
// driver closes it, and needn't read it to the end.
type ImageSource func(ctx context.Context) (io.ReadCloser, error)

// A NIC is one of a server's connections to the network.
type NIC struct {
	PortID    string
	NetworkID string
	MAC       string
	IPs       []string
	Tag       string // by which the guest knows the device; empty for none
}

// A Volume is a disk of a server that the block storage service keeps.
type Volume struct {
	ID         string
	Device     string                // as the guest sees it, such as /dev/vdb
	Bus, Type  string                // empty: the driver's choice, and a disk
	Tag        string                // by which the guest knows the device; empty for none
	Root       bool                  // the server boots from it
	Connection nova.VolumeConnection // how the host reaches the data; may hold secrets
}

// A Snapshot is the root disk of a server at one moment. The caller closes
// the data.
type Snapshot struct {
	Data       io.ReadCloser
	Size       int64  // of the data, in bytes
	DiskFormat string // in the image service's words: raw, qcow2
}
