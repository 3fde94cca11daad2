package volumedb

import (
	"context"
	"time"

	"github.com/nova-api/nova-api/db/rows"
)

// A Type is a sort of volumes, such as those that several servers may have at
// once.
type Type struct {
	Record
	Name        string            `db:"name"`
	Description *string           `db:"description"`
	IsPublic    bool              `db:"is_public"`
	QosID       *string           `db:"qos_id"`
	Specs       map[string]string `db:"-"` // the extra specs

	Encryption rows.JSON[*Encryption] `db:"encryption"` // nil: volumes aren't encrypted
}

// Encryption is how the volumes of a type are to be encrypted.
type Encryption struct {
	ID        string     `json:"encryption_id"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt *time.Time `json:"updated_at"` // nil until the first change
	Provider  string     `json:"provider"`   // the name of what encrypts, such as luks
	Location  string     `json:"control_location"`
	Cipher    *string    `json:"cipher"`
	KeySize   *int64     `json:"key_size"` // bits
}

var types = kind[Type]{
	table:  "volume_types",
	record: func(t *Type) *Record { return t.Common() },
	sortKeys: rows.SortKeys{
		"id": "id", "name": "name", "created_at": "created_at", "updated_at": "COALESCE(updated_at, created_at)",
		"is_public": "is_public", "description": "COALESCE(description, '')",
		"qos_specs_id": "COALESCE(qos_id, '')",
	},
	properties: []propertyTable[Type]{{"volume_type_specs", func(t *Type) *map[string]string { return &t.Specs }}},
}

// UsableBy is the condition that a project may use a type.
func UsableBy(project string) Condition {
	return Condition{"(is_public OR id IN (SELECT type_id FROM volume_type_projects WHERE project_id = ?))", []any{project}}
}

// zonesSpec lists the zones of a type's volumes, with commas between them.
const zonesSpec = "RESKEY:availability_zones"

// HasSpec is the condition that a type has an extra spec. The zones need only be among
// those of the type.
func HasSpec(name, value string) Condition {
	if name == zonesSpec {
		among := Contains("value", value)
		return Condition{"id IN (SELECT owner_id FROM volume_type_specs WHERE name = ? AND " + among.sql + ")", append([]any{name}, among.args...)}
	}
	return hasProperty("volume_type_specs", name, value)
}

// HasVolumes reports whether a volume has a type. While the type is locked, none gets it.
func (s *Store) HasVolumes(ctx context.Context, typeID string) (bool, error) {
	number, err := rows.Get[int64](ctx, s.DB, "SELECT COUNT(*) FROM (SELECT 1 FROM volume_volumes WHERE type_id = ? LIMIT 1) AS one", typeID)
	return number > 0, err
}

// ProjectsOf lists the projects that may use a type that isn't public.
func (s *Store) ProjectsOf(ctx context.Context, typeID string) ([]string, error) {
	return rows.All[string](ctx, s.DB, "SELECT project_id FROM volume_type_projects WHERE type_id = ? ORDER BY project_id", typeID)
}

// AddProject lets a project use a type, and reports false if it might before.
func (s *Store) AddProject(ctx context.Context, typeID, project string) (bool, error) {
	changed, err := rows.Exec(ctx, s.DB, "INSERT INTO volume_type_projects (type_id, project_id) VALUES (?, ?) ON CONFLICT DO NOTHING", typeID, project)
	return changed > 0, err
}

// RemoveProject ends that, and reports false if it might not.
func (s *Store) RemoveProject(ctx context.Context, typeID, project string) (bool, error) {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM volume_type_projects WHERE type_id = ? AND project_id = ?", typeID, project)
	return changed > 0, err
}
