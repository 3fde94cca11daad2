package cloud

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// What the Compute API did with networks before clients did it themselves: always
// in the caller's name.

// All finds all networks that may be seen, or only those that lead outside.
func (n *Network) All(ctx context.Context, external bool) ([]nova.Network, error) {
	query := url.Values{}
	if external {
		query.Set("router:external", "True")
	}
	return n.networks(ctx, query)
}

// Groups finds the security groups of a project with their rules, or all that may
// be seen if the project is empty.
func (n *Network) Groups(ctx context.Context, projectID string) ([]nova.SecurityGroup, error) {
	query := url.Values{}
	if projectID != "" {
		query.Set("tenant_id", projectID)
	}
	return list(ctx, n.conn, "security-groups", query, groupDocument.group)
}

// GroupsByID finds security groups with their rules. Those that aren't there, or may
// not be seen, are left out.
func (n *Network) GroupsByID(ctx context.Context, ids []string) ([]nova.SecurityGroup, error) {
	var groups []nova.SecurityGroup
	for chunk := range slices.Chunk(ids, idsPerQuery) {
		found, err := list(ctx, n.conn, "security-groups", url.Values{"id": chunk}, groupDocument.group)
		if err != nil {
			return nil, err
		}
		groups = append(groups, found...)
	}
	return groups, nil
}

type groupEnvelope struct {
	Group groupDocument `json:"security_group"`
}

// Group finds a security group with its rules. The error is NotFound if there is
// none that may be seen.
func (n *Network) Group(ctx context.Context, id string) (nova.SecurityGroup, error) {
	var d groupEnvelope
	err := n.conn.get(ctx, below("security-groups", id), nil, &d)
	return d.Group.group(), n.conn.fault(err)
}

// PutGroup makes a security group, or changes the one that has the ID. The error is
// Conflict for more groups than the project may have.
func (n *Network) PutGroup(ctx context.Context, g nova.SecurityGroup) (nova.SecurityGroup, error) {
	method, path := http.MethodPost, "security-groups"
	if g.ID != "" {
		method, path = http.MethodPut, below("security-groups", g.ID)
	}
	var d groupEnvelope
	err := n.conn.send(ctx, method, path, map[string]any{"security_group": map[string]any{"name": g.Name, "description": g.Description}}, &d)
	return d.Group.group(), n.conn.fault(err)
}

// DeleteGroup deletes a security group. The error is Conflict if a port is in it.
func (n *Network) DeleteGroup(ctx context.Context, id string) error {
	return n.conn.fault(n.conn.remove(ctx, below("security-groups", id), nil))
}

// Rule finds a rule of a security group. The error is NotFound if there is none that
// may be seen.
func (n *Network) Rule(ctx context.Context, id string) (nova.SecurityRule, error) {
	var d struct {
		Rule ruleDocument `json:"security_group_rule"`
	}
	err := n.conn.get(ctx, below("security-group-rules", id), nil, &d)
	return d.Rule.rule(), n.conn.fault(err)
}

// CreateRule adds a rule to a security group.
func (n *Network) CreateRule(ctx context.Context, r nova.SecurityRule) (nova.SecurityRule, error) {
	body := map[string]any{
		"security_group_id": r.GroupID, "direction": r.Direction, "ethertype": r.Ethertype, "protocol": r.Protocol,
		"port_range_min": r.PortMin, "port_range_max": r.PortMax, "remote_group_id": r.RemoteGroupID, "remote_ip_prefix": r.Prefix,
	}
	var d struct {
		Rule ruleDocument `json:"security_group_rule"`
	}
	err := n.conn.send(ctx, http.MethodPost, "security-group-rules", map[string]any{"security_group_rule": body}, &d)
	return d.Rule.rule(), n.conn.fault(err)
}

// DeleteRule deletes a rule of a security group.
func (n *Network) DeleteRule(ctx context.Context, id string) error {
	return n.conn.fault(n.conn.remove(ctx, below("security-group-rules", id), nil))
}

// ChangeGroups changes the security groups of a port: change gets the IDs that it
// has, and tells whether to write those that it returns.
func (n *Network) ChangeGroups(ctx context.Context, id string, change func([]string) ([]string, bool)) error {
	return n.atRevision(ctx, id, func(there nova.Port) error {
		groups, changed := change(there.SecurityGroups)
		if !changed {
			return nil
		}
		_, err := n.put(ctx, http.MethodPut, below("ports", id), map[string]any{"security_groups": groups}, there, ifRevision(there))
		return err
	})
}

// ProjectFloatingIPs finds the floating addresses of a project.
func (n *Network) ProjectFloatingIPs(ctx context.Context, projectID string) ([]nova.FloatingIP, error) {
	return list(ctx, n.conn, "floatingips", url.Values{"tenant_id": {projectID}}, floatingDocument.address)
}

// FloatingIPsAt finds the floating addresses that are this one.
func (n *Network) FloatingIPsAt(ctx context.Context, address string) ([]nova.FloatingIP, error) {
	return list(ctx, n.conn, "floatingips", url.Values{"floating_ip_address": {address}}, floatingDocument.address)
}

type floatingEnvelope struct {
	FloatingIP floatingDocument `json:"floatingip"`
}

// FloatingIP finds a floating address by its ID. The error is NotFound if there is
// none that may be seen.
func (n *Network) FloatingIP(ctx context.Context, id string) (nova.FloatingIP, error) {
	var d floatingEnvelope
	err := n.conn.get(ctx, below("floatingips", id), nil, &d)
	return d.FloatingIP.address(), n.conn.fault(err)
}

// CreateFloatingIP takes an address of a network. The error is OverQuota for more
// than the project may have, and Conflict if the network has none left.
func (n *Network) CreateFloatingIP(ctx context.Context, networkID string) (nova.FloatingIP, error) {
	var d floatingEnvelope
	err := n.conn.send(ctx, http.MethodPost, "floatingips", map[string]any{"floatingip": map[string]any{"floating_network_id": networkID}}, &d)
	return d.FloatingIP.address(), n.conn.fault(
		err,
		phrase{reason: "OverQuota", kind: nova.OverQuota, text: "Quota exceeded."},
		phrase{reason: "IpAddressGenerationFailure", kind: nova.Conflict, text: "No more IP addresses available."},
		phrase{reason: "ExternalIpAddressExhausted", kind: nova.Conflict, text: "No more IP addresses available."},
	)
}

// LeadFloatingIP has a floating address lead to an address of a port, or nowhere if
// the port is empty.
func (n *Network) LeadFloatingIP(ctx context.Context, id, portID, fixedIP string) error {
	body := map[string]any{"port_id": nil}
	if portID != "" {
		body = map[string]any{"port_id": portID, "fixed_ip_address": fixedIP}
	}
	return n.conn.fault(n.conn.send(ctx, http.MethodPut, below("floatingips", id), map[string]any{"floatingip": body}, nil))
}

// DeleteFloatingIP gives a floating address back.
func (n *Network) DeleteFloatingIP(ctx context.Context, id string) error {
	return n.conn.fault(n.conn.remove(ctx, below("floatingips", id), nil))
}
