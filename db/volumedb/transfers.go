package volumedb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// A Transfer offers a volume to the project whose user knows the key. It is there
// until somebody has accepted it, or it is withdrawn.
type Transfer struct {
	Record
	VolumeID    string  `db:"volume_id"`
	ProjectID   string  `db:"project_id"` // that offers the volume
	Name        *string `db:"name"`
	KeyHash     string  `db:"key_hash"`     // SHA-256 of the key, in hexadecimal digits
	NoSnapshots bool    `db:"no_snapshots"` // whether the volume's snapshots stay
}

var transfers = kind[Transfer]{
	table:  "volume_transfers",
	record: func(t *Transfer) *Record { return t.Common() },
	sortKeys: rows.SortKeys{
		"id": "id", "created_at": "created_at", "updated_at": "COALESCE(updated_at, created_at)", "name": "COALESCE(name, '')", "volume_id": "volume_id",
	},
}

// A Qos is what volumes are promised of speed: names and values that hypervisors or
// backends know.
type Qos struct {
	Record
	Name     string            `db:"name"`
	Consumer string            `db:"consumer"` // front-end, back-end or both
	Specs    map[string]string `db:"-"`
}

var qos = kind[Qos]{
	table:  "volume_qos",
	record: func(q *Qos) *Record { return q.Common() },
	sortKeys: rows.SortKeys{
		"id": "id", "name": "name", "created_at": "created_at", "updated_at": "COALESCE(updated_at, created_at)", "consumer": "consumer",
	},
	properties: []propertyTable[Qos]{{"volume_qos_specs", func(q *Qos) *map[string]string { return &q.Specs }}},
}

// TypesWith lists the types that promise something, by their names.
func (s *Store) TypesWith(ctx context.Context, qosID string) ([]Type, error) {
	return rows.All[Type](ctx, s.DB, "SELECT "+rows.List[Type]()+" FROM volume_types WHERE qos_id = ? ORDER BY name", qosID)
}

// Promise has types promise something, or nothing if it is nil: one, or all that
// promise what was.
func (s *Store) Promise(ctx context.Context, to, was *string, typeID string) error {
	var err error
	if was != nil {
		_, err = rows.Exec(ctx, s.DB, "UPDATE volume_types SET qos_id = ? WHERE qos_id = ?", to, was)
	} else {
		_, err = rows.Exec(ctx, s.DB, "UPDATE volume_types SET qos_id = ? WHERE id = ?", to, typeID)
	}
	return err
}
