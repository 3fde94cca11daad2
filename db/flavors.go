package db

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/pattern"
)

// The tags of nova.Flavor name its columns. flavorRow has them in the same order, and
// the extra specs.
var (
	flavorColumns = rows.List[nova.Flavor]()
	insertFlavor  = rows.Insert[nova.Flavor]("flavors", "id", "updated_at")
	flavorRow     = rows.NewLayout(func(f *nova.Flavor) []any {
		return []any{
			&f.Serial, &f.ID, &f.Name, &f.RAM, &f.VCPUs, &f.Disk, &f.Ephemeral, &f.Swap, &f.RxTx, &f.VCPUWeight,
			&f.Disabled, &f.Public, &f.Description, &f.CreatedAt, &f.UpdatedAt, rows.Shared(&f.ExtraSpecs),
		}
	}, append(rows.Columns[nova.Flavor](), "(SELECT $object(name, value) FROM flavor_extra_specs WHERE flavor_id = flavors.id)")...)
)

// A FlavorFilter selects the flavors of a list.
type FlavorFilter struct {
	Public       *bool           // nil for all
	AccessFor    string          // with Public true: also the private flavors that this project may use
	MinRAM       int             // MB
	MinDisk      int             // GB
	WithDisabled bool            // disabled flavors are listed too
	Name         pattern.Pattern // anywhere in the name
}

// flavorSorts are the sort keys of flavors.
var flavorSorts = rows.SortKeys{
	"flavorid": "flavorid", "id": "id", "name": "name", "memory_mb": "memory_mb", "root_gb": "root_gb",
	"ephemeral_gb": "ephemeral_gb", "swap": "swap", "vcpus": "vcpus", "vcpu_weight": "vcpu_weight",
	"rxtx_factor": "rxtx_factor", "disabled": "disabled", "is_public": "is_public",
	"description": "COALESCE(description, '')", "created_at": "created_at", "updated_at": "COALESCE(updated_at, created_at)",
}

// Flavors lists flavors with their extra specs, ordered by ID unless the page says
// otherwise. An unknown marker gives an empty list. A list that takes too long is
// Unavailable.
func (s *Store) Flavors(ctx context.Context, f FlavorFilter, p nova.Page) ([]nova.Flavor, error) {
	q := f.query(s.DB)
	if len(p.Sort) == 0 {
		p.Sort = []nova.Sort{{Key: "flavorid"}}
	}
	order, err := flavorSorts.Keyset(&q, rows.KeysetTable{Name: "flavors", Marker: "flavorid", Serial: "id"}, p)
	if err != nil {
		return nil, err
	}
	flavors, err := readFlavors(ctx, s.Lists(), "WHERE "+q.Where()+" ORDER BY "+order+" LIMIT ?", append(q.Args, p.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list flavors: %w", err)
	}
	return flavors, nil
}

// readFlavors reads flavors with their extra specs, in one query.
func readFlavors(ctx context.Context, d *rows.DB, which string, args ...any) ([]nova.Flavor, error) {
	flavors, err := rows.Scan(ctx, d, flavorRow, "FROM flavors "+which, args...)
	for i := range flavors {
		if flavors[i].ExtraSpecs == nil {
			flavors[i].ExtraSpecs = map[string]string{}
		}
	}
	return flavors, err
}

func (f FlavorFilter) query(d *rows.DB) rows.Query {
	var q rows.Query
	switch {
	case f.Public == nil:
	case *f.Public && f.AccessFor != "":
		q.And(`(is_public = ? OR id IN (SELECT flavor_id FROM flavor_access WHERE project_id = ?))`, true, f.AccessFor)
	default:
		q.And("is_public = ?", *f.Public)
	}
	if !f.WithDisabled {
		q.And("disabled = ?", false)
	}
	if f.MinRAM > 0 {
		q.And("memory_mb >= ?", f.MinRAM)
	}
	if f.MinDisk > 0 {
		q.And("root_gb >= ?", f.MinDisk)
	}
	if !f.Name.IsEmpty() {
		q.And(d.Matches("name", f.Name))
	}
	return q
}

// Flavor finds a flavor by its ID: NotFound if there is none.
func (s *Store) Flavor(ctx context.Context, id string) (nova.Flavor, error) {
	var q rows.Query
	q.And("flavorid = ?", id)
	return s.flavor(ctx, q, id)
}

// FlavorFor finds a flavor that a caller may use: a public one, or one that the
// caller's project was given access to. Administrators may use every flavor. The
// error is NotFound if there is none, or none for the caller.
func (s *Store) FlavorFor(ctx context.Context, caller nova.Caller, id string) (nova.Flavor, error) {
	if caller.Admin {
		return s.Flavor(ctx, id)
	}
	q := FlavorFilter{Public: new(true), AccessFor: caller.ProjectID, WithDisabled: true}.query(s.DB)
	q.And("flavorid = ?", id)
	return s.flavor(ctx, q, id)
}

func (s *Store) flavor(ctx context.Context, q rows.Query, id string) (nova.Flavor, error) {
	flavors, err := readFlavors(ctx, s.DB, "WHERE "+q.Where(), q.Args...)
	if err != nil {
		return nova.Flavor{}, fmt.Errorf("find flavor: %w", err)
	}
	if len(flavors) == 0 {
		return nova.Flavor{}, nova.Errorf(nova.NotFound, "Flavor %s could not be found.", id)
	}
	return flavors[0], nil
}

// LockFlavor keeps others from changing a flavor until the transaction ends. One that
// there is not is locked for nobody.
func (s *Store) LockFlavor(ctx context.Context, id string) error {
	_, err := rows.All[int64](ctx, s.DB, "SELECT id FROM flavors WHERE flavorid = ? "+s.ForUpdate(), id)
	return err
}

// CreateFlavor writes a flavor: Conflict if its ID or its name is taken.
func (s *Store) CreateFlavor(ctx context.Context, f nova.Flavor) (nova.Flavor, error) {
	f.CreatedAt = s.Now()
	q, args, err := rows.Named(insertFlavor+" ON CONFLICT DO NOTHING RETURNING "+flavorColumns, f)
	if err != nil {
		return f, err
	}
	created, err := rows.Put[nova.Flavor](ctx, s.DB, q, args...)
	if nova.Is(err, nova.NotFound) {
		return f, s.takenFlavor(ctx, f)
	}
	created.ExtraSpecs = map[string]string{}
	return created, err
}

// takenFlavor returns the Conflict of a flavor whose ID or name is taken.
func (s *Store) takenFlavor(ctx context.Context, f nova.Flavor) error {
	_, err := s.Flavor(ctx, f.ID)
	if err == nil {
		return nova.Errorf(nova.Conflict, "Flavor with ID %s already exists.", f.ID)
	}
	if !nova.Is(err, nova.NotFound) {
		return err
	}
	return nova.Errorf(nova.Conflict, "Flavor with name %s already exists.", f.Name)
}

// DescribeFlavor changes the description of a flavor: NotFound if there is none.
// Nothing else of a flavor can change.
func (s *Store) DescribeFlavor(ctx context.Context, id string, description *string) (nova.Flavor, error) {
	changed, err := rows.Exec(ctx, s.DB, "UPDATE flavors SET description = ?, updated_at = ? WHERE flavorid = ?", description, s.Now(), id)
	if err != nil {
		return nova.Flavor{}, err
	}
	if changed == 0 {
		return nova.Flavor{}, nova.Errorf(nova.NotFound, "Flavor %s could not be found.", id)
	}
	return s.Flavor(ctx, id)
}

// DeleteFlavor deletes a flavor: NotFound if there is none. Servers keep copies of
// their flavors.
func (s *Store) DeleteFlavor(ctx context.Context, id string) error {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM flavors WHERE flavorid = ?", id)
	if err == nil && changed == 0 {
		return nova.Errorf(nova.NotFound, "Flavor %s could not be found.", id)
	}
	return err
}
