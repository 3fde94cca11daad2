package compute

import (
	"context"
	"slices"

	"github.com/nova-api/nova-api/internal/nova"
)

// resolveGroups finds the IDs of the caller's security groups by name or ID. It
// returns nil if only the default one is named, which the network service gives
// every port by itself. A group that is named twice counts once.
//
// Neutron lets two groups have one name. The error is Conflict then, and Invalid
// for a name that no group has: validate_name in nova/network/security_group_api.py.
func (a *Servers) resolveGroups(ctx context.Context, wanted []string) ([]string, error) {
	if len(wanted) == 0 || len(wanted) == 1 && wanted[0] == "default" {
		return nil, nil
	}
	caller := nova.CallerOf(ctx)
	groups, err := a.networks.As(caller).SecurityGroups(ctx, caller.ProjectID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, name := range wanted {
		id, err := groupID(groups, name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// groupID is the ID of the group with an ID, or else of the only group with a
// name. IDs go first, since a name can look like one.
func groupID(groups []nova.SecurityGroup, wanted string) (string, error) {
	var named []string
	for _, group := range groups {
		if group.ID == wanted {
			return group.ID, nil
		}
		if group.Name == wanted {
			named = append(named, group.ID)
		}
	}
	switch len(named) {
	case 0:
		return "", nova.Errorf(nova.Invalid, "Unable to find security_group with name or id '%s'", wanted)
	case 1:
		return named[0], nil
	}
	return "", nova.Errorf(nova.Conflict, "Multiple security_group matches found for name '%s', use an ID to be more specific.", wanted)
}
