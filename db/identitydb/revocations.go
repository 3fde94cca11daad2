package identitydb

import (
	"context"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Revocation says that the tokens of a user, or of all users, no longer say
// what they said: some were revoked, or their roles or names have changed.
type Revocation struct {
	Number    int64     `db:"number"`  // 1, 2, 3, … in the order of their commits
	UserID    string    `db:"user_id"` // empty for all users
	CreatedAt time.Time `db:"created_at"`
}

// keptRevocations is how many revocations are kept for processes that have not
// read them yet. A process that comes later than that forgets all tokens.
const keptRevocations = 1000

// RevocationQueue is the name under which rows.DB.Subscribe tells of new
// revocations. No host's queue has such a name.
const RevocationQueue = "identity revocations"

// RecordRevocation adds a revocation to the log, and wakes whoever subscribed to
// RevocationQueue in any process. Call it last in the transaction that revokes:
// it takes a lock that all revocations need.
func (s *Store) RecordRevocation(ctx context.Context, userID string) error {
	return s.Tx(ctx, func(tx *Store) error {
		number, err := rows.Put[int64](ctx, tx.DB, "UPDATE identity_revocation_counter SET number = number + 1 RETURNING number")
		if err != nil {
			return err
		}
		_, err = rows.Exec(ctx, tx.DB, "INSERT INTO identity_revocations (number, user_id, created_at) VALUES (?, ?, ?)", number, userID, tx.Now())
		if err != nil {
			return err
		}
		_, err = rows.Exec(ctx, tx.DB, "DELETE FROM identity_revocations WHERE number <= ?", number-keptRevocations)
		if err != nil {
			return err
		}
		return tx.Wake(ctx, RevocationQueue)
	})
}

// RevocationsFrom reads the log from a number on, in the order of numbers, at
// most limit entries.
func (s *Store) RevocationsFrom(ctx context.Context, number int64, limit int) ([]Revocation, error) {
	return rows.All[Revocation](ctx, s.DB, `
		SELECT number, user_id, created_at FROM identity_revocations WHERE number >= ? ORDER BY number LIMIT ?`, number, limit)
}

// LastRevocation reads the newest entry of the log: the zero Revocation if there
// is none.
func (s *Store) LastRevocation(ctx context.Context) (Revocation, error) {
	r, err := rows.Get[Revocation](ctx, s.DB, "SELECT number, user_id, created_at FROM identity_revocations ORDER BY number DESC LIMIT 1")
	if nova.Is(err, nova.NotFound) {
		return Revocation{}, nil
	}
	return r, err
}
