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

// ErrNoRows is the error of Get and Put without a row. Callers give it a message
// with NotFound.
var ErrNoRows = nova.Errorf(nova.NotFound, "The resource could not be found.")

// reader is the connection for statements that only read.
func (s *DB) reader() sqlx.ExtContext {
	if s.tx != nil {
		return s.tx
	}
	return s.read
}

// writer is the connection for all other statements.
func (s *DB) writer() sqlx.ExtContext {
	if s.tx != nil {
		return s.tx
	}
	return s.write
}

// try runs one statement. Outside a transaction, it retries transient faults and
// applies the limit of Lists.
func (s *DB) try(ctx context.Context, query string, args []any, f func(ctx context.Context) error) error {
	if s.tx != nil { // the transaction is run again as a whole
		s.observe(query, args)
		return s.fault(f(ctx))
	}
	limited, cancel := ctx, func() {}
	if s.limit > 0 {
		limited, cancel = context.WithTimeout(ctx, s.limit)
	}
	defer cancel()
	err := s.retry(limited, func() error {
		s.observe(query, args)
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

// Put executes an INSERT or UPDATE with RETURNING, and reads the returned row:
// NotFound if there is none.
func Put[T any](ctx context.Context, s *DB, query string, args ...any) (T, error) {
	return row[T](ctx, s, s.writer(), query, args)
}

func row[T any](ctx context.Context, s *DB, from sqlx.ExtContext, query string, args []any) (T, error) {
	var value T
	err := s.try(ctx, query, args, func(ctx context.Context) error {
		return sqlx.GetContext(ctx, from, &value, query, args...)
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

// PutAll executes a statement with RETURNING, and reads the returned rows.
func PutAll[T any](ctx context.Context, s *DB, query string, args ...any) ([]T, error) {
	return rows[T](ctx, s, s.writer(), query, args)
}

func rows[T any](ctx context.Context, s *DB, from sqlx.ExtContext, query string, args []any) ([]T, error) {
	values := []T{}
	err := s.try(ctx, query, args, func(ctx context.Context) error {
		values = values[:0]
		return sqlx.SelectContext(ctx, from, &values, query, args...)
	})
	return values, err
}

// Maps reads rows as they are stored, by column: for what passes on whole tables and
// need not know what is in them.
func Maps(ctx context.Context, s *DB, query string, args ...any) ([]map[string]any, error) {
	var all []map[string]any
	err := s.try(ctx, query, args, func(ctx context.Context) error {
		all = nil
		found, err := s.reader().QueryxContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer func() { _ = found.Close() }()
		for found.Next() {
			one := map[string]any{}
			if err := found.MapScan(one); err != nil {
				return err
			}
			for column, value := range one {
				if text, ok := value.([]byte); ok {
					one[column] = string(text)
				}
			}
			all = append(all, one)
		}
		return found.Err()
	})
	return all, err
}

// Exec executes a statement, and returns the number of rows that it changed.
func Exec(ctx context.Context, s *DB, query string, args ...any) (int64, error) {
	var changed int64
	err := s.try(ctx, query, args, func(ctx context.Context) error {
		result, err := s.writer().ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		changed, err = result.RowsAffected()
		return err
	})
	return changed, err
}

// Named replaces :name placeholders by the fields of v that have these db tags. The
// result is for Put and Exec.
func Named(query string, v any) (string, []any, error) {
	q, args, err := sqlx.Named(query, v)
	if err != nil {
		return "", nil, fmt.Errorf("named query: %w", err)
	}
	return q, args, nil
}

// In expands the slices among args: a ? becomes as many as there are items.
func In(query string, args ...any) (string, []any, error) {
	q, spread, err := sqlx.In(query, args...)
	if err != nil {
		return "", nil, fmt.Errorf("query with a list: %w", err)
	}
	return q, spread, nil
}

// A Query collects the conditions of a WHERE with their arguments.
type Query struct {
	conditions []string
	Args       []any
}

// And adds a condition with its arguments.
func (q *Query) And(condition string, args ...any) {
	q.conditions = append(q.conditions, condition)
	q.Args = append(q.Args, args...)
}

// Where joins all conditions: 1 = 1 if there are none.
func (q *Query) Where() string {
	if len(q.conditions) == 0 {
		return "1 = 1"
	}
	return strings.Join(q.conditions, " AND ")
}

// Marks returns n placeholders: "?, ?, ?".
func Marks(n int) string {
	return strings.TrimSuffix(strings.Repeat("?, ", n), ", ")
}

// Anys converts a list to arguments.
func Anys[T any](values []T) []any {
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}
	return args
}

// SortedKeys returns the keys of a map in order, so that the same filter always gives
// the same SQL.
func SortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// Columns returns the columns that the db tags of T name, in the order of its fields.
// The columns of an embedded struct stand in its place.
func Columns[T any]() []string {
	return columnsOf(reflect.TypeFor[T]())
}

// List returns the columns of T for a SELECT or a RETURNING, except some.
func List[T any](without ...string) string {
	return strings.Join(columnsWithout[T](without), ", ")
}

// Insert returns the INSERT of a T into a table, for Named. The database sets the
// columns that are left out.
func Insert[T any](table string, without ...string) string {
	columns := columnsWithout[T](without)
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (:" + strings.Join(columns, ", :") + ")"
}

// Excluded returns the assignments of an upsert of a T: each column gets the value
// that could not be inserted. Name the columns that stay as they are.
func Excluded[T any](without ...string) string {
	columns := columnsWithout[T](without)
	for i, column := range columns {
		columns[i] = column + " = excluded." + column
	}
	return strings.Join(columns, ", ")
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
