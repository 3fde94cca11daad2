package db

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// An IdentityDomain is a namespace of users and projects.
type IdentityDomain struct {
	ID          string `db:"id"`
	Name        string `db:"name"`
	Description string `db:"description"`
	Enabled     bool   `db:"enabled"`
}

// An IdentityProject owns what the other services keep.
type IdentityProject struct {
	ID          string   `db:"id"`
	DomainID    string   `db:"domain_id"`
	ParentID    *string  `db:"parent_id"` // nil for a project right under its domain
	Name        string   `db:"name"`
	Description string   `db:"description"`
	Enabled     bool     `db:"enabled"`
	Tags        JSONList `db:"tags"`
}

// An IdentityUser is somebody who can log in.
type IdentityUser struct {
	ID               string     `db:"id"`
	DomainID         string     `db:"domain_id"`
	Name             string     `db:"name"`
	Enabled          bool       `db:"enabled"`
	PasswordHash     string     `db:"password_hash"` // empty for a user whom no password fits
	DefaultProjectID *string    `db:"default_project_id"`
	Extra            JSONObject `db:"extra"` // what clients sent beside the rest: email, description, …
}

// An IdentityRole is a name for what its holder may do.
type IdentityRole struct {
	ID          string  `db:"id"`
	Name        string  `db:"name"`
	Description *string `db:"description"`
	Immutable   bool    `db:"immutable"` // neither changed nor deleted
}

// An IdentityRegion is a part of the cloud with endpoints of its own.
type IdentityRegion struct {
	ID          string  `db:"id"`
	Description string  `db:"description"`
	ParentID    *string `db:"parent_region_id"`
}

// An IdentityService is an entry of the catalog.
type IdentityService struct {
	ID          string `db:"id"`
	Type        string `db:"type"`
	Name        string `db:"name"`
	Description string `db:"description"`
	Enabled     bool   `db:"enabled"`
}

// An IdentityEndpoint is an address of a service, as a template.
type IdentityEndpoint struct {
	ID        string  `db:"id"`
	ServiceID string  `db:"service_id"`
	Interface string  `db:"interface"` // public, internal or admin
	RegionID  *string `db:"region_id"`
	URL       string  `db:"url"`
	Enabled   bool    `db:"enabled"`
}

// Identity is what the bundled identity service keeps, a table for each kind
// of thing; how users hold roles and tokens is in its methods.
type Identity struct {
	Domains   IdentityTable[IdentityDomain]
	Projects  IdentityTable[IdentityProject]
	Users     IdentityTable[IdentityUser]
	Roles     IdentityTable[IdentityRole]
	Regions   IdentityTable[IdentityRegion]
	Services  IdentityTable[IdentityService]
	Endpoints IdentityTable[IdentityEndpoint]
	s         *Store
}

// Identity gives the tables of the bundled identity service.
func (s *Store) Identity() Identity {
	return Identity{
		Domains:   IdentityTable[IdentityDomain]{s, &identityDomains},
		Projects:  IdentityTable[IdentityProject]{s, &identityProjects},
		Users:     IdentityTable[IdentityUser]{s, &identityUsers},
		Roles:     IdentityTable[IdentityRole]{s, &identityRoles},
		Regions:   IdentityTable[IdentityRegion]{s, &identityRegions},
		Services:  IdentityTable[IdentityService]{s, &identityServices},
		Endpoints: IdentityTable[IdentityEndpoint]{s, &identityEndpoints},
		s:         s,
	}
}

// An identityKind is the name and shape of one table. Its first column is id.
type identityKind struct {
	noun    string // as messages call it
	table   string
	columns []string
}

var (
	identityDomains   = identityKind{"domain", "identity_domains", []string{"id", "name", "description", "enabled"}}
	identityProjects  = identityKind{"project", "identity_projects", []string{"id", "domain_id", "parent_id", "name", "description", "enabled", "tags"}}
	identityUsers     = identityKind{"user", "identity_users", []string{"id", "domain_id", "name", "enabled", "password_hash", "default_project_id", "extra"}}
	identityRoles     = identityKind{"role", "identity_roles", []string{"id", "name", "description", "immutable"}}
	identityRegions   = identityKind{"region", "identity_regions", []string{"id", "description", "parent_region_id"}}
	identityServices  = identityKind{"service", "identity_services", []string{"id", "type", "name", "description", "enabled"}}
	identityEndpoints = identityKind{"endpoint", "identity_endpoints", []string{"id", "service_id", "interface", "region_id", "url", "enabled"}}
)

func (k *identityKind) selectColumns() string {
	return "SELECT " + strings.Join(k.columns, ", ") + " FROM " + k.table
}

func (k *identityKind) notFound(err error, id string) error {
	if nova.Is(err, nova.NotFound) {
		return nova.Errorf(nova.NotFound, "Could not find %s: %s.", k.noun, id)
	}
	return err
}

// An IdentityTable keeps one kind of thing, by ID.
type IdentityTable[T any] struct {
	s    *Store
	kind *identityKind
}

// Get reads one thing: NotFound, in Keystone's words, if there is none.
func (t IdentityTable[T]) Get(ctx context.Context, id string) (T, error) {
	v, err := rows.Get[T](ctx, t.s.DB, t.kind.selectColumns()+" WHERE id = ?", id)
	return v, t.kind.notFound(err, id)
}

// Named finds a thing by its name in a domain; an empty domain is for kinds
// whose names are unique everywhere.
func (t IdentityTable[T]) Named(ctx context.Context, domainID, name string) (T, error) {
	where, args := " WHERE name = ?", []any{name}
	if domainID != "" {
		where, args = where+" AND domain_id = ?", append(args, domainID)
	}
	v, err := rows.Get[T](ctx, t.s.DB, t.kind.selectColumns()+where, args...)
	return v, t.kind.notFound(err, name)
}

// List reads the things whose columns equal those of match, by ID.
func (t IdentityTable[T]) List(ctx context.Context, match map[string]any, p nova.Page) ([]T, error) {
	var q rows.Query
	for _, column := range slices.Sorted(maps.Keys(match)) {
		if !slices.Contains(t.kind.columns, column) { // columns come from tables in code
			return nil, fmt.Errorf("%s has no column %q", t.kind.table, column)
		}
		q.And(column+" = ?", match[column])
	}
	if p.Marker != "" {
		q.And("id > ?", p.Marker)
	}
	return rows.All[T](ctx, t.s.DB, t.kind.selectColumns()+" WHERE "+q.Where()+" ORDER BY id LIMIT ?", append(q.Args, p.Limit)...)
}

// Create keeps a new thing: Conflict if its ID or name is taken.
func (t IdentityTable[T]) Create(ctx context.Context, v T) error {
	text := "INSERT INTO " + t.kind.table + " (" + strings.Join(t.kind.columns, ", ") + ") VALUES (:" + strings.Join(t.kind.columns, ", :") + ")"
	return t.write(ctx, text, v)
}

// Change reads a thing, lets change alter it, and keeps the result, with
// nobody in between. What else must be true together with it belongs into
// change, which is handed the transaction.
func (t IdentityTable[T]) Change(ctx context.Context, id string, change func(tx *Store, v *T) error) (T, error) {
	var v T
	err := t.s.Tx(ctx, func(tx *Store) error {
		var err error
		v, err = rows.Get[T](ctx, tx.DB, t.kind.selectColumns()+" WHERE id = ? "+tx.ForUpdate(), id)
		if err != nil {
			return t.kind.notFound(err, id)
		}
		if err := change(tx, &v); err != nil {
			return err
		}
		sets := make([]string, 0, len(t.kind.columns)-1)
		for _, column := range t.kind.columns[1:] {
			sets = append(sets, column+" = :"+column)
		}
		return IdentityTable[T]{tx, t.kind}.write(ctx, "UPDATE "+t.kind.table+" SET "+strings.Join(sets, ", ")+" WHERE id = :id", v)
	})
	return v, err
}

// Delete drops a thing and what belongs to it by a foreign key: NotFound if
// there is none.
func (t IdentityTable[T]) Delete(ctx context.Context, id string) error {
	changed, err := rows.Exec(ctx, t.s.DB, "DELETE FROM "+t.kind.table+" WHERE id = ?", id)
	if err == nil && changed == 0 {
		return t.kind.notFound(rows.ErrNoRows, id)
	}
	return err
}

func (t IdentityTable[T]) write(ctx context.Context, text string, v T) error {
	text, args, err := rows.Named(text, v)
	if err != nil {
		return err
	}
	_, err = rows.Exec(ctx, t.s.DB, text, args...)
	return err
}

// A JSONObject is a column that holds a JSON object as text.
type JSONObject map[string]any

// Value renders the object for the database.
func (o JSONObject) Value() (driver.Value, error) { return rows.AsJSON(o).Value() }

// Scan reads the object from the database.
func (o *JSONObject) Scan(column any) error { return rows.AsJSON(o).Scan(column) }

// A JSONList is a column that holds a JSON list of strings as text.
type JSONList []string

// Value renders the list for the database.
func (l JSONList) Value() (driver.Value, error) { return rows.AsJSON(l).Value() }

// Scan reads the list from the database.
func (l *JSONList) Scan(column any) error { return rows.AsJSON(l).Scan(column) }
