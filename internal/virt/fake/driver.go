// Package fake is a driver that runs nothing, believably: servers have power
// states, a console that grows and a disk that a snapshot really reads. All of
// it is files under one folder, so that it outlives the process, however that
// ends; nothing is kept in memory and nothing is scanned at the start.
package fake

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/tracing"
	"github.com/nova-api/nova-api/internal/virt"
)

// Options say what the host is like. One process at a time works in a folder.
type Options struct {
	Dir   string // where the host keeps everything; made if absent
	Host  string // the name of the host and of its node
	IP    string // 127.0.0.1 if empty
	VCPUs int
	RAM   int // MB
	Disk  int // GB

	// DiskBytes is how much of an image a disk is made of: 1 MiB if zero.
	DiskBytes int64
	// Faults is the file that says what shall go wrong: faults.json in the
	// folder if empty. See Fault.
	Faults string
	// Before, if there is one, is called before every verb with its name, and
	// fails the verb by failing. It is for tests within the process.
	Before func(ctx context.Context, verb string, s nova.Server) error
	// Times are how long verbs take, by the names in the table times, such as
	// boot_time; nothing at all if absent. Metadata of servers has the last word.
	Times map[string]time.Duration
	// Clock tells the time, and After tells when some of it has passed; nil for
	// the real ones.
	Clock func() time.Time
	After func(d time.Duration) <-chan time.Time
}

// Driver is one host that runs nothing.
type Driver struct {
	o      Options
	faults faults

	consoles consoles
	locks    [64]sync.Mutex // for the servers, by their IDs
}

// The fake has every capability.
var (
	_ virt.Driver         = (*Driver)(nil)
	_ virt.Pauser         = (*Driver)(nil)
	_ virt.Suspender      = (*Driver)(nil)
	_ virt.Resizer        = (*Driver)(nil)
	_ virt.LiveMigrator   = (*Driver)(nil)
	_ virt.Rescuer        = (*Driver)(nil)
	_ virt.PasswordSetter = (*Driver)(nil)
	_ virt.CrashDumper    = (*Driver)(nil)
	_ virt.Diagnoser      = (*Driver)(nil)
	_ virt.Snapshotter    = (*Driver)(nil)
	_ virt.Consoler       = (*Driver)(nil)
	_ virt.ConsoleOpener  = (*Driver)(nil)
	_ virt.DiskReader     = (*Driver)(nil)
	_ virt.Attacher       = (*Driver)(nil)
	_ virt.VolumeAttacher = (*Driver)(nil)
)

const (
	defaultDiskBytes = 1 << 20
	version          = 1000
	cpuInfo          = `{"arch": "x86_64", "vendor": "Fake", "model": "fake-v1", "features": ["sse2", "avx2"], ` +
		`"topology": {"sockets": %d, "cores": 1, "threads": 1}}`
)

// New opens the host, or makes it.
func New(o Options) (*Driver, error) {
	o.IP = cmp.Or(o.IP, "127.0.0.1")
	o.DiskBytes = cmp.Or(o.DiskBytes, defaultDiskBytes)
	o.Faults = cmp.Or(o.Faults, filepath.Join(o.Dir, "faults.json"))
	if o.Clock == nil {
		o.Clock = time.Now //nolint:forbidigo // the one place where the driver's clock is wound up
	}
	if o.After == nil {
		o.After = time.After
	}
	for name := range o.Times {
		if !slices.Contains(slices.Collect(maps.Values(times)), name) {
			return nil, fmt.Errorf("open fake host %s: nothing takes a %s", o.Host, name)
		}
	}
	d := &Driver{
		o: o, faults: faults{path: o.Faults},
		consoles: consoles{listeners: map[string]net.Listener{}, screens: map[string]*shared{}},
	}
	if err := os.MkdirAll(d.tmp(), 0o700); err != nil {
		return nil, fmt.Errorf("open fake host %s: %w", o.Host, err)
	}
	if err := d.sweep(); err != nil {
		return nil, err
	}
	return d, nil
}

// Nodes says what the host offers.
func (d *Driver) Nodes(ctx context.Context) (nodes []virt.Node, err error) {
	err = d.do(ctx, "nodes", nova.Server{}, func() error {
		nodes = []virt.Node{{
			Name: d.o.Host, Type: "fake", Version: version, IP: d.o.IP, CPUInfo: fmt.Sprintf(cpuInfo, d.o.VCPUs),
			VCPUs: d.o.VCPUs, RAM: d.o.RAM, Disk: d.o.Disk,
		}}
		return nil
	})
	return nodes, err
}

// List finds the servers in the folder, by looking at all of it.
func (d *Driver) List(ctx context.Context) (ids []string, err error) {
	err = d.do(ctx, "list", nova.Server{}, func() error {
		ids, err = d.ids(ctx)
		return err
	})
	return ids, err
}

// PowerState reads what the server is doing.
func (d *Driver) PowerState(ctx context.Context, s nova.Server) (state nova.PowerState, err error) {
	err = d.on(ctx, "power_state", s, func() error {
		m, err := d.load(s)
		state = m.Power
		return err
	})
	return state, err
}

// Spawn writes the server's disks, then the server. There is no server before
// its file is there, so to begin again is always right.
func (d *Driver) Spawn(ctx context.Context, s nova.Server, b virt.Build) error {
	return d.on(ctx, spawn, s, func() error {
		if done, err := d.reviveLocked(s); done || err != nil {
			return err
		}
		made, err := d.make(ctx, s, b)
		defer removeAll(made)
		if err == nil {
			err = d.settle(ctx, s, made, b)
		}
		if err != nil {
			return fmt.Errorf("spawn %s: %w", s.ID, err)
		}
		return nil
	})
}

// make writes the disks of a server under tmp, and names those that it has by
// their kinds.
func (d *Driver) make(ctx context.Context, s nova.Server, b virt.Build) (map[string]string, error) {
	return writeAll(map[string]func() (string, error){
		diskFile:   func() (string, error) { return d.writeDisk(ctx, s, label, b.Image) },
		filesFile:  func() (string, error) { return d.writeFiles(s, b) },
		configFile: func() (string, error) { return d.writeConfigDrive(s, b) },
	})
}

// settle puts the server's disks and then the server itself in their places,
// unless the caller has turned away meanwhile, or another was faster.
func (d *Driver) settle(ctx context.Context, s nova.Server, made map[string]string, b virt.Build) error {
	defer d.lock(s)()
	if err := ctx.Err(); err != nil {
		return err
	}
	if done, err := d.revive(s); done || err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(d.path(s, stateFile)), 0o700); err != nil {
		return err
	}
	if err := d.put(s, made); err != nil {
		return err
	}
	return d.save(newMachine(s, b, made, d.now()))
}

// reviveLocked is revive for callers that don't hold the lock.
func (d *Driver) reviveLocked(s nova.Server) (done bool, err error) {
	defer d.lock(s)()
	return d.revive(s)
}

// revive sees to it that a server runs which is there already, by an earlier
// Spawn whose end nobody heard of. The caller holds the lock.
func (d *Driver) revive(s nova.Server) (done bool, err error) {
	m, err := d.load(s)
	switch {
	case nova.Is(err, nova.NotFound):
		return false, nil
	case err != nil:
		return false, err
	case m.Power == nova.Running:
		return true, nil
	}
	m.become(nova.Running, hardReboot, d.now())
	return true, d.save(m)
}

// Destroy removes the server's files.
func (d *Driver) Destroy(ctx context.Context, s nova.Server) error {
	return d.on(ctx, destroy, s, func() error {
		defer d.lock(s)()
		return d.remove(s, slices.Concat([]string{stateFile, keptFile}, ownFiles, rescueFiles)...)
	})
}

// Snapshot opens the server's disk, which is never written again once it is
// there.
func (d *Driver) Snapshot(ctx context.Context, s nova.Server) (shot virt.Snapshot, err error) {
	err = d.on(ctx, snapshot, s, func() error {
		defer d.lock(s)()
		m, err := d.load(s)
		if err != nil {
			return err
		}
		if !m.OwnDisk {
			return nova.Errorf(nova.Conflict, "Instance %s has no disk on its host.", s.ID)
		}
		if shot, err = openDisk(d.path(s, diskFile)); err != nil {
			return err
		}
		shot.Data = &uploading{shot.Data, func() error {
			return d.on(ctx, upload, s, func() error { return nil })
		}}
		return nil
	})
	return shot, err
}

// ConsoleOutput tells the server's life as its console would have.
func (d *Driver) ConsoleOutput(ctx context.Context, s nova.Server, maxBytes int) (text []byte, err error) {
	err = d.on(ctx, "console_output", s, func() error {
		m, err := d.load(s)
		if err != nil {
			return err
		}
		text = tail(m.console(), maxBytes)
		return nil
	})
	return text, err
}

// on carries out a verb on a server.
func (d *Driver) on(ctx context.Context, verb string, s nova.Server, work func() error) error {
	if !isID(s.ID) {
		return virt.Unknown(s)
	}
	return d.do(ctx, verb, s, work)
}

// do carries out a verb, with what shall go wrong before and after it.
func (d *Driver) do(ctx context.Context, verb string, s nova.Server, work func() error) (err error) {
	ctx, span := tracing.Start(ctx, "driver "+verb, tracing.Text("nova.server", s.ID))
	defer func() { span.End(err) }()
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.o.Before != nil {
		if err := d.o.Before(ctx, verb, s); err != nil {
			return err
		}
	}
	fault, err := d.expected(verb, s)
	if err != nil {
		return err
	}
	if !fault.After {
		if err := d.strike(ctx, fault); err != nil {
			return err
		}
		return work()
	}
	if err := work(); err != nil {
		return err
	}
	return d.strike(ctx, fault)
}

// lock keeps others off a server until the function that it returns is called.
func (d *Driver) lock(s nova.Server) (unlock func()) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s.ID))
	mu := &d.locks[h.Sum32()%uint32(len(d.locks))]
	mu.Lock()
	return mu.Unlock
}

// now is the time by the driver's own clock, in UTC.
func (d *Driver) now() time.Time { return d.o.Clock().UTC() }
