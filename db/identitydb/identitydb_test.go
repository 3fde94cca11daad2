package identitydb_test

import (
	"maps"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
)

// each runs a test on every database, with a store that has one domain and one
// user in it.
func each(t *testing.T, test func(t *testing.T, s *identitydb.Store, user identitydb.User)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.Store) {
		s := identitydb.New(d.DB)
		domain := identitydb.Domain{ID: "default", Name: "Default", Enabled: true}
		user := identitydb.User{ID: "u", DomainID: domain.ID, Name: "user", Enabled: true}
		if err := s.Domains.Create(t.Context(), domain); err != nil {
			t.Fatal(err)
		}
		if err := s.Users.Create(t.Context(), user); err != nil {
			t.Fatal(err)
		}
		test(t, s, user)
	})
}

func TestTable_Kinds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *identitydb.Store, user identitydb.User) {
		users := s.Users
		if err := users.Create(t.Context(), identitydb.User{ID: "other", DomainID: "default", Name: user.Name}); !nova.Is(err, nova.Conflict) {
			t.Errorf("a second user of one name: %v", err)
		}
		if _, err := users.Get(t.Context(), "nix"); !nova.Is(err, nova.NotFound) || nova.Message(err) != "Could not find user: nix." {
			t.Errorf("get: %v", err)
		}
		if err := users.Delete(t.Context(), "nix"); !nova.Is(err, nova.NotFound) {
			t.Errorf("delete: %v", err)
		}
		if _, err := users.List(t.Context(), identitydb.Equal("1 = 1 OR name", "x"), nova.Page{Limit: 1}); err == nil {
			t.Error("a column that there isn't was not refused")
		}
	})
}

func TestTable_ChangeLosesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *identitydb.Store, user identitydb.User) {
		var group sync.WaitGroup
		for i := range 10 {
			group.Go(func() {
				_, err := s.Users.Change(t.Context(), user.ID, func(_ *identitydb.Store, v *identitydb.User) error {
					extra := map[string]any{strconv.Itoa(i): true}
					maps.Copy(extra, v.Fields.V)
					v.Fields.V = extra
					return nil
				})
				if err != nil {
					t.Errorf("change: %v", err)
				}
			})
		}
		group.Wait()
		got, err := s.Users.Get(t.Context(), user.ID)
		if err != nil || len(got.Fields.V) != 10 {
			t.Errorf("%d of 10 changes were kept, %v", len(got.Fields.V), err)
		}
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *identitydb.Store, user identitydb.User) {
		now := s.Now()
		for n, expires := range []time.Duration{-2 * time.Hour, -time.Hour, -time.Minute, time.Hour} {
			token := identitydb.Token{Hash: strconv.Itoa(n), UserID: user.ID, IssuedAt: now, ExpiresAt: now.Add(expires)}
			if err := s.CreateToken(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		for hash, want := range map[string]nova.Kind{"3": nova.Internal, "2": nova.NotFound, "nix": nova.NotFound} {
			session, err := s.Session(t.Context(), hash, now)
			if nova.KindOf(err) != want || (err == nil && session.UserName != user.Name) {
				t.Errorf("session %s: %+v, %v", hash, session, err)
			}
		}
		for _, want := range []int64{1, 1, 0} { // one at a time
			if n, err := s.PurgeTokens(t.Context(), now.Add(-30*time.Minute), 1); n != want || err != nil {
				t.Errorf("purged %d, %v, want %d", n, err, want)
			}
		}
		if err := s.DeleteTokensIn(t.Context(), user.DomainID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Session(t.Context(), "3", now); !nova.Is(err, nova.NotFound) {
			t.Errorf("after revoking a domain's: %v", err)
		}
	})
}
