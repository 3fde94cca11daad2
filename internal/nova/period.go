package nova

import "time"

// A Period is a span of time for which usage is told.
type Period struct{ Start, Stop time.Time }

// Hours is how long a server was there within the period, in hours: from its
// launch to its end. A server that was never launched was not there. The result
// is negative for a period that has not begun, as in Nova.
func (p Period) Hours(s Server) float64 {
	if s.LaunchedAt == nil {
		return 0
	}
	start, stop := p.Start, p.Stop
	if s.LaunchedAt.After(start) {
		start = *s.LaunchedAt
	}
	if s.TerminatedAt != nil && s.TerminatedAt.Before(stop) {
		stop = *s.TerminatedAt
	}
	// Nova divides seconds that have no more than microseconds.
	seconds := float64(stop.Sub(start).Microseconds()) / 1e6
	return seconds / 3600
}
