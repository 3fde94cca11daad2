package compute

import (
	"context"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// CreateFlavor makes a flavor. The error is Conflict if its ID or its name is taken.
func (a *Servers) CreateFlavor(ctx context.Context, f nova.Flavor) (created nova.Flavor, err error) {
	err = a.store.Tx(ctx, func(tx *db.Store) error {
		if created, err = tx.CreateFlavor(ctx, f); err != nil {
			return err
		}
		return a.notify.Flavor(ctx, tx, "create", created, []string{})
	})
	return created, err
}

// DescribeFlavor changes the description of a flavor: NotFound if there is none.
func (a *Servers) DescribeFlavor(ctx context.Context, id string, description *string) (changed nova.Flavor, err error) {
	err = a.changeFlavor(ctx, id, func(tx *db.Store) error {
		changed, err = tx.DescribeFlavor(ctx, id, description)
		return err
	})
	return changed, err
}

// SetExtraSpecs adds extra specs to a flavor, or replaces those with the same keys:
// NotFound if the flavor is gone.
func (a *Servers) SetExtraSpecs(ctx context.Context, f nova.Flavor, specs map[string]string) error {
	return a.changeFlavor(ctx, f.ID, func(tx *db.Store) error { return tx.SetExtraSpecs(ctx, f, specs) })
}

// DeleteExtraSpec deletes an extra spec of a flavor: NotFound if the flavor has none with
// that key.
func (a *Servers) DeleteExtraSpec(ctx context.Context, f nova.Flavor, key string) error {
	return a.changeFlavor(ctx, f.ID, func(tx *db.Store) error { return tx.DeleteExtraSpec(ctx, f, key) })
}

// AddFlavorAccess lets a project use a private flavor: Conflict if it may already,
// NotFound if the flavor is gone.
func (a *Servers) AddFlavorAccess(ctx context.Context, f nova.Flavor, project string) error {
	return a.changeFlavor(ctx, f.ID, func(tx *db.Store) error { return tx.AddFlavorAccess(ctx, f, project) })
}

// RemoveFlavorAccess ends a project's access to a private flavor: NotFound if it has
// none.
func (a *Servers) RemoveFlavorAccess(ctx context.Context, f nova.Flavor, project string) error {
	return a.changeFlavor(ctx, f.ID, func(tx *db.Store) error { return tx.RemoveFlavorAccess(ctx, f, project) })
}

// changeFlavor changes a flavor, and tells of it as it is then. Nova's flavors are told
// of as a whole, whatever changes: _send_notification in nova/objects/flavor.py.
func (a *Servers) changeFlavor(ctx context.Context, id string, change func(tx *db.Store) error) error {
	if a.notify == nil {
		return change(a.store)
	}
	return a.store.Tx(ctx, func(tx *db.Store) error {
		if err := tx.LockFlavor(ctx, id); err != nil {
			return err
		}
		if err := change(tx); err != nil {
			return err
		}
		changed, err := tx.Flavor(ctx, id)
		if err != nil {
			return err
		}
		projects, err := tx.FlavorAccess(ctx, changed)
		if err != nil {
			return err
		}
		return a.notify.Flavor(ctx, tx, "update", changed, projects)
	})
}

// DeleteFlavor deletes a flavor: NotFound if there is none. Servers keep copies of their
// flavors.
func (a *Servers) DeleteFlavor(ctx context.Context, id string) error {
	if a.notify == nil {
		return a.store.DeleteFlavor(ctx, id)
	}
	return a.store.Tx(ctx, func(tx *db.Store) error {
		if err := tx.LockFlavor(ctx, id); err != nil {
			return err
		}
		deleted, err := tx.Flavor(ctx, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteFlavor(ctx, id); err != nil {
			return err
		}
		return a.notify.Flavor(ctx, tx, "delete", deleted, nil)
	})
}
