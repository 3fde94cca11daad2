package views

import (
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestTenantUsages_EveryVersion(t *testing.T) {
	t.Parallel()
	stop := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	v := TenantUsages{Period: nova.Period{Start: stop.Add(-24 * time.Hour), Stop: stop}, Now: stop.Add(time.Hour)}
	server := func(id, project string, launched time.Duration, ended *time.Time) nova.Server {
		return nova.Server{
			ID: id, Name: "n-" + id, ProjectID: project, VMState: nova.Stopped, Flavor: nova.Flavor{Name: "m1.tiny", RAM: 512, VCPUs: 2, Disk: 3, Ephemeral: 4},
			LaunchedAt: new(stop.Add(-launched).Add(90 * time.Millisecond)), TerminatedAt: ended,
		}
	}
	servers := []nova.Server{
		server("1", "p", 48*time.Hour, nil), server("2", "p", 36*time.Hour, new(stop.Add(-18*time.Hour))), server("3", "q", 30*time.Minute, nil),
	}
	for _, c := range []struct {
		name   string
		breaks []int
		render func(Request) Dict
	}{
		{"tenant_usages", nil, func(r Request) Dict { return v.Index(r, servers, false) }},
		{"tenant_usages_detailed", nil, func(r Request) Dict { return v.Index(r, servers, true) }},
		{"tenant_usages_full_page", []int{40}, func(r Request) Dict { return v.Index(fullPage{r}, servers[2:], false) }},
		{"tenant_usages_none", nil, func(r Request) Dict { return v.Index(fullPage{r}, nil, true) }},
		{"tenant_usage", nil, func(r Request) Dict { return v.Show(r, "p", servers[:2]) }},
		{"tenant_usage_full_page", []int{40}, func(r Request) Dict { return v.Show(fullPage{r}, "q", servers[2:]) }},
		{"tenant_usage_none", nil, func(r Request) Dict { return v.Show(r, "p", nil) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			everyVersion(t, c.name, c.breaks, c.render)
		})
	}
}
