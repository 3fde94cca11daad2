package compute

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

const consoleTTL = 10 * time.Minute

// consoleTypes are the types of console that are served, by protocol. Others are
// known to the API but unavailable here, as in a Nova where they are disabled.
var consoleTypes = map[string]string{"vnc": "novnc", "serial": "serial"}

// openConsole asks for the address of a server's console in a protocol.
var openConsole = question[string, nova.ConsoleAddress]{
	"open_console",
	func(ctx context.Context, d virt.Driver, s nova.Server, protocol string) (nova.ConsoleAddress, error) {
		opener, err := virt.As[virt.ConsoleOpener](d)
		if err != nil {
			return nova.ConsoleAddress{}, err
		}
		return opener.OpenConsole(ctx, s, protocol)
	},
}

// OpenConsole lets whoever has the token that it returns use a server's console
// for a while. The checks and their texts are those of get_vnc_console and its
// siblings in nova/compute/api.py and nova/compute/manager.py.
//
// The error is Invalid for a type of console that is not served, Conflict if the
// server has no host, its host is down, or it is on its way to another or being
// deleted, NotImplemented if the server's hypervisor lacks such consoles, and
// Unavailable if the host doesn't answer in time.
func (a *Servers) OpenConsole(ctx context.Context, s nova.Server, protocol, kind string) (token string, err error) {
	if s.Host == "" {
		return "", nova.Errorf(nova.Conflict, "Instance %s is not ready", s.ID)
	}
	if s.TaskState == nova.Deleting || s.TaskState == nova.Migrating {
		return "", wrongState(s.ID, "get_"+protocol+"_console", "task_state", string(s.TaskState))
	}
	switch served, ok := consoleTypes[protocol]; {
	case !ok:
		return "", nova.Errorf(nova.Invalid, "Unavailable console type %s.", kind)
	case kind != served:
		return "", nova.Errorf(nova.Invalid, "Invalid console type %s", kind)
	}
	address, err := ask(ctx, a, s, openConsole, protocol)
	if nova.Is(err, nova.NotFound) && s.VMState == nova.Building {
		return "", nova.Errorf(nova.Conflict, "Instance %s is not ready", s.ID)
	}
	if err != nil {
		return "", err
	}
	address.ServerID, address.Type = s.ID, kind
	token = uuid.NewString() // of 122 random bits
	return token, a.store.CreateConsoleToken(ctx, token, address, a.consoleTTL)
}
