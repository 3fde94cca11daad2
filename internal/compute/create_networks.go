package compute

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

// Networks are what a new server is to be connected to. The zero value is the
// only network that its project can use, if there is one.
type Networks struct {
	None bool // to nothing
	Auto bool // to the only network, or else one that the network service allocates
	List []NIC
}

// A NIC is a connection to a network, or to a port that is there already.
type NIC struct {
	NetworkID string // empty if there is a port
	PortID    string
	FixedIP   string // an address in its canonical form; empty for any, and with a port
	Tag       string
}

// nicRequest is a NIC whose network is known, as the building of the server is
// told of it.
type nicRequest struct {
	Network string `json:"network"`
	Auto    bool   `json:"auto,omitempty"` // the network is allocated when the server is built
	Port    string `json:"port,omitempty"`
	IP      string `json:"ip,omitempty"`
	Tag     string `json:"tag,omitempty"`
}

// NetworkRights are what policy lets a caller do with networks of other projects.
type NetworkRights struct {
	AnyNetwork bool // use external networks that are shared with nobody
	AnyAddress bool // choose addresses
}

// checkShared refuses to give several servers one address or one port. Addresses
// go first, wherever they stand in the list.
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

// resolveNetworks finds the networks and ports that a client names, as the
// client sees them, and how many servers the project has ports for. It refuses
// at once what Nova's validate_networks refuses, and also what Nova finds only
// when it builds the server, in _validate_requested_port_ids and
// _check_external_network_attach: all in nova/network/neutron.py.
func (a *Servers) resolveNetworks(ctx context.Context, r ServerRequest) (nics []nicRequest, most int, err error) {
	if r.Networks.None {
		return nil, r.Max, nil
	}
	caller := nova.CallerOf(ctx)
	search := networkSearch{a.networks.As(caller), caller, caller.ProjectID, r}
	perServer := 1
	if len(r.Networks.List) == 0 {
		nics, err = search.onlyNetwork(ctx)
	} else {
		nics, err = search.named(ctx)
		perServer = len(nics) - len(keptAddresses(nics))
	}
	if err != nil || perServer == 0 {
		return nics, r.Max, err
	}
	most, err = search.serversWithPorts(ctx, perServer)
	return nics, most, err
}

// A networkSearch looks for the networks of a request in the caller's name.
type networkSearch struct {
	service *cloud.Network
	caller  nova.Caller
	project string // of the server
	request ServerRequest
}

// onlyNetwork finds the network for a request that names none. With several to
// choose from the order would be arbitrary, so the request is refused; without
// any, the server has no network, unless the client insists on one.
func (s networkSearch) onlyNetwork(ctx context.Context) ([]nicRequest, error) {
	available, err := s.service.Available(ctx, s.project)
	switch {
	case err != nil:
		return nil, err
	case len(available) > 1:
		return nil, nova.Errorf(nova.Conflict, "Multiple possible networks found, use a Network ID to be more specific.")
	case len(available) == 1:
		return []nicRequest{{Network: available[0].ID}}, s.checkExternal(available[0])
	case !s.request.Networks.Auto:
		return nil, nil
	}
	able, err := s.service.CanAllocate(ctx, s.project)
	if err == nil && !able {
		err = nova.Errorf(nova.Invalid, "Unable to automatically allocate a network for project %s", s.project)
	}
	return []nicRequest{{Auto: true}}, err
}

// named finds the networks and ports that the request names. It looks at them in
// their order, then at all networks in one query, and last at what Nova would
// find only when it builds the server.
func (s networkSearch) named(ctx context.Context) ([]nicRequest, error) {
	nics := make([]nicRequest, len(s.request.Networks.List))
	ports := map[string]nova.Port{}
	var ids []string
	for i, wanted := range s.request.Networks.List {
		nic := nicRequest{Network: wanted.NetworkID, Port: wanted.PortID, IP: wanted.FixedIP, Tag: wanted.Tag}
		if nic.Port != "" {
			port, err := s.port(ctx, nic.Port)
			if err != nil {
				return nil, err
			}
			ports[nic.Port], nic.Network = port, port.NetworkID
		} else if err := s.checkAddress(ctx, nic); err != nil {
			return nil, err
		}
		if nics[i] = nic; !slices.Contains(ids, nic.Network) {
			ids = append(ids, nic.Network)
		}
	}
	networks, err := s.service.Networks(ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := s.checkNetworks(nics, networks); err != nil {
		return nil, err
	}
	for _, nic := range nics {
		if port, ok := ports[nic.Port]; ok {
			if err := s.checkPort(port); err != nil {
				return nil, err
			}
		}
	}
	return nics, nil
}

// port finds a port that a client brings along. Another server may still claim it
// before this one is built: the worker claims it under a condition.
func (s networkSearch) port(ctx context.Context, id string) (nova.Port, error) {
	port, err := s.service.Port(ctx, id)
	switch {
	case nova.Is(err, nova.NotFound):
		return port, nova.Errorf(nova.Invalid, "Port id %s could not be found.", id)
	case err != nil:
		return port, err
	}
	return port, checkFree(port)
}

// checkFree refuses a port that has a device already, and one without an
// address, unless its network gives it one later or is not to give it any.
func checkFree(port nova.Port) error {
	switch {
	case port.DeviceID != "":
		return nova.Errorf(nova.Conflict, "Port %s is still in use.", port.ID)
	case len(port.FixedIPs) == 0 && port.IPAllocation != "deferred" && port.IPAllocation != "none":
		return nova.Errorf(nova.Invalid, "Port %s requires a FixedIP in order to be used.", port.ID)
	}
	return nil
}

// checkAddress refuses an address that a port on the network has already. The
// caller sees its own project's ports only, unless the network is its own; an
// address that another project has is found when the port is made.
func (s networkSearch) checkAddress(ctx context.Context, nic nicRequest) error {
	if nic.IP == "" {
		return nil
	}
	ports, err := s.service.PortsAt(ctx, nic.Network, nic.IP)
	if err != nil || len(ports) == 0 {
		return err
	}
	return nova.Errorf(nova.Invalid, "Fixed IP address %s is already in use on instance %s.", nic.IP, ports[0].DeviceID)
}

// checkNetworks refuses networks that the caller can't see or may not use. A
// network of a port need not have a subnet, since the port has its address. All
// networks that are missing are reported at once.
func (s networkSearch) checkNetworks(nics []nicRequest, networks []nova.Network) error {
	var missing []string
	for _, nic := range nics {
		at := slices.IndexFunc(networks, func(n nova.Network) bool { return n.ID == nic.Network })
		switch {
		case nic.Port != "":
		case at < 0 && !slices.Contains(missing, nic.Network):
			missing = append(missing, nic.Network)
		case at >= 0 && len(networks[at].SubnetIDs) == 0:
			return nova.Errorf(nova.Invalid, "Network %s requires a subnet in order to boot instances on.", nic.Network)
		}
	}
	if len(missing) > 0 {
		return nova.Errorf(nova.Invalid, "Network %s could not be found.", strings.Join(missing, ", "))
	}
	for _, network := range networks {
		if err := s.checkExternal(network); err != nil {
			return err
		}
		for _, nic := range nics {
			if err := s.checkChoice(nic, network); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkChoice refuses an address that the caller has chosen on another project's
// network: it could be the one that others talk to. The network service's own policy
// (neutron/conf/policies/port.py) says so, but the port will be made by a user of its
// services, who may do that.
func (s networkSearch) checkChoice(nic nicRequest, n nova.Network) error {
	if nic.Network == n.ID && nic.IP != "" && n.ProjectID != s.caller.ProjectID && !s.request.AnyAddress {
		return nova.Errorf(nova.Forbidden, "(rule:create_port and (rule:create_port:fixed_ips and (rule:create_port:fixed_ips:ip_address))) is disallowed by policy")
	}
	return nil
}

// checkExternal refuses a network that leads outside and is shared with nobody,
// unless policy lets the caller use it.
func (s networkSearch) checkExternal(n nova.Network) error {
	if n.External && !n.Shared && !s.request.AnyNetwork {
		return nova.Errorf(nova.Forbidden, "It is not allowed to create an interface on external network %s", n.ID)
	}
	return nil
}

// checkPort refuses a port of another project, which administrators can see, a
// port that is meant for a server of another hostname, and a port that its host
// could not plug in.
func (s networkSearch) checkPort(port nova.Port) error {
	host := cmp.Or(s.request.Hostname, hostname(s.request.Name, "", ""))
	switch {
	case port.ProjectID != s.project:
		return nova.Errorf(nova.Invalid, "Port %s not usable for instance %s.", port.ID, s.request.Name)
	case port.DNSName != "" && port.DNSName != host:
		return nova.Errorf(nova.Invalid, "Port %s not usable for instance %s. Value %s assigned to dns_name attribute does not match "+
			"instance's hostname %s", port.ID, s.request.Name, port.DNSName, host)
	case port.VIFType == "binding_failed":
		return nova.Errorf(nova.Invalid, "Binding failed for port %s, please check neutron logs for more information.", port.ID)
	}
	return nil
}

// serversWithPorts is how many servers the project has ports for if each needs so
// many new ones, at the most as many as the request is for. It is a look ahead:
// the network service keeps its quota itself when the ports are made.
func (s networkSearch) serversWithPorts(ctx context.Context, perServer int) (int, error) {
	quota, err := s.service.PortQuota(ctx, s.project)
	switch {
	case err != nil || quota.Limit == nova.QuotaUnlimited:
		return s.request.Max, err
	case quota.Used > quota.Limit:
		return 0, nova.Errorf(nova.OverQuota, "The number of defined ports: %d is over the limit: %d", quota.Used, quota.Limit)
	}
	return min(s.request.Max, (quota.Limit-quota.Used)/perServer), nil
}
