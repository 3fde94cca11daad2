package virttest

import (
	"context"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// resizer is the driver of a host, which must be able to resize.
func resizer(t *testing.T, d virt.Driver) virt.Resizer {
	t.Helper()
	r, err := virt.As[virt.Resizer](d)
	do(t, "resize", err)
	return r
}

// resizeInPlace makes a server larger on its own host, each step twice as after a
// crash, and confirms or reverts that. Between the steps the host keeps the server's
// disks, but has no server: one that is asked for its power or listed then would be
// started anew after a restart of the host.
func resizeInPlace(t *testing.T, host Host) {
	d := host(t)
	for _, confirm := range []bool{true, false} {
		s := running(t, d)
		data := disk(t, d, s)
		var disks string
		for range 2 {
			var err error
			disks, err = resizer(t, host(t)).MigrateOut(t.Context(), s)
			do(t, "migrate out", err)
		}
		_, err := d.PowerState(t.Context(), s)
		wantKind(t, "power state of a server that is kept", err, nova.NotFound)
		wantListed(t, d, s, false)
		// The caller knows the new flavor; the driver has it from nowhere else.
		larger := s
		larger.Flavor.VCPUs, larger.Flavor.RAM = 2, 128
		for range 2 {
			do(t, "migrate in", resizer(t, host(t)).MigrateIn(t.Context(), larger, disks, devices(), true))
		}
		wantPower(t, d, s, nova.Running)
		wantOnDisk(t, d, s, data)
		end := resizer(t, d).ConfirmMigration
		if !confirm {
			end = func(ctx context.Context, s nova.Server) error {
				return resizer(t, d).RevertMigration(ctx, s, devices(), true)
			}
		}
		for range 2 {
			do(t, "end", end(t.Context(), s))
			wantPower(t, d, s, nova.Running)
			wantOnDisk(t, d, s, data)
		}
		// Nothing of it may be left that a late step could bring back.
		do(t, "destroy", d.Destroy(t.Context(), s))
		wantListed(t, d, s, false)
		wantKind(t, "revert of a server that is gone", resizer(t, d).RevertMigration(t.Context(), s, devices(), true), nova.NotFound)
	}
}

// resizeElsewhere moves a server, running or not, from one host to another, and
// confirms or reverts that. The disk comes along, and so does the power: a server
// that was shut down is not started on its new host.
func resizeElsewhere(t *testing.T, host, other Host) {
	source, target := host(t), other(t)
	for _, on := range []bool{true, false} {
		for _, confirm := range []bool{true, false} {
			s := running(t, source)
			want := nova.Running
			if !on {
				do(t, "power off", source.PowerOff(t.Context(), s))
				want = nova.Shutdown
			}
			data := disk(t, source, s)
			disks, err := resizer(t, source).MigrateOut(t.Context(), s)
			do(t, "migrate out", err)
			do(t, "migrate in", resizer(t, target).MigrateIn(t.Context(), s, disks, devices(), on))
			t.Cleanup(func() { _ = target.Destroy(context.WithoutCancel(t.Context()), s) })
			wantPower(t, target, s, want)
			wantOnDisk(t, target, s, data)
			wantListed(t, source, s, false)
			if confirm {
				do(t, "confirm", resizer(t, source).ConfirmMigration(t.Context(), s))
				wantPower(t, target, s, want)
				wantOnDisk(t, target, s, data)
				wantKind(t, "revert of what was confirmed", resizer(t, source).RevertMigration(t.Context(), s, devices(), on), nova.NotFound)
				continue
			}
			// The target lets go first: two hosts must never run one server.
			do(t, "destroy", target.Destroy(t.Context(), s))
			do(t, "revert", resizer(t, source).RevertMigration(t.Context(), s, devices(), on))
			wantPower(t, source, s, want)
			wantOnDisk(t, source, s, data)
		}
	}
}

// resizeUnknown is asked of a host that doesn't know the server. A confirmation is
// taken all the same, since the one before a crash may have removed the server.
func resizeUnknown(t *testing.T, host Host) {
	r, s := resizer(t, host(t)), newServer()
	_, err := r.MigrateOut(t.Context(), s)
	wantKind(t, "migrate out", err, nova.NotFound)
	wantKind(t, "revert", r.RevertMigration(t.Context(), s, devices(), true), nova.NotFound)
	do(t, "confirm", r.ConfirmMigration(t.Context(), s))
}
