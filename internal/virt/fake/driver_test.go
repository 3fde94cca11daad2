package fake_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/fake"
	"github.com/nova-api/nova-api/internal/virt/virttest"
)

func open(t testing.TB, o fake.Options) *fake.Driver {
	t.Helper()
	o.Host, o.VCPUs, o.RAM, o.Disk = "fake-1", 128, 524288, 8192
	d, err := fake.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func server(n int) nova.Server {
	return nova.Server{
		Serial: int64(n), ID: fmt.Sprintf("%08x-0000-4000-8000-000000000000", n),
		Name: fmt.Sprintf("web %d", n), Hostname: fmt.Sprintf("web-%d", n),
		Flavor: nova.Flavor{VCPUs: 2, RAM: 64, Disk: 1},
	}
}

func imageOf(data string) virt.ImageSource {
	return func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(data)), nil }
}

func read(t *testing.T, d virt.Snapshotter, s nova.Server) string {
	t.Helper()
	shot, err := d.Snapshot(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(shot.Data)
	if err != nil {
		t.Fatal(err)
	}
	if err := shot.Data.Close(); err != nil {
		t.Error(err)
	}
	return string(data)
}

// files lists what is in a folder and below, but for folders.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, err = filepath.Rel(dir, name)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestDriver(t *testing.T) {
	t.Parallel()
	virttest.Exercise(t, func(t *testing.T) virttest.Host {
		t.Helper()
		dir := t.TempDir()
		return func(t *testing.T) virt.Driver {
			t.Helper()
			return open(t, fake.Options{Dir: dir})
		}
	})
}

// TestDriver_Core holds a driver without any capability to what all drivers must
// do.
func TestDriver_Core(t *testing.T) {
	t.Parallel()
	virttest.Exercise(t, func(t *testing.T) virttest.Host {
		t.Helper()
		dir := t.TempDir()
		return func(t *testing.T) virt.Driver {
			t.Helper()
			return struct{ virt.Driver }{open(t, fake.Options{Dir: dir})}
		}
	})
}

func TestSnapshot_TellsTheServers(t *testing.T) {
	t.Parallel()
	d := open(t, fake.Options{Dir: t.TempDir()})
	first, second, child := server(1), server(2), server(3)
	for _, s := range []nova.Server{first, second} {
		if err := d.Spawn(t.Context(), s, virt.Build{Image: imageOf("image")}); err != nil {
			t.Fatal(err)
		}
	}
	one, two := read(t, d, first), read(t, d, second)
	if one == two {
		t.Error("the snapshots of two servers are the same")
	}
	if err := d.Spawn(t.Context(), child, virt.Build{Image: imageOf(one)}); err != nil {
		t.Fatal(err)
	}
	grown := read(t, d, child)
	if !strings.Contains(grown, child.ID) || !strings.HasSuffix(grown, one) {
		t.Errorf("the disk of a server made of %q is %q", one, grown)
	}
}

func TestSpawn_BoundsTheDisk(t *testing.T) {
	t.Parallel()
	d := open(t, fake.Options{Dir: t.TempDir(), DiskBytes: 4})
	if err := d.Spawn(t.Context(), server(1), virt.Build{Image: imageOf("imagedata")}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, d, server(1)); !strings.HasSuffix(got, "\nimag") {
		t.Errorf("disk = %q, want the first four bytes of the image", got)
	}
}

func TestSpawn_LeavesFiles(t *testing.T) {
	t.Parallel()
	const name = "servers/ab/ab000000-0000-4000-8000-000000000000"
	plain, equipped := server(0xab<<24), server(0xab<<24)
	equipped.ConfigDrive = true
	for _, tt := range []struct {
		server nova.Server
		files  []virt.File
		want   []string
	}{
		{plain, nil, []string{name + ".disk", name + ".json"}},
		{equipped, []virt.File{{Path: "/etc/motd"}}, []string{name + ".config.zip", name + ".disk", name + ".files.zip", name + ".json"}},
	} {
		dir := t.TempDir()
		d := open(t, fake.Options{Dir: dir})
		if err := d.Spawn(t.Context(), tt.server, virt.Build{Image: imageOf("image"), Files: tt.files}); err != nil {
			t.Fatal(err)
		}
		if got := files(t, dir); !slices.Equal(got, tt.want) {
			t.Errorf("files = %q, want %q", got, tt.want)
		}
		if err := d.Destroy(t.Context(), tt.server); err != nil {
			t.Fatal(err)
		}
		if got := files(t, dir); len(got) != 0 {
			t.Errorf("left after destroy: %q", got)
		}
	}
}

// A spawn that waits for its image finds that another has made the server
// meanwhile, and starts that one instead of making it anew.
func TestSpawn_AnotherWasFaster(t *testing.T) {
	t.Parallel()
	d := open(t, fake.Options{Dir: t.TempDir()})
	s := server(1)
	slow := func(ctx context.Context) (io.ReadCloser, error) {
		if err := d.Spawn(ctx, s, virt.Build{Image: imageOf("first")}); err != nil {
			return nil, err
		}
		return io.NopCloser(strings.NewReader("second")), d.PowerOff(ctx, s)
	}
	if err := d.Spawn(t.Context(), s, virt.Build{Image: slow}); err != nil {
		t.Fatal(err)
	}
	if state, err := d.PowerState(t.Context(), s); state != nova.Running {
		t.Errorf("power state = %d, %v", state, err)
	}
	if got := read(t, d, s); !strings.HasSuffix(got, "first") {
		t.Errorf("disk = %q, want that of the first", got)
	}
}

func TestHardReboot_ByMany(t *testing.T) {
	t.Parallel()
	const callers = 10
	d := open(t, fake.Options{Dir: t.TempDir()})
	if err := d.Spawn(t.Context(), server(1), virt.Build{}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			if err := d.HardReboot(t.Context(), server(1)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	text, err := d.ConsoleOutput(t.Context(), server(1), 1<<20)
	if got := bytes.Count(text, []byte("Linux version")); err != nil || got != 1+callers {
		t.Errorf("the console tells of %d boots, %v, want %d", got, err, 1+callers)
	}
}

func TestNew_SweepsWhatWasCutOff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	open(t, fake.Options{Dir: dir})
	old, young := filepath.Join(dir, "tmp", "old"), filepath.Join(dir, "tmp", "young")
	for name, at := range map[string]time.Time{old: now.Add(-2 * time.Hour), young: now.Add(-time.Minute)} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	open(t, fake.Options{Dir: dir})
	if got := files(t, dir); !slices.Equal(got, []string{"tmp/young"}) {
		t.Errorf("files = %q, want only the young one", got)
	}
}

func TestDriver_RefusesStrangeIDs(t *testing.T) {
	t.Parallel()
	d := open(t, fake.Options{Dir: t.TempDir()})
	for _, id := range []string{"", "a", "../../etc/passwd", "a/b", "..", strings.Repeat("a", 65), "a\x00b"} {
		s := nova.Server{ID: id}
		if err := d.Spawn(t.Context(), s, virt.Build{}); !nova.Is(err, nova.NotFound) {
			t.Errorf("spawn %q: %v", id, err)
		}
		if _, err := d.PowerState(t.Context(), s); !nova.Is(err, nova.NotFound) {
			t.Errorf("power state of %q: %v", id, err)
		}
	}
}

func TestConsoleOutput(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	d := open(t, fake.Options{Dir: t.TempDir(), Clock: func() time.Time { return now }})
	s := server(7)
	nics := []virt.NIC{{MAC: "fa:16:3e:00:00:07", IPs: []string{"10.0.0.7", "fd00::7"}}}
	if err := d.Spawn(t.Context(), s, virt.Build{Image: imageOf("image"), Devices: virt.Devices{NICs: nics}}); err != nil {
		t.Fatal(err)
	}
	look := func(most int) []byte {
		t.Helper()
		text, err := d.ConsoleOutput(t.Context(), s, most)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, want := range []string{
		"[    0.000000] Linux version", s.ID, "web 7", "instance-00000007", "Brought up 1 node, 2 CPUs", "65536K",
		"fa:16:3e:00:00:07", "10.0.0.7, fd00::7", "2026-11-22T18:00:00 UTC", "\nweb-7 login: \n",
	} {
		if !bytes.Contains(look(1<<20), []byte(want)) {
			t.Errorf("the console lacks %q:\n%s", want, look(1<<20))
		}
	}
	now = now.Add(90 * time.Second)
	if err := d.PowerOff(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if want := "[   90.041807] reboot: Power down\n"; !bytes.HasSuffix(look(1<<20), []byte(want)) {
		t.Errorf("the console doesn't end in %q:\n%s", want, look(1<<20))
	}
	for range 50 {
		if err := d.HardReboot(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if got, most := len(look(1<<20)), 64<<10; got > most {
		t.Errorf("the console of a server that was rebooted 50 times has %d bytes, want at most %d", got, most)
	}
}

func TestConsoleOutput_CutsBetweenCharacters(t *testing.T) {
	t.Parallel()
	d := open(t, fake.Options{Dir: t.TempDir()})
	s := server(1)
	s.Hostname = "€"
	if err := d.Spawn(t.Context(), s, virt.Build{}); err != nil {
		t.Fatal(err)
	}
	for most, want := range map[int]string{9: " login: \n", 10: " login: \n", 11: " login: \n", 12: "€ login: \n"} {
		got, err := d.ConsoleOutput(t.Context(), s, most)
		if err != nil || string(got) != want {
			t.Errorf("last %d bytes = %q, %v, want %q", most, got, err, want)
		}
	}
}

func BenchmarkSpawn(b *testing.B) {
	d := open(b, fake.Options{Dir: b.TempDir()})
	n := 0
	for b.Loop() {
		n++
		if err := d.Spawn(b.Context(), server(n*0x10001), virt.Build{Image: imageOf("a small image")}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPowerState(b *testing.B) {
	d := open(b, fake.Options{Dir: b.TempDir()})
	if err := d.Spawn(b.Context(), server(1), virt.Build{}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := d.PowerState(b.Context(), server(1)); err != nil {
			b.Fatal(err)
		}
	}
}
