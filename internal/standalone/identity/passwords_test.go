package identity

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	p := newPasswords(bcrypt.MinCost)
	long := strings.Repeat("x", 100)
	cases := []struct {
		kept, tried string
		want        bool
	}{
		{"secret", "secret", true},
		{"secret", "Secret", false},
		{"", "", true},
		{long, long, true},
		{long, long[:99], false}, // bcrypt alone would look at 72 bytes
		{"a\x00b", "a\x00c", false},
	}
	for _, c := range cases {
		hash, err := p.hash(t.Context(), visitor{}, c.kept)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := p.check(t.Context(), visitor{}, hash, c.tried); ok != c.want || err != nil {
			t.Errorf("%q against %q: %v, %v", c.tried, c.kept, ok, err)
		}
	}
	if ok, err := p.check(t.Context(), visitor{}, "", ""); ok || err != nil {
		t.Errorf("no password at all: %v, %v", ok, err)
	}
	if _, err := p.hash(t.Context(), visitor{}, strings.Repeat("x", maxPassword+1)); !nova.Is(err, nova.Invalid) {
		t.Errorf("too long: %v", err)
	}
}

// An unknown user must cost as much as a wrong password.
func TestPasswords_Decoy(t *testing.T) {
	t.Parallel()
	for _, cost := range []int{0, 4, 12} {
		p := newPasswords(cost)
		if got, err := bcrypt.Cost(p.decoy); err != nil || got != p.cost || got < bcrypt.MinCost {
			t.Errorf("cost %d: the decoy's is %d, %v", cost, got, err)
		}
	}
}

// hold takes all turns, each for a source of its own.
func (p *passwords) hold(t *testing.T) (release func()) {
	t.Helper()
	leaves := make([]func(), p.turnstile.turns)
	for i := range leaves {
		var err error
		if leaves[i], err = p.turnstile.enter(t.Context(), visitor{"holder " + strconv.Itoa(i), ""}); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for _, leave := range leaves {
			leave()
		}
	}
}

func TestPasswords_GivesUpWaiting(t *testing.T) {
	t.Parallel()
	p := newPasswords(bcrypt.MinCost)
	defer p.hold(t)()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.check(ctx, visitor{}, "", "x"); !nova.Is(err, nova.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("check: got %v", err)
	}
	if _, err := p.hash(ctx, visitor{}, "x"); !nova.Is(err, nova.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("hash: got %v", err)
	}
}

// Jobs of one user that all begin at once share a check: there are more of them
// than may wait, and none is refused. Those with another password wait for
// themselves.
func TestPasswords_Shared(t *testing.T) {
	t.Parallel()
	p := newPasswords(bcrypt.MinCost)
	hash, err := p.hash(t.Context(), visitor{}, "right")
	if err != nil {
		t.Fatal(err)
	}
	waits := make(chan struct{}, maxWaiting)
	p.turnstile.onWait = func() { waits <- struct{}{} }
	release := p.hold(t)
	var group sync.WaitGroup
	check := func(password string, want bool) {
		group.Go(func() {
			if fits, err := p.check(t.Context(), visitor{"a", "u"}, hash, password); fits != want || err != nil {
				t.Errorf("%s: %v, %v", password, fits, err)
			}
		})
	}
	check("right", true)
	<-waits
	check("wrong", false)
	<-waits
	for range 2 * maxWaitingPerVisitor {
		check("right", true)
		check("wrong", false)
	}
	release()
	group.Wait()
}
