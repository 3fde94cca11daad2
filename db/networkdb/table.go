package networkdb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Record holds the columns that all resources of the network service share.
type Record struct {
	Serial      int64     `db:"serial"`
	ID          string    `db:"id"`
	ProjectID   string    `db:"project_id"`
	Description string    `db:"description"`
	Revision    int64     `db:"revision"` // counts the changes
	CreatedAt   time.Time `db:"created_at"`
	UpdatedAt   time.Time `db:"updated_at"`
}

// Common gives the record within a resource, such as a Network, to read or to
// change.
func (r *Record) Common() *Record { return r }

// A kind describes the table of one kind of resource.
type kind[T any] struct {
	table   string
	columns string // beside those of a Record
	status  string // SQL for what is shown as the status, where that is no column
	visible string // the condition for rows that a project sees; each ? stands for the project
	record  func(*T) *Record
	load    func(ctx context.Context, d *rows.DB, found []T) error // adds what other tables hold; may be nil
}

// alwaysActive is the status of what has no other one. PostgreSQL doesn't sort by
// a mere literal.
const alwaysActive = "'ACTIVE' || ''"

const recordColumns = "id project_id description revision created_at updated_at"

// names lists all columns but the serial.
func (k *kind[T]) names() []string { return strings.Fields(recordColumns + " " + k.columns) }

// selected lists all columns, as SELECT wants them.
func (k *kind[T]) selected() string { return "serial, " + strings.Join(k.names(), ", ") }

// sortKeys says how a list is sorted by each column. A null sorts as an empty
// string or as -1, since a page can't begin behind a null.
func (k *kind[T]) sortKeys() rows.SortKeys {
	keys := rows.SortKeys{}
	for _, name := range k.names() {
		keys[name] = name
		if slices.Contains(nullableText, name) {
			keys[name] = "COALESCE(" + name + ", '')"
		}
		if slices.Contains(nullableNumbers, name) {
			keys[name] = "COALESCE(" + name + ", -1)"
		}
	}
	if k.status != "" {
		keys["status"] = k.status
	}
	return keys
}

var (
	nullableText = strings.Fields(`provider_physical gateway_ip ipv6_ra_mode ipv6_address_mode protocol remote_ip_prefix
		remote_group_id gateway_network_id gateway_port_id port_id router_id`)
	nullableNumbers = strings.Fields("provider_segment port_range_min port_range_max")
)

// A Table reads and writes one kind of resource, such as Port. All methods may
// be called inside and outside of a transaction.
type Table[T any] struct {
	db   *rows.DB
	kind *kind[T]
}

// A Filter says which resources a list holds, and in which order.
type Filter struct {
	Project string           // only what this project sees; empty for everything
	Match   map[string][]any // by column: the values of which the row must have one
	Where   []Condition
	Page    nova.Page // a limit of 0 is none
}

// A Condition restricts a list by what other tables hold. Its SQL is written in
// this package; values that clients send are arguments.
type Condition struct {
	sql  string
	args []any
}

// Get reads one resource that the project sees; an empty project sees
// everything. It returns NotFound if there is no such resource.
func (t Table[T]) Get(ctx context.Context, project, id string) (T, error) {
	found, err := t.List(ctx, Filter{Project: project, Match: map[string][]any{"id": {id}}})
	if err == nil && len(found) == 0 {
		err = rows.ErrNoRows
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}

// List reads the resources that match, in the order of their IDs unless the
// page says otherwise.
func (t Table[T]) List(ctx context.Context, f Filter) ([]T, error) {
	q, err := t.query(f)
	if err != nil {
		return nil, err
	}
	order, err := t.kind.sortKeys().Keyset(&q, rows.KeysetTable{Name: t.kind.table, Marker: "id", Serial: "id"}, f.Page)
	if err != nil {
		return nil, err
	}
	limit := ""
	if f.Page.Limit > 0 {
		limit = fmt.Sprintf(" LIMIT %d", f.Page.Limit)
	}
	text := "SELECT " + t.kind.selected() + " FROM " + t.kind.table + " WHERE " + q.Where() + " ORDER BY " + order + limit
	text, args, err := rows.In(text, q.Args...)
	if err != nil {
		return nil, err
	}
	found, err := rows.All[T](ctx, t.db.Lists(), text, args...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", t.kind.table, err)
	}
	if t.kind.load != nil && len(found) > 0 {
		err = t.kind.load(ctx, t.db, found)
	}
	return found, err
}

// query turns a filter into conditions.
func (t Table[T]) query(f Filter) (rows.Query, error) {
	var q rows.Query
	if f.Project != "" {
		q.And("("+t.kind.visible+")", rows.Repeat(f.Project, strings.Count(t.kind.visible, "?"))...)
	}
	names := t.kind.names()
	for _, column := range rows.SortedKeys(f.Match) {
		if !slices.Contains(names, column) { // columns come from tables in code, never from clients
			return q, fmt.Errorf("%s has no column %q", t.kind.table, column)
		}
		q.And(column+" IN (?)", f.Match[column])
	}
	for _, condition := range f.Where {
		q.And(condition.sql, condition.args...)
	}
	return q, nil
}

// ErrTaken is the error of Create if something that must be unique is taken.
var ErrTaken = nova.Errorf(nova.Conflict, "There is one already.")

// Create writes a new resource and returns it with its times. It returns
// ErrTaken if something that must be unique is taken, and another Conflict if a
// resource that it refers to is not there.
func (t Table[T]) Create(ctx context.Context, v T) (T, error) {
	r := t.kind.record(&v)
	r.CreatedAt = t.db.NowInSeconds()
	r.UpdatedAt = r.CreatedAt
	columns := strings.Join(t.kind.names(), ", ")
	values := ":" + strings.Join(t.kind.names(), ", :")
	changed, err := t.write(ctx, "INSERT INTO "+t.kind.table+" ("+columns+") VALUES ("+values+") ON CONFLICT DO NOTHING", v)
	if err == nil && changed == 0 {
		err = ErrTaken
	}
	return v, err
}

// Lock reads a resource and keeps other transactions from locking, changing or
// deleting it until this one ends. It returns NotFound if there is no such
// resource.
func (t Table[T]) Lock(ctx context.Context, id string) (T, error) {
	_, err := rows.Get[int64](ctx, t.db, "SELECT serial FROM "+t.kind.table+" WHERE id = ? "+t.db.ForUpdate(), id)
	if err != nil {
		var none T
		return none, err
	}
	return t.Get(ctx, "", id)
}

// Change locks a resource, lets change alter it and writes the result, which
// it returns. Whatever must be true together with the resource belongs into
// change, which is given the transaction. It returns NotFound if there is no
// such resource, and the error of change.
func (t Table[T]) Change(ctx context.Context, id string, change func(tx *Store, v *T) error) (T, error) {
	var v T
	err := t.db.Tx(ctx, func(d *rows.DB) error {
		inside := Table[T]{d, t.kind}
		var err error
		if v, err = inside.Lock(ctx, id); err != nil {
			return err
		}
		if err := change(New(d), &v); err != nil {
			return err
		}
		r := t.kind.record(&v)
		r.Revision++
		r.UpdatedAt = d.NowInSeconds()
		sets := []string{}
		for _, name := range t.kind.names() {
			sets = append(sets, name+" = :"+name)
		}
		_, err = inside.write(ctx, "UPDATE "+t.kind.table+" SET "+strings.Join(sets, ", ")+" WHERE id = :id", v)
		return err
	})
	return v, err
}

// Delete removes a resource and what belongs to it. It returns NotFound if
// there is no such resource, and Conflict if another one needs it.
func (t Table[T]) Delete(ctx context.Context, id string) error {
	changed, err := rows.Exec(ctx, t.db, "DELETE FROM "+t.kind.table+" WHERE id = ?", id)
	if err == nil && changed == 0 {
		return rows.ErrNoRows
	}
	return err
}

// Count counts the resources that a project owns.
func (t Table[T]) Count(ctx context.Context, project string) (int64, error) {
	return rows.Get[int64](ctx, t.db, "SELECT COUNT(*) FROM "+t.kind.table+" WHERE project_id = ?", project)
}

// write runs a statement whose :name placeholders are fields of v, and returns
// how many rows it changed.
func (t Table[T]) write(ctx context.Context, text string, v T) (int64, error) {
	text, args, err := rows.Named(text, v)
	if err != nil {
		return 0, err
	}
	return rows.Exec(ctx, t.db, text, args...)
}

// idsAtOnce bounds the arguments of one query: PostgreSQL takes 65,535, SQLite
// 32,766.
const idsAtOnce = 5000

// idsByOwner reads pairs of IDs and collects the second ones by the first:
// SELECT port_id AS owner, group_id AS id … WHERE port_id IN (?).
func idsByOwner(ctx context.Context, d *rows.DB, query string, owners []string) (map[string][]string, error) {
	ids := make(map[string][]string, len(owners))
	for chunk := range slices.Chunk(owners, idsAtOnce) {
		text, args, err := rows.In(query, chunk)
		if err != nil {
			return nil, err
		}
		found, err := rows.All[struct {
			Owner string `db:"owner"`
			ID    string `db:"id"`
		}](ctx, d, text, args...)
		if err != nil {
			return nil, err
		}
		for _, row := range found {
			ids[row.Owner] = append(ids[row.Owner], row.ID)
		}
	}
	return ids, nil
}
