package cloud_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/identity"
)

// A token that is revoked at the bundled identity service is good for nothing
// in the same process from that moment on, although its answer was cached for
// minutes.
func TestBundled_RevokedAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		s := bundled(t, store)
		token := s.signIn(t)
		if _, err := s.clients.Identity.Validate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		s.revoke(t, token)
		_, err := s.clients.Identity.Validate(t.Context(), token)
		wantUnauthorized(t, err)
	})
}

// What the process does in its own name is the service user's, also when its token has
// been revoked.
func TestBundled_Self(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		s := bundled(t, store)
		var tokens []string
		for range 2 {
			self, err := s.clients.Identity.Self(t.Context())
			if err != nil || self.UserName != identity.ServiceUser || self.UserID == "" || self.ProjectName != "service" {
				t.Fatalf("%+v, %v", self, err)
			}
			tokens = append(tokens, self.Token)
			s.revoke(t, self.Token)
		}
		if tokens[0] == tokens[1] {
			t.Error("the token that was revoked is still the service user's")
		}
	})
}

// Another process on the same database finds out by itself, without a word from
// anybody, when the second is over for which it relies on what it knows.
func TestBundled_RevokedElsewhere(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		var passed atomic.Int64
		clock := func(o *identity.Options) {
			o.Clock = func() time.Time { return time.Now().Add(time.Duration(passed.Load())) }
		}
		here, there := bundled(t, dbtest.Open(t, connection), clock), bundled(t, dbtest.Open(t, connection))
		token := here.signIn(t)
		if _, err := here.clients.Identity.Validate(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		there.revoke(t, token)
		passed.Add(int64(time.Second))
		_, err := here.clients.Identity.Validate(t.Context(), token)
		wantUnauthorized(t, err)
	})
}

// On PostgreSQL the word of a revocation reaches other processes without their
// looking.
func TestBundled_RevokedElsewhereIsHeard(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		store := dbtest.Open(t, connection)
		if store.Dialect() != "postgres" {
			return // other processes look once a second
		}
		told := make(chan string, 100)
		here := identity.New(identity.Options{Store: identitydb.New(store.DB), Log: zerolog.Nop(), Clock: newFrozen().now})
		here.OnRevocation(func(userID string) { told <- userID })
		ctx, stop := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() { store.Listen(ctx) })
		group.Go(func() { _ = here.Run(ctx) })
		defer group.Wait()
		defer stop()
		there := identitydb.New(dbtest.Open(t, connection).DB)
		for heard := false; !heard; {
			if err := there.RecordRevocation(t.Context(), "u"); err != nil { // again, until it listens
				t.Fatal(err)
			}
			select {
			case userID := <-told:
				heard = userID == "u"
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
}

// revoke has a token revoked by its owner.
func (s site) revoke(t *testing.T, token string) {
	t.Helper()
	r := request(t.Context(), t, http.MethodDelete, strings.TrimSuffix(s.user.URL, "/")+"/auth/tokens", http.NoBody)
	r.Header.Set("X-Auth-Token", token)
	r.Header.Set("X-Subject-Token", token)
	response, err := (&http.Client{Transport: s.options.Transport}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		t.Fatalf("revoke: %s", response.Status)
	}
}

func wantUnauthorized(t *testing.T, err error) {
	t.Helper()
	wantError(t, err, nova.Unauthorized, unauthorized)
}
