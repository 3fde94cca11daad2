package compute

import (
	"context"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// diagnostics asks for the counters of a server.
var diagnostics = question[struct{}, nova.Diagnostics]{
	"diagnostics",
	func(ctx context.Context, d virt.Driver, s nova.Server, _ struct{}) (all nova.Diagnostics, err error) {
		power, err := d.PowerState(ctx, s)
		if err != nil {
			return all, err
		}
		if power != nova.Running {
			return all, wrongState(s.ID, "get_diagnostics", "power state", s.PowerState.Word())
		}
		diagnoser, err := virt.As[virt.Diagnoser](d)
		if err != nil {
			return all, err
		}
		return diagnoser.Diagnostics(ctx, s)
	},
}

// Diagnostics are the counters of a running server, as its host has them. The
// error is Conflict if the server has no host, its host is down, or it doesn't
// run; NotFound if the host doesn't know it; NotImplemented if the driver counts
// nothing; and Unavailable if the host doesn't answer in time.
func (a *Servers) Diagnostics(ctx context.Context, s nova.Server) (nova.Diagnostics, error) {
	return ask(ctx, a, s, diagnostics, struct{}{})
}
