package views

import (
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestQuotas_EveryVersion(t *testing.T) {
	t.Parallel()
	var (
		sets    QuotaSets
		classes QuotaClassSets
		limits  Limits
	)
	quota := nova.Quota{
		nova.QuotaInstances: 1, nova.QuotaCores: 2, nova.QuotaRAM: 3, nova.QuotaMetadataItems: 4,
		nova.QuotaInjectedFiles: 5, nova.QuotaInjectedFileBytes: 6, nova.QuotaInjectedPathBytes: 7, nova.QuotaKeyPairs: 8,
		nova.QuotaServerGroups: 9, nova.QuotaServerGroupMembers: 10, nova.QuotaFixedIPs: 11, nova.QuotaFloatingIPs: 12,
		nova.QuotaSecurityGroups: 13, nova.QuotaSecurityGroupRules: 14,
	}
	used := nova.Usage{Instances: 21, Cores: 22, RAM: 23}
	for _, c := range []struct {
		name   string
		breaks []int
		render func(Request) Dict
	}{
		{"quota_set", []int{36, 57}, func(r Request) Dict { return sets.Show(r, "p", quota) }},
		{"quota_set_updated", []int{36, 57}, func(r Request) Dict { return sets.Updated(r, quota) }},
		{"quota_set_detail", []int{36, 57}, func(r Request) Dict { return sets.Detail(r, "p", quota, used) }},
		{"quota_class_set", []int{50, 57}, func(r Request) Dict { return classes.Show(r, "default", quota) }},
		{"quota_class_set_updated", []int{50, 57}, func(r Request) Dict { return classes.Updated(r, quota) }},
		{"limits", []int{36, 39, 57}, func(r Request) Dict { return limits.Show(r, quota, used) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			everyVersion(t, c.name, c.breaks, c.render)
		})
	}
}
