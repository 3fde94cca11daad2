package nova

import (
	"strconv"
	"time"
)

// An Action is something that was done to a server, or is being done: the
// record that the API shows, and the piece of work that a worker claims.
type Action struct {
	Serial     int64      `db:"id"`
	ServerID   string     `db:"server_uuid"`
	Name       string     `db:"action"` // as the API shows it: "start", "createImage", …
	RequestID  string     `db:"request_id"`
	UserID     string     `db:"user_id"`
	ProjectID  string     `db:"project_id"`
	StartTime  time.Time  `db:"start_time"`
	UpdatedAt  *time.Time `db:"updated_at"`
	FinishTime *time.Time `db:"finish_time"`
	Message    *string    `db:"message"` // "Error" if it failed

	Verb      string `db:"verb"`      // what a worker does; empty for what was done at once
	Exclusive bool   `db:"exclusive"` // no other exclusive action may be under way on the server
	Queue     string `db:"queue"`     // a host's name, or QueueSchedule
	Step      string `db:"step"`      // the step that has been begun; empty at first
	Args      string `db:"args"`      // JSON: what the verb was told
	Progress  string `db:"progress"`  // JSON: what its steps have come to
	Owner     string `db:"owner"`     // the worker that has it; empty for none
	Attempt   int    `db:"attempt"`   // how often it has been claimed
	Trace     string `db:"trace"`     // where in its trace the request that asked for it is; empty for none

	Events []ActionEvent `db:"-"`
}

// QueueSchedule is the queue of what no host has been found for yet.
const QueueSchedule = "schedule"

// NetworkQueue is the queue of a host's servers whose network has changed.
func NetworkQueue(host string) string { return "network " + host }

// ReimageQueue is the queue of who waits until an image is written over a volume.
func ReimageQueue(volumeID string) string { return "reimage " + volumeID }

// EndQueue is the queue of who waits for the end of an action.
func EndQueue(serial int64) string { return "end " + strconv.FormatInt(serial, 10) }

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
