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

// resolveNetworks finds the networks and ports that a client names, as the
// client sees them, or the only network there is.
func (a *Servers) resolveNetworks(ctx context.Context, r ServerRequest) ([]nicRequest, error) {
	if r.Networks.None {
		return nil, nil
	}
	network := a.networks.As(nova.CallerOf(ctx))
	if len(r.Networks.List) == 0 {
		return onlyNetwork(ctx, network, r)
	}
	var nics []nicRequest
	for _, request := range r.Networks.List {
		nic, err := checkedNIC(ctx, network, request)
		if err != nil {
			return nil, err
		}
		nics = append(nics, nic)
	}
	return nics, checkNetworks(ctx, network, nics, r.AnyNetwork)
}

// checkShared refuses to give several servers one address or one port.
func (n Networks) checkShared() error {
	if slices.ContainsFunc(n.List, func(nic NIC) bool { return nic.FixedIP != "" }) {
		return nova.Errorf(nova.Invalid, "Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified.")
	}
	if slices.ContainsFunc(n.List, func(nic NIC) bool { return nic.PortID != "" }) {
		return nova.Errorf(nova.Invalid, "Failed to launch instances: Unable to launch multiple instances with a single configured port ID. "+
			"Please launch your instance one by one with different ports.")
	}
	return nil
}

// keptAddresses note the ports that a client brings along before anything is
// done with them: so that they are kept whenever the server goes.
func keptAddresses(nics []nicRequest) []nova.Address {
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
func onlyNetwork(ctx context.Context, network *cloud.Network, r ServerRequest) ([]nicRequest, error) {
	project := nova.CallerOf(ctx).ProjectID
	available, err := network.Available(ctx, project)
	if err != nil {
		return nil, err
	}
	if !r.AnyNetwork {
		available = slices.DeleteFunc(available, func(n nova.Network) bool { return n.External && !n.Shared })
	}
	switch {
	case len(available) > 1:
		return nil, nova.Errorf(nova.Conflict, "Multiple possible networks found, use a Network ID to be more specific.")
	case len(available) == 1:
		return []nicRequest{{Network: available[0].ID}}, nil
	case r.Networks.Auto:
		return nil, nova.Errorf(nova.Invalid, "Unable to automatically allocate a network for project %s", project)
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
