package nova

import (
	"testing"
	"time"
)

func TestPeriod_Hours(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	at := func(minutes int) *time.Time { return new(noon.Add(time.Duration(minutes) * time.Minute)) }
	period := Period{noon, noon.Add(2 * time.Hour)}
	for name, c := range map[string]struct {
		period            Period
		launched, stopped *time.Time
		want              float64
	}{
		"all the time":         {period, at(-60), nil, 2},
		"ends afterwards":      {period, at(-60), at(180), 2},
		"launched within":      {period, at(30), nil, 1.5},
		"ended within":         {period, at(-60), at(45), 0.75},
		"launched and ended":   {period, at(15), at(30), 0.25},
		"never launched":       {period, nil, nil, 0},
		"period to come":       {Period{*at(60), noon}, at(-60), nil, -1},
		"36 seconds":           {Period{noon, noon.Add(36 * time.Second)}, at(-60), nil, 0.01},
		"digits of no meaning": {Period{noon, noon.Add(time.Hour + 999)}, at(-60), nil, 1},
	} {
		if got := c.period.Hours(Server{LaunchedAt: c.launched, TerminatedAt: c.stopped}); got != c.want {
			t.Errorf("%s: %v hours, want %v", name, got, c.want)
		}
	}
}
