package volumedb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

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

// TakeBack has no type promise something any more.
func (s *Store) TakeBack(ctx context.Context, qosID string) error {
	_, err := rows.Exec(ctx, s.DB, "UPDATE volume_types SET qos_id = NULL WHERE qos_id = ?", qosID)
	return err
}
