package rows_test

import (
	"fmt"
	"testing"

	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
)

// TestPrepared_SurvivesTheSchema changes a table under statements that are kept, so
// that PostgreSQL refuses to execute them again.
func TestPrepared_SurvivesTheSchema(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		d := dbtest.Open(t, connection).DB
		mustExec(t, d, "CREATE TABLE things (id BIGINT, name TEXT)")
		mustExec(t, d, "INSERT INTO things (id, name) VALUES (?, ?)", 1, "one")
		read := func() error {
			_, err := rows.All[struct{ ID, Name, More string }](t.Context(), d, "SELECT *, '' AS more FROM things WHERE id = ?", 1)
			return err
		}
		if err := read(); err != nil {
			t.Fatal(err)
		}
		mustExec(t, d, "ALTER TABLE things RENAME TO others")
		mustExec(t, d, "CREATE TABLE things (name TEXT, id BIGINT)")
		if err := read(); err != nil {
			t.Errorf("after the schema has changed: %v", err)
		}
		err := d.Tx(t.Context(), func(tx *rows.DB) error {
			_, err := rows.Get[int](t.Context(), tx, "SELECT COUNT(*) FROM things WHERE id = ?", 1)
			return err
		})
		if err != nil {
			t.Errorf("in a transaction: %v", err)
		}
	})
}

// TestPrepared_Bounds sends more forms of a query than a connection keeps.
func TestPrepared_Bounds(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		d := dbtest.Open(t, connection, func(o *rows.Options) { o.MaxConns = 2 }).DB
		for range 2 {
			for form := range 300 {
				got, err := rows.Get[int](t.Context(), d, fmt.Sprintf("SELECT %d + CAST(? AS BIGINT)", form), 1)
				if err != nil || got != form+1 {
					t.Fatalf("form %d = %d, %v", form, got, err)
				}
			}
		}
		if d.Dialect() != "postgres" {
			return
		}
		kept, err := rows.Get[int](t.Context(), d, "SELECT COUNT(*) FROM pg_prepared_statements")
		if err != nil || kept < 100 || kept > 130 {
			t.Errorf("the connection keeps %d statements, %v, want some 128", kept, err)
		}
	})
}

// TestPrepared_Refused goes on with a statement that the database has refused.
func TestPrepared_Refused(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		d := dbtest.Open(t, connection).DB
		mustExec(t, d, "CREATE TABLE things (id BIGINT PRIMARY KEY)")
		const insert = "INSERT INTO things (id) VALUES (?)"
		mustExec(t, d, insert, 1)
		if _, err := rows.Exec(t.Context(), d, insert, 1); err == nil {
			t.Error("a row was inserted twice")
		}
		mustExec(t, d, insert, 2) // the statement that failed is not the last of its text
	})
}

func mustExec(t *testing.T, d *rows.DB, query string, args ...any) {
	t.Helper()
	if _, err := rows.Exec(t.Context(), d, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
