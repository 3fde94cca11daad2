package rows

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The kinds of trouble with a database that can be reached. An error of such a kind
// names the file or the server.
var (
	ErrFull     = errors.New("the disk is full")
	ErrDisk     = errors.New("the disk can't be read or written")
	ErrReadOnly = errors.New("the database can't be written")
	ErrDamaged  = errors.New("the database is damaged")
	ErrForeign  = errors.New("this is not a database of nova-api")
	ErrNewer    = errors.New("the database belongs to a newer version of nova-api")
	ErrOlder    = errors.New("the database schema is older than this program: run `nova-api db sync`")
	ErrInUse    = errors.New("the database is in use")
)

// Trouble returns the kind of an error among those above, or a general error if it
// has none.
func Trouble(err error) error {
	for _, kind := range []error{ErrFull, ErrDisk, ErrReadOnly, ErrDamaged, ErrForeign} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return errors.New("it doesn't answer")
}

// sqliteTrouble returns the kind of trouble that an error of the driver reports: nil
// for none.
func sqliteTrouble(err error, file string) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code() & 0xff { // the primary code
	case sqlite3.SQLITE_FULL:
		return ErrFull
	case sqlite3.SQLITE_IOERR: // also where the shared memory doesn't fit
		if noRoom(filepath.Dir(file)) {
			return ErrFull
		}
		return ErrDisk
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return ErrReadOnly
	case sqlite3.SQLITE_CORRUPT:
		return ErrDamaged
	case sqlite3.SQLITE_NOTADB:
		return ErrForeign
	}
	return nil
}

// noRoom reports whether a disk is full or almost so.
func noRoom(dir string) bool {
	const little = 128 << 10
	var disk syscall.Statfs_t
	return syscall.Statfs(dir, &disk) == nil && disk.Bavail*uint64(disk.Bsize) < little //nolint:gosec // never negative
}

// postgresTrouble is sqliteTrouble for PostgreSQL.
func postgresTrouble(err error, _ string) error {
	var e *pq.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch string(e.Code) {
	case pgDiskFull:
		return ErrFull
	case pgIOError:
		return ErrDisk
	case pgReadOnly:
		return ErrReadOnly
	case pgDataCorrupted, pgIndexCorrupted:
		return ErrDamaged
	}
	return nil
}

// fault gives a driver's error its kind of nova.Error. If there is trouble with the
// database itself, fault remembers that for Writable.
func (s *DB) fault(err error) error {
	fault := s.dialect.fault(err)
	trouble := s.dialect.trouble(err, s.dsn)
	if trouble == nil {
		return fault
	}
	s.troubled.Store(true)
	named := unavailable(s.name(trouble, err))
	if errors.Is(fault, errTransient) {
		return errors.Join(errTransient, named)
	}
	return named
}

// explain is fault for the operator who starts the program: without the message that
// clients get.
func (s *DB) explain(err error) error {
	if trouble := s.dialect.trouble(err, s.dsn); trouble != nil {
		return s.name(trouble, err)
	}
	return s.dialect.fault(err)
}

// name adds the name of the database to an error.
func (s *DB) name(trouble, cause error) error {
	return fmt.Errorf("%s: %w: %w", s.where(), trouble, cause)
}

// where returns the file, or the address without user and password.
func (s *DB) where() string {
	if s.dialect.name == "sqlite" {
		return s.dsn
	}
	address, _, _ := strings.Cut(strings.TrimPrefix(s.dsn, "postgres://"), "?")
	return address[strings.LastIndexByte(address, '@')+1:]
}

// Writable returns nil if the database can be written, and the error of a trial
// otherwise. It makes a trial only after an error of the kinds above, and until one
// succeeds. The trial writes writeCheckSize bytes, so that it needs room on the disk.
func (s *DB) Writable(ctx context.Context) error {
	if !s.troubled.Load() {
		return nil
	}
	content := make([]byte, writeCheckSize)
	_, _ = rand.Read(content) // never fails; what repeats itself would be compressed
	err := s.Tx(ctx, func(tx *DB) error {
		_, err := Exec(ctx, tx, "INSERT INTO write_checks (id, content) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET content = excluded.content", content)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := Exec(ctx, s, "DELETE FROM write_checks"); err != nil {
		return err
	}
	s.troubled.Store(false)
	return nil
}

const writeCheckSize = 64 << 10
