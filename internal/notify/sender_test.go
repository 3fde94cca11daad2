package notify_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/notify"
	"github.com/nova-api/nova-api/internal/nova"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const topic = "versioned_notifications"

// fill puts notifications about some things into the outbox, by turns, numbered from
// one for each.
func fill(t *testing.T, s *db.Store, from, to int, subjects ...string) {
	t.Helper()
	for i := from; i <= to; i++ {
		for _, subject := range subjects {
			n := nova.Notification{Subject: subject, Priority: "INFO", EventType: "instance.update", CreatedAt: s.Now()}
			n.Message = fmt.Sprintf(`{"Subject": %q, "Serial": %d}`, subject, i)
			if err := s.AddNotification(t.Context(), n); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// newSender makes a sender to brokers, of a process.
func newSender(s *db.Store, id string, change func(*notify.SenderOptions), brokers ...string) *notify.Sender {
	o := notify.SenderOptions{
		Store: s, ID: id, Retries: -1, Lease: time.Minute, Log: zerolog.Nop(),
		Bus: notify.BusOptions{Brokers: brokers, Exchange: "nova", Topics: []string{topic}, Patience: 5 * time.Second},
	}
	if change != nil {
		change(&o)
	}
	return notify.NewSender(o)
}

// outbox counts what is left to be sent.
func outbox(t *testing.T, s *db.Store) int {
	t.Helper()
	left, err := s.Notifications(t.Context(), 100000)
	if err != nil {
		t.Fatal(err)
	}
	return len(left)
}

// drain sends until nothing is left, however often that fails.
func drain(t *testing.T, s *db.Store, sender *notify.Sender) (failures int) {
	t.Helper()
	for outbox(t, s) > 0 {
		if _, err := sender.SendBatch(t.Context()); err != nil {
			failures++
		}
		if failures > 1000 {
			t.Fatal("it never ends")
		}
	}
	return failures
}

// wantInOrder holds that all came at least once, and those about one thing in order:
// a message that comes again tells nothing that was not told.
func wantInOrder(t *testing.T, got []published, last int, subjects ...string) {
	t.Helper()
	seen := map[string][]int{}
	for _, m := range got {
		if !slices.Contains(seen[m.Subject], m.Serial) {
			seen[m.Subject] = append(seen[m.Subject], m.Serial)
		}
	}
	want := map[string][]int{}
	for _, subject := range subjects {
		for i := range last {
			want[subject] = append(want[subject], i+1)
		}
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

// end has a sender give up its turn and its connection.
func end(t *testing.T, sender *notify.Sender) {
	t.Helper()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	sender.Run(over)
}

// TestSender_Faults has the broker fail in each way at every third message.
func TestSender_Faults(t *testing.T) {
	t.Parallel()
	every := func(third verdict) func(int, published) verdict {
		return func(number int, _ published) verdict {
			if number%3 == 0 {
				return third
			}
			return taken
		}
	}
	for name, c := range map[string]struct {
		set   func(b *broker)
		fails bool
		twice bool // some come twice
	}{
		"all is well":               {func(*broker) {}, false, false},
		"refused":                   {func(b *broker) { b.judge = every(refused) }, true, false},
		"no queue wants it":         {func(b *broker) { b.judge = every(returned) }, true, false},
		"the connection ends":       {func(b *broker) { b.judge = every(cutOff) }, true, false},
		"before it is confirmed":    {func(b *broker) { b.judge = every(unsaid) }, true, true},
		"it was declared by others": {func(b *broker) { b.foreign = true }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, s *db.Store) {
				b := newBroker(t)
				b.set(c.set)
				counted := map[string]int{}
				sender := newSender(s, "one", func(o *notify.SenderOptions) { o.Count = func(result string, count int) { counted[result] += count } }, b.url())
				defer end(t, sender)
				subjects := []string{"a", "b", "c", "d"}
				fill(t, s, 1, 6, subjects...)
				failures := drain(t, s, sender)
				if failed := failures > 0; failed != c.fails {
					t.Errorf("it failed %d times", failures)
				}
				got := b.queue()
				wantInOrder(t, got, 6, subjects...)
				if failed := counted[notify.Failed] > 0; counted[notify.Sent] != 6*len(subjects) || failed != c.fails || counted[notify.GivenUp] > 0 {
					t.Errorf("it counted %v", counted)
				}
				if twice := len(got) > 6*len(subjects); twice != c.twice {
					t.Errorf("%d messages came", len(got))
				}
			})
		})
	}
}

// TestSender_Topics sends everything to each topic, by its priority.
func TestSender_Topics(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		b := newBroker(t)
		sender := newSender(s, "one", func(o *notify.SenderOptions) { o.Bus.Topics = []string{"billing", "audit"} }, b.url())
		defer end(t, sender)
		fill(t, s, 1, 1, "a")
		n := nova.Notification{Subject: "b", Priority: "ERROR", Message: "{}", CreatedAt: s.Now()}
		if err := s.AddNotification(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		drain(t, s, sender)
		var keys []string
		for _, m := range b.queue() {
			keys = append(keys, m.Key)
		}
		var declared []string
		b.set(func(b *broker) { declared = b.declared })
		want := []string{"billing.info", "audit.info", "billing.error", "audit.error"}
		if diff := cmp.Diff(want, keys); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"nova", "billing.info", "nova", "audit.info", "nova", "billing.error", "nova", "audit.error"}, declared); diff != "" {
			t.Errorf("declared: %s", diff)
		}
	})
}

// TestSender_Turns has two processes send: the second one goes on when the first has
// been dead for as long as its lease, or has ended well.
func TestSender_Turns(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		now := time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)
		s := dbtest.Open(t, connection, func(o *rows.Options) { o.Clock = func() time.Time { return now } })
		b := newBroker(t)
		dead, other := newSender(s, "dead", nil, b.url()), newSender(s, "other", nil, b.url())
		defer end(t, dead)
		send := func(sender *notify.Sender, left int) {
			t.Helper()
			fill(t, s, 1, 1, "a")
			if _, err := sender.SendBatch(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := outbox(t, s); n != left {
				t.Errorf("%d are left to be sent, want %d", n, left)
			}
		}
		send(dead, 0)
		send(other, 1)
		now = now.Add(59 * time.Second)
		send(other, 2)
		now = now.Add(2 * time.Second)
		send(other, 0)
		send(dead, 1)
		end(t, other)
		send(dead, 0)
	})
}

// TestSender_Brokers finds the broker that answers, and gives up what it may give up if
// none does.
func TestSender_Brokers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		gone, mute, well := newBroker(t), newBroker(t), newBroker(t)
		gone.stop()
		mute.set(func(b *broker) { b.silent = true })
		brief := func(o *notify.SenderOptions) { o.Bus.Patience = 200 * time.Millisecond }
		sender := newSender(s, "one", brief, gone.url(), mute.url(), well.url())
		fill(t, s, 1, 2, "a")
		if failures := drain(t, s, sender); failures != 2 {
			t.Errorf("it failed %d times", failures)
		}
		wantInOrder(t, well.queue(), 2, "a")
		end(t, sender)

		impatient := newSender(s, "two", func(o *notify.SenderOptions) { o.Retries = 2 }, gone.url())
		fill(t, s, 1, 2, "a")
		if failures := drain(t, s, impatient); failures != 2 {
			t.Errorf("notifications were given up after %d failures", failures)
		}
		end(t, impatient)
	})
}

// TestSender_Run sends what is written while it runs, as soon as it is committed.
func TestSender_Run(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		b, came := newBroker(t), make(chan published, 10)
		b.set(func(b *broker) {
			b.judge = func(_ int, m published) verdict {
				came <- m
				return taken
			}
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			newSender(s, "one", nil, b.url()).Run(ctx)
			close(ended)
		}()
		for i := range 3 {
			fill(t, s, i+1, i+1, "a")
			if m := <-came; m.Serial != i+1 {
				t.Errorf("%d came as the %d.", m.Serial, i+1)
			}
		}
		stop()
		<-ended
		held, err := s.LeaseOutbox(t.Context(), "another", time.Minute)
		if err != nil || !held {
			t.Errorf("nobody else can send: %v, %v", held, err)
		}
	})
}
