package identity

import (
	"context"
	"errors"
	"strings"
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
		hash, err := p.hash(t.Context(), c.kept)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := p.check(t.Context(), hash, c.tried); ok != c.want || err != nil {
			t.Errorf("%q against %q: %v, %v", c.tried, c.kept, ok, err)
		}
	}
	if ok, err := p.check(t.Context(), "", ""); ok || err != nil {
		t.Errorf("no password at all: %v, %v", ok, err)
	}
	if _, err := p.hash(t.Context(), strings.Repeat("x", maxPassword+1)); !nova.Is(err, nova.Invalid) {
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

func TestPasswords_GivesUpWaiting(t *testing.T) {
	t.Parallel()
	p := newPasswords(bcrypt.MinCost)
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.check(ctx, "", "x"); !nova.Is(err, nova.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
