package network

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// groupAttributes are what a security group can be told.
var groupAttributes = []attribute[networkdb.SecurityGroup]{
	{name: "name", post: anyone, put: anyone, column: "name", find: asText, set: text(func(g *networkdb.SecurityGroup) *string { return &g.Name })},
	{name: "stateful", post: anyone, put: anyone, column: "stateful", find: asFlag, set: flag(func(g *networkdb.SecurityGroup) *bool { return &g.Stateful })},
}

// groups describes security groups to the calls that all kinds share.
func (s *Service) groups() resource[networkdb.SecurityGroup] {
	return resource[networkdb.SecurityGroup]{
		s: s, singular: "security_group", plural: "security_groups", limit: quotaOf("security_group"), attributes: groupAttributes,
		notFound: groupNotFound,
		record:   (*networkdb.SecurityGroup).Common,
		table:    func(s *networkdb.Store) networkdb.Table[networkdb.SecurityGroup] { return s.Groups },
		defaults: func() networkdb.SecurityGroup { return networkdb.SecurityGroup{Stateful: true} },
		view:     s.groupView,
		filter:   groupFilter,
		before:   func(ctx context.Context, c nova.Caller) error { return s.ensureDefaultGroup(ctx, c.ProjectID) },
		create:   s.createGroup,
		change:   s.changeGroup,
		remove:   s.removeGroup,
	}
}

// groupNotFound is Neutron's error for a group that isn't there or may not be
// seen.
func groupNotFound(id string) error {
	return kit.Typed("SecurityGroupNotFound", nova.NotFound, "Security group %s does not exist", id)
}

// groupView shows a group with its rules. Groups are not shared between
// projects here.
func (s *Service) groupView(g networkdb.SecurityGroup, _ bool) object {
	rules := make([]object, len(g.Rules))
	for i, rule := range g.Rules {
		rules[i] = s.rules().document(rule, nova.Caller{})
	}
	return object{"name": g.Name, "stateful": g.Stateful, "shared": false, "security_group_rules": rules}
}

// groupFilter knows that no group is shared.
func groupFilter(l *networkdb.Filter, name string, values []string) (bool, error) {
	if name != "shared" {
		return false, nil
	}
	shared, err := parseFlag(values[0])
	if shared {
		l.Match["id"] = []any{""}
	}
	return true, err
}

// createGroup writes a group that lets everything out and nothing in.
func (s *Service) createGroup(ctx context.Context, tx *networkdb.Store, _ nova.Caller, g *networkdb.SecurityGroup, _ object) error {
	// The default group is made when a project is first seen; a second one
	// would be ambiguous.
	if g.Name == networkdb.DefaultSecurityGroup {
		return kit.Typed("SecurityGroupDefaultAlreadyExists", nova.Conflict, "Default security group already exists.")
	}
	if err := makeDefaultGroup(ctx, tx, g.ProjectID); err != nil {
		return err
	}
	return insertGroup(ctx, tx, g, "egress")
}

// insertGroup writes a group with rules for both IP versions in each direction.
// What comes in must come from the group itself.
func insertGroup(ctx context.Context, tx *networkdb.Store, g *networkdb.SecurityGroup, directions ...string) error {
	made, err := tx.Groups.Create(ctx, *g)
	if err != nil {
		return err
	}
	for _, direction := range directions {
		for _, ethertype := range []string{"IPv4", "IPv6"} {
			rule := networkdb.SecurityGroupRule{GroupID: g.ID, Direction: direction, Ethertype: ethertype}
			rule.ID, rule.ProjectID = uuid.NewString(), g.ProjectID
			// Members of a group may talk to each other.
			if direction == "ingress" {
				rule.RemoteGroupID = &g.ID
			}
			if rule, err = tx.Rules.Create(ctx, rule); err != nil {
				return err
			}
			made.Rules = append(made.Rules, rule)
		}
	}
	*g = made
	return nil
}

// ensureDefaultGroup makes the default group of a project when the project is
// first seen.
func (s *Service) ensureDefaultGroup(ctx context.Context, project string) error {
	if project == "" {
		return nil
	}
	_, err := s.Store.DefaultGroupOf(ctx, project)
	if !nova.Is(err, nova.NotFound) {
		return err
	}
	return s.Store.Tx(ctx, func(tx *networkdb.Store) error { return makeDefaultGroup(ctx, tx, project) })
}

// makeDefaultGroup makes the default group of a project, unless it is there.
// The database allows one only, so parallel callers make one.
func makeDefaultGroup(ctx context.Context, tx *networkdb.Store, project string) error {
	_, err := tx.DefaultGroupOf(ctx, project)
	if !nova.Is(err, nova.NotFound) {
		return err
	}
	group := networkdb.SecurityGroup{Name: networkdb.DefaultSecurityGroup, Stateful: true}
	group.ID, group.ProjectID, group.Description = uuid.NewString(), project, "Default security group"
	err = insertGroup(ctx, tx, &group, "ingress", "egress")
	if errors.Is(err, networkdb.ErrTaken) { // somebody else was faster
		return nil
	}
	return err
}

// changeGroup refuses to rename the default group, and to give its name to
// another one.
func (s *Service) changeGroup(_ context.Context, _ *networkdb.Store, _ nova.Caller, was networkdb.SecurityGroup, g *networkdb.SecurityGroup, _ object) error {
	switch {
	case was.Name == g.Name:
		return nil
	case was.Name == networkdb.DefaultSecurityGroup:
		return kit.Typed("SecurityGroupCannotUpdateDefault", nova.Conflict, "Updating default security group not allowed.")
	case g.Name == networkdb.DefaultSecurityGroup:
		return kit.Typed("SecurityGroupDefaultAlreadyExists", nova.Conflict, "Default security group already exists.")
	}
	return nil
}

// removeGroup deletes a group that no port is in, with its rules and those that
// name it as their remote group. Only an administrator deletes a default group,
// as when a project is cleaned up; the project gets a new one when it is seen
// again. A port that is in the way is named first, as in Neutron
// (db/securitygroups_db.py, delete_security_group).
func (s *Service) removeGroup(ctx context.Context, tx *networkdb.Store, g networkdb.SecurityGroup) error {
	err := tx.Groups.Delete(ctx, g.ID)
	switch {
	case nova.Is(err, nova.Conflict):
		return kit.Typed("SecurityGroupInUse", nova.Conflict, "Security Group %s in use.", g.ID)
	case err == nil && g.Name == networkdb.DefaultSecurityGroup && !isAdmin(nova.CallerOf(ctx)):
		return kit.Typed("SecurityGroupCannotRemoveDefault", nova.Conflict, "Insufficient rights for removing default security group.")
	}
	return err
}

// setGroups puts a port into the security groups that the body asks for. A new
// port whose body does not say goes into its project's default group.
func (s *Service) setGroups(ctx context.Context, tx *networkdb.Store, c nova.Caller, p *networkdb.Port, body object) error {
	groups, err := s.wantedGroups(ctx, tx, c, *p, body)
	if err != nil {
		return err
	}
	if len(groups) > 0 && !p.PortSecurity {
		return kit.Typed("PortSecurityAndIPRequiredForSecurityGroups", nova.Invalid,
			"Port security must be enabled and port must have an IP address in order to use security groups.")
	}
	p.GroupIDs = groups
	return missingReference(tx.SetPortGroups(ctx, p.ID, groups), groupNotFound(strings.Join(groups, ", ")))
}

// wantedGroups reads security_groups from a body. The caller must see each
// group.
func (s *Service) wantedGroups(ctx context.Context, tx *networkdb.Store, c nova.Caller, p networkdb.Port, body object) ([]string, error) {
	value, ok := body["security_groups"]
	if !ok {
		// Ports of routers and floating IPs belong to no project, and have no
		// groups.
		if !p.PortSecurity || p.ProjectID == "" {
			return []string{}, nil
		}
		if err := makeDefaultGroup(ctx, tx, p.ProjectID); err != nil {
			return nil, err
		}
		group, err := tx.DefaultGroupOf(ctx, p.ProjectID)
		return []string{group}, err
	}
	groups := []string{}
	if err := reshape(value, &groups); err != nil || len(groups) > maxPortGroups {
		return nil, invalid("security_groups", "'%s' is not a list of security groups.", plain(value))
	}
	if twice := duplicates(groups); len(twice) > 0 {
		return nil, invalid("security_groups", "Duplicate items in the list: '%s'.", strings.Join(twice, ", "))
	}
	for _, group := range groups {
		if err := isID("security_groups", group); err != nil {
			return nil, err
		}
		if _, err := s.groups().find(ctx, tx, c, group); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// duplicates are the items that a list has more than once, in the order in which
// that shows.
func duplicates(list []string) []string {
	var twice []string
	for i, item := range list {
		if slices.Contains(list[:i], item) && !slices.Contains(twice, item) {
			twice = append(twice, item)
		}
	}
	return twice
}
