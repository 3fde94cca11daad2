package api_test

import (
	"testing"
	"time"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

const auditPath = "/v2.1/os-instance_usage_audit_log"

func TestInstanceUsageAuditLogs(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := newSite(t, dbtest.Open(t, connection, dbtest.Frozen(now)))
		s.Do("GET "+auditPath).Want(t, 200, has("instance_usage_audit_logs/overall_status", "ALL hosts done. 0 errors."),
			has("instance_usage_audit_logs/hosts_not_run", []any{}), has("instance_usage_audit_logs/num_hosts", 0))

		// A host that is disabled counts, and what runs no servers does not.
		for _, service := range []nova.Service{
			{ID: usageID("2"), Host: "b", Binary: "nova-compute", Disabled: true},
			{ID: usageID("1"), Host: "a", Binary: "nova-compute"},
			{ID: usageID("3"), Host: "c", Binary: "nova-scheduler"},
		} {
			_, held, err := s.store.Hold(t.Context(), service, time.Hour, "")
			must(t, err)
			if !held {
				t.Fatalf("the service on %s is held", service.Host)
			}
			must(t, s.store.SetService(t.Context(), service))
		}
		audits := func(start, stop string) string {
			return `{"period_beginning": "` + start + `", "period_ending": "` + stop + `", "num_hosts": 2, "num_hosts_done": 0, "num_hosts_running": 0,
				"num_hosts_not_run": 2, "hosts_not_run": ["a", "b"], "total_instances": 0, "total_errors": 0,
				"overall_status": "0 of 2 hosts done. 0 errors.", "log": {}}`
		}
		s.Do("GET "+auditPath).Want(t, 200, whole(`{"instance_usage_audit_logs": `+audits("2026-10-01 00:00:00", "2026-11-01 00:00:00")+`}`))
		for _, before := range []string{"2012-07-05%2010:00:00", "2012-07-05%2010%3A00%3A00.123456", "2012-7-5%20%20%201:2:3"} {
			s.Do("GET "+auditPath+"/"+before).Want(t, 200, whole(`{"instance_usage_audit_log": `+audits("2012-06-01 00:00:00", "2012-07-01 00:00:00")+`}`))
		}
		for escaped, id := range map[string]string{
			"x": "x", "2012-07-05": "2012-07-05", "2012-07-05T10:00:00": "2012-07-05T10:00:00", "2012-02-30%2010:00:00": "2012-02-30 10:00:00",
			"2012-07-05%2010:00:00.": "2012-07-05 10:00:00.", "2012-07-05%2024:00:00": "2012-07-05 24:00:00",
			"0001-01-05%2010:00:00": "0001-01-05 10:00:00", "0000-07-05%2010:00:00": "0000-07-05 10:00:00",
		} {
			s.Do("GET "+auditPath+"/"+escaped).Want(t, 400, fault("badRequest", "Invalid timestamp for date "+id))
		}
		s.Do("GET "+auditPath+"?x=1", at(101)).Want(t, 200)
		s.Do("GET "+auditPath+"?x=1", at(102)).Want(t, 400)
		s.Do("GET "+auditPath+"/x", as("demo")).Want(t, 403, fault("forbidden", "Policy doesn't allow os_compute_api:os-instance-usage-audit-log:show to be performed."))
		s.conform(t, []sample{
			{"os-instance-usage-audit-log/inst-usage-audit-log-index-get-resp.json", "GET " + auditPath, 1, 200, []string{"log"}},
			{"os-instance-usage-audit-log/inst-usage-audit-log-show-get-resp.json", "GET " + auditPath + "/2012-07-05%2010:00:00", 1, 200, []string{"log"}},
		})
	})
}

func TestInstanceUsageAuditLogs_Cycle(t *testing.T) {
	t.Parallel()
	cycle, err := nova.ParseAuditCycle("day@18")
	must(t, err)
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := newSite(t, dbtest.Open(t, connection), func(o *api.Options, _ *compute.Options) { o.AuditCycle = cycle })
		s.Do("GET "+auditPath+"/2012-07-05%2010:00:00").Want(t, 200,
			has("instance_usage_audit_log/period_beginning", "2012-07-03 18:00:00"), has("instance_usage_audit_log/period_ending", "2012-07-04 18:00:00"))
	})
}
