package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

const usagePath = "/v2.1/os-simple-tenant-usage"

// usageNow is when the tests of usage take place.
var usageNow = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// eachUsage runs a test at a time that stands still. The demo project has a
// server for an hour and had one for half an hour; alt has one for two hours.
func eachUsage(t *testing.T, test func(t *testing.T, s *site)) {
	t.Helper()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		s := newSite(t, dbtest.Open(t, connection, dbtest.Frozen(usageNow)), func(*api.Options, *compute.Options) {})
		for _, c := range []struct {
			id, project     string
			launched, ended time.Duration // before now; an end of 0 is to come
		}{
			{"b", demoProject, time.Hour, 0}, {"a", demoProject, 2 * time.Hour, 90 * time.Minute}, {"c", altProject, 2 * time.Hour, 0},
		} {
			server := nova.Server{
				ID: usageID(c.id), Name: c.id, ProjectID: c.project, VMState: nova.Active,
				Flavor:    nova.Flavor{ID: "1", Name: "m1.tiny", RAM: 512, VCPUs: 2, Disk: 1, Ephemeral: 2},
				CreatedAt: usageNow.Add(-c.launched), LaunchedAt: new(usageNow.Add(-c.launched)),
			}
			if c.ended > 0 {
				server.VMState, server.TerminatedAt, server.DeletedAt = nova.Deleted, new(usageNow.Add(-c.ended)), new(usageNow.Add(-c.ended))
			}
			_, err := s.store.CreateServer(t.Context(), server)
			must(t, err)
		}
		test(t, s)
	})
}

// usageID is a UUID of one hexadecimal digit.
func usageID(digit string) string { return digit + nobodyID[1:] }

func TestTenantUsages_Show(t *testing.T) {
	t.Parallel()
	eachUsage(t, func(t *testing.T, s *site) {
		own := "GET " + usagePath + "/" + demoProject + "?start=2026-01-02T00:00:00"
		b := `{"hours": 1.0, "flavor": "m1.tiny", "instance_id": "` + usageID("b") + `", "name": "b", "tenant_id": "` + demoProject + `", "memory_mb": 512,
			"local_gb": 3, "vcpus": 2, "started_at": "2026-01-02T11:00:00.000000", "ended_at": null, "state": "active", "uptime": 3600}`
		a := `{"hours": 0.5, "flavor": "m1.tiny", "instance_id": "` + usageID("a") + `", "name": "a", "tenant_id": "` + demoProject + `", "memory_mb": 512,
			"local_gb": 3, "vcpus": 2, "started_at": "2026-01-02T10:00:00.000000", "ended_at": "2026-01-02T10:30:00.000000", "state": "terminated", "uptime": 1800}`
		s.Do(own, as("reader")).Want(t, 200, whole(`{"tenant_usage": {"tenant_id": "`+demoProject+`", "server_usages": [`+a+`, `+b+`],
			"total_local_gb_usage": 4.5, "total_vcpus_usage": 3, "total_memory_mb_usage": 768, "total_hours": 1.5,
			"start": "2026-01-02T00:00:00.000000", "stop": "2026-01-02T12:00:00.000000"}}`))
		s.Do(own+"&end=2026-01-02T11:30:00", as("demo")).Want(t, 200, has("tenant_usage/total_hours", 1), has("tenant_usage/stop", "2026-01-02T11:30:00.000000"))
		s.Do(own+"&end=2027-01-01T00:00:00", as("demo")).Want(t, 200, has("tenant_usage/stop", "2026-01-02T12:00:00.000000"))
		if text := s.Do(own, as("demo")).text; !strings.Contains(text, `"total_vcpus_usage": 3.0`) && !strings.Contains(text, `"total_vcpus_usage":3.0`) {
			t.Errorf("hours are no whole numbers: %s", text)
		}
		s.Do("GET "+usagePath+"/"+demoProject, as("demo")).Want(t, 200, listed("tenant_usage/server_usages", "name", "b"))
		s.Do("GET "+usagePath+"/"+unknownProject+"?start=2026-01-02T00:00:00").Want(t, 200, whole(`{"tenant_usage": {}}`))
		s.Do("GET "+usagePath+"/"+unknownProject+"?start=2026-01-02T00:00:00&limit=1", at(40)).Want(t, 200, whole(`{"tenant_usage": {}}`))
		denied := fault("forbidden", "Policy doesn't allow os_compute_api:os-simple-tenant-usage:show to be performed.")
		s.Do("GET "+usagePath+"/"+demoProject+"?start=never", as("alt")).Want(t, 403, denied)
		s.Do("GET /v2/os-simple-tenant-usage/"+demoProject+"?start=2026-01-02T00:00:00&limit=1", as("demo"), at(0)).
			Want(t, 200, has("tenant_usage/total_hours", 1.5), lacks("tenant_usage_links"))
	})
}

func TestTenantUsages_Index(t *testing.T) {
	t.Parallel()
	eachUsage(t, func(t *testing.T, s *site) {
		all := "GET " + usagePath + "?start=2026-01-02T00:00:00"
		s.Do(all).Want(t, 200, listed("tenant_usages", "tenant_id", altProject, demoProject), lacks("tenant_usages/0/server_usages"),
			has("tenant_usages/0/total_hours", 2), has("tenant_usages/1/total_hours", 1.5))
		s.Do(all+"&detailed=1").Want(t, 200, listed("tenant_usages/1/server_usages", "name", "a", "b"))
		for _, query := range []string{"&detailed=0&detailed=1", "&detailed=true", "&detailed=", "&detailed=01"} {
			s.Do(all+query).Want(t, 200, lacks("tenant_usages/0/server_usages"))
		}
		s.Do(all+"&detailed=1&detailed=0").Want(t, 200, listed("tenant_usages/0/server_usages", "name", "c"))
		s.Do("GET "+usagePath+"?start=2025-01-02T00:00:00&end=2025-01-03T00:00:00").Want(t, 200, whole(`{"tenant_usages": []}`))
		denied := fault("forbidden", "Policy doesn't allow os_compute_api:os-simple-tenant-usage:list to be performed.")
		for _, caller := range []string{"demo", "reader", "alt"} {
			s.Do(all, as(caller)).Want(t, 403, denied)
		}
	})
}

func TestTenantUsages_Pages(t *testing.T) {
	t.Parallel()
	eachUsage(t, func(t *testing.T, s *site) {
		all := "GET " + usagePath + "?start=2026-01-02T00:00:00&detailed=1"
		next := func(path, marker string) string {
			return "http://nova.example" + path + "&limit=1&start=2026-01-02T00%3A00%3A00&marker=" + usageID(marker)
		}
		s.Do(all+"&limit=1", at(39)).Want(t, 200, listed("tenant_usages", "tenant_id", altProject, demoProject), lacks("tenant_usages_links"))
		s.Do(all+"&limit=1", at(40)).Want(t, 200, listed("tenant_usages", "tenant_id", altProject),
			has("tenant_usages_links/0/href", next(usagePath+"?detailed=1", "c")))
		second := s.Do(all+"&limit=2", at(40)).Want(t, 200, listed("tenant_usages", "tenant_id", altProject, demoProject),
			listed("tenant_usages/1/server_usages", "name", "a"))
		third := s.Do("GET "+strings.TrimPrefix(second.String("tenant_usages_links/0/href"), "http://nova.example"), at(40)).
			Want(t, 200, listed("tenant_usages/0/server_usages", "name", "b"), lacks("tenant_usages_links"))
		if third.Len("tenant_usages") != 1 {
			t.Errorf("the last page: %s", third.text)
		}
		s.Do(all+"&limit=0", at(40)).Want(t, 200, whole(`{"tenant_usages": []}`))
		own := "GET " + usagePath + "/" + demoProject + "?start=2026-01-02T00:00:00"
		s.Do(own+"&limit=1", at(40), as("demo")).Want(t, 200, listed("tenant_usage/server_usages", "name", "a"),
			has("tenant_usage_links/0/href", "http://nova.example/v2.1/"+demoProject+"/os-simple-tenant-usage/"+demoProject+"?limit=1&start=2026-01-02T00%3A00%3A00&marker="+usageID("a")))
		s.Do(own+"&marker="+usageID("c"), at(40), as("demo")).Want(t, 200, listed("tenant_usage/server_usages", "name", "a", "b"))
		for _, marker := range []string{nobodyID, ""} {
			unknown := fault("badRequest", "Marker "+marker+" could not be found.")
			s.Do(own+"&marker="+marker, at(39), as("demo")).Want(t, 200)
			s.Do(own+"&marker="+marker, at(40), as("demo")).Want(t, 400, unknown)
			s.Do(all+"&limit=0&marker="+marker, at(40)).Want(t, 400, unknown)
		}
	})
}

// TestTenantUsages_Queries sends times in all forms, and what is refused.
func TestTenantUsages_Queries(t *testing.T) {
	t.Parallel()
	eachUsage(t, func(t *testing.T, s *site) {
		const invalid = "Invalid datetime string: Datetime is in invalid format"
		const order = "Invalid start time. The start time cannot occur after the end time."
		for _, c := range []struct{ start, want string }{
			{"2026-01-01T02:03:04", "2026-01-01T02:03:04.000000"},
			{"2026-1-1T2:3:4", "2026-01-01T02:03:04.000000"},
			{"2026-01-01t02:03:04", "2026-01-01T02:03:04.000000"},
			{"2026-01-01T02:03:04.5", "2026-01-01T02:03:04.500000"},
			{"2026-01-01 02:03:04.000005", "2026-01-01T02:03:04.000005"},
			{"0001-01-01T00:00:00", "0001-01-01T00:00:00.000000"},
			{"2026-01-01 02:03:04", invalid},
			{"2026-01-01", invalid},
			{"2026-01-01T02:03", invalid},
			{"2026-01-01T02:03:04Z", invalid},
			{"2026-01-01T02:03:04+00:00", invalid},
			{"2026-01-01T02:03:04.1234567", invalid},
			{"2026-02-30T00:00:00", invalid},
			{"2026-01-01T24:00:00", invalid},
			{"2026-01-01T02:03:60", invalid},
			{"2026-13-01T02:03:04", invalid},
			{"0000-01-01T00:00:00", invalid},
			{" 2026-01-01T02:03:04", invalid},
			{"never", invalid},
			{"2026-01-02T12:00:00", order},
			{"2027-01-01T00:00:00", order},
		} {
			r := s.Do("GET "+usagePath+"/"+demoProject+"?start="+url.QueryEscape(c.start), as("demo"))
			if status := map[bool]int{true: 400, false: 200}[c.want == invalid || c.want == order]; status == 400 {
				r.Want(t, status, fault("badRequest", c.want))
			} else {
				r.Want(t, status, has("tenant_usage/start", c.want))
			}
		}
		s.Do("GET "+usagePath+"?end=x").Want(t, 400, fault("badRequest", invalid))
		s.Do("GET "+usagePath+"?start=2027-01-01T00:00:00&end=2028-01-01T00:00:00").Want(t, 200, has("tenant_usages/0/total_hours", -8724))
		s.Do("GET "+usagePath+"?start=&start=2026-01-01T00:00:00&start=x").Want(t, 200, has("tenant_usages/0/start", "2026-01-01T00:00:00.000000"))
		for path, more := range map[string]string{usagePath: "", usagePath + "/" + demoProject: "detailed=1&"} {
			s.Do("GET "+path+"?"+more+"x=1", at(74)).Want(t, 200)
			s.Do("GET "+path+"?x=1", at(75)).Want(t, 400, fault("badRequest", "Additional properties are not allowed ('x' was unexpected)"))
			s.Do("GET "+path+"?limit=-1", at(39)).Want(t, 200)
			s.Do("GET "+path+"?limit=-1", at(40)).Want(t, 400)
		}
		s.Do("GET "+usagePath+"/"+demoProject+"?detailed=1", at(75)).Want(t, 400)
	})
}

func TestSamples_TenantUsages(t *testing.T) {
	t.Parallel()
	eachUsage(t, func(t *testing.T, s *site) {
		const period = "start=2026-01-02T11:15:00&end=2026-01-02T11:45:00"
		var all []sample
		for _, c := range []struct {
			minor            int
			file, path, more string
		}{
			{1, "get", "", ""},
			{1, "get-detail", "", "&detailed=1"},
			{1, "get-specific", "/" + demoProject, ""},
			{40, "get-all", "", "&detailed=1"},
			{40, "get", "", "&limit=1"},
			{40, "get-detail", "", "&detailed=1&limit=1"},
			{40, "get-specific", "/" + demoProject, "&limit=1"},
		} {
			file := fmt.Sprintf("os-simple-tenant-usage/%s/simple-tenant-usage-%s.json", inVersion(c.minor), c.file)
			all = append(all, sample{file, "GET " + usagePath + c.path + "?" + period + c.more, c.minor, 200, nil})
		}
		s.conform(t, all)
	})
}
