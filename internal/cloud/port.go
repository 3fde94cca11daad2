package cloud

import (
	"context"
	"fmt"
	"net/http"

	"github.com/nova-api/nova-api/internal/nova"
)

// NetworkAdmin is a client of the network service that may also make and
// change ports: which host a port is on is for administrators to say.
type NetworkAdmin struct{ Network }

// CreatePort makes a port for a server and binds it to a host, as far as the
// port says these. The security groups are the project's default one if nil,
// and none if empty.
func (n *NetworkAdmin) CreatePort(ctx context.Context, p nova.Port) (nova.Port, error) {
	body := map[string]any{
		"network_id":     p.NetworkID,
		"tenant_id":      p.ProjectID,
		"device_id":      p.DeviceID,
		"device_owner":   p.DeviceOwner,
		"admin_state_up": true,
	}
	if p.Host != "" {
		body["binding:host_id"] = p.Host
	}
	if p.MAC != "" {
		body["mac_address"] = p.MAC
	}
	if p.SecurityGroups != nil {
		body["security_groups"] = p.SecurityGroups
	}
	if len(p.FixedIPs) > 0 {
		body["fixed_ips"] = fixedIPs(p.FixedIPs)
	}
	return n.put(ctx, http.MethodPost, "ports", body, p)
}

// BindPort gives a port that was there before to a server: of p, the ID, the
// device, its owner and the host count.
func (n *NetworkAdmin) BindPort(ctx context.Context, p nova.Port) (nova.Port, error) {
	return n.put(ctx, http.MethodPut, below("ports", p.ID), map[string]any{
		"device_id":       p.DeviceID,
		"device_owner":    p.DeviceOwner,
		"binding:host_id": p.Host,
	}, p)
}

// UnbindPort takes a port from its server, and keeps it. If there is none,
// that is as good.
func (n *NetworkAdmin) UnbindPort(ctx context.Context, id string) error {
	_, err := n.put(ctx, http.MethodPut, below("ports", id), map[string]any{
		"device_id":       "",
		"device_owner":    "",
		"binding:host_id": nil,
		"binding:profile": map[string]any{},
	}, nova.Port{ID: id})
	if isStatus(err, http.StatusNotFound) {
		return nil
	}
	return err
}

// DeletePort removes a port. If there is none, that is as good.
func (n *NetworkAdmin) DeletePort(ctx context.Context, id string) error {
	if err := n.conn.remove(ctx, below("ports", id)); err != nil {
		return n.conn.fault(err)
	}
	return nil
}

func (n *NetworkAdmin) put(ctx context.Context, method, path string, body map[string]any, p nova.Port) (nova.Port, error) {
	var d struct {
		Port portDocument `json:"port"`
	}
	if err := n.conn.send(ctx, method, path, map[string]any{"port": body}, &d); err != nil {
		return nova.Port{}, n.conn.fault(err, portPhrases(p)...)
	}
	return d.Port.port(), nil
}

// portPhrases are Nova's words for what can be wrong with a port.
func portPhrases(p nova.Port) []phrase {
	address := ""
	if len(p.FixedIPs) > 0 {
		address = p.FixedIPs[0].Address
	}
	taken := fmt.Sprintf("Fixed IP %s is already in use.", address)
	misplaced := fmt.Sprintf("Fixed IP %s is not a valid ip address for network %s.", address, p.NetworkID)
	return []phrase{
		{reason: "OverQuota", kind: nova.OverQuota, text: "Maximum number of ports exceeded"},
		{reason: "IpAddressGenerationFailure", kind: nova.Conflict, text: "No fixed IP addresses available for network: " + p.NetworkID},
		{reason: "IpAddressInUse", kind: nova.Invalid, text: "Invalid input received: " + taken},
		{reason: "IpAddressAlreadyAllocated", kind: nova.Invalid, text: "Invalid input received: " + taken},
		{reason: "InvalidIpForNetwork", kind: nova.Invalid, text: "Invalid input received: " + misplaced},
		{reason: "InvalidIpForSubnet", kind: nova.Invalid, text: "Invalid input received: " + misplaced},
		{reason: "NetworkNotFound", kind: nova.NotFound, text: fmt.Sprintf("Network %s could not be found.", p.NetworkID)},
		{reason: "PortNotFound", kind: nova.NotFound, text: fmt.Sprintf("Port id %s could not be found.", p.ID)},
	}
}

func fixedIPs(wanted []nova.FixedIP) []map[string]string {
	all := make([]map[string]string, len(wanted))
	for i, ip := range wanted {
		all[i] = map[string]string{}
		if ip.SubnetID != "" {
			all[i]["subnet_id"] = ip.SubnetID
		}
		if ip.Address != "" {
			all[i]["ip_address"] = ip.Address
		}
	}
	return all
}
