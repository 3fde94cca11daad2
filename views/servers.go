package views

import (
	"maps"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// Servers renders servers.
type Servers struct{}

// A Server is a server with what the view shows beside it. It points at the server, and
// the view at the server's texts: they are written from where they are.
type Server struct {
	*nova.Server
	HostStatus string   // UP, DOWN, MAINTENANCE, UNKNOWN; empty without a host
	Groups     []string // IDs of its server groups; not in lists
}

// A place is where a server is shown, which decides how much of it is shown.
type place int

const (
	shown   place = iota // by itself
	listed               // in a list, which leaves out the server groups
	reduced              // after an update, which showed less before 2.75
	rebuilt              // the same after a rebuild, which shows user data in another way
)

// Index lists servers by name.
func (v Servers) Index(r Request, servers []nova.Server) Dict {
	return list(r, "servers", "servers", servers, serverID, v.basic)
}

func serverID(s nova.Server) string { return s.ID }

// Detail lists servers with everything but their groups.
func (v Servers) Detail(r Request, servers []Server) Dict {
	return list(r, "servers", "servers/detail", servers, func(s Server) string { return s.ID }, func(r Request, s Server) Dict {
		return v.server(r, s, listed)
	})
}

// Show renders one server with everything.
func (v Servers) Show(r Request, s Server) Dict { return Dict{{"server", v.server(r, s, shown)}} }

// Updated renders a server that was changed.
func (v Servers) Updated(r Request, s Server) Dict {
	if r.AtLeast(75) {
		return v.Show(r, s)
	}
	return Dict{{"server", v.server(r, s, reduced)}}
}

// Rebuilt renders a server that is being made anew. The password is shown once,
// unless the site hides it. Everybody sees the user data.
func (v Servers) Rebuilt(r Request, s Server, password *string) Dict {
	return Dict{{"server", append(
		v.server(r, s, rebuilt),
		Field{"adminPass", password}.If(password != nil),
		since(r, 57, "user_data", s.UserData),
	)}}
}

// Created answers for a server that is being built. The password is shown once,
// unless the site hides it.
func (Servers) Created(r Request, s nova.Server, groups []string, password *string) Dict {
	return Dict{{"server", Dict{
		{"id", s.ID},
		{"links", links(r, "servers", s.ID)},
		{"OS-DCF:diskConfig", s.DiskConfig},
		{"security_groups", names(groups)},
		Field{"adminPass", password}.If(password != nil),
	}}}
}

// Reservation answers with the ID that lists of servers can be filtered by, for
// a client that creates several.
func (Servers) Reservation(id string) Dict { return Dict{{"reservation_id", id}} }

// basic is a server in a list of names.
func (Servers) basic(r Request, s nova.Server) Dict {
	return Dict{
		{"id", s.ID},
		{"name", s.Name},
		{"links", links(r, "servers", s.ID)},
	}
}

// server is all that is ever shown of a server, in the order of Zed's show in
// nova/api/openstack/compute/views/servers.py. A new field is one line here.
func (Servers) server(r Request, s Server, in place) Dict {
	full := in == shown || in == listed || in == rebuilt && r.AtLeast(75)
	attributes := full && r.Can(policy.ExtendedServerAttributes)
	return Dict{
		{"id", &s.ID},
		{"name", &s.Name},
		{"status", s.Status()},
		{"tenant_id", &s.ProjectID},
		{"user_id", &s.UserID},
		{"metadata", s.Metadata},
		{"hostId", s.HostID()},
		{"image", image(r, s)},
		{"flavor", flavor(r, &s.Flavor)},
		{"created", isotime(s.CreatedAt)},
		{"updated", isotime(*orTime(s.UpdatedAt, &s.CreatedAt))},
		{"addresses", addresses(s.Server, full)},
		{"accessIPv4", &s.AccessIPv4},
		{"accessIPv6", &s.AccessIPv6},
		{"links", links(r, "servers", s.ID)},
		{"OS-DCF:diskConfig", &s.DiskConfig},
		Field{"fault", fault(r, s.Fault)}.If(s.Fault != nil && hasFault[s.Status()]),
		Field{"progress", s.Progress}.If(hasProgress[s.Status()]),
		Field{"OS-EXT-AZ:availability_zone", &s.Zone}.If(full),
		Field{"config_drive", configDrive(s.ConfigDrive)}.If(full),
		Field{"key_name", s.KeyName}.If(full || in == rebuilt && r.AtLeast(54)),
		Field{"OS-SRV-USG:launched_at", naiveOrNull(s.LaunchedAt)}.If(full),
		Field{"OS-SRV-USG:terminated_at", naiveOrNull(s.TerminatedAt)}.If(full),
		Field{"security_groups", names(s.SecurityGroups)}.If(full && len(s.SecurityGroups) > 0),
		Field{"OS-EXT-SRV-ATTR:host", pointerOrNull(&s.Host)}.If(attributes),
		Field{"OS-EXT-SRV-ATTR:instance_name", s.InstanceName()}.If(attributes),
		Field{"OS-EXT-SRV-ATTR:hypervisor_hostname", pointerOrNull(&s.Node)}.If(attributes),
		since(r, 3, "OS-EXT-SRV-ATTR:reservation_id", &s.ReservationID).If(attributes),
		since(r, 3, "OS-EXT-SRV-ATTR:launch_index", s.LaunchIndex).If(attributes),
		since(r, 3, "OS-EXT-SRV-ATTR:hostname", &s.Hostname).If(attributes),
		since(r, 3, "OS-EXT-SRV-ATTR:kernel_id", &s.KernelID).If(attributes),
		since(r, 3, "OS-EXT-SRV-ATTR:ramdisk_id", &s.RamdiskID).If(attributes),
		since(r, 3, "OS-EXT-SRV-ATTR:root_device_name", s.RootDevice).If(attributes),
		since(r, 3, "OS-EXT-SRV-ATTR:user_data", s.UserData).If(attributes && in != rebuilt),
		Field{"OS-EXT-STS:task_state", pointerOrNull((*string)(&s.TaskState))}.If(full),
		Field{"OS-EXT-STS:vm_state", (*string)(&s.VMState)}.If(full),
		Field{"OS-EXT-STS:power_state", int(s.PowerState)}.If(full),
		Field{"os-extended-volumes:volumes_attached", volumesAttached(r, s.BlockDevices)}.If(full),
		since(r, 16, "host_status", &s.HostStatus).If(full && maySeeHostStatus(r, s)),
		since(r, 9, "locked", s.Locked()),
		since(r, 73, "locked_reason", s.LockedReason),
		since(r, 19, "description", s.Description),
		since(r, 26, "tags", s.Tags),
		since(r, 63, "trusted_image_certificates", listOrNull(s.TrustedCerts)),
		since(r, 90, "OS-EXT-SRV-ATTR:hostname", &s.Hostname).If(!attributes), // shown to everybody, and never twice
		since(r, 71, "server_groups", s.Groups).If(in != listed),
		since(r, 96, "pinned_availability_zone", s.PinnedZone),
		since(r, 100, "scheduler_hints", object(hints(s))),
	}
}

// hints are the scheduler hints of a server, without that of a group that has been
// deleted since, as in _from_db_object of nova/objects/request_spec.py.
func hints(s Server) map[string][]string {
	if s.GroupID != "" || s.Hints["group"] == nil {
		return s.Hints
	}
	left := maps.Clone(s.Hints)
	delete(left, "group")
	return left
}

// maySeeHostStatus reports whether the caller may see the status of the host.
// Some may only see that nothing is known of the host.
func maySeeHostStatus(r Request, s Server) bool {
	return r.Can(policy.ShowHostStatus) || s.HostStatus == "UNKNOWN" && r.Can(policy.ShowHostStatusUnknown)
}

// The statuses of servers that show a fault, and of those that show progress.
var (
	hasFault    = map[string]bool{"ERROR": true, "DELETED": true}
	hasProgress = map[string]bool{
		"ACTIVE": true, "BUILD": true, "REBUILD": true, "RESIZE": true, "VERIFY_RESIZE": true, "MIGRATING": true,
	}
)

// image is a link to the image, with its properties since 2.98. It is an empty
// string for a server that boots from a volume.
func image(r Request, s Server) any {
	if s.ImageID == "" {
		return ""
	}
	return Dict{
		{"id", &s.ImageID},
		{"links", bookmark(r, "images", s.ImageID)},
		since(r, 98, "properties", knownProperties(s.ImageProps)),
	}
}

// flavor is the flavor as it was when the server was built or resized. Before
// 2.47 it was a link.
func flavor(r Request, f *nova.Flavor) Dict {
	if !r.AtLeast(47) {
		return Dict{{"id", &f.ID}, {"links", bookmark(r, "flavors", f.ID)}}
	}
	return Dict{
		{"vcpus", f.VCPUs},
		{"ram", &f.RAM},
		{"disk", &f.Disk},
		{"ephemeral", &f.Ephemeral},
		{"swap", &f.Swap},
		{"original_name", &f.Name},
		Field{"extra_specs", f.ExtraSpecs}.If(r.Can(policy.ShowFlavorExtraSpecs)),
	}
}

// fault is the reason that a server is in error. Details of server errors are
// for administrators; details of refusals are for everybody.
func fault(r Request, f *nova.Fault) Dict {
	if f == nil {
		return nil
	}
	const internal = 500
	return Dict{
		{"code", f.Code},
		{"created", isotime(f.Created)},
		{"message", f.Message},
		Field{"details", f.Details}.If(f.Details != "" && (f.Code != internal || r.IsAdmin())),
	}
}

// addresses groups a server's addresses by network, in the order of the ports and
// the fixed ones first. A server that is being built shows none.
func addresses(s *nova.Server, full bool) Dict {
	if s.VMState == nova.Building {
		return Dict{}
	}
	shown := make([]*nova.Address, 0, len(s.Addresses))
	for _, kind := range [...]string{"fixed", "floating"} {
		for i := range s.Addresses {
			if s.Addresses[i].Type == kind {
				shown = append(shown, &s.Addresses[i])
			}
		}
	}
	grouped := Dict{}
	for i, a := range shown {
		if !slices.ContainsFunc(shown[:i], func(before *nova.Address) bool { return before.Network == a.Network }) {
			grouped = append(grouped, Field{a.Network, addressesOn(a.Network, shown[i:], full)})
		}
	}
	return grouped
}

// addressesOn are those of some addresses that are on a network.
func addressesOn(network string, addresses []*nova.Address, full bool) []Dict {
	dicts := make([]Dict, 0, len(addresses))
	for _, a := range addresses {
		if a.Network == network {
			dicts = append(dicts, Dict{
				{"version", a.Version},
				{"addr", &a.IP},
				Field{"OS-EXT-IPS:type", &a.Type}.If(full),
				Field{"OS-EXT-IPS-MAC:mac_addr", &a.MAC}.If(full),
			})
		}
	}
	return dicts
}

// Addresses lists a server's addresses on all networks.
func (Servers) Addresses(s nova.Server) Dict { return Dict{{"addresses", addresses(&s, false)}} }

// AddressesOn lists a server's addresses on one network, and reports whether the
// server is on that network.
func (Servers) AddressesOn(s nova.Server, network string) (Dict, bool) {
	for _, f := range addresses(&s, false) {
		if f.Key == network {
			return Dict{f}, true
		}
	}
	return nil, false
}

// names are security groups as the API shows them: by name alone.
type names []string

// AppendJSON writes the groups as JSON.
func (n names) AppendJSON(to []byte) []byte {
	return appendList(to, n, func(to []byte, name string) []byte {
		if name == "" {
			return append(to, "{}"...)
		}
		return append(appendString(append(to, `{"name":`...), name), '}')
	})
}

// configDrive is a text for compatibility: "True", or empty.
func configDrive(on bool) string {
	if on {
		return "True"
	}
	return ""
}
