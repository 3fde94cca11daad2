// Package db is the compute store, with one file per aggregate. Package rows is the
// foundation of all stores, and holds the differences between PostgreSQL and SQLite.
package db

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// A Store reads and writes everything that the compute service keeps. The Store that
// Tx passes to its function is the same one, inside a transaction.
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
