package compute

import (
	"context"
	"sync"

	"github.com/nova-api/nova-api/internal/nova"
)

// running are the actions that a worker is at, by their serial numbers.
type running struct {
	mu       sync.Mutex
	bySerial map[int64]*underWay
}

// underWay is an action that a worker is at.
type underWay struct {
	nova.Action
	cancel context.CancelFunc
	done   chan struct{}
}

// enter notes that an action is under way, and breaks off those on the same
// server that it has superseded: any other exclusive action, since otherwise it
// could not have been claimed, and all if it ends the server. No two of them
// touch a server at once: enter waits for their end. Call leave at the action's.
func (r *running) enter(ctx context.Context, a nova.Action, ends bool) (_ context.Context, leave func()) {
	ctx, cancel := context.WithCancel(ctx)
	mine := &underWay{Action: a, cancel: cancel, done: make(chan struct{})}
	r.mu.Lock()
	before := r.those(func(other nova.Action) bool {
		return other.ServerID == a.ServerID && (ends || other.Exclusive && a.Exclusive || other.Serial == a.Serial)
	})
	r.bySerial[a.Serial] = mine
	r.mu.Unlock()
	awaitAll(before)
	return ctx, func() {
		cancel()
		r.mu.Lock()
		if r.bySerial[a.Serial] == mine {
			delete(r.bySerial, a.Serial)
		}
		r.mu.Unlock()
		close(mine.done)
	}
}

// those finds some of what is under way. The caller holds the lock.
func (r *running) those(match func(nova.Action) bool) (found []*underWay) {
	for _, one := range r.bySerial {
		if match(one.Action) {
			found = append(found, one)
		}
	}
	return found
}

// finish breaks off some of what is under way, and waits for its end.
func (r *running) finish(match func(nova.Action) bool) {
	r.mu.Lock()
	found := r.those(match)
	r.mu.Unlock()
	awaitAll(found)
}

// awaitAll breaks off what is under way, and waits for its end.
func awaitAll(all []*underWay) {
	for _, one := range all {
		one.cancel()
		<-one.done
	}
}

// serials are those of the actions that a worker is at.
func (r *running) serials() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	serials := make([]int64, 0, len(r.bySerial))
	for serial := range r.bySerial {
		serials = append(serials, serial)
	}
	return serials
}

// breakOff ends the running work of some actions.
func (r *running) breakOff(serials []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, serial := range serials {
		if one, ok := r.bySerial[serial]; ok {
			one.cancel()
		}
	}
}

// BreakOff ends all that is under way, for whoever may claim it once the leases
// have ended: after another process has taken over one of the hosts.
func (r *running) BreakOff() { r.breakOff(r.serials()) }
