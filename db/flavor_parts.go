package db

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// SetExtraSpecs adds extra specs to a flavor, or replaces those with the same keys:
// NotFound if the flavor is gone.
func (s *Store) SetExtraSpecs(ctx context.Context, flavor nova.Flavor, specs map[string]string) error {
	err := s.Tx(ctx, func(tx *Store) error {
		for _, key := range rows.SortedKeys(specs) { // always in one order, so that no two can wait for each other
			if _, err := rows.Exec(ctx, tx.DB, `
				INSERT INTO flavor_extra_specs (flavor_id, name, value) VALUES (?, ?, ?)
				ON CONFLICT (flavor_id, name) DO UPDATE SET value = excluded.value`,
				flavor.Serial, key, specs[key]); err != nil {
				return fmt.Errorf("set extra spec: %w", err)
			}
		}
		return nil
	})
	return orGone(err, flavor)
}

// orGone turns the Conflict of a row that refers to a deleted flavor into NotFound.
func orGone(err error, flavor nova.Flavor) error {
	if nova.Is(err, nova.Conflict) {
		return nova.Errorf(nova.NotFound, "Flavor %s could not be found.", flavor.ID)
	}
	return err
}

// DeleteExtraSpec deletes an extra spec of a flavor: NotFound if the flavor has none
// with that key.
func (s *Store) DeleteExtraSpec(ctx context.Context, flavor nova.Flavor, key string) error {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM flavor_extra_specs WHERE flavor_id = ? AND name = ?", flavor.Serial, key)
	if err == nil && changed == 0 {
		return NoExtraSpec(flavor, key)
	}
	return err
}

// NoExtraSpec is the NotFound error for a flavor without an extra spec.
func NoExtraSpec(flavor nova.Flavor, key string) error {
	return nova.Errorf(nova.NotFound, "Flavor %s has no extra specs with key %s.", flavor.ID, key)
}

// FlavorAccess lists the projects that may use a private flavor.
func (s *Store) FlavorAccess(ctx context.Context, flavor nova.Flavor) ([]string, error) {
	return rows.All[string](ctx, s.DB, "SELECT project_id FROM flavor_access WHERE flavor_id = ? ORDER BY project_id", flavor.Serial)
}

// AddFlavorAccess lets a project use a private flavor: Conflict if it may already,
// NotFound if the flavor is gone.
func (s *Store) AddFlavorAccess(ctx context.Context, flavor nova.Flavor, project string) error {
	changed, err := rows.Exec(ctx, s.DB, "INSERT INTO flavor_access (flavor_id, project_id) VALUES (?, ?) ON CONFLICT DO NOTHING", flavor.Serial, project)
	if err == nil && changed == 0 {
		return nova.Errorf(nova.Conflict, "Flavor access already exists for flavor %d and project %s combination.", flavor.Serial, project)
	}
	return orGone(err, flavor)
}

// RemoveFlavorAccess ends a project's access to a private flavor: NotFound if it has
// none.
func (s *Store) RemoveFlavorAccess(ctx context.Context, flavor nova.Flavor, project string) error {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM flavor_access WHERE flavor_id = ? AND project_id = ?", flavor.Serial, project)
	if err == nil && changed == 0 {
		return nova.Errorf(nova.NotFound, "Flavor access not found for %d / %s combination.", flavor.Serial, project)
	}
	return err
}
