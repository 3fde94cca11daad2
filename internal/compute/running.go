package compute

import (
	"context"
	"slices"
	"sync"
)

// running is what a worker is doing, by the server's ID.
type running struct {
	mu       sync.Mutex
	byServer map[string]*run
}

// A run is an action under way on a server.
type run struct {
	serial int64 // the action's
	cancel context.CancelFunc
	done   chan struct{}
}

// enter breaks off what this process still does to a server, which has been
// superseded if another action could be claimed, and waits for its end: no
// two actions touch a server at once.
func (r *running) enter(ctx context.Context, serverID string, serial int64) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	mine := &run{serial: serial, cancel: cancel, done: make(chan struct{})}
	r.mu.Lock()
	before := r.byServer[serverID]
	r.byServer[serverID] = mine
	r.mu.Unlock()
	if before != nil {
		before.cancel()
		<-before.done
	}
	return ctx, func() {
		cancel()
		r.mu.Lock()
		if r.byServer[serverID] == mine {
			delete(r.byServer, serverID)
		}
		r.mu.Unlock()
		close(mine.done)
	}
}

// underWay are the actions that a worker is at.
func (r *running) underWay() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	serials := make([]int64, 0, len(r.byServer))
	for _, run := range r.byServer {
		serials = append(serials, run.serial)
	}
	return serials
}

// breakOff ends what is under way of some actions.
func (r *running) breakOff(serials []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, run := range r.byServer {
		if slices.Contains(serials, run.serial) {
			run.cancel()
		}
	}
}
