package schema

import "github.com/nova-api/nova-api/internal/microversion"

// Queries of /os-hypervisors.
var (
	// HypervisorsQuery is that of the lists, with and without detail.
	HypervisorsQuery = NewQuery(
		Param("limit", Natural).Since(33).Until(52),
		Param("marker", String).Since(33).Until(52),
		OnceParam("limit", Natural).Since(53),
		OnceParam("marker", String).Since(53),
		OnceParam("hypervisor_hostname_pattern", HostName).Since(53),
		OnceParam("with_servers", Boolean).Since(53),
	).Strict(53)

	HypervisorQuery = NewQuery(
		OnceParam("with_servers", Boolean).Since(53),
	).Strict(53)
)

// HostsQuery is that of GET /os-hosts.
var HostsQuery = NewQuery(Param("zone", String))

// HostUpdate is the body of PUT /os-hosts/{id}. That it has neither key is told
// before that it has others.
var HostUpdate = NewBody(OpenObject(
	Prop("status", onOrOff),
	Prop("maintenance_mode", onOrOff),
).AnyOf("status", "maintenance_mode").with("additionalProperties", closed(microversion.Min)))

var onOrOff = Enum("enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE")

// HostUpdateBody is HostUpdate, decoded.
type HostUpdateBody struct {
	Status          *string `json:"status"`
	MaintenanceMode *string `json:"maintenance_mode"`
}
