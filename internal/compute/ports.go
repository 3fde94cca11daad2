package compute

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

// joinNetworks gives a server its ports. Those that an earlier attempt made
// are found again by the server's ID. A network that is to be allocated is the
// same at every attempt.
func (w *Worker) joinNetworks(ctx context.Context, s nova.Server, args buildArgs) ([]nova.Port, error) {
	if len(args.Networks) == 0 {
		return nil, nil
	}
	network := w.networks.AsService()
	nics := slices.Clone(args.Networks)
	if nics[0].Auto {
		topology, err := network.AllocateNetwork(ctx, s.ProjectID)
		if err != nil {
			return nil, err
		}
		nics[0].Network = topology
	}
	had, err := network.Ports(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	had = slices.DeleteFunc(had, func(p nova.Port) bool { return !isServers(p, s.ProjectID) })
	made := madeFor(nics, had)
	ports := make([]nova.Port, len(nics))
	for i, nic := range nics {
		want := nova.Port{
			ID: nic.Port, NetworkID: nic.Network, ProjectID: s.ProjectID, DeviceID: s.ID,
			DeviceOwner: "compute:" + s.Zone, Host: s.Host, SecurityGroups: args.SecurityGroups,
		}
		if nic.IP != "" {
			want.FixedIPs = []nova.FixedIP{{Address: nic.IP}}
		}
		if ports[i], err = w.joinNetwork(ctx, network, want, made[i]); err != nil {
			return nil, err
		}
	}
	return ports, nil
}

// madeFor finds the ports that were made for NICs, each for one: those at an
// address that was asked for are not for NICs that take any.
func madeFor(nics []nicRequest, had []nova.Port) map[int]nova.Port {
	made, taken := map[int]nova.Port{}, map[string]bool{}
	for _, nic := range nics {
		taken[nic.Port] = true
	}
	for _, exact := range []bool{true, false} {
		for i, nic := range nics {
			if nic.Port != "" || (nic.IP != "") != exact {
				continue
			}
			at := slices.IndexFunc(had, func(p nova.Port) bool { return !taken[p.ID] && nic.fits(p) })
			if at >= 0 {
				made[i], taken[had[at].ID] = had[at], true
			}
		}
	}
	return made
}

// fits reports whether a port suits a request: on the network, at the address
// if one was asked for.
func (n nicRequest) fits(p nova.Port) bool {
	return p.NetworkID == n.Network &&
		(n.IP == "" || slices.ContainsFunc(p.FixedIPs, func(ip nova.FixedIP) bool { return ip.Address == n.IP }))
}

// joinNetwork gives a server the port it brings, or the one that was made for
// it, or a new one.
func (w *Worker) joinNetwork(ctx context.Context, network *cloud.NetworkAdmin, want, made nova.Port) (nova.Port, error) {
	switch {
	case want.ID != "":
		return w.claimPort(ctx, network, want)
	case made.ID == "":
		return network.CreatePort(ctx, want)
	case made.Host == want.Host:
		return made, nil
	}
	want.ID = made.ID
	return network.ClaimPort(ctx, want)
}

// claimPort gives a server a port that was there before, unless another server
// has it. Neutron's own condition on the revision is not enough for twins: it
// repeats an update that met another one, and forgets the condition. So
// servers of this cloud ask for a port one after the other. A hold stays after
// an error, since the request may still be on its way; it is void when the
// action is over.
func (w *Worker) claimPort(ctx context.Context, network *cloud.NetworkAdmin, want nova.Port) (nova.Port, error) {
	held, err := w.store.HoldPort(ctx, want.ID, want.DeviceID)
	if err != nil {
		return want, err
	}
	if !held {
		return want, nova.Errorf(nova.Conflict, "Port %s is still in use.", want.ID)
	}
	port, err := network.ClaimPort(ctx, want)
	if err != nil {
		return port, err
	}
	return port, w.store.DropPortHold(ctx, want.ID, want.DeviceID)
}

// leaveNetworks removes a server's ports; those that were there before the
// server are kept. A port that can't be removed doesn't hold the server up: it
// is left to the sweep, if the server goes. The error is that the work was
// broken off.
func (w *Worker) leaveNetworks(ctx context.Context, s nova.Server) error {
	network := w.networks.AsService()
	ports, err := network.Ports(ctx, s.ID)
	if err == nil {
		err = removePorts(ctx, network, ports, portLeftovers(s))
	}
	if err != nil && ctx.Err() == nil {
		zerolog.Ctx(ctx).Warn().Err(err).Str("server", s.ID).Msg("ports of a server can't be removed now")
		return nil
	}
	return err
}

// removePorts removes those of some ports that belong to a server, as far as
// that is possible.
func removePorts(ctx context.Context, network *cloud.NetworkAdmin, ports []nova.Port, of db.PortLeftovers) error {
	var errs []error
	for _, port := range ports {
		keep, noted := of.Noted.V[port.ID]
		switch {
		case port.DeviceID != of.ServerID || !noted && !isServers(port, of.ProjectID):
		case keep:
			errs = append(errs, network.UnbindPort(ctx, port.ID, of.ServerID))
		default:
			errs = append(errs, network.DeletePort(ctx, port.ID, of.ServerID))
		}
	}
	return errors.Join(errs...)
}

// isServers reports whether a port that names a server as its device belongs to
// that server. Any user may write a server's ID on a port; but not on one of
// another project.
func isServers(p nova.Port, project string) bool {
	return p.ProjectID == project && strings.HasPrefix(p.DeviceOwner, "compute:")
}
