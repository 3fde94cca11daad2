package api

import (
	"context"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

func (c *Servers) create(ctx context.Context, r *rest.Request, in schema.ServerCreateBody) (any, error) {
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
	return c.view.Created(r, first, orDefault(in.Server.SecurityGroups), password), nil
}

// requested turns a body into what compute is asked for.
func (c *Servers) requested(ctx context.Context, r *rest.Request, in schema.ServerCreateBody) (compute.ServerRequest, error) {
	s := in.Server
	request := compute.ServerRequest{
		Template: template(r, in),
		Min:      count(s.MinCount, 1),
		Hostname: s.Hostname, SecurityGroups: groupNames(s.SecurityGroups), Zone: s.AvailabilityZone,
		Host: s.Host, Node: s.HypervisorHostname, Password: s.AdminPass, KeyOwner: r.Caller.UserID,
		ForceHost:  func() error { return r.EnforceOwn(policy.ServerCreateForcedHost) },
		ZeroDisk:   r.Can(policy.ServerCreateZeroDiskFlavor),
		AnyNetwork: r.Can(policy.AttachExternalNetwork),
	}
	request.Max = count(s.MaxCount, request.Min)
	devices, err := blockDevices(s)
	request.BlockDevices = devices
	if fault := request.Check(); fault != nil {
		return request, fault
	}
	if err != nil {
		return request, err
	}
	if err := c.allowed(r, s); err != nil {
		return request, err
	}
	if request.Networks, err = networks(s.Networks); err != nil {
		return request, err
	}
	if request.Template.Flavor, err = c.flavor(ctx, r, string(s.FlavorRef)); err != nil {
		return request, err
	}
	return request, c.checkFiles(ctx, r, s.Personality)
}

// checkFiles holds the files that are to be put into a server against the
// quota: as they were sent, in base64.
func (c *Servers) checkFiles(ctx context.Context, r *rest.Request, files []schema.File) error {
	if len(files) == 0 {
		return nil
	}
	quota, _, err := c.compute.Quota(ctx, r.Caller.ProjectID, "")
	if err != nil {
		return err
	}
	path, contents := 0, 0
	for _, file := range files {
		path, contents = max(path, len(file.Path)), max(contents, len(file.Contents))
	}
	switch {
	case !quota.Within(nova.QuotaInjectedFiles, len(files)):
		return nova.Errorf(nova.OverQuota, "Personality file limit exceeded")
	case !quota.Within(nova.QuotaInjectedPathBytes, path):
		return nova.Errorf(nova.OverQuota, "Personality file path exceeds maximum %d", quota[nova.QuotaInjectedPathBytes])
	case !quota.Within(nova.QuotaInjectedFileBytes, contents):
		return nova.Errorf(nova.OverQuota, "Personality file content exceeds maximum %d", quota[nova.QuotaInjectedFileBytes])
	}
	return nil
}

// template is what is given of a new server.
func template(r *rest.Request, in schema.ServerCreateBody) nova.Server {
	s := in.Server
	server := nova.Server{
		Name: strings.TrimSpace(s.Name), Description: pointer(s.Description),
		ProjectID: r.Caller.ProjectID, UserID: r.Caller.UserID,
		ImageID: s.ImageRef, UserData: s.UserData, Metadata: s.Metadata, ConfigDrive: bool(s.ConfigDrive),
		AccessIPv4: address(s.AccessIPv4), AccessIPv6: address(s.AccessIPv6), DiskConfig: orElse(s.DiskConfig, "MANUAL"),
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

// address is an IP address in its shortest form.
func address(text string) string {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return text
	}
	return ip.String()
}

// allowed asks policy about what not everybody may ask for.
func (c *Servers) allowed(r *rest.Request, s schema.ServerSpec) error {
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
func networks(n *schema.Networks) (compute.Networks, error) {
	if n == nil {
		return compute.Networks{}, nil
	}
	request := compute.Networks{None: n.Mode == "none", Auto: n.Mode == "auto"}
	for _, nic := range n.List {
		if err := checkNetwork(nic, request.List); err != nil {
			return request, err
		}
		asked := compute.NIC{PortID: nic.Port, FixedIP: nic.FixedIP, Tag: nic.Tag}
		if nic.UUID != nil {
			asked.NetworkID = *nic.UUID
		}
		request.List = append(request.List, asked)
	}
	return request, nil
}

// checkNetwork refuses what can't be meant, before any service is asked.
func checkNetwork(nic schema.NIC, before []compute.NIC) error {
	switch {
	case nic.Port == "" && nic.UUID == nil:
		return nova.Errorf(nova.Invalid, "Bad network format: missing 'uuid'")
	case nic.Port == "" && !uuidFormat.MatchString(*nic.UUID):
		return nova.Errorf(nova.Invalid, "Bad networks format: network uuid is not in proper format (%s)", *nic.UUID)
	case nic.Port == "":
		return nil
	case nic.FixedIP != "":
		return nova.Errorf(nova.Invalid, "Specified Fixed IP '%s' cannot be used with port '%s': the two cannot be specified together.",
			nic.FixedIP, nic.Port)
	case slices.ContainsFunc(before, func(n compute.NIC) bool { return n.PortID == nic.Port }):
		return nova.Errorf(nova.Invalid, "Port ID '%s' was specified twice: you cannot attach a port multiple times.", nic.Port)
	}
	return nil
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

// groupNames are the security groups that are named: the schema lets through
// some without a name.
func groupNames(groups []schema.SecurityGroupName) []string {
	var names []string
	for _, group := range groups {
		if group.Name != "" {
			names = append(names, group.Name)
		}
	}
	return names
}

// orDefault are the security groups as the reply repeats them, word for word,
// or the default one if the request has none to say.
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

func count(n *schema.Int, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return int(*n)
}
