package compute

import (
	"context"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// forced reads the zone as it was given, zone:host:node, and the host or node
// that the server is forced to with that.
func (n ServerRequest) forced() (target, error) {
	const most = 3
	parts := strings.Split(n.Zone, ":")
	if len(parts) > most {
		return target{}, nova.Errorf(nova.Invalid, "Invalid input received: Unable to parse availability_zone")
	}
	parts = append(parts, "", "")
	to := target{parts[1], parts[2]}
	if to == (target{}) {
		return to, nil
	}
	if err := n.ForceHost(); err != nil {
		return to, err
	}
	if n.Host != "" || n.Node != "" {
		return to, nova.Errorf(nova.Invalid, "One mechanism with host and/or hypervisor_hostname and another mechanism "+
			"with zone:host:node are mutually exclusive.")
	}
	return to, nil
}

// placement finds where a server is wanted: the zone, which it is pinned to,
// and the host or node that it is forced to, or asked for (since 2.74).
func (a *Servers) placement(ctx context.Context, n *ServerRequest) (args buildArgs, err error) {
	if args.Force, err = n.forced(); err != nil {
		return args, err
	}
	args.To = target{n.Host, n.Node}
	zone, _, _ := strings.Cut(n.Zone, ":")
	if zone != "" {
		n.Template.RequestedZone, n.Template.PinnedZone = zone, &zone
	}
	if zone == "" && args.To == (target{}) {
		return args, nil
	}
	hosts, err := a.Hosts(ctx)
	if err != nil {
		return args, err
	}
	inZone := func(h nova.Host) bool { return h.Zone == zone && h.Enabled }
	if zone != "" && args.Force.Host == "" && !slices.ContainsFunc(hosts, inZone) { // whoever forces a host knows better
		return args, nova.Errorf(nova.Invalid, "The requested availability zone is not available")
	}
	return args, checkTarget(args.To, hosts)
}

func checkTarget(t target, hosts []nova.Host) error {
	if t == (target{}) {
		return nil
	}
	fits := func(h nova.Host) bool {
		return (t.Host == "" || h.Name == t.Host) && (t.Node == "" || h.Node == t.Node)
	}
	if slices.ContainsFunc(hosts, fits) {
		return nil
	}
	if t.Host == "" {
		return nova.Errorf(nova.Invalid, "Compute host %s could not be found.", t.Node)
	}
	return nova.Errorf(nova.Invalid, "Compute host %s could not be found.", t.Host)
}
