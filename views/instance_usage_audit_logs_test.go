package views

import (
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestInstanceUsageAuditLogs_EveryVersion(t *testing.T) {
	t.Parallel()
	period := nova.Period{Start: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Stop: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	var v InstanceUsageAuditLogs
	everyVersion(t, "instance_usage_audit_logs", nil, func(Request) Dict { return v.Index(period, []string{"fake-1", "fake-2"}) })
	everyVersion(t, "instance_usage_audit_log", nil, func(Request) Dict { return v.Show(period, []string{}) })
}
