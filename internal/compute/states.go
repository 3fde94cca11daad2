package compute

import (
	"context"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// A Verb is something that can be done to a server, in Nova's name for it.
type Verb string

// The verbs. Their names are those of the instance actions that the API shows.
const (
	Create         Verb = "create"
	Delete         Verb = "delete"
	Start          Verb = "start"
	Stop           Verb = "stop"
	SoftReboot     Verb = "reboot"
	HardReboot     Verb = "reboot_hard" // shown as reboot
	Pause          Verb = "pause"
	Unpause        Verb = "unpause"
	Snapshot       Verb = "createImage"
	Backup         Verb = "createBackup"
	BackupInstance Verb = "backup_instance"
)

// A rule says from which states a verb may start, what the server is busy with
// meanwhile, in which state the verb leaves it, and what the driver does. What
// a server's states are after a failure is as Nova has it.
type rule struct {
	shown  string           // the action's name in the record
	word   string           // what a refusal calls it
	event  string           // the part that the host plays
	from   []nova.VMState   // empty: any
	during []nova.TaskState // tasks that it may interrupt; empty: none, the server must be idle
	busy   nova.TaskState
	then   nova.VMState // empty: as before
	broken nova.VMState // where a failure leaves it; empty: as before
	runs   nova.VMState // instead of broken, if it runs all the same; empty: broken
	lock   bool         // a locked server refuses
	host   bool         // it must have a host
	do     func(virt.Driver, context.Context, nova.Server) error
	work   func(*Worker, context.Context, *job) error // instead of do, if there is more to it
	undo   func(*Worker, context.Context, *job) error // what is left of the work if it fails
}

var (
	imageable     = []nova.VMState{nova.Active, nova.Stopped, nova.Paused, nova.Suspended}
	interruptible = []nova.TaskState{
		nova.Idle, nova.Rebooting, nova.RebootPending, nova.RebootStarted, nova.Resuming, nova.RebootingHard,
		nova.Unpausing, nova.Pausing, nova.Suspending,
	}
)

// rules is the life of a server.
var rules = map[Verb]rule{
	Create: {
		shown: "create", word: "create", event: "compute__do_build_and_run_instance",
		from: []nova.VMState{nova.Building}, busy: nova.Scheduling, then: nova.Active, broken: nova.Errored,
		work: (*Worker).build,
	},
	Delete: {
		shown: "delete", word: "delete", event: "compute_terminate_instance",
		busy: nova.Deleting, then: nova.Deleted, broken: nova.Errored, lock: true, work: (*Worker).delete,
	},
	Start: {
		shown: "start", word: "start", event: "compute_start_instance", lock: true, host: true,
		from: []nova.VMState{nova.Stopped}, busy: nova.PoweringOn, then: nova.Active, do: virt.Driver.PowerOn,
	},
	Stop: {
		shown: "stop", word: "stop", event: "compute_stop_instance", lock: true, host: true,
		from: []nova.VMState{nova.Active, nova.Errored}, busy: nova.PoweringOff, then: nova.Stopped, do: virt.Driver.PowerOff,
	},
	SoftReboot: {
		shown: "reboot", word: "reboot", event: "compute_reboot_instance", lock: true,
		from: []nova.VMState{nova.Active}, busy: nova.Rebooting,
		then: nova.Active, broken: nova.Errored, runs: nova.Active, do: virt.Driver.SoftReboot,
	},
	HardReboot: {
		shown: "reboot", word: "reboot", event: "compute_reboot_instance", lock: true,
		from:   []nova.VMState{nova.Active, nova.Stopped, nova.Paused, nova.Suspended, nova.Errored},
		during: interruptible, busy: nova.RebootingHard,
		then: nova.Active, broken: nova.Errored, runs: nova.Active, do: virt.Driver.HardReboot,
	},
	Pause: {
		shown: "pause", word: "pause", event: "compute_pause_instance", lock: true,
		from: []nova.VMState{nova.Active}, busy: nova.Pausing, then: nova.Paused, do: virt.Driver.Pause,
	},
	Unpause: {
		shown: "unpause", word: "unpause", event: "compute_unpause_instance", lock: true,
		from: []nova.VMState{nova.Paused}, busy: nova.Unpausing, then: nova.Active, do: virt.Driver.Unpause,
	},
	Snapshot: {
		shown: "createImage", word: "createImage", event: "compute_snapshot_instance",
		from: imageable, busy: nova.ImageSnapshotPending, work: (*Worker).snapshot, undo: (*Worker).dropImage,
	},
	Backup: {
		shown: "createBackup", word: "createBackup", event: "compute_backup_instance",
		from: imageable, busy: nova.ImageBackup, work: (*Worker).snapshot, undo: (*Worker).dropImage,
	},
	BackupInstance: {
		shown: "backup_instance", word: "backup_instance", event: "compute_backup_instance", lock: true,
		from: imageable, busy: nova.ImageBackup, work: (*Worker).snapshot, undo: (*Worker).dropImage,
	},
}
