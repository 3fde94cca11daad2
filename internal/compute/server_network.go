package compute

import (
	"context"
	"net/netip"
	"slices"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

// What is done to a server's ports and addresses at once, by requests to the network
// service. The server shows it when the client is answered, be the service one that
// tells of its changes or not.

// AddSecurityGroup puts all ports of a server into one of the caller's security
// groups, named by name or ID. The error is NotFound if there is no such group or
// the server has no port, Conflict if several groups have the name, and Invalid for
// a port that is in the group already or that no group can be applied to:
// add_to_instance in nova/network/security_group_api.py.
func (a *Servers) AddSecurityGroup(ctx context.Context, s nova.Server, name string) error {
	network, group, ports, err := a.groupAndPorts(ctx, s, name)
	if err != nil {
		return err
	}
	for _, port := range ports {
		if port.Unfiltered || len(port.FixedIPs) == 0 && port.IPAllocation != "deferred" {
			return nova.Errorf(nova.Invalid, "Network requires port_security_enabled and subnet associated in order to apply security groups.")
		}
		err := network.ChangeGroups(ctx, port.ID, func(has []string) ([]string, bool) {
			return append(slices.Clone(has), group), true
		})
		if err != nil {
			return err
		}
	}
	return a.networkChanged(ctx, s.ID)
}

// RemoveSecurityGroup takes all ports of a server out of a security group. The error
// is NotFound if there is no such group or none of the ports is in it, and Conflict
// if several groups have the name.
func (a *Servers) RemoveSecurityGroup(ctx context.Context, s nova.Server, name string) error {
	network, group, ports, err := a.groupAndPorts(ctx, s, name)
	if err != nil {
		return err
	}
	found := false
	for _, port := range ports {
		err := network.ChangeGroups(ctx, port.ID, func(has []string) ([]string, bool) {
			left := slices.DeleteFunc(slices.Clone(has), func(id string) bool { return id == group })
			found = found || len(left) < len(has)
			return left, len(left) < len(has)
		})
		if err != nil {
			return err
		}
	}
	if !found {
		return nova.Errorf(nova.NotFound, "Security group %s not associated with the instance %s", name, s.ID)
	}
	return a.networkChanged(ctx, s.ID)
}

// networkChanged has servers show what a request has changed about their network.
// What can't be shown now, the processes of their hosts show later, as they do for
// ports that have to be plugged in or out.
func (a *Servers) networkChanged(ctx context.Context, ids ...string) error {
	if err := a.store.NetworkChanged(ctx, ids...); err != nil {
		return err
	}
	for _, id := range ids {
		s, err := a.store.Server(ctx, id)
		if nova.Is(err, nova.NotFound) || err == nil && s.Host == "" {
			continue
		}
		if err != nil {
			return err
		}
		seen, err := see(ctx, a.networks.AsService(), []nova.Server{s})
		if err != nil || len(seen[0].gone)+len(seen[0].marked) > 0 {
			continue
		}
		if _, err := a.store.ShowNetwork(ctx, s, seen[0].addresses, seen[0].groups); err != nil {
			return err
		}
	}
	return nil
}

// groupAndPorts finds a security group and a server's ports, as the caller sees them.
func (a *Servers) groupAndPorts(ctx context.Context, s nova.Server, name string) (*cloud.Network, string, []nova.Port, error) {
	caller := nova.CallerOf(ctx)
	network := a.networks.As(caller)
	groups, err := network.SecurityGroups(ctx, caller.ProjectID)
	if err != nil {
		return nil, "", nil, err
	}
	group, err := groupID(groups, name)
	if nova.Is(err, nova.Invalid) {
		err = nova.Errorf(nova.NotFound, "Security group %s is not found for project %s", name, caller.ProjectID)
	}
	if err != nil {
		return nil, "", nil, err
	}
	ports, err := network.Ports(ctx, s.ID)
	if err == nil && len(ports) == 0 {
		err = nova.Errorf(nova.NotFound, "instance_id %s could not be found as device id on any ports", s.ID)
	}
	return network, group, ports, err
}

// AddFixedIP gives a server one more address of a network that it is on. The error is
// Conflict if the server is locked, and NotFound if it is on no such network, or the
// network has no address left.
func (a *Servers) AddFixedIP(ctx context.Context, s nova.Server, networkID string) error {
	if err := (transition{lock: true}).checkLock(ctx, s); err != nil {
		return err
	}
	missing := nova.Errorf(nova.NotFound, "Network could not be found for instance %s.", s.ID)
	network, err := a.networks.As(nova.CallerOf(ctx)).Network(ctx, networkID)
	if nova.Is(err, nova.NotFound) {
		return missing
	}
	if err != nil {
		return err
	}
	ports, err := a.portsOf(ctx, s)
	if err != nil {
		return err
	}
	for _, port := range ports {
		if port.NetworkID != network.ID {
			continue
		}
		for _, subnet := range network.SubnetIDs {
			err := a.networks.AsService().ChangeAddresses(ctx, port.ID, func(has []nova.FixedIP) []nova.FixedIP {
				return append(slices.Clone(has), nova.FixedIP{SubnetID: subnet})
			})
			if err == nil {
				return a.networkChanged(ctx, s.ID)
			}
			if nova.Is(err, nova.Unavailable) || ctx.Err() != nil {
				return err
			}
		}
	}
	return missing
}

// RemoveFixedIP takes an address from a server. The error is Conflict if the server is
// locked, and Invalid if it doesn't have the address.
func (a *Servers) RemoveFixedIP(ctx context.Context, s nova.Server, address string) error {
	if err := (transition{lock: true}).checkLock(ctx, s); err != nil {
		return err
	}
	ports, err := a.portsOf(ctx, s)
	if err != nil {
		return err
	}
	port, ok := portAt(ports, address)
	if !ok {
		return nova.Errorf(nova.Invalid, "Instance %s does not have fixed IP '%s'.", s.ID, address)
	}
	err = a.networks.AsService().ChangeAddresses(ctx, port.ID, func(has []nova.FixedIP) []nova.FixedIP {
		return slices.DeleteFunc(slices.Clone(has), func(ip nova.FixedIP) bool { return ip.Address == address })
	})
	if err != nil {
		return err
	}
	return a.networkChanged(ctx, s.ID)
}

// portsOf are the ports that are a server's.
func (a *Servers) portsOf(ctx context.Context, s nova.Server) ([]nova.Port, error) {
	ports, err := a.networks.AsService().Ports(ctx, s.ID)
	return slices.DeleteFunc(ports, func(p nova.Port) bool { return !isServers(p, s.ProjectID) }), err
}

func portAt(ports []nova.Port, address string) (nova.Port, bool) {
	at := slices.IndexFunc(ports, func(p nova.Port) bool {
		return slices.ContainsFunc(p.FixedIPs, func(ip nova.FixedIP) bool { return ip.Address == address })
	})
	if at < 0 {
		return nova.Port{}, false
	}
	return ports[at], true
}

// AddFloatingIP has a floating address lead to a server: to the fixed address, or to
// the first IPv4 one if that is empty. The error is NotFound if there is no such
// floating address, and Invalid if it can't lead there.
func (a *Servers) AddFloatingIP(ctx context.Context, s nova.Server, address, fixed string) error {
	if len(s.Addresses) == 0 {
		return nova.Errorf(nova.Invalid, "Instance network is not ready yet")
	}
	fixed, err := fixedToLeadTo(s, address, fixed)
	if err != nil {
		return err
	}
	floating, err := a.floatingAt(ctx, address)
	if nova.Is(err, nova.NotFound) {
		return nova.Errorf(nova.NotFound, "floating IP not found")
	}
	if err != nil {
		return err
	}
	ports, err := a.portsOf(ctx, s)
	if err != nil {
		return err
	}
	port, _ := portAt(ports, fixed)
	if port.ID == "" {
		err = nova.Errorf(nova.NotFound, "Fixed IP not found for address %s.", fixed)
	} else {
		err = a.networks.As(nova.CallerOf(ctx)).LeadFloatingIP(ctx, floating.ID, port.ID, fixed)
	}
	switch {
	case nova.Is(err, nova.Conflict):
		return nova.Because(err, nova.Invalid, "%s", nova.Message(err))
	case nova.Is(err, nova.Unavailable), nova.Is(err, nova.Forbidden):
		return err
	case err != nil:
		return nova.Because(err, nova.Invalid, "Unable to associate floating IP %s to fixed IP %s for instance %s. Error: %s",
			address, fixed, s.ID, nova.Message(err))
	}
	return a.floatingMoved(ctx, s, floating)
}

// fixedToLeadTo is the fixed address that a floating one is to lead to.
func fixedToLeadTo(s nova.Server, floating, wanted string) (string, error) {
	var all []string
	first := ""
	for _, address := range s.Addresses {
		if address.Type != "fixed" {
			continue
		}
		all = append(all, address.IP)
		if ip, err := netip.ParseAddr(address.IP); err == nil && ip.Is4() && first == "" {
			first = address.IP
		}
	}
	switch {
	case len(all) == 0:
		return "", nova.Errorf(nova.Invalid, "No fixed IPs associated to instance")
	case wanted != "" && !slices.Contains(all, wanted):
		return "", nova.Errorf(nova.Invalid, "Specified fixed address not assigned to instance")
	case wanted != "":
		return wanted, nil
	case first == "":
		return "", nova.Errorf(nova.Invalid, "Unable to associate floating IP %s to any fixed IPs for instance %s. "+
			"Instance has no fixed IPv4 addresses to associate.", floating, s.ID)
	}
	return first, nil
}

// floatingMoved has the servers that a floating address has led to, and leads to now,
// show that.
func (a *Servers) floatingMoved(ctx context.Context, to nova.Server, before nova.FloatingIP) error {
	ids := []string{to.ID}
	if before.PortID != "" {
		if port, err := a.networks.AsService().Port(ctx, before.PortID); err == nil && port.DeviceID != "" {
			ids = append(ids, port.DeviceID)
		}
	}
	return a.networkChanged(ctx, unique(ids)...)
}

// CheckLeadsTo refuses a floating address that doesn't lead to a server. The error is
// NotFound if the caller sees no such address, and Conflict if it leads elsewhere or
// there are several.
func (a *Servers) CheckLeadsTo(ctx context.Context, address, serverID string) error {
	floating, err := a.floatingAt(ctx, address)
	if err != nil {
		return err
	}
	if floating.PortID != "" {
		port, err := a.networks.As(nova.CallerOf(ctx)).Port(ctx, floating.PortID)
		if err == nil && port.DeviceID == serverID || err != nil && !nova.Is(err, nova.NotFound) {
			return err
		}
	}
	return nova.Errorf(nova.Conflict, "Floating IP %s is not associated with instance %s.", address, serverID)
}

// RemoveFloatingIP has a floating address lead nowhere. The error is NotFound if there
// is no such address.
func (a *Servers) RemoveFloatingIP(ctx context.Context, s nova.Server, address string) error {
	floating, err := a.floatingAt(ctx, address)
	if err != nil {
		return err
	}
	if err := a.networks.As(nova.CallerOf(ctx)).LeadFloatingIP(ctx, floating.ID, "", ""); err != nil {
		return err
	}
	return a.networkChanged(ctx, s.ID)
}

func (a *Servers) floatingAt(ctx context.Context, address string) (nova.FloatingIP, error) {
	found, err := a.networks.As(nova.CallerOf(ctx)).FloatingIPsAt(ctx, address)
	switch {
	case err != nil:
		return nova.FloatingIP{}, err
	case len(found) == 0:
		return nova.FloatingIP{}, nova.Errorf(nova.NotFound, "Floating IP not found for address %s.", address)
	case len(found) > 1:
		return nova.FloatingIP{}, nova.Errorf(nova.Conflict, "Multiple floating IPs are found for address %s.", address)
	}
	return found[0], nil
}
