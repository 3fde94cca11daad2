package compute

import (
	"context"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// AddTag adds a tag to a server, and reports whether the server didn't have it yet. The
// error is Invalid if the server has as many already as it may have.
func (a *Servers) AddTag(ctx context.Context, s nova.Server, tag string, most int) (added bool, err error) {
	err = a.changeTags(ctx, s, func(tx *db.Store) (bool, error) {
		added, err = tx.AddTag(ctx, s.ID, tag, most)
		return added, err
	})
	return added, err
}

// DeleteTag takes a tag away from a server, and reports whether the server had it. It
// returns only errors of the store.
func (a *Servers) DeleteTag(ctx context.Context, s nova.Server, tag string) (had bool, err error) {
	err = a.changeTags(ctx, s, func(tx *db.Store) (bool, error) {
		had, err = tx.DeleteTag(ctx, s.ID, tag)
		return had, err
	})
	return had, err
}

// ReplaceTags gives a server these tags and no others. It returns only errors of the
// store.
func (a *Servers) ReplaceTags(ctx context.Context, s nova.Server, tags []string) error {
	return a.changeTags(ctx, s, func(tx *db.Store) (bool, error) { return true, tx.ReplaceTags(ctx, s.ID, tags) })
}

// changeTags changes the tags of a server, and tells of them if they are others then.
func (a *Servers) changeTags(ctx context.Context, s nova.Server, change func(tx *db.Store) (bool, error)) error {
	if a.notify == nil {
		_, err := change(a.store)
		return err
	}
	return a.store.Tx(ctx, func(tx *db.Store) error {
		if _, err := tx.LockServer(ctx, s.ID); err != nil {
			return err
		}
		changed, err := change(tx)
		if err != nil || !changed {
			return err
		}
		now, err := tx.Server(ctx, s.ID)
		if err != nil {
			return err
		}
		return a.notify.ServerTagged(ctx, tx, now)
	})
}
