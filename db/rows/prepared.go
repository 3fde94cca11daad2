package rows

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"

	"github.com/jmoiron/sqlx"
)

// preparing makes connections that prepare each statement once and keep it. Without
// that, SQLite would compile every statement anew, and PostgreSQL would take a round
// trip more for each.
type preparing struct {
	driver.Connector
	bind int // how the driver wants placeholders
}

// Connect opens a connection that keeps its statements.
func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, line := withLine(ctx)
	opened, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(contextConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver's connections can't be used with a context"), opened.Close())
	}
	return &preparedConn{contextConn: conn, bind: p.bind, kept: map[string]*statement{}, line: *line}, nil
}

// contextConn is what both drivers' connections can do.
type contextConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// mostKept bounds the statements that one connection keeps, since clients' filters
// give queries any number of forms. PostgreSQL needs some 30 KB for each.
const mostKept = 128

// A preparedConn is a connection with the statements that it has prepared. Like any
// driver.Conn, it is used by one goroutine at a time.
type preparedConn struct {
	contextConn
	bind  int
	kept  map[string]*statement // by the text with question marks; not those that are being read from
	line  *line                 // nil if the database is a file
	wrong bool                  // it is to the wrong server: another one is needed
	clock uint64                // counts uses, to find what has not been used for longest
}

// A statement is a prepared one.
type statement struct {
	contextStmt
	text string
	used uint64 // the connection's clock when it was used last
}

// contextStmt is what both drivers' statements can do.
type contextStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// keeps reports whether a statement is worth keeping. What has no arguments and reads
// nothing is a migration, which may be several statements in one, or the like.
func keeps(text string, args []driver.NamedValue) bool {
	return len(args) > 0 || strings.HasPrefix(strings.TrimSpace(text), "SELECT")
}

// take returns a statement for its caller alone, until it is given back. A statement
// that is still being read from, in the same transaction, is prepared a second time.
func (c *preparedConn) take(ctx context.Context, text string) (*statement, error) {
	if s, ok := c.kept[text]; ok {
		delete(c.kept, text)
		return s, nil
	}
	prepared, err := c.PrepareContext(ctx, sqlx.Rebind(c.bind, text))
	if err != nil {
		return nil, err
	}
	stmt, ok := prepared.(contextStmt)
	if !ok {
		return nil, errors.Join(errors.New("the driver's statements can't be used with a context"), prepared.Close())
	}
	return &statement{contextStmt: stmt, text: text}, nil
}

// give keeps a statement for the next time. One that has failed is closed, and so is
// the one that has not been used for longest when there are too many. A statement
// that can't be closed goes with its connection.
func (c *preparedConn) give(s *statement, failed error) {
	c.wrong = c.wrong || isReadOnly(failed)
	if _, twice := c.kept[s.text]; failed != nil || twice {
		_ = s.Close()
		if isStale(failed) {
			c.forget()
		}
		return
	}
	c.clock++
	s.used = c.clock
	c.kept[s.text] = s
	if len(c.kept) <= mostKept {
		return
	}
	oldest := s
	for _, other := range c.kept {
		if other.used < oldest.used {
			oldest = other
		}
	}
	delete(c.kept, oldest.text)
	_ = oldest.Close()
}

// forget closes all statements. A change of the schema makes many of them stale, and
// a transaction that is tried again should not trip over one after the other.
func (c *preparedConn) forget() {
	for text, s := range c.kept {
		delete(c.kept, text)
		_ = s.Close()
	}
}

// IsValid reports whether the connection can be used again.
func (c *preparedConn) IsValid() bool { return !c.wrong && c.contextConn.IsValid() }

// Close closes the statements before the connection: SQLite would keep the file open
// for those that are left.
func (c *preparedConn) Close() error {
	c.forget()
	return c.contextConn.Close()
}

// ExecContext executes a statement, which is prepared at its first use.
func (c *preparedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	defer c.line.until(ctx)()
	if !keeps(text, args) {
		result, err := c.contextConn.ExecContext(ctx, text, args)
		c.wrong = c.wrong || isReadOnly(err)
		return result, err
	}
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	c.give(s, err)
	return result, err
}

// QueryContext executes a query, which is prepared at its first use. It is kept for
// the next use when its rows have been read.
func (c *preparedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if !keeps(text, args) {
		return c.contextConn.QueryContext(ctx, text, args)
	}
	done := c.line.until(ctx)
	s, err := c.take(ctx, text)
	if err != nil {
		done()
		return nil, err
	}
	found, err := s.QueryContext(ctx, args)
	if err != nil {
		done()
		c.give(s, err)
		return nil, err
	}
	return &preparedRows{Rows: found, from: c, of: s, done: done}, nil
}

// BeginTx begins a transaction.
func (c *preparedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	defer c.line.until(ctx)()
	return c.contextConn.BeginTx(ctx, o)
}

// Ping asks whether the server is there.
func (c *preparedConn) Ping(ctx context.Context) error {
	defer c.line.until(ctx)()
	return c.contextConn.Ping(ctx)
}

// CheckNamedValue lets the driver convert arguments in its own way, if it has one.
func (c *preparedConn) CheckNamedValue(value *driver.NamedValue) error {
	if checker, ok := c.contextConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(value)
	}
	return driver.ErrSkip // database/sql's way
}

// preparedRows are the rows of a statement that goes back to its connection.
type preparedRows struct {
	driver.Rows
	from   *preparedConn
	of     *statement // nil once it is back
	failed error
	done   func() // the context may end
}

// Next reads a row.
func (r *preparedRows) Next(row []driver.Value) error {
	err := r.Rows.Next(row)
	if err != nil && !errors.Is(err, io.EOF) {
		r.failed = err
	}
	return err
}

// Close ends the reading, and gives the statement back.
func (r *preparedRows) Close() error {
	err := r.Rows.Close()
	if r.of != nil {
		r.from.give(r.of, errors.Join(r.failed, err))
		r.of = nil
		r.done()
	}
	return err
}
