package rows

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/nova-api/nova-api/migrations"
)

// Migrate brings the schema up to date. Any number of processes may call it
// at once: one works, the others wait for it. It refuses what is damaged
// (ErrDamaged), another program's (ErrForeign) or a newer version's (ErrNewer).
func (s *DB) Migrate(ctx context.Context) error {
	release, err := s.lockForMigration()
	if err != nil {
		return s.explain(err)
	}
	defer release()
	provider, err := s.migrations()
	if err != nil {
		return err
	}
	if err := s.checkPages(ctx); err != nil {
		return err
	}
	if err := s.checkOrigin(ctx, provider); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", s.explain(err))
	}
	return nil
}

// SchemaCurrent returns ErrOlder if migrations are missing. A newer schema is fine:
// this process may have been started before an upgrade.
func (s *DB) SchemaCurrent(ctx context.Context) error {
	provider, err := s.migrations()
	if err != nil {
		return err
	}
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return s.fault(err)
	}
	if pending {
		return ErrOlder
	}
	return nil
}

// migrations reads the files in the words of this dialect. On PostgreSQL a lock of
// the session keeps other processes from migrating meanwhile.
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

// checkOrigin refuses to migrate a database that holds the tables of another
// program, or of a newer version of this one.
func (s *DB) checkOrigin(ctx context.Context, provider *goose.Provider) error {
	migrated, err := s.checkTables(ctx, s.read)
	if err != nil || !migrated {
		return err
	}
	var last int64
	if err := s.read.GetContext(ctx, &last, "SELECT MAX(version_id) FROM "+goose.DefaultTablename+" WHERE is_applied"); err != nil {
		return s.explain(err)
	}
	known := provider.ListSources()
	if newest := known[len(known)-1].Version; last > newest {
		return fmt.Errorf("%s: %w: its schema is version %d, and this one knows %d", s.where(), ErrNewer, last, newest)
	}
	return nil
}

// checkTables refuses the tables of another program, and reports whether there
// are ours.
func (s *DB) checkTables(ctx context.Context, in *sqlx.DB) (migrated bool, err error) {
	var tables []string
	if err := in.SelectContext(ctx, &tables, s.dialect.tables); err != nil {
		return false, s.explain(err)
	}
	others := slices.DeleteFunc(slices.Clone(tables), func(name string) bool { return name == goose.DefaultTablename })
	if len(others) == 0 {
		return false, nil
	}
	if len(others) == len(tables) || !slices.Contains(others, firstTable) {
		return false, fmt.Errorf("%s: %w: it holds the table %s of another program", s.where(), ErrForeign, others[0])
	}
	return true, nil
}

// firstTable is the table of the first migration.
const firstTable = "flavors"

// checkPages checks a SQLite file for damage if it is small enough to be read
// quickly. Damage in a larger file shows when a statement reads it.
func (s *DB) checkPages(ctx context.Context) error {
	if s.dialect.name != "sqlite" {
		return nil
	}
	info, err := os.Stat(s.dsn)
	if err != nil {
		return fmt.Errorf("look at the database: %w", err)
	}
	if info.Size() > quickSize {
		return nil
	}
	var found string
	if err := s.read.GetContext(ctx, &found, "PRAGMA quick_check(1)"); err != nil {
		return s.explain(err)
	}
	if found != "ok" {
		return fmt.Errorf("%s: %w: %s", s.where(), ErrDamaged, strings.ReplaceAll(found, "\n", " "))
	}
	return nil
}

const quickSize = 64 << 20 // bytes, which take a fraction of a second
