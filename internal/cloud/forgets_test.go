package cloud_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

func TestForget(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil, nil, nil)
	b.keystone.tokens["good"] = start.Add(time.Hour)
	for i, step := range []struct {
		forget  func()
		lookups int64
	}{
		{func() {}, 1},
		{func() { b.Identity.Forget("somebody else") }, 1},
		{func() { b.Identity.Forget("u1") }, 2},
		{func() {}, 2},
		{func() { b.Identity.Forget("") }, 3},
		{func() {}, 3},
	} {
		step.forget()
		if _, err := b.Identity.Validate(t.Context(), "good"); err != nil {
			t.Errorf("step %d: %v", i, err)
		}
		if n := b.keystone.lookups.Load(); n != step.lookups {
			t.Errorf("step %d: %d look-ups, want %d", i, n, step.lookups)
		}
	}
	b.keystone.forget("good")
	b.Identity.Forget("u1")
	_, err := b.Identity.Validate(t.Context(), "good")
	wantError(t, err, nova.Unauthorized, unauthorized)
}

// A revocation comes while the identity service has already answered and its
// answer is on the way: nobody who asks after the revocation may be given it,
// now or from the cache.
func TestForget_AnswerOnItsWay(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"u1", ""} {
		b := newBed(t, nil, nil, nil)
		b.keystone.tokens["good"] = start.Add(time.Hour)
		b.keystone.asked, b.keystone.hold = make(chan struct{}, 100), make(chan struct{})
		var group sync.WaitGroup
		group.Go(func() { _, _ = b.Identity.Validate(t.Context(), "good") }) // either answer is right for this one
		<-b.keystone.asked
		b.keystone.forget("good")
		b.Identity.Forget(user)
		for range 10 { // some of them join the question that is being answered
			group.Go(func() {
				_, err := b.Identity.Validate(t.Context(), "good")
				wantError(t, err, nova.Unauthorized, unauthorized)
			})
		}
		close(b.keystone.hold)
		group.Wait()
		_, err := b.Identity.Validate(t.Context(), "good")
		wantError(t, err, nova.Unauthorized, unauthorized)
	}
}

// More users than are remembered one by one cost all users their cached
// answers, and no answer survives its revocation.
func TestForget_ManyUsers(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil, nil, nil)
	b.keystone.tokens["good"] = start.Add(time.Hour)
	if _, err := b.Identity.Validate(t.Context(), "good"); err != nil {
		t.Fatal(err)
	}
	b.keystone.forget("good")
	b.Identity.Forget("u1")
	for i := range 10_001 {
		b.Identity.Forget(string(rune(i + 1)))
	}
	_, err := b.Identity.Validate(t.Context(), "good")
	wantError(t, err, nova.Unauthorized, unauthorized)
}

func TestValidate_CatchesUpFirst(t *testing.T) {
	t.Parallel()
	var clients *cloud.Clients
	var fail error
	caughtUp := 0
	b := newBed(t, nil, nil, func(o *cloud.Options) {
		o.CatchUp = func(context.Context) error {
			caughtUp++
			clients.Identity.Forget("u1")
			return fail
		}
	})
	clients = b.Clients
	b.keystone.tokens["good"] = start.Add(time.Hour)
	for i := range int64(3) {
		if _, err := b.Identity.Validate(t.Context(), "good"); err != nil {
			t.Fatal(err)
		}
		if n := b.keystone.lookups.Load(); n != i+1 || caughtUp != int(n) {
			t.Errorf("%d look-ups, caught up %d times", n, caughtUp)
		}
	}
	fail = errors.New("the database is gone")
	_, err := b.Identity.Validate(t.Context(), "good")
	wantError(t, err, nova.Unavailable, keystoneDown)
	fail = context.Canceled
	if _, err := b.Identity.Validate(t.Context(), "good"); !errors.Is(err, context.Canceled) || nova.KindOf(err) != nova.Internal {
		t.Errorf("who went away got %v", err)
	}
}
