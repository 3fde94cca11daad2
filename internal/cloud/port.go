package cloud

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/nova-api/nova-api/internal/nova"
)

// NetworkAdmin is a client of the network service that may also make and
// change ports: which host a port is on is for administrators to say.
type NetworkAdmin struct{ Network }

// AllocateNetwork finds the ID of the network that the network service made for
// a project by itself, and has it made if there is none. The error is Conflict
// if that can't be done.
func (n *NetworkAdmin) AllocateNetwork(ctx context.Context, projectID string) (string, error) {
	var d struct {
		Topology struct {
			ID string `json:"id"`
		} `json:"auto_allocated_topology"`
	}
	if err := n.conn.get(ctx, below("auto-allocated-topology", projectID), nil, &d); err != nil {
		return "", n.conn.fault(err, phrase{
			status: http.StatusConflict, kind: nova.Conflict, text: "Unable to automatically allocate a network for project " + projectID,
		})
	}
	return d.Topology.ID, nil
}

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
	if p.Mark != "" {
		body["binding:profile"] = map[string]any{"attached_by": p.Mark}
	}
	if p.SecurityGroups != nil {
		body["security_groups"] = p.SecurityGroups
	}
	if len(p.FixedIPs) > 0 {
		body["fixed_ips"] = fixedIPs(p.FixedIPs)
	}
	return n.put(ctx, http.MethodPost, "ports", body, p, nil)
}

// ClaimPort gives a port that exists already to a server and binds it to the
// server's host, or to none if it is empty: of p, the ID, the project, the device, its owner and the host
// count. A port that the server has already is bound again if the host or the
// owner is another. Of several servers that claim a port at once, one gets it.
//
// It returns NotFound if there is no such port, Invalid if the port belongs to
// another project and Conflict if another device has it.
func (n *NetworkAdmin) ClaimPort(ctx context.Context, p nova.Port) (nova.Port, error) {
	var claimed nova.Port
	err := n.atRevision(ctx, p.ID, func(there nova.Port) (err error) {
		switch {
		case there.ProjectID != p.ProjectID:
			return nova.Errorf(nova.Invalid, "Port %s not usable for instance %s.", p.ID, p.DeviceID)
		case there.DeviceID != "" && there.DeviceID != p.DeviceID:
			return nova.Errorf(nova.Conflict, "Port %s is still in use.", p.ID)
		case there.DeviceID == p.DeviceID && there.DeviceOwner == p.DeviceOwner && there.Host == p.Host:
			claimed = there
			return nil
		}
		var host any // null: the port is on no host
		if p.Host != "" {
			host = p.Host
		}
		claimed, err = n.put(ctx, http.MethodPut, below("ports", p.ID), map[string]any{
			"device_id":       p.DeviceID,
			"device_owner":    p.DeviceOwner,
			"binding:host_id": host,
		}, p, ifRevision(there))
		return err
	})
	return claimed, err
}

// UnbindPort takes a port from a server, and keeps it. A port that another
// device has by now stays as it is; if there is none, that is as good.
func (n *NetworkAdmin) UnbindPort(ctx context.Context, id, serverID string) error {
	return n.whileOf(ctx, id, serverID, func(there nova.Port) error {
		_, err := n.put(ctx, http.MethodPut, below("ports", id), map[string]any{
			"device_id":       "",
			"device_owner":    "",
			"binding:host_id": nil,
			"binding:profile": map[string]any{},
		}, there, ifRevision(there))
		return err
	})
}

// DeletePort removes a port of a server. A port that another device has by now
// stays as it is; if there is none, that is as good.
func (n *NetworkAdmin) DeletePort(ctx context.Context, id, serverID string) error {
	return n.whileOf(ctx, id, serverID, func(there nova.Port) error {
		return n.portFault(n.conn.remove(ctx, below("ports", id), ifRevision(there)), there)
	})
}

// ChangeAddresses changes the fixed addresses of a port: change gets those that it
// has.
func (n *NetworkAdmin) ChangeAddresses(ctx context.Context, id string, change func([]nova.FixedIP) []nova.FixedIP) error {
	return n.atRevision(ctx, id, func(there nova.Port) error {
		_, err := n.put(ctx, http.MethodPut, below("ports", id), map[string]any{"fixed_ips": fixedIPs(change(there.FixedIPs))}, there, ifRevision(there))
		return err
	})
}

// whileOf does something to a port if a server has it.
func (n *NetworkAdmin) whileOf(ctx context.Context, id, serverID string, do func(there nova.Port) error) error {
	err := n.atRevision(ctx, id, func(there nova.Port) error {
		if there.DeviceID != serverID {
			return nil
		}
		return do(there)
	})
	if nova.Is(err, nova.NotFound) {
		return nil
	}
	return err
}

// atRevision reads a port and does something that depends on what it says: again
// with what the port says then, if somebody has changed it in between.
func (n *Network) atRevision(ctx context.Context, id string, do func(there nova.Port) error) error {
	const attempts = 10 // a port changes a few times while it is being plugged in
	var err error
	for range attempts {
		var there nova.Port
		if there, err = n.Port(ctx, id); err != nil {
			return err
		}
		if err = do(there); !isStatus(err, http.StatusPreconditionFailed) {
			return err
		}
	}
	return err
}

// ifRevision is the condition that a port hasn't changed since it was read.
func ifRevision(p nova.Port) map[string]string {
	return map[string]string{"If-Match": "revision_number=" + strconv.FormatInt(p.Revision, 10)}
}

func (n *Network) put(
	ctx context.Context, method, path string, body map[string]any, p nova.Port, headers map[string]string,
) (nova.Port, error) {
	var d struct {
		Port portDocument `json:"port"`
	}
	if err := n.conn.sendIf(ctx, method, path, map[string]any{"port": body}, &d, headers); err != nil {
		return nova.Port{}, n.portFault(err, p)
	}
	return d.Port.port(), nil
}

// portFault gives an error about a port Nova's words.
func (n *Network) portFault(err error, p nova.Port) error {
	return n.conn.fault(err, portPhrases(p)...)
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
		{reason: "IpAddressGenerationFailure", kind: nova.Invalid, text: "No fixed IP addresses available for network: " + p.NetworkID},
		{reason: "IpAddressInUse", kind: nova.Conflict, text: taken},
		{reason: "IpAddressAlreadyAllocated", kind: nova.Conflict, text: taken},
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
