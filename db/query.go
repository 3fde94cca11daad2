package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/nova-api/nova-api/internal/nova"
)

// errNoRows is what get answers when there is no such row: callers say what
// was not found.
var errNoRows = nova.Errorf(nova.NotFound, "The resource could not be found.")

// reader is where a query that only reads goes.
func (s *Store) reader() sqlx.ExtContext {
	if s.tx != nil {
		return s.tx
	}
	return s.read
}

// writer is where everything else goes.
func (s *Store) writer() sqlx.ExtContext {
	if s.tx != nil {
		return s.tx
	}
	return s.write
}

// try runs one statement: again, if that helps and it stands alone.
func (s *Store) try(ctx context.Context, f func() error) error {
	checked := func() error {
		s.observe()
		return s.dialect.fault(f())
	}
	if s.tx != nil { // the transaction is run again as a whole
		return checked()
	}
	return s.retry(ctx, checked)
}

// get reads one row: NotFound if there is none.
func get[T any](ctx context.Context, s *Store, query string, args ...any) (T, error) {
	return row[T](ctx, s, s.reader(), query, args)
}

// put writes with INSERT or UPDATE … RETURNING, and reads the row that comes
// back: NotFound if none does.
func put[T any](ctx context.Context, s *Store, query string, args ...any) (T, error) {
	return row[T](ctx, s, s.writer(), query, args)
}

func row[T any](ctx context.Context, s *Store, from sqlx.ExtContext, query string, args []any) (T, error) {
	var value T
	err := s.try(ctx, func() error {
		return sqlx.GetContext(ctx, from, &value, s.rebind(query), args...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return value, errNoRows
	}
	return value, err
}

// all reads any number of rows. The result is never nil.
func all[T any](ctx context.Context, s *Store, query string, args ...any) ([]T, error) {
	return rows[T](ctx, s, s.reader(), query, args)
}

// putAll writes with … RETURNING, and reads the rows that come back.
func putAll[T any](ctx context.Context, s *Store, query string, args ...any) ([]T, error) {
	return rows[T](ctx, s, s.writer(), query, args)
}

func rows[T any](ctx context.Context, s *Store, from sqlx.ExtContext, query string, args []any) ([]T, error) {
	values := []T{}
	err := s.try(ctx, func() error {
		values = values[:0]
		return sqlx.SelectContext(ctx, from, &values, s.rebind(query), args...)
	})
	return values, err
}

// exec writes, and tells how many rows that changed.
func exec(ctx context.Context, s *Store, query string, args ...any) (int64, error) {
	var changed int64
	err := s.try(ctx, func() error {
		result, err := s.writer().ExecContext(ctx, s.rebind(query), args...)
		if err != nil {
			return err
		}
		changed, err = result.RowsAffected()
		return err
	})
	return changed, err
}

// named fills in :name placeholders from the db tags of v, for put and exec.
func named(query string, v any) (string, []any, error) {
	q, args, err := sqlx.Named(query, v)
	if err != nil {
		return "", nil, fmt.Errorf("named query: %w", err)
	}
	return q, args, nil
}

// in spreads slices among args over the ?s of a query.
func in(query string, args ...any) (string, []any, error) {
	q, spread, err := sqlx.In(query, args...)
	if err != nil {
		return "", nil, fmt.Errorf("query with a list: %w", err)
	}
	return q, spread, nil
}

func (s *Store) rebind(query string) string {
	if s.dialect.bind == sqlx.QUESTION {
		return query
	}
	return sqlx.Rebind(s.dialect.bind, query)
}

// A query gathers conditions and their arguments.
type query struct {
	conditions []string
	args       []any
}

// and adds a condition; a slice among args is spread over its ?.
func (q *query) and(condition string, args ...any) {
	q.conditions = append(q.conditions, condition)
	q.args = append(q.args, args...)
}

// where is all conditions together.
func (q *query) where() string {
	if len(q.conditions) == 0 {
		return "1 = 1"
	}
	return strings.Join(q.conditions, " AND ")
}

// marks is n placeholders for a list: "?, ?, ?".
func marks(n int) string {
	return strings.TrimSuffix(strings.Repeat("?, ", n), ", ")
}

// anys is a list as arguments.
func anys[T any](values []T) []any {
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}
	return args
}

// sortedKeys are a map's keys in order, so that the same question is always
// the same SQL.
func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
