package views

import (
	"cmp"

	"github.com/nova-api/nova-api/internal/nova"
)

// Networks renders networks as Nova did when it had them itself: most of what was known
// of them is null.
type Networks struct{}

// Index lists networks.
func (v Networks) Index(r Request, networks []nova.Network) Dict {
	return Dict{{"networks", each(r, networks, v.network)}}
}

// Show renders one network.
func (v Networks) Show(r Request, n nova.Network) Dict { return Dict{{"network", v.network(r, n)}} }

// The keys of which nothing is known, and those that only administrators see.
var (
	networkNulls = []string{"cidr", "netmask", "gateway", "broadcast", "dns1", "dns2", "cidr_v6", "gateway_v6", "netmask_v6"}
	adminNulls   = []string{
		"created_at", "updated_at", "deleted_at", "deleted", "injected", "bridge", "vlan", "vpn_public_address", "vpn_public_port",
		"vpn_private_address", "dhcp_start", "project_id", "host", "bridge_interface", "multi_host", "priority", "rxtx_base", "mtu",
		"dhcp_server", "enable_dhcp", "share_address",
	}
)

func (Networks) network(r Request, n nova.Network) Dict {
	d := Dict{{"id", n.ID}, {"label", n.Name}}
	for _, key := range networkNulls {
		d = append(d, Field{key, nil})
	}
	for _, key := range adminNulls {
		d = append(d, Field{key, nil}.If(r.IsAdmin()))
	}
	return d
}

// TenantNetworks renders networks as they were shown to projects.
type TenantNetworks struct{}

// Index lists networks.
func (v TenantNetworks) Index(r Request, networks []nova.Network) Dict {
	return Dict{{"networks", each(r, networks, v.network)}}
}

// Show renders one network.
func (v TenantNetworks) Show(r Request, n nova.Network) Dict {
	return Dict{{"network", v.network(r, n)}}
}

// network shows a range of addresses that is a text, and says that there is none.
func (TenantNetworks) network(_ Request, n nova.Network) Dict {
	return Dict{{"id", n.ID}, {"cidr", "None"}, {"label", n.Name}}
}

// FloatingPools lists the networks that floating addresses come from.
func FloatingPools(r Request, pools []nova.Network) Dict {
	return Dict{{"floating_ip_pools", each(r, pools, func(_ Request, n nova.Network) Dict { return Dict{{"name", cmp.Or(n.Name, n.ID)}} })}}
}

// FloatingIP renders a floating address, with the name of its network and the server
// that it leads to.
func FloatingIP(f nova.FloatingIP, pool, serverID string) Dict {
	return Dict{
		{"fixed_ip", stringOrNull(f.FixedIP)},
		{"id", f.ID},
		{"instance_id", stringOrNull(serverID)},
		{"ip", f.Address},
		{"pool", pool},
	}
}
