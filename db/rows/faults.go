package rows

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/nova-api/nova-api/internal/nova"
)

// errTransient marks a fault that a retry may cure.
var errTransient = errors.New("transient database fault")

// PostgreSQL's error codes, from appendix A of its manual.
const (
	pgForeignKeyViolation  = "23503"
	pgUniqueViolation      = "23505"
	pgSerializationFailure = "40001"
	pgDeadlock             = "40P01"
	pgBadRegexp            = "2201B"
	pgBadText              = "22021" // a NUL, or no UTF-8
	pgOutOfRange           = "22003"
	pgReadOnly             = "25006" // a standby that a fail-over has not promoted yet
	pgCanceled             = "57014" // after statement_timeout, or by us
	pgNoStatement          = "26000"
	pgUnsupported          = "0A000"
	pgDiskFull             = "53100"
	pgIOError              = "58030"
	pgDataCorrupted        = "XX001"
	pgIndexCorrupted       = "XX002"
	pgClassConnection      = "08"
	pgClassResources       = "53" // too many connections, out of memory
	pgClassIntervention    = "57P"
)

// postgresFault gives an error of lib/pq a kind. Faults that a retry may cure are
// marked as transient.
func postgresFault(err error) error {
	if err == nil || isOurs(err) {
		return err
	}
	var e *pq.Error
	if !errors.As(err, &e) {
		return connectionFault(err)
	}
	code := string(e.Code)
	switch {
	case code == pgUniqueViolation:
		return nova.Because(err, nova.Conflict, "There is one already.")
	case code == pgForeignKeyViolation:
		return inUse(err)
	case code == pgBadRegexp:
		return nova.Because(err, nova.Invalid, "The regular expression can't be read.")
	case code == pgBadText, code == pgOutOfRange: // what SQLite would keep, and nobody means
		return nova.Because(err, nova.Invalid, "The request holds a text or a number that can't be stored.")
	case code == pgCanceled:
		return interrupted(err)
	case code == pgSerializationFailure, code == pgDeadlock, code == pgReadOnly, isStale(err):
		return errors.Join(errTransient, unavailable(err))
	case code[:2] == pgClassConnection, code[:2] == pgClassResources, code[:3] == pgClassIntervention:
		return errors.Join(errTransient, unavailable(err))
	}
	return err
}

// isReadOnly reports whether PostgreSQL has refused to write: the session is with a server
// that was the primary when it began.
func isReadOnly(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && e.Code == pgReadOnly
}

// isStale reports whether PostgreSQL no longer has a prepared statement, or one whose
// rows have changed with the schema. Prepared anew, it works. The code for the second
// has other meanings too, so the place in PostgreSQL's source tells.
func isStale(err error) bool {
	var e *pq.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code == pgNoStatement || e.Code == pgUnsupported && e.Routine == "RevalidateCachedQuery"
}

// sqliteFault is the same for SQLite, which has no codes for what PostgreSQL
// refuses: it takes any text and any number.
func sqliteFault(err error) error {
	if err == nil || isOurs(err) {
		return err
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return connectionFault(err)
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return nova.Because(err, nova.Conflict, "There is one already.")
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return inUse(err)
	}
	switch e.Code() & 0xff { // the primary code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return errors.Join(errTransient, unavailable(err))
	case sqlite3.SQLITE_INTERRUPT:
		return interrupted(err)
	}
	return err
}

// connectionFault classifies errors that are neither driver's own. A lost
// connection is worth a retry; a request that was given up is not.
func connectionFault(err error) error {
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, sql.ErrNoRows):
		return err
	case errors.Is(err, errUnreached), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return errors.Join(errTransient, unavailable(err))
	}
	return err
}

// inUse is the fault of a violated foreign key: a row can't be deleted because
// another refers to it, or can't be inserted because the row that it refers to is
// gone.
func inUse(err error) error {
	return nova.Because(err, nova.Conflict, "It is in use, or what it belongs to is gone.")
}

// errInterrupted marks a statement that was given up.
var errInterrupted = errors.New("the statement was interrupted")

// interrupted is a statement that took too long, or whose caller has gone. A
// client may come again, so it is Unavailable.
func interrupted(err error) error { return errors.Join(errInterrupted, unavailable(err)) }

// isInterrupted tells a statement that was given up from one that failed.
func isInterrupted(err error) bool {
	return errors.Is(err, errInterrupted) || errors.Is(err, context.DeadlineExceeded)
}

// unavailable is what a client is told about the database: nothing but that it may
// try again.
func unavailable(err error) error {
	return nova.Because(err, nova.Unavailable, "The server is currently unavailable. Please try again at a later time.")
}

// unlessUnknown returns the fault of a commit. It takes the mark for a retry away
// from a commit that was not answered, because the transaction may have been kept.
// A commit that the database refused is retried.
func unlessUnknown(fault, err error) error {
	var refused *pq.Error
	var busy *sqlite.Error
	if !errors.Is(fault, errTransient) || errors.As(err, &busy) {
		return fault
	}
	if errors.As(err, &refused) && (refused.Code == pgSerializationFailure || refused.Code == pgDeadlock) {
		return fault
	}
	return unavailable(err)
}

// isOurs reports whether an error has a kind already, because it comes from a
// function inside a transaction.
func isOurs(err error) bool {
	var e *nova.Error
	return errors.As(err, &e)
}

// A transient fault is tried again seven times, within about a second.
const (
	retries    = 7
	firstDelay = 8 * time.Millisecond
)

// retry calls f again after transient faults, with growing delays.
func (s *DB) retry(ctx context.Context, f func() error) error {
	delay := firstDelay
	for attempt := 0; ; attempt++ {
		err := f()
		if !errors.Is(err, errTransient) || attempt == retries {
			return err
		}
		jitter := rand.N(delay) //nolint:gosec // spreads retries, guards nothing
		select {
		case <-ctx.Done():
			return err
		case <-time.After(delay + jitter):
		}
		delay *= 2
	}
}
