package compute

import (
	"context"
	"errors"
	"sync"
)

// A sharedRead lets all who want the same at about the same time read it once. What
// one is given was read after it asked, so that it is as good as a reading of its own:
// while one reading goes on, those who ask wait for the next one, which one of them
// makes for all.
type sharedRead[T any] struct {
	mu   sync.Mutex
	next *reading[T]   // that has not begun yet; nil if nobody waits
	turn chan struct{} // holds an item while a reading goes on
}

// A reading is one that several may wait for.
type reading[T any] struct {
	done  chan struct{} // closed once value and err are there
	value T
	err   error
}

func newSharedRead[T any]() *sharedRead[T] {
	return &sharedRead[T]{turn: make(chan struct{}, 1)}
}

// get reads, or is given what another has read. Whoever reads for others may be
// called off; then one of the others reads.
func (s *sharedRead[T]) get(ctx context.Context, read func(context.Context) (T, error)) (T, error) {
	for {
		s.mu.Lock()
		r, first := s.next, s.next == nil
		if first {
			r = &reading[T]{done: make(chan struct{})}
			s.next = r
		}
		s.mu.Unlock()
		if first {
			s.make(ctx, r, read)
			return r.value, r.err
		}
		select {
		case <-ctx.Done():
			return *new(T), ctx.Err()
		case <-r.done:
		}
		if !isCalledOff(r.err) || ctx.Err() != nil {
			return r.value, r.err
		}
	}
}

// make makes a reading once it is its turn. Who asks from then on is too late for it.
func (s *sharedRead[T]) make(ctx context.Context, r *reading[T], read func(context.Context) (T, error)) {
	defer close(r.done)
	begin := func() {
		s.mu.Lock()
		s.next = nil
		s.mu.Unlock()
	}
	select {
	case <-ctx.Done():
		begin()
		r.err = ctx.Err()
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
		begin()
		r.err = context.Canceled // unless read returns, in case it panics
		r.value, r.err = read(ctx)
	}
}

// isCalledOff reports whether an error is that the context of whoever made the call
// has ended, which is nothing to those who wait for it.
func isCalledOff(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
