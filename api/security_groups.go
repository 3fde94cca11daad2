package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// SecurityGroups answers for /os-security-groups, until 2.35: those of the network
// service, for clients that know no network service.
type SecurityGroups struct{ Options }

// Operations are the operations on security groups.
func (c *SecurityGroups) Operations() rest.Operations {
	return lastIn(rest.Operations{
		"index":  rest.Do(c.index).Needs(policy.SecurityGroupIndex).Query(schema.SecurityGroupsQuery),
		"show":   rest.Do(c.show).Needs(policy.SecurityGroupShow).Query(schema.IgnoredQuery),
		"create": rest.DoWith(schema.SecurityGroupCreate, c.create).Needs(policy.SecurityGroupCreate),
		"update": rest.DoWith(schema.SecurityGroupUpdate, c.update).Needs(policy.SecurityGroupUpdate),
		"delete": rest.Do(c.delete).Needs(policy.SecurityGroupDelete).Status(http.StatusAccepted),
	}, 35)
}

// index lists the groups of the caller's project. An administrator may ask for those of
// all. The page is cut out before the groups are sorted.
func (c *SecurityGroups) index(ctx context.Context, r *rest.Request) (any, error) {
	groups, err := c.Compute.SecurityGroups(ctx, r.IsAdmin() && r.Has("all_tenants"))
	if err != nil {
		return nil, err
	}
	groups = pageOf(r, groups)
	view, err := c.view(ctx, groups...)
	return view.Index(r, groups), err
}

// view knows the groups that rules of others let in.
func (c *SecurityGroups) view(ctx context.Context, groups ...nova.SecurityGroup) (views.SecurityGroups, error) {
	sources, err := c.Compute.SourceGroups(ctx, groups)
	return views.SecurityGroups{Sources: sources}, err
}

func (c *SecurityGroups) show(ctx context.Context, r *rest.Request) (any, error) {
	group, err := c.Compute.SecurityGroup(ctx, r.ID())
	if err != nil {
		return nil, err
	}
	return c.shown(ctx, r, group)
}

func (c *SecurityGroups) shown(ctx context.Context, r *rest.Request, group nova.SecurityGroup) (any, error) {
	view, err := c.view(ctx, group)
	return view.Show(r, group), err
}

func (c *SecurityGroups) create(ctx context.Context, r *rest.Request, in schema.SecurityGroupBody) (any, error) {
	group, err := c.Compute.PutSecurityGroup(ctx, nova.SecurityGroup{Name: in.Group.Name, Description: in.Group.Description})
	if err != nil {
		return nil, err
	}
	return c.shown(ctx, r, group)
}

func (c *SecurityGroups) update(ctx context.Context, r *rest.Request, in schema.SecurityGroupBody) (any, error) {
	group, err := c.Compute.SecurityGroup(ctx, r.ID())
	if err != nil {
		return nil, err
	}
	group.Name, group.Description = in.Group.Name, in.Group.Description
	if group, err = c.Compute.PutSecurityGroup(ctx, group); err != nil {
		return nil, err
	}
	return c.shown(ctx, r, group)
}

func (c *SecurityGroups) delete(ctx context.Context, r *rest.Request) (any, error) {
	return nil, c.Compute.DeleteSecurityGroup(ctx, r.ID())
}

// SecurityGroupRules answers for /os-security-group-rules, until 2.35.
type SecurityGroupRules struct{ Options }

// Operations are the operations on the rules of security groups.
func (c *SecurityGroupRules) Operations() rest.Operations {
	return lastIn(rest.Operations{
		"create": rest.DoWith(schema.SecurityGroupRuleCreate, c.create).Needs(policy.SecurityGroupRuleCreate),
		"delete": rest.Do(c.delete).Needs(policy.SecurityGroupRuleDelete).Status(http.StatusAccepted),
	}, 35)
}

// create adds a rule for what comes in, from a group or from a network.
func (c *SecurityGroupRules) create(ctx context.Context, _ *rest.Request, in schema.SecurityGroupRuleCreateBody) (any, error) {
	group, source, err := c.groupsOf(ctx, in)
	if err != nil {
		return nil, err
	}
	rule, err := securityRule(in)
	if err != nil {
		return nil, err
	}
	if rule, err = c.Compute.CreateSecurityRule(ctx, group, rule); err != nil {
		return nil, err
	}
	return views.SecurityGroups{Sources: map[string]nova.SecurityGroup{source.ID: source}}.Rule(rule), nil
}

// groupsOf are the group of a rule, and the one that the rule lets in.
func (c *SecurityGroupRules) groupsOf(ctx context.Context, in schema.SecurityGroupRuleCreateBody) (group, source nova.SecurityGroup, err error) {
	group, err = c.Compute.SecurityGroup(ctx, in.Rule.ParentGroupID)
	if err == nil && in.Rule.GroupID != nil {
		source, err = c.Compute.SecurityGroup(ctx, *in.Rule.GroupID)
	}
	return group, source, err
}

func (c *SecurityGroupRules) delete(ctx context.Context, r *rest.Request) (any, error) {
	return nil, c.Compute.DeleteSecurityRule(ctx, r.ID())
}
