package db_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
)

func TestMigrate_ManyAtOnce(t *testing.T) {
	t.Parallel()
	connection := "sqlite:///" + t.TempDir() + "/nova.db"
	var group sync.WaitGroup
	for range 4 {
		s := dbtest.Open(t, connection)
		group.Go(func() {
			if err := s.Migrate(t.Context()); err != nil {
				t.Errorf("migrate: %v", err)
			}
			if err := s.SchemaCurrent(t.Context()); err != nil {
				t.Errorf("after migrating: %v", err)
			}
		})
	}
	group.Wait()
}

func TestStore_AfterCommit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		var done []string
		err := s.Tx(t.Context(), func(tx *db.Store) error {
			tx.AfterCommit(func() { done = append(done, "kept") })
			return tx.Tx(t.Context(), func(inner *db.Store) error {
				inner.AfterCommit(func() { done = append(done, "inner") })
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		refused := errors.New("refused")
		err = s.Tx(t.Context(), func(tx *db.Store) error {
			tx.AfterCommit(func() { done = append(done, "lost") })
			return refused
		})
		if !errors.Is(err, refused) {
			t.Errorf("got %v, want %v", err, refused)
		}
		if len(done) != 2 {
			t.Errorf("after commits: %v", done)
		}
	})
}

// TestStore_CallerLeaves: a transaction whose caller has left ends with the error of
// the caller's context, also if the driver has rolled it back before it is committed.
func TestStore_CallerLeaves(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		ctx, leave := context.WithCancel(t.Context())
		err := s.Tx(ctx, func(tx *db.Store) error {
			leave()
			for { // until the driver has noticed
				if _, err := tx.Hosts(context.WithoutCancel(ctx), time.Hour); err != nil {
					return nil //nolint:nilerr // then the commit fails
				}
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
