package compute

import (
	"context"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// Lock keeps everybody but administrators from changing a server. Locking
// again by the same sort of caller changes nothing.
func (a *Servers) Lock(ctx context.Context, s nova.Server, reason *string) error {
	by := lockedBy(ctx, s)
	return a.store.Tx(ctx, func(tx *db.Store) error {
		locked, err := tx.LockServer(ctx, s.ID)
		if err != nil {
			return err
		}
		if by == "owner" && locked.Locked() {
			return nil
		}
		change := db.ServerChange{LockedBy: &by}
		if reason != nil { // else the one before stands
			change.LockedReason = &reason
		}
		if err := tx.ChangeServer(ctx, s.ID, change); err != nil {
			return err
		}
		return record(ctx, tx, s, "lock", "api_lock")
	})
}

// Unlock lets everybody change a server again.
func (a *Servers) Unlock(ctx context.Context, s nova.Server) error {
	return a.store.Tx(ctx, func(tx *db.Store) error {
		if err := tx.ChangeServer(ctx, s.ID, db.ServerChange{LockedBy: new(""), LockedReason: new((*string)(nil))}); err != nil {
			return err
		}
		return record(ctx, tx, s, "unlock", "api_unlock")
	})
}

// LockedByOther tells whether a server was locked by the other sort of caller
// than this one: unlocking it then takes more.
func LockedByOther(ctx context.Context, s nova.Server) bool {
	return s.Locked() && s.LockedBy != lockedBy(ctx, s)
}

// lockedBy is the sort of caller: the owner, who is of the server's project,
// or an administrator.
func lockedBy(ctx context.Context, s nova.Server) string {
	if nova.CallerOf(ctx).ProjectID == s.ProjectID {
		return "owner"
	}
	return "admin"
}
