package views

import "github.com/nova-api/nova-api/internal/nova"

// QuotaSets renders how much projects may use.
type QuotaSets struct{}

// Show renders the quota of a project, or of a user of the project, under the
// project's ID.
func (v QuotaSets) Show(r Request, project string, quota nova.Quota) Dict {
	return Dict{{"quota_set", withID(project, v.limits(r, limitsOf(quota)))}}
}

// Updated renders a quota that was changed. There is no ID in it.
func (v QuotaSets) Updated(r Request, quota nova.Quota) Dict {
	return Dict{{"quota_set", v.limits(r, limitsOf(quota))}}
}

// Detail renders a quota with the usage. Reserved is always 0, since Nova
// counts instead of reserving.
func (v QuotaSets) Detail(r Request, project string, quota nova.Quota, used nova.Usage) Dict {
	return Dict{{"quota_set", withID(project, v.limits(r, func(resource nova.QuotaResource) any {
		return Dict{{"limit", quota[resource]}, {"in_use", used.Of(resource)}, {"reserved", 0}}
	}))}}
}

// limits are the resources that quota sets have at the request's version.
func (QuotaSets) limits(r Request, of func(nova.QuotaResource) any) Dict {
	const networksUntil, groupsSince = 35, 0
	return quotaLimits(r, networksUntil, groupsSince, of)
}

// quotaLimits are the resources that a quota has at the request's version. Those
// of networks and of files went when other services took them over.
func quotaLimits(r Request, networksUntil, groupsSince int, of func(nova.QuotaResource) any) Dict {
	return Dict{
		{"cores", of(nova.QuotaCores)},
		until(r, networksUntil, "fixed_ips", of(nova.QuotaFixedIPs)),
		until(r, networksUntil, "floating_ips", of(nova.QuotaFloatingIPs)),
		until(r, 56, "injected_file_content_bytes", of(nova.QuotaInjectedFileBytes)),
		until(r, 56, "injected_file_path_bytes", of(nova.QuotaInjectedPathBytes)),
		until(r, 56, "injected_files", of(nova.QuotaInjectedFiles)),
		{"instances", of(nova.QuotaInstances)},
		{"key_pairs", of(nova.QuotaKeyPairs)},
		{"metadata_items", of(nova.QuotaMetadataItems)},
		{"ram", of(nova.QuotaRAM)},
		until(r, networksUntil, "security_group_rules", of(nova.QuotaSecurityGroupRules)),
		until(r, networksUntil, "security_groups", of(nova.QuotaSecurityGroups)),
		since(r, groupsSince, "server_group_members", of(nova.QuotaServerGroupMembers)),
		since(r, groupsSince, "server_groups", of(nova.QuotaServerGroups)),
	}
}

// QuotaClassSets renders how much projects of a class may use.
type QuotaClassSets struct{}

// Show renders the quota of a class under its name.
func (v QuotaClassSets) Show(r Request, class string, quota nova.Quota) Dict {
	return Dict{{"quota_class_set", withID(class, v.limits(r, limitsOf(quota)))}}
}

// Updated renders a quota that was changed. There is no name in it.
func (v QuotaClassSets) Updated(r Request, quota nova.Quota) Dict {
	return Dict{{"quota_class_set", v.limits(r, limitsOf(quota))}}
}

// limits are the resources that class sets have at the request's version. They
// lost those of networks later than quota sets, and got server groups then.
func (QuotaClassSets) limits(r Request, of func(nova.QuotaResource) any) Dict {
	const networksUntil, groupsSince = 49, 50
	return quotaLimits(r, networksUntil, groupsSince, of)
}

// limitsOf finds limits in a quota, for the limits methods.
func limitsOf(quota nova.Quota) func(nova.QuotaResource) any {
	return func(resource nova.QuotaResource) any { return quota[resource] }
}

// withID is a dict with an ID in front.
func withID(id string, d Dict) Dict { return append(Dict{{"id", id}}, d...) }
