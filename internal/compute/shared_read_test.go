package compute

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// TestSharedRead: who asks while a reading goes on is given the next one, together
// with all others who do.
func TestSharedRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, readings, goOn := newSharedRead[int](), 0, make(chan struct{})
		read := func(ctx context.Context) (int, error) {
			readings++ // one at a time: the race detector would tell
			number := readings
			<-goOn
			return number, ctx.Err()
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		given := map[int]int{}
		ask := func() {
			all.Go(func() {
				number, err := s.get(t.Context(), read)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				given[number]++
				mu.Unlock()
			})
		}
		ask()
		synctest.Wait() // until the first one reads
		for range 9 {
			ask()
		}
		synctest.Wait()
		goOn <- struct{}{}
		synctest.Wait() // until the second reading goes on: for whoever asks now, it is too old
		ask()
		synctest.Wait()
		close(goOn)
		all.Wait()
		if given[1] != 1 || given[2] != 9 || given[3] != 1 || readings != 3 {
			t.Errorf("given %v in %d readings", given, readings)
		}
	})
}

// TestSharedRead_CalledOff: one who waits reads if the one who would have is called
// off, be it before its turn or while it reads.
func TestSharedRead_CalledOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, began := newSharedRead[string](), make(chan string, 10)
		read := func(who string) func(context.Context) (string, error) {
			return func(ctx context.Context) (string, error) {
				began <- who
				if who == "patient" {
					return who, nil
				}
				<-ctx.Done()
				return "", ctx.Err()
			}
		}
		ask := func(ctx context.Context, who, want string, wantErr error) (given chan struct{}) {
			given = make(chan struct{})
			go func() {
				defer close(given)
				if got, err := s.get(ctx, read(who)); got != want || !errors.Is(err, wantErr) {
					t.Errorf("%s is given %q, %v", who, got, err)
				}
			}()
			synctest.Wait()
			return given
		}
		reader, stopReading := context.WithCancel(t.Context())
		leader, stopLeading := context.WithCancel(t.Context())
		first := ask(reader, "reader", "", context.Canceled)
		second := ask(leader, "leader", "", context.Canceled)
		hurried, giveUp := context.WithCancel(t.Context())
		third := ask(hurried, "hurried", "", context.Canceled)
		last := ask(t.Context(), "patient", "patient", nil)
		giveUp()
		<-third
		stopLeading()
		<-second
		synctest.Wait()
		stopReading()
		<-first
		<-last
		close(began)
		for _, want := range []string{"reader", "patient"} {
			if who := <-began; who != want {
				t.Errorf("%s reads, want %s", who, want)
			}
		}
		failed := errors.New("the database is away")
		if _, err := s.get(t.Context(), func(context.Context) (string, error) { return "", failed }); !errors.Is(err, failed) {
			t.Error(err)
		}
	})
}
