package nova

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// An AuditCycle is how long the periods are for which the usage of servers is told,
// and where in the year, month, day or hour they begin. The zero value is a month
// from its first day.
type AuditCycle struct {
	unit  string
	begin int // a month, a day, an hour or a minute
}

// auditUnits are the lengths of a cycle, with the bounds of where one begins. A day
// after the 28th is not in every month; Nova takes it, and fails in February.
var auditUnits = map[string]struct{ first, last int }{"year": {1, 12}, "month": {1, 28}, "day": {0, 23}, "hour": {0, 59}}

// ParseAuditCycle reads a cycle in the form of nova.conf: "month", or "month@15" if
// it begins on the 15th.
func ParseAuditCycle(text string) (AuditCycle, error) {
	unit, offset, found := strings.Cut(text, "@")
	bounds, known := auditUnits[unit]
	if !known {
		return AuditCycle{}, errors.New("want hour, day, month or year, with @ and a number if it does not begin with the first")
	}
	begin := bounds.first
	if found {
		number, err := strconv.ParseUint(offset, 10, 8)
		if err != nil || int(number) > bounds.last {
			return AuditCycle{}, errors.New("a cycle of one " + unit + " can't begin at " + offset)
		}
		begin = max(begin, int(number)) // Nova reads month@0 as month@1
	}
	return AuditCycle{unit, begin}, nil
}

// LastBefore is the period that was the last to be over before a time, in UTC. A
// period that ends at that very time is not over yet, as in last_completed_audit_period
// of nova/utils.py.
func (c AuditCycle) LastBefore(t time.Time) Period {
	t = t.UTC()
	year, month, day := t.Date()
	var stop time.Time
	var years, months, days int
	length := time.Duration(0)
	switch c.unit {
	case "year":
		stop, years = time.Date(year, time.Month(c.begin), 1, 0, 0, 0, 0, time.UTC), 1
	case "day":
		stop, days = time.Date(year, month, day, c.begin, 0, 0, 0, time.UTC), 1
	case "hour":
		stop, length = time.Date(year, month, day, t.Hour(), c.begin, 0, 0, time.UTC), time.Hour
	default:
		stop, months = time.Date(year, month, max(c.begin, 1), 0, 0, 0, 0, time.UTC), 1
	}
	back := func(at time.Time) time.Time { return at.AddDate(-years, -months, -days).Add(-length) }
	if !stop.Before(t) {
		stop = back(stop)
	}
	return Period{Start: back(stop), Stop: stop}
}
