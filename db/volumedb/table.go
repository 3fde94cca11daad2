package volumedb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Record holds the columns that all tables of the service share.
type Record struct {
	Serial    int64      `db:"serial"`
	ID        string     `db:"id"`
	CreatedAt time.Time  `db:"created_at"`
	UpdatedAt *time.Time `db:"updated_at"` // nil until the first change
}

// Common gives the record within a resource, such as a Volume.
func (r *Record) Common() *Record { return r }

// A kind describes the table of one kind of resource.
type kind[T any] struct {
	table    string
	record   func(*T) *Record
	sortKeys rows.SortKeys
	// properties are the tables with names and values that belong to a resource.
	properties []propertyTable[T]
	// load adds what else other tables hold; may be nil.
	load func(ctx context.Context, d *rows.DB, found []T) error
}

// A propertyTable has names and values of resources, such as metadata.
type propertyTable[T any] struct {
	table string
	of    func(*T) *map[string]string
}

// A Table reads and writes one kind of resource. All methods may be called
// inside and outside of a transaction.
type Table[T any] struct {
	db   *rows.DB
	kind *kind[T]
}

// A Filter says which resources a list holds, and in which order. The newest are
// first unless the page says otherwise.
type Filter struct {
	Where  []Condition
	Page   nova.Page // a limit below zero is none
	Offset int       // how many to leave out
}

// A Condition is one that the resources of a list fulfil. Its SQL is written in
// this package; values that clients send are arguments.
type Condition struct {
	sql  string
	args []any
}

// everything is the page of a list that is not cut.
var everything = nova.Page{Limit: -1}

// Get reads one resource, or NotFound.
func (t Table[T]) Get(ctx context.Context, id string) (T, error) {
	found, err := t.List(ctx, Filter{Where: []Condition{{"id = ?", []any{id}}}, Page: everything})
	if err == nil && len(found) == 0 {
		err = rows.ErrNoRows
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}

// List reads the resources that fulfil the conditions. The error is Invalid for a
// sort key that isn't there. The caller checks that the marker is there, and that
// whoever asks may see it.
func (t Table[T]) List(ctx context.Context, f Filter) ([]T, error) {
	q := f.query()
	if len(f.Page.Sort) == 0 {
		f.Page.Sort = []nova.Sort{{Key: "created_at", Desc: true}}
	}
	order, err := t.kind.sortKeys.Keyset(&q, rows.KeysetTable{Name: t.kind.table, Marker: "id", Serial: "serial"}, f.Page)
	if err != nil {
		return nil, nova.Because(err, nova.Invalid, "Invalid input received: Invalid sort key")
	}
	limit := ""
	if f.Page.Limit >= 0 {
		limit = fmt.Sprintf(" LIMIT %d OFFSET %d", f.Page.Limit, max(0, f.Offset))
	}
	text := "SELECT " + rows.List[T]() + " FROM " + t.kind.table + " WHERE " + q.Where() + " ORDER BY " + order + limit
	text, args, err := rows.In(text, q.Args...)
	if err != nil {
		return nil, err
	}
	found, err := rows.All[T](ctx, t.db.Lists(), text, args...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", t.kind.table, err)
	}
	return found, t.addDetails(ctx, found)
}

// Count counts the resources that fulfil the conditions, on all pages.
func (t Table[T]) Count(ctx context.Context, f Filter) (int64, error) {
	q := f.query()
	text, args, err := rows.In("SELECT COUNT(*) FROM "+t.kind.table+" WHERE "+q.Where(), q.Args...)
	if err != nil {
		return 0, err
	}
	return rows.Get[int64](ctx, t.db.Lists(), text, args...)
}

func (f Filter) query() rows.Query {
	var q rows.Query
	for _, c := range f.Where {
		q.And(c.sql, c.args...)
	}
	return q
}

// addDetails reads what other tables hold of resources.
func (t Table[T]) addDetails(ctx context.Context, found []T) error {
	if len(found) == 0 {
		return nil
	}
	for _, p := range t.kind.properties {
		if err := t.loadProperties(ctx, p, found); err != nil {
			return err
		}
	}
	if t.kind.load == nil {
		return nil
	}
	return t.kind.load(ctx, t.db, found)
}

// Create writes a new resource and returns it with its time. The error is
// Conflict if something that must be unique is taken, or what it refers to is
// not there.
func (t Table[T]) Create(ctx context.Context, v T) (T, error) {
	t.kind.record(&v).CreatedAt = t.db.NowInSeconds()
	err := t.db.Tx(ctx, func(d *rows.DB) error {
		text, args, err := rows.Named(rows.Insert[T](t.kind.table, "serial"), v)
		if err != nil {
			return err
		}
		if _, err := rows.Exec(ctx, d, text, args...); err != nil {
			return err
		}
		return Table[T]{d, t.kind}.writeProperties(ctx, &v, nil)
	})
	return v, err
}

// Lock reads a resource and keeps other transactions from locking, changing or
// deleting it until this one ends. The error is NotFound if it isn't there.
func (t Table[T]) Lock(ctx context.Context, id string) (T, error) {
	_, err := rows.Get[int64](ctx, t.db, "SELECT serial FROM "+t.kind.table+" WHERE id = ? "+t.db.ForUpdate(), id)
	if err != nil {
		var none T
		return none, err
	}
	return t.Get(ctx, id)
}

// Change locks a resource, lets change alter it and writes the result, which it
// returns. Whatever must be true together with it belongs into change, which is
// given the transaction. The error is NotFound if the resource isn't there, or
// that of change.
func (t Table[T]) Change(ctx context.Context, id string, change func(tx *Store, v *T) error) (T, error) {
	var v T
	err := t.db.Tx(ctx, func(d *rows.DB) error {
		inside := Table[T]{d, t.kind}
		was, err := inside.Lock(ctx, id)
		if err != nil {
			return err
		}
		v = was
		if err := change(New(d), &v); err != nil {
			return err
		}
		now := d.NowInSeconds()
		t.kind.record(&v).UpdatedAt = &now
		return inside.write(ctx, &v, &was)
	})
	return v, err
}

// write updates the columns and the properties of a resource that is locked.
func (t Table[T]) write(ctx context.Context, v, was *T) error {
	sets := []string{}
	for _, column := range rows.Columns[T]() {
		if !slices.Contains([]string{"serial", "id", "created_at"}, column) {
			sets = append(sets, column+" = :"+column)
		}
	}
	text, args, err := rows.Named("UPDATE "+t.kind.table+" SET "+strings.Join(sets, ", ")+" WHERE id = :id", *v)
	if err != nil {
		return err
	}
	if _, err := rows.Exec(ctx, t.db, text, args...); err != nil {
		return err
	}
	return t.writeProperties(ctx, v, was)
}

// Delete removes a resource and what belongs to it. The error is NotFound if it
// isn't there, and Conflict if another one needs it.
func (t Table[T]) Delete(ctx context.Context, id string) error {
	changed, err := rows.Exec(ctx, t.db, "DELETE FROM "+t.kind.table+" WHERE id = ?", id)
	if err == nil && changed == 0 {
		return rows.ErrNoRows
	}
	return err
}
