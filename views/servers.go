package views

import (
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// Servers renders servers.
type Servers struct{}

// A Server is a server with what the view needs to know beside it.
type Server struct {
	nova.Server
	Zone       string   // of its host, or the one asked for
	HostStatus string   // UP, DOWN, MAINTENANCE, UNKNOWN; empty without a host
	Groups     []string // IDs of its server groups; not in lists
}

// Index lists servers by name.
func (v Servers) Index(r Request, servers []nova.Server) Dict {
	return list(r, "servers", "servers", servers, func(s nova.Server) string { return s.ID }, v.basic)
}

// Detail lists servers with everything.
func (v Servers) Detail(r Request, servers []Server) Dict {
	return list(r, "servers", "servers/detail", servers, serverID, v.listed)
}

// Show renders one server.
func (v Servers) Show(r Request, s Server) Dict { return Dict{{"server", v.full(r, s)}} }

// Updated renders a server that was changed: only in part, until 2.74.
func (v Servers) Updated(r Request, s Server) Dict {
	if r.AtLeast(75) {
		return v.Show(r, s)
	}
	return Dict{{"server", v.reduced(r, s)}}
}

// Created answers for a server that is being built.
func (Servers) Created(r Request, s nova.Server, groups []string, password *string) Dict {
	return Dict{{"server", Dict{
		{"id", s.ID},
		{"links", links(r, "servers", s.ID)},
		{"OS-DCF:diskConfig", s.DiskConfig},
		{"security_groups", names(groups)},
		Field{"adminPass", password}.If(password != nil),
	}}}
}

// Reservation answers for servers that are found by their reservation.
func (Servers) Reservation(id string) Dict { return Dict{{"reservation_id", id}} }

func (Servers) basic(r Request, s nova.Server) Dict {
	return Dict{
		{"id", s.ID},
		{"name", s.Name},
		{"links", links(r, "servers", s.ID)},
	}
}

// reduced is what updating and rebuilding showed until 2.74.
func (v Servers) reduced(r Request, s Server) Dict {
	return slices.Concat(v.core(r, s, plainAddress), v.later(r, s), Dict{
		since(r, 71, "server_groups", s.Groups),
	})
}

// core is what is always shown.
func (Servers) core(r Request, s Server, address func(nova.Address) Dict) Dict {
	return Dict{
		{"id", s.ID},
		{"name", s.Name},
		{"status", s.Status()},
		{"tenant_id", s.ProjectID},
		{"user_id", s.UserID},
		{"metadata", s.Metadata},
		{"hostId", s.HostID()},
		{"image", image(r, s)},
		{"flavor", flavor(r, s.Flavor)},
		{"created", isotime(s.CreatedAt)},
		{"updated", isotime(*orTime(s.UpdatedAt, &s.CreatedAt))},
		{"addresses", addresses(s.Server, address)},
		{"accessIPv4", s.AccessIPv4},
		{"accessIPv6", s.AccessIPv6},
		{"links", links(r, "servers", s.ID)},
		{"OS-DCF:diskConfig", s.DiskConfig},
		Field{"fault", fault(r, s.Fault)}.If(s.Fault != nil && hasFault[s.Status()]),
		Field{"progress", s.Progress}.If(hasProgress[s.Status()]),
	}
}

// full is a server by itself.
func (v Servers) full(r Request, s Server) Dict {
	return slices.Concat(
		v.core(r, s, address),
		v.usage(s),
		Dict{securityGroups(s)},
		v.extended(r, s),
		Dict{hostStatus(r, s)},
		v.later(r, s),
		Dict{hostname(r, s), since(r, 71, "server_groups", s.Groups)},
		v.newest(r, s),
	)
}

// listed is a server in a list, which doesn't show its groups, and has what
// is fetched for the whole list at its end.
func (v Servers) listed(r Request, s Server) Dict {
	return slices.Concat(
		v.core(r, s, address),
		v.usage(s),
		v.extended(r, s),
		v.later(r, s),
		Dict{hostname(r, s)},
		v.newest(r, s),
		Dict{hostStatus(r, s), securityGroups(s)},
	)
}

func (Servers) usage(s Server) Dict {
	return Dict{
		{"OS-EXT-AZ:availability_zone", s.Zone},
		{"config_drive", configDrive(s.ConfigDrive)},
		{"key_name", s.KeyName},
		{"OS-SRV-USG:launched_at", naiveOrNull(s.LaunchedAt)},
		{"OS-SRV-USG:terminated_at", naiveOrNull(s.TerminatedAt)},
	}
}

// extended is where and how the server runs, some of it for some only.
func (Servers) extended(r Request, s Server) Dict {
	attributes := r.Can(policy.ExtendedServerAttributes)
	since3 := attributes && r.AtLeast(3)
	return Dict{
		Field{"OS-EXT-SRV-ATTR:host", stringOrNull(s.Host)}.If(attributes),
		Field{"OS-EXT-SRV-ATTR:instance_name", s.InstanceName()}.If(attributes),
		Field{"OS-EXT-SRV-ATTR:hypervisor_hostname", stringOrNull(s.Node)}.If(attributes),
		Field{"OS-EXT-SRV-ATTR:reservation_id", s.ReservationID}.If(since3),
		Field{"OS-EXT-SRV-ATTR:launch_index", s.LaunchIndex}.If(since3),
		Field{"OS-EXT-SRV-ATTR:hostname", s.Hostname}.If(since3),
		Field{"OS-EXT-SRV-ATTR:kernel_id", s.KernelID}.If(since3),
		Field{"OS-EXT-SRV-ATTR:ramdisk_id", s.RamdiskID}.If(since3),
		Field{"OS-EXT-SRV-ATTR:root_device_name", s.RootDevice}.If(since3),
		Field{"OS-EXT-SRV-ATTR:user_data", s.UserData}.If(since3),
		{"OS-EXT-STS:task_state", stringOrNull(string(s.TaskState))},
		{"OS-EXT-STS:vm_state", string(s.VMState)},
		{"OS-EXT-STS:power_state", int(s.PowerState)},
		{"os-extended-volumes:volumes_attached", []Dict{}},
	}
}

// later is what came after 2.1, and is shown whatever is done to a server.
func (Servers) later(r Request, s Server) Dict {
	return Dict{
		since(r, 9, "locked", s.Locked()),
		since(r, 73, "locked_reason", s.LockedReason),
		since(r, 19, "description", s.Description),
		since(r, 26, "tags", s.Tags),
		since(r, 63, "trusted_image_certificates", listOrNull(s.TrustedCerts)),
	}
}

func (Servers) newest(r Request, s Server) Dict {
	return Dict{
		since(r, 96, "pinned_availability_zone", s.PinnedZone),
		since(r, 100, "scheduler_hints", object(s.Hints)),
	}
}

// hostname is for everybody since 2.90. Those who see all attributes have seen
// it among them.
func hostname(r Request, s Server) Field {
	return since(r, 90, "OS-EXT-SRV-ATTR:hostname", s.Hostname).If(!r.Can(policy.ExtendedServerAttributes))
}

// hostStatus is what the caller may know of the host: for some that is only
// that nothing is known.
func hostStatus(r Request, s Server) Field {
	may := r.Can(policy.ShowHostStatus) || s.HostStatus == "UNKNOWN" && r.Can(policy.ShowHostStatusUnknown)
	return since(r, 16, "host_status", s.HostStatus).If(may)
}

// securityGroups are left out if there are none.
func securityGroups(s Server) Field {
	return Field{"security_groups", names(s.SecurityGroups)}.If(len(s.SecurityGroups) > 0)
}

// Which statuses show a fault, and which a progress.
var (
	hasFault    = map[string]bool{"ERROR": true, "DELETED": true}
	hasProgress = map[string]bool{
		"ACTIVE": true, "BUILD": true, "REBUILD": true, "RESIZE": true, "VERIFY_RESIZE": true, "MIGRATING": true,
	}
)

// image is a link, an empty string for a server that boots from a volume, and
// shows the image's properties since 2.98.
func image(r Request, s Server) any {
	if s.ImageID == "" {
		return ""
	}
	return Dict{
		{"id", s.ImageID},
		{"links", bookmark(r, "images", s.ImageID)},
		since(r, 98, "properties", s.ImageProps),
	}
}

// flavor was a link, until 2.46; since then it is the flavor as the server
// remembers it.
func flavor(r Request, f nova.Flavor) Dict {
	if !r.AtLeast(47) {
		return Dict{{"id", f.ID}, {"links", bookmark(r, "flavors", f.ID)}}
	}
	return Dict{
		{"vcpus", f.VCPUs},
		{"ram", f.RAM},
		{"disk", f.Disk},
		{"ephemeral", f.Ephemeral},
		{"swap", f.Swap},
		{"original_name", f.Name},
		Field{"extra_specs", f.ExtraSpecs}.If(r.Can(policy.ShowFlavorExtraSpecs)),
	}
}

func fault(r Request, f *nova.Fault) Dict {
	if f == nil {
		return nil
	}
	const internal = 500
	return Dict{
		{"code", f.Code},
		{"created", isotime(f.Created)},
		{"message", f.Message},
		Field{"details", f.Details}.If(f.Details != "" && (f.Code != internal || r.Can(policy.ContextIsAdmin))),
	}
}

// addresses are grouped by network, in the order of the ports, and shown once
// the server is built.
func addresses(s nova.Server, view func(nova.Address) Dict) Dict {
	if s.VMState == nova.Building {
		return Dict{}
	}
	var networks []string
	on := map[string][]Dict{}
	for _, kind := range []string{"fixed", "floating"} {
		for _, a := range s.Addresses {
			if a.Type != kind {
				continue
			}
			if on[a.Network] == nil {
				networks = append(networks, a.Network)
			}
			on[a.Network] = append(on[a.Network], view(a))
		}
	}
	grouped := make(Dict, len(networks))
	for i, network := range networks {
		grouped[i] = Field{network, on[network]}
	}
	return grouped
}

func address(a nova.Address) Dict {
	return append(plainAddress(a),
		Field{"OS-EXT-IPS:type", a.Type},
		Field{"OS-EXT-IPS-MAC:mac_addr", a.MAC},
	)
}

func plainAddress(a nova.Address) Dict { return Dict{{"version", a.Version}, {"addr", a.IP}} }

// Addresses lists where a server is on the network.
func (Servers) Addresses(s nova.Server) Dict {
	return Dict{{"addresses", addresses(s, plainAddress)}}
}

// AddressesOn lists where a server is on one network, and tells whether it is
// on that.
func (Servers) AddressesOn(s nova.Server, network string) (Dict, bool) {
	for _, f := range addresses(s, plainAddress) {
		if f.Key == network {
			return Dict{f}, true
		}
	}
	return nil, false
}

func names(groups []string) []Dict {
	dicts := make([]Dict, len(groups))
	for i, name := range groups {
		dicts[i] = Dict{Field{"name", name}.If(name != "")}
	}
	return dicts
}

func configDrive(on bool) string {
	if on {
		return "True"
	}
	return ""
}

func serverID(s Server) string { return s.ID }
