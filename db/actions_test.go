package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

func newServer() nova.Server {
	id := uuid.NewString()
	return nova.Server{
		ID: id, Name: "server-" + id[:4], ProjectID: "p", UserID: "someone", VMState: nova.Building, TaskState: nova.Scheduling,
		Flavor:   nova.Flavor{ID: "1", Name: "m1.tiny", RAM: 512, VCPUs: 1, Disk: 1, ExtraSpecs: map[string]string{"hw:a": "b"}},
		Metadata: map[string]string{"k": "v"}, Tags: []string{"blue", "red"}, DiskConfig: "MANUAL",
	}
}

func createServer(t *testing.T, s *db.Store, server nova.Server) nova.Server {
	t.Helper()
	server.CreatedAt = s.Now()
	created, err := s.CreateServer(t.Context(), server)
	if err != nil {
		t.Fatalf("create server: %v", err)
	}
	return created
}

const lease = time.Minute

// queued is an action of a new server's, in the queue "q".
func queued(t *testing.T, s *db.Store, change ...func(*nova.Action)) nova.Action {
	t.Helper()
	a := nova.Action{
		ServerID: createServer(t, s, newServer()).ID, Name: "create", RequestID: "req-1", Verb: "create", Exclusive: true, Queue: "q",
	}
	for _, f := range change {
		f(&a)
	}
	a, err := s.QueueAction(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// claim has a worker claim what is in the queue "q", and wants so many.
func claim(t *testing.T, s *db.Store, worker string, want int) []nova.Action {
	t.Helper()
	c := db.Claim{Worker: worker, Queues: []string{"q"}, Verbs: []string{"create", "attach"}, Lease: lease, Limit: 5}
	claimed, err := s.ClaimActions(t.Context(), c)
	if err != nil || len(claimed) != want {
		t.Fatalf("%s claimed %+v, %v, want %d", worker, claimed, err, want)
	}
	return claimed
}

func TestActions_EveryField(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		want := dbtest.Filled[nova.Action]()
		got, err := s.RecordAction(t.Context(), want)
		if err != nil {
			t.Fatal(err)
		}
		if got.FinishTime == nil || got.UpdatedAt == nil || got.StartTime.IsZero() {
			t.Errorf("times: %+v", got)
		}
		want.Serial, want.StartTime, want.UpdatedAt, want.FinishTime = got.Serial, got.StartTime, got.UpdatedAt, got.FinishTime
		want.Owner, want.Attempt, want.Message, want.Events = "", 0, nil, nil // what is recorded has no worker, and went well
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestActions_Queue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		ctx := t.Context()
		woken, unsubscribe := s.Subscribe("q")
		defer unsubscribe()
		begun := queued(t, s)
		select {
		case <-woken:
		default:
			t.Error("nobody was woken")
		}
		again := nova.Action{ServerID: begun.ServerID, Name: "stop", Verb: "stop", Exclusive: true, Queue: "q"}
		if _, err := s.QueueAction(ctx, again); !nova.Is(err, nova.Conflict) {
			t.Errorf("two unfinished actions: %v", err)
		}
		for name, c := range map[string]db.Claim{
			"another queue": {Worker: "w", Queues: []string{"r"}, Verbs: []string{"create"}, Lease: lease, Limit: 5},
			"no queue":      {Worker: "w", Verbs: []string{"create"}, Lease: lease, Limit: 5},
			"another verb":  {Worker: "w", Queues: []string{"q"}, Verbs: []string{"stop"}, Lease: lease, Limit: 5},
		} {
			if other, err := s.ClaimActions(ctx, c); err != nil || len(other) != 0 {
				t.Errorf("claimed from %s: %v %v", name, other, err)
			}
		}
		claimed := claim(t, s, "w", 1)
		if claimed[0].Serial != begun.Serial || claimed[0].Attempt != 1 || claimed[0].Owner != "w" {
			t.Fatalf("claimed %+v", claimed)
		}
		claim(t, s, "v", 0)
		for range 2 {
			if err := s.StartEvent(ctx, claimed[0], "build", "fake-1"); err != nil {
				t.Fatal(err)
			}
		}
		ended, err := s.SupersedeActions(ctx, begun.ServerID, true)
		if err != nil || len(ended) != 1 || ended[0].Serial != begun.Serial {
			t.Fatalf("superseded %+v, %v", ended, err)
		}
		if err := s.FinishAction(ctx, claimed[0], nil); !db.IsLost(err) {
			t.Errorf("finished a superseded action: %v", err)
		}
		shown, err := s.Action(ctx, begun.ServerID, "req-1")
		if err != nil || len(shown.Events) != 1 || shown.Events[0].Result == nil || *shown.Events[0].Result != nova.EventError {
			t.Errorf("shown: %+v, %v", shown, err)
		}
	})
}

// TestActions_SideBySide has actions that are not exclusive go on beside others,
// and end after them.
func TestActions_SideBySide(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		first := queued(t, s, func(a *nova.Action) { a.Verb, a.Exclusive = "attach", false })
		for _, exclusive := range []bool{false, true} {
			queued(t, s, func(a *nova.Action) { a.ServerID, a.Exclusive = first.ServerID, exclusive })
		}
		for _, want := range []struct {
			beside bool
			number int
		}{{false, 1}, {true, 2}, {true, 0}} {
			if ended, err := s.SupersedeActions(t.Context(), first.ServerID, want.beside); err != nil || len(ended) != want.number {
				t.Errorf("superseded %+v, %v, want %d", ended, err, want.number)
			}
		}
	})
}

// TestActions_Wake wakes who waits for the queue, and nobody else.
func TestActions_Wake(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := dbtest.Open(t, connection)
		waiting, unsubscribe := s.Subscribe("p", "q")
		defer unsubscribe()
		others, unsubscribe := s.Subscribe("r")
		defer unsubscribe()
		if err := s.Tx(t.Context(), func(tx *db.Store) error {
			if err := tx.Wake(t.Context(), "q"); err != nil {
				return err
			}
			select {
			case <-waiting:
				t.Error("woken before the commit")
			default:
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		<-waiting
		select {
		case <-others:
			t.Error("woken for another queue")
		default:
		}
	})
}

// TestActions_WakeAcrossProcesses goes through PostgreSQL.
func TestActions_WakeAcrossProcesses(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		here := dbtest.Open(t, connection)
		if here.Dialect() != "postgres" {
			return // no two processes share a SQLite file
		}
		there := dbtest.Open(t, connection)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		ended := make(chan struct{})
		go func() { defer close(ended); here.Listen(ctx) }()
		waiting, unsubscribe := here.Subscribe("q")
		defer unsubscribe()
		for heard := false; !heard; {
			if err := there.Wake(ctx, "q"); err != nil { // again, until it listens
				t.Fatal(err)
			}
			select {
			case <-waiting:
				heard = true
			case <-time.After(20 * time.Millisecond):
			}
		}
		stop()
		<-ended
	})
}

func TestActions_LeaseEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *db.Store, clock *time.Time) {
		queued(t, s)
		first := claim(t, s, "first", 1)
		*clock = clock.Add(lease + time.Second)
		second := claim(t, s, "second", 1)
		if second[0].Attempt != 2 {
			t.Errorf("attempt %d", second[0].Attempt)
		}
		if err := s.AdvanceAction(t.Context(), first[0]); !db.IsLost(err) {
			t.Errorf("who lost the lease wrote: %v", err)
		}
		woken, unsubscribe := s.Subscribe("q")
		defer unsubscribe()
		if err := s.ReleaseLeases(t.Context(), "second"); err != nil {
			t.Fatal(err)
		}
		<-woken
		claim(t, s, "third", 1)
	})
}

// TestActions_LeaseByDatabaseClock has the database say when a lease ends, and
// no process.
func TestActions_LeaseByDatabaseClock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		if s.Dialect() != "postgres" {
			return // the process's own clock is the only one
		}
		queued(t, s)
		claim(t, s, "w", 1)
		left, err := rows.Get[float64](t.Context(), s.DB, "SELECT EXTRACT(EPOCH FROM lease_until - now()) FROM actions")
		if err != nil || left > lease.Seconds() || left < lease.Seconds()-30 {
			t.Errorf("the lease ends in %v s, %v", left, err)
		}
		if moment := s.Moment(-time.Second); moment != "now() + interval '-1000000 microseconds'" {
			t.Errorf("a moment is %s", moment)
		}
	})
}

func TestActions_Postpone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *db.Store, clock *time.Time) {
		queued(t, s)
		if err := s.PostponeAction(t.Context(), claim(t, s, "w", 1)[0], time.Hour); err != nil {
			t.Fatal(err)
		}
		*clock = clock.Add(59 * time.Minute)
		claim(t, s, "w", 0)
		*clock = clock.Add(2 * time.Minute)
		claim(t, s, "w", 1)
	})
}

// Only what a worker knows of is renewed, so that a claim whose answer got lost
// is claimed again by somebody.
func TestActions_ExtendLeases(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *db.Store, clock *time.Time) {
		ctx := t.Context()
		queued(t, s)
		queued(t, s)
		claimed := claim(t, s, "w", 2)
		*clock = clock.Add(lease / 2)
		held, err := s.ExtendLeases(ctx, "w", lease, []int64{claimed[0].Serial, -1})
		if err != nil || len(held) != 1 || held[0] != claimed[0].Serial {
			t.Errorf("held %v, %v", held, err)
		}
		if held, err := s.ExtendLeases(ctx, "v", lease, []int64{claimed[0].Serial}); err != nil || len(held) != 0 {
			t.Errorf("held by another: %v, %v", held, err)
		}
		if held, err := s.ExtendLeases(ctx, "w", lease, nil); err != nil || len(held) != 0 {
			t.Errorf("held of none: %v, %v", held, err)
		}
		*clock = clock.Add(lease/2 + time.Second)
		if again := claim(t, s, "v", 1); again[0].Serial != claimed[1].Serial {
			t.Errorf("claimed again: %v", again)
		}
	})
}

func TestActions_HandOver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		ctx := t.Context()
		queued(t, s, func(a *nova.Action) { a.Queue = "other" })
		c := db.Claim{Worker: "w", Queues: []string{"other"}, Verbs: []string{"create"}, Lease: lease, Limit: 1}
		claimed, err := s.ClaimActions(ctx, c)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("claimed %v, %v", claimed, err)
		}
		woken, unsubscribe := s.Subscribe("q")
		defer unsubscribe()
		claimed[0].Queue, claimed[0].Step, claimed[0].Progress = "q", "spawn", "{}"
		if err := s.HandOverAction(ctx, claimed[0]); err != nil {
			t.Fatal(err)
		}
		<-woken
		if err := s.AdvanceAction(ctx, claimed[0]); !db.IsLost(err) {
			t.Errorf("who handed over wrote: %v", err)
		}
		if taken := claim(t, s, "v", 1)[0]; taken.Step != "spawn" || taken.Progress != "{}" {
			t.Errorf("handed over %+v", taken)
		}
	})
}

func TestActions_Cancel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		begun := queued(t, s)
		for _, want := range []bool{true, false} {
			if ended, err := s.CancelAction(t.Context(), begun); err != nil || ended != want {
				t.Errorf("ended: %v, %v", ended, err)
			}
		}
	})
}

// each is dbtest.Each with a clock that the test sets.
func each(t *testing.T, test func(t *testing.T, s *db.Store, clock *time.Time)) {
	t.Helper()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		clock := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
		test(t, dbtest.Open(t, connection, func(o *rows.Options) { o.Clock = func() time.Time { return clock } }), &clock)
	})
}

func TestServers_RoundTrip(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		server := createServer(t, s, newServer())
		found, err := s.Server(t.Context(), server.ID)
		if err != nil {
			t.Fatal(err)
		}
		if found.Flavor.ExtraSpecs["hw:a"] != "b" || found.Metadata["k"] != "v" || len(found.Tags) != 2 || found.VMState != nova.Building {
			t.Errorf("found %+v", found)
		}
		ok, err := s.BeginTask(t.Context(), server.ID, nova.Spawning, []nova.VMState{nova.Building}, []nova.TaskState{nova.Scheduling, nova.Idle})
		if err != nil || !ok {
			t.Errorf("begin: %v %v", ok, err)
		}
		ok, err = s.BeginTask(t.Context(), server.ID, nova.Spawning, []nova.VMState{nova.Active}, nil)
		if err != nil || ok {
			t.Errorf("begin from a wrong state: %v %v", ok, err)
		}
		live, locked := false, false
		filter := db.ServerFilter{
			ProjectID: "p", Deleted: &live, Locked: &locked, AllTags: []string{"red", "blue"}, NotAnyTags: []string{"x"},
			Matches: matches(t, "name", "^SERVER-"), Exact: map[string][]string{"flavor": {"1"}},
		}
		for _, page := range []nova.Page{{Limit: 5}, {Limit: 5, Sort: []nova.Sort{{Key: "display_name"}, {Key: "launched_at", Desc: true}}}} {
			list, err := s.Servers(t.Context(), filter, page)
			if err != nil || len(list) != 1 {
				t.Errorf("list: %v %v", list, err)
			}
			page.Marker = server.ID
			if list, err = s.Servers(t.Context(), filter, page); err != nil || len(list) != 0 {
				t.Errorf("behind the last: %v %v", list, err)
			}
		}
		if _, err := s.Servers(t.Context(), filter, nova.Page{Limit: 1, Marker: "nobody"}); !nova.Is(err, nova.Invalid) {
			t.Errorf("unknown marker: %v", err)
		}
	})
}

// What a user may not have is not held against the project, though the
// transaction goes on and tries with less.
func TestQuota_RefusedToUser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		ofProject, ofUser := nova.Quota{nova.QuotaInstances: 10}, nova.Quota{nova.QuotaInstances: 2}
		one := nova.Usage{Instances: 1, Cores: 1, RAM: 512}
		err := s.Tx(t.Context(), func(tx *db.Store) error {
			if err := tx.Consume(t.Context(), "p", "u", one.Times(3), ofProject, ofUser); !nova.Is(err, nova.OverQuota) {
				t.Errorf("three: %v", err)
			}
			return tx.Consume(t.Context(), "p", "u", one.Times(2), ofProject, ofUser)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, user := range []string{"", "u"} {
			if usage, err := s.Usage(t.Context(), "p", user); err != nil || usage != one.Times(2) {
				t.Errorf("used by %q: %+v, %v", user, usage, err)
			}
		}
	})
}

func TestQuota_Exact(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		quota := nova.Quota{nova.QuotaInstances: 7, nova.QuotaCores: -1, nova.QuotaRAM: 7 * 512}
		want := nova.Usage{Instances: 1, Cores: 1, RAM: 512}
		const callers = 40
		results := make(chan error, callers)
		for range callers {
			go func() {
				results <- s.Tx(t.Context(), func(tx *db.Store) error {
					return tx.Consume(t.Context(), "p", "u", want, quota, quota)
				})
			}()
		}
		granted := 0
		for range callers {
			switch err := <-results; {
			case err == nil:
				granted++
			case !nova.Is(err, nova.OverQuota):
				t.Errorf("refused with %v", err)
			}
		}
		usage, err := s.Usage(t.Context(), "p", "")
		if granted != 7 || usage.Instances != 7 || err != nil {
			t.Errorf("granted %d, used %+v, %v", granted, usage, err)
		}
	})
}

// TestQuota_Large asks for more than fits in 32 bits.
func TestQuota_Large(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		const large = 1 << 41
		for limit, want := range map[int]bool{-1: true, 1 << 20: false} {
			quota := nova.Quota{nova.QuotaCores: limit, nova.QuotaRAM: -1, nova.QuotaInstances: -1}
			err := s.Tx(t.Context(), func(tx *db.Store) error {
				return tx.Consume(t.Context(), "p", "u", nova.Usage{Instances: 1, Cores: large, RAM: large}, quota, quota)
			})
			if (err == nil) != want || err != nil && !nova.Is(err, nova.OverQuota) {
				t.Errorf("limit %d: %v", limit, err)
			}
		}
	})
}

// TestActions_TakeOver takes an action from a worker that is at it, once: whoever reads
// it before and comes later finds it lost.
func TestActions_TakeOver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		ctx, begun := t.Context(), queued(t, s)
		first := claim(t, s, "w", 1)[0]
		if _, err := s.TakeOverAction(ctx, begun, "v", lease); !db.IsLost(err) {
			t.Errorf("took over what had been claimed since: %v", err)
		}
		taken, err := s.TakeOverAction(ctx, first, "v", lease)
		if err != nil || taken.Owner != "v" || taken.Attempt != 2 || taken.Serial != begun.Serial {
			t.Fatalf("took over %+v, %v", taken, err)
		}
		if _, err := s.TakeOverAction(ctx, first, "u", lease); !db.IsLost(err) {
			t.Errorf("two have taken it over: %v", err)
		}
		if err := s.AdvanceAction(ctx, first); !db.IsLost(err) {
			t.Errorf("the first goes on: %v", err)
		}
		claim(t, s, "x", 0)
		if err := s.FinishAction(ctx, taken, nil); err != nil {
			t.Error(err)
		}
		if _, err := s.TakeOverAction(ctx, taken, "u", lease); !db.IsLost(err) {
			t.Errorf("took over what is over: %v", err)
		}
	})
}

// TestAdvanceMigration is written only by whoever has the action, while the migration runs.
func TestAdvanceMigration(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		const id = "a migration"
		ctx := t.Context()
		queued(t, s)
		mine := claim(t, s, "w", 1)[0]
		err := s.CreateMigration(ctx, nova.Migration{ID: id, ServerID: mine.ServerID, Type: nova.MigrationLive, Status: nova.MigrationRunning})
		if err != nil {
			t.Fatal(err)
		}
		advance := func(a nova.Action, processed int64, hurried, lost bool) {
			t.Helper()
			got, err := s.AdvanceMigration(ctx, a, id, processed, 10)
			if got != hurried || db.IsLost(err) != lost || err != nil && !lost {
				t.Errorf("hurried: %t, %v, want %t, lost: %t", got, err, hurried, lost)
			}
		}
		advance(mine, 1, false, false)
		if err := s.HurryMigration(ctx, id); err != nil {
			t.Fatal(err)
		}
		advance(mine, 2, true, false)
		theirs, err := s.TakeOverAction(ctx, mine, "v", lease)
		if err != nil {
			t.Fatal(err)
		}
		advance(mine, 3, false, true)
		advance(theirs, 4, true, false)
		if err := s.SetMigrationStatus(ctx, id, nova.MigrationCancelled); err != nil {
			t.Fatal(err)
		}
		advance(theirs, 5, false, true)
		m, err := s.MigrationsOf(ctx, mine.ServerID)
		if err != nil || *m[0].MemoryProcessed != 4 || *m[0].MemoryRemaining != 6 {
			t.Errorf("in the end %+v, %v", m, err)
		}
	})
}
