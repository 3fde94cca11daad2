package db

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// The tags of nova.Ask name its columns.
var askColumns = rows.List[nova.Ask]()

// PutAsk writes a question down for a host, and wakes the host's process.
func (s *Store) PutAsk(ctx context.Context, a nova.Ask, patience time.Duration) (asked nova.Ask, err error) {
	err = s.Tx(ctx, func(tx *Store) error {
		asked, err = rows.Put[nova.Ask](ctx, tx.DB, `
			INSERT INTO asks (host, question, server_uuid, args, asker, answerer, deadline, trace)
			VALUES (?, ?, ?, ?, ?, '', `+tx.Moment(patience)+`, ?)
			RETURNING `+askColumns, a.Host, a.Question, a.ServerID, a.Args, a.Asker, a.Trace)
		if err != nil {
			return fmt.Errorf("ask: %w", err)
		}
		return tx.Wake(ctx, nova.AskQueue(a.Host))
	})
	return asked, err
}

// ClaimAsks takes the questions to some hosts that wait for an answer, the
// oldest first. A host has one process, so what another one has taken was left
// unanswered by a predecessor, and is taken again.
func (s *Store) ClaimAsks(ctx context.Context, answerer string, hosts []string, limit int) ([]nova.Ask, error) {
	if len(hosts) == 0 || limit == 0 {
		return nil, nil
	}
	text, args, err := rows.In(`
		WITH waiting AS MATERIALIZED (
			SELECT id FROM asks
			WHERE host IN (?) AND answerer <> ? AND reply IS NULL AND fault IS NULL AND deadline > `+s.Moment(0)+`
			ORDER BY id
			LIMIT ? `+s.SkipLocked()+`)
		UPDATE asks SET answerer = ? WHERE id IN (SELECT id FROM waiting)
		RETURNING `+askColumns, hosts, answerer, limit, answerer)
	if err != nil {
		return nil, err
	}
	return rows.PutAll[nova.Ask](ctx, s.DB, text, args...)
}

// Answer writes the reply or the fault of a question, and wakes whoever asked.
// It is dropped if nobody waits for it any more.
func (s *Store) Answer(ctx context.Context, a nova.Ask) error {
	return s.Tx(ctx, func(tx *Store) error {
		changed, err := rows.Exec(ctx, tx.DB, "UPDATE asks SET reply = ?, fault = ? WHERE id = ? AND answerer = ?",
			a.Reply, a.Fault, a.Serial, a.Answerer)
		if err != nil || changed == 0 {
			return err
		}
		return tx.Wake(ctx, a.Asker)
	})
}

// FindAsk finds a question with its answer, if there is one: NotFound if it has
// been purged.
func (s *Store) FindAsk(ctx context.Context, serial int64) (nova.Ask, error) {
	return rows.Get[nova.Ask](ctx, s.DB, "SELECT "+askColumns+" FROM asks WHERE id = ?", serial)
}

// ForgetAsk deletes a question that was answered, or that nobody waits for any
// more.
func (s *Store) ForgetAsk(ctx context.Context, serial int64) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM asks WHERE id = ?", serial)
	return err
}

// PurgeAsks deletes the questions whose deadline has passed: those of processes
// that died while they waited.
func (s *Store) PurgeAsks(ctx context.Context) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM asks WHERE deadline < "+s.Moment(0))
	return err
}
