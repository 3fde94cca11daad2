package virttest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"sync"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// nodes looks at what a host offers: at least one node, each with a name of its
// own, something to give out, an address and a description of its processor in
// JSON. The API shows all of these, and the scheduler counts with them.
func nodes(t *testing.T, host Host) {
	list, err := host(t).Nodes(t.Context())
	if err != nil || len(list) == 0 {
		t.Fatalf("nodes = %v, %v", list, err)
	}
	seen := map[string]bool{}
	for _, n := range list {
		if n.Name == "" || seen[n.Name] {
			t.Errorf("node %q is there twice, or without a name", n.Name)
		}
		seen[n.Name] = true
		if n.Type == "" || n.Version <= 0 || n.VCPUs <= 0 || n.RAM <= 0 || n.Disk <= 0 {
			t.Errorf("node %+v offers nothing", n)
		}
		if _, err := netip.ParseAddr(n.IP); err != nil {
			t.Errorf("node %s: %v", n.Name, err)
		}
		var info map[string]any
		if err := json.Unmarshal([]byte(n.CPUInfo), &info); err != nil {
			t.Errorf("node %s: cpu_info %q: %v", n.Name, n.CPUInfo, err)
		}
	}
}

// spawn makes a server from an image: it runs, and the host lists it.
func spawn(t *testing.T, host Host) {
	d := host(t)
	before := newServer()
	wantListed(t, d, before, false)
	s := running(t, d)
	wantPower(t, d, s, nova.Running)
	wantListed(t, d, s, true)
}

// spawnTwice repeats the step, as the worker does that takes it over from one that
// died after the driver had returned. The server must keep the disk that it has
// written to meanwhile.
func spawnTwice(t *testing.T, host Host) {
	d := host(t)
	s := running(t, d)
	data := disk(t, d, s)
	mustSpawn(t, d, s, &source{data: image()})
	wantPower(t, d, s, nova.Running)
	if !bytes.Equal(disk(t, d, s), data) {
		t.Error("the second spawn has changed the disk")
	}
	ids, err := d.List(t.Context())
	if err != nil || len(ids) != 1 {
		t.Errorf("servers = %v, %v, want one", ids, err)
	}
}

// spawnFromVolume makes a server without an image. It has no disk on the host, so
// there is nothing that could become an image.
func spawnFromVolume(t *testing.T, host Host) {
	d, s := host(t), newServer()
	destroyLater(t, d, s)
	for range 2 {
		do(t, "spawn", d.Spawn(t.Context(), s, virt.Build{Devices: devices()}))
		wantPower(t, d, s, nova.Running)
	}
	if snapshotter, ok := d.(virt.Snapshotter); ok {
		if shot, err := snapshotter.Snapshot(t.Context(), s); err == nil {
			_ = shot.Data.Close()
			t.Error("a server that boots from a volume has a disk on the host")
		}
	}
}

// spawnAfterCrash cuts the image off in the middle, and lets the next process
// begin again. No half a disk may pass for a whole one, and nothing may be left of
// a server that is given up.
func spawnAfterCrash(t *testing.T, host Host) {
	s := newServer()
	half := &source{data: image()[:imageSize/2], fails: errCut}
	if err := host(t).Spawn(t.Context(), s, half.build()); err == nil {
		t.Fatal("half an image made a server")
	}
	// A reader that stays open holds a connection to the image service.
	if n := half.open.Load(); n != 0 {
		t.Errorf("%d readers of the image are still open", n)
	}
	d := host(t)
	mustSpawn(t, d, s, &source{data: image()})
	wantPower(t, d, s, nova.Running)
	wantOnDisk(t, d, s, image())
	// The same, but the server is given up.
	given := newServer()
	half = &source{data: image()[:imageSize/2], fails: errCut}
	_ = host(t).Spawn(t.Context(), given, half.build())
	do(t, "destroy", host(t).Destroy(t.Context(), given))
	wantListed(t, host(t), given, false)
}

// spawnStopped repeats the step for a server that does not run, as after a crash
// of the host: spawn leaves every server running.
func spawnStopped(t *testing.T, host Host) {
	d := host(t)
	s := running(t, d)
	do(t, "power off", d.PowerOff(t.Context(), s))
	mustSpawn(t, d, s, &source{data: image()})
	wantPower(t, d, s, nova.Running)
}

// destroy removes servers in every power state, twice: the second time there is
// nothing to remove, which is no error. Other servers stay as they are.
func destroy(t *testing.T, host Host) {
	d := host(t)
	for _, row := range grid(d) {
		s, other := running(t, d), running(t, d)
		// The other server is there to be left alone.
		do(t, row.name, row.reach.do(d, t.Context(), s))
		for range 2 {
			do(t, "destroy "+row.name, d.Destroy(t.Context(), s))
			wantListed(t, d, s, false)
		}
		_, err := d.PowerState(t.Context(), s)
		wantKind(t, "power state of a server that is gone", err, nova.NotFound)
		wantPower(t, d, other, nova.Running)
	}
}

// unknownServer asks for a server that the host has never had. Only destroy does
// not mind; everything else is NotFound, so that a lost server is told from one
// that refuses. A capability that the driver lacks stays NotImplemented.
func unknownServer(t *testing.T, host Host) {
	d := host(t)
	s := newServer()
	do(t, "destroy", d.Destroy(t.Context(), s))
	_, err := d.PowerState(t.Context(), s)
	wantKind(t, "power state", err, nova.NotFound)
	if snapshotter, ok := d.(virt.Snapshotter); ok {
		_, err = snapshotter.Snapshot(t.Context(), s)
		wantKind(t, "snapshot", err, nova.NotFound)
	}
	if consoler, ok := d.(virt.Consoler); ok {
		_, err = consoler.ConsoleOutput(t.Context(), s, 1000)
		wantKind(t, "console output", err, nova.NotFound)
	}
	for _, v := range powerVerbs {
		want := nova.NotFound
		if !v.can(d) {
			want = nova.NotImplemented
		}
		wantKind(t, v.name, v.do(d, t.Context(), s), want)
	}
}

// restart looks at a server with the driver of another process. What a server is
// must be on the host, since nothing else remembers it.
func restart(t *testing.T, host Host) {
	first := host(t)
	s := running(t, first)
	do(t, "power off", first.PowerOff(t.Context(), s))
	data := disk(t, first, s)

	// The new driver has nothing but what the first one left on the host.
	second := host(t)
	wantPower(t, second, s, nova.Shutdown)
	wantListed(t, second, s, true)
	if !bytes.Equal(disk(t, second, s), data) {
		t.Error("the disk is another after the restart")
	}
	do(t, "power on", second.PowerOn(t.Context(), s))
	wantPower(t, host(t), s, nova.Running)
}

// cancelled calls with a context that is over, and then as usual. A worker that
// lost its lease ends its calls like this, and another one repeats them.
func cancelled(t *testing.T, host Host) {
	d := host(t)
	s, fresh := running(t, d), newServer()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	src := &source{data: image()}
	if err := d.Spawn(over, fresh, src.build()); err == nil {
		t.Error("spawn took no notice of its context")
	}
	if err := d.PowerOff(over, s); err == nil {
		t.Error("power off took no notice of its context")
	}
	// What was broken off can be begun again, with the same arguments.
	mustSpawn(t, d, fresh, src)
	wantPower(t, d, fresh, nova.Running)
	do(t, "power off", d.PowerOff(t.Context(), s))
	wantPower(t, d, s, nova.Shutdown)
}

// manyAtOnce takes 16 servers through their whole lives side by side. Nothing is
// left of them.
func manyAtOnce(t *testing.T, host Host) {
	d := host(t)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			ctx, s, src := t.Context(), newServer(), &source{data: image()}
			for _, step := range []struct {
				name string
				err  error
			}{
				{"spawn", d.Spawn(ctx, s, src.build())},
				{"power off", d.PowerOff(ctx, s)},
				{"power on", d.PowerOn(ctx, s)},
				{"reboot", d.SoftReboot(ctx, s)},
				{"destroy", d.Destroy(ctx, s)},
			} {
				if step.err != nil {
					t.Errorf("%s: %v", step.name, step.err)
				}
			}
		})
	}
	wg.Wait()
	ids, err := d.List(t.Context())
	if err != nil || len(ids) != 0 {
		t.Errorf("left over: %v, %v", ids, err)
	}
}

// oneByMany lets several callers want the same of one server. Two workers can do
// so for as long as one of them has not noticed that it lost its lease. All
// succeed, and the disk is whole.
func oneByMany(t *testing.T, host Host) {
	d, s := host(t), newServer()
	destroyLater(t, d, s)
	together := func(what string, call func(ctx context.Context) error) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := call(t.Context()); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			})
		}
		wg.Wait()
	}
	src := &source{data: image()}
	together("spawn", func(ctx context.Context) error { return d.Spawn(ctx, s, src.build()) })
	wantPower(t, d, s, nova.Running)
	wantOnDisk(t, d, s, src.data)
	together("power off", func(ctx context.Context) error { return d.PowerOff(ctx, s) })
	wantPower(t, d, s, nova.Shutdown)
	together("destroy", func(ctx context.Context) error { return d.Destroy(ctx, s) })
	wantListed(t, d, s, false)
}
