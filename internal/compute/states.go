package compute

import (
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// A Verb is something that can be done to a server. Where Nova's instance
// actions have a name for it, it is that name.
type Verb string

// The verbs.
const (
	Create         Verb = "create"
	Delete         Verb = "delete"
	SoftDelete     Verb = "soft_delete" // shown as delete
	Restore        Verb = "restore"
	Start          Verb = "start"
	Stop           Verb = "stop"
	SoftReboot     Verb = "reboot"
	HardReboot     Verb = "reboot_hard" // shown as reboot
	Pause          Verb = "pause"
	Unpause        Verb = "unpause"
	Suspend        Verb = "suspend"
	Resume         Verb = "resume"
	Resize         Verb = "resize"
	Migrate        Verb = "migrate"
	LiveMigrate    Verb = "live-migration"
	Evacuate       Verb = "evacuate"
	ConfirmResize  Verb = "confirmResize"
	RevertResize   Verb = "revertResize"
	Shelve         Verb = "shelve"
	ShelveOffload  Verb = "shelveOffload"
	Unshelve       Verb = "unshelve"
	Rescue         Verb = "rescue"
	Unrescue       Verb = "unrescue"
	Rebuild        Verb = "rebuild"
	ChangePassword Verb = "changePassword"
	CrashDump      Verb = "trigger_crash_dump"
	Snapshot       Verb = "createImage"
	Backup         Verb = "createBackup"
	BackupInstance Verb = "backup_instance"
)

// The verbs that follow what others have done to a server's power.
const (
	PoweredOn  Verb = "powered_on"  // shown as start
	PoweredOff Verb = "powered_off" // shown as stop
)

// The verbs that go on beside others.
const (
	AttachInterface Verb = "attach_interface"
	DetachInterface Verb = "detach_interface"
	AttachVolume    Verb = "attach_volume"
	DetachVolume    Verb = "detach_volume"
	SwapVolume      Verb = "swap_volume"
	ExtendVolume    Verb = "extend_volume" // a volume has grown, as the block storage service says
)

// A transition is what a verb does to a server: from which states it may start,
// by which steps it leads to another state, and which state a failure leads to.
type transition struct {
	action     string             // the name of its actions in the record
	word       string             // what a refusal calls it
	from       []nova.VMState     // empty: any
	during     []nova.TaskState   // tasks that it may interrupt; empty: none, the server must be idle
	anyTask    bool               // it may interrupt any
	supersedes bool               // it supersedes whatever keeps the server busy
	then       nova.VMState       // unless the last step says otherwise; empty: as before
	broken     nova.VMState       // where a failure leaves the server; empty: as before
	runs       nova.VMState       // instead of broken, if the server runs all the same; empty: broken
	awaited    bool               // whoever asked for it waits for its end
	beside     bool               // it goes on beside other actions, which may keep the server busy
	first      bool               // what is done to the server later, and not beside, waits for its end
	turnsBack  bool               // it is taken back if the host that it leads to is down
	lock       bool               // a locked server refuses
	vague      bool               // and doesn't say that it is the lock
	host       bool               // the server must have a host
	hosts      int                // on how many hosts it is tried, if hosts fail
	migration  nova.MigrationType // of its record, whose ID is among its arguments; empty: it moves no server
	steps      []step

	// explain says what a server is shown of a failure; nil: the failure itself.
	explain func(a *action, cause error) error
}

// ends reports whether the server is no more in the end: whatever is done to it,
// beside others or not, is over.
func (t transition) ends() bool { return t.then == nova.Deleted }

// A step is a part of a verb that is written down before it runs. Whoever takes
// over from a worker that died takes it again, so it must bear that.
type step struct {
	name     string
	queue    func(*action) string // who takes it
	task     nova.TaskState       // what the server is busy with meanwhile
	event    string               // the part of the action that the API shows; empty for none
	within   string               // the event that this one is a part of; empty for none
	answers  bool                 // whoever waits for the action needn't wait for what follows; it needs no event
	quiet    bool                 // the event is recorded only if the step fails
	when     func(*action) bool   // whether there is anything to do; nil: there always is
	progress bool                 // clients are shown how far the driver is
	harmless bool                 // a failure leaves the server in the state that it had
	tells    []string             // the notifications that it is a part of, the widest first: see tell.go
	untells  []string             // those that taking it back is a part of
	do       stepFunc
	undo     stepFunc // what takes back all that do may have done; nil: there is nothing to take back
}

var (
	pluggable     = []nova.VMState{nova.Active, nova.Paused, nova.Stopped}
	attachable    = []nova.VMState{nova.Active, nova.Paused, nova.Stopped, nova.Resized, nova.SoftDeleted, nova.Shelved, nova.ShelvedOffloaded}
	imageable     = []nova.VMState{nova.Active, nova.Stopped, nova.Paused, nova.Suspended}
	interruptible = []nova.TaskState{
		nova.Idle, nova.Rebooting, nova.RebootPending, nova.RebootStarted, nova.Resuming, nova.RebootingHard,
		nova.Unpausing, nova.Pausing, nova.Suspending,
	}
)

// The events of verbs that have more than one step.
const (
	buildEvent      = "compute__do_build_and_run_instance"
	deleteEvent     = "compute_terminate_instance"
	softDeleteEvent = "compute_soft_delete_instance"
	shelveEvent     = "compute_shelve_instance"
	stopEvent       = "compute_stop_instance"
	rebootEvent     = "compute_reboot_instance"
	snapshotEvent   = "compute_snapshot_instance"
	backupEvent     = "compute_backup_instance"
	rescueEvent     = "compute_rescue_instance"
	attachEvent     = "compute_attach_interface"
	detachEvent     = "compute_detach_interface"
	volumeEvent     = "compute_attach_volume"
	unvolumeEvent   = "compute_detach_volume"
	swapEvent       = "compute_swap_volume"
	rebuildEvent    = "compute_rebuild_instance"

	powerUpdateEvent = "compute_power_update"
)

// resizeSteps take a server to another host, or to another size where it is, until
// that is confirmed or reverted.
var resizeSteps = []step{
	{
		name: "place", queue: onSchedule, task: nova.ResizePrep, event: "cold_migrate", within: "conductor_migrate_server", harmless: true,
		do: (*Worker).place, undo: (*Worker).unplace,
	},
	{
		name: "prepare", queue: onTarget, task: nova.ResizePrep, event: "compute_prep_resize", tells: []string{"resize_prep"}, harmless: true,
		do: (*Worker).prepareResize, undo: (*Worker).failResize,
	},
	{
		name: "send", queue: onHost, task: nova.ResizeMigrating, event: "compute_resize_instance", tells: []string{"resize"},
		do: (*Worker).sendResized, undo: (*Worker).keepResized,
	},
	{
		name: "finish", queue: onTarget, task: nova.ResizeFinish, event: "compute_finish_resize", tells: []string{"resize_finish"},
		do: (*Worker).finishResize, undo: (*Worker).unfinishResize,
	},
}

// transitions is the life of a server. States and events are Nova's: those of
// nova/compute/api.py before the steps, and of nova/compute/manager.py after
// them and after a failure.
var transitions = map[Verb]transition{
	Create: {
		action: "create", word: "create",
		from: []nova.VMState{nova.Building}, then: nova.Active, broken: nova.Errored, hosts: maxBuilds, explain: explainBuild,
		steps: []step{
			{
				name: "place", queue: onSchedule, task: nova.Scheduling, event: "conductor_schedule_and_build_instances", quiet: true,
				do: (*Worker).place, undo: (*Worker).unplace,
			},
			{name: "connect", queue: onTarget, task: nova.Networking, event: buildEvent, tells: []string{"create"}, do: (*Worker).connect, undo: (*Worker).disconnect},
			{name: "map", queue: onTarget, task: nova.BlockDeviceMapping, event: buildEvent, tells: []string{"create"}, when: hasVolumes, do: (*Worker).mapVolumes},
			{name: "spawn", queue: onTarget, task: nova.Spawning, event: buildEvent, tells: []string{"create"}, progress: true, do: (*Worker).spawn, undo: (*Worker).destroy},
		},
	},
	Delete: {
		action: "delete", word: "delete", supersedes: true, then: nova.Deleted, broken: nova.Errored, lock: true,
		steps: []step{
			{name: "destroy", queue: onAny, task: nova.Deleting, event: deleteEvent, tells: []string{"delete", "shutdown"}, when: isSomewhere, do: (*Worker).destroy},
			{name: "clear", queue: onElsewhere, task: nova.Deleting, event: deleteEvent, tells: []string{"delete"}, when: isElsewhere, do: (*Worker).clearElsewhere},
			{name: "disconnect", queue: onAny, task: nova.Deleting, event: deleteEvent, tells: []string{"delete"}, do: (*Worker).remove},
		},
	},
	SoftDelete: {
		action: "delete", word: "delete", supersedes: true, then: nova.SoftDeleted, lock: true,
		steps: []step{
			{name: "clear", queue: onElsewhere, task: nova.SoftDeleting, event: softDeleteEvent, tells: []string{"soft_delete"}, when: isElsewhere, do: (*Worker).clearElsewhere},
			{name: "shut away", queue: onHost, task: nova.SoftDeleting, event: softDeleteEvent, tells: []string{"soft_delete"}, do: (*Worker).shutAway},
		},
	},
	Restore: {
		action: "restore", word: "restore", from: []nova.VMState{nova.SoftDeleted}, then: nova.Active, lock: true, vague: true,
		steps: []step{{name: "start", queue: onHost, task: nova.Restoring, event: "compute_restore_instance", tells: []string{"restore"}, do: drive(virt.Driver.PowerOn)}},
	},
	Start: {
		action: "start", word: "start", from: []nova.VMState{nova.Stopped}, then: nova.Active, lock: true, host: true,
		steps: []step{{name: "start", queue: onHost, task: nova.PoweringOn, event: "compute_start_instance", tells: []string{"power_on"}, do: drive(virt.Driver.PowerOn)}},
	},
	Stop: {
		action: "stop", word: "stop", from: []nova.VMState{nova.Active, nova.Errored}, then: nova.Stopped, lock: true, host: true,
		steps: []step{
			{name: "stop", queue: onHost, task: nova.PoweringOff, event: stopEvent, tells: []string{"power_off"}, do: drive(virt.Driver.PowerOff)},
			settling(nova.PoweringOff, stopEvent, "power_off"),
		},
	},
	SoftReboot: {
		action: "reboot", word: "reboot", from: []nova.VMState{nova.Active},
		then: nova.Active, broken: nova.Errored, runs: nova.Active, lock: true,
		steps: []step{{name: "reboot", queue: onHost, task: nova.Rebooting, event: rebootEvent, tells: []string{"reboot"}, do: drive(virt.Driver.SoftReboot)}},
	},
	HardReboot: {
		action: "reboot", word: "reboot",
		from:   []nova.VMState{nova.Active, nova.Stopped, nova.Paused, nova.Suspended, nova.Errored},
		during: interruptible, supersedes: true, then: nova.Active, broken: nova.Errored, runs: nova.Active, lock: true,
		steps: []step{
			{name: "return", queue: onHost, task: nova.RebootingHard, event: rebootEvent, tells: []string{"reboot"}, when: isReturning, do: (*Worker).finishRevert},
			{name: "reboot", queue: onHost, task: nova.RebootingHard, event: rebootEvent, tells: []string{"reboot"}, do: drive(virt.Driver.HardReboot)},
			settling(nova.RebootingHard, rebootEvent, "reboot"),
		},
	},
	Pause: {
		action: "pause", word: "pause", from: []nova.VMState{nova.Active}, then: nova.Paused, lock: true,
		steps: []step{{name: "pause", queue: onHost, task: nova.Pausing, event: "compute_pause_instance", tells: []string{"pause"}, do: drive(virt.Pauser.Pause)}},
	},
	Unpause: {
		action: "unpause", word: "unpause", from: []nova.VMState{nova.Paused}, then: nova.Active, lock: true,
		steps: []step{{name: "unpause", queue: onHost, task: nova.Unpausing, event: "compute_unpause_instance", tells: []string{"unpause"}, do: drive(virt.Pauser.Unpause)}},
	},
	Suspend: {
		action: "suspend", word: "suspend", from: []nova.VMState{nova.Active}, then: nova.Suspended, lock: true,
		steps: []step{{name: "suspend", queue: onHost, task: nova.Suspending, event: "compute_suspend_instance", tells: []string{"suspend"}, do: drive(virt.Suspender.Suspend)}},
	},
	Resume: {
		action: "resume", word: "resume", from: []nova.VMState{nova.Suspended}, then: nova.Active, lock: true,
		steps: []step{{name: "resume", queue: onHost, task: nova.Resuming, event: "compute_resume_instance", tells: []string{"resume"}, do: drive(virt.Suspender.Resume)}},
	},
	Rescue: {
		action: "rescue", word: "rescue", from: []nova.VMState{nova.Active, nova.Stopped, nova.Errored},
		then: nova.Rescued, broken: nova.Errored, lock: true, explain: explainRescue,
		steps: []step{
			{name: "find", queue: onHost, task: nova.Rescuing, event: rescueEvent, tells: []string{"rescue"}, harmless: true, do: (*Worker).findRescueImage},
			{name: "rescue", queue: onHost, task: nova.Rescuing, event: rescueEvent, tells: []string{"rescue"}, do: (*Worker).rescue},
			settling(nova.Rescuing, rescueEvent, "rescue"),
		},
	},
	Unrescue: {
		action: "unrescue", word: "unrescue", from: []nova.VMState{nova.Rescued}, then: nova.Active, broken: nova.Errored, lock: true,
		steps: []step{{name: "unrescue", queue: onHost, task: nova.Unrescuing, event: "compute_unrescue_instance", tells: []string{"unrescue"}, do: drive(virt.Rescuer.Unrescue)}},
	},
	Rebuild: {
		action: "rebuild", word: "rebuild", from: []nova.VMState{nova.Active, nova.Stopped, nova.Errored},
		then: nova.Active, broken: nova.Errored, lock: true,
		steps: []step{
			{name: "find", queue: onSchedule, task: nova.Rebuilding, event: "rebuild_server", tells: []string{"rebuild_scheduled"}, harmless: true, do: (*Worker).findNewImage},
			{name: "raze", queue: onHost, task: nova.Rebuilding, event: rebuildEvent, tells: []string{"rebuild"}, do: (*Worker).raze},
			{name: "release", queue: onHost, task: nova.Rebuilding, event: rebuildEvent, tells: []string{"rebuild"}, when: isReimaged, do: (*Worker).releaseRoot},
			{name: "reimage", queue: onHost, task: nova.Rebuilding, event: rebuildEvent, tells: []string{"rebuild"}, when: isReimaged, do: (*Worker).reimage},
			{name: "connect", queue: onHost, task: nova.RebuildBlockDeviceMapping, event: rebuildEvent, tells: []string{"rebuild"}, do: (*Worker).findPorts},
			{name: "spawn", queue: onHost, task: nova.RebuildSpawning, event: rebuildEvent, tells: []string{"rebuild"}, progress: true, do: (*Worker).respawn},
			settling(nova.RebuildSpawning, rebuildEvent, "rebuild"),
			{
				name: "stop", queue: onHost, task: nova.PoweringOff, event: stopEvent, tells: []string{"rebuild", "power_off"}, when: wasStopped, harmless: true,
				do: (*Worker).stopAgain,
			},
		},
	},
	ChangePassword: {
		action: "changePassword", word: "changePassword", from: []nova.VMState{nova.Active}, lock: true, vague: true, awaited: true, explain: explainPassword,
		steps: []step{{name: "set", queue: onHost, task: nova.UpdatingPassword, event: "compute_set_admin_password", do: (*Worker).setPassword}},
	},
	CrashDump: {
		action: "trigger_crash_dump", word: "trigger_crash_dump",
		from: []nova.VMState{nova.Active, nova.Paused, nova.Rescued, nova.Resized, nova.Errored}, lock: true, host: true, beside: true,
		steps: []step{{name: "trigger", queue: onHost, event: "compute_trigger_crash_dump", tells: []string{"trigger_crash_dump"}, do: drive(virt.CrashDumper.TriggerCrashDump)}},
	},
	Resize: {
		action: "resize", word: "resize", from: []nova.VMState{nova.Active, nova.Stopped}, then: nova.Resized, broken: nova.Errored,
		lock: true, migration: nova.MigrationResize, steps: resizeSteps,
	},
	Migrate: {
		action: "migrate", word: "migrate", from: []nova.VMState{nova.Active, nova.Stopped}, then: nova.Resized, broken: nova.Errored,
		lock: true, migration: nova.MigrationCold, steps: resizeSteps,
	},
	LiveMigrate: {
		action: "live-migration", word: "os-migrateLive", from: []nova.VMState{nova.Active, nova.Paused}, lock: true, host: true, awaited: true,
		migration: nova.MigrationLive, turnsBack: true,
		steps: []step{
			{
				name: "place", queue: onSchedule, task: nova.Migrating, event: "conductor_live_migrate_instance", harmless: true,
				do: (*Worker).placeLive, undo: (*Worker).unplaceLive,
			},
			{
				name: "check", queue: onTarget, task: nova.Migrating, event: "compute_pre_live_migration", tells: []string{"live_migration_pre"}, harmless: true, answers: true,
				do: (*Worker).checkLive,
			},
			{
				name: "send", queue: onHost, task: nova.Migrating, event: "compute_live_migration", untells: []string{"live_migration_rollback"}, harmless: true,
				do: (*Worker).sendLive, undo: (*Worker).keepLive,
			},
			{
				name: "receive", queue: onTargetForth, task: nova.Migrating, event: "compute_post_live_migration_at_destination", harmless: true,
				tells: []string{"live_migration_post", "live_migration_post_dest"}, untells: []string{"live_migration_rollback_dest"},
				do: (*Worker).receiveLive, undo: (*Worker).refuseLive,
			},
		},
	},
	Evacuate: {
		action: "evacuate", word: "evacuate", from: []nova.VMState{nova.Active, nova.Stopped, nova.Errored}, anyTask: true, supersedes: true,
		then: nova.Active, broken: nova.Errored, host: true, migration: nova.MigrationEvacuation,
		steps: []step{
			{
				name: "place", queue: onSchedule, task: nova.Rebuilding, event: "rebuild_server", tells: []string{"rebuild_scheduled"},
				do: (*Worker).placeEvacuated, undo: (*Worker).unplaceEvacuated,
			},
			{
				name: "connect", queue: onTarget, task: nova.RebuildBlockDeviceMapping, event: rebuildEvent, tells: []string{"rebuild"},
				do: (*Worker).moveEvacuated, undo: (*Worker).unmoveEvacuated,
			},
			{
				name: "spawn", queue: onTarget, task: nova.RebuildSpawning, event: rebuildEvent, tells: []string{"rebuild"}, progress: true,
				do: (*Worker).spawnEvacuated, undo: (*Worker).destroy,
			},
			{
				name: "stop", queue: onHost, task: nova.PoweringOff, event: stopEvent, tells: []string{"rebuild", "power_off"}, when: wasStopped, harmless: true,
				do: (*Worker).stopAgain,
			},
		},
	},
	ConfirmResize: {
		action: "confirmResize", word: "confirmResize", from: []nova.VMState{nova.Resized}, then: nova.Active, broken: nova.Errored, lock: true,
		steps: []step{
			{name: "confirm", queue: onElsewhere, task: nova.ResizeConfirming, event: "compute_confirm_resize", tells: []string{"resize_confirm"}, do: (*Worker).confirmResize, undo: (*Worker).failEnd},
		},
	},
	RevertResize: {
		action: "revertResize", word: "revertResize", from: []nova.VMState{nova.Resized}, then: nova.Active, broken: nova.Errored, lock: true,
		steps: []step{
			{name: "leave", queue: onHost, task: nova.ResizeReverting, event: "compute_revert_resize", do: (*Worker).revertResize, undo: (*Worker).failEnd},
			{name: "finish", queue: onHost, task: nova.ResizeReverting, event: "compute_finish_revert_resize", tells: []string{"resize_revert"}, do: (*Worker).finishRevert},
			{
				name: "stop", queue: onHost, task: nova.PoweringOff, event: stopEvent, tells: []string{"resize_revert", "power_off"}, when: wasStopped, harmless: true,
				do: (*Worker).stopAgain,
			},
		},
	},
	Shelve: {
		action: "shelve", word: "shelve", from: imageable, then: nova.Shelved, lock: true,
		steps: []step{
			{name: "stop", queue: onHost, task: nova.Shelving, event: shelveEvent, tells: []string{"shelve"}, do: drive(virt.Driver.PowerOff), undo: (*Worker).dropImage},
			{name: "create", queue: onHost, task: nova.Shelving, event: shelveEvent, tells: []string{"shelve"}, when: isImaged, do: (*Worker).createImage, undo: (*Worker).dropImage},
			{name: "upload", queue: onHost, task: nova.ShelvingImagePendingUpload, event: shelveEvent, tells: []string{"shelve"}, when: isImaged, progress: true, do: (*Worker).uploadShelved},
			{name: "offload", queue: onHost, task: nova.ShelvingOffloading, event: shelveEvent, tells: []string{"shelve_offload"}, when: offloads, do: (*Worker).offload, undo: (*Worker).stayShelved},
		},
	},
	ShelveOffload: {
		action: "shelveOffload", word: "shelveOffload", from: []nova.VMState{nova.Shelved}, then: nova.ShelvedOffloaded, lock: true,
		steps: []step{
			{name: "offload", queue: onHost, task: nova.ShelvingOffloading, event: "compute_shelve_offload_instance", tells: []string{"shelve_offload"}, do: (*Worker).offload, undo: (*Worker).stayShelved},
		},
	},
	Unshelve: {
		action: "unshelve", word: "unshelve", from: []nova.VMState{nova.Shelved, nova.ShelvedOffloaded},
		then: nova.Active, broken: nova.Errored, lock: true,
		steps: []step{
			{
				name: "start", queue: onHost, task: nova.PoweringOn, event: "compute_start_instance", tells: []string{"power_on"}, when: isOnHost, harmless: true,
				do: (*Worker).startShelved,
			},
			{
				name: "clear", queue: onElsewhere, task: nova.Unshelving, event: "compute_unshelve_instance", quiet: true, when: isElsewhere, harmless: true,
				do: (*Worker).clearElsewhere,
			},
			{name: "find", queue: onSchedule, task: nova.Unshelving, event: "get_image_info", when: isOffloadedImage, do: (*Worker).findShelved},
			{
				name: "place", queue: onSchedule, task: nova.Unshelving, event: "schedule_instances", when: isOffloaded, harmless: true,
				do: (*Worker).place, undo: (*Worker).unplace,
			},
			{
				name: "spawn", queue: onTarget, task: nova.Spawning, event: "compute_unshelve_instance", tells: []string{"unshelve"}, when: isOffloaded, harmless: true,
				do: (*Worker).spawnShelved, undo: (*Worker).unspawnShelved,
			},
		},
	},
	Snapshot: {
		action: "createImage", word: "createImage", from: imageable,
		steps: []step{
			{name: "create", queue: onHost, task: nova.ImageSnapshotPending, event: snapshotEvent, tells: []string{"snapshot"}, do: (*Worker).createImage, undo: (*Worker).dropImage},
			{name: "upload", queue: onHost, task: nova.ImagePendingUpload, event: snapshotEvent, tells: []string{"snapshot"}, do: (*Worker).uploadImage},
		},
	},
	Backup: {
		action: "createBackup", word: "createBackup", from: imageable,
		steps: []step{
			{name: "create", queue: onHost, task: nova.ImageBackup, event: backupEvent, tells: []string{"snapshot"}, do: (*Worker).createImage, undo: (*Worker).dropImage},
			{name: "upload", queue: onHost, task: nova.ImagePendingUpload, event: backupEvent, tells: []string{"snapshot"}, do: (*Worker).uploadImage},
			{name: "rotate", queue: onHost, task: nova.ImageUploading, event: backupEvent, do: (*Worker).rotate},
		},
	},
	BackupInstance: {
		action: "backup_instance", word: "backup_instance", from: imageable, lock: true,
		steps: []step{
			{name: "create", queue: onHost, task: nova.ImageBackup, event: backupEvent, tells: []string{"snapshot"}, do: (*Worker).createImage, undo: (*Worker).dropImage},
			{name: "upload", queue: onHost, task: nova.ImagePendingUpload, event: backupEvent, tells: []string{"snapshot"}, do: (*Worker).uploadImage},
		},
	},
	PoweredOn: {
		action: "start", word: "start", from: []nova.VMState{nova.Stopped}, then: nova.Active,
		steps: []step{{name: "start", queue: onHost, task: nova.PoweringOn, event: powerUpdateEvent, tells: []string{"power_on"}, do: drive(virt.Driver.PowerOn)}},
	},
	PoweredOff: {
		action: "stop", word: "stop", from: []nova.VMState{nova.Active}, then: nova.Stopped,
		steps: []step{{name: "stop", queue: onHost, task: nova.PoweringOff, event: powerUpdateEvent, tells: []string{"power_off"}, do: drive(virt.Driver.PowerOff)}},
	},
	AttachInterface: {
		action: "attach_interface", word: "attach_interface", from: pluggable, lock: true, beside: true, first: true, awaited: true, explain: explainAttach,
		steps: []step{
			{name: "connect", queue: onHost, event: attachEvent, tells: []string{"interface_attach"}, do: (*Worker).attachPort, undo: (*Worker).releasePort},
			{name: "plug", queue: onHost, event: attachEvent, tells: []string{"interface_attach"}, do: (*Worker).plug, undo: (*Worker).pullOut},
			{name: "look", queue: onHost, event: attachEvent, tells: []string{"interface_attach"}, do: (*Worker).look},
		},
	},
	DetachInterface: {
		action: "detach_interface", word: "detach_interface", from: pluggable, lock: true, beside: true, first: true, explain: explainDetach,
		steps: []step{
			{name: "unplug", queue: onHost, event: detachEvent, tells: []string{"interface_detach"}, do: (*Worker).unplug},
			{name: "disconnect", queue: onHost, event: detachEvent, tells: []string{"interface_detach"}, do: (*Worker).detachPort},
			{name: "look", queue: onHost, event: detachEvent, tells: []string{"interface_detach"}, do: (*Worker).look},
		},
	},
	AttachVolume: {
		action: "attach_volume", word: "attach_volume", from: attachable, lock: true, beside: true, first: true, awaited: true,
		steps: []step{
			{name: "reserve", queue: onAny, answers: true, do: (*Worker).reserveVolume, undo: (*Worker).releaseVolume},
			{name: "plug", queue: onHost, event: volumeEvent, tells: []string{"volume_attach"}, when: isOnHost, do: (*Worker).plugVolume, undo: (*Worker).takeOut},
			{name: "complete", queue: onHost, event: volumeEvent, tells: []string{"volume_attach"}, when: isOnHost, do: (*Worker).completeVolume},
			{name: "note", queue: onSchedule, event: "api_attach_volume", when: isOffloaded, do: (*Worker).completeVolume},
		},
	},
	DetachVolume: {
		action: "detach_volume", word: "detach_volume", from: attachable, lock: true, beside: true, first: true, awaited: true, explain: explainDetachVolume,
		steps: []step{
			{name: "begin", queue: onAny, answers: true, when: isOnHost, do: (*Worker).beginDetaching, undo: (*Worker).rollDetaching},
			{name: "unplug", queue: onHost, event: unvolumeEvent, tells: []string{"volume_detach"}, when: isOnHost, do: (*Worker).unplugVolume},
			{name: "disconnect", queue: onHost, event: unvolumeEvent, tells: []string{"volume_detach"}, when: isOnHost, do: (*Worker).disconnectVolume},
			{name: "forget", queue: onSchedule, event: "api_detach_volume", when: isOffloaded, do: (*Worker).disconnectVolume},
		},
	},
	SwapVolume: {
		action: "swap_volume", word: "swap_volume", from: []nova.VMState{nova.Active, nova.Paused, nova.Resized}, lock: true, host: true,
		beside: true, first: true, awaited: true,
		steps: []step{
			{name: "reserve", queue: onSchedule, answers: true, do: (*Worker).reserveSwap, undo: (*Worker).releaseSwap},
			{name: "swap", queue: onHost, event: swapEvent, tells: []string{"volume_swap"}, do: (*Worker).swapVolume, undo: (*Worker).unswapVolume},
			{name: "release", queue: onHost, event: swapEvent, tells: []string{"volume_swap"}, do: (*Worker).releaseSwapped},
			{name: "rename", queue: onHost, event: swapEvent, tells: []string{"volume_swap"}, when: migrates, do: (*Worker).renameVolume},
		},
	},
	ExtendVolume: {
		action: "extend_volume", word: "extend_volume", beside: true, anyTask: true, explain: explainExtendVolume,
		steps: []step{{name: "extend", queue: onHost, event: "compute_extend_volume", do: (*Worker).extendVolume}},
	},
}
