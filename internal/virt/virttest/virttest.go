// Package virttest is what every driver of package virt must be able to do,
// as tests. A driver's own test calls Exercise.
//
// What a driver promises is written at virt.Driver and its capabilities; each
// test here holds a driver to a part of that. The worker relies on three things
// above all: a step can be repeated after a crash at any point, an error has the
// right kind, and a server's state is on its host and not in the driver.
package virttest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// A Host opens the driver of one host. Each call stands for another process:
// it gives a new driver, which finds what those before it left.
type Host func(t *testing.T) virt.Driver

// Exercise runs the suite: what all drivers must do, and what this one can do
// beyond that. It asks for a host of its own for each test, and leaves none of
// its servers there.
func Exercise(t *testing.T, newHost func(t *testing.T) Host) {
	t.Helper()
	all := can[virt.Driver]
	for _, tt := range []struct {
		name string
		can  func(virt.Driver) bool
		test func(t *testing.T, host Host)
	}{
		{"nodes", all, nodes},
		{"spawn", all, spawn},
		{"spawn twice", all, spawnTwice},
		{"spawn from volume", all, spawnFromVolume},
		{"spawn after a crash", all, spawnAfterCrash},
		{"spawn what was stopped", all, spawnStopped},
		{"destroy", all, destroy},
		{"unknown server", all, unknownServer},
		{"power", all, power},
		{"restart of the driver", all, restart},
		{"cancelled", all, cancelled},
		{"resize in place", can[virt.Resizer], resizeInPlace},
		{"resize elsewhere", can[virt.Resizer], func(t *testing.T, host Host) { resizeElsewhere(t, host, newHost(t)) }},
		{"live migration", can[virt.LiveMigrator], func(t *testing.T, host Host) { liveMigration(t, host, newHost(t)) }},
		{"resize of an unknown server", can[virt.Resizer], resizeUnknown},
		{"snapshot", can[virt.Snapshotter], snapshot},
		{"diagnostics", can[virt.Diagnoser], diagnostics},
		{"rescue", can[virt.Rescuer], rescueAndBack},
		{"boot from snapshot", can[virt.Snapshotter], bootFromSnapshot},
		{"console", can[virt.Consoler], console},
		{"files", can[virt.DiskReader], diskFiles},
		{"config drive", can[virt.DiskReader], configDrive},
		{"interfaces", can[virt.Attacher], interfaces},
		{"interfaces at once", can[virt.Attacher], interfacesAtOnce},
		{"volumes", can[virt.VolumeAttacher], volumes},
		{"boot with volumes", can[virt.VolumeAttacher], bootWithVolumes},
		{"extend volume", can[virt.VolumeExtender], extendVolume},
		{"swap volume", can[virt.VolumeSwapper], swapVolume},
		{"many at once", all, manyAtOnce},
		{"one by many", all, oneByMany},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// A driver that lacks the capability has nothing to show here.
			if host := newHost(t); tt.can(host(t)) {
				tt.test(t, host)
			}
		})
	}
}

// image is the data of an image: the same bytes, unlike anything else's. It has no
// zeros to save and nothing to compress, so that it is found on a disk as it is.
func image() []byte {
	const seed = 7
	data := make([]byte, imageSize)
	_, _ = mathrand.NewChaCha8([32]byte{seed}).Read(data)
	return data
}

// imageSize is in bytes: enough for several reads, and little enough for many
// servers at once.
const imageSize = 64 << 10

// A source serves an image, and counts how many readers are open.
type source struct {
	data  []byte
	fails error // what comes after the data, instead of the end
	open  atomic.Int32
}

// Open begins to read the image. Whoever opens it has to close it, on failure too.
func (s *source) Open(context.Context) (io.ReadCloser, error) {
	s.open.Add(1)
	var r io.Reader = bytes.NewReader(s.data)
	if s.fails != nil {
		r = io.MultiReader(r, failingReader{s.fails})
	}
	return &reader{Reader: r, open: &s.open}, nil
}

// build makes a server of the image.
func (s *source) build() virt.Build { return virt.Build{Image: s.Open, Devices: devices()} }

// A reader counts itself out when it is closed.
type reader struct {
	io.Reader
	open *atomic.Int32
}

// Close counts the reader out.
func (r *reader) Close() error {
	r.open.Add(-1)
	return nil
}

// A failingReader is a connection that breaks.
type failingReader struct{ err error }

// Read fails as a connection does that was cut: after the data, without an end.
func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// errCut is no error of a kind, as those of connections are not.
var errCut = errors.New("the connection was cut")

// newServer is a small server that no host has seen. Its ID is random, so that
// suites run side by side on one host.
func newServer() nova.Server {
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return nova.Server{
		Serial: mathrand.Int64N(1 << 30), //nolint:gosec // only to be different
		ID:     fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]),
		Name:   "web 1", Hostname: "web-1", ProjectID: "demo",
		Flavor: nova.Flavor{ID: "42", Name: "m1.nano", VCPUs: 1, RAM: 64, Disk: 1},
	}
}

// nics is one port with one address, as every server of the suite has it.
func nics() []virt.NIC {
	return []virt.NIC{{
		PortID: "3b2e3b8c-0a5c-4d8e-9a43-3a6b9d1c7d10", NetworkID: "b2f7b0c1-1d8b-4a58-8a57-3f5ae1f0e6a2",
		MAC: "fa:16:3e:00:00:01", IPs: []string{"10.0.0.5"},
	}}
}

// devices are what every server of the suite is connected to.
func devices() virt.Devices { return virt.Devices{NICs: nics()} }

// running spawns a server and sees to its end. The test's end removes it.
func running(t *testing.T, d virt.Driver) nova.Server {
	t.Helper()
	s := newServer()
	src := &source{data: image()}
	mustSpawn(t, d, s, src)
	return s
}

// mustSpawn spawns a server from an image, and finds out whether the driver has
// closed the image.
func mustSpawn(t *testing.T, d virt.Driver, s nova.Server, src *source) {
	t.Helper()
	destroyLater(t, d, s)
	if err := d.Spawn(t.Context(), s, src.build()); err != nil {
		t.Fatalf("spawn: %v", err)
	}
	if n := src.open.Load(); n != 0 {
		t.Errorf("spawn left %d readers of the image open", n)
	}
}

// destroyLater removes a server at the test's end, whatever has become of it.
func destroyLater(t *testing.T, d virt.Driver, s nova.Server) {
	t.Helper()
	t.Cleanup(func() { _ = d.Destroy(context.WithoutCancel(t.Context()), s) })
}

// wantPower asks the driver, not what the test remembers.
func wantPower(t *testing.T, d virt.Driver, s nova.Server, want nova.PowerState) {
	t.Helper()
	got, err := d.PowerState(t.Context(), s)
	if err != nil || got != want {
		t.Errorf("power state = %d, %v, want %d", got, err, want)
	}
	if consoler, err := virt.As[virt.Consoler](d); err == nil {
		_, err := consoler.ConsoleOutput(t.Context(), s, 1<<20)
		do(t, "console of a server whose power is known", err)
	}
}

// wantKind compares kinds of error: the worker decides by them whether to try
// again, to fail the action or to take the server for lost.
func wantKind(t *testing.T, what string, err error, want nova.Kind) {
	t.Helper()
	if !nova.Is(err, want) {
		t.Errorf("%s: %v (kind %d), want kind %d", what, err, nova.KindOf(err), want)
	}
}

// wantListed looks for a server among those that the host says it has.
func wantListed(t *testing.T, d virt.Driver, s nova.Server, want bool) {
	t.Helper()
	ids, err := d.List(t.Context())
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	if got := slices.Contains(ids, s.ID); got != want {
		t.Errorf("listed = %t, want %t", got, want)
	}
}

// do ends the test with the first step that fails: what follows would only fail
// because of it.
func do(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// disk reads all of a server's snapshot: nothing if the driver takes none.
func disk(t *testing.T, d virt.Driver, s nova.Server) []byte {
	t.Helper()
	snapshotter, ok := d.(virt.Snapshotter)
	if !ok {
		return nil
	}
	shot, err := snapshotter.Snapshot(t.Context(), s)
	if err != nil {
		t.Fatalf("snapshot: %v", err)
	}
	return readShot(t, shot)
}

// wantOnDisk looks for data on a server's disk, if the driver can read it.
func wantOnDisk(t *testing.T, d virt.Driver, s nova.Server, data []byte) {
	t.Helper()
	if can[virt.Snapshotter](d) && !bytes.Contains(disk(t, d, s), data) {
		t.Error("the disk doesn't hold the image")
	}
}

// It is closed like any reader of a driver's, which may hold a file open.
func readShot(t *testing.T, shot virt.Snapshot) []byte {
	t.Helper()
	data, err := io.ReadAll(shot.Data)
	if err != nil {
		t.Fatalf("read snapshot: %v", err)
	}
	if err := shot.Data.Close(); err != nil {
		t.Errorf("close snapshot: %v", err)
	}
	if int64(len(data)) != shot.Size {
		t.Errorf("snapshot has %d bytes, and says %d", len(data), shot.Size)
	}
	return data
}
