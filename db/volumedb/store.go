// Package volumedb is the store of the bundled block storage service: volumes
// and snapshots, their types and attachments, the limits of projects, and the
// work that is to be done to the data. The data is in files, of which it knows
// nothing.
package volumedb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// A Store reads and writes everything that the block storage service remembers.
// The Store that Tx passes to its function is the same with a transaction inside.
type Store struct {
	*rows.DB

	Volumes     Table[Volume]
	Types       Table[Type]
	Snapshots   Table[Snapshot]
	Attachments Table[Attachment]
	Messages    Table[Message]
	Transfers   Table[Transfer]
	Qos         Table[Qos]
}

// New makes a Store on an open database.
func New(d *rows.DB) *Store {
	return &Store{
		DB:          d,
		Volumes:     Table[Volume]{d, &volumes},
		Types:       Table[Type]{d, &types},
		Snapshots:   Table[Snapshot]{d, &snapshots},
		Attachments: Table[Attachment]{d, &attachments},
		Messages:    Table[Message]{d, &messages},
		Transfers:   Table[Transfer]{d, &transfers},
		Qos:         Table[Qos]{d, &qos},
	}
}

// Tx runs f in a transaction; see rows.DB.Tx.
func (s *Store) Tx(ctx context.Context, f func(tx *Store) error) error {
	return s.DB.Tx(ctx, func(tx *rows.DB) error { return f(New(tx)) })
}
