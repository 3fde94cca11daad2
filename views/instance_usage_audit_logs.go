package views

import (
	"fmt"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

// InstanceUsageAuditLogs renders how far hosts have come with telling of usage, when
// none of them has begun.
type InstanceUsageAuditLogs struct{}

// Index renders the audits of the last period.
func (v InstanceUsageAuditLogs) Index(period nova.Period, hosts []string) Dict {
	return Dict{{"instance_usage_audit_logs", v.logs(period, hosts)}}
}

// Show renders those of a period that the client has named.
func (v InstanceUsageAuditLogs) Show(period nova.Period, hosts []string) Dict {
	return Dict{{"instance_usage_audit_log", v.logs(period, hosts)}}
}

func (InstanceUsageAuditLogs) logs(period nova.Period, hosts []string) Dict {
	done := fmt.Sprintf("0 of %d", len(hosts))
	if len(hosts) == 0 {
		done = "ALL"
	}
	return Dict{
		{"period_beginning", period.Start.Format(time.DateTime)},
		{"period_ending", period.Stop.Format(time.DateTime)},
		{"num_hosts", len(hosts)},
		{"num_hosts_done", 0},
		{"num_hosts_running", 0},
		{"num_hosts_not_run", len(hosts)},
		{"hosts_not_run", hosts},
		{"total_instances", 0},
		{"total_errors", 0},
		{"overall_status", done + " hosts done. 0 errors."},
		{"log", Dict{}},
	}
}
