package identitydb_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/nova-api/nova-api/db/identitydb"
)

// Revocations by many at once get numbers without gaps, in the order in which
// they become visible: whoever reads the log again and again misses none.
func TestRecordRevocation_ManyAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *identitydb.Store, _ identitydb.User) {
		const writers, times = 8, 10
		var group sync.WaitGroup
		for i := range writers {
			group.Go(func() {
				for range times {
					if err := s.RecordRevocation(t.Context(), strconv.Itoa(i)); err != nil {
						t.Errorf("record: %v", err)
					}
				}
			})
		}
		written := make(chan struct{})
		go func() {
			group.Wait()
			close(written)
		}()
		read := map[string]int{}
		next, done := int64(1), false
		for !done {
			select {
			case <-written:
				done = true // what is there now is all
			default:
			}
			log, err := s.RevocationsFrom(t.Context(), next, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range log {
				if r.Number != next {
					t.Fatalf("number %d after %d", r.Number, next-1)
				}
				read[r.UserID]++
				next++
			}
		}
		for i := range writers {
			if n := read[strconv.Itoa(i)]; n != times {
				t.Errorf("writer %d: %d of %d were read", i, n, times)
			}
		}
	})
}

// A transaction that fails leaves no gap.
func TestRecordRevocation_RolledBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *identitydb.Store, _ identitydb.User) {
		wrong := errors.New("wrong")
		record := func(ctx context.Context, fail error) error {
			return s.Tx(ctx, func(tx *identitydb.Store) error {
				if err := tx.RecordRevocation(ctx, "u"); err != nil {
					return err
				}
				return fail
			})
		}
		for _, fail := range []error{nil, wrong, nil} {
			if err := record(t.Context(), fail); !errors.Is(err, fail) {
				t.Fatalf("got %v", err)
			}
		}
		log, err := s.RevocationsFrom(t.Context(), 0, 10)
		numbers := []int64{}
		for _, r := range log {
			numbers = append(numbers, r.Number)
		}
		if err != nil || !slices.Equal(numbers, []int64{1, 2}) {
			t.Errorf("numbers %v, %v", numbers, err)
		}
		if last, err := s.LastRevocation(t.Context()); err != nil || last.Number != 2 || last.UserID != "u" {
			t.Errorf("last %+v, %v", last, err)
		}
	})
}
