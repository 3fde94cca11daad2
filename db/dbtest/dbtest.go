// Package dbtest gives tests a store of their own: SQLite always, PostgreSQL
// where NOVA_TEST_POSTGRES says how to reach one.
package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/migrations"
)

// PostgresVariable names the environment variable with the URL of a PostgreSQL
// server on which tests may create databases.
const PostgresVariable = "NOVA_TEST_POSTGRES"

// Each runs a test on every database, in parallel, each with a fresh store.
func Each(t *testing.T, test func(t *testing.T, s *db.Store)) {
	t.Helper()
	EachConnection(t, func(t *testing.T, connection string) { test(t, Open(t, connection)) })
}

// EachConnection is Each for tests that open stores themselves: with options
// of their own, or several as several processes would.
func EachConnection(t *testing.T, test func(t *testing.T, connection string)) {
	t.Helper()
	for name, connection := range map[string]func(*testing.T) string{"sqlite": SQLite, "postgres": Postgres} {
		if name == "postgres" && !HasPostgres() {
			t.Logf("%s is not set: PostgreSQL is left out (make test sets it)", PostgresVariable)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, connection(t))
		})
	}
}

// HasPostgres reports whether there is a PostgreSQL server for tests.
func HasPostgres() bool { return os.Getenv(PostgresVariable) != "" }

// Open opens a store for the length of the test, with options on top of the
// connection.
func Open(t testing.TB, connection string, change ...func(*rows.Options)) *db.Store {
	t.Helper()
	o := rows.Options{Connection: connection, MaxConns: 8}
	for _, f := range change {
		f(&o)
	}
	s, err := db.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// AwaitWriters waits until no transaction writes actions. PostgreSQL goes on
// with what a cancelled client has begun for some moments, and those who look for
// work pass over the rows that it holds.
func AwaitWriters(t testing.TB, s *db.Store) {
	t.Helper()
	if s.Dialect() != "postgres" {
		return
	}
	err := s.Tx(t.Context(), func(tx *db.Store) error {
		_, err := rows.Exec(t.Context(), tx.DB, "LOCK TABLE actions IN SHARE MODE")
		return err
	})
	if err != nil {
		t.Fatalf("wait for the writers of actions: %v", err)
	}
}

// Frozen makes a store's clock stand still. Time then passes only if the test says
// so.
func Frozen(at time.Time) func(*rows.Options) {
	return func(o *rows.Options) { o.Clock = func() time.Time { return at } }
}

// sqliteTemplate is a migrated file, made once for a test process. Copying it
// takes a millisecond; migrating takes a hundred times as long.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "nova-dbtest")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	if err := migrate("sqlite:///" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// SQLite gives the connection URL of a fresh, migrated SQLite database.
func SQLite(t *testing.T) string {
	t.Helper()
	return SQLiteIn(t, t.TempDir())
}

// SQLiteIn is SQLite in a folder of the caller's.
func SQLiteIn(t testing.TB, dir string) string {
	t.Helper()
	template, err := sqliteTemplate()
	if err != nil {
		t.Fatalf("prepare SQLite: %v", err)
	}
	path := filepath.Join(dir, "nova.db")
	if err := os.WriteFile(path, template, 0o600); err != nil {
		t.Fatalf("prepare SQLite: %v", err)
	}
	return "sqlite:///" + path
}

// databases counts those of this process, for their names.
var databases atomic.Int64

// Postgres gives the connection URL of a fresh, migrated PostgreSQL database,
// dropped when the test ends. Databases of tests are apart, so that these can run
// side by side.
func Postgres(t *testing.T) string {
	t.Helper()
	return PostgresFor(t)
}

// PostgresFor is Postgres for benchmarks too.
func PostgresFor(t testing.TB) string {
	t.Helper()
	template, err := postgresTemplate()
	if err != nil {
		t.Fatalf("prepare PostgreSQL: %v", err)
	}
	name := fmt.Sprintf("nova_test_%d_%d", os.Getpid(), databases.Add(1))
	if err := onServer(func(ctx context.Context, server *sql.DB) error {
		_, err := server.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template)
		return err
	}); err != nil {
		t.Fatalf("prepare PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		_ = onServer(func(ctx context.Context, server *sql.DB) error {
			_, err := server.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
			return err
		})
	})
	return onDatabase(name)
}

// postgresTemplate makes sure that there is a migrated database to copy: one
// for all test processes that know the same migrations.
var postgresTemplate = sync.OnceValues(func() (string, error) {
	sum, err := migrationsSum()
	if err != nil {
		return "", err
	}
	name := "nova_template_" + sum
	return name, onServer(func(ctx context.Context, server *sql.DB) error {
		conn, err := server.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		// Test processes start together: one of them makes the template, and the
		// others wait for it. The lock goes with the connection.
		const templateLock = 20260823
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
			return err
		}
		var there bool
		err = conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there)
		if err != nil || there {
			return err
		}
		// It gets its name last, so that one whose migration broke off is never taken.
		if _, err := conn.ExecContext(ctx, "CREATE DATABASE "+name+"_new"); err != nil {
			return err
		}
		if err := migrate(onDatabase(name + "_new")); err != nil {
			return err
		}
		_, err = conn.ExecContext(ctx, "ALTER DATABASE "+name+"_new RENAME TO "+name)
		return err
	})
})

// migrationsSum tells one set of migrations from another. It is in the template's
// name, so that a changed migration gets a new template.
func migrationsSum() (string, error) {
	all, err := migrations.For(strings.NewReplacer())
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	names, err := fs.Glob(all, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		text, err := fs.ReadFile(all, name)
		if err != nil {
			return "", err
		}
		sum.Write([]byte(name)) // a file that gets another number is another migration
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// migrate brings an empty database to the current schema.
func migrate(connection string) error {
	ctx := context.Background()
	s, err := db.Open(ctx, rows.Options{Connection: connection})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return s.Migrate(ctx)
}

// onServer does something on the PostgreSQL server that tests use, within a
// minute.
func onServer(do func(context.Context, *sql.DB) error) error {
	server, err := sql.Open("postgres", os.Getenv(PostgresVariable))
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return do(ctx, server)
}

// onDatabase is the URL of one database on that server.
func onDatabase(name string) string {
	u, err := url.Parse(os.Getenv(PostgresVariable))
	if err != nil {
		return ""
	}
	u.Path = "/" + name
	return u.String()
}
