package views

import "github.com/nova-api/nova-api/internal/nova"

// Interfaces renders the ports of a server.
type Interfaces struct{}

// Index lists all of a server's ports.
func (v Interfaces) Index(r Request, s nova.Server, ports []nova.Port) Dict {
	return Dict{{"interfaceAttachments", each(r, ports, func(r Request, port nova.Port) Dict { return v.attachment(r, s, port) })}}
}

// Show renders one port.
func (v Interfaces) Show(r Request, s nova.Server, port nova.Port) Dict {
	return Dict{{"interfaceAttachment", v.attachment(r, s, port)}}
}

// attachment is a port as the network service has it. The tag is the server's.
func (Interfaces) attachment(r Request, s nova.Server, port nova.Port) Dict {
	tag := ""
	for _, address := range s.Addresses {
		if address.PortID == port.ID {
			tag = address.Tag
		}
	}
	return Dict{
		{"net_id", port.NetworkID},
		{"port_id", port.ID},
		{"mac_addr", port.MAC},
		{"port_state", port.Status},
		{"fixed_ips", each(r, port.FixedIPs, func(_ Request, ip nova.FixedIP) Dict {
			return Dict{{"subnet_id", ip.SubnetID}, {"ip_address", ip.Address}}
		})},
		since(r, 70, "tag", stringOrNull(tag)),
	}
}
