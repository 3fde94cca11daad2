package identity

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

// A gate is a turnstile whose visitors a test lets in and out one by one.
type gate struct {
	*turnstile
	t       *testing.T
	ctx     context.Context //nolint:containedctx // ends with the test
	group   sync.WaitGroup
	waits   chan struct{}
	entered chan string // the names of visitors whose turn has come
	leaves  map[string]func()
	mu      sync.Mutex
}

func newGate(t *testing.T, turns int) *gate {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	g := &gate{
		turnstile: newTurnstile(turns), t: t, ctx: ctx,
		waits: make(chan struct{}, maxWaiting), entered: make(chan string, maxWaiting), leaves: map[string]func(){},
	}
	t.Cleanup(func() {
		cancel() // for those who still wait
		g.group.Wait()
	})
	g.onWait = func() { g.waits <- struct{}{} }
	return g
}

// come sends a visitor to the turnstile, who may have to wait.
func (g *gate) come(name string, v visitor, waits bool) {
	g.t.Helper()
	g.group.Go(func() {
		leave, err := g.enter(g.ctx, v)
		if err != nil {
			if g.ctx.Err() == nil {
				g.t.Errorf("%s: %v", name, err)
			}
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		g.leaves[name] = leave
		g.entered <- name
	})
	if waits {
		<-g.waits
		return
	}
	if got := <-g.entered; got != name {
		g.t.Fatalf("%s came in instead of %s", got, name)
	}
}

// next ends a visitor's turn, and gives the name of the one whose turn comes.
func (g *gate) next(name string) string {
	g.mu.Lock()
	leave := g.leaves[name]
	g.mu.Unlock()
	leave()
	return <-g.entered
}

func TestTurnstile_Order(t *testing.T) {
	t.Parallel()
	flood, proxy := visitor{"flood", "u"}, func(user string) visitor { return visitor{"proxy", user} }
	for name, test := range map[string]struct {
		coming []visitor
		want   []int // their indexes, in the order of their turns
	}{
		"a flood waits for everybody else":        {[]visitor{flood, flood, flood, flood, {"b", "u"}, {"c", "u"}}, []int{0, 5, 4, 3, 2, 1}},
		"sources take turns":                      {[]visitor{{"a", "u"}, {"a", "u"}, {"a", "u"}, {"b", "u"}, {"b", "u"}}, []int{0, 4, 2, 3, 1}},
		"users behind a proxy take turns":         {[]visitor{proxy("u"), proxy("u"), proxy("u"), proxy("v"), proxy("w")}, []int{0, 4, 3, 2, 1}},
		"among equals, the latest":                {[]visitor{{"a", "u"}, {"b", "u"}, {"c", "u"}, {"d", "u"}}, []int{0, 3, 2, 1}},
		"many users of a source wait for another": {[]visitor{proxy("1"), proxy("2"), proxy("3"), {"b", "u"}}, []int{0, 3, 2, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGate(t, 1)
			for i, v := range test.coming {
				g.come(strconv.Itoa(i), v, i > 0)
			}
			got := []int{0}
			for last := "0"; len(got) < len(test.coming); {
				last = g.next(last)
				i, _ := strconv.Atoi(last)
				got = append(got, i)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("turns %v, want %v", got, test.want)
			}
		})
	}
}

// One source gets no more than half of the turns, so that there is always one
// for somebody else at once.
func TestTurnstile_HalfForOneSource(t *testing.T) {
	t.Parallel()
	for turns, share := range map[int]int{1: 1, 2: 1, 3: 1, 4: 2, 8: 4} {
		g := newGate(t, turns)
		for i := range turns {
			g.come("a"+strconv.Itoa(i), visitor{"a", "u"}, i >= share)
		}
		for i := range turns - share {
			name := strconv.Itoa(i)
			g.come("b"+name, visitor{name, "u"}, false)
		}
		g.come("late", visitor{"late", "u"}, true)
	}
}

func TestTurnstile_Limits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		visitor func(i int) visitor
		limit   int
	}{
		"one user":   {func(int) visitor { return visitor{"a", "u"} }, maxWaitingPerVisitor},
		"one source": {func(i int) visitor { return visitor{"a", strconv.Itoa(i)} }, maxWaitingPerSource},
		"the world":  {func(i int) visitor { return visitor{strconv.Itoa(i), "u"} }, maxWaiting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTurnstile(1)
			leave, err := s.enter(t.Context(), visitor{"first", "u"})
			if err != nil {
				t.Fatal(err)
			}
			for i := range test.limit {
				if !s.queue(&waiter{test.visitor(i), make(chan struct{})}) {
					t.Fatalf("visitor %d may not wait", i)
				}
			}
			if _, err := s.enter(t.Context(), test.visitor(test.limit)); !errors.Is(err, errTooMany) {
				t.Errorf("one too many: %v", err)
			}
			leave()
			if !s.queue(&waiter{test.visitor(test.limit), make(chan struct{})}) {
				t.Error("there was room again")
			}
		})
	}
}

// Who gives up, for whatever reason, leaves no trace.
func TestTurnstile_GiveUp(t *testing.T) {
	t.Parallel()
	s := newTurnstile(1)
	s.patience = 0
	leave, err := s.enter(t.Context(), visitor{"a", "u"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.enter(t.Context(), visitor{"b", "u"}); !errors.Is(err, errTooMany) {
		t.Errorf("out of patience: %v", err)
	}
	s.patience = patience
	ctx, cancel := context.WithCancel(t.Context())
	s.onWait = cancel
	if _, err := s.enter(ctx, visitor{"b", "u"}); !nova.Is(err, nova.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("gone away: %v", err)
	}
	if len(s.waiting) != 0 {
		t.Errorf("%d wait", len(s.waiting))
	}
	leave()
	leave, err = s.enter(t.Context(), visitor{"b", "u"})
	if err != nil {
		t.Fatal(err)
	}
	leave()
}

// However visitors come and go, there are never more turns than there may be,
// and in the end nothing is left.
func TestTurnstile_Storm(t *testing.T) {
	t.Parallel()
	const turns = 4
	s := newTurnstile(turns)
	var inside atomic.Int64
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%3 == 0 {
				go cancel()
			}
			leave, err := s.enter(ctx, visitor{strconv.Itoa(rand.N(10)), strconv.Itoa(rand.N(3))})
			if err != nil {
				return
			}
			if n := inside.Add(1); n > turns {
				t.Errorf("%d turns at once", n)
			}
			inside.Add(-1)
			leave()
		})
	}
	group.Wait()
	if len(s.waiting)+len(s.running)+len(s.bySource)+len(s.byUser) != 0 {
		t.Errorf("left: %d waiting, running %v, turns %v %v", len(s.waiting), s.running, s.bySource, s.byUser)
	}
}

// A world full of sources and users can't fill the memory.
func TestTurnstile_Remembers(t *testing.T) {
	t.Parallel()
	s := newTurnstile(2)
	if _, err := s.enter(t.Context(), visitor{"always there", "u"}); err != nil {
		t.Fatal(err)
	}
	for i := range 12 * maxWaiting {
		leave, err := s.enter(t.Context(), visitor{strconv.Itoa(i), "u"})
		if err != nil {
			t.Fatal(err)
		}
		leave()
		if len(s.byUser) > 10*maxWaiting || len(s.bySource) > 10*maxWaiting {
			t.Fatalf("%d users and %d sources are remembered", len(s.byUser), len(s.bySource))
		}
	}
}

func TestSourceOf(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.1:80": "192.0.2.1", "[::ffff:192.0.2.1]:80": "192.0.2.1", "[2001:db8::1:2:3:4]:80": "2001:db8::/64",
		"[2001:db8::5]:99": "2001:db8::/64", "[fe80::1%eth0]:1": "fe80::/64", "@": "@", "": "",
	} {
		if got := sourceOf(remote); got != want {
			t.Errorf("%q: got %q, want %q", remote, got, want)
		}
	}
}
