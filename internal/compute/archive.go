package compute

import (
	"context"
	"fmt"
	"time"

	"github.com/nova-api/nova-api/db"
)

// An Archive takes servers out of the database that were deleted before a time, with
// their actions and migrations. It may run beside everything else. A batch is
// kept before it is removed, and removed in one transaction, so that whenever it is
// broken off nothing is lost; the next run goes on, and may keep a batch once more.
type Archive struct {
	Store  *db.Store
	Before time.Time
	Batch  int           // servers at a time
	Pause  time.Duration // between two batches, in which others get at the database
	Keep   func([]db.ArchivedRow) error
	Told   func(servers int, last time.Time) // after each batch: how many so far, and when the last was deleted
}

// Run archives until there is nothing left to archive or the context ends, which does
// not break a batch off. It returns the number of servers. Apart from the context's
// error and that of Keep, it returns only errors of the store.
func (a Archive) Run(ctx context.Context) (servers int, err error) {
	working := context.WithoutCancel(ctx)
	for after := int64(0); ; {
		batch, err := a.Store.DeletedServers(ctx, a.Before, after, a.Batch)
		if err != nil || len(batch) == 0 {
			return servers, err
		}
		ids := make([]string, len(batch))
		for i, server := range batch {
			ids[i] = server.ID
		}
		kept, err := a.Store.RowsOfServers(working, ids)
		if err != nil {
			return servers, err
		}
		if err := a.Keep(kept); err != nil {
			return servers, fmt.Errorf("keep what is archived: %w", err)
		}
		if err := a.Store.PurgeServers(working, ids); err != nil {
			return servers, err
		}
		last := batch[len(batch)-1]
		servers, after = servers+len(batch), last.Serial
		a.Told(servers, last.DeletedAt)
		select {
		case <-ctx.Done():
			return servers, ctx.Err()
		case <-time.After(a.Pause):
		}
	}
}
