package compute

import (
	"cmp"
	"context"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// Networks and floating addresses, as clients of old look for them at the compute
// API, are those of the network service, in the caller's name.

// VisibleNetworks lists the networks that the caller sees. The error is Unavailable if
// the network service can't be asked.
func (a *Servers) VisibleNetworks(ctx context.Context) ([]nova.Network, error) {
	return a.networks.As(nova.CallerOf(ctx)).All(ctx, false)
}

// VisibleNetwork finds a network. The error is NotFound if there is none that the caller
// may see.
func (a *Servers) VisibleNetwork(ctx context.Context, id string) (nova.Network, error) {
	network, err := a.networks.As(nova.CallerOf(ctx)).Network(ctx, id)
	if nova.Is(err, nova.NotFound) {
		return network, nova.Errorf(nova.NotFound, "Network not found")
	}
	return network, err
}

// FloatingPools lists the networks that floating addresses come from. The error is
// Unavailable if the network service can't be asked.
func (a *Servers) FloatingPools(ctx context.Context) ([]nova.Network, error) {
	return a.networks.As(nova.CallerOf(ctx)).All(ctx, true)
}

// A PooledIP is a floating address with the name of its network and the server that it
// leads to.
type PooledIP struct {
	nova.FloatingIP

	Pool     string
	ServerID string // empty for none
}

// FloatingIPs lists the floating addresses of the caller's project. The error is
// Unavailable if the network service can't be asked.
func (a *Servers) FloatingIPs(ctx context.Context) ([]PooledIP, error) {
	caller := nova.CallerOf(ctx)
	found, err := a.networks.As(caller).ProjectFloatingIPs(ctx, caller.ProjectID)
	if err != nil {
		return nil, err
	}
	return a.pooled(ctx, found)
}

// FloatingIP finds a floating address by its ID. The error is NotFound if there is none
// that the caller may see.
func (a *Servers) FloatingIP(ctx context.Context, id string) (PooledIP, error) {
	found, err := a.networks.As(nova.CallerOf(ctx)).FloatingIP(ctx, id)
	if nova.Is(err, nova.NotFound) {
		return PooledIP{}, nova.Errorf(nova.NotFound, "Floating IP not found for ID %s", id)
	}
	if err != nil {
		return PooledIP{}, err
	}
	return a.onePooled(ctx, found)
}

func (a *Servers) onePooled(ctx context.Context, f nova.FloatingIP) (PooledIP, error) {
	pooled, err := a.pooled(ctx, []nova.FloatingIP{f})
	if err != nil {
		return PooledIP{}, err
	}
	return pooled[0], nil
}

// pooled finds the names of the networks, and the servers, of floating addresses.
func (a *Servers) pooled(ctx context.Context, found []nova.FloatingIP) ([]PooledIP, error) {
	network := a.networks.As(nova.CallerOf(ctx))
	var networkIDs, portIDs []string
	for _, f := range found {
		networkIDs, portIDs = append(networkIDs, f.NetworkID), append(portIDs, f.PortID)
	}
	networks, err := network.Networks(ctx, unique(networkIDs))
	if err != nil {
		return nil, err
	}
	ports, err := network.PortsByID(ctx, slices.DeleteFunc(portIDs, func(id string) bool { return id == "" })...)
	if err != nil {
		return nil, err
	}
	pooled := make([]PooledIP, len(found))
	for i, f := range found {
		pooled[i] = PooledIP{FloatingIP: f, Pool: f.NetworkID}
		for _, n := range networks {
			if n.ID == f.NetworkID {
				pooled[i].Pool = cmp.Or(n.Name, n.ID)
			}
		}
		for _, p := range ports {
			if p.ID == f.PortID {
				pooled[i].ServerID = p.DeviceID
			}
		}
	}
	return pooled, nil
}

// AllocateFloatingIP takes an address from a pool, named by the network's name or ID;
// from the one that the configuration names if that is empty. The error is NotFound if
// there is no such pool or it has no address left, Conflict if several networks have the
// name, and OverQuota for more addresses than the project may have.
func (a *Servers) AllocateFloatingIP(ctx context.Context, pool string) (PooledIP, error) {
	pools, err := a.FloatingPools(ctx)
	if err != nil {
		return PooledIP{}, err
	}
	wanted := cmp.Or(pool, a.floatingPool)
	pools = slices.DeleteFunc(pools, func(n nova.Network) bool { return n.ID != wanted && n.Name != wanted })
	switch {
	case len(pools) == 0:
		return PooledIP{}, nova.Errorf(nova.NotFound, "Floating IP pool not found.")
	case len(pools) > 1:
		return PooledIP{}, nova.Errorf(nova.Conflict, "Multiple floating IP pools matches found for name '%s'", wanted)
	}
	made, err := a.networks.As(nova.CallerOf(ctx)).CreateFloatingIP(ctx, pools[0].ID)
	if err == nil {
		return a.onePooled(ctx, made)
	}
	in := ""
	if pool != "" {
		in = " in pool " + pool
	}
	switch {
	case nova.Is(err, nova.OverQuota):
		err = nova.Because(err, nova.OverQuota, "IP allocation over quota%s.", in)
	case nova.Is(err, nova.Conflict):
		err = nova.Because(err, nova.NotFound, "No more floating IPs%s.", cmp.Or(in, " available"))
	}
	return PooledIP{}, err
}

// ReleaseFloatingIP gives a floating address back, and has the server that it leads to
// show that. The error is NotFound if there is no such address.
func (a *Servers) ReleaseFloatingIP(ctx context.Context, id string) error {
	floating, err := a.FloatingIP(ctx, id)
	if err != nil {
		return err
	}
	if err := a.networks.As(nova.CallerOf(ctx)).DeleteFloatingIP(ctx, id); err != nil || floating.ServerID == "" {
		return err
	}
	return a.networkChanged(ctx, floating.ServerID)
}
