package virttest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// volumes plugs volumes in and out, each twice, as after a crash. The driver of
// another process finds them, and what one server has written another reads.
func volumes(t *testing.T, host Host) {
	d := host(t)
	s, first, second := running(t, d), newVolume(t), newVolume(t)
	for range 2 {
		do(t, "attach", volumer(d).AttachVolume(t.Context(), s, first))
		wantVolumes(t, d, s, first.ID)
	}
	do(t, "power off", d.PowerOff(t.Context(), s))
	do(t, "attach", volumer(d).AttachVolume(t.Context(), s, second))
	wantVolumes(t, host(t), s, first.ID, second.ID)
	do(t, "hard reboot", d.HardReboot(t.Context(), s))
	wantVolumes(t, d, s, first.ID, second.ID)
	writeVolume(t, d, s, second.ID, "a letter")
	for range 2 {
		do(t, "detach", volumer(d).DetachVolume(t.Context(), s, second.ID))
		wantVolumes(t, host(t), s, first.ID)
	}
	other := running(t, d)
	do(t, "attach", volumer(d).AttachVolume(t.Context(), other, second))
	wantOnVolume(t, d, other, second.ID, "a letter")
	stranger := newServer()
	wantKind(t, "attach to an unknown server", volumer(d).AttachVolume(t.Context(), stranger, first), nova.NotFound)
	wantKind(t, "detach from an unknown server", volumer(d).DetachVolume(t.Context(), stranger, first.ID), nova.NotFound)
	_, err := volumer(d).Volumes(t.Context(), stranger)
	wantKind(t, "volumes of an unknown server", err, nova.NotFound)
	connector, err := volumer(d).Connector(t.Context())
	do(t, "connector", err)
	if host, _ := connector["host"].(string); host == "" {
		t.Errorf("the host is nobody: %v", connector)
	}
}

// bootWithVolumes makes a server that boots from a volume and has another, twice, as
// after a crash: there is no disk of its own then, and both volumes are there once.
func bootWithVolumes(t *testing.T, host Host) {
	d := host(t)
	s, root, data := newServer(), newVolume(t), newVolume(t)
	root.Root, root.Device = true, "/dev/vda"
	destroyLater(t, d, s)
	for range 2 {
		do(t, "spawn", d.Spawn(t.Context(), s, virt.Build{Devices: virt.Devices{NICs: nics(), Volumes: []virt.Volume{root, data}}}))
		wantVolumes(t, host(t), s, root.ID, data.ID)
	}
	wantPower(t, d, s, nova.Running)
}

// extendVolume makes a volume larger while a server has it: the server sees that once it is
// told, and not before. To tell it twice is no failure.
func extendVolume(t *testing.T, host Host) {
	d := host(t)
	s, v := running(t, d), newVolume(t)
	extender, _ := d.(virt.VolumeExtender) // which it is, or the test would not run
	wantKind(t, "extend what is not plugged in", extender.ExtendVolume(t.Context(), s, v.ID, 2*imageSize), nova.NotFound)
	do(t, "attach", volumer(d).AttachVolume(t.Context(), s, v))
	path, _ := v.Connection.Data["device_path"].(string)
	do(t, "grow", os.Truncate(path, 2*imageSize))
	wantSize(t, d, s, v.ID, imageSize)
	for range 2 {
		do(t, "extend", extender.ExtendVolume(t.Context(), s, v.ID, 2*imageSize))
		wantSize(t, host(t), s, v.ID, 2*imageSize)
	}
	wantKind(t, "extend for an unknown server", extender.ExtendVolume(t.Context(), newServer(), v.ID, 2*imageSize), nova.NotFound)
}

// swapVolume puts another volume in the place of one, twice, as after a crash: what was on
// the one is on the other, and nothing else. Then the other one gets another ID.
func swapVolume(t *testing.T, host Host) {
	d := host(t)
	s, first, last, second := running(t, d), newVolume(t), newVolume(t), newVolume(t)
	swapper, _ := d.(virt.VolumeSwapper) // which it is, or the test would not run
	for _, v := range []virt.Volume{first, last} {
		do(t, "attach", volumer(d).AttachVolume(t.Context(), s, v))
	}
	// The other volume is larger, and not as empty as it should be.
	path, _ := second.Connection.Data["device_path"].(string)
	do(t, "use before", os.WriteFile(path, []byte("something old"), 0o600))
	do(t, "grow", os.Truncate(path, 2*imageSize))
	writeVolume(t, d, s, first.ID, "a letter")
	for range 2 {
		do(t, "swap", swapper.SwapVolume(t.Context(), s, first.ID, second))
		wantVolumes(t, host(t), s, second.ID, last.ID)
		wantOnVolume(t, d, s, second.ID, "a letter\x00\x00\x00\x00\x00")
		wantSize(t, d, s, second.ID, 2*imageSize)
		// The second swap must not copy the old volume over what was written since.
		writeVolume(t, d, s, second.ID, "a letter")
	}
	// The other volume takes the ID of the first one, as when it was moved.
	renamed := second
	renamed.ID = first.ID
	for range 2 {
		do(t, "rename", swapper.RenameVolume(t.Context(), s, second.ID, renamed))
		wantVolumes(t, host(t), s, first.ID, last.ID)
		wantOnVolume(t, d, s, first.ID, "a letter")
	}
	stranger := newVolume(t)
	wantKind(t, "swap what is not plugged in", swapper.SwapVolume(t.Context(), s, stranger.ID, newVolume(t)), nova.NotFound)
	wantKind(t, "rename what is not plugged in", swapper.RenameVolume(t.Context(), s, stranger.ID, newVolume(t)), nova.NotFound)
	wantKind(t, "swap for an unknown server", swapper.SwapVolume(t.Context(), newServer(), first.ID, second), nova.NotFound)
}

// wantSize compares how large a volume is for its server, in bytes, if the driver lets
// tests see that: the last byte can be written, and the one after it can't.
func wantSize(t *testing.T, d virt.Driver, s nova.Server, id string, want int64) {
	t.Helper()
	if reader, ok := d.(virt.DiskReader); ok {
		data, err := reader.OpenVolume(t.Context(), s, id)
		do(t, "open a volume", err)
		if data.Size() != want {
			t.Errorf("size of the volume: %d, want %d", data.Size(), want)
		}
		_, err = data.WriteAt([]byte{1}, want-1)
		do(t, "write the last byte", err)
		if _, err := data.WriteAt([]byte{1}, want); err == nil {
			t.Error("a byte beyond the end can be written")
		}
		do(t, "close a volume", data.Close())
	}
}

// newVolume is a volume in a file, as the bundled block storage service has them.
func newVolume(t *testing.T) virt.Volume {
	t.Helper()
	id := newServer().ID
	path := filepath.Join(t.TempDir(), id)
	do(t, "make a volume", os.WriteFile(path, make([]byte, imageSize), 0o600))
	return virt.Volume{ID: id, Device: "/dev/vdb", Connection: nova.VolumeConnection{Driver: "local", Data: map[string]any{"device_path": path}}}
}

// volumer is the driver as one that plugs volumes in. A driver that can't has none of
// these tests.
func volumer(d virt.Driver) virt.VolumeAttacher {
	attacher, _ := d.(virt.VolumeAttacher) // which it is, or the test would not run
	return attacher
}

// wantVolumes compares the volumes that are plugged in, by their IDs and in the order
// in which the server got them.
func wantVolumes(t *testing.T, d virt.Driver, s nova.Server, want ...string) {
	t.Helper()
	got, err := volumer(d).Volumes(t.Context(), s)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("volumes: %q, %v, want %q", got, err, want)
	}
}

// writeVolume writes the beginning of a volume, if the driver lets tests do that.
func writeVolume(t *testing.T, d virt.Driver, s nova.Server, id, text string) {
	t.Helper()
	if reader, ok := d.(virt.DiskReader); ok {
		data, err := reader.OpenVolume(t.Context(), s, id)
		do(t, "open a volume", err)
		_, err = data.WriteAt([]byte(text), 0)
		do(t, "write to a volume", err)
		do(t, "close a volume", data.Close())
	}
}

// wantOnVolume reads the beginning of a volume, if the driver lets tests do that.
func wantOnVolume(t *testing.T, d virt.Driver, s nova.Server, id, want string) {
	t.Helper()
	if reader, ok := d.(virt.DiskReader); ok {
		data, err := reader.OpenVolume(t.Context(), s, id)
		do(t, "open a volume", err)
		got := make([]byte, len(want))
		_, err = data.ReadAt(got, 0)
		do(t, "read a volume", err)
		do(t, "close a volume", data.Close())
		if string(got) != want {
			t.Errorf("on the volume: %q, want %q", got, want)
		}
	}
}
