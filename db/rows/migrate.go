package rows

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/nova-api/nova-api/migrations"
)

// Migrate brings the schema up to date. Any number of processes may call it
// at once: one works, the others wait for it.
func (s *DB) Migrate(ctx context.Context) error {
	release, err := s.lockFile()
	if err != nil {
		return err
	}
	defer release()
	provider, err := s.migrations()
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// SchemaCurrent tells whether the schema is the one that this program was
// written for.
func (s *DB) SchemaCurrent(ctx context.Context) error {
	provider, err := s.migrations()
	if err != nil {
		return err
	}
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return s.dialect.fault(err)
	}
	if pending {
		return errors.New("the database schema is older than this program: run `nova-api db sync`")
	}
	return nil
}

func (s *DB) migrations() (*goose.Provider, error) {
	files, err := migrations.For(s.dialect.words)
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger())}
	gooseDialect := goose.DialectSQLite3
	if s.dialect.name == "postgres" {
		gooseDialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, fmt.Errorf("migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(gooseDialect, s.write.DB, files, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}

// lockFile keeps other processes from migrating the same SQLite file; goose's
// own lock does that on PostgreSQL.
func (s *DB) lockFile() (release func(), err error) {
	if s.dialect.name != "sqlite" {
		return func() {}, nil
	}
	f, err := os.OpenFile(s.dsn+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("migration lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("migration lock: %w", err)
	}
	return func() { _ = f.Close() }, nil // closing unlocks
}
