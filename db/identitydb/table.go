package identitydb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Table stores one kind of thing, by ID.
type Table[T any] struct {
	db *rows.DB
	kind
}

// A kind is the SQL for one table. The first column is always id.
type kind struct {
	noun    string // as Keystone's messages call it
	table   string
	columns []string
	query   string // SELECT … FROM …, without a condition
	insert  string
	update  string
}

var (
	domains   = kindOf[Domain]("domain", "identity_domains")
	projects  = kindOf[Project]("project", "identity_projects")
	users     = kindOf[User]("user", "identity_users")
	roles     = kindOf[Role]("role", "identity_roles")
	regions   = kindOf[Region]("region", "identity_regions")
	services  = kindOf[Service]("service", "identity_services")
	endpoints = kindOf[Endpoint]("endpoint", "identity_endpoints")
)

func kindOf[T any](noun, table string) kind {
	columns := rows.Columns[T]()
	sets := make([]string, 0, len(columns))
	for _, column := range columns[1:] {
		sets = append(sets, column+" = :"+column)
	}
	return kind{
		noun: noun, table: table, columns: columns,
		query:  "SELECT " + strings.Join(columns, ", ") + " FROM " + table,
		insert: "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (:" + strings.Join(columns, ", :") + ")",
		update: "UPDATE " + table + " SET " + strings.Join(sets, ", ") + " WHERE id = :id",
	}
}

// notFound says what was not found, as Keystone does.
func (k kind) notFound(err error, id string) error {
	if nova.Is(err, nova.NotFound) {
		return nova.Errorf(nova.NotFound, "Could not find %s: %s.", k.noun, id)
	}
	return err
}

// Get reads the thing with an ID. The error is NotFound if there is none.
func (t Table[T]) Get(ctx context.Context, id string) (T, error) {
	v, err := rows.Get[T](ctx, t.db, t.query+" WHERE id = ?", id)
	return v, t.notFound(err, id)
}

// Named reads the thing with a name in a domain. The domain is empty for kinds
// whose names are unique everywhere. The error is NotFound if there is none.
func (t Table[T]) Named(ctx context.Context, domainID, name string) (T, error) {
	where, args := " WHERE name = ?", []any{name}
	if domainID != "" {
		where, args = where+" AND domain_id = ?", append(args, domainID)
	}
	v, err := rows.Get[T](ctx, t.db, t.query+where, args...)
	return v, t.notFound(err, name)
}

// List reads a page of the things that meet all conditions, in the order of
// their IDs.
func (t Table[T]) List(ctx context.Context, conditions []Condition, p nova.Page) ([]T, error) {
	var q rows.Query
	for _, c := range conditions {
		if !slices.Contains(t.columns, c.Column) { // a mistake in our code: clients don't choose columns
			return nil, fmt.Errorf("%s has no column %q", t.table, c.Column)
		}
		c.addTo(&q)
	}
	if p.Marker != "" {
		q.And("id > ?", p.Marker)
	}
	return rows.All[T](ctx, t.db, t.query+" WHERE "+q.Where()+" ORDER BY id LIMIT ?", append(q.Args, p.Limit)...)
}

// Create stores a new thing. The error is Conflict if its ID or name is taken.
func (t Table[T]) Create(ctx context.Context, v T) error { return t.write(ctx, t.insert, v) }

// Change reads a thing, lets change alter it, and stores the result; nobody else
// can write the thing in between. Checks that must hold together with the
// result belong into change, which gets the transaction. The error is NotFound
// if there is no such thing, and Conflict if its new name is taken.
func (t Table[T]) Change(ctx context.Context, id string, change func(tx *Store, v *T) error) (T, error) {
	var v T
	err := t.db.Tx(ctx, func(tx *rows.DB) error {
		var err error
		v, err = rows.Get[T](ctx, tx, t.query+" WHERE id = ? "+tx.ForUpdate(), id)
		if err != nil {
			return t.notFound(err, id)
		}
		if err := change(New(tx), &v); err != nil {
			return err
		}
		return Table[T]{tx, t.kind}.write(ctx, t.update, v)
	})
	return v, err
}

// Delete deletes a thing, and everything that refers to it by a foreign key.
// The error is NotFound if there is no such thing.
func (t Table[T]) Delete(ctx context.Context, id string) error {
	changed, err := rows.Exec(ctx, t.db, "DELETE FROM "+t.table+" WHERE id = ?", id)
	if err == nil && changed == 0 {
		return t.notFound(rows.ErrNoRows, id)
	}
	return err
}

func (t Table[T]) write(ctx context.Context, statement string, v T) error {
	statement, args, err := rows.Named(statement, v)
	if err != nil {
		return err
	}
	_, err = rows.Exec(ctx, t.db, statement, args...)
	return err
}
