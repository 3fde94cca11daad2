package db_test

import (
	"testing"
	"time"

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

func TestActions_Queue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		ctx, lease := t.Context(), time.Minute
		server := createServer(t, s, newServer())
		woken := s.Woken()
		queued, err := s.QueueAction(ctx, nova.Action{ServerID: server.ID, Name: "create", RequestID: "req-1", Queue: "schedule"})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-woken:
		default:
			t.Error("nobody was woken")
		}
		if _, err := s.QueueAction(ctx, nova.Action{ServerID: server.ID, Name: "stop", Queue: "schedule"}); !nova.Is(err, nova.Conflict) {
			t.Errorf("two unfinished actions: %v", err)
		}
		if other, err := s.ClaimActions(ctx, "w", []string{"fake-1"}, lease, 5); err != nil || len(other) != 0 {
			t.Errorf("claimed from another queue: %v %v", other, err)
		}
		claimed, err := s.ClaimActions(ctx, "w", []string{"fake-1", "schedule"}, lease, 5)
		if err != nil || len(claimed) != 1 || claimed[0].Serial != queued.Serial || claimed[0].Attempt != 1 {
			t.Fatalf("claimed %+v, %v", claimed, err)
		}
		if again, _ := s.ClaimActions(ctx, "v", []string{"schedule"}, lease, 5); len(again) != 0 {
			t.Errorf("claimed twice: %v", again)
		}
		for range 2 {
			if err := s.StartEvent(ctx, claimed[0], "build", "fake-1"); err != nil {
				t.Fatal(err)
			}
		}
		ended, err := s.SupersedeActions(ctx, server.ID)
		if err != nil || len(ended) != 1 || ended[0].Serial != queued.Serial {
			t.Fatalf("superseded %+v, %v", ended, err)
		}
		if err := s.FinishAction(ctx, claimed[0], nil); !db.IsLost(err) {
			t.Errorf("finished a superseded action: %v", err)
		}
		if err := s.StartEvent(ctx, claimed[0], "late", "fake-1"); !db.IsLost(err) {
			t.Errorf("began a part of a superseded action: %v", err)
		}
		shown, err := s.Action(ctx, server.ID, "req-1")
		if err != nil || len(shown.Events) != 1 || shown.Events[0].Result == nil || *shown.Events[0].Result != nova.EventError {
			t.Errorf("shown: %+v, %v", shown, err)
		}
	})
}

func TestActions_LeaseEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		ctx := t.Context()
		server := createServer(t, s, newServer())
		if _, err := s.QueueAction(ctx, nova.Action{ServerID: server.ID, Name: "create", RequestID: "req-1", Queue: "q"}); err != nil {
			t.Fatal(err)
		}
		first, err := s.ClaimActions(ctx, "first", []string{"q"}, -time.Second, 1) // a lease that has ended already
		if err != nil || len(first) != 1 {
			t.Fatalf("%v %v", first, err)
		}
		second, err := s.ClaimActions(ctx, "second", []string{"q"}, time.Minute, 1)
		if err != nil || len(second) != 1 || second[0].Attempt != 2 {
			t.Fatalf("%v %v", second, err)
		}
		if err := s.AdvanceAction(ctx, first[0]); !db.IsLost(err) {
			t.Errorf("who lost the lease wrote: %v", err)
		}
		if err := s.ReleaseLeases(ctx, "second"); err != nil {
			t.Fatal(err)
		}
		if third, _ := s.ClaimActions(ctx, "third", []string{"q"}, time.Minute, 1); len(third) != 1 {
			t.Error("what was released was not taken up")
		}
	})
}

// Only what a worker knows of is prolonged, so that a claim whose answer got
// lost is taken up by somebody.
func TestActions_ExtendLeases(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	each(t, func(t *testing.T, s *db.Store, clock *time.Time) {
		*clock = now
		ctx, lease := t.Context(), time.Minute
		for range 2 {
			server := createServer(t, s, newServer())
			if _, err := s.QueueAction(ctx, nova.Action{ServerID: server.ID, Name: "create", RequestID: "req-1", Queue: "q"}); err != nil {
				t.Fatal(err)
			}
		}
		claimed, err := s.ClaimActions(ctx, "w", []string{"q"}, lease, 2)
		if err != nil || len(claimed) != 2 {
			t.Fatalf("claimed %v, %v", claimed, err)
		}
		*clock = now.Add(lease / 2)
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
		*clock = now.Add(lease + time.Second)
		again, err := s.ClaimActions(ctx, "v", []string{"q"}, lease, 2)
		if err != nil || len(again) != 1 || again[0].Serial != claimed[1].Serial {
			t.Errorf("taken up: %v, %v", again, err)
		}
	})
}

func TestActions_HandOver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		ctx := t.Context()
		server := createServer(t, s, newServer())
		if _, err := s.QueueAction(ctx, nova.Action{ServerID: server.ID, Name: "create", RequestID: "req-1", Queue: "q"}); err != nil {
			t.Fatal(err)
		}
		claimed, err := s.ClaimActions(ctx, "w", []string{"q"}, time.Minute, 1)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("claimed %v, %v", claimed, err)
		}
		woken := s.Woken()
		claimed[0].Queue = "other"
		if err := s.HandOverAction(ctx, claimed[0]); err != nil {
			t.Fatal(err)
		}
		select {
		case <-woken:
		default:
			t.Error("nobody was woken")
		}
		if err := s.AdvanceAction(ctx, claimed[0]); !db.IsLost(err) {
			t.Errorf("who handed over wrote: %v", err)
		}
		if taken, err := s.ClaimActions(ctx, "v", []string{"other"}, time.Minute, 1); err != nil || len(taken) != 1 {
			t.Errorf("taken up: %v, %v", taken, err)
		}
	})
}

func TestActions_Cancel(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		server := createServer(t, s, newServer())
		queued, err := s.QueueAction(t.Context(), nova.Action{ServerID: server.ID, Name: "create", RequestID: "req-1", Queue: "q"})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []bool{true, false} {
			if ended, err := s.CancelAction(t.Context(), queued); err != nil || ended != want {
				t.Errorf("ended: %v, %v", ended, err)
			}
		}
	})
}

// each is dbtest.Each with a clock that the test sets.
func each(t *testing.T, test func(t *testing.T, s *db.Store, clock *time.Time)) {
	t.Helper()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		clock := time.Now()
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
			Matches: map[string][]string{"name": {"^SERVER-"}, "launched_at": nil}, Exact: map[string][]string{"flavor": {"1"}},
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
