package compute

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// A serverPlan is a request with everything that it names, found and checked.
// Servers are made from it, in the method server. Only resolveRequest makes
// plans.
type serverPlan struct {
	request ServerRequest
	caller  nova.Caller
	max     int // how many servers there may be at the most

	flavor    nova.Flavor
	image     bootImage
	publicKey string // empty for none
	zone      string // empty for any
	networks  []nicRequest
	devices   []nova.BlockDevice // without IDs: each server has mappings of its own
	groups    []string           // IDs of security groups; nil for the default one

	serverGroup string // ID of the server group; empty for none
	password    string // of the administrator in each server

	ofProject, ofUser nova.Quota
}

// resolveRequest finds what a request names, and refuses what is not there or
// does not fit. Of several faults it reports the one that Nova would: the order
// is that of create and _create_instance in nova/compute/api.py.
func (a *Servers) resolveRequest(ctx context.Context, r ServerRequest) (p serverPlan, err error) {
	p.request, p.caller, p.max = r, nova.CallerOf(ctx), min(r.Max, maxServers)
	if p.ofProject, p.ofUser, err = a.Quota(ctx, p.caller.ProjectID, p.caller.UserID); err != nil {
		return p, err
	}
	if p.flavor, err = a.resolveFlavor(ctx, r.FlavorID); err != nil {
		return p, err
	}
	if r.Min > maxServers { // the quota has the first word
		p.max = r.Max
		return p, cmp.Or(a.checkRoom(ctx, p), tooManyServers(r.Min))
	}
	if err := checkShared(r); err != nil {
		return p, err
	}
	if p.zone, err = a.resolveZone(ctx, r); err != nil {
		return p, err
	}
	if p.image, err = a.resolveImage(ctx, r); err != nil {
		return p, err
	}
	if p.groups, err = a.resolveGroups(ctx, r.SecurityGroups); err != nil {
		return p, err
	}
	networks, withPorts, err := a.resolveNetworks(ctx, r)
	if err != nil {
		return p, err
	}
	p.networks, p.max = networks, min(p.max, withPorts)
	if p.publicKey, err = a.resolveKey(ctx, r.KeyName); err != nil {
		return p, err
	}
	if r, err = r.withImageDevices(p.image.Image); err != nil {
		return p, err
	}
	p.request = r
	if err := p.check(); err != nil {
		return p, err
	}
	if p.serverGroup, err = a.resolveServerGroup(ctx, r.Hints); err != nil {
		return p, err
	}
	if err := a.checkTarget(ctx, r.To); err != nil {
		return p, err
	}
	devices, refused := a.resolveDevices(ctx, r, p.flavor)
	if refused != nil {
		return p, cmp.Or(a.checkRoom(ctx, p), refused) // Nova looks at the quota first
	}
	p.devices = devices
	return p, nil
}

// check refuses a plan whose parts do not fit each other.
func (p serverPlan) check() error {
	if err := checkImageMeta(p.image.Image); err != nil {
		return err
	}
	if err := cmp.Or(checkTopology(p.image.Image, p.flavor), checkDevices(p.flavor)); err != nil {
		return err
	}
	if p.max < p.request.Min {
		return nova.Errorf(nova.OverQuota, "Maximum number of ports exceeded")
	}
	for _, quota := range []nova.Quota{p.ofUser, p.ofProject} {
		if err := checkQuotas(quota, p.request); err != nil {
			return err
		}
	}
	if d, found := p.request.rootVolume(); found {
		if err := checkVolumeImage(p.image.Image, max(p.image.onVolume, int64(d.Size)*bytesPerGB), p.flavor); err != nil {
			return err
		}
	} else if err := checkImage(p.image.Image, p.flavor, p.request.ZeroDisk); err != nil {
		return err
	}
	var together error
	if p.image.ID != "" || len(p.image.Properties) > 0 { // else there is none
		together = checkTogether(p.image.Image, p.flavor)
	}
	return cmp.Or(together, checkAccelerators(p.flavor))
}

// deviceProfile is the extra spec that names what the accelerators of a server are to be
// like. Cyborg would know them, which is not asked here: no server has accelerators.
const deviceProfile = "accel:device_profile"

// checkAccelerators refuses a flavor with accelerators, as Nova does without a Cyborg.
func checkAccelerators(flavor nova.Flavor) error {
	if profile := flavor.ExtraSpecs[deviceProfile]; profile != "" {
		return nova.Errorf(nova.Invalid, "Device profile name %s: Could not communicate with Cyborg.", profile)
	}
	return nil
}

// checkShared refuses to give several servers what only one can have: an address,
// a port or a hostname. The most that the client wants counts, even if quotas
// leave room for one server only.
func checkShared(r ServerRequest) error {
	if r.Max == 1 {
		return nil
	}
	if err := r.Networks.checkShared(); err != nil {
		return err
	}
	if r.Hostname != "" {
		return nova.Errorf(nova.Invalid, "Unable to allocate a single hostname to multiple instances")
	}
	return nil
}

// tooManyServers refuses more servers than one request may create, in the words for
// a quota of so many.
func tooManyServers(number int) error {
	return nova.Quota{nova.QuotaInstances: maxServers}.Exceeded(nova.Usage{Instances: number}, nova.Usage{})
}

// resolveFlavor finds an enabled flavor that the caller may use. A server can't be
// built from a disabled one, which Nova calls not found as well.
func (a *Servers) resolveFlavor(ctx context.Context, id string) (nova.Flavor, error) {
	flavor, err := a.store.FlavorFor(ctx, nova.CallerOf(ctx), id)
	if nova.Is(err, nova.NotFound) || err == nil && flavor.Disabled {
		return flavor, nova.Errorf(nova.Invalid, "Flavor %s could not be found.", id)
	}
	return flavor, err
}

// resolveKey finds the public half of one of the caller's key pairs: empty if
// none is named. Key pairs belong to users, so an administrator's request takes
// the administrator's key. The server keeps a copy: deleting the key pair later
// changes nothing.
func (a *Servers) resolveKey(ctx context.Context, name *string) (public string, err error) {
	if name == nil {
		return "", nil
	}
	key, err := a.store.KeyPair(ctx, nova.CallerOf(ctx).UserID, *name)
	if nova.Is(err, nova.NotFound) {
		return "", nova.Errorf(nova.Invalid, "Invalid key_name provided.")
	}
	return key.PublicKey, err
}

const maxMetadataKey = 255

// checkQuotas refuses more metadata and files than one server may have. The
// lengths of files are those of the base64 that the client sends. Of a path and
// contents that are both too long Nova reports the path:
// _check_injected_file_quota in nova/compute/api.py.
func checkQuotas(quota nova.Quota, r ServerRequest) error {
	if err := quota.CheckMetadata(len(r.Metadata)); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(r.Metadata)) { // only /v2 lets them through
		switch {
		case key == "":
			return nova.Errorf(nova.Invalid, "Invalid metadata:  has 0 characters, less than 1.")
		case len([]rune(key)) > maxMetadataKey:
			return nova.Errorf(nova.Invalid, "Invalid metadata size: Metadata property key greater than %d characters", maxMetadataKey)
		}
	}
	path, contents := 0, 0
	for _, file := range r.Files {
		path, contents = max(path, len(file.Path)), max(contents, len(file.Contents))
	}
	switch {
	case !quota.Within(nova.QuotaInjectedFiles, len(r.Files)):
		return nova.Errorf(nova.OverQuota, "Personality file limit exceeded")
	case !quota.Within(nova.QuotaInjectedPathBytes, path):
		return nova.Errorf(nova.OverQuota, "Personality file path exceeds maximum %d", quota[nova.QuotaInjectedPathBytes])
	case !quota.Within(nova.QuotaInjectedFileBytes, contents):
		return nova.Errorf(nova.OverQuota, "Personality file content exceeds maximum %d", quota[nova.QuotaInjectedFileBytes])
	}
	return nil
}

// resolveServerGroup finds the server group that the hints name: empty for none.
// Another project's group does not exist for the caller, as in
// _instance_group_get_query of nova/objects/instance_group.py. Several groups are
// none that exists: Nova hands its database the list, and not every database can
// read it.
func (a *Servers) resolveServerGroup(ctx context.Context, hints map[string][]string) (id string, err error) {
	groups := hints["group"]
	switch len(groups) {
	case 0:
		return "", nil
	case 1:
	default: // as Python writes a list of UUIDs
		return "", nova.Errorf(nova.Invalid, "Instance group ['%s'] could not be found.", strings.Join(groups, "', '"))
	}
	id = groups[0]
	_, err = a.store.ServerGroupFor(ctx, nova.CallerOf(ctx), id)
	if nova.Is(err, nova.NotFound) {
		return "", nova.Errorf(nova.Invalid, "Instance group %s could not be found.", id)
	}
	return id, err
}
