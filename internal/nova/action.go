package nova

import "time"

// An Action is something that was done to a server, or is being done: the
// record that the API shows, and the piece of work that a worker claims.
type Action struct {
	Serial    int64
	ServerID  string
	Name      string // as the API shows it: "start", "createImage", …
	RequestID string
	UserID    string
	ProjectID string
	StartTime time.Time
	UpdatedAt *time.Time
	Message   *string // "Error" if it failed

	FinishTime *time.Time
	Queue      string // a host's name, or QueueSchedule
	Step       string // what has been begun
	Args       []byte // JSON; what it needs is the action's own business
	Owner      string
	Attempt    int

	Events []ActionEvent
}

// QueueSchedule is the queue of what no host has been found for yet.
const QueueSchedule = "schedule"

// An ActionEvent is a part of an action, as a worker carried it out.
type ActionEvent struct {
	Serial     int64      `db:"id"`
	ActionID   int64      `db:"action_id"`
	Event      string     `db:"event"`
	Host       string     `db:"host"`
	StartTime  time.Time  `db:"start_time"`
	FinishTime *time.Time `db:"finish_time"`
	Result     *string    `db:"result"` // Success or Error; nil while it runs
	Traceback  *string    `db:"traceback"`
	Details    *string    `db:"details"`
}

// The results of an event, and what an action says of its failure.
const (
	EventSuccess  = "Success"
	EventError    = "Error"
	ActionMessage = "Error"
)
