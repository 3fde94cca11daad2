package virttest

import (
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// liveMigration takes servers that run and are paused to another host, each step twice,
// as after a crash. They are as they were, and the host that they left can forget them.
func liveMigration(t *testing.T, host, other Host) {
	source, target := host(t), other(t)
	for _, paused := range []bool{false, true} {
		s, power := running(t, source), nova.Running
		if paused {
			pauser, ok := source.(virt.Pauser)
			if !ok {
				continue
			}
			do(t, "pause", pauser.Pause(t.Context(), s))
			power = nova.PowerPaused
		}
		var disks string
		for range 2 {
			var err error
			disks, err = migrator(host(t)).SendLive(t.Context(), s)
			do(t, "send", err)
			wantPower(t, source, s, power)
		}
		destroyLater(t, target, s)
		for range 2 {
			do(t, "receive", migrator(other(t)).ReceiveLive(t.Context(), s, disks, devices()))
			wantPower(t, target, s, power)
		}
		do(t, "destroy", source.Destroy(t.Context(), s))
		wantListed(t, source, s, false)
		wantListed(t, target, s, true)
		wantOnDisk(t, target, s, image())
	}
	s := running(t, source)
	do(t, "power off", source.PowerOff(t.Context(), s))
	_, err := migrator(source).SendLive(t.Context(), s)
	wantKind(t, "send what is off", err, nova.Conflict)
	_, err = migrator(source).SendLive(t.Context(), newServer())
	wantKind(t, "send an unknown server", err, nova.NotFound)
}

// migrator is the driver as one that moves servers while they run. A driver that can't
// has none of these tests.
func migrator(d virt.Driver) virt.LiveMigrator {
	migrator, _ := d.(virt.LiveMigrator) // which it is, or the test would not run
	return migrator
}
