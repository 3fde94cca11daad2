// Package imagedb is the store of the bundled image service: images with their
// properties and tags, the projects that they are shared with, and the uploads
// under way. The images' data is in files, of which it knows nothing.
package imagedb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// A Store reads and writes everything that the image service remembers. The
// Store that Tx passes to its function is the same with a transaction inside.
type Store struct{ *rows.DB }

// New makes a Store on an open database.
func New(d *rows.DB) *Store { return &Store{d} }

// Tx runs f in a transaction; see rows.DB.Tx.
func (s *Store) Tx(ctx context.Context, f func(tx *Store) error) error {
	return s.DB.Tx(ctx, func(tx *rows.DB) error { return f(&Store{tx}) })
}
