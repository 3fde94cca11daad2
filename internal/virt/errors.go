package virt

import "github.com/nova-api/nova-api/internal/nova"

// Unknown is how a driver says that a server isn't on its host.
func Unknown(s nova.Server) error {
	return nova.Errorf(nova.NotFound, "Instance %s could not be found.", s.ID)
}

// Unsupported is how a driver says that it doesn't have a verb.
func Unsupported() error {
	return nova.Errorf(nova.NotImplemented, "The requested functionality is not supported.")
}

// WrongState is how a driver says that the power state of a server doesn't
// allow a verb.
func WrongState(s nova.Server, verb string, state nova.PowerState) error {
	return nova.Errorf(nova.Conflict, "Cannot %s instance %s while it is %s.", verb, s.ID, powerStates[state])
}

// powerStates says in words what a server is.
var powerStates = map[nova.PowerState]string{
	nova.NoState:        "without a power state",
	nova.Running:        "running",
	nova.PowerPaused:    "paused",
	nova.Shutdown:       "shut down",
	nova.Crashed:        "crashed",
	nova.PowerSuspended: "suspended",
}
