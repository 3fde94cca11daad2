package compute

import (
	"context"
	"slices"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

// Networks is what a new server is to be connected to.
type Networks struct {
	None bool // to nothing
	Auto bool // to whatever there is: which must be something
	List []NIC
}

// A NIC names a network, or a port that is there already.
type NIC struct {
	NetworkID string
	PortID    string
	FixedIP   string
	Tag       string
}

// nicRequest is a NIC that has been checked.
type nicRequest struct {
	Network string `json:"network"`
	Port    string `json:"port,omitempty"`
	IP      string `json:"ip,omitempty"`
	Tag     string `json:"tag,omitempty"`
}

// requestedNICs checks the networks that a client names, as the client sees
// them, or finds the only one there is.
func (a *Servers) requestedNICs(ctx context.Context, n ServerRequest) ([]nicRequest, error) {
	if n.Networks.None {
		return nil, nil
	}
	network := a.networks.As(nova.CallerOf(ctx))
	if len(n.Networks.List) == 0 {
		return onlyNetwork(ctx, network, n)
	}
	var nics []nicRequest
	for _, request := range n.Networks.List {
		nic, err := checkedNIC(ctx, network, request)
		if err != nil {
			return nil, err
		}
		nics = append(nics, nic)
	}
	return nics, checkNetworks(ctx, network, nics, n.AnyNetwork)
}

func cannotShare(r NIC) error {
	if r.PortID != "" {
		return nova.Errorf(nova.Invalid, "Failed to launch instances: Unable to launch multiple instances with a single configured port ID. "+
			"Please launch your instance one by one with different ports.")
	}
	return nova.Errorf(nova.Invalid, "Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified.")
}

// kept notes the ports that were there before the server, before anything is
// done with them: so they are known whenever the server goes.
func kept(nics []nicRequest) []nova.Address {
	var addresses []nova.Address
	for _, nic := range nics {
		if nic.Port != "" {
			addresses = append(addresses, nova.Address{PortID: nic.Port, Keep: true})
		}
	}
	return addresses
}

// onlyNetwork is what a server gets that names none: the one network that its
// project has, or none if the project has none.
func onlyNetwork(ctx context.Context, network *cloud.Network, n ServerRequest) ([]nicRequest, error) {
	available, err := network.Available(ctx, n.Template.ProjectID)
	if err != nil {
		return nil, err
	}
	if !n.AnyNetwork {
		available = slices.DeleteFunc(available, func(n nova.Network) bool { return n.External && !n.Shared })
	}
	switch {
	case len(available) > 1:
		return nil, nova.Errorf(nova.Conflict, "Multiple possible networks found, use a Network ID to be more specific.")
	case len(available) == 1:
		return []nicRequest{{Network: available[0].ID}}, nil
	case n.Networks.Auto:
		return nil, nova.Errorf(nova.Invalid, "Unable to automatically allocate a network for project %s", n.Template.ProjectID)
	}
	return nil, nil
}

func checkedNIC(ctx context.Context, network *cloud.Network, r NIC) (nicRequest, error) {
	if r.PortID == "" {
		return nicRequest{Network: r.NetworkID, IP: r.FixedIP, Tag: r.Tag}, nil
	}
	port, err := network.Port(ctx, r.PortID)
	switch {
	case nova.Is(err, nova.NotFound):
		return nicRequest{}, nova.Errorf(nova.Invalid, "Port id %s could not be found.", r.PortID)
	case err != nil:
		return nicRequest{}, err
	case port.DeviceID != "":
		return nicRequest{}, nova.Errorf(nova.Conflict, "Port %s is still in use.", r.PortID)
	case len(port.FixedIPs) == 0:
		return nicRequest{}, nova.Errorf(nova.Invalid, "Port %s requires a FixedIP in order to be used.", r.PortID)
	}
	return nicRequest{Network: port.NetworkID, Port: port.ID, Tag: r.Tag}, nil
}

// checkNetworks refuses networks that the caller can't see or may not use.
func checkNetworks(ctx context.Context, network *cloud.Network, nics []nicRequest, anyNetwork bool) error {
	var ids []string
	for _, nic := range nics {
		if !slices.Contains(ids, nic.Network) {
			ids = append(ids, nic.Network)
		}
	}
	found, err := network.Networks(ctx, ids)
	if err != nil {
		return err
	}
	for _, nic := range nics {
		i := slices.IndexFunc(found, func(n nova.Network) bool { return n.ID == nic.Network })
		switch {
		case i < 0:
			return nova.Errorf(nova.Invalid, "Network %s could not be found.", nic.Network)
		case nic.Port != "": // whoever owns the port may use it
		case len(found[i].SubnetIDs) == 0:
			return nova.Errorf(nova.Invalid, "Network %s requires a subnet in order to boot instances on.", nic.Network)
		case found[i].External && !found[i].Shared && !anyNetwork:
			return nova.Errorf(nova.Forbidden, "It is not allowed to create an interface on external network %s", nic.Network)
		}
	}
	return nil
}

// securityGroups finds the IDs of groups by name or ID: nil for the default.
func (a *Servers) securityGroups(ctx context.Context, wanted []string) ([]string, error) {
	if len(wanted) == 0 || len(wanted) == 1 && wanted[0] == "default" {
		return nil, nil
	}
	caller := nova.CallerOf(ctx)
	groups, err := a.networks.As(caller).SecurityGroups(ctx, caller.ProjectID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, name := range wanted {
		id, err := groupID(groups, name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// groupID is the group with an ID or else the only one with a name.
func groupID(groups []nova.SecurityGroup, wanted string) (string, error) {
	var named []string
	for _, group := range groups {
		if group.ID == wanted {
			return group.ID, nil
		}
		if group.Name == wanted {
			named = append(named, group.ID)
		}
	}
	switch len(named) {
	case 0:
		return "", nova.Errorf(nova.Invalid, "Unable to find security_group with name or id '%s'", wanted)
	case 1:
		return named[0], nil
	}
	return "", nova.Errorf(nova.Conflict, "Multiple security_group matches found for name '%s', use an ID to be more specific.", wanted)
}
