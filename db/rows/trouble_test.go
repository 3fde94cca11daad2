package rows_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// start does to a database what a program does that starts.
func start(ctx context.Context, connection string) error {
	d, err := rows.Open(ctx, rows.Options{Connection: connection, MaxConns: 2, Exclusive: true})
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(ctx), d.Close())
}

// A file that is no good is named, and left as it is.
func TestStart_NoGood(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, path string)
		want  error
	}{
		"text":           {func(t *testing.T, path string) { overwrite(t, path, 0, strings.Repeat("[DEFAULT]\n", 1000)) }, rows.ErrForeign},
		"a short text":   {func(t *testing.T, path string) { truncate(t, path, 0); overwrite(t, path, 0, "hello") }, rows.ErrForeign},
		"half of it":     {func(t *testing.T, path string) { truncate(t, path, size(t, path)/2) }, rows.ErrDamaged},
		"a few bytes":    {func(t *testing.T, path string) { overwrite(t, path, 20_000, strings.Repeat("\x55", 9000)) }, rows.ErrDamaged},
		"the first page": {func(t *testing.T, path string) { overwrite(t, path, 100, strings.Repeat("\x55", 1000)) }, rows.ErrDamaged},
		"another program's": {func(t *testing.T, path string) {
			truncate(t, path, 0)
			inSQLite(t, path, "CREATE TABLE bookmarks (url TEXT)")
		}, rows.ErrForeign},
		"another program's that migrates in the same way": {func(t *testing.T, path string) {
			truncate(t, path, 0)
			inSQLite(t, path, "CREATE TABLE goose_db_version (version_id INTEGER)", "CREATE TABLE bookmarks (url TEXT)")
		}, rows.ErrForeign},
		"a newer version's": {func(t *testing.T, path string) {
			inSQLite(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9000, 1)")
		}, rows.ErrNewer},
		"a folder":      {func(t *testing.T, path string) { must(t, os.Remove(path)); must(t, os.Mkdir(path, 0o700)) }, syscall.EISDIR},
		"not a problem": {func(*testing.T, string) {}, nil},
		"an empty file": {func(t *testing.T, path string) { truncate(t, path, 0) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection := dbtest.SQLite(t)
			path := strings.TrimPrefix(connection, "sqlite:///")
			tt.spoil(t, path)
			before, _ := os.ReadFile(path)
			err := start(t.Context(), connection)
			if !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if after, _ := os.ReadFile(path); tt.want != nil && !bytes.Equal(after, before) {
				t.Error("the file is another one now")
			}
		})
	}
}

func TestStart_NoGoodPostgres(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil string
		want  error
	}{
		"another program's": {"DROP TABLE goose_db_version", rows.ErrForeign},
		"a newer version's": {"INSERT INTO goose_db_version (version_id, is_applied) VALUES (9000, true)", rows.ErrNewer},
		"not a problem":     {"SELECT 1", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.EachConnection(t, func(t *testing.T, connection string) {
				if strings.HasPrefix(connection, "sqlite") {
					return
				}
				in(t, "postgres", connection, tt.spoil)
				err := start(t.Context(), connection)
				if !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), "/nova_test_") {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if password := "nova:"; err != nil && strings.Contains(err.Error(), password) {
					t.Errorf("the error tells the password: %v", err)
				}
			})
		})
	}
}

// A full disk is called that, before there is a database and with one.
func TestStart_DiskFull(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	if dir == "" {
		return // only root has one; TestWritable is about the same without
	}
	connection := "sqlite:///" + filepath.Join(dir, "nova.sqlite")
	for _, free := range []int64{8 << 10, 100 << 10, 300 << 10} { // for nothing, for the shared memory, for a part of the schema
		must(t, os.RemoveAll(filepath.Join(dir, "nova.sqlite")))
		filler := fill(t, dir, free)
		err := start(t.Context(), connection)
		if !errors.Is(err, rows.ErrFull) || !strings.Contains(err.Error(), dir) {
			t.Errorf("with %d bytes: %v", free, err)
		}
		must(t, os.Remove(filler))
	}
	if err := start(t.Context(), connection); err != nil { // what was broken off goes on
		t.Errorf("with room again: %v", err)
	}
}

// smallDisk is a file system of its own, of two megabytes: "" if that takes
// rights that we don't have.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Logf("no small disk: %v", err)
		return ""
	}
	t.Cleanup(func() { must(t, syscall.Unmount(dir, 0)) })
	return dir
}

// fill leaves so many bytes free on a disk.
func fill(t *testing.T, dir string, free int64) (path string) {
	t.Helper()
	var disk syscall.Statfs_t
	must(t, syscall.Statfs(dir, &disk))
	path = filepath.Join(dir, "filler")
	must(t, os.WriteFile(path, make([]byte, int64(disk.Bavail)*disk.Bsize-free), 0o600))
	return path
}

// While nothing can be written, Writable says so; it writes only then.
func TestWritable(t *testing.T) {
	t.Parallel()
	var statements atomic.Int64
	d := dbtest.Open(t, dbtest.SQLite(t), func(o *rows.Options) { o.Observe = func(string, []any) { statements.Add(1) } }).DB
	must(t, d.Writable(t.Context()))
	if statements.Load() != 0 {
		t.Errorf("%d statements for nothing", statements.Load())
	}
	exec(t, d, "PRAGMA max_page_count = 1") // as many as there are
	for range 2 {
		_, err := rows.Exec(t.Context(), d, "INSERT INTO write_checks (id, content) VALUES (2, ?)", make([]byte, 1<<20))
		if !nova.Is(err, nova.Unavailable) || !errors.Is(err, rows.ErrFull) {
			t.Errorf("a write: %v", err)
		}
		if err := d.Writable(t.Context()); !errors.Is(err, rows.ErrFull) {
			t.Errorf("writable: %v", err)
		}
	}
	exec(t, d, "PRAGMA max_page_count = 1000000")
	must(t, d.Writable(t.Context()))
	left, err := rows.Get[int](t.Context(), d, "SELECT COUNT(*) FROM write_checks")
	if left != 0 || err != nil {
		t.Errorf("%d checks are left, %v", left, err)
	}
	before := statements.Load()
	must(t, d.Writable(t.Context()))
	if statements.Load() != before {
		t.Error("it goes on writing")
	}
}

func TestWritable_Standby(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		if strings.HasPrefix(connection, "sqlite") {
			return
		}
		d := dbtest.Open(t, connection+"&default_transaction_read_only=on").DB
		_, err := rows.Exec(t.Context(), d, "DELETE FROM flavors")
		if !nova.Is(err, nova.Unavailable) || !errors.Is(err, rows.ErrReadOnly) {
			t.Errorf("a write: %v", err)
		}
		if err := d.Writable(t.Context()); !errors.Is(err, rows.ErrReadOnly) {
			t.Errorf("writable: %v", err)
		}
	})
}

// Only one process serves a SQLite file. Here one process stands for two: the
// kernel tells locks apart by who has opened the file, not by process.
func TestOpen_Exclusive(t *testing.T) {
	t.Parallel()
	connection := dbtest.SQLite(t)
	path := strings.TrimPrefix(connection, "sqlite:///")
	link := filepath.Join(t.TempDir(), "other.sqlite")
	must(t, os.Symlink(path, link))

	first, err := rows.Open(t.Context(), rows.Options{Connection: connection, Exclusive: true})
	must(t, err)
	host, err := os.Hostname()
	must(t, err)
	for _, name := range []string{connection, "sqlite:///" + link} {
		_, err := rows.Open(t.Context(), rows.Options{Connection: name, Exclusive: true})
		who := fmt.Sprintf("the database is in use by process %d on host %s, since 20", os.Getpid(), host)
		if !errors.Is(err, rows.ErrInUse) || !strings.Contains(err.Error(), who) {
			t.Errorf("a second start: %v", err)
		}
	}
	command, err := rows.Open(t.Context(), rows.Options{Connection: connection}) // such as db sync
	must(t, err)
	must(t, command.Migrate(t.Context()))
	must(t, command.Close())
	must(t, first.Close())
	must(t, start(t.Context(), "sqlite:///"+link))

	dangling := filepath.Join(t.TempDir(), "a.sqlite")
	must(t, os.Symlink(filepath.Join(t.TempDir(), "b.sqlite"), dangling))
	first, err = rows.Open(t.Context(), rows.Options{Connection: "sqlite:///" + dangling, Exclusive: true})
	must(t, err)
	if err := start(t.Context(), "sqlite:///"+dangling); !errors.Is(err, rows.ErrInUse) {
		t.Errorf("a second start by a link: %v", err)
	}
	must(t, first.Close())
}

// Any number of processes may serve a PostgreSQL database.
func TestOpen_ExclusivePostgres(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		if strings.HasPrefix(connection, "postgres") {
			dbtest.Open(t, connection, func(o *rows.Options) { o.Exclusive = true })
			must(t, start(t.Context(), connection))
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func exec(t *testing.T, d *rows.DB, query string) {
	t.Helper()
	_, err := rows.Exec(t.Context(), d, query)
	must(t, err)
}

func inSQLite(t *testing.T, path string, statements ...string) {
	t.Helper()
	in(t, "sqlite", path, statements...)
}

// in runs statements as another program would.
func in(t *testing.T, driver, dsn string, statements ...string) {
	t.Helper()
	d, err := sql.Open(driver, dsn)
	must(t, err)
	for _, statement := range statements {
		_, err := d.ExecContext(t.Context(), statement)
		must(t, err)
	}
	must(t, d.Close())
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.Size()
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	must(t, os.Truncate(path, size))
}

func overwrite(t *testing.T, path string, at int64, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0o600)
	must(t, err)
	_, err = f.WriteAt([]byte(text), at)
	must(t, err)
	must(t, f.Close())
}
