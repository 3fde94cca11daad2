package volumedb

import (
	"context"
	"time"

	"github.com/nova-api/nova-api/db/rows"
)

// A Message tells the users of a project why something went wrong that they had
// been told was accepted.
type Message struct {
	Record
	ProjectID    string    `db:"project_id"`
	RequestID    string    `db:"request_id"`    // of the request that went wrong
	ResourceType string    `db:"resource_type"` // VOLUME or VOLUME_SNAPSHOT
	ResourceID   string    `db:"resource_id"`
	EventID      string    `db:"event_id"` // VOLUME_, the resource's type, and the numbers of what was done and of the reason
	Text         string    `db:"text"`
	ExpiresAt    time.Time `db:"expires_at"` // until then it is kept
}

var messages = kind[Message]{
	table:  "volume_messages",
	record: func(m *Message) *Record { return m.Common() },
	sortKeys: rows.SortKeys{
		"id": "id", "created_at": "created_at", "event_id": "event_id", "resource_type": "resource_type",
		"resource_uuid": "resource_id", "request_id": "request_id",
	},
}

// ExpireMessages removes the messages that have been kept long enough.
func (s *Store) ExpireMessages(ctx context.Context) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM volume_messages WHERE expires_at < ?", s.NowInSeconds())
	return err
}
