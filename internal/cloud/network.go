package cloud

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// NetworkService is the network service. Choose in whose name to ask it.
type NetworkService struct{ conn conn }

// As asks in a caller's name: what the caller can't see isn't there.
func (s *NetworkService) As(caller nova.Caller) *Network { return &Network{s.conn.as(caller)} }

// AsService asks in the service user's name, which sees every project's
// things and may put ports on hosts.
func (s *NetworkService) AsService() *NetworkAdmin { return &NetworkAdmin{Network{s.conn}} }

// Network is a client of the network service that looks only.
type Network struct{ conn conn }

// Neutron reads some 8 KB of an address; an ID in a query takes 40 bytes.
const idsPerQuery = 100

// Available finds the networks that a server of a project gets one of when
// none is named: the project's own, and those shared with it. Whether a
// network is shared depends on who asks, so ask as the caller.
func (n *Network) Available(ctx context.Context, projectID string) ([]nova.Network, error) {
	own, err := n.networks(ctx, url.Values{"tenant_id": {projectID}, "shared": {"False"}})
	if err != nil {
		return nil, err
	}
	shared, err := n.networks(ctx, url.Values{"shared": {"True"}})
	if err != nil {
		return nil, err
	}
	return append(own, shared...), nil
}

// Networks finds networks by their IDs, in the order of these. Those that
// aren't there, or may not be seen, are left out.
func (n *Network) Networks(ctx context.Context, ids []string) ([]nova.Network, error) {
	found := map[string]nova.Network{}
	for chunk := range slices.Chunk(ids, idsPerQuery) {
		networks, err := n.networks(ctx, url.Values{"id": chunk})
		if err != nil {
			return nil, err
		}
		for _, network := range networks {
			found[network.ID] = network
		}
	}
	networks := make([]nova.Network, 0, len(found))
	for _, id := range ids {
		if network, ok := found[id]; ok {
			networks = append(networks, network)
		}
	}
	return networks, nil
}

// Network finds a network. The error is NotFound if there is none that may be
// seen.
func (n *Network) Network(ctx context.Context, id string) (nova.Network, error) {
	var d struct {
		Network networkDocument `json:"network"`
	}
	if err := n.conn.get(ctx, below("networks", id), nil, &d); err != nil {
		return nova.Network{}, n.conn.fault(err, noNetwork(id))
	}
	return d.Network.network(), nil
}

func (n *Network) networks(ctx context.Context, query url.Values) ([]nova.Network, error) {
	return list(ctx, n.conn, "networks", query, networkDocument.network)
}

// Ports finds the ports whose device is one of the servers. Anybody can write
// any device on a port of their own: look at the owner and the project too.
func (n *Network) Ports(ctx context.Context, serverIDs ...string) ([]nova.Port, error) {
	return n.portsBy(ctx, "device_id", serverIDs)
}

// PortsByID finds ports. Those that aren't there, or may not be seen, are left
// out.
func (n *Network) PortsByID(ctx context.Context, ids ...string) ([]nova.Port, error) {
	return n.portsBy(ctx, "id", ids)
}

func (n *Network) portsBy(ctx context.Context, key string, values []string) ([]nova.Port, error) {
	var ports []nova.Port
	for chunk := range slices.Chunk(values, idsPerQuery) {
		found, err := list(ctx, n.conn, "ports", url.Values{key: chunk}, portDocument.port)
		if err != nil {
			return nil, err
		}
		ports = append(ports, found...)
	}
	return ports, nil
}

// Port finds a port. The error is NotFound if there is none that may be seen.
func (n *Network) Port(ctx context.Context, id string) (nova.Port, error) {
	var d struct {
		Port portDocument `json:"port"`
	}
	if err := n.conn.get(ctx, below("ports", id), nil, &d); err != nil {
		return nova.Port{}, n.conn.fault(err, noPort(id))
	}
	return d.Port.port(), nil
}

// PortsAt finds the ports on a network that have an address. Of each, only the
// ID and the device are known.
func (n *Network) PortsAt(ctx context.Context, networkID, address string) ([]nova.Port, error) {
	return list(ctx, n.conn, "ports", url.Values{
		"network_id": {networkID}, "fixed_ips": {"ip_address=" + address}, "fields": {"id", "device_id"},
	}, portDocument.port)
}

// A PortQuota says how many ports a project may have, and how many it has.
type PortQuota struct{ Limit, Used int }

// PortQuota finds the limit of a project's ports and counts them. Where there
// is no limit, or the network service has no quotas, Limit is
// nova.QuotaUnlimited and nothing is counted.
func (n *Network) PortQuota(ctx context.Context, projectID string) (q PortQuota, err error) {
	var d struct {
		Quota struct {
			Port *int `json:"port"`
		} `json:"quota"`
	}
	err = n.conn.get(ctx, below("quotas", projectID), nil, &d)
	switch {
	case isStatus(err, http.StatusNotFound), err == nil && (d.Quota.Port == nil || *d.Quota.Port < 0):
		return PortQuota{Limit: nova.QuotaUnlimited}, nil
	case err != nil:
		return q, n.conn.fault(err)
	}
	ports, err := list(ctx, n.conn, "ports", url.Values{"tenant_id": {projectID}, "fields": {"id"}}, portDocument.port)
	return PortQuota{Limit: *d.Quota.Port, Used: len(ports)}, err
}

// CanAllocate reports whether the network service can allocate a network for a
// project that has none. Not every network service can do that at all.
func (n *Network) CanAllocate(ctx context.Context, projectID string) (bool, error) {
	err := n.conn.get(ctx, below("auto-allocated-topology", projectID), url.Values{"fields": {"dry-run"}}, nil)
	if isStatus(err, http.StatusConflict) || isStatus(err, http.StatusNotFound) {
		return false, nil
	}
	return err == nil, n.conn.fault(err)
}

// SecurityGroups finds the security groups of a project.
func (n *Network) SecurityGroups(ctx context.Context, projectID string) ([]nova.SecurityGroup, error) {
	query := url.Values{"tenant_id": {projectID}, "fields": {"id", "name", "tenant_id"}}
	return list(ctx, n.conn, "security-groups", query, groupDocument.group)
}

// FloatingIPs finds the floating addresses of ports. A network service
// without routers has none.
func (n *Network) FloatingIPs(ctx context.Context, portIDs []string) ([]nova.FloatingIP, error) {
	var all []nova.FloatingIP
	for chunk := range slices.Chunk(portIDs, idsPerQuery) {
		found, err := list(ctx, n.conn, "floatingips", url.Values{"port_id": chunk}, floatingDocument.address)
		if nova.Is(err, nova.NotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func noNetwork(id string) phrase {
	return phrase{status: http.StatusNotFound, kind: nova.NotFound, text: fmt.Sprintf("Network %s could not be found.", id)}
}

func noPort(id string) phrase {
	return phrase{status: http.StatusNotFound, kind: nova.NotFound, text: fmt.Sprintf("Port id %s could not be found.", id)}
}
