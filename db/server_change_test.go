package db_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestServers_EveryField writes a server that has everything, and finds it
// again.
func TestServers_EveryField(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		want := dbtest.Filled[nova.Server]()
		want.DeletedAt = nil
		created, err := s.CreateServer(t.Context(), want)
		if err != nil {
			t.Fatal(err)
		}
		want.Serial = created.Serial
		slices.Sort(want.Tags)
		found, err := s.Server(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
	})
}

// TestServers_EveryChange changes each field alone, and finds that one changed
// and no other. A transaction that is run again makes the same change twice.
func TestServers_EveryChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		whole := reflect.ValueOf(dbtest.Filled[db.ServerChange]())
		for i := range whole.NumField() {
			name := whole.Type().Field(i).Name
			before := createServer(t, s, newServer())
			var change db.ServerChange
			reflect.ValueOf(&change).Elem().Field(i).Set(whole.Field(i))
			for range 2 {
				err := s.ChangeServer(t.Context(), before.ID, change)
				if err != nil && (name != "DeletedAt" || !nova.Is(err, nova.NotFound)) {
					t.Fatalf("%s: %v", name, err)
				}
			}
			after, err := s.AnyServer(t.Context(), before.ID)
			if err != nil {
				t.Fatal(err)
			}
			want := before
			field := reflect.ValueOf(&want).Elem().FieldByName(name)
			value := whole.Field(i)
			if field.Type() != value.Type() {
				value = value.Elem()
			}
			field.Set(value)
			want.UpdatedAt = after.UpdatedAt
			if name == "Addresses" { // which are counted
				want.NetworkRevision = before.NetworkRevision + 2
			}
			if diff := cmp.Diff(want, after); diff != "" {
				t.Errorf("%s changed (-want +got):\n%s", name, diff)
			}
		}
	})
}

// TestServers_ChangeToNull makes null what may be.
func TestServers_ChangeToNull(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, s *db.Store) {
		server := newServer()
		server.Description, server.LockedReason, server.PinnedZone = new("a"), new("b"), new("c")
		server = createServer(t, s, server)
		none := new((*string)(nil))
		if err := s.ChangeServer(t.Context(), server.ID, db.ServerChange{Description: none, LockedReason: none, PinnedZone: none}); err != nil {
			t.Fatal(err)
		}
		found, err := s.Server(t.Context(), server.ID)
		if err != nil || found.Description != nil || found.LockedReason != nil || found.PinnedZone != nil {
			t.Errorf("found %+v, %v", found, err)
		}
	})
}
