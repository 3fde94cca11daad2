package nova_test

import (
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestAuditCycle_LastBefore(t *testing.T) {
	t.Parallel()
	const form = "2006-01-02 15:04:05.999999"
	for _, c := range []struct{ cycle, before, start, stop string }{
		{"month", "2012-07-05 10:00:00", "2012-06-01 00:00:00", "2012-07-01 00:00:00"},
		{"month", "2012-07-01 00:00:00", "2012-05-01 00:00:00", "2012-06-01 00:00:00"},
		{"month", "2012-07-01 00:00:00.000001", "2012-06-01 00:00:00", "2012-07-01 00:00:00"},
		{"month", "2012-01-31 00:00:00", "2011-12-01 00:00:00", "2012-01-01 00:00:00"},
		{"month@0", "2012-02-01 00:00:00", "2011-12-01 00:00:00", "2012-01-01 00:00:00"},
		{"month@15", "2012-03-14 23:00:00", "2012-01-15 00:00:00", "2012-02-15 00:00:00"},
		{"month@28", "2012-03-31 00:00:00", "2012-02-28 00:00:00", "2012-03-28 00:00:00"},
		{"year", "2012-07-05 10:00:00", "2011-01-01 00:00:00", "2012-01-01 00:00:00"},
		{"year@8", "2012-07-05 10:00:00", "2010-08-01 00:00:00", "2011-08-01 00:00:00"},
		{"day", "2012-03-01 10:00:00", "2012-02-29 00:00:00", "2012-03-01 00:00:00"},
		{"day@18", "2012-03-01 10:00:00", "2012-02-28 18:00:00", "2012-02-29 18:00:00"},
		{"hour", "2012-03-01 10:20:30.5", "2012-03-01 09:00:00", "2012-03-01 10:00:00"},
		{"hour@30", "2012-03-01 00:20:00", "2012-02-29 22:30:00", "2012-02-29 23:30:00"},
	} {
		cycle, err := nova.ParseAuditCycle(c.cycle)
		if err != nil {
			t.Fatal(err)
		}
		before, err := time.Parse(form, c.before)
		if err != nil {
			t.Fatal(err)
		}
		// The clock of the process may be in any zone.
		period := cycle.LastBefore(before.In(time.FixedZone("far", 14*3600)))
		if start, stop := period.Start.Format(time.DateTime), period.Stop.Format(time.DateTime); start != c.start || stop != c.stop {
			t.Errorf("%s before %s: %s to %s, want %s to %s", c.cycle, c.before, start, stop, c.start, c.stop)
		}
	}
	for _, text := range []string{"", "week", "month@", "month@-1", "month@29", "year@13", "day@24", "hour@60", "day@1@2", "hour@ 1", "hour@999"} {
		if _, err := nova.ParseAuditCycle(text); err == nil {
			t.Errorf("%q is a cycle", text)
		}
	}
	month, err := nova.ParseAuditCycle("month")
	if err != nil {
		t.Fatal(err)
	}
	if now := time.Now(); month.LastBefore(now) != (nova.AuditCycle{}).LastBefore(now) {
		t.Error("no cycle is not a month")
	}
}
