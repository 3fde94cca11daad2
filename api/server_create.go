package api

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// create begins to build servers, and answers before they are built. The reply
// is about the first of them; a client that asks for a reservation ID gets that
// alone, and finds all of them with it.
func (c *Servers) create(ctx context.Context, r *rest.Request, in schema.ServerCreateBody) (any, error) {
	request, err := serverRequest(r, in)
	if err != nil {
		return nil, err
	}
	created, err := c.Compute.Create(ctx, request)
	if err != nil {
		return nil, err
	}
	if in.Server.ReturnReservationID {
		return views.Servers{}.Reservation(created.Servers[0].ReservationID), nil
	}
	return c.showCreated(r, created, orDefault(in.Server.SecurityGroups)), nil
}

// showCreated answers with the first of the new servers, and says where it is.
func (c *Servers) showCreated(r *rest.Request, created compute.Created, groups []string) any {
	first := created.Servers[0]
	r.Header("Location", r.URL("servers", first.ID))
	return views.Servers{}.Created(r, first, groups, c.shownPassword(created.Password))
}

// serverRequest decodes a body, and refuses what contradicts itself and what
// policy forbids. It asks nobody. Of several faults it reports the one that
// ServersController.create in nova/api/openstack/compute/servers.py would.
func serverRequest(r *rest.Request, in schema.ServerCreateBody) (request compute.ServerRequest, err error) {
	s := in.Server
	least := count(s.MinCount, 1)
	most := count(s.MaxCount, least)
	if least > most {
		return request, nova.Errorf(nova.Invalid, "min_count must be <= max_count")
	}
	files, err := injectedFiles(s.Personality)
	if err != nil {
		return request, err
	}
	if len(s.TrustedImageCertificates) > 0 {
		if err := r.EnforceOwn(policy.ServerCreateTrustedCerts); err != nil {
			return request, err
		}
	}
	zone, force, err := placement(r, s)
	if err != nil {
		return request, err
	}
	devices, err := blockDevices(r, s)
	if err != nil {
		return request, err
	}
	if s.ImageRef == "" && len(devices) == 0 {
		return request, nova.Errorf(nova.Invalid, "Missing imageRef attribute")
	}
	networks, err := networks(r, s.Networks)
	if err != nil {
		return request, err
	}
	return compute.ServerRequest{
		Name: strings.TrimSpace(s.Name), Hostname: s.Hostname, Description: description(r, s), Min: least, Max: most,
		FlavorID: lastSegment(string(s.FlavorRef)), ImageID: s.ImageRef, KeyName: notEmpty(s.KeyName), Devices: devices,
		Networks: networks, SecurityGroups: groupNames(s.SecurityGroups),
		Zone: zone, Force: force, To: compute.Target{Host: s.Host, Node: s.HypervisorHostname},
		Metadata: s.Metadata, Tags: uniqueTags(s.Tags), Files: files, UserData: s.UserData,
		ConfigDrive: bool(s.ConfigDrive), DiskConfig: s.DiskConfig,
		AccessIPv4: address(s.AccessIPv4), AccessIPv6: address(s.AccessIPv6),
		TrustedCerts: s.TrustedImageCertificates, Hints: userHints(in.SchedulerHints()), Password: s.AdminPass,
		ZeroDisk: r.Can(policy.ServerCreateZeroDiskFlavor), NetworkRights: networkRights(r),
		Multiattach: r.AtLeast(60),
	}, nil
}

// description is the server's description: nil for none. Until 2.18 a client
// could not choose it, and it was the name.
func description(r *rest.Request, s schema.ServerSpec) *string {
	if !r.AtLeast(19) {
		name := strings.TrimSpace(s.Name)
		return &name
	}
	if !s.Description.Set {
		return nil
	}
	return pointer(s.Description)
}

// placement reads the zone of the servers, and the host or node that is forced as
// zone:host, zone:host:node or zone::node. Since 2.74 a client can also name a
// host in fields of its own, which is checked where the other is not; both at once
// are refused. Each way has its rule of policy, which is asked first.
func placement(r *rest.Request, s schema.ServerSpec) (zone string, force compute.Target, err error) {
	zone, rest, _ := strings.Cut(s.AvailabilityZone, ":")
	host, node, _ := strings.Cut(rest, ":")
	if strings.Contains(node, ":") {
		return "", force, nova.Errorf(nova.Invalid, "Invalid input received: Unable to parse availability_zone")
	}
	force = compute.Target{Host: host, Node: node}
	forced := force != compute.Target{}
	if forced {
		if err := r.EnforceOwn(policy.ServerCreateForcedHost); err != nil {
			return "", force, err
		}
	}
	if s.Host == "" && s.HypervisorHostname == "" {
		return zone, force, nil
	}
	if err := r.EnforceOwn(policy.ServerCreateRequestedDestination); err != nil {
		return "", force, err
	}
	if forced {
		return "", force, nova.Errorf(nova.Invalid, "One mechanism with host and/or hypervisor_hostname and another mechanism "+
			"with zone:host:node are mutually exclusive.")
	}
	return zone, force, nil
}

// lastSegment is the ID at the end of a URL without query and fragment, or the
// whole text if it is an ID already: get_id_from_href in
// nova/api/openstack/common.py.
func lastSegment(ref string) string {
	ref, _, _ = strings.Cut(ref, "#")
	ref, _, _ = strings.Cut(ref, "?")
	return ref[strings.LastIndexByte(ref, '/')+1:]
}

// notEmpty is nil for a text that was left out. The schema refuses empty ones.
func notEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// injectedFiles are the files of a personality. The schema lets files without a
// path or contents through, to which Nova answers 500.
func injectedFiles(personality []schema.File) ([]compute.File, error) {
	files := make([]compute.File, len(personality))
	for i, f := range personality {
		switch {
		case f.Path == nil:
			return nil, nova.Errorf(nova.Invalid, "Bad personality format: missing 'path'")
		case f.Contents == nil:
			return nil, nova.Errorf(nova.Invalid, "Bad personality format: missing 'contents'")
		}
		files[i] = compute.File{Path: *f.Path, Contents: *f.Contents}
	}
	return files, nil
}

// address is an IP address in its shortest form, as the network service has it.
// Any other text stays as it is.
func address(text string) string {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return text
	}
	return ip.String()
}

// networks reads the networks and ports that the servers are to be connected to.
// Policy is asked about any request but none, and not about a request without a
// word on networks.
func networks(r *rest.Request, n *schema.Networks) (asked compute.Networks, err error) {
	if n == nil {
		return asked, nil
	}
	for _, nic := range n.List {
		if err := checkNIC(nic, asked.List); err != nil {
			return asked, err
		}
		wanted := compute.NIC{PortID: nic.Port, Tag: nic.Tag}
		if nic.Port == "" {
			wanted.NetworkID, wanted.FixedIP = *nic.UUID, address(nic.FixedIP)
		}
		asked.List = append(asked.List, wanted)
	}
	asked.None, asked.Auto = n.Mode == "none", n.Mode == "auto"
	if len(asked.List) > 0 || asked.Auto {
		err = r.EnforceOwn(policy.ServerCreateAttachNetwork)
	}
	return asked, err
}

// checkNIC refuses a network or port that contradicts itself or an earlier one:
// _get_requested_networks in nova/api/openstack/compute/servers.py. A network
// beside a port is passed over. Since 2.37 the schema knows UUIDs.
func checkNIC(nic schema.NIC, before []compute.NIC) error {
	switch {
	case nic.Port != "" && slices.ContainsFunc(before, func(n compute.NIC) bool { return n.PortID == nic.Port }):
		return nova.Errorf(nova.Invalid, "Port ID '%s' was specified twice: you cannot attach a port multiple times.", nic.Port)
	case nic.Port != "" && nic.FixedIP != "":
		return nova.Errorf(nova.Invalid, "Specified Fixed IP '%s' cannot be used with port '%s': the two cannot be specified together.",
			nic.FixedIP, nic.Port)
	case nic.Port != "":
		return nil
	case nic.UUID == nil:
		return nova.Errorf(nova.Invalid, "Bad network format: missing 'uuid'")
	case !schema.IsUUID(*nic.UUID):
		return nova.Errorf(nova.Invalid, "Bad networks format: network uuid is not in proper format (%s)", *nic.UUID)
	}
	return nil
}

// userHints are the scheduler hints of a client. Those that only Nova itself may
// give are dropped without a word.
func userHints(hints map[string]schema.Hint) map[string][]string {
	kept := map[string][]string{}
	for key, value := range hints {
		if !strings.HasPrefix(key, "_nova") {
			kept[key] = value
		}
	}
	return kept
}

// groupNames are the names of security groups. The schema lets groups without a
// name through, which count for nothing.
func groupNames(groups []schema.SecurityGroupName) []string {
	var names []string
	for _, group := range groups {
		if group.Name != "" {
			names = append(names, group.Name)
		}
	}
	return names
}

// orDefault are the security groups in the reply: those of the request, word for
// word, or the default one if the request has no word about them.
func orDefault(groups []schema.SecurityGroupName) []string {
	if groups == nil {
		return []string{"default"}
	}
	names := make([]string, len(groups))
	for i, group := range groups {
		names[i] = group.Name
	}
	return names
}

// count is a number, or another if it was left out.
func count(n *schema.Int, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return int(*n)
}
