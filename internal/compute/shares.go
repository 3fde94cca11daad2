package compute

import (
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// AttachShare refuses to mount a share in a server. The error is Conflict: for a
// server that is not stopped, or else since its host can't share folders with it
// (check_shares_supported in nova/virt/hardware.py).
func AttachShare(s nova.Server) error {
	if s.VMState != nova.Stopped {
		return wrongState(s.ID, "create share", "vm_state", string(s.VMState))
	}
	return nova.Errorf(nova.Conflict, "Feature not supported because either compute or instance are not configured correctly.")
}

// DetachShare refuses to take a share out of a server. The error is Conflict for a
// server in the wrong state, and NotFound otherwise.
func DetachShare(s nova.Server, share string) error {
	if !slices.Contains([]nova.VMState{nova.Stopped, nova.Errored}, s.VMState) {
		return wrongState(s.ID, "delete share", "vm_state", string(s.VMState))
	}
	return NoShare(share)
}

// NoShare is NotFound in the words of ShareNotFound in nova/exception.py.
func NoShare(id string) error {
	return nova.Errorf(nova.NotFound, "Share %s could not be found.", id)
}
