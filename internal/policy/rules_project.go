package policy

// Rules of flavors, their extra specs, and who may use them.
const (
	FlavorCreate           Rule = "os_compute_api:os-flavor-manage:create"
	FlavorUpdate           Rule = "os_compute_api:os-flavor-manage:update"
	FlavorDelete           Rule = "os_compute_api:os-flavor-manage:delete"
	FlavorExtraSpecsIndex  Rule = "os_compute_api:os-flavor-extra-specs:index"
	FlavorExtraSpecsShow   Rule = "os_compute_api:os-flavor-extra-specs:show"
	FlavorExtraSpecsCreate Rule = "os_compute_api:os-flavor-extra-specs:create"
	FlavorExtraSpecsUpdate Rule = "os_compute_api:os-flavor-extra-specs:update"
	FlavorExtraSpecsDelete Rule = "os_compute_api:os-flavor-extra-specs:delete"
	FlavorAccessIndex      Rule = "os_compute_api:os-flavor-access"
	FlavorAccessAdd        Rule = "os_compute_api:os-flavor-access:add_tenant_access"
	FlavorAccessRemove     Rule = "os_compute_api:os-flavor-access:remove_tenant_access"
)

// flavorRules are for administrators, since a flavor is what a project pays for.
// Listing and showing flavors asks no rule: every caller sees the public ones.
var flavorRules = []Entry{
	{FlavorCreate, admin, "Create a flavor.", ops{"POST /flavors"}},
	{FlavorUpdate, admin, "Change a flavor's description.", ops{"PUT /flavors/{id}"}},
	{FlavorDelete, admin, "Delete a flavor.", ops{"DELETE /flavors/{id}"}},
	// Since 2.61 this rule also decides whether a flavor is shown with its extra specs,
	// wherever it is shown.
	{FlavorExtraSpecsIndex, reader, "List a flavor's extra specs, and see them in the flavor.", ops{
		"GET /flavors/{flavor_id}/os-extra_specs",
		"GET /flavors/detail", "GET /flavors/{id}", "POST /flavors", "PUT /flavors/{id}",
	}},
	{FlavorExtraSpecsShow, reader, "Show an extra spec of a flavor.", ops{"GET /flavors/{flavor_id}/os-extra_specs/{id}"}},
	{FlavorExtraSpecsCreate, admin, "Add extra specs to a flavor.", ops{"POST /flavors/{flavor_id}/os-extra_specs"}},
	{FlavorExtraSpecsUpdate, admin, "Set an extra spec of a flavor.", ops{"PUT /flavors/{flavor_id}/os-extra_specs/{id}"}},
	{FlavorExtraSpecsDelete, admin, "Delete an extra spec of a flavor.", ops{"DELETE /flavors/{flavor_id}/os-extra_specs/{id}"}},
	// Who may use a flavor tells of other projects.
	{FlavorAccessIndex, admin, "List the projects that may use a private flavor.", ops{"GET /flavors/{flavor_id}/os-flavor-access"}},
	{FlavorAccessAdd, admin, "Let a project use a private flavor.", ops{"POST /flavors/{id}/action (addTenantAccess)"}},
	{FlavorAccessRemove, admin, "Stop a project using a private flavor.", ops{"POST /flavors/{id}/action (removeTenantAccess)"}},
}

// Rules of what a project or a user has beside servers: key pairs, server
// groups, limits, quotas, usage; and of what the API tells about itself.
const (
	Extensions             Rule = "os_compute_api:extensions"
	KeypairIndex           Rule = "os_compute_api:os-keypairs:index"
	KeypairShow            Rule = "os_compute_api:os-keypairs:show"
	KeypairCreate          Rule = "os_compute_api:os-keypairs:create"
	KeypairDelete          Rule = "os_compute_api:os-keypairs:delete"
	ServerGroupIndex       Rule = "os_compute_api:os-server-groups:index"
	ServerGroupAllProjects Rule = "os_compute_api:os-server-groups:index:all_projects"
	ServerGroupShow        Rule = "os_compute_api:os-server-groups:show"
	ServerGroupCreate      Rule = "os_compute_api:os-server-groups:create"
	ServerGroupDelete      Rule = "os_compute_api:os-server-groups:delete"
	Limits                 Rule = "os_compute_api:limits"
	LimitsOtherProject     Rule = "os_compute_api:limits:other_project"
	QuotaSetShow           Rule = "os_compute_api:os-quota-sets:show"
	QuotaSetDetail         Rule = "os_compute_api:os-quota-sets:detail"
	QuotaSetDefaults       Rule = "os_compute_api:os-quota-sets:defaults"
	QuotaSetUpdate         Rule = "os_compute_api:os-quota-sets:update"
	QuotaSetDelete         Rule = "os_compute_api:os-quota-sets:delete"
	QuotaClassSetShow      Rule = "os_compute_api:os-quota-class-sets:show"
	QuotaClassSetUpdate    Rule = "os_compute_api:os-quota-class-sets:update"
	TenantUsageList        Rule = "os_compute_api:os-simple-tenant-usage:list"
	TenantUsageShow        Rule = "os_compute_api:os-simple-tenant-usage:show"
)

// projectRules are about the caller's own project and key pairs. Rules that can be
// about another project compare it as their target.
var projectRules = []Entry{
	{Extensions, anyone, "List the extensions of the API, or show one.", ops{"GET /extensions", "GET /extensions/{id}"}},
	// A key pair belongs to a user, and not to a project: its target has no project to
	// compare.
	{KeypairIndex, owner, "List a user's key pairs.", ops{"GET /os-keypairs"}},
	{KeypairShow, owner, "Show a key pair of a user.", ops{"GET /os-keypairs/{id}"}},
	{KeypairCreate, owner, "Make or import a key pair for a user.", ops{"POST /os-keypairs"}},
	{KeypairDelete, owner, "Delete a key pair of a user.", ops{"DELETE /os-keypairs/{id}"}},
	// The second of these rules is asked for the parameter all_projects.
	{ServerGroupIndex, reader, "List a project's server groups.", ops{"GET /os-server-groups"}},
	{ServerGroupAllProjects, admin, "List every project's server groups.", ops{"GET /os-server-groups"}},
	{ServerGroupShow, reader, "Show a server group.", ops{"GET /os-server-groups/{id}"}},
	{ServerGroupCreate, member, "Create a server group.", ops{"POST /os-server-groups"}},
	{ServerGroupDelete, member, "Delete a server group.", ops{"DELETE /os-server-groups/{id}"}},
	// The second of these rules is asked for the parameter tenant_id.
	{Limits, anyone, "See the limits of one's own project, and how much is used.", ops{"GET /limits"}},
	{LimitsOtherProject, admin, "See the limits of another project.", ops{"GET /limits"}},
	// Others than administrators see the quota of their own project only.
	{QuotaSetShow, reader, "Show a project's quota.", ops{"GET /os-quota-sets/{id}"}},
	{QuotaSetDetail, reader, "Show a project's quota with what is used of it.", ops{"GET /os-quota-sets/{id}/detail"}},
	{QuotaSetDefaults, anyone, "Show the quota that a project has unless told otherwise.", ops{"GET /os-quota-sets/{id}/defaults"}},
	{QuotaSetUpdate, admin, "Change a project's quota.", ops{"PUT /os-quota-sets/{id}"}},
	{QuotaSetDelete, admin, "Take a project's quota back to the default.", ops{"DELETE /os-quota-sets/{id}"}},
	{QuotaClassSetShow, admin, "Show the default quota.", ops{"GET /os-quota-class-sets/{id}"}},
	{QuotaClassSetUpdate, admin, "Change the default quota.", ops{"PUT /os-quota-class-sets/{id}"}},
	// The list is over all projects, and each of them may look at its own use.
	{TenantUsageList, admin, "List what every project has used.", ops{"GET /os-simple-tenant-usage"}},
	{TenantUsageShow, reader, "Show what a project has used.", ops{"GET /os-simple-tenant-usage/{id}"}},
}
