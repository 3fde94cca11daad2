package policy

// These are the rules of actions that leave a server on its host and at its
// size.
const (
	Start                   Rule = "os_compute_api:servers:start"
	Stop                    Rule = "os_compute_api:servers:stop"
	Reboot                  Rule = "os_compute_api:servers:reboot"
	Rebuild                 Rule = "os_compute_api:servers:rebuild"
	RebuildTrustedCerts     Rule = "os_compute_api:servers:rebuild:trusted_certs"
	CreateImage             Rule = "os_compute_api:servers:create_image"
	CreateImageVolumeBacked Rule = "os_compute_api:servers:create_image:allow_volume_backed"
	CreateBackup            Rule = "os_compute_api:os-create-backup"
	BackupInstance          Rule = "os_compute_api:servers:backup_instance"
	TriggerCrashDump        Rule = "os_compute_api:servers:trigger_crash_dump"
	Pause                   Rule = "os_compute_api:os-pause-server:pause"
	Unpause                 Rule = "os_compute_api:os-pause-server:unpause"
	Suspend                 Rule = "os_compute_api:os-suspend-server:suspend"
	Resume                  Rule = "os_compute_api:os-suspend-server:resume"
	Lock                    Rule = "os_compute_api:os-lock-server:lock"
	Unlock                  Rule = "os_compute_api:os-lock-server:unlock"
	UnlockOverride          Rule = "os_compute_api:os-lock-server:unlock:unlock_override"
	Rescue                  Rule = "os_compute_api:os-rescue"
	Unrescue                Rule = "os_compute_api:os-unrescue"
	ChangePassword          Rule = "os_compute_api:os-admin-password" //nolint:gosec // the name of a rule, no credential
	ConsoleOutput           Rule = "os_compute_api:os-console-output"
	RemoteConsoles          Rule = "os_compute_api:os-remote-consoles"
	ResetState              Rule = "os_compute_api:os-admin-actions:reset_state"
	InjectNetworkInfo       Rule = "os_compute_api:os-admin-actions:inject_network_info"
	Restore                 Rule = "os_compute_api:os-deferred-delete:restore"
	ForceDelete             Rule = "os_compute_api:os-deferred-delete:force"
)

// serverActionRules are for members of the project, but for those that undo an
// administrator's work or set a state by hand.
var serverActionRules = []Entry{
	{Start, member, "Start a stopped server.", ops{"POST /servers/{id}/action (os-start)"}},
	{Stop, member, "Stop a server.", ops{"POST /servers/{id}/action (os-stop)"}},
	{Reboot, member, "Reboot a server, softly or hard.", ops{"POST /servers/{id}/action (reboot)"}},
	{Rebuild, member, "Make a server anew from an image.", ops{"POST /servers/{id}/action (rebuild)"}},
	{
		RebuildTrustedCerts, member,
		"Name the certificates that the image of a rebuilt server must be signed with.",
		ops{"POST /servers/{id}/action (rebuild)"},
	},
	{CreateImage, member, "Make an image from a server.", ops{"POST /servers/{id}/action (createImage)"}},
	// This one is asked after the rule above, once it is known where the root disk is.
	{
		CreateImageVolumeBacked, member, "Make an image from a server whose root disk is a volume.",
		ops{"POST /servers/{id}/action (createImage)"},
	},
	{CreateBackup, member, "Back up a server, with rotation.", ops{"POST /servers/{id}/action (createBackup)"}},
	// Nova has no such operation. Whoever may make an image of a server may back it up: both
	// read the whole disk.
	{
		BackupInstance, member, "Back up a server into an image with a name and a description.",
		ops{"POST /servers/{id}/backup_instance"},
	},
	{
		TriggerCrashDump, member, "Make a server's kernel crash and write a dump.",
		ops{"POST /servers/{id}/action (trigger_crash_dump)"},
	},
	// Each of these pairs has two rules, so that an operator can let everybody undo what only
	// some may do.
	{Pause, member, "Pause a server.", ops{"POST /servers/{id}/action (pause)"}},
	{Unpause, member, "Let a paused server go on.", ops{"POST /servers/{id}/action (unpause)"}},
	{Suspend, member, "Suspend a server to disk.", ops{"POST /servers/{id}/action (suspend)"}},
	{Resume, member, "Resume a suspended server.", ops{"POST /servers/{id}/action (resume)"}},
	{Lock, member, "Lock a server against further actions.", ops{"POST /servers/{id}/action (lock)"}},
	{Unlock, member, "Unlock a server.", ops{"POST /servers/{id}/action (unlock)"}},
	// Asked in addition if the lock is that of the other side: an administrator's for the
	// owner, the owner's for an administrator.
	{
		UnlockOverride, admin, "Unlock a server that an administrator has locked.",
		ops{"POST /servers/{id}/action (unlock)"},
	},
	{Rescue, member, "Boot a server from a rescue image.", ops{"POST /servers/{id}/action (rescue)"}},
	{Unrescue, member, "Boot a rescued server from its own disk again.", ops{"POST /servers/{id}/action (unrescue)"}},
	{
		ChangePassword, member, "Change the administrator's password inside a server.",
		ops{"POST /servers/{id}/action (changePassword)"},
	},
	{
		ConsoleOutput, member, "Read what a server has written to its console.",
		ops{"POST /servers/{id}/action (os-getConsoleOutput)"},
	},
	// One rule for all types of consoles, and for the actions that went before the resource
	// (until 2.5).
	{RemoteConsoles, member, "Get an address under which a server's console can be used.", ops{
		"POST /servers/{server_id}/remote-consoles",
		"POST /servers/{id}/action (os-getVNCConsole)",
		"POST /servers/{id}/action (os-getSPICEConsole)",
		"POST /servers/{id}/action (os-getSerialConsole)",
		"POST /servers/{id}/action (os-getRDPConsole)",
	}},
	// A state that is set by hand may be a lie about the hypervisor, so this is not for
	// owners.
	{
		ResetState, admin, "Set a server's state by hand, to active or error.",
		ops{"POST /servers/{id}/action (os-resetState)"},
	},
	{
		InjectNetworkInfo, admin, "Write the network's settings into a server once more.",
		ops{"POST /servers/{id}/action (injectNetworkInfo)"},
	},
	{
		Restore, member, "Bring back a deleted server that has not been reclaimed.",
		ops{"POST /servers/{id}/action (restore)"},
	},
	{
		ForceDelete, member, "Delete a server at once, without keeping it for restoring.",
		ops{"POST /servers/{id}/action (forceDelete)"},
	},
}

// Rules of actions that change a server's size or host.
const (
	Resize          Rule = "os_compute_api:servers:resize"
	ResizeCrossCell Rule = "compute:servers:resize:cross_cell"
	ConfirmResize   Rule = "os_compute_api:servers:confirm_resize"
	RevertResize    Rule = "os_compute_api:servers:revert_resize"
	Migrate         Rule = "os_compute_api:os-migrate-server:migrate"
	MigrateHost     Rule = "os_compute_api:os-migrate-server:migrate:host"
	MigrateLive     Rule = "os_compute_api:os-migrate-server:migrate_live"
	MigrateLiveHost Rule = "os_compute_api:os-migrate-server:migrate_live:host"
	Evacuate        Rule = "os_compute_api:os-evacuate"
	Shelve          Rule = "os_compute_api:os-shelve:shelve"
	ShelveOffload   Rule = "os_compute_api:os-shelve:shelve_offload"
	Unshelve        Rule = "os_compute_api:os-shelve:unshelve"
	UnshelveToHost  Rule = "os_compute_api:os-shelve:unshelve_to_host"
)

var serverMoveRules = []Entry{
	{Resize, member, "Give a server another flavor.", ops{"POST /servers/{id}/action (resize)"}},
	// There is one cell here, so nothing ever asks this rule. Nova, too, allows it to nobody
	// unless told otherwise.
	{
		ResizeCrossCell, nobody, "Resize or migrate a server into another cell.",
		ops{"POST /servers/{id}/action (resize)", "POST /servers/{id}/action (migrate)"},
	},
	{ConfirmResize, member, "Keep a server as it was resized.", ops{"POST /servers/{id}/action (confirmResize)"}},
	{RevertResize, member, "Take a resized server back to what it was.", ops{"POST /servers/{id}/action (revertResize)"}},
	// Managers move servers within the cloud. Where to, which tells hosts by name, is for
	// administrators.
	{
		Migrate, manager, "Move a server to a host of the scheduler's choice, stopping it meanwhile.",
		ops{"POST /servers/{id}/action (migrate)"},
	},
	{
		MigrateHost, admin, "Move a server to a named host, stopping it meanwhile.",
		ops{"POST /servers/{id}/action (migrate)"},
	},
	{
		MigrateLive, manager, "Move a running server to a host of the scheduler's choice.",
		ops{"POST /servers/{id}/action (os-migrateLive)"},
	},
	{
		MigrateLiveHost, admin, "Move a running server to a named host.",
		ops{"POST /servers/{id}/action (os-migrateLive)"},
	},
	// Whoever evacuates a server whose host is alive after all has it running twice on the
	// same disk, so this is not for managers.
	{Evacuate, admin, "Make a server anew elsewhere when its host has failed.", ops{"POST /servers/{id}/action (evacuate)"}},
	{Shelve, member, "Shelve a server.", ops{"POST /servers/{id}/action (shelve)"}},
	// Shelved servers are taken off their hosts after a while by themselves.
	{
		ShelveOffload, admin, "Take a shelved server off its host.",
		ops{"POST /servers/{id}/action (shelveOffload)"},
	},
	{Unshelve, member, "Bring back a shelved server.", ops{"POST /servers/{id}/action (unshelve)"}},
	{
		UnshelveToHost, admin, "Bring back a shelved server on a named host.",
		ops{"POST /servers/{id}/action (unshelve)"},
	},
}
