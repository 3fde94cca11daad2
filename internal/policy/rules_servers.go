package policy

// These are the rules of servers as a whole: lists, views, create, update and
// delete.
const (
	ServerIndex              Rule = "os_compute_api:servers:index"
	ServerDetail             Rule = "os_compute_api:servers:detail"
	ServerIndexAllProjects   Rule = "os_compute_api:servers:index:get_all_tenants"
	ServerDetailAllProjects  Rule = "os_compute_api:servers:detail:get_all_tenants"
	ServerAllFilters         Rule = "os_compute_api:servers:allow_all_filters"
	ServerShow               Rule = "os_compute_api:servers:show"
	ServerUpdate             Rule = "os_compute_api:servers:update"
	ServerDelete             Rule = "os_compute_api:servers:delete"
	ExtendedServerAttributes Rule = "os_compute_api:os-extended-server-attributes"
	ShowFlavorExtraSpecs     Rule = "os_compute_api:servers:show:flavor-extra-specs"
	ShowHostStatus           Rule = "os_compute_api:servers:show:host_status"
	ShowHostStatusUnknown    Rule = "os_compute_api:servers:show:host_status:unknown-only"
)

// viewed are the operations that answer with a whole server.
var viewed = ops{
	"GET /servers/detail", "GET /servers/{id}", "PUT /servers/{id}", "POST /servers/{id}/action (rebuild)",
}

// serverRules hide what tells about hosts from all but administrators. The rules
// that begin with "show" refuse nothing: they leave a property out.
var serverRules = []Entry{
	{ServerIndex, reader, "List the names of a project's servers.", ops{"GET /servers"}},
	{ServerDetail, reader, "List a project's servers with their details.", ops{"GET /servers/detail"}},
	// Asked for the parameter all_tenants.
	{ServerIndexAllProjects, admin, "List the names of every project's servers.", ops{"GET /servers"}},
	{ServerDetailAllProjects, admin, "List every project's servers with their details.", ops{"GET /servers/detail"}},
	// Without this rule, such filters are dropped and not refused, as in Nova.
	{
		ServerAllFilters, admin, "Filter lists of servers by what only administrators know, such as the host.",
		ops{"GET /servers", "GET /servers/detail"},
	},
	{ServerShow, reader, "Show a server.", ops{"GET /servers/{id}"}},
	{ServerUpdate, member, "Change a server's name and its other descriptive properties.", ops{"PUT /servers/{id}"}},
	{ServerDelete, member, "Delete a server.", ops{"DELETE /servers/{id}"}},
	// Since 2.3 it decides on more than the host's name: user data, kernel, reservation.
	{
		ExtendedServerAttributes, admin,
		"See where a server runs and how it was started: the OS-EXT-SRV-ATTR properties.", viewed,
	},
	// A server shows the flavor that it was made from since 2.47.
	{ShowFlavorExtraSpecs, reader, "See the extra specs in the flavor that a server was made from.", viewed},
	// The host's state is shown since 2.16. With only the second of these rules, it is shown
	// if it is UNKNOWN and hidden otherwise.
	{ShowHostStatus, admin, "See the state of the host that a server runs on.", viewed},
	{
		ShowHostStatusUnknown, admin,
		"See that the host of a server has not been heard of, and no other state of it.", viewed,
	},
}

// Rules that creating a server asks beside each other, each for a part of the
// request.
const (
	ServerCreate                     Rule = "os_compute_api:servers:create"
	ServerCreateForcedHost           Rule = "os_compute_api:servers:create:forced_host"
	ServerCreateRequestedDestination Rule = "compute:servers:create:requested_destination"
	ServerCreateAttachVolume         Rule = "os_compute_api:servers:create:attach_volume"
	ServerCreateAttachNetwork        Rule = "os_compute_api:servers:create:attach_network"
	ServerCreateTrustedCerts         Rule = "os_compute_api:servers:create:trusted_certs"
	ServerCreateZeroDiskFlavor       Rule = "os_compute_api:servers:create:zero_disk_flavor"
	AttachExternalNetwork            Rule = "network:attach_external_network"
)

// serverCreateRules ask for more than membership where a request goes past the
// scheduler or past what flavors are meant to bound.
var serverCreateRules = []Entry{
	{ServerCreate, member, "Create a server.", ops{"POST /servers"}},
	// The old way, "zone:host:node", with no question of whether the server fits there.
	{
		ServerCreateForcedHost, admin,
		"Name a host in the availability zone of a new server, past the scheduler's filters.",
		ops{"POST /servers"},
	},
	// The new way, since 2.74: the properties host and hypervisor_hostname.
	{
		ServerCreateRequestedDestination, admin,
		"Ask for a host or node for a new server, which the scheduler checks.",
		ops{"POST /servers"},
	},
	{ServerCreateAttachVolume, member, "Create a server with volumes attached.", ops{"POST /servers"}},
	{ServerCreateAttachNetwork, member, "Create a server with networks attached.", ops{"POST /servers"}},
	{
		ServerCreateTrustedCerts, member,
		"Name the certificates that a new server's image must be signed with.",
		ops{"POST /servers"},
	},
	// Such a flavor bounds nothing: the disk would be as large as the image. It is meant for
	// servers that boot from volumes.
	{
		ServerCreateZeroDiskFlavor, admin,
		"Create a server on a local disk from a flavor whose disk has size zero.",
		ops{"POST /servers"},
	},
	// A server there has a public address that no quota of floating addresses counts.
	{
		AttachExternalNetwork, admin, "Connect a server straight to an external network that is not shared.",
		ops{"POST /servers", "POST /servers/{server_id}/os-interface"},
	},
}
