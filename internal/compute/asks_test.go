package compute_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// elsewhere is Servers in a process that runs no hosts. On PostgreSQL it has a
// store of its own; processes don't share SQLite.
func (s *site) elsewhere(connection string, patience time.Duration) *compute.Servers {
	s.t.Helper()
	own := s.store
	if own.Dialect() == "postgres" {
		own = dbtest.Open(s.t, connection, func(o *rows.Options) { o.Clock = s.clock.now })
		s.listen(own)
	}
	return compute.New(compute.Options{
		Store: own, Hosts: hosts.New(hosts.Options{Store: own, DownTime: 12 * time.Hour}), Local: new(virt.Hosts), Patience: patience,
	})
}

// listen has a store hear of what other processes do, until the test ends.
func (s *site) listen(store *db.Store) {
	ctx, stop := context.WithCancel(context.WithoutCancel(s.t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		store.Listen(ctx)
	}()
	s.t.Cleanup(func() {
		stop()
		<-ended
	})
}

// asks are the questions that are written down.
func (s *site) asks() int {
	s.t.Helper()
	number, err := rows.Get[int](s.t.Context(), s.store.DB, "SELECT COUNT(*) FROM asks")
	s.must(err)
	return number
}

// TestAsks_Console reads a console from another process: what it holds, or what
// the host's process says against it.
func TestAsks_Console(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := newSite(t, connection)
		s.listen(s.store)
		server := s.boot(s.as("demo"))
		other := s.elsewhere(connection, time.Minute)
		stop := s.start()
		want, err := s.api.ConsoleOutput(s.as("demo"), server, -1)
		s.must(err)
		got, err := other.ConsoleOutput(s.as("demo"), server, -1)
		if err != nil || got != want || got == "" {
			t.Errorf("read %d bytes, %v, want %d", len(got), err, len(want))
		}
		for _, servers := range []*compute.Servers{s.api, other} {
			if token, err := servers.OpenConsole(s.as("demo"), server, "vnc", "novnc"); err != nil || token == "" {
				t.Errorf("a token %q, %v", token, err)
			}
		}
		counted, err := s.api.Diagnostics(s.as("admin"), server)
		s.must(err)
		if asked, err := other.Diagnostics(s.as("admin"), server); err != nil || cmp.Diff(counted, asked) != "" || len(asked.CPUs) != 1 {
			t.Errorf("counted %+v, %v, want %+v", asked, err, counted)
		}
		for name, c := range map[string]struct {
			fails error
			kind  nova.Kind
			text  string
		}{
			"the driver fails":          {errors.New("boom"), nova.Internal, ""},
			"in a panic":                {errPanic, nova.Internal, ""},
			"the host doesn't know it":  {virt.Unknown(server), nova.Conflict, "Instance " + server.ID + " is not ready"},
			"the driver doesn't do it":  {virt.Unsupported(), nova.NotImplemented, "The requested functionality is not supported."},
			"the driver refuses for it": {nova.Errorf(nova.Invalid, "Not now."), nova.Invalid, "Not now."},
		} {
			s.failOnce("console_output", c.fails)
			_, err := other.ConsoleOutput(s.as("demo"), server, -1)
			if nova.KindOf(err) != c.kind || nova.Message(err) != c.text || err == nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		s.hooks.set(func(h *hooks) { h.driver = nil })
		s.must(stop())
		if left := s.asks(); left != 0 {
			t.Errorf("%d questions are left", left)
		}
	})
}

// TestAsks_NoAnswer waits no longer than its patience, and not at all for a host
// that is down.
func TestAsks_NoAnswer(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := newSite(t, connection)
		server := s.boot(s.as("demo"))
		_, err := s.elsewhere(connection, 20*time.Millisecond).ConsoleOutput(s.as("demo"), server, -1)
		wantRefusal(t, err, nova.Unavailable, "Service is unavailable at this time.")
		s.clock.advance(13 * time.Hour)
		_, err = s.elsewhere(connection, time.Hour).ConsoleOutput(s.as("demo"), server, -1)
		wantRefusal(t, err, nova.Conflict, "Service is unavailable at this time.")
		if left := s.asks(); left != 0 {
			t.Errorf("%d questions are left", left)
		}
	})
}

// TestAsks_AskerGone has whoever asked turn away while the answer is found: the
// question goes, and the answer is dropped.
func TestAsks_AskerGone(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := newSite(t, connection)
		s.listen(s.store)
		server := s.boot(s.as("demo"))
		ctx, leave := context.WithCancel(s.as("demo"))
		answered, gone := make(chan struct{}), make(chan struct{})
		s.onVerb("console_output", func(context.Context, nova.Server) error {
			leave()
			<-gone
			close(answered)
			return nil
		})
		stop := s.start()
		_, err := s.elsewhere(connection, time.Minute).ConsoleOutput(ctx, server, -1)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("told %v", err)
		}
		if left := s.asks(); left != 0 {
			t.Errorf("%d questions are left", left)
		}
		close(gone)
		<-answered
		s.must(stop())
		if left := s.asks(); left != 0 {
			t.Errorf("%d questions have come back", left)
		}
	})
}

// TestAsks_TakenAgain has a host's process die after it has taken a question:
// its successor answers it, without being woken.
func TestAsks_TakenAgain(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := newSite(t, connection)
		server := s.boot(s.as("demo"))
		put := func(question string) nova.Ask {
			one, err := s.store.PutAsk(t.Context(), nova.Ask{
				Host: server.Host, Question: question, ServerID: server.ID, Args: "100", Asker: "reply " + question,
			}, time.Minute)
			s.must(err)
			return one
		}
		known, unknown := put("console_output"), put("juggle")
		if taken, err := s.store.ClaimAsks(t.Context(), "dead", []string{server.Host}, 5); err != nil || len(taken) != 2 {
			t.Fatalf("taken %+v, %v", taken, err)
		}
		if taken, err := s.store.ClaimAsks(t.Context(), "dead", []string{server.Host}, 5); err != nil || len(taken) != 0 {
			t.Errorf("taken twice %+v, %v", taken, err)
		}
		woken, unsubscribe := s.store.Subscribe("reply console_output")
		defer unsubscribe()
		also, unsubscribe := s.store.Subscribe("reply juggle")
		defer unsubscribe()
		stop := s.start()
		<-woken
		<-also
		s.must(stop())
		answered, err := s.store.FindAsk(t.Context(), known.Serial)
		if err != nil || answered.Reply == nil || answered.Fault != nil {
			t.Errorf("answered %+v, %v", answered, err)
		}
		refused, err := s.store.FindAsk(t.Context(), unknown.Serial)
		if err != nil || refused.Reply != nil || refused.Fault == nil {
			t.Errorf("refused %+v, %v", refused, err)
		}
		late := answered
		late.Answerer = "dead"
		s.must(s.store.Answer(t.Context(), late)) // which nobody hears
		s.clock.advance(time.Minute + time.Second)
		s.must(s.store.PurgeAsks(t.Context()))
		if left := s.asks(); left != 0 {
			t.Errorf("%d questions are left", left)
		}
	})
}

// TestAsks_TooLarge bounds what a reply may hold.
func TestAsks_TooLarge(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := newSite(t, connection)
		s.listen(s.store)
		server := s.boot(s.as("demo"))
		local := new(virt.Hosts)
		local.Add(server.Host, talkative{s.local.Driver(server.Host)})
		stop := s.start(func(o *compute.WorkerOptions) { o.Local = local })
		_, err := s.elsewhere(connection, time.Minute).ConsoleOutput(s.as("demo"), server, -1)
		if err == nil || nova.KindOf(err) != nova.Internal {
			t.Errorf("told %v", err)
		}
		s.must(stop())
	})
}

// A talkative driver gives more of a console than it is asked for.
type talkative struct{ virt.Driver }

func (talkative) ConsoleOutput(context.Context, nova.Server, int) ([]byte, error) {
	return bytes.Repeat([]byte{'x'}, 2<<20), nil
}

// TestAsks_EveryField writes and reads all of a question.
func TestAsks_EveryField(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		want := dbtest.Filled[nova.Ask]()
		one, err := store.PutAsk(t.Context(), want, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.ClaimAsks(t.Context(), want.Answerer, []string{want.Host}, 1); err != nil {
			t.Fatal(err)
		}
		want.Serial = one.Serial
		if err := store.Answer(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		got, err := store.FindAsk(t.Context(), one.Serial)
		if err != nil || *got.Reply != *want.Reply || *got.Fault != *want.Fault {
			t.Fatalf("%+v, %v", got, err)
		}
		got.Reply, got.Fault = want.Reply, want.Fault
		if got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}
