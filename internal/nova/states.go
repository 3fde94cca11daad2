package nova

// A VMState is what has become of a server.
type VMState string

// The states of a server.
const (
	Active           VMState = "active"
	Building         VMState = "building"
	Paused           VMState = "paused"
	Suspended        VMState = "suspended"
	Stopped          VMState = "stopped"
	Rescued          VMState = "rescued"
	Resized          VMState = "resized"
	SoftDeleted      VMState = "soft-delete"
	Deleted          VMState = "deleted"
	Errored          VMState = "error"
	Shelved          VMState = "shelved"
	ShelvedOffloaded VMState = "shelved_offloaded"
)

// A TaskState is what a server is busy with; Idle if with nothing.
type TaskState string

// What a server can be busy with.
const (
	Idle                       TaskState = ""
	Scheduling                 TaskState = "scheduling"
	BlockDeviceMapping         TaskState = "block_device_mapping"
	Networking                 TaskState = "networking"
	Spawning                   TaskState = "spawning"
	ImageSnapshot              TaskState = "image_snapshot"
	ImageSnapshotPending       TaskState = "image_snapshot_pending"
	ImagePendingUpload         TaskState = "image_pending_upload"
	ImageUploading             TaskState = "image_uploading"
	ImageBackup                TaskState = "image_backup"
	UpdatingPassword           TaskState = "updating_password"
	ResizePrep                 TaskState = "resize_prep"
	ResizeMigrating            TaskState = "resize_migrating"
	ResizeMigrated             TaskState = "resize_migrated"
	ResizeFinish               TaskState = "resize_finish"
	ResizeReverting            TaskState = "resize_reverting"
	ResizeConfirming           TaskState = "resize_confirming"
	Rebooting                  TaskState = "rebooting"
	RebootPending              TaskState = "reboot_pending"
	RebootStarted              TaskState = "reboot_started"
	RebootingHard              TaskState = "rebooting_hard"
	RebootPendingHard          TaskState = "reboot_pending_hard"
	RebootStartedHard          TaskState = "reboot_started_hard"
	Pausing                    TaskState = "pausing"
	Unpausing                  TaskState = "unpausing"
	Suspending                 TaskState = "suspending"
	Resuming                   TaskState = "resuming"
	PoweringOff                TaskState = "powering-off"
	PoweringOn                 TaskState = "powering-on"
	Rescuing                   TaskState = "rescuing"
	Unrescuing                 TaskState = "unrescuing"
	Rebuilding                 TaskState = "rebuilding"
	RebuildBlockDeviceMapping  TaskState = "rebuild_block_device_mapping"
	RebuildSpawning            TaskState = "rebuild_spawning"
	Migrating                  TaskState = "migrating"
	Deleting                   TaskState = "deleting"
	SoftDeleting               TaskState = "soft-deleting"
	Restoring                  TaskState = "restoring"
	Shelving                   TaskState = "shelving"
	ShelvingImagePendingUpload TaskState = "shelving_image_pending_upload"
	ShelvingImageUploading     TaskState = "shelving_image_uploading"
	ShelvingOffloading         TaskState = "shelving_offloading"
	Unshelving                 TaskState = "unshelving"
)

// A PowerState is what the hypervisor says of a server, in Nova's numbers.
type PowerState int

// The power states. 2 and 5 are unused.
const (
	NoState        PowerState = 0
	Running        PowerState = 1
	PowerPaused    PowerState = 3
	Shutdown       PowerState = 4
	Crashed        PowerState = 6
	PowerSuspended PowerState = 7
)

var powerWords = map[PowerState]string{
	NoState: "pending", Running: "running", PowerPaused: "paused", Shutdown: "shutdown", Crashed: "crashed", PowerSuspended: "suspended",
}

// Word is what diagnostics and refusals call a power state: STATE_MAP in
// nova/compute/power_state.py.
func (p PowerState) Word() string { return powerWords[p] }
