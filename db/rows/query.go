package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/nova-api/nova-api/internal/nova"
)

// ErrNoRows is what get answers when there is no such row: callers say what
// was not found.
var ErrNoRows = nova.Errorf(nova.NotFound, "The resource could not be found.")

// reader is where a query that only reads goes.
func (s *DB) reader() sqlx.ExtContext {
	if s.tx != nil {
		return s.tx
	}
	return s.read
}

// writer is where everything else goes.
func (s *DB) writer() sqlx.ExtContext {
	if s.tx != nil {
		return s.tx
	}
	return s.write
}

// try runs one statement: again, if that helps and it stands alone.
func (s *DB) try(ctx context.Context, f func(ctx context.Context) error) error {
	if s.tx != nil { // the transaction is run again as a whole
		s.observe()
		return s.fault(f(ctx))
	}
	limited, cancel := ctx, func() {}
	if s.limit > 0 {
		limited, cancel = context.WithTimeout(ctx, s.limit)
	}
	defer cancel()
	err := s.retry(limited, func() error {
		s.observe()
		return s.fault(f(limited))
	})
	if s.limit > 0 && ctx.Err() == nil && isInterrupted(err) {
		return nova.Because(err, nova.Unavailable, "The list takes too long: ask for less at a time, or filter it by something simpler.")
	}
	return err
}

// Get reads one row: NotFound if there is none.
func Get[T any](ctx context.Context, s *DB, query string, args ...any) (T, error) {
	return row[T](ctx, s, s.reader(), query, args)
}

// Put writes with INSERT or UPDATE … RETURNING, and reads the row that comes
// back: NotFound if none does.
func Put[T any](ctx context.Context, s *DB, query string, args ...any) (T, error) {
	return row[T](ctx, s, s.writer(), query, args)
}

func row[T any](ctx context.Context, s *DB, from sqlx.ExtContext, query string, args []any) (T, error) {
	var value T
	err := s.try(ctx, func(ctx context.Context) error {
		return sqlx.GetContext(ctx, from, &value, s.rebind(query), args...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return value, ErrNoRows
	}
	return value, err
}

// All reads any number of rows. The result is never nil.
func All[T any](ctx context.Context, s *DB, query string, args ...any) ([]T, error) {
	return rows[T](ctx, s, s.reader(), query, args)
}

// PutAll writes with … RETURNING, and reads the rows that come back.
func PutAll[T any](ctx context.Context, s *DB, query string, args ...any) ([]T, error) {
	return rows[T](ctx, s, s.writer(), query, args)
}

func rows[T any](ctx context.Context, s *DB, from sqlx.ExtContext, query string, args []any) ([]T, error) {
	values := []T{}
	err := s.try(ctx, func(ctx context.Context) error {
		values = values[:0]
		return sqlx.SelectContext(ctx, from, &values, s.rebind(query), args...)
	})
	return values, err
}

// Scan reads rows by hand: fields says where the columns of each row go. It is
// for the hottest paths alone, where reflection would double what they cost.
func Scan[T any](ctx context.Context, s *DB, fields func(*T) []any, query string, args ...any) ([]T, error) {
	values := []T{}
	err := s.try(ctx, func(ctx context.Context) error {
		values = values[:0]
		found, err := s.reader().QueryxContext(ctx, s.rebind(query), args...)
		if err != nil {
			return err
		}
		defer func() { _ = found.Close() }()
		for found.Next() {
			var value T
			if err := found.Scan(fields(&value)...); err != nil {
				return err
			}
			values = append(values, value)
		}
		return found.Err()
	})
	return values, err
}

// Exec writes, and tells how many rows that changed.
func Exec(ctx context.Context, s *DB, query string, args ...any) (int64, error) {
	var changed int64
	err := s.try(ctx, func(ctx context.Context) error {
		result, err := s.writer().ExecContext(ctx, s.rebind(query), args...)
		if err != nil {
			return err
		}
		changed, err = result.RowsAffected()
		return err
	})
	return changed, err
}

// Named fills in :name placeholders from the db tags of v, for put and exec.
func Named(query string, v any) (string, []any, error) {
	q, args, err := sqlx.Named(query, v)
	if err != nil {
		return "", nil, fmt.Errorf("named query: %w", err)
	}
	return q, args, nil
}

// In spreads slices among args over the ?s of a query.
func In(query string, args ...any) (string, []any, error) {
	q, spread, err := sqlx.In(query, args...)
	if err != nil {
		return "", nil, fmt.Errorf("query with a list: %w", err)
	}
	return q, spread, nil
}

func (s *DB) rebind(query string) string {
	if s.dialect.bind == sqlx.QUESTION {
		return query
	}
	return sqlx.Rebind(s.dialect.bind, query)
}

// A Query gathers conditions and their arguments.
type Query struct {
	conditions []string
	Args       []any
}

// And adds a condition; a slice among args is spread over its ?.
func (q *Query) And(condition string, args ...any) {
	q.conditions = append(q.conditions, condition)
	q.Args = append(q.Args, args...)
}

// Where is all conditions together.
func (q *Query) Where() string {
	if len(q.conditions) == 0 {
		return "1 = 1"
	}
	return strings.Join(q.conditions, " AND ")
}

// Marks is n placeholders for a list: "?, ?, ?".
func Marks(n int) string {
	return strings.TrimSuffix(strings.Repeat("?, ", n), ", ")
}

// Anys is a list as arguments.
func Anys[T any](values []T) []any {
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}
	return args
}

// SortedKeys are a map's keys in order, so that the same question is always
// the same SQL.
func SortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// Columns are the columns that the db tags of T name, in the order of its
// fields; those of embedded structs stand where the struct does.
func Columns[T any]() []string {
	return columnsOf(reflect.TypeFor[T]())
}

// List is the columns of T for a SELECT or a RETURNING, without some of them.
func List[T any](without ...string) string {
	return strings.Join(columnsWithout[T](without), ", ")
}

// Insert is the INSERT of a T into a table, for Named. The columns that are left
// out get their values from the database.
func Insert[T any](table string, without ...string) string {
	columns := columnsWithout[T](without)
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (:" + strings.Join(columns, ", :") + ")"
}

func columnsWithout[T any](without []string) []string {
	return slices.DeleteFunc(Columns[T](), func(column string) bool { return slices.Contains(without, column) })
}

func columnsOf(t reflect.Type) []string {
	var columns []string
	for field := range t.Fields() {
		switch column := field.Tag.Get("db"); {
		case column != "" && column != "-":
			columns = append(columns, column)
		case column == "" && field.Anonymous && field.Type.Kind() == reflect.Struct:
			columns = append(columns, columnsOf(field.Type)...)
		}
	}
	return columns
}
