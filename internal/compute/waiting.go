package compute

import (
	"context"
	"sync"
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
	every time.Duration // how often it is looked for; 0: at each look, less: never
	do    func(a *Servers, ctx context.Context, s nova.Server) error
}

// looks are when servers that wait in a state were looked for last.
type looks struct {
	sync.Mutex

	at map[nova.VMState]time.Time
}

func (a *Servers) waits() []wait {
	return []wait{
		{nova.SoftDeleted, a.reclaimAfter, 0, (*Servers).reclaim},
		{nova.Resized, a.confirmAfter, 0, (*Servers).ConfirmResize},
		{nova.Shelved, a.offloadAfter, a.shelvedPoll, func(a *Servers, ctx context.Context, s nova.Server) error {
			return a.Do(ctx, s, ShelveOffload)
		}},
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
// removed for good, shelved ones leave their hosts, and resizes are confirmed. It does
// so in the name of an administrator without a project, whom no lock keeps off. A server that somebody else has begun something with is
// left to that. It returns only errors of the store.
func (a *Servers) EndWaits(ctx context.Context) error {
	ctx = nova.WithCaller(ctx, nova.Caller{Admin: true})
	for _, w := range a.waits() {
		if w.after <= 0 || !a.looksNow(w) {
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

// looksNow reports whether it is time to look for servers that wait, and notes the
// time if it is.
func (a *Servers) looksNow(w wait) bool {
	a.looked.Lock()
	defer a.looked.Unlock()
	last, before := a.looked.at[w.state]
	if w.every < 0 || before && a.store.Now().Sub(last) < w.every {
		return false
	}
	if a.looked.at == nil {
		a.looked.at = map[nova.VMState]time.Time{}
	}
	a.looked.at[w.state] = a.store.Now()
	return true
}
