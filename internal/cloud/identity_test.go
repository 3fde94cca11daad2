package cloud_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

const (
	unauthorized = "The request you have made requires authentication."
	keystoneDown = "The Keystone service is temporarily unavailable."
)

func TestValidate(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil, nil, nil)
	expires := start.Add(time.Hour)
	b.keystone.tokens["good"] = expires
	got, err := b.Identity.Validate(t.Context(), "good")
	if err != nil {
		t.Fatal(err)
	}
	want := nova.Caller{
		Token: "good", UserID: "u1", UserName: "demo", UserDomainID: "default",
		ProjectID: "p1", ProjectName: "Demo", ProjectDomainID: "d1",
		Roles: []string{"member", "reader"}, ExpiresAt: expires,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A service may use a token that has expired since the user's request; nobody else
// may, and who is no service must not pretend to be one.
func TestValidateFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		token, service string
		anyone         bool // may send X-Service-Token
		valid          bool
	}{
		{"a good token", "hour", "", false, true},
		{"an expired one", "minute", "", false, false},
		{"a good one, from a service", "hour", "service", false, true},
		{"an expired one, from a service", "minute", "service", false, true},
		{"an unknown one, from a service", "unknown", "service", false, false},
		{"nonsense from a service", "a b", "service", false, false},
		{"a service whose own token has expired", "hour", "service-minute", false, false},
		{"a service that nobody knows", "hour", "unknown", true, false},
		{"a user as service", "hour", "other", false, false},
		{"a user as service, where anyone may", "hour", "other", true, true},
		{"an expired one from a user as service, where anyone may", "minute", "other", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, nil, nil, func(o *cloud.Options) {
				o.TokenCacheTime, o.ServiceRoles, o.AnyoneMaySendService = 300*time.Second, []string{"service"}, test.anyone
			})
			for token, lifetime := range map[string]time.Duration{
				"hour": time.Hour, "minute": time.Minute, "service": time.Hour, "service-minute": time.Minute, "other": time.Hour,
			} {
				b.keystone.tokens[token] = start.Add(lifetime)
			}
			for range 2 { // the second answer may come from the cache
				b.clock.advance(2 * time.Minute)
				caller, err := b.Identity.ValidateFor(t.Context(), test.token, test.service)
				if !test.valid {
					wantError(t, err, nova.Unauthorized, unauthorized)
				} else if err != nil || caller.Token != test.token || caller.UserID != "u1" {
					t.Errorf("%+v, %v", caller, err)
				}
			}
		})
	}
}

func TestValidate_SystemScope(t *testing.T) {
	t.Parallel()
	k := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Subject-Token", "t")
		status := http.StatusOK
		if r.Method == http.MethodPost {
			status = http.StatusCreated
		}
		reply(w, status, map[string]any{"token": map[string]any{
			"expires_at": start.Add(time.Hour), "system": map[string]any{"all": true}, "domain": map[string]any{"id": "d2"},
		}})
	})
	b := newBed(t, nil, nil, func(o *cloud.Options) {
		o.Transport, _ = cloud.NewInProcess(cloud.InProcessOptions{Services: map[string]http.Handler{"http://keystone": k}})
	})
	got, err := b.Identity.Validate(t.Context(), "system")
	if err != nil || got.System != "all" || got.DomainID != "d2" || got.ProjectID != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// One step of a story: some time passes, a token is shown, and so many
// look-ups have been made since the beginning.
type step struct {
	after   time.Duration
	token   string
	valid   bool
	lookups int64
}

func TestValidate_Cache(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cache time.Duration
		steps []step
	}{
		"a valid token is believed for the cache time": {300 * time.Second, []step{
			{0, "hour", true, 1},
			{299 * time.Second, "hour", true, 1},
			{time.Second, "hour", true, 2},
			{299 * time.Second, "hour", true, 2},
		}},
		"but not longer than it is valid": {300 * time.Second, []step{
			{0, "minute", true, 1},
			{59 * time.Second, "minute", true, 1},
			{time.Second, "minute", false, 2},
			{time.Second, "minute", false, 2},
		}},
		"an invalid one is refused for a while": {300 * time.Second, []step{
			{0, "bad", false, 1},
			{9 * time.Second, "bad", false, 1},
			{time.Second, "bad", false, 2},
		}},
		"without a cache each is looked up": {0, []step{
			{0, "hour", true, 1},
			{0, "hour", true, 2},
			{0, "bad", false, 3},
			{0, "bad", false, 4},
		}},
		"what can't be a token is not looked up": {300 * time.Second, []step{
			{0, "", false, 0},
			{0, "a b", false, 0},
			{0, "a\nb", false, 0},
			{0, "ü", false, 0},
			{0, strings.Repeat("a", 8<<10+1), false, 0},
			{0, strings.Repeat("a", 8<<10), false, 1},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, nil, nil, func(o *cloud.Options) { o.TokenCacheTime = test.cache })
			b.keystone.tokens["hour"] = start.Add(time.Hour)
			b.keystone.tokens["minute"] = start.Add(time.Minute)
			for i, s := range test.steps {
				b.clock.advance(s.after)
				caller, err := b.Identity.Validate(t.Context(), s.token)
				if s.valid && (err != nil || caller.Token != s.token) {
					t.Errorf("step %d: %+v, %v", i, caller, err)
				}
				if !s.valid {
					wantError(t, err, nova.Unauthorized, unauthorized)
				}
				if n := b.keystone.lookups.Load(); n != s.lookups {
					t.Errorf("step %d: %d look-ups, want %d", i, n, s.lookups)
				}
			}
		})
	}
}

func TestValidate_AsksOnceForMany(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"good", "bad"} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, nil, nil, nil)
			b.keystone.tokens["good"] = start.Add(time.Hour)
			b.keystone.hold = make(chan struct{})
			var group sync.WaitGroup
			for range 100 {
				group.Go(func() {
					if _, err := b.Identity.Validate(t.Context(), token); (err == nil) != (token == "good") {
						t.Errorf("%s: %v", token, err)
					}
				})
			}
			close(b.keystone.hold)
			group.Wait()
			if lookups, signIns := b.keystone.lookups.Load(), b.keystone.signIns.Load(); lookups != 1 || signIns != 1 {
				t.Errorf("%d look-ups and %d sign-ins for one token", lookups, signIns)
			}
		})
	}
}

// One who stops waiting for an answer takes it from nobody else.
func TestValidate_OneGivesUp(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil, nil, nil)
	b.keystone.tokens["good"] = start.Add(time.Hour)
	b.keystone.asked, b.keystone.hold = make(chan struct{}, 2), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() {
		_, err := b.Identity.Validate(ctx, "good")
		gaveUp <- err
	}()
	<-b.keystone.asked
	stayed := make(chan error)
	go func() {
		_, err := b.Identity.Validate(t.Context(), "good")
		stayed <- err
	}()
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) || nova.KindOf(err) != nova.Internal {
		t.Errorf("who gave up got %v", err)
	}
	close(b.keystone.hold)
	if err := <-stayed; err != nil {
		t.Errorf("who stayed got %v", err)
	}
}

func TestValidate_SignsInAgain(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil, nil, func(o *cloud.Options) { o.TokenCacheTime = 0 })
	b.keystone.tokens["good"] = start.Add(24 * time.Hour)
	validate := func(what string, signIns int64) {
		t.Helper()
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if _, err := b.Identity.Validate(t.Context(), "good"); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			})
		}
		group.Wait()
		if n := b.keystone.signIns.Load(); n != signIns {
			t.Errorf("%s: signed in %d times, want %d", what, n, signIns)
		}
	}
	validate("first", 1)
	b.keystone.revoke()
	validate("the token was revoked", 2)
	b.clock.advance(58 * time.Minute)
	validate("the token is good for two minutes yet", 2)
	b.clock.advance(time.Minute)
	validate("the token is about to expire", 3)
}

func TestValidate_KeystoneIsDown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*bed)
		mend   func(*bed)
	}{
		"before signing in": {
			func(b *bed) { b.keystone.broken.Store(http.StatusServiceUnavailable) },
			func(b *bed) { b.keystone.broken.Store(0) },
		},
		"after it": {
			func(b *bed) {
				_, _ = b.Identity.Validate(context.Background(), "other")
				b.keystone.broken.Store(http.StatusInternalServerError)
			},
			func(b *bed) { b.keystone.broken.Store(0) },
		},
		"it talks nonsense": {
			func(b *bed) { b.keystone.broken.Store(http.StatusBadRequest) },
			func(b *bed) { b.keystone.broken.Store(0) },
		},
		"it forgets us, and the password": {
			func(b *bed) {
				_, _ = b.Identity.Validate(context.Background(), "other")
				b.keystone.revoke()
				b.keystone.password = "other"
			},
			func(b *bed) { b.keystone.password = "secret" },
		},
		"wrong password": {
			func(b *bed) { b.keystone.password = "other" },
			func(b *bed) { b.keystone.password = "secret" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, nil, nil, nil)
			b.keystone.tokens["good"] = start.Add(time.Hour)
			test.change(b)
			_, err := b.Identity.Validate(t.Context(), "good")
			wantError(t, err, nova.Unavailable, keystoneDown, "good")
			test.mend(b)
			if _, err := b.Identity.Validate(t.Context(), "good"); err != nil {
				t.Errorf("the failure was remembered: %v", err)
			}
		})
	}
}

// A service that is up but doesn't answer is as good as down.
func TestValidate_KeystoneHangs(t *testing.T) {
	t.Parallel()
	for _, signedIn := range []bool{false, true} {
		hold := make(chan struct{})
		t.Cleanup(func() { close(hold) })
		k := newKeystone(newFrozen())
		hung := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if signedIn && r.Method == http.MethodPost {
				k.ServeHTTP(w, r)
				return
			}
			<-hold
		})
		b := newBed(t, nil, nil, func(o *cloud.Options) {
			o.Timeout = 20 * time.Millisecond
			o.Transport, _ = cloud.NewInProcess(cloud.InProcessOptions{Services: map[string]http.Handler{"http://keystone": hung}})
		})
		_, err := b.Identity.Validate(t.Context(), "good")
		wantError(t, err, nova.Unavailable, keystoneDown, "good")
		if exists, err := b.Identity.ProjectExists(t.Context(), "p1"); err != nil || !exists {
			t.Errorf("%v, %v", exists, err)
		}
	}
}

func TestValidate_NobodyListens(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	_ = listener.Close()
	transport, err := cloud.NewTransport(cloud.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	b := newBed(t, nil, nil, func(o *cloud.Options) { o.Transport, o.Login.URL = transport, address })
	_, err = b.Identity.Validate(t.Context(), "good")
	wantError(t, err, nova.Unavailable, keystoneDown, "good")
	_, err = b.Image.As(nova.Caller{Token: "good"}).Show(t.Context(), "i1")
	wantError(t, err, nova.Unavailable, "The image service is temporarily unavailable.", "good")
}

func TestProjectExists(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil, nil, nil)
	for id, want := range map[string]bool{
		"p1": true, "nope": false, "hidden": true, "": false, "..": false, "../projects/p1": false, "p1?x=y": false,
	} {
		if got, err := b.Identity.ProjectExists(t.Context(), id); err != nil || got != want {
			t.Errorf("%q: %v, %v", id, got, err)
		}
	}
	b.keystone.broken.Store(http.StatusServiceUnavailable)
	if got, err := b.Identity.ProjectExists(t.Context(), "nope"); err != nil || !got {
		t.Errorf("when nobody knows: %v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Identity.ProjectExists(ctx, "nope"); !errors.Is(err, context.Canceled) {
		t.Errorf("when nobody wants to know: %v", err)
	}
}

func TestAuthURI(t *testing.T) {
	t.Parallel()
	if got := newBed(t, nil, nil, nil).Identity.AuthURI(); got != "http://keystone/v3" {
		t.Errorf("from the login: %q", got)
	}
	b := newBed(t, nil, nil, func(o *cloud.Options) { o.WWWAuthenticateURI = "https://public/identity" })
	if got := b.Identity.AuthURI(); got != "https://public/identity" {
		t.Errorf("as set: %q", got)
	}
}

func BenchmarkValidate(b *testing.B) {
	bed := newBed(b, nil, nil, func(o *cloud.Options) { o.Now = time.Now })
	token := strings.Repeat("g", 183) // as long as a Fernet token
	bed.keystone.tokens[token] = time.Now().Add(time.Hour)
	if _, err := bed.Identity.Validate(b.Context(), token); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := bed.Identity.Validate(b.Context(), token); err != nil {
				b.Error(err)
			}
		}
	})
}
