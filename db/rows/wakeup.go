package rows

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/lib/pq"
)

// wakeups carries word from those who queue work to those who wait for it, in
// this process.
type wakeups struct {
	mu      sync.Mutex
	waiting map[*waiting]struct{}
}

// waiting is a subscription: the queues, and a channel that holds one word.
type waiting struct {
	queues []string
	woken  chan struct{}
}

func newWakeups() *wakeups { return &wakeups{waiting: map[*waiting]struct{}{}} }

// wake tells those who wait for a queue; a word that nobody has read yet is as
// good as two.
func (w *wakeups) wake(concerned func(queues []string) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for one := range w.waiting {
		if !concerned(one.queues) {
			continue
		}
		select {
		case one.woken <- struct{}{}:
		default:
		}
	}
}

func (w *wakeups) wakeQueue(queue string) {
	w.wake(func(queues []string) bool { return slices.Contains(queues, queue) })
}

func (w *wakeups) wakeAll() {
	w.wake(func([]string) bool { return true })
}

// Subscribe gives a channel that receives whenever there may be something new
// in one of the queues. It holds a word that came before it was read, so who
// subscribes before looking misses nothing. Call unsubscribe at the end.
func (s *DB) Subscribe(queues ...string) (woken <-chan struct{}, unsubscribe func()) {
	w := s.wakeups
	one := &waiting{queues: queues, woken: make(chan struct{}, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting[one] = struct{}{}
	return one.woken, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.waiting, one)
	}
}

// notifyChannel is where processes on one PostgreSQL tell each other which
// queues have something new.
const notifyChannel = "nova_queues"

// Wake tells whoever waits for a queue that there is something new in it, once
// the transaction has been committed: in this process directly, in others
// through the database. Whoever misses it must find out by looking.
func (s *DB) Wake(ctx context.Context, queue string) error {
	s.AfterCommit(func() { s.wakeups.wakeQueue(queue) })
	if s.dialect.name != "postgres" {
		return nil
	}
	_, err := Exec(ctx, s, "SELECT pg_notify(?, ?)", notifyChannel, queue)
	return err
}

// Listen passes on what other processes say of queues, until the context ends.
// It returns at once on SQLite, which no other process shares.
func (s *DB) Listen(ctx context.Context) {
	if s.dialect.name != "postgres" {
		return
	}
	const soonest, latest, pingEvery = 100 * time.Millisecond, 10 * time.Second, time.Minute
	dsn, err := withSettings(s.dsn, map[string]string{"connect_timeout": connectTimeout})
	if err != nil {
		return // whoever has opened the database knows
	}
	listener := pq.NewDialListener(dialer{silence: unconfirmed, listens: true}, dsn, soonest, latest, nil)
	defer func() { _ = listener.Close() }()                         // whatever ends this: it would connect again and again
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() }) // also while it still tries to connect
	defer stop()
	if err := listener.Listen(notifyChannel); err != nil {
		return // whoever waits looks now and then anyway
	}
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case word := <-listener.Notify:
			if word == nil { // after a reconnection: something may have been missed
				s.wakeups.wakeAll()
				continue
			}
			s.wakeups.wakeQueue(word.Extra)
		case <-ping.C:
			_ = listener.Ping() // a connection that is dead is replaced
		}
	}
}
