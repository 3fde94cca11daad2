package fake

import (
	"cmp"
	"context"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// The verbs that change a server or take their time, as faults name them.
const (
	spawn            = "spawn"
	destroy          = "destroy"
	snapshot         = "snapshot"
	upload           = "upload"
	sendLive         = "send_live"
	receiveLive      = "receive_live"
	attach           = "attach_interface"
	detach           = "detach_interface"
	attachVolume     = "attach_volume"
	detachVolume     = "detach_volume"
	extendVolume     = "extend_volume"
	swapVolume       = "swap_volume"
	powerOn          = "power_on"
	powerOff         = "power_off"
	softReboot       = "soft_reboot"
	hardReboot       = "hard_reboot"
	pause            = "pause"
	unpause          = "unpause"
	suspend          = "suspend"
	resume           = "resume"
	rescue           = "rescue"
	unrescue         = "unrescue"
	setPassword      = "set_password"
	crashDump        = "crash_dump"
	migrateOut       = "migrate_out"
	migrateIn        = "migrate_in"
	confirmMigration = "confirm_migration"
	revertMigration  = "revert_migration"
)

// A transition leads from some power states, nil for any, to another. One that
// isn't a restart has nothing to do where the server is in that state already.
type transition struct {
	from    []nova.PowerState
	to      nova.PowerState // zero: the same
	restart bool
}

// transitions is the table of power states that virttest holds every driver to.
var transitions = map[string]transition{
	powerOn:    {from: []nova.PowerState{nova.Shutdown, nova.Crashed}, to: nova.Running},
	powerOff:   {to: nova.Shutdown},
	softReboot: {from: []nova.PowerState{nova.Running}, to: nova.Running, restart: true},
	hardReboot: {to: nova.Running, restart: true},
	pause:      {from: []nova.PowerState{nova.Running}, to: nova.PowerPaused},
	unpause:    {from: []nova.PowerState{nova.PowerPaused}, to: nova.Running},
	suspend:    {from: []nova.PowerState{nova.Running}, to: nova.PowerSuspended},
	resume:     {from: []nova.PowerState{nova.PowerSuspended}, to: nova.Running},
	unrescue:   {to: nova.Running},

	setPassword: {from: []nova.PowerState{nova.Running}, restart: true},
	crashDump:   {from: []nova.PowerState{nova.Running, nova.PowerPaused}, restart: true},
}

// PowerOn starts a server that is shut down.
func (d *Driver) PowerOn(ctx context.Context, s nova.Server) error { return d.power(ctx, powerOn, s) }

// PowerOff shuts the server down.
func (d *Driver) PowerOff(ctx context.Context, s nova.Server) error { return d.power(ctx, powerOff, s) }

// SoftReboot restarts a running server.
func (d *Driver) SoftReboot(ctx context.Context, s nova.Server) error {
	return d.power(ctx, softReboot, s)
}

// HardReboot starts the server afresh.
func (d *Driver) HardReboot(ctx context.Context, s nova.Server) error {
	return d.power(ctx, hardReboot, s)
}

// Pause holds a running server.
func (d *Driver) Pause(ctx context.Context, s nova.Server) error { return d.power(ctx, pause, s) }

// Unpause lets a paused server go on.
func (d *Driver) Unpause(ctx context.Context, s nova.Server) error { return d.power(ctx, unpause, s) }

// Suspend holds a running server as if its memory were on disk.
func (d *Driver) Suspend(ctx context.Context, s nova.Server) error { return d.power(ctx, suspend, s) }

// Resume lets a suspended server go on.
func (d *Driver) Resume(ctx context.Context, s nova.Server) error { return d.power(ctx, resume, s) }

// SetAdminPassword lets the guest tell of a new password. It is kept nowhere.
func (d *Driver) SetAdminPassword(ctx context.Context, s nova.Server, _ string) error {
	return d.power(ctx, setPassword, s)
}

// TriggerCrashDump lets the guest crash, and boot again.
func (d *Driver) TriggerCrashDump(ctx context.Context, s nova.Server) error {
	return d.power(ctx, crashDump, s)
}

// power carries out a verb of the table.
func (d *Driver) power(ctx context.Context, verb string, s nova.Server) error {
	return d.on(ctx, verb, s, func() error {
		defer d.lock(s)()
		m, err := d.load(s)
		if err != nil {
			return err
		}
		t := transitions[verb]
		if m.Power == t.to && !t.restart && (verb != unrescue || m.Rescue == nil) {
			return nil
		}
		if t.from != nil && !slices.Contains(t.from, m.Power) {
			return virt.WrongState(s, verb, m.Power)
		}
		m.become(cmp.Or(t.to, m.Power), verb, d.now())
		return d.save(m)
	})
}
