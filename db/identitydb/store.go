// Package identitydb is the store of the bundled identity service: domains,
// projects, users and their roles, the catalog, and tokens. Of passwords and
// tokens it holds hashes only.
package identitydb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// A Store has a table for each kind of thing that clients list, show, create,
// change and delete. Methods of its own cover the rest: which user holds which
// role on what, and which tokens are good.
type Store struct {
	*rows.DB
	Domains   Table[Domain]
	Projects  Table[Project]
	Users     Table[User]
	Roles     Table[Role]
	Regions   Table[Region]
	Services  Table[Service]
	Endpoints Table[Endpoint]
}

// New makes a Store on an open database. The schema must be there; see
// rows.DB.Migrate.
func New(d *rows.DB) *Store {
	return &Store{
		DB:        d,
		Domains:   Table[Domain]{d, domains},
		Projects:  Table[Project]{d, projects},
		Users:     Table[User]{d, users},
		Roles:     Table[Role]{d, roles},
		Regions:   Table[Region]{d, regions},
		Services:  Table[Service]{d, services},
		Endpoints: Table[Endpoint]{d, endpoints},
	}
}

// Tx runs f in a transaction, and hands it the same Store with the transaction
// inside; see rows.DB.Tx.
func (s *Store) Tx(ctx context.Context, f func(tx *Store) error) error {
	return s.DB.Tx(ctx, func(tx *rows.DB) error { return f(New(tx)) })
}
