package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
)

// probed is what a probe is answered.
func probed(t *testing.T, store *db.Store, path string) (status int, text string) {
	t.Helper()
	w := httptest.NewRecorder()
	(&front{store: store}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	return w.Code, w.Body.String()
}

func TestProbes(t *testing.T) {
	t.Parallel()
	run := func(query string, args ...any) func(context.Context, *db.Store) error {
		return func(ctx context.Context, s *db.Store) error {
			_, err := rows.Exec(ctx, s.DB, query, args...)
			return err
		}
	}
	write := run("INSERT INTO write_checks (id, content) VALUES (2, ?)", make([]byte, 1<<20))
	store := dbtest.Open(t, dbtest.SQLite(t))
	for _, step := range []struct {
		name   string
		do     func(context.Context, *db.Store) error
		fails  bool
		status int
		text   string
	}{
		{"at first", run("SELECT 1"), false, 200, "ok\n"},
		{"the disk is full, and nobody knows yet", run("PRAGMA max_page_count = 1"), false, 200, "ok\n"},
		{"a write fails", write, true, 503, "the database can't be written: the disk is full\n"},
		{"there is room again", run("PRAGMA max_page_count = 1000000"), false, 200, "ok\n"},
		{"the schema is older", run("DELETE FROM goose_db_version WHERE version_id > 1"), false, 503, rows.ErrOlder.Error() + "\n"},
		{"the schema is gone", run("DROP TABLE goose_db_version"), false, 503, rows.ErrOlder.Error() + "\n"},
	} {
		if err := step.do(t.Context(), store); (err != nil) != step.fails {
			t.Fatalf("%s: %v", step.name, err)
		}
		if status, text := probed(t, store, "/readyz"); status != step.status || text != step.text {
			t.Errorf("%s: %d %s", step.name, status, text)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if status, text := probed(t, store, "/readyz"); status != 503 || text != "the database can't be reached\n" {
		t.Errorf("without a database: %d %s", status, text)
	}
	if status, text := probed(t, store, "/healthz"); status != 200 || text != "ok\n" {
		t.Errorf("healthz without a database: %d %s", status, text)
	}
}
