package rest

import (
	"context"
	"runtime"

	"golang.org/x/sync/semaphore"

	"github.com/nova-api/nova-api/internal/nova"
)

// A gate bounds the long lists that are read and rendered at a time, by the items that
// they may have. Lists then wait for lists, in the order in which they came. Without it,
// some clients that list a thousand servers each would take all processors from calls
// that need one for a moment, and hold as many answers in memory as there are clients.
type gate struct {
	items *semaphore.Weighted
	most  int64
}

// newGate lets as many full pages pass at a time as there are processors.
func newGate(page int) gate {
	most := int64(max(page, 1) * runtime.GOMAXPROCS(0))
	return gate{semaphore.NewWeighted(most), most}
}

// enter waits until a list of so many items may pass, and returns what to call when its
// body is there. It is not held while the body is sent: that takes as long as the
// client likes. The error is Unavailable if the client has gone, or time has run out.
func (g gate) enter(ctx context.Context, items int) (leave func(), err error) {
	weight := min(max(int64(items), 1), g.most)
	if err := g.items.Acquire(ctx, weight); err != nil {
		return nil, nova.Because(err, nova.Unavailable, "Too many long lists are asked for at a time: ask for less, or try again.")
	}
	return func() { g.items.Release(weight) }, nil
}
