package policy

// Rules of the network resources that the API passed on until 2.35.
const (
	NetworkList             Rule = "os_compute_api:os-networks:list"
	NetworkShow             Rule = "os_compute_api:os-networks:show"
	TenantNetworkList       Rule = "os_compute_api:os-tenant-networks:list"
	TenantNetworkShow       Rule = "os_compute_api:os-tenant-networks:show"
	FloatingIPPools         Rule = "os_compute_api:os-floating-ip-pools"
	FloatingIPList          Rule = "os_compute_api:os-floating-ips:list"
	FloatingIPShow          Rule = "os_compute_api:os-floating-ips:show"
	FloatingIPCreate        Rule = "os_compute_api:os-floating-ips:create"
	FloatingIPDelete        Rule = "os_compute_api:os-floating-ips:delete"
	SecurityGroupIndex      Rule = "os_compute_api:os-security-groups:get"
	SecurityGroupShow       Rule = "os_compute_api:os-security-groups:show"
	SecurityGroupCreate     Rule = "os_compute_api:os-security-groups:create"
	SecurityGroupUpdate     Rule = "os_compute_api:os-security-groups:update"
	SecurityGroupDelete     Rule = "os_compute_api:os-security-groups:delete"
	SecurityGroupRuleCreate Rule = "os_compute_api:os-security-groups:rule:create"
	SecurityGroupRuleDelete Rule = "os_compute_api:os-security-groups:rule:delete"
)

// networkProxyRules are for the members of a project; the network service decides
// once more, in the caller's name.
var networkProxyRules = []Entry{
	{NetworkList, reader, "List the networks that a project can use.", ops{"GET /os-networks"}},
	{NetworkShow, reader, "Show a network that a project can use.", ops{"GET /os-networks/{id}"}},
	{TenantNetworkList, reader, "List a project's networks.", ops{"GET /os-tenant-networks"}},
	{TenantNetworkShow, reader, "Show a network of a project.", ops{"GET /os-tenant-networks/{id}"}},
	{FloatingIPPools, anyone, "List the networks that floating addresses come from.", ops{"GET /os-floating-ip-pools"}},
	{FloatingIPList, reader, "List a project's floating addresses.", ops{"GET /os-floating-ips"}},
	{FloatingIPShow, reader, "Show a floating address of a project.", ops{"GET /os-floating-ips/{id}"}},
	{FloatingIPCreate, member, "Get a floating address for a project.", ops{"POST /os-floating-ips"}},
	{FloatingIPDelete, member, "Give a project's floating address back.", ops{"DELETE /os-floating-ips/{id}"}},
	{SecurityGroupIndex, reader, "List a project's security groups.", ops{"GET /os-security-groups"}},
	{SecurityGroupShow, reader, "Show a security group.", ops{"GET /os-security-groups/{id}"}},
	{SecurityGroupCreate, member, "Create a security group.", ops{"POST /os-security-groups"}},
	{SecurityGroupUpdate, member, "Change a security group.", ops{"PUT /os-security-groups/{id}"}},
	{SecurityGroupDelete, member, "Delete a security group.", ops{"DELETE /os-security-groups/{id}"}},
	{SecurityGroupRuleCreate, member, "Add a rule to a security group.", ops{"POST /os-security-group-rules"}},
	{SecurityGroupRuleDelete, member, "Delete a rule of a security group.", ops{"DELETE /os-security-group-rules/{id}"}},
}

// Rules of the volume resources that the API passed on until 2.35.
const (
	VolumeList     Rule = "os_compute_api:os-volumes:list"
	VolumeDetail   Rule = "os_compute_api:os-volumes:detail"
	VolumeShow     Rule = "os_compute_api:os-volumes:show"
	VolumeCreate   Rule = "os_compute_api:os-volumes:create"
	VolumeDelete   Rule = "os_compute_api:os-volumes:delete"
	SnapshotList   Rule = "os_compute_api:os-volumes:snapshots:list"
	SnapshotDetail Rule = "os_compute_api:os-volumes:snapshots:detail"
	SnapshotShow   Rule = "os_compute_api:os-volumes:snapshots:show"
	SnapshotCreate Rule = "os_compute_api:os-volumes:snapshots:create"
	SnapshotDelete Rule = "os_compute_api:os-volumes:snapshots:delete"
)

// volumeProxyRules are the same for the volume service.
var volumeProxyRules = []Entry{
	{VolumeList, reader, "List a project's volumes.", ops{"GET /os-volumes"}},
	{VolumeDetail, reader, "List a project's volumes with their details.", ops{"GET /os-volumes/detail"}},
	{VolumeShow, reader, "Show a volume.", ops{"GET /os-volumes/{id}"}},
	{VolumeCreate, member, "Create a volume.", ops{"POST /os-volumes"}},
	{VolumeDelete, member, "Delete a volume.", ops{"DELETE /os-volumes/{id}"}},
	{SnapshotList, reader, "List the snapshots of a project's volumes.", ops{"GET /os-snapshots"}},
	{SnapshotDetail, reader, "List the snapshots of a project's volumes with their details.", ops{"GET /os-snapshots/detail"}},
	{SnapshotShow, reader, "Show a snapshot of a volume.", ops{"GET /os-snapshots/{id}"}},
	{SnapshotCreate, member, "Take a snapshot of a volume.", ops{"POST /os-snapshots"}},
	{SnapshotDelete, member, "Delete a snapshot of a volume.", ops{"DELETE /os-snapshots/{id}"}},
}
