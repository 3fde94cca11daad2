// Package db is the compute store: one file per aggregate. What all stores are
// written in, and all that differs between PostgreSQL and SQLite, is in rows.
package db

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// A Store reads and writes everything that the compute service remembers. The
// Store that Tx passes to its function is the same with a transaction inside.
type Store struct{ *rows.DB }

// New makes a Store on an open database.
func New(d *rows.DB) *Store { return &Store{d} }

// Tx runs f in a transaction; see rows.DB.Tx.
func (s *Store) Tx(ctx context.Context, f func(tx *Store) error) error {
	return s.DB.Tx(ctx, func(tx *rows.DB) error { return f(&Store{tx}) })
}

// Open connects to the database; see rows.Open.
func Open(ctx context.Context, o rows.Options) (*Store, error) {
	d, err := rows.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return New(d), nil
}
