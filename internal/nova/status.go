package nova

// statuses says what a client is shown for each state.
var statuses = map[VMState]string{
	Active:           "ACTIVE",
	Building:         "BUILD",
	Paused:           "PAUSED",
	Suspended:        "SUSPENDED",
	Stopped:          "SHUTOFF",
	Rescued:          "RESCUE",
	Resized:          "VERIFY_RESIZE",
	SoftDeleted:      "SOFT_DELETED",
	Deleted:          "DELETED",
	Errored:          "ERROR",
	Shelved:          "SHELVED",
	ShelvedOffloaded: "SHELVED_OFFLOADED",
}

// What a client is shown instead while the server is busy with a task.
var (
	whileRebuilding = map[TaskState]string{
		Rebuilding: "REBUILD", RebuildBlockDeviceMapping: "REBUILD", RebuildSpawning: "REBUILD",
	}
	whileResizing = map[TaskState]string{
		ResizePrep: "RESIZE", ResizeMigrating: "RESIZE", ResizeMigrated: "RESIZE", ResizeFinish: "RESIZE",
	}
	whileRebooting = map[TaskState]string{
		Rebooting: "REBOOT", RebootPending: "REBOOT", RebootStarted: "REBOOT",
		RebootingHard: "HARD_REBOOT", RebootPendingHard: "HARD_REBOOT", RebootStartedHard: "HARD_REBOOT",
	}
	taskStatuses = map[VMState][]map[TaskState]string{
		Active:  {whileRebooting, whileRebuilding, whileResizing, {UpdatingPassword: "PASSWORD", Migrating: "MIGRATING"}},
		Stopped: {whileRebuilding, whileResizing},
		Resized: {{ResizeReverting: "REVERT_RESIZE"}},
		Paused:  {{Migrating: "MIGRATING"}},
		Errored: {whileRebuilding},
	}
)

// Status is what a client is shown for a state and a task.
func Status(vm VMState, task TaskState) string {
	for _, table := range taskStatuses[vm] {
		if status, ok := table[task]; ok {
			return status
		}
	}
	if status, ok := statuses[vm]; ok {
		return status
	}
	return "UNKNOWN"
}

// StatesOf finds the states, and the tasks, that show as a status. Tasks are
// empty if the status is what one of the states shows without a task: then
// any task goes, which is how Nova's own list filter behaves. Both are empty
// for an unknown status.
func StatesOf(status string) (vm []VMState, tasks []TaskState) {
	byDefault := false
	for _, state := range vmStates {
		if statuses[state] == status {
			vm, byDefault = append(vm, state), true
			continue
		}
		found := false
		for _, table := range taskStatuses[state] {
			for _, task := range taskStates {
				if shown, ok := table[task]; ok && shown == status {
					tasks, found = append(tasks, task), true
				}
			}
		}
		if found {
			vm = append(vm, state)
		}
	}
	if byDefault {
		tasks = nil
	}
	return vm, tasks
}

// The states and tasks in a fixed order, so that queries are always the same.
var (
	vmStates = []VMState{
		Active, Building, Paused, Suspended, Stopped, Rescued, Resized, SoftDeleted, Deleted, Errored, Shelved, ShelvedOffloaded,
	}
	taskStates = []TaskState{
		UpdatingPassword, ResizePrep, ResizeMigrating, ResizeMigrated, ResizeFinish, ResizeReverting,
		Rebooting, RebootPending, RebootStarted, RebootingHard, RebootPendingHard, RebootStartedHard,
		Rebuilding, RebuildBlockDeviceMapping, RebuildSpawning, Migrating,
	}
)
