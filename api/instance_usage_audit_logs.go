package api

import (
	"context"
	"regexp"
	"slices"
	"time"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// InstanceUsageAuditLogs answers for /os-instance_usage_audit_log: how far the hosts
// have come with telling of the usage of their servers in a period. No host here does
// so, as with Nova's instance_usage_audit = false, which is its default.
type InstanceUsageAuditLogs struct{ Options }

// Operations are the operations on audits.
func (c *InstanceUsageAuditLogs) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.Do(c.index).Query(schema.NoQuery).Needs(policy.InstanceUsageAuditLogList),
		"show":  rest.Do(c.show).Query(schema.NoQuery).Needs(policy.InstanceUsageAuditLogShow),
	}
}

// index shows the audits of the last period that is over.
func (c *InstanceUsageAuditLogs) index(ctx context.Context, _ *rest.Request) (any, error) {
	audited, err := c.auditedHosts(ctx)
	if err != nil {
		return nil, err
	}
	return views.InstanceUsageAuditLogs{}.Index(c.AuditCycle.LastBefore(c.Store.Now()), audited), nil
}

// show shows the audits of the last period that was over before a time.
func (c *InstanceUsageAuditLogs) show(ctx context.Context, r *rest.Request) (any, error) {
	invalid := nova.Errorf(nova.Invalid, "Invalid timestamp for date %s", r.ID())
	before, ok := auditTime(r.ID())
	if !ok {
		return nil, invalid
	}
	period := c.AuditCycle.LastBefore(before)
	if period.Start.Year() < 1 { // which Python can't write: Nova answers 500
		return nil, invalid
	}
	audited, err := c.auditedHosts(ctx)
	if err != nil {
		return nil, err
	}
	return views.InstanceUsageAuditLogs{}.Show(period, audited), nil
}

// auditedHosts are the hosts that have or may have servers, in order: those of all
// compute services, be they disabled or down.
func (c *InstanceUsageAuditLogs) auditedHosts(ctx context.Context) ([]string, error) {
	services, err := c.Hosts.Services(ctx, db.ServiceFilter{Binary: hosts.BinaryCompute})
	names := make([]string, len(services))
	for i, s := range services {
		names[i] = s.Host
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// auditForm is how a time is written in the path: in UTC, and with or without the
// fraction of a second.
var auditForm = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2}| [1-9])\s+(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?$`)

// auditTime reads the time before which a period is to be over.
func auditTime(text string) (time.Time, bool) {
	parts := auditForm.FindStringSubmatch(text)
	if parts == nil {
		return time.Time{}, false
	}
	return timeOf(parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7])
}
