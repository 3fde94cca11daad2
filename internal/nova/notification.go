package nova

import "time"

// QueueNotifications is the queue that whoever sends notifications listens to.
const QueueNotifications = "notifications"

// A Notification tells the operator's other programs, over a message bus, of
// something that has happened.
type Notification struct {
	Serial    int64     `db:"id"`
	Subject   string    `db:"subject"`    // what it is about: those of one subject are sent in order
	EventType string    `db:"event_type"` // such as instance.create.end
	Priority  string    `db:"priority"`   // INFO or ERROR
	Message   string    `db:"message"`    // JSON
	CreatedAt time.Time `db:"created_at"`
}
