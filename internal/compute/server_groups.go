package compute

import (
	"context"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// CreateServerGroup makes a group without members: OverQuota if its project or its user
// may have no more.
func (a *Servers) CreateServerGroup(ctx context.Context, g nova.ServerGroup) (created nova.ServerGroup, err error) {
	ofProject, ofUser, err := a.Quota(ctx, g.ProjectID, g.UserID)
	if err != nil {
		return g, err
	}
	err = a.store.Tx(ctx, func(tx *db.Store) error {
		if created, err = tx.CreateServerGroup(ctx, g, ofProject, ofUser); err != nil {
			return err
		}
		return a.notify.ServerGroup(ctx, tx, "create", created)
	})
	return created, err
}

// DeleteServerGroup removes a group: NotFound if it has gone. Its members stay where they
// are.
func (a *Servers) DeleteServerGroup(ctx context.Context, g nova.ServerGroup) error {
	return a.store.Tx(ctx, func(tx *db.Store) error {
		if err := tx.DeleteServerGroup(ctx, g.ID); err != nil {
			return err
		}
		return a.notify.ServerGroup(ctx, tx, "delete", g)
	})
}

// tellMember tells that a server's group has got it as a member.
func (a *Servers) tellMember(ctx context.Context, tx *db.Store, s nova.Server) error {
	if a.notify == nil || s.GroupID == "" {
		return nil
	}
	group, err := tx.ServerGroup(ctx, s.GroupID)
	if err != nil {
		return err
	}
	return a.notify.ServerGroup(ctx, tx, "add_member", group)
}
