package views

import "github.com/nova-api/nova-api/internal/nova"

// Limits renders limits and usage of a project in one object.
type Limits struct{}

// Show renders the limits of a project. The list of rate limits is always
// empty, as Nova no longer limits rates.
func (Limits) Show(r Request, quota nova.Quota, used nova.Usage) Dict {
	return Dict{{"limits", Dict{
		{"rate", []Dict{}},
		{"absolute", Dict{
			{"maxTotalInstances", quota[nova.QuotaInstances]},
			{"maxTotalCores", quota[nova.QuotaCores]},
			{"maxTotalRAMSize", quota[nova.QuotaRAM]},
			{"maxServerMeta", quota[nova.QuotaMetadataItems]},
			until(r, 38, "maxImageMeta", quota[nova.QuotaMetadataItems]),
			until(r, 56, "maxPersonality", quota[nova.QuotaInjectedFiles]),
			until(r, 56, "maxPersonalitySize", quota[nova.QuotaInjectedFileBytes]),
			{"maxTotalKeypairs", quota[nova.QuotaKeyPairs]},
			{"maxServerGroups", quota[nova.QuotaServerGroups]},
			{"maxServerGroupMembers", quota[nova.QuotaServerGroupMembers]},
			until(r, 35, "maxTotalFloatingIps", quota[nova.QuotaFloatingIPs]),
			until(r, 35, "maxSecurityGroups", quota[nova.QuotaSecurityGroups]),
			until(r, 35, "maxSecurityGroupRules", quota[nova.QuotaSecurityGroupRules]),
			{"totalRAMUsed", used.RAM},
			{"totalCoresUsed", used.Cores},
			{"totalInstancesUsed", used.Instances},
			until(r, 35, "totalFloatingIpsUsed", used.Of(nova.QuotaFloatingIPs)),
			until(r, 35, "totalSecurityGroupsUsed", used.Of(nova.QuotaSecurityGroups)),
			{"totalServerGroupsUsed", used.Of(nova.QuotaServerGroups)},
		}},
	}}}
}
