package policy

// A retirement is a rule that was replaced by others, or by a narrower
// default of its own.
//
// Operators' files still hold the old names: an override of one stands for
// all that took its place and have no override themselves, unless it only
// repeats the old default, which would keep the doors open that the new rules
// close. Without EnforceNewDefaults what the old default allowed stays
// allowed.
type retirement struct {
	was Rule
	old string // the default it had
	now []Rule
}

// The two defaults that nearly every rule had before roles were told apart.
const (
	oldOwner = "rule:" + string(AdminOrOwner)
	oldAdmin = "rule:" + string(AdminAPI)
)

// retirements come from the deprecated rules in nova/policies. One rule for a whole
// resource became a rule for each of its operations.
var retirements = []retirement{
	// The rules that others are built on come first: an operator who had overridden one of
	// these two has moved all others with it.
	{AdminAPI, adminDefinition, []Rule{ContextIsAdmin}},
	{AdminOrOwner, adminOrOwnerDefinition, []Rule{
		ProjectMemberAPI, ProjectReaderAPI, ProjectMemberOrAdmin, ProjectReaderOrAdmin,
	}},
	{"os_compute_api:os-attach-interfaces", oldOwner, []Rule{
		InterfaceList, InterfaceShow, InterfaceCreate, InterfaceDelete,
	}},
	{"os_compute_api:os-baremetal-nodes", oldAdmin, []Rule{BaremetalNodeList, BaremetalNodeShow}},
	{"os_compute_api:os-deferred-delete", oldOwner, []Rule{Restore, ForceDelete}},
	// This rule kept its name and got a narrower default.
	{FlavorAccessIndex, oldOwner, []Rule{FlavorAccessIndex}},
	{FlavorExtraSpecsIndex, oldOwner, []Rule{ShowFlavorExtraSpecs}},
	{"os_compute_api:os-floating-ips", oldOwner, []Rule{
		AddFloatingIP, RemoveFloatingIP, FloatingIPList, FloatingIPCreate, FloatingIPShow, FloatingIPDelete,
	}},
	{"os_compute_api:os-hosts", oldAdmin, []Rule{
		HostList, HostShow, HostUpdate, HostReboot, HostShutdown, HostStart,
	}},
	{"os_compute_api:os-hypervisors", oldAdmin, []Rule{
		HypervisorList, HypervisorDetail, HypervisorStatistics, HypervisorShow,
		HypervisorUptime, HypervisorSearch, HypervisorServers,
	}},
	{"os_compute_api:os-instance-actions", oldOwner, []Rule{InstanceActionsList, InstanceActionsShow}},
	{"os_compute_api:os-instance-usage-audit-log", oldAdmin, []Rule{
		InstanceUsageAuditLogList, InstanceUsageAuditLogShow,
	}},
	{"os_compute_api:os-used-limits", oldAdmin, []Rule{LimitsOtherProject}},
	{"os_compute_api:os-multinic", oldOwner, []Rule{AddFixedIP, RemoveFixedIP}},
	{"os_compute_api:os-networks:view", oldOwner, []Rule{NetworkList, NetworkShow}},
	// One rule was for rescue and unrescue, and goes on for rescue alone.
	{Rescue, oldOwner, []Rule{Unrescue}},
	{"os_compute_api:os-security-groups", oldOwner, []Rule{
		SecurityGroupIndex, SecurityGroupShow, SecurityGroupCreate, SecurityGroupUpdate, SecurityGroupDelete,
		SecurityGroupRuleCreate, SecurityGroupRuleDelete,
		ServerSecurityGroups, AddSecurityGroup, RemoveSecurityGroup,
	}},
	{"os_compute_api:os-server-password", oldOwner, []Rule{ServerPasswordShow, ServerPasswordClear}},
	{"os_compute_api:os-services", oldAdmin, []Rule{ServiceList, ServiceUpdate, ServiceDelete}},
	{"os_compute_api:os-tenant-networks", oldOwner, []Rule{TenantNetworkList, TenantNetworkShow}},
	{"os_compute_api:os-volumes", oldOwner, []Rule{
		VolumeList, VolumeDetail, VolumeShow, VolumeCreate, VolumeDelete,
		SnapshotList, SnapshotDetail, SnapshotShow, SnapshotCreate, SnapshotDelete,
	}},
}
