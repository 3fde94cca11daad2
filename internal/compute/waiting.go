package compute

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/internal/nova"
)

// waitingEvery is how often RunWaiting looks for servers that have waited long
// enough.
const waitingEvery = 10 * time.Second

// A wait is how long servers stay in a state before something is done to them by
// itself.
type wait struct {
	state nova.VMState
	after time.Duration // 0 or less: nothing is done by itself
	do    func(a *Servers, ctx context.Context, s nova.Server) error
}

func (a *Servers) waits() []wait {
	return []wait{
		{nova.SoftDeleted, a.reclaimAfter, (*Servers).reclaim},
		{nova.Resized, a.confirmAfter, (*Servers).ConfirmResize},
		{nova.Shelved, a.offloadAfter, func(a *Servers, ctx context.Context, s nova.Server) error { return a.Do(ctx, s, ShelveOffload) }},
	}
}

// RunWaiting does what becomes due by itself, until the context ends. One or more
// processes do it.
func (a *Servers) RunWaiting(ctx context.Context) {
	tick := time.NewTicker(waitingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := a.EndWaits(ctx); err != nil && ctx.Err() == nil {
			zerolog.Ctx(ctx).Warn().Err(err).Msg("servers that have waited long enough can't be found")
		}
	}
}

// EndWaits begins what is due: servers that were deleted long enough ago are
// removed for good, shelved ones leave
// their hosts, and resizes are confirmed. It does so in the name of an administrator without a project,
// whom no lock keeps off. A server that somebody else has begun something with is
// left to that. It returns only errors of the store.
func (a *Servers) EndWaits(ctx context.Context) error {
	ctx = nova.WithCaller(ctx, nova.Caller{Admin: true})
	for _, w := range a.waits() {
		if w.after <= 0 {
			continue
		}
		due, err := a.store.WaitingServers(ctx, w.state, a.store.Now().Add(-w.after))
		if err != nil {
			return err
		}
		for _, server := range due {
			ctx := nova.WithRequest(ctx, nova.Request{ID: "req-" + uuid.NewString()})
			if err := w.do(a, ctx, server); err != nil {
				zerolog.Ctx(ctx).Warn().Err(err).Str("server", server.ID).Str("state", string(w.state)).Msg("server goes on waiting")
			}
		}
	}
	return nil
}
