package volumedb

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/rows"
)

// A Volume is a disk of its own.
type Volume struct {
	Record
	ProjectID        string            `db:"project_id"`
	UserID           string            `db:"user_id"`
	Name             *string           `db:"name"`
	Description      *string           `db:"description"`
	Status           string            `db:"status"`
	PreviousStatus   string            `db:"previous_status"`
	AttachStatus     string            `db:"attach_status"` // attached or detached
	MigrationStatus  *string           `db:"migration_status"`
	Size             int64             `db:"size"`     // GB
	Reserved         int64             `db:"reserved"` // GB more that it is being extended by
	AvailabilityZone string            `db:"availability_zone"`
	TypeID           string            `db:"type_id"`
	SnapshotID       *string           `db:"snapshot_id"`
	SourceID         *string           `db:"source_id"` // the volume of which it was made
	Bootable         bool              `db:"bootable"`
	Multiattach      bool              `db:"multiattach"`
	Readonly         *bool             `db:"readonly"` // nil until somebody has said so
	Folder           string            `db:"folder"`   // where the data is
	TypeName         string            `db:"-"`
	Metadata         map[string]string `db:"-"`
	ImageMetadata    map[string]string `db:"-"` // what the image says of which it was made
}

var volumes = kind[Volume]{
	table:  "volume_volumes",
	record: func(v *Volume) *Record { return v.Common() },
	sortKeys: rows.SortKeys{
		"id": "id", "name": "COALESCE(name, '')", "status": "status", "size": "size", "created_at": "created_at",
		"updated_at": "COALESCE(updated_at, created_at)", "bootable": "bootable", "availability_zone": "availability_zone",
		"volume_type_id": "type_id", "user_id": "user_id", "project_id": "project_id", "display_description": "COALESCE(description, '')",
		"attach_status": "attach_status", "previous_status": "previous_status", "migration_status": "COALESCE(migration_status, '')",
		"multiattach": "multiattach", "snapshot_id": "COALESCE(snapshot_id, '')", "source_volid": "COALESCE(source_id, '')", "host": "folder",
		// All volumes are equal in these.
		"group_id": "serial", "consistencygroup_id": "serial", "cluster_name": "serial", "replication_status": "serial",
		"encryption_key_id": "serial", "use_quota": "serial", "service_uuid": "serial",
	},
	properties: []propertyTable[Volume]{
		{metadata, func(v *Volume) *map[string]string { return &v.Metadata }},
		{imageMetadata, func(v *Volume) *map[string]string { return &v.ImageMetadata }},
	},
	load: loadVolumes,
}

// The tables with names and values of volumes and snapshots.
const (
	metadata         = "volume_metadata"
	imageMetadata    = "volume_image_metadata"
	snapshotMetadata = "volume_snapshot_metadata"
)

// loadVolumes adds the names of the volumes' types.
func loadVolumes(ctx context.Context, d *rows.DB, found []Volume) error {
	named, err := rows.All[struct{ ID, Name string }](ctx, d, "SELECT id, name FROM volume_types")
	if err != nil {
		return fmt.Errorf("list types of volumes: %w", err)
	}
	names := map[string]string{}
	for _, t := range named {
		names[t.ID] = t.Name
	}
	for i := range found {
		found[i].TypeName = names[found[i].TypeID]
	}
	return nil
}

// Equal is the condition that a column has a value. The column comes from a table
// in code, never from a client.
func Equal(column string, value any) Condition { return Condition{column + " = ?", []any{value}} }

// IsNull is the condition that a column has no value.
func IsNull(column string) Condition { return Condition{column + " IS NULL", nil} }

// In is the condition that a column has one of some values; no values fit nothing.
func In[V any](column string, values []V) Condition {
	if len(values) == 0 {
		return Condition{"1 = 0", nil}
	}
	return Condition{column + " IN (?)", []any{values}}
}

// Nothing is the condition that no resource fulfils.
func Nothing() Condition { return Condition{"1 = 0", nil} }

// Contains is the condition that a text contains another, whatever the case of
// both.
func Contains(column, text string) Condition {
	text = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text)
	return Condition{"LOWER(" + column + `) LIKE LOWER(?) ESCAPE '\'`, []any{"%" + text + "%"}}
}

// Compare is the condition that a time is before, at or after another. A resource
// that was never changed has no updated_at, which fits nothing.
func Compare(column, op string, at time.Time) (Condition, error) {
	if !slices.Contains([]string{"=", "!=", "<", "<=", ">", ">="}, op) {
		return Condition{}, fmt.Errorf("compare %s by %q", column, op) // both come from tables in code
	}
	return Condition{column + " " + op + " ?", []any{at}}, nil
}

// HasMetadata is the condition that a volume has a value in its metadata.
func HasMetadata(name, value string) Condition { return hasProperty(metadata, name, value) }

// HasImageMetadata is the same for the metadata of the volume's image.
func HasImageMetadata(name, value string) Condition { return hasProperty(imageMetadata, name, value) }

func hasProperty(table, name, value string) Condition {
	return Condition{"id IN (SELECT owner_id FROM " + table + " WHERE name = ? AND value = ?)", []any{name, value}}
}

// Everything is the condition that every resource fulfils.
func Everything() Condition { return Condition{"1 = 1", nil} }

// All is the condition that several hold.
func All(conditions []Condition) Condition {
	var q rows.Query
	for _, c := range conditions {
		q.And(c.sql, c.args...)
	}
	return Condition{"(" + q.Where() + ")", q.Args}
}
