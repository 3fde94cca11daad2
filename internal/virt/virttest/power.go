package virttest

import (
	"bytes"
	"context"
	"io"
	"slices"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// A powerVerb changes what a server does. Not every driver can do each.
type powerVerb struct {
	name string
	can  func(virt.Driver) bool
	do   func(virt.Driver, context.Context, nova.Server) error
}

// verb is a method of all drivers, or of those with a capability.
func verb[C any](name string, call func(C, context.Context, nova.Server) error) powerVerb {
	return powerVerb{name, can[C], func(d virt.Driver, ctx context.Context, s nova.Server) error {
		capable, err := virt.As[C](d)
		if err != nil {
			return err
		}
		return call(capable, ctx, s)
	}}
}

// can reports whether a driver has a capability.
func can[C any](d virt.Driver) bool {
	_, err := virt.As[C](d)
	return err == nil
}

// powerVerbs are the columns of the grid below.
var powerVerbs = []powerVerb{
	verb("power on", virt.Driver.PowerOn),
	verb("power off", virt.Driver.PowerOff),
	verb("soft reboot", virt.Driver.SoftReboot),
	verb("hard reboot", virt.Driver.HardReboot),
	verb("pause", virt.Pauser.Pause),
	verb("unpause", virt.Pauser.Unpause),
	verb("suspend", virt.Suspender.Suspend),
	verb("resume", virt.Suspender.Resume),
	rescue,
	verb("unrescue", virt.Rescuer.Unrescue),
	verb("set password", func(p virt.PasswordSetter, ctx context.Context, s nova.Server) error {
		return p.SetAdminPassword(ctx, s, "s3cret")
	}),
	verb("crash dump", virt.CrashDumper.TriggerCrashDump),
}

// rescue is with an image that is always the same.
var rescue = verb("rescue", func(r virt.Rescuer, ctx context.Context, s nova.Server) error {
	src := &source{data: rescueImage}
	return r.Rescue(ctx, s, virt.RescueDisk{ImageID: "rescue", Image: src.Open})
})

// rescueImage differs from the server's own image, so that the two disks can be
// told apart.
var rescueImage = []byte("what an administrator needs")

// refused stands in a grid for a verb that fails with a conflict. It is no state
// that a server can be in.
const refused nova.PowerState = -1

// A state is how a server is brought into a power state, and where each verb
// leads from there, in the order of powerVerbs.
type state struct {
	name  string
	reach powerVerb
	from  nova.PowerState
	to    []nova.PowerState
}

// states is the grid that every driver must follow, where it knows the state. A
// hard reboot leads from everywhere back to running, and so does a rescue, which
// boots another disk. Otherwise nothing but its own opposite makes a paused or a
// suspended server run. A verb that finds the server where it would bring it
// succeeds: it may be repeated after a crash.
var states = []state{
	{"running", verb("hard reboot", virt.Driver.HardReboot), nova.Running, []nova.PowerState{
		nova.Running, nova.Shutdown, nova.Running, nova.Running, nova.PowerPaused, nova.Running, nova.PowerSuspended, nova.Running,
		nova.Running, nova.Running,
		nova.Running, nova.Running,
	}},
	{"shut down", verb("power off", virt.Driver.PowerOff), nova.Shutdown, []nova.PowerState{
		nova.Running, nova.Shutdown, refused, nova.Running, refused, refused, refused, refused, nova.Running, nova.Running,
		refused, refused,
	}},
	{"paused", verb("pause", virt.Pauser.Pause), nova.PowerPaused, []nova.PowerState{
		refused, nova.Shutdown, refused, nova.Running, nova.PowerPaused, nova.Running, refused, refused, nova.Running, nova.Running,
		refused, nova.PowerPaused,
	}},
	{"suspended", verb("suspend", virt.Suspender.Suspend), nova.PowerSuspended, []nova.PowerState{
		refused, nova.Shutdown, refused, nova.Running, refused, refused, nova.PowerSuspended, nova.Running, nova.Running, nova.Running,
		refused, refused,
	}},
	{"rescued", rescue, nova.Running, []nova.PowerState{
		nova.Running, nova.Shutdown, nova.Running, nova.Running, nova.PowerPaused, nova.Running, nova.PowerSuspended, nova.Running,
		nova.Running, nova.Running,
		nova.Running, nova.Running,
	}},
}

// grid are the states that a driver can bring a server into. The states of drivers
// without the capability to reach them are left out.
func grid(d virt.Driver) []state {
	return slices.DeleteFunc(slices.Clone(states), func(s state) bool { return !s.reach.can(d) })
}

// power tries each verb in each state, and once more with a new driver: a step
// that was done before a crash succeeds again.
func power(t *testing.T, host Host) {
	d := host(t)
	s := running(t, d)
	for _, row := range grid(d) {
		for i, verb := range powerVerbs {
			if !verb.can(d) {
				continue
			}
			// A hard reboot is the way back from every state, also after a verb that
			// was refused.
			do(t, "hard reboot", d.HardReboot(t.Context(), s))
			do(t, row.name, row.reach.do(d, t.Context(), s))
			wantPower(t, d, s, row.from)
			err := verb.do(d, t.Context(), s)
			what := verb.name + " while " + row.name
			// What is refused must have done nothing on the way.
			if row.to[i] == refused {
				wantKind(t, what, err, nova.Conflict)
				wantPower(t, d, s, row.from)
				continue
			}
			do(t, what, err)
			wantPower(t, d, s, row.to[i])
			do(t, what+", again", verb.do(host(t), t.Context(), s))
			wantPower(t, d, s, row.to[i])
		}
	}
}

// snapshot reads the disk in every power state, which stays what it was. A
// snapshot that is being read outlives its server, because a delete doesn't wait
// for uploads.
func snapshot(t *testing.T, host Host) {
	d := host(t)
	s := running(t, d)
	first := disk(t, d, s)
	if !bytes.Contains(first, image()) {
		t.Error("the snapshot doesn't hold the image")
	}
	for _, row := range grid(d) {
		do(t, "hard reboot", d.HardReboot(t.Context(), s))
		do(t, row.name, row.reach.do(d, t.Context(), s))
		if len(disk(t, d, s)) < imageSize {
			t.Errorf("the snapshot of a server that is %s is too short", row.name)
		}
		wantPower(t, d, s, row.from)
	}

	snapshotter, err := virt.As[virt.Snapshotter](d)
	do(t, "snapshot", err)
	shot, err := snapshotter.Snapshot(t.Context(), s)
	do(t, "snapshot", err)
	if shot.DiskFormat == "" {
		t.Error("the snapshot is of no format")
	}
	head := make([]byte, 1)
	if _, err := io.ReadFull(shot.Data, head); err != nil {
		t.Fatal(err)
	}
	do(t, "destroy", d.Destroy(t.Context(), s))
	// The rest is read after the end of the server.
	shot.Data = readCloser{io.MultiReader(bytes.NewReader(head), shot.Data), shot.Data}
	if !bytes.Contains(readShot(t, shot), image()) {
		t.Error("the snapshot has changed with the end of its server")
	}
}

// A readCloser reads from one thing and closes another.
type readCloser struct {
	io.Reader
	io.Closer
}

// bootFromSnapshot makes a server from another one's disk, with what was on it.
func bootFromSnapshot(t *testing.T, host Host) {
	d := host(t)
	parent, child := running(t, d), newServer()
	mustSpawn(t, d, child, &source{data: disk(t, d, parent)})
	wantPower(t, d, child, nova.Running)
	if !bytes.Contains(disk(t, d, child), image()) {
		t.Error("what was in the image isn't in the server made of a snapshot")
	}
}

// console reads what a server has said: more after a reboot, its end if only so
// many bytes are wanted, and still something once it is shut down.
func console(t *testing.T, host Host) {
	const plenty = 1 << 20
	d := host(t)
	s := running(t, d)
	consoler, err := virt.As[virt.Consoler](d)
	do(t, "console", err)
	read := func(most int) []byte {
		t.Helper()
		text, err := consoler.ConsoleOutput(t.Context(), s, most)
		if err != nil || len(text) > most {
			t.Fatalf("console output: %d bytes, %v, want at most %d", len(text), err, most)
		}
		return text
	}
	before := read(plenty)
	do(t, "soft reboot", d.SoftReboot(t.Context(), s))
	after := read(plenty)
	if len(after) <= len(before) {
		t.Errorf("the console has %d bytes after a reboot, and had %d before", len(after), len(before))
	}
	if short := read(100); !bytes.HasSuffix(after, short) || len(short) == 0 {
		t.Errorf("the short console isn't the end of the long one: %q", short)
	}
	if nothing := read(0); len(nothing) != 0 {
		t.Errorf("no bytes of the console = %q", nothing)
	}
	// Whoever wants to know why a server went down reads its console then.
	do(t, "power off", d.PowerOff(t.Context(), s))
	if len(read(plenty)) == 0 {
		t.Error("the console of a server that is shut down is empty")
	}
}
