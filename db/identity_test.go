package db_test

import (
	"maps"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/nova"
)

// seedIdentity makes a domain and a user in it.
func seedIdentity(t *testing.T, s *db.Store) db.IdentityUser {
	t.Helper()
	domain := db.IdentityDomain{ID: "default", Name: "Default", Enabled: true}
	user := db.IdentityUser{ID: "u", DomainID: domain.ID, Name: "user", Enabled: true}
	if err := s.Identity().Domains.Create(t.Context(), domain); err != nil {
		t.Fatal(err)
	}
	if err := s.Identity().Users.Create(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	return user
}

func TestIdentityTable_Kinds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		user := seedIdentity(t, s)
		users := s.Identity().Users
		if err := users.Create(t.Context(), db.IdentityUser{ID: "other", DomainID: "default", Name: user.Name}); !nova.Is(err, nova.Conflict) {
			t.Errorf("a second user of one name: %v", err)
		}
		if _, err := users.Get(t.Context(), "nix"); !nova.Is(err, nova.NotFound) || nova.Message(err) != "Could not find user: nix." {
			t.Errorf("get: %v", err)
		}
		if err := users.Delete(t.Context(), "nix"); !nova.Is(err, nova.NotFound) {
			t.Errorf("delete: %v", err)
		}
		if _, err := users.List(t.Context(), map[string]any{"1 = 1 OR name": "x"}, nova.Page{Limit: 1}); err == nil {
			t.Error("a column that there isn't was not refused")
		}
	})
}

func TestIdentityTable_ChangeLosesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		user := seedIdentity(t, s)
		var group sync.WaitGroup
		for i := range 10 {
			group.Go(func() {
				_, err := s.Identity().Users.Change(t.Context(), user.ID, func(_ *db.Store, v *db.IdentityUser) error {
					extra := db.JSONObject{strconv.Itoa(i): true}
					maps.Copy(extra, v.Extra)
					v.Extra = extra
					return nil
				})
				if err != nil {
					t.Errorf("change: %v", err)
				}
			})
		}
		group.Wait()
		got, err := s.Identity().Users.Get(t.Context(), user.ID)
		if err != nil || len(got.Extra) != 10 {
			t.Errorf("%d of 10 changes were kept, %v", len(got.Extra), err)
		}
	})
}

func TestIdentity_Tokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		user := seedIdentity(t, s)
		i, now := s.Identity(), s.Now()
		for n, expires := range []time.Duration{-2 * time.Hour, -time.Hour, -time.Minute, time.Hour} {
			token := db.IdentityToken{Hash: strconv.Itoa(n), UserID: user.ID, IssuedAt: now, ExpiresAt: now.Add(expires)}
			if err := i.CreateToken(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		for hash, want := range map[string]nova.Kind{"3": nova.Internal, "2": nova.NotFound, "nix": nova.NotFound} {
			session, err := i.Session(t.Context(), hash, now)
			if nova.KindOf(err) != want || (err == nil && session.UserName != user.Name) {
				t.Errorf("session %s: %+v, %v", hash, session, err)
			}
		}
		for _, want := range []int64{1, 1, 0} { // one at a time
			if n, err := i.PurgeTokens(t.Context(), now.Add(-30*time.Minute), 1); n != want || err != nil {
				t.Errorf("purged %d, %v, want %d", n, err, want)
			}
		}
		if err := i.RevokeDomain(t.Context(), user.DomainID); err != nil {
			t.Fatal(err)
		}
		if _, err := i.Session(t.Context(), "3", now); !nova.Is(err, nova.NotFound) {
			t.Errorf("after revoking a domain's: %v", err)
		}
	})
}
