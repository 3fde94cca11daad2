package nova

import "time"

// A Queue is what is to be done by a host's workers, or by the schedulers.
type Queue struct {
	Name    string
	Actions int           // that are not over
	Waiting int           // of these, that no worker has
	Oldest  time.Duration // since the first of them was begun
	Overdue time.Duration // since the first lease ended that nobody has taken over; 0 for none
}

// An Outbox is what the message bus is still to be told of.
type Outbox struct {
	Waiting int
	Oldest  time.Duration // since the first of them happened; 0 for none
}

// Connections are those of a pool to the database.
type Connections struct {
	Open   int
	Busy   int
	Waited time.Duration // of all callers since the start
}
