// Package rows is the foundation of all stores: opening a database, transactions,
// reading and writing rows, pages of a list, migrations. There is one set of SQL
// for PostgreSQL and SQLite; dialect.go holds the differences.
package rows

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
)

// A DB is an open database. The DB that Tx passes to its function is the same one,
// inside a transaction.
type DB struct {
	dialect  dialect
	write    *sqlx.DB // SQLite: one connection, because there is one writer at a time
	read     *sqlx.DB // SQLite: several that may only read; PostgreSQL: the same as write
	lists    *sqlx.DB // for reading lists, so that these keep nobody else from the database
	tx       *sqlx.Tx
	clock    func() time.Time
	ownClock bool // false if a test has set another one
	observe  func(query string, args []any)
	dsn      string
	after    *[]func() // runs after the commit; nil outside a transaction
	wakeups  *wakeups

	troubled    *atomic.Bool // something is wrong with the database itself: see Writable
	owned       *os.File     // the lock of a SQLite file that is ours alone; nil without
	listTimeout time.Duration
	silence     time.Duration // how long a server may say nothing
	limit       time.Duration // how long one statement may take; 0 for as long as its caller waits
}

// Options say which database to open, and how.
type Options struct {
	// Connection is a URL: sqlite:///relative.db, sqlite:////absolute.db, or
	// postgres://user:password@host:port/name?sslmode=… as lib/pq reads it. A
	// SQLAlchemy driver suffix (postgresql+psycopg2://) is passed over.
	Connection string
	// MaxConns bounds the connections to PostgreSQL, and the readers of SQLite.
	// Half of them are for lists.
	MaxConns int
	// Exclusive refuses to open a SQLite file that another process has opened so
	// (ErrInUse), until Close.
	Exclusive bool
	// ListTimeout bounds how long a statement of Lists takes; 0 for a minute.
	ListTimeout time.Duration
	// Silence bounds how long a PostgreSQL server may say nothing while a statement runs; 0
	// for five minutes. Those of Lists have less.
	Silence time.Duration
	// Clock tells the time; nil for the real one. Tests freeze it.
	Clock func() time.Time
	// Observe, if there is one, is called before every statement. Tests count
	// them, and look at how the database would answer them.
	Observe func(query string, args []any)
}

// Open connects to the database. It doesn't migrate: see Migrate.
func Open(ctx context.Context, o Options) (*DB, error) {
	name, dsn, err := parseConnection(o.Connection)
	if err != nil {
		return nil, err
	}
	s := &DB{
		dialect: dialects[name], dsn: dsn, clock: o.Clock, observe: o.Observe, wakeups: newWakeups(),
		listTimeout: cmp.Or(o.ListTimeout, time.Minute), silence: cmp.Or(o.Silence, silence), troubled: new(atomic.Bool),
	}
	if s.clock == nil {
		s.ownClock = true
		s.clock = time.Now //nolint:forbidigo // the one place where the store's clock is wound up
	}
	if s.observe == nil {
		s.observe = func(string, []any) {}
	}
	if o.Exclusive && name == "sqlite" {
		if err := s.own(); err != nil {
			return nil, err
		}
	}
	if err := s.start(ctx, cmp.Or(o.MaxConns, defaultConns)); err != nil {
		_ = s.Close()
		return nil, s.explain(err)
	}
	return s, nil
}

func (s *DB) start(ctx context.Context, conns int) error {
	if err := s.dialect.inspect(ctx, s); err != nil {
		return err
	}
	if err := s.connect(conns); err != nil {
		return err
	}
	return s.write.PingContext(ctx)
}

const defaultConns = 32

func (s *DB) connect(conns int) (err error) {
	forLists := max(conns/2, 1)
	others := max(conns-forLists, 1)
	if s.write, err = s.dialect.open(s.dsn, pool{conns: others, silence: s.silence}); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	s.read = s.write
	if s.dialect.splitPools {
		if s.read, err = s.dialect.open(s.dsn, pool{readOnly: true, conns: others}); err != nil {
			return fmt.Errorf("open database for reading: %w", err)
		}
	}
	if s.lists, err = s.dialect.open(s.dsn, pool{readOnly: true, conns: forLists, timeout: s.listTimeout, silence: min(s.silence, s.listTimeout+unconfirmed)}); err != nil {
		return fmt.Errorf("open database for lists: %w", err)
	}
	return nil
}

// Lists is the same database for reading lists, whose cost clients decide. They
// have connections of their own, so that any number of slow ones leaves those
// of everybody else alone, and they are given up after ListTimeout: that error
// is of kind Unavailable. In a transaction there is no difference.
func (s *DB) Lists() *DB {
	if s.tx != nil {
		return s
	}
	lists := *s
	lists.read, lists.limit = s.lists, s.listTimeout
	return &lists
}

// Ping returns nil if the database can be reached: an error of kind Unavailable
// otherwise.
func (s *DB) Ping(ctx context.Context) error {
	return s.fault(s.write.PingContext(ctx))
}

// Dialect names the database: "postgres" or "sqlite".
func (s *DB) Dialect() string { return s.dialect.name }

// Close closes the connections and releases the file.
func (s *DB) Close() error {
	var faults []error
	for _, pool := range []*sqlx.DB{s.lists, s.read, s.write} { // closing one twice does nothing
		if pool != nil {
			faults = append(faults, pool.Close())
		}
	}
	if s.owned != nil {
		faults = append(faults, s.owned.Close())
	}
	return errors.Join(faults...)
}

// Now reads the store's clock: UTC, in whole microseconds, the precision of both
// databases and of the API's timestamps.
func (s *DB) Now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// NowInSeconds is Now in whole seconds, for APIs that show no fractions: a
// client can then filter by the times that it was shown.
func (s *DB) NowInSeconds() time.Time { return s.Now().Truncate(time.Second) }

// Tx runs f in a transaction: it keeps everything that f writes, or nothing. A Tx
// inside a Tx joins it. A transaction that loses a race is run again, so f must have
// no other effects; AfterCommit is for what should follow the commit. f must not
// call other services, because SQLite has one writer.
func (s *DB) Tx(ctx context.Context, f func(tx *DB) error) error {
	if s.tx != nil {
		return f(s)
	}
	err := s.retry(ctx, func() error { return s.once(ctx, f) })
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil { // the driver has rolled it back, and tells no more than that
		return ctx.Err()
	}
	return err
}

// InTx reports whether s is inside a transaction.
func (s *DB) InTx() bool { return s.tx != nil }

func (s *DB) once(ctx context.Context, f func(tx *DB) error) error {
	tx, err := s.write.BeginTxx(ctx, nil)
	if err != nil {
		return s.fault(err)
	}
	inner, after := *s, []func(){}
	inner.tx, inner.after = tx, &after
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := f(&inner); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return unlessUnknown(s.fault(err), err)
	}
	for _, do := range after {
		do()
	}
	return nil
}

// AfterCommit calls do after the transaction has been committed, or at once outside
// a transaction.
func (s *DB) AfterCommit(do func()) {
	if s.after == nil {
		do()
		return
	}
	*s.after = append(*s.after, do)
}
