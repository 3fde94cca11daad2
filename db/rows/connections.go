package rows

import (
	"github.com/jmoiron/sqlx"

	"github.com/nova-api/nova-api/internal/nova"
)

// Connections tells of each pool of connections to the database what is going on
// there.
func (s *DB) Connections() map[string]nova.Connections {
	pools := map[string]*sqlx.DB{"write": s.write, "lists": s.lists}
	if s.read != s.write {
		pools["read"] = s.read
	}
	told := make(map[string]nova.Connections, len(pools))
	for name, pool := range pools {
		stats := pool.Stats()
		told[name] = nova.Connections{Open: stats.OpenConnections, Busy: stats.InUse, Waited: stats.WaitDuration}
	}
	return told
}
