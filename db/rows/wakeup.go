package rows

import (
	"context"
	"sync"
	"time"

	"github.com/lib/pq"
)

// wakeups carries word from those who queue work to those who wait for it, in
// this process.
type wakeups struct {
	mu      sync.Mutex
	waiting chan struct{}
}

func newWakeups() *wakeups { return &wakeups{waiting: make(chan struct{})} }

// wait gives a channel that is closed at the next wake.
func (w *wakeups) wait() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waiting
}

// Wake closes the channel that everybody waits for.
func (w *wakeups) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.waiting)
	w.waiting = make(chan struct{})
}

// notifyChannel is where processes on one PostgreSQL tell each other of work.
const notifyChannel = "nova_actions"

// Wake tells all workers that there is work, once the transaction has been
// committed: those of this process directly, others through the database.
// Whoever misses it finds the work at the next poll.
func (s *DB) Wake(ctx context.Context) error {
	s.AfterCommit(s.wakeups.wake)
	if s.dialect.name != "postgres" {
		return nil
	}
	_, err := Exec(ctx, s, "SELECT pg_notify(?, '')", notifyChannel)
	return err
}

// Woken gives a channel that is closed when there may be work.
func (s *DB) Woken() <-chan struct{} { return s.wakeups.wait() }

// Listen passes on what other processes say of work, until the context ends.
// It returns at once on SQLite, which no other machine shares.
func (s *DB) Listen(ctx context.Context) {
	if s.dialect.name != "postgres" {
		return
	}
	const soonest, latest = 100 * time.Millisecond, 10 * time.Second
	listener := pq.NewListener(s.dsn, soonest, latest, nil)
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() }) // also while it still tries to connect
	defer stop()
	if err := listener.Listen(notifyChannel); err != nil {
		return // polling goes on without
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-listener.Notify: // nil after a reconnection: something may have been missed
			s.wakeups.wake()
		}
	}
}
