package policy

// These are the rules of the machines that servers run on, and of the services
// there.
const (
	AggregateIndex               Rule = "os_compute_api:os-aggregates:index"
	AggregateShow                Rule = "os_compute_api:os-aggregates:show"
	AggregateCreate              Rule = "os_compute_api:os-aggregates:create"
	AggregateUpdate              Rule = "os_compute_api:os-aggregates:update"
	AggregateDelete              Rule = "os_compute_api:os-aggregates:delete"
	AggregateAddHost             Rule = "os_compute_api:os-aggregates:add_host"
	AggregateRemoveHost          Rule = "os_compute_api:os-aggregates:remove_host"
	AggregateSetMetadata         Rule = "os_compute_api:os-aggregates:set_metadata"
	AggregateImages              Rule = "compute:aggregates:images"
	AvailabilityZoneList         Rule = "os_compute_api:os-availability-zone:list"
	AvailabilityZoneDetail       Rule = "os_compute_api:os-availability-zone:detail"
	HypervisorList               Rule = "os_compute_api:os-hypervisors:list"
	HypervisorDetail             Rule = "os_compute_api:os-hypervisors:list-detail"
	HypervisorStatistics         Rule = "os_compute_api:os-hypervisors:statistics"
	HypervisorShow               Rule = "os_compute_api:os-hypervisors:show"
	HypervisorUptime             Rule = "os_compute_api:os-hypervisors:uptime"
	HypervisorSearch             Rule = "os_compute_api:os-hypervisors:search"
	HypervisorServers            Rule = "os_compute_api:os-hypervisors:servers"
	HostList                     Rule = "os_compute_api:os-hosts:list"
	HostShow                     Rule = "os_compute_api:os-hosts:show"
	HostUpdate                   Rule = "os_compute_api:os-hosts:update"
	HostReboot                   Rule = "os_compute_api:os-hosts:reboot"
	HostShutdown                 Rule = "os_compute_api:os-hosts:shutdown"
	HostStart                    Rule = "os_compute_api:os-hosts:start"
	ServiceList                  Rule = "os_compute_api:os-services:list"
	ServiceUpdate                Rule = "os_compute_api:os-services:update"
	ServiceDelete                Rule = "os_compute_api:os-services:delete"
	BaremetalNodeList            Rule = "os_compute_api:os-baremetal-nodes:list"
	BaremetalNodeShow            Rule = "os_compute_api:os-baremetal-nodes:show"
	InstanceUsageAuditLogList    Rule = "os_compute_api:os-instance-usage-audit-log:list"
	InstanceUsageAuditLogShow    Rule = "os_compute_api:os-instance-usage-audit-log:show"
	ConsoleAuthTokens            Rule = "os_compute_api:os-console-auth-tokens" //nolint:gosec // the name of a rule, no credential
	ServerExternalEventsCreate   Rule = "os_compute_api:os-server-external-events:create"
	AssistedVolumeSnapshotCreate Rule = "os_compute_api:os-assisted-volume-snapshots:create"
	AssistedVolumeSnapshotDelete Rule = "os_compute_api:os-assisted-volume-snapshots:delete"
)

// hostRules are for administrators, but for the list of zones and for calls of
// other services.
var hostRules = []Entry{
	// Aggregates name hosts, and hosts are nothing that a project should know of.
	{AggregateIndex, admin, "List the aggregates of hosts.", ops{"GET /os-aggregates"}},
	{AggregateShow, admin, "Show an aggregate.", ops{"GET /os-aggregates/{id}"}},
	{AggregateCreate, admin, "Create an aggregate.", ops{"POST /os-aggregates"}},
	{AggregateUpdate, admin, "Change an aggregate's name or availability zone.", ops{"PUT /os-aggregates/{id}"}},
	{AggregateDelete, admin, "Delete an aggregate.", ops{"DELETE /os-aggregates/{id}"}},
	{AggregateAddHost, admin, "Put a host into an aggregate.", ops{"POST /os-aggregates/{id}/action (add_host)"}},
	{AggregateRemoveHost, admin, "Take a host out of an aggregate.", ops{"POST /os-aggregates/{id}/action (remove_host)"}},
	{AggregateSetMetadata, admin, "Change an aggregate's metadata.", ops{"POST /os-aggregates/{id}/action (set_metadata)"}},
	{AggregateImages, admin, "Fetch images to the hosts of an aggregate ahead of time.", ops{"POST /os-aggregates/{id}/images"}},
	// Whoever creates servers has to know the names of the zones; their hosts are for
	// administrators only.
	{AvailabilityZoneList, anyone, "List the availability zones.", ops{"GET /os-availability-zone"}},
	{AvailabilityZoneDetail, admin, "List the availability zones with their hosts.", ops{"GET /os-availability-zone/detail"}},
	// Until 2.52 some of these were operations of their own, which later became parameters of
	// the list. Both ask the same rules.
	{HypervisorList, admin, "List the hypervisors.", ops{"GET /os-hypervisors"}},
	{HypervisorDetail, admin, "List the hypervisors with their details.", ops{"GET /os-hypervisors/detail"}},
	{HypervisorStatistics, admin, "See the sums over all hypervisors.", ops{"GET /os-hypervisors/statistics"}},
	{HypervisorShow, admin, "Show a hypervisor.", ops{"GET /os-hypervisors/{id}"}},
	{HypervisorUptime, admin, "See how long a hypervisor has been up.", ops{"GET /os-hypervisors/{id}/uptime"}},
	{HypervisorSearch, admin, "Find hypervisors by a part of their name.", ops{"GET /os-hypervisors/{id}/search"}},
	{HypervisorServers, admin, "List the servers of hypervisors found by a part of their name.", ops{"GET /os-hypervisors/{id}/servers"}},
	// These hosts answer until 2.42. Later versions have hypervisors and services in their
	// place.
	{HostList, admin, "List the hosts.", ops{"GET /os-hosts"}},
	{HostShow, admin, "Show a host.", ops{"GET /os-hosts/{id}"}},
	{HostUpdate, admin, "Enable a host, or put it into maintenance.", ops{"PUT /os-hosts/{id}"}},
	{HostReboot, admin, "Reboot a host.", ops{"GET /os-hosts/{id}/reboot"}},
	{HostShutdown, admin, "Shut a host down.", ops{"GET /os-hosts/{id}/shutdown"}},
	{HostStart, admin, "Start a host up.", ops{"GET /os-hosts/{id}/startup"}},
	// Forcing a service down is what allows its servers to be evacuated.
	{ServiceList, admin, "List the compute services.", ops{"GET /os-services"}},
	{ServiceUpdate, admin, "Enable or disable a compute service, or force it down.", ops{"PUT /os-services/{id}"}},
	{ServiceDelete, admin, "Delete a compute service.", ops{"DELETE /os-services/{id}"}},
	// Until 2.35 Nova passes these on to the bare metal service. Here there is none: who may
	// ask is answered 501.
	{BaremetalNodeList, admin, "List the bare metal nodes.", ops{"GET /os-baremetal-nodes"}},
	{BaremetalNodeShow, admin, "Show a bare metal node.", ops{"GET /os-baremetal-nodes/{id}"}},
	// The audits tell how far each host has come with its notifications about usage, and
	// nothing about projects.
	{InstanceUsageAuditLogList, admin, "List the usage audits of all hosts.", ops{"GET /os-instance_usage_audit_log"}},
	{InstanceUsageAuditLogShow, admin, "Show the usage audits before a time.", ops{"GET /os-instance_usage_audit_log/{id}"}},
	// Console proxies ask this with a token of theirs; a user who could ask would learn the
	// address of the hypervisor.
	{ConsoleAuthTokens, admin, "Look up which console a console token opens.", ops{"GET /os-console-auth-tokens/{id}"}},
	// The three below are for other services: the network service tells of plugged ports, the
	// volume service of snapshots.
	{
		ServerExternalEventsCreate, service, "Tell of events in other services that servers wait for.",
		ops{"POST /os-server-external-events"},
	},
	{
		AssistedVolumeSnapshotCreate, service, "Have the hypervisor take a snapshot of a volume, as the volume service asks.",
		ops{"POST /os-assisted-volume-snapshots"},
	},
	{
		AssistedVolumeSnapshotDelete, service, "Have the hypervisor delete a snapshot of a volume, as the volume service asks.",
		ops{"DELETE /os-assisted-volume-snapshots/{id}"},
	},
}

// Rules of servers that move between hosts.
const (
	MigrationIndex               Rule = "os_compute_api:os-migrations:index"
	MigrationIndexHost           Rule = "os_compute_api:os-migrations:index:host"
	MigrationIndexAllProjects    Rule = "os_compute_api:os-migrations:index:all_projects"
	ServerMigrationIndex         Rule = "os_compute_api:servers:migrations:index"
	ServerMigrationIndexHost     Rule = "os_compute_api:servers:migrations:index:host"
	ServerMigrationShow          Rule = "os_compute_api:servers:migrations:show"
	ServerMigrationForceComplete Rule = "os_compute_api:servers:migrations:force_complete"
	ServerMigrationDelete        Rule = "os_compute_api:servers:migrations:delete"
)

// migrationRules are for the managers of a project. Hosts in them are a separate
// rule, which is asked for each list and leaves the names out.
var migrationRules = []Entry{
	// A project's managers see its migrations, but not between which hosts.
	{MigrationIndex, manager, "List a project's migrations.", ops{"GET /os-migrations"}},
	{MigrationIndexHost, admin, "See the hosts in a list of migrations.", ops{"GET /os-migrations"}},
	{MigrationIndexAllProjects, admin, "List every project's migrations.", ops{"GET /os-migrations"}},
	{ServerMigrationIndex, manager, "List a server's live migrations.", ops{"GET /servers/{server_id}/migrations"}},
	{
		ServerMigrationIndexHost, admin, "See the hosts in a list of a server's live migrations.",
		ops{"GET /servers/{server_id}/migrations"},
	},
	{ServerMigrationShow, admin, "Show a live migration of a server.", ops{"GET /servers/{server_id}/migrations/{id}"}},
	// To end soon, the server is paused while the rest of its memory is copied.
	{
		ServerMigrationForceComplete, manager, "Make a live migration end soon, at the server's cost.",
		ops{"POST /servers/{server_id}/migrations/{id}/action (force_complete)"},
	},
	{ServerMigrationDelete, manager, "Abort a live migration.", ops{"DELETE /servers/{server_id}/migrations/{id}"}},
}
