package network

import (
	"context"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
)

// checkNetworkOwner refuses attributes that only the owner of a port's network
// may set, if the caller isn't that: what they change is seen by everybody on
// the network. The rules are those of Neutron's policy
// (neutron/conf/policies/port.py).
func checkNetworkOwner(c nova.Caller, network networkdb.Network, body object, rule string) error {
	if owns(c, network.ProjectID) {
		return nil
	}
	for _, a := range portAttributes {
		if _, ok := body[a.name]; ok && a.access(rule) == networkOwners {
			return disallowedPart(rule, a.name)
		}
	}
	// Which subnets an address is from may be said; which address it is may
	// not, since it could be the one that others talk to.
	wanted, err := wantedIPs(body)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(wanted, func(w wantedIP) bool { return w.Address != "" }) {
		return disallowedPart(rule, "fixed_ips", "ip_address")
	}
	return nil
}

// checkDevice refuses a change of a port's device that isn't the caller's to
// make. Ports of routers and floating IPs come and go with calls about routers
// and floating IPs, which check whose these are; other network devices, such as
// DHCP servers, belong to the network's owner.
func checkDevice(c nova.Caller, network networkdb.Network, was, p networkdb.Port, rule string) error {
	if isAdmin(c) || was.DeviceOwner == p.DeviceOwner && was.DeviceID == p.DeviceID {
		return nil
	}
	switch {
	// The port stays a router's, but is to become another router's.
	case ofRouter(p.DeviceOwner) && was.DeviceOwner == p.DeviceOwner:
		return deviceNotOwned(p.DeviceID)
	case ofRouter(p.DeviceOwner), ofRouter(was.DeviceOwner):
		return disallowedPart(rule, "device_owner")
	case strings.HasPrefix(p.DeviceOwner, "network:") && !owns(c, network.ProjectID):
		return disallowedPart(rule, "device_owner")
	}
	return nil
}

// ofRouter reports whether a device owner is one that Neutron's L3 service
// gives to ports: network:router_interface,
// network:ha_router_replicated_interface, network:floatingip_agent_gateway, ….
func ofRouter(owner string) bool {
	return slices.ContainsFunc([]string{"network:router", "network:ha_router", "network:floatingip"},
		func(prefix string) bool { return strings.HasPrefix(owner, prefix) })
}

// joinAsLabelled makes a port an interface of the router that an administrator
// has named as its device, if both belong to the same project.
func joinAsLabelled(ctx context.Context, tx *networkdb.Store, p networkdb.Port) error {
	if p.DeviceOwner != ownerInterface {
		return nil
	}
	same, err := tx.IsRouterOf(ctx, p.DeviceID, p.ProjectID)
	if err != nil || !same {
		return err
	}
	return tx.AddInterface(ctx, p.DeviceID, p.ID)
}
