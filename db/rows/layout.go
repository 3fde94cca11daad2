package rows

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/jmoiron/sqlx"
)

// A Layout says which columns of a query fill which fields of a T, by position. It is
// the way to read for the hottest paths, where finding fields by the names of columns
// would double the cost.
type Layout[T any] struct {
	columns []string
	fields  func(*T) []any
	packed  sync.Map  // what to select, by the name of the dialect
	readers sync.Pool // of *reader[T]
}

// A reader reads one row after the other into its value.
type reader[T any] struct {
	value   T
	targets []any // in value
}

// NewLayout makes a layout of columns, or expressions, and of the function that returns
// a target for each of them, in the same order. Targets are used again for other rows, so
// they may remember what they have read: see Shared. $object(name, value) is the aggregate
// that makes a JSON object, for AsJSON: null for a group without rows, or without keys.
func NewLayout[T any](fields func(*T) []any, columns ...string) *Layout[T] {
	return &Layout[T]{columns: columns, fields: fields}
}

// With is the layout with one more column.
func (l *Layout[T]) With(column string, field func(*T) any) *Layout[T] {
	return NewLayout(func(v *T) []any { return append(l.fields(v), field(v)) }, append(slices.Clip(l.columns), column)...)
}

// Columns are the names of the columns for a SELECT or an INSERT.
func (l *Layout[T]) Columns() string { return strings.Join(l.columns, ", ") }

// Fields are the values of all columns of v, or where to read them into.
func (l *Layout[T]) Fields(v *T) []any { return l.fields(v) }

// Scan reads rows of a layout. The query is what follows the columns, from FROM on. The
// result is never nil.
//
// Each row comes as one text: a driver needs more time for fifty values than the
// database for finding them. A text with the separator in it, which nobody can type but
// a client can send, makes the query be asked again column by column.
func Scan[T any](ctx context.Context, s *DB, l *Layout[T], query string, args ...any) ([]T, error) {
	values, err := scan(ctx, s, l, l.selectPacked(s.dialect)+" "+query, args, func(row *sqlx.Rows, targets []any) error {
		var text string
		if err := row.Scan(&text); err != nil {
			return err
		}
		return unpack(text, targets)
	})
	if !errors.Is(err, errNotPacked) {
		return values, err
	}
	return scan(ctx, s, l, "SELECT "+s.dialect.words.Replace(l.Columns())+" "+query, args, func(row *sqlx.Rows, targets []any) error {
		return row.Scan(targets...)
	})
}

// scan asks a whole query, and has read take each row apart.
func scan[T any](
	ctx context.Context, s *DB, l *Layout[T], query string, args []any, read func(row *sqlx.Rows, targets []any) error,
) ([]T, error) {
	values := []T{}
	err := s.try(ctx, query, args, func(ctx context.Context) error {
		values = values[:0]
		found, err := s.reader().QueryxContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer func() { _ = found.Close() }()
		r := l.reader()
		defer l.readers.Put(r)
		var empty T
		for found.Next() {
			r.value = empty
			if err := read(found, r.targets); err != nil {
				return err
			}
			values = append(values, r.value)
		}
		return found.Err()
	})
	return values, err
}

// reader is one that nobody uses.
func (l *Layout[T]) reader() *reader[T] {
	if r, ok := l.readers.Get().(*reader[T]); ok {
		return r
	}
	r := &reader[T]{}
	r.targets = l.fields(&r.value)
	return r
}

// selectPacked is the SELECT that reads the columns as one text.
func (l *Layout[T]) selectPacked(d dialect) string {
	if text, ok := l.packed.Load(d.name); ok {
		return text.(string) //nolint:forcetypeassert,errcheck // nothing else is stored
	}
	text := "SELECT " + d.words.Replace(d.pack(l.columns, l.fields(new(T))))
	l.packed.Store(d.name, text)
	return text
}
