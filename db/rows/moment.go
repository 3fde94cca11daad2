package rows

import (
	"fmt"
	"time"
)

// Moment is the SQL for the time that lies d from now, for what processes must
// agree on although their own clocks differ: leases, heartbeats, deadlines. It is
// the database's clock, and so the same text whenever it is asked for: a statement
// with it is prepared once. A test that has set another clock gets that one.
func (s *DB) Moment(d time.Duration) string {
	switch {
	case !s.ownClock:
		return s.Now().Add(d).Format("'2006-01-02 15:04:05.999999-07:00'")
	case s.dialect.name == "postgres":
		return fmt.Sprintf("now() + interval '%d microseconds'", d.Microseconds())
	}
	return fmt.Sprintf("strftime('%%Y-%%m-%%d %%H:%%M:%%f+00:00', 'now', '%+.3f seconds')", d.Seconds())
}
