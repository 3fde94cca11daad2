package virttest

import (
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// diagnostics holds counters to the server that they are of. They are read from a
// running server only: Conflict while it is shut down, and NotFound for one that
// the host doesn't have.
func diagnostics(t *testing.T, host Host) {
	d := host(t)
	s := running(t, d)
	diagnoser, err := virt.As[virt.Diagnoser](d)
	do(t, "diagnostics", err)
	got, err := diagnoser.Diagnostics(t.Context(), s)
	do(t, "diagnostics", err)
	if got.State != nova.Running || got.Driver == "" || got.Uptime < 0 || got.MaxMemory != int64(s.Flavor.RAM) || got.ConfigDrive {
		t.Errorf("diagnostics %+v", got)
	}
	// Each device has its own counters, and is known by the name that the guest's
	// host gave it.
	if len(got.CPUs) != s.Flavor.VCPUs || len(got.Disks) != 1 || got.Disks[0].Name == "" {
		t.Errorf("%d processors and %d disks", len(got.CPUs), len(got.Disks))
	}
	if len(got.NICs) != 1 || got.NICs[0].MAC != nics()[0].MAC || got.NICs[0].Name == "" {
		t.Errorf("connections %+v", got.NICs)
	}
	do(t, "power off", d.PowerOff(t.Context(), s))
	_, err = diagnoser.Diagnostics(t.Context(), s)
	wantKind(t, "diagnostics of a server that is shut down", err, nova.Conflict)
	_, err = diagnoser.Diagnostics(t.Context(), newServer())
	wantKind(t, "diagnostics of a server that isn't there", err, nova.NotFound)
}
