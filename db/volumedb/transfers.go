package volumedb

import "github.com/nova-api/nova-api/db/rows"

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
