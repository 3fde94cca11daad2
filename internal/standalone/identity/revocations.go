package identity

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nova-api/nova-api/db/identitydb"
)

// catchUpEvery bounds how long a revocation by another process stays unknown
// here if the database's word of it gets lost.
const catchUpEvery = time.Second

// A follower reads the log of revocations, and passes new ones on to a cache of
// what tokens say. All processes on one database follow one log.
type follower struct {
	store  *identitydb.Store
	now    func() time.Time
	forget func(userID string)   // of all users, if it is empty
	turn   chan struct{}         // has room for the one goroutine that reads
	last   identitydb.Revocation // the newest revocation that was passed on
	readAt atomic.Int64          // when the log was read last, in Unix nanoseconds; 0: read it now
}

// newFollower makes a follower that passes revocations on to nobody yet.
func newFollower(store *identitydb.Store, now func() time.Time) *follower {
	return &follower{store: store, now: now, forget: func(string) {}, turn: make(chan struct{}, 1)}
}

// catchUp reads the log, unless that was done in the last second.
func (f *follower) catchUp(ctx context.Context) error {
	recent := func() bool {
		since := f.now().Sub(time.Unix(0, f.readAt.Load()))
		return since >= 0 && since < catchUpEvery // the clock may have been set back
	}
	if recent() {
		return nil
	}
	return f.alone(ctx, func() error {
		if recent() { // another request has read it while this one waited
			return nil
		}
		return f.read(ctx)
	})
}

// follow reads the log now. If that fails, the next catchUp reads it.
func (f *follower) follow(ctx context.Context) error {
	err := f.alone(ctx, func() error { return f.read(ctx) })
	if err != nil {
		f.readAt.Store(0)
	}
	return err
}

// alone runs do while no other goroutine reads the log.
func (f *follower) alone(ctx context.Context, do func() error) error {
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
		return do()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read passes on all revocations since the last one.
func (f *follower) read(ctx context.Context) error {
	const batch = 100
	began := f.now()
	for {
		log, err := f.store.RevocationsFrom(ctx, f.last.Number, batch)
		if err != nil {
			return fmt.Errorf("read the log of revocations: %w", err)
		}
		// The query begins with the last revocation that was read, not after it, to see
		// whether it is still there.
		fresh, ok := f.since(log)
		if !ok {
			return f.skip(ctx)
		}
		for _, r := range fresh {
			f.forget(r.UserID)
			f.last = r
		}
		if len(log) < batch {
			f.readAt.Store(began.UnixNano())
			return nil
		}
	}
}

// since cuts the last revocation off the log, which must begin with it: it does
// not if this process has fallen behind and the log was cut, or if the database
// was replaced by an older copy.
func (f *follower) since(log []identitydb.Revocation) (fresh []identitydb.Revocation, ok bool) {
	if f.last.Number == 0 {
		return log, len(log) == 0 || log[0].Number == 1
	}
	if len(log) == 0 {
		return nil, false
	}
	first := log[0]
	return log[1:], first.Number == f.last.Number && first.UserID == f.last.UserID && first.CreatedAt.Equal(f.last.CreatedAt)
}

// skip goes to the end of the log and has all tokens forgotten.
func (f *follower) skip(ctx context.Context) error {
	began := f.now()
	newest, err := f.store.LastRevocation(ctx)
	if err != nil {
		return fmt.Errorf("read the log of revocations: %w", err)
	}
	f.forget("")
	f.last = newest
	f.readAt.Store(began.UnixNano())
	return nil
}

// OnRevocation has forget called whenever tokens of a user, or of all users if
// userID is empty, no longer say what they said. Call it before the service
// gets its first request.
func (s *Service) OnRevocation(forget func(userID string)) { s.revocations.forget = forget }

// CatchUp makes sure that the revocations of other processes have been passed
// on, but for those of the last second. Call it before an answer about a token
// is given again. The error is Unavailable if the database can't be asked.
func (s *Service) CatchUp(ctx context.Context) error { return s.revocations.catchUp(ctx) }

// Run passes on the revocations of other processes as soon as the database tells
// of them, until the context ends. It needs rows.DB.Listen to run as well.
func (s *Service) Run(ctx context.Context) error {
	woken, unsubscribe := s.store.Subscribe(identitydb.RevocationQueue)
	defer unsubscribe()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-woken:
			if err := s.revocations.follow(ctx); err != nil && ctx.Err() == nil {
				s.Log.Warn().Err(err).Msg("revocations are passed on later")
			}
		}
	}
}

// revoke runs a transaction after which tokens of a user, or of all users if
// userID is empty, no longer say what they said. When it returns without an
// error, this process has forgotten them.
func (s *Service) revoke(ctx context.Context, userID string, write func(tx *identitydb.Store) error) error {
	return s.revokeIf(ctx, userID, func(tx *identitydb.Store) (bool, error) { return true, write(tx) })
}

// revokeIf is revoke for a transaction that finds out itself whether
// it revokes anything.
func (s *Service) revokeIf(ctx context.Context, userID string, write func(tx *identitydb.Store) (revoked bool, err error)) error {
	var revoked bool
	err := s.store.Tx(ctx, func(tx *identitydb.Store) (err error) {
		if revoked, err = write(tx); err != nil || !revoked {
			return err
		}
		return tx.RecordRevocation(ctx, userID)
	})
	if err == nil && !revoked {
		return nil
	}
	// After an error, too: the answer to a commit may have got lost.
	if err := s.revocations.follow(context.WithoutCancel(ctx)); err != nil {
		s.Log.Warn().Err(err).Msg("revocation is passed on later")
	}
	return err
}
