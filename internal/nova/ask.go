package nova

// An Ask is a question to the process of a host.
type Ask struct {
	Serial   int64   `db:"id"`
	Host     string  `db:"host"`
	Question string  `db:"question"`
	ServerID string  `db:"server_uuid"`
	Args     string  `db:"args"`     // JSON
	Asker    string  `db:"asker"`    // the queue that is woken by the answer
	Answerer string  `db:"answerer"` // the process that answers; empty for none yet
	Reply    *string `db:"reply"`    // JSON; nil if there is none yet, or a fault
	Fault    *string `db:"fault"`    // JSON; nil if there is none
	Trace    string  `db:"trace"`    // where in its trace the request that asks is; empty for none
}

// AskQueue is the queue of the questions to a host.
func AskQueue(host string) string { return "ask " + host }
