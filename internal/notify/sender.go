package notify

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Sender takes notifications from the outbox to the message bus. Any number of
// processes may run one: they take turns, and the one whose lease it is sends.
//
// A notification leaves the outbox when the bus has confirmed it, so each is sent at
// least once. The next one about the same thing is sent after that, so they arrive in
// order, whatever the bus refuses. Who dies in between leaves notifications to be sent
// again, with the IDs that they had.
type Sender struct {
	o        SenderOptions
	bus      *bus // nil while there is no connection
	turn     int  // how many brokers have been tried
	failures int  // in a row
}

// SenderOptions are what a Sender works with.
type SenderOptions struct {
	Store *db.Store
	// ID names the process: no other, before or after, may have the same.
	ID string
	// Bus is how the message bus is reached.
	Bus BusOptions
	// Retries is how often what can't be sent is tried again before it is given up:
	// below 0 for ever.
	Retries int
	// Count is told how many notifications were Sent, Failed or GivenUp. It may be nil.
	Count func(result string, count int)
	// Lease is how long after a sender's death another one goes on. 0 is 15 s.
	Lease time.Duration
	Log   zerolog.Logger
}

// What becomes of notifications. Those that have failed are tried again.
const (
	Sent    = "sent"
	Failed  = "failed"
	GivenUp = "given_up"
)

const (
	defaultSenderLease = 15 * time.Second
	batch              = 100             // notifications that are in memory at once
	lookEvery          = 2 * time.Second // in case word of a notification got lost
	firstPause         = 250 * time.Millisecond
	lastPause          = 30 * time.Second
)

// NewSender makes a Sender.
func NewSender(o SenderOptions) *Sender {
	if o.Lease == 0 {
		o.Lease = defaultSenderLease
	}
	if o.Count == nil {
		o.Count = func(string, int) {}
	}
	return &Sender{o: o}
}

// Run sends until the context ends, and lets others go on then. Neither a bus nor a
// database that is away ends it: it tries again, after growing pauses. A nil Sender has
// nothing to send.
func (s *Sender) Run(ctx context.Context) {
	if s == nil {
		return
	}
	woken, unsubscribe := s.o.Store.Subscribe(nova.QueueNotifications)
	defer unsubscribe()
	defer s.release(ctx)
	for ctx.Err() == nil {
		more, err := s.SendBatch(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			pause := s.pause()
			s.o.Log.Warn().Err(err).Int("failures", s.failures).Dur("pause", pause).Msg("notifications can't be sent")
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		case more:
		default:
			select {
			case <-ctx.Done():
			case <-woken:
			case <-time.After(lookEvery):
			}
		}
	}
}

// pause is how long to wait after failures: longer after each, up to a bound, and never
// the same for two processes.
func (s *Sender) pause() time.Duration {
	const most = 8 // doublings
	pause := min(firstPause<<min(s.failures, most), lastPause)
	return pause/2 + rand.N(pause/2) //nolint:gosec // spreads retries, guards nothing
}

// release ends the connection and the lease.
func (s *Sender) release(ctx context.Context) {
	const atMost = 5 * time.Second
	s.disconnect()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), atMost)
	defer cancel()
	if err := s.o.Store.ReleaseOutbox(ctx, s.o.ID); err != nil {
		s.o.Log.Warn().Err(err).Msg("others wait to send notifications until the lease has ended")
	}
}

func (s *Sender) disconnect() {
	if s.bus != nil {
		s.bus.close()
		s.bus = nil
	}
}

// SendBatch sends what is in the outbox, up to a bound, if it is this process's turn.
// It reports whether there may be more.
func (s *Sender) SendBatch(ctx context.Context) (more bool, err error) {
	mine, err := s.o.Store.LeaseOutbox(ctx, s.o.ID, s.o.Lease)
	if err != nil {
		return false, err
	}
	if !mine {
		s.disconnect()
		return false, nil
	}
	waiting, err := s.o.Store.Notifications(ctx, batch)
	if err != nil || len(waiting) == 0 {
		return false, err
	}
	left, err := s.send(ctx, waiting)
	if err == nil {
		s.failures = 0
		return true, nil
	}
	s.failures++
	s.o.Count(Failed, len(left))
	s.disconnect() // a bus that is well again is found anew
	if s.o.Retries >= 0 && s.failures > s.o.Retries && ctx.Err() == nil {
		return true, s.giveUp(ctx, left, err)
	}
	return false, err
}

// send sends notifications in waves: of those about one thing, one in each. What the
// bus confirms leaves the outbox. The error is why the rest stays, which is returned
// too.
func (s *Sender) send(ctx context.Context, waiting []nova.Notification) (left []nova.Notification, err error) {
	if s.bus == nil {
		broker := s.o.Bus.Brokers[s.turn%len(s.o.Bus.Brokers)]
		s.turn++
		if s.bus, err = dial(ctx, broker, s.o.Bus); err != nil {
			return waiting, err
		}
		s.turn-- // the next connection is to the same one, as long as it can be had
		s.o.Log.Info().Str("broker", s.bus.address).Msg("notifications are sent")
	}
	for len(waiting) > 0 {
		wave, later := splitWave(waiting)
		confirmed, fault := s.bus.publish(ctx, wave)
		if err := s.o.Store.DeleteNotifications(ctx, confirmed); err != nil {
			return waiting, err
		}
		s.o.Count(Sent, len(confirmed))
		if fault != nil {
			return slices.DeleteFunc(wave, func(n nova.Notification) bool { return slices.Contains(confirmed, n.Serial) }), fault
		}
		waiting = later
		if len(waiting) == 0 {
			break
		}
		mine, err := s.o.Store.LeaseOutbox(ctx, s.o.ID, s.o.Lease) // each wave takes its time
		if err != nil || !mine {
			return nil, err
		}
	}
	return nil, nil
}

// splitWave takes the first notification about each thing, and leaves the others.
func splitWave(waiting []nova.Notification) (wave, later []nova.Notification) {
	seen := map[string]bool{}
	for _, n := range waiting {
		if seen[n.Subject] {
			later = append(later, n)
			continue
		}
		seen[n.Subject] = true
		wave = append(wave, n)
	}
	return wave, later
}

// giveUp drops notifications that could not be sent as often as they were to be tried.
func (s *Sender) giveUp(ctx context.Context, left []nova.Notification, cause error) error {
	serials := make([]int64, len(left))
	for i, n := range left {
		serials[i] = n.Serial
	}
	if err := s.o.Store.DeleteNotifications(ctx, serials); err != nil {
		return err
	}
	s.o.Log.Error().Err(cause).Int("notifications", len(left)).Msg("notifications were given up")
	s.o.Count(GivenUp, len(left))
	s.failures = 0
	return nil
}
