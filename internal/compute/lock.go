package compute

import (
	"cmp"
	"context"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// Lock keeps everybody but administrators from changing a server. The owner
// changes nothing on a server that is locked already, so that a lock of an
// administrator stays one. A nil reason leaves the one before in place. The error
// is NotFound if the server has gone.
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
		if reason != nil {
			change.LockedReason = &reason
		}
		if err := tx.ChangeServer(ctx, s.ID, change); err != nil {
			return err
		}
		if err := recordOn(ctx, tx, s, "lock", "api_lock", cmp.Or(a.host, s.Host)); err != nil {
			return err
		}
		return a.tellAtOnce(ctx, tx, locked, "lock")
	})
}

// Unlock lets everybody change a server again, and forgets the reason for the
// lock. Whether the caller may take away somebody else's lock is for policy to
// say; see LockedByOther. The error is NotFound if the server has gone.
func (a *Servers) Unlock(ctx context.Context, s nova.Server) error {
	return a.store.Tx(ctx, func(tx *db.Store) error {
		locked, err := tx.LockServer(ctx, s.ID)
		if err != nil {
			return err
		}
		if err := tx.ChangeServer(ctx, s.ID, db.ServerChange{LockedBy: new(""), LockedReason: new((*string)(nil))}); err != nil {
			return err
		}
		if err := recordOn(ctx, tx, s, "unlock", "api_unlock", cmp.Or(a.host, s.Host)); err != nil {
			return err
		}
		return a.tellAtOnce(ctx, tx, locked, "unlock")
	})
}

// LockedByOther reports whether a server was locked by an administrator and the
// caller is the owner, or the other way round. Unlocking it takes another rule of
// policy then.
func LockedByOther(ctx context.Context, s nova.Server) bool {
	return s.Locked() && s.LockedBy != lockedBy(ctx, s)
}

// lockedBy is the caller's side, as the API shows it: owner for a caller of the
// server's project, whatever its roles, and admin for any other.
func lockedBy(ctx context.Context, s nova.Server) string {
	if nova.CallerOf(ctx).ProjectID == s.ProjectID {
		return "owner"
	}
	return "admin"
}
