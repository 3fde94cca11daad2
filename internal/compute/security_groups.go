package compute

import (
	"context"

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
