package nova

// A Leftover is what a host has of a server that is not its own any more.
type Leftover struct {
	Serial    int64  `db:"id"`
	ServerID  string `db:"server_uuid"`
	Host      string `db:"host"`
	Migration string `db:"migration"` // that of the evacuation; empty for none
}

// LeftoverQueue is the queue of what a host has left of servers of others.
func LeftoverQueue(host string) string { return "left on " + host }
