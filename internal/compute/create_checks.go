package compute

import (
	"context"

	"github.com/nova-api/nova-api/internal/nova"
)

// Check refuses a request that can be seen to be wrong without asking anybody
// about anything. Create does that first, too.
func (n ServerRequest) Check() error {
	if n.Min > n.Max {
		return nova.Errorf(nova.Invalid, "min_count must be <= max_count")
	}
	if _, err := n.forced(); err != nil {
		return err
	}
	for _, d := range n.BlockDevices {
		if err := d.check(n.Template.ImageID); err != nil {
			return err
		}
	}
	if n.Template.ImageID == "" && len(n.BlockDevices) == 0 {
		return nova.Errorf(nova.Invalid, "Missing imageRef attribute")
	}
	return nil
}

// checkRequest finds what the request names, and refuses what isn't there or
// doesn't fit: of several faults it names the one that Nova would.
func (a *Servers) checkRequest(ctx context.Context, n *ServerRequest, quota nova.Quota) (args buildArgs, err error) {
	if err := checkShared(*n); err != nil {
		return args, err
	}
	if args, err = a.placement(ctx, n); err != nil {
		return args, err
	}
	if err := a.checkImage(ctx, n); err != nil {
		return args, err
	}
	if args.SecurityGroups, err = a.securityGroups(ctx, n.SecurityGroups); err != nil {
		return args, err
	}
	if args.Networks, err = a.requestedNICs(ctx, *n); err != nil {
		return args, err
	}
	if err := a.checkKey(ctx, n); err != nil {
		return args, err
	}
	if err := quota.CheckMetadata(len(n.Template.Metadata)); err != nil {
		return args, err
	}
	if err := checkGroup(*n); err != nil {
		return args, err
	}
	return args, a.checkBlockDevices(ctx, *n)
}

// checkShared refuses to give several servers what only one can have.
func checkShared(n ServerRequest) error {
	if n.Max == 1 {
		return nil
	}
	for _, nic := range n.Networks.List {
		if nic.PortID != "" || nic.FixedIP != "" {
			return cannotShare(nic)
		}
	}
	if n.Hostname != "" {
		return nova.Errorf(nova.Invalid, "Unable to allocate a single hostname to multiple instances")
	}
	return nil
}

// checkGroup refuses a server group, since there are none.
func checkGroup(n ServerRequest) error {
	group, ok := n.Template.Hints["group"]
	if list, is := group.([]any); is {
		if ok = len(list) > 0; ok {
			group = list[0]
		}
	}
	if !ok {
		return nil
	}
	return nova.Errorf(nova.Invalid, "Instance group %v could not be found.", group)
}

func (a *Servers) checkKey(ctx context.Context, n *ServerRequest) error {
	if n.Template.KeyName == nil {
		return nil
	}
	key, err := a.store.KeyPair(ctx, n.KeyOwner, *n.Template.KeyName)
	if nova.Is(err, nova.NotFound) {
		return nova.Errorf(nova.Invalid, "Invalid key_name provided.")
	}
	n.Template.PublicKey = key.PublicKey
	return err
}
