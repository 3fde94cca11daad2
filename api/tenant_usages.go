package api

import (
	"context"
	"regexp"
	"time"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// TenantUsages answers for /os-simple-tenant-usage: for how long projects have
// used processors, memory and disk.
type TenantUsages struct{ Options }

// Operations are the operations on usage. Nova does not ask whether the project
// in the path exists: one without servers has used nothing.
func (c *TenantUsages) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.Do(c.index).Query(schema.TenantUsagesQuery).Needs(policy.TenantUsageList).Long(),
		"show":  rest.On(projectInPath, c.show).Query(schema.TenantUsageQuery).Needs(policy.TenantUsageShow),
	}
}

// index shows the usage of all projects.
func (c *TenantUsages) index(ctx context.Context, r *rest.Request) (any, error) {
	view, servers, err := c.used(ctx, r, "")
	if err != nil {
		return nil, err
	}
	return view.Index(r, servers, r.First("detailed") == "1"), nil
}

// show shows the usage of a project, and of each of its servers.
func (c *TenantUsages) show(ctx context.Context, r *rest.Request, p project) (any, error) {
	view, servers, err := c.used(ctx, r, string(p))
	if err != nil {
		return nil, err
	}
	return view.Show(r, string(p), servers), nil
}

// used finds the servers on the page, of a project or of all if it is empty, for
// the period that the query names.
func (c *TenantUsages) used(ctx context.Context, r *rest.Request, of string) (views.TenantUsages, []nova.Server, error) {
	now := c.Store.Now().UTC().Truncate(time.Microsecond)
	view := views.TenantUsages{Now: now}
	period, err := usagePeriod(r, now)
	if err != nil {
		return view, nil, err
	}
	if r.Has("marker") && r.Last("marker") == "" {
		return view, nil, nova.Errorf(nova.Invalid, "Marker  could not be found.")
	}
	servers, err := c.Store.UsedServers(ctx, period, of, r.Page())
	view.Period = period
	return view, servers, err
}

// usagePeriod is the period from start to end, either of which is now if it is
// left out. Its end is not after now.
func usagePeriod(r *rest.Request, now time.Time) (nova.Period, error) {
	start, err := usageTime(r.First("start"), now.Add(-time.Microsecond)) // Nova has read its clock before
	if err != nil {
		return nova.Period{}, err
	}
	stop, err := usageTime(r.First("end"), now)
	if err != nil {
		return nova.Period{}, err
	}
	if !start.Before(stop) {
		return nova.Period{}, nova.Errorf(nova.Invalid, "Invalid start time. The start time cannot occur after the end time.")
	}
	if stop.After(now) {
		stop = now
	}
	return nova.Period{Start: start, Stop: stop}, nil
}

// usageForm is how start and end are written: without a zone, in UTC, and with a
// space instead of the T only before a fraction. Python's strptime, with which
// Nova reads them, asks for no leading zeros.
var usageForm = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2}| [1-9])(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?|` +
	`\s+(\d{1,2}):(\d{1,2}):(\d{1,2})\.(\d{1,6}))$`)

// usageTime reads a start or an end; an empty one is the default.
func usageTime(text string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	invalid := nova.Errorf(nova.Invalid, "Invalid datetime string: Datetime is in invalid format")
	parts := usageForm.FindStringSubmatch(text)
	if parts == nil {
		return time.Time{}, invalid
	}
	clock := parts[4:8]
	if clock[0] == "" {
		clock = parts[8:]
	}
	at, ok := timeOf(parts[1], parts[2], parts[3], clock[0], clock[1], clock[2], clock[3])
	if !ok {
		return time.Time{}, invalid
	}
	return at, nil
}
