package api

import (
	"context"
	"regexp"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

func (c *Servers) create(ctx context.Context, r *rest.Request, in schema.CreateServer) (any, error) {
	request, err := c.requested(ctx, r, in)
	if err != nil {
		return nil, err
	}
	created, err := c.compute.Create(ctx, request)
	if err != nil {
		return nil, err
	}
	if in.Server.ReturnReservationID {
		return c.view.Reservation(created.Servers[0].ReservationID), nil
	}
	var password *string
	if c.password {
		password = &created.Password
	}
	first := created.Servers[0]
	r.Header("Location", r.URL("servers", first.ID))
	return c.view.Created(r, first, orDefault(groupNames(in.Server.SecurityGroups)), password), nil
}

// requested turns a body into what compute is asked for.
func (c *Servers) requested(ctx context.Context, r *rest.Request, in schema.CreateServer) (compute.NewServer, error) {
	s := in.Server
	request := compute.NewServer{
		Template: template(r, in),
		Min:      count(s.MinCount, 1),
		Hostname: s.Hostname, SecurityGroups: groupNames(s.SecurityGroups), Zone: s.AvailabilityZone,
		Host: s.Host, Node: s.HypervisorHostname, Password: s.AdminPass, KeyOwner: r.Caller.UserID,
		ForceHost:  func() error { return r.EnforceOwn(policy.ServerCreateForcedHost) },
		ZeroDisk:   r.Can(policy.ServerCreateZeroDiskFlavor),
		AnyNetwork: r.Can(policy.AttachExternalNetwork),
	}
	request.Max = count(s.MaxCount, request.Min)
	if err := c.allowed(r, s); err != nil {
		return request, err
	}
	var err error
	if request.Template.Flavor, err = c.flavor(ctx, r, string(s.FlavorRef)); err != nil {
		return request, err
	}
	if request.BlockDevices, err = blockDevices(s); err != nil {
		return request, err
	}
	request.Networks, err = networks(r, s.Networks)
	return request, err
}

// template is what is given of a new server.
func template(r *rest.Request, in schema.CreateServer) nova.Server {
	s := in.Server
	server := nova.Server{
		Name: strings.TrimSpace(s.Name), Description: pointer(s.Description),
		ProjectID: r.Caller.ProjectID, UserID: r.Caller.UserID,
		ImageID: s.ImageRef, UserData: s.UserData, Metadata: s.Metadata, ConfigDrive: bool(s.ConfigDrive),
		AccessIPv4: s.AccessIPv4, AccessIPv6: s.AccessIPv6, DiskConfig: orElse(s.DiskConfig, "MANUAL"),
		Tags: unique(s.Tags), TrustedCerts: s.TrustedImageCertificates, Hints: userHints(in.SchedulerHints()),
	}
	if s.KeyName != "" {
		name := strings.TrimSpace(s.KeyName)
		server.KeyName = &name
	}
	if !s.Description.Set {
		server.Description = nil
	}
	if !r.AtLeast(19) { // the description was the name, and could not be chosen
		server.Description = &server.Name
	}
	return server
}

// allowed asks policy about what not everybody may ask for.
func (c *Servers) allowed(r *rest.Request, s schema.NewServer) error {
	networks := s.Networks != nil && s.Networks.Mode != "none" && s.Networks.Mode != "auto"
	for _, ask := range []struct {
		asked bool
		rule  policy.Rule
	}{
		{s.Host != "" || s.HypervisorHostname != "", policy.ServerCreateRequestedDestination},
		{len(s.BlockDeviceMapping)+len(s.BlockDeviceMappingV2) > 0, policy.ServerCreateAttachVolume},
		{networks, policy.ServerCreateAttachNetwork},
		{s.TrustedImageCertificates != nil, policy.ServerCreateTrustedCerts},
	} {
		if !ask.asked {
			continue
		}
		if err := r.EnforceOwn(ask.rule); err != nil {
			return err
		}
	}
	return nil
}

// flavor finds the flavor that a server is to have: by its ID, or by a URL
// that ends in it.
func (c *Servers) flavor(ctx context.Context, r *rest.Request, ref string) (nova.Flavor, error) {
	id := ref[strings.LastIndexByte(ref, '/')+1:]
	flavor, err := visibleFlavor(ctx, c.store, r, id)
	if nova.Is(err, nova.NotFound) || err == nil && flavor.Disabled {
		return flavor, nova.Errorf(nova.Invalid, "Flavor %s could not be found.", id)
	}
	return flavor, err
}

var uuidFormat = regexp.MustCompile(`^(?i)[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$`)

// networks reads what a server is to be connected to. Without a word of it, it
// gets what there is.
func networks(r *rest.Request, n *schema.Networks) (compute.NetworkRequest, error) {
	if n == nil {
		return compute.NetworkRequest{}, nil
	}
	request := compute.NetworkRequest{None: n.Mode == "none", Auto: n.Mode == "auto"}
	if r.AtLeast(37) && n.Mode == "" && len(n.List) == 0 {
		request.None = false
	}
	for _, nic := range n.List {
		id := ""
		if nic.UUID != nil {
			id = *nic.UUID
		}
		switch {
		case nic.Port != "":
		case nic.UUID == nil:
			return request, nova.Errorf(nova.Invalid, "Bad network format: missing 'uuid'")
		case !uuidFormat.MatchString(id):
			return request, nova.Errorf(nova.Invalid, "Bad networks format: network uuid is not in proper format (%s)", id)
		}
		request.List = append(request.List, compute.NICRequest{NetworkID: id, PortID: nic.Port, FixedIP: nic.FixedIP, Tag: nic.Tag})
	}
	return request, nil
}

// blockDevices reads the disks that are asked for, in either syntax.
func blockDevices(s schema.NewServer) ([]compute.BlockDevice, error) {
	if len(s.BlockDeviceMapping) > 0 && len(s.BlockDeviceMappingV2) > 0 {
		return nil, nova.Errorf(nova.Invalid, "Using different block_device_mapping syntaxes is not allowed in the same request.")
	}
	var devices []compute.BlockDevice
	for _, d := range s.BlockDeviceMapping {
		device := compute.BlockDevice{Source: "volume", Destination: "volume", ID: d.VolumeID}
		if d.SnapshotID != "" {
			device.Source, device.ID = "snapshot", d.SnapshotID
		}
		devices = append(devices, device)
	}
	for _, d := range s.BlockDeviceMappingV2 {
		device := compute.BlockDevice{
			Source: orElse(d.SourceType, "blank"), Destination: d.DestinationType, ID: orElse(d.UUID, orElse(d.VolumeID, d.ImageID)),
			Swap: d.GuestFormat == "swap",
		}
		if device.Destination == "" {
			device.Destination = map[string]string{"volume": "volume", "snapshot": "volume"}[device.Source]
		}
		if d.BootIndex.Set && !d.BootIndex.Null {
			index := int(d.BootIndex.Value)
			device.BootIndex = &index
		}
		if d.VolumeSize != nil {
			device.Size = int(*d.VolumeSize)
		}
		if d.VolumeType != nil {
			device.VolumeType = *d.VolumeType
		}
		devices = append(devices, device)
	}
	return devices, nil
}

// userHints are the scheduler hints without those that are Nova's own.
func userHints(hints map[string]any) map[string]any {
	kept := map[string]any{}
	for key, value := range hints {
		if !strings.HasPrefix(key, "_nova") {
			kept[key] = value
		}
	}
	return kept
}

func groupNames(groups []schema.SecurityGroupName) []string {
	names := make([]string, len(groups))
	for i, group := range groups {
		names[i] = group.Name
	}
	return names
}

func orDefault(groups []string) []string {
	if len(groups) == 0 {
		return []string{"default"}
	}
	return groups
}

func count(n *schema.Int, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return int(*n)
}
