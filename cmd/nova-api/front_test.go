package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
)

// probed is what a probe is answered.
func probed(t *testing.T, store *db.Store, path string) (status int, text string) {
	t.Helper()
	w := httptest.NewRecorder()
	(&front{probes: probes{store}}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	return w.Code, w.Body.String()
}

// TestProbes_ForOperators answers where metrics are, too.
func TestProbes_ForOperators(t *testing.T) {
	t.Parallel()
	store := dbtest.Open(t, dbtest.SQLite(t))
	admin, err := newAdmin(t.Context(), "127.0.0.1:0", store, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.listener.Close() }()
	ask := func(path string) (int, string) {
		w := httptest.NewRecorder()
		admin.handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		return w.Code, w.Body.String()
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, text := ask(path); status != 200 || text != "ok\n" {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if status, text := ask("/metrics"); status != 200 || !strings.Contains(text, "nova_api_") {
		t.Errorf("metrics: %d %s", status, text)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if status, text := ask("/readyz"); status != 503 || text != "the database can't be reached\n" {
		t.Errorf("without a database: %d %s", status, text)
	}
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
