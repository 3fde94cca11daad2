package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// networkActions are the actions on servers that change their ports. Those on
// addresses are there until 2.43: since then clients ask the network service.
func (c *Servers) networkActions() rest.Operations {
	const accepted = http.StatusAccepted
	return rest.Operations{
		"addSecurityGroup":    rest.OnWith(c.load, schema.AddSecurityGroup, c.addSecurityGroup).Needs(policy.AddSecurityGroup).Status(accepted),
		"removeSecurityGroup": rest.OnWith(c.load, schema.RemoveSecurityGroup, c.removeSecurityGroup).Needs(policy.RemoveSecurityGroup).Status(accepted),
		"addFixedIp":          rest.OnWith(c.load, schema.AddFixedIP, c.addFixedIP).Needs(policy.AddFixedIP).Status(accepted).Until(43),
		"removeFixedIp":       rest.OnWith(c.load, schema.RemoveFixedIP, c.removeFixedIP).Needs(policy.RemoveFixedIP).Status(accepted).Until(43),
		"addFloatingIp":       rest.OnWith(c.load, schema.AddFloatingIP, c.addFloatingIP).Needs(policy.AddFloatingIP).Status(accepted).Until(43),
		"removeFloatingIp":    rest.DoWith(schema.RemoveFloatingIP, c.removeFloatingIP).Needs(policy.RemoveFloatingIP).Status(accepted).Until(43),
	}
}

func (c *Servers) addSecurityGroup(ctx context.Context, _ *rest.Request, s nova.Server, in schema.AddSecurityGroupBody) (any, error) {
	if err := checkGroupName(in.Group.Name); err != nil {
		return nil, err
	}
	return nil, c.Compute.AddSecurityGroup(ctx, s, in.Group.Name)
}

func (c *Servers) removeSecurityGroup(ctx context.Context, _ *rest.Request, s nova.Server, in schema.RemoveSecurityGroupBody) (any, error) {
	if err := checkGroupName(in.Group.Name); err != nil {
		return nil, err
	}
	return nil, c.Compute.RemoveSecurityGroup(ctx, s, in.Group.Name)
}

func checkGroupName(name string) error {
	if strings.TrimSpace(name) == "" {
		return nova.Errorf(nova.Invalid, "Security group name cannot be empty")
	}
	return nil
}

func (c *Servers) addFixedIP(ctx context.Context, _ *rest.Request, s nova.Server, in schema.AddFixedIPBody) (any, error) {
	return nil, c.Compute.AddFixedIP(ctx, s, string(in.Add.NetworkID))
}

func (c *Servers) removeFixedIP(ctx context.Context, _ *rest.Request, s nova.Server, in schema.RemoveFixedIPBody) (any, error) {
	return nil, c.Compute.RemoveFixedIP(ctx, s, address(in.Remove.Address))
}

// addFloatingIP answers with a reply that Nova builds without a body.
func (c *Servers) addFloatingIP(ctx context.Context, _ *rest.Request, s nova.Server, in schema.AddFloatingIPBody) (any, error) {
	return rest.Response{Bare: true}, c.Compute.AddFloatingIP(ctx, s, address(in.Add.Address), address(in.Add.FixedAddress))
}

// removeFloatingIP looks for the floating address first, and for the server that it
// leads to; policy is asked about that one's project.
func (c *Servers) removeFloatingIP(ctx context.Context, r *rest.Request, in schema.RemoveFloatingIPBody) (any, error) {
	floating := address(in.Remove.Address)
	if err := c.Compute.CheckLeadsTo(ctx, floating, r.ID()); err != nil {
		return nil, err
	}
	server, err := c.load(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := r.Enforce(policy.RemoveFloatingIP, policy.Target{ProjectID: server.ProjectID, UserID: server.UserID}); err != nil {
		return nil, err
	}
	return rest.Response{Bare: true}, c.Compute.RemoveFloatingIP(ctx, server, floating)
}

// ServerSecurityGroups answers for /servers/{server_id}/os-security-groups.
type ServerSecurityGroups struct{ ofServer }

// Operations are the operations on a server's security groups.
func (c *ServerSecurityGroups) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.On(c.load, c.index).Needs(policy.ServerSecurityGroups).Query(schema.NoQuery),
	}
}

// index lists the groups of all of the server's ports, with their rules: a group once
// for each port that is in it.
func (c *ServerSecurityGroups) index(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	groups, err := c.Compute.SecurityGroupsOf(ctx, s)
	if err != nil {
		return nil, err
	}
	sources, err := c.Compute.SourceGroups(ctx, groups)
	if err != nil {
		return nil, err
	}
	return views.SecurityGroups{Sources: sources}.Index(r, groups), nil
}
