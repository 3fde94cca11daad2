package compute

import (
	"context"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// placement reads where a server is wanted: the zone, and the host or node
// that it is forced to (zone:host:node) or asked for (since 2.74).
func (a *API) placement(ctx context.Context, n *NewServer) (buildArgs, error) {
	var args buildArgs
	parts := strings.Split(n.Zone, ":")
	const most = 3 // zone:host:node
	if len(parts) > most {
		return args, nova.Errorf(nova.Invalid, "Invalid input received: Unable to parse availability_zone")
	}
	parts = append(parts, "", "")
	n.Template.RequestedZone = parts[0]
	if args.Force = (target{parts[1], parts[2]}); args.Force != (target{}) {
		if err := n.ForceHost(); err != nil {
			return args, err
		}
		if n.Host != "" || n.Node != "" {
			return args, nova.Errorf(nova.Invalid, "One mechanism with host and/or hypervisor_hostname and another mechanism "+
				"with zone:host:node are mutually exclusive.")
		}
	}
	if n.Template.RequestedZone == "" && n.Host == "" && n.Node == "" {
		return args, nil
	}
	hosts, err := a.Hosts(ctx)
	if err != nil {
		return args, err
	}
	if args.Force.Host == "" { // whoever forces a host knows better than its zone
		if err := checkZone(n, hosts); err != nil {
			return args, err
		}
	}
	args.To = target{n.Host, n.Node}
	return args, checkTarget(args.To, hosts)
}

// checkZone refuses a zone without hosts, and pins the server to one that has.
func checkZone(n *NewServer, hosts []nova.Host) error {
	zone := n.Template.RequestedZone
	if zone == "" {
		return nil
	}
	if !slices.ContainsFunc(hosts, func(h nova.Host) bool { return h.Zone == zone && h.Enabled }) {
		return nova.Errorf(nova.Invalid, "The requested availability zone is not available")
	}
	n.Template.PinnedZone = &zone
	return nil
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
