package db_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

func TestConsoleTokens(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
		s := dbtest.Open(t, connection, func(o *rows.Options) { o.Clock = func() time.Time { return now } })
		server, err := s.CreateServer(t.Context(), nova.Server{ID: uuid.NewString(), Name: "s", CreatedAt: now})
		if err != nil {
			t.Fatal(err)
		}
		want := nova.ConsoleAddress{
			ServerID: server.ID, Type: "novnc", Host: "127.0.0.1", Port: 5900, TLSPort: 5901, InternalAccessPath: "/path",
		}
		if err := s.CreateConsoleToken(t.Context(), "secret", want, time.Minute); err != nil {
			t.Fatal(err)
		}
		got, err := s.ConsoleOfToken(t.Context(), "secret")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("address (-want +got):\n%s", diff)
		}
		unknown := func(token, why string) {
			t.Helper()
			if _, err := s.ConsoleOfToken(t.Context(), token); !nova.Is(err, nova.NotFound) || nova.Message(err) != "Token not found" {
				t.Errorf("%s: %v", why, err)
			}
		}
		unknown("guessed", "an unknown token")
		now = now.Add(time.Minute)
		unknown("secret", "an expired token")
		if err := s.CreateConsoleToken(t.Context(), "second", want, time.Minute); err != nil {
			t.Fatal(err)
		}
		now = now.Add(-time.Minute)
		unknown("secret", "a token that was forgotten")
		if err := s.DeleteConsoleTokens(t.Context(), server.ID); err != nil {
			t.Fatal(err)
		}
		unknown("second", "a token of a server that has moved")
		if err := s.CreateConsoleToken(t.Context(), "third", want, time.Minute); err != nil {
			t.Fatal(err)
		}
		gone := now
		if err := s.ChangeServer(t.Context(), server.ID, db.ServerChange{DeletedAt: &gone}); err != nil {
			t.Fatal(err)
		}
		unknown("third", "a token of a deleted server")
	})
}
