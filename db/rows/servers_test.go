package rows_test

import (
	"testing"

	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// TestServers has a session that can't write any more, since its server is no longer the
// primary: the write goes through another connection. A server of another kind than
// wanted can't be reached, which clients may try again.
func TestServers(t *testing.T) {
	t.Parallel()
	if !dbtest.HasPostgres() {
		t.Logf("%s is not set: there is one server with SQLite", dbtest.PostgresVariable)
		return
	}
	ctx, connection := t.Context(), dbtest.Postgres(t)
	store := dbtest.Open(t, connection)
	readOnly := func() {
		t.Helper()
		if _, err := rows.Exec(ctx, store.DB, "SET default_transaction_read_only = on"); err != nil {
			t.Fatal(err)
		}
	}
	readOnly()
	if _, err := rows.Exec(ctx, store.DB, "INSERT INTO write_checks (id, content) VALUES (?, ?)", 2, []byte("x")); err != nil {
		t.Errorf("write: %v", err)
	}
	readOnly()
	if id, err := rows.Put[int](ctx, store.DB, "INSERT INTO write_checks (id, content) VALUES (?, ?) RETURNING id", 3, []byte("x")); err != nil || id != 3 {
		t.Errorf("write and read: %d, %v", id, err)
	}
	readOnly()
	if _, err := rows.Exec(ctx, store.DB, "DELETE FROM write_checks"); err != nil {
		t.Errorf("write what isn't prepared: %v", err)
	}
	other, err := rows.Open(ctx, rows.Options{Connection: connection + "&target_session_attrs=standby"})
	if err == nil {
		_ = other.Close()
	}
	if !nova.Is(err, nova.Unavailable) {
		t.Errorf("no standby: %v", err)
	}
}
