package rows

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A SQLite file has two lock files beside it. The kernel knows which process holds a
// lock, and releases it when the process ends, even by SIGKILL.
const (
	ownerLock     = ".lock"    // held by the process that serves, for its life
	migrationLock = ".migrate" // held while the schema is brought up to date
)

// own makes this process the only one that serves a SQLite file. If another process
// does, the error is ErrInUse and says which process.
func (s *DB) own() error {
	f, err := s.lockFile(ownerLock)
	if err != nil {
		return err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		owner, _ := io.ReadAll(io.LimitReader(f, 1<<10)) // which is empty while it is written
		_ = f.Close()
		return fmt.Errorf("%s: %w by %s", s.where(), ErrInUse, cmp.Or(string(bytes.TrimSpace(owner)), "another process"))
	}
	if err == nil {
		err = s.writeOwner(f)
	}
	if err != nil {
		_ = f.Close()
		return fmt.Errorf("lock the database: %w", err)
	}
	s.owned = f
	return nil
}

// writeOwner writes into the lock file which process holds it.
func (s *DB) writeOwner(f *os.File) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "process %d on host %s, since %s\n", os.Getpid(), host, s.Now().Format(time.RFC3339))
	return err
}

// lockForMigration keeps other processes from migrating the same SQLite file, and
// waits for a process that does. On PostgreSQL, goose has a lock of its own.
func (s *DB) lockForMigration() (release func(), err error) {
	if s.dialect.name != "sqlite" {
		return func() {}, nil
	}
	f, err := s.lockFile(migrationLock)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	return func() { _ = f.Close() }, nil // closing unlocks
}

// lockFile opens a lock file of the database. It is the same file for all symbolic
// links to the database.
func (s *DB) lockFile(suffix string) (*os.File, error) {
	if err := createFile(s.dsn); err != nil { // a link that leads nowhere has no other name yet
		return nil, err
	}
	path, err := filepath.EvalSymlinks(s.dsn)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	f, err := os.OpenFile(path+suffix, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	return f, nil
}
