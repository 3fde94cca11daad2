package compute

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/nova"
)

// Security groups, as clients of old look for them at the compute API, are those of
// the network service, in the caller's name.

// SecurityGroupsOf lists the groups that a server's ports are in, port by port. The
// error is Unavailable if the network service can't be asked.
func (a *Servers) SecurityGroupsOf(ctx context.Context, s nova.Server) ([]nova.SecurityGroup, error) {
	network := a.networks.As(nova.CallerOf(ctx))
	ports, err := network.Ports(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, port := range ports {
		ids = append(ids, port.SecurityGroups...)
	}
	found, err := network.GroupsByID(ctx, unique(ids))
	if err != nil {
		return nil, err
	}
	known := byID(found)
	var groups []nova.SecurityGroup
	for _, id := range ids {
		if group, ok := known[id]; ok {
			groups = append(groups, group)
		}
	}
	return groups, nil
}

// SourceGroups finds the groups that rules of groups let in, by ID. Those that are gone
// are left out. The error is Unavailable if the network service can't be asked.
func (a *Servers) SourceGroups(ctx context.Context, groups []nova.SecurityGroup) (map[string]nova.SecurityGroup, error) {
	known := byID(groups)
	var missing []string
	for _, group := range groups {
		for _, rule := range group.Rules {
			if id := rule.RemoteGroupID; id != nil {
				if _, ok := known[*id]; !ok {
					missing = append(missing, *id)
				}
			}
		}
	}
	others, err := a.networks.As(nova.CallerOf(ctx)).GroupsByID(ctx, unique(missing))
	for _, group := range others {
		known[group.ID] = group
	}
	return known, err
}

func byID(groups []nova.SecurityGroup) map[string]nova.SecurityGroup {
	known := make(map[string]nova.SecurityGroup, len(groups))
	for _, group := range groups {
		known[group.ID] = group
	}
	return known
}

// SecurityGroups lists the groups of the caller's project, or all that the caller may
// see. The error is Unavailable if the network service can't be asked.
func (a *Servers) SecurityGroups(ctx context.Context, all bool) ([]nova.SecurityGroup, error) {
	caller := nova.CallerOf(ctx)
	project := caller.ProjectID
	if all {
		project = ""
	}
	return a.networks.As(caller).Groups(ctx, project)
}

// SecurityGroup finds a group with its rules. The error is Invalid for what can't be an
// ID, and NotFound if there is no group that the caller may see.
func (a *Servers) SecurityGroup(ctx context.Context, id string) (nova.SecurityGroup, error) {
	if uuid.Validate(id) != nil {
		return nova.SecurityGroup{}, nova.Errorf(nova.Invalid, "Security group id should be uuid")
	}
	return a.networks.As(nova.CallerOf(ctx)).Group(ctx, id)
}

// PutSecurityGroup makes a group, or changes the name and the description of the one
// that has the ID. The error is OverQuota for more groups than the project may have, and
// NotFound if there is no such group.
func (a *Servers) PutSecurityGroup(ctx context.Context, g nova.SecurityGroup) (nova.SecurityGroup, error) {
	put, err := a.networks.As(nova.CallerOf(ctx)).PutGroup(ctx, g)
	if g.ID == "" && nova.Is(err, nova.Conflict) {
		err = nova.Because(err, nova.OverQuota, "%s", nova.Message(err))
	}
	return put, err
}

// DeleteSecurityGroup deletes a group. The error is NotFound if there is no such group,
// and Invalid if a port is in it.
func (a *Servers) DeleteSecurityGroup(ctx context.Context, id string) error {
	group, err := a.SecurityGroup(ctx, id)
	if err != nil {
		return err
	}
	err = a.networks.As(nova.CallerOf(ctx)).DeleteGroup(ctx, group.ID)
	if nova.Is(err, nova.Conflict) {
		err = nova.Because(err, nova.Invalid, "%s", nova.Message(err))
	}
	return err
}

// CreateSecurityRule adds a rule to the group that it names. The error is Invalid if
// there is such a rule already, and OverQuota for more rules than the project may have.
func (a *Servers) CreateSecurityRule(ctx context.Context, group nova.SecurityGroup, rule nova.SecurityRule) (nova.SecurityRule, error) {
	if slices.ContainsFunc(group.Rules, func(r nova.SecurityRule) bool { return alike(r, rule) }) {
		return rule, nova.Errorf(nova.Invalid, "This rule already exists in group %s", group.ID)
	}
	made, err := a.networks.As(nova.CallerOf(ctx)).CreateRule(ctx, rule)
	if nova.Is(err, nova.Conflict) {
		err = nova.Because(err, nova.OverQuota, "%s", nova.Message(err))
	}
	return made, err
}

// alike reports whether two rules let the same in.
func alike(a, b nova.SecurityRule) bool {
	return a.Direction == b.Direction && same(a.Protocol, b.Protocol) && same(a.PortMin, b.PortMin) && same(a.PortMax, b.PortMax) &&
		same(a.RemoteGroupID, b.RemoteGroupID) && same(a.Prefix, b.Prefix)
}

func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

// DeleteSecurityRule deletes a rule of a group. The error is Invalid for what can't be an
// ID, and NotFound if there is no rule that the caller may see.
func (a *Servers) DeleteSecurityRule(ctx context.Context, id string) error {
	if uuid.Validate(id) != nil {
		return nova.Errorf(nova.Invalid, "Security group id should be uuid")
	}
	network := a.networks.As(nova.CallerOf(ctx))
	rule, err := network.Rule(ctx, id)
	if err != nil {
		return err
	}
	return network.DeleteRule(ctx, rule.ID)
}
