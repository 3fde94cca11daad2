package rows

import (
	"github.com/jmoiron/sqlx"

	"github.com/nova-api/nova-api/internal/nova"
)

// Connections tells of each pool of connections to the database what is going on
// there.
func (d *DB) Connections() map[string]nova.Connections {
	pools := map[string]*sqlx.DB{"write": d.write, "lists": d.lists}
	if d.read != d.write {
		pools["read"] = d.read
	}
	told := make(map[string]nova.Connections, len(pools))
	for name, pool := range pools {
		stats := pool.Stats()
		told[name] = nova.Connections{Open: stats.OpenConnections, Busy: stats.InUse, Waited: stats.WaitDuration}
	}
	return told
}
