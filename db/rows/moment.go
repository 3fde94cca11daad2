package rows

import (
	"fmt"
	"time"
)

// Moment is the SQL for the time that lies d from now, for what processes must
// agree on although their own clocks differ: leases, heartbeats, deadlines. On
// PostgreSQL it is the database's clock. SQLite has one process, so that
// process's clock will do; and so does the clock that a test has set.
func (s *DB) Moment(d time.Duration) string {
	if s.dialect.name == "postgres" && s.ownClock {
		return fmt.Sprintf("now() + interval '%d microseconds'", d.Microseconds())
	}
	return s.Now().Add(d).Format("'2006-01-02 15:04:05.999999-07:00'")
}
