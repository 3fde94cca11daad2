package db

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/db/rows"
)

// A SecurityGroup is a set of rules for the ports in it.
type SecurityGroup struct {
	NetworkRecord
	Name     string              `db:"name"` // default for the one that every project has
	Stateful bool                `db:"stateful"`
	Rules    []SecurityGroupRule `db:"-"`
}

// A SecurityGroupRule lets some packets pass. What is nil may be anything.
type SecurityGroupRule struct {
	NetworkRecord
	GroupID        string  `db:"security_group_id"`
	Direction      string  `db:"direction"` // ingress or egress
	Ethertype      string  `db:"ethertype"` // IPv4 or IPv6
	Protocol       *string `db:"protocol"`
	PortMin        *int64  `db:"port_range_min"`
	PortMax        *int64  `db:"port_range_max"`
	RemoteIPPrefix *string `db:"remote_ip_prefix"`
	RemoteGroupID  *string `db:"remote_group_id"`
}

// DefaultSecurityGroup is the name of the group that every project has.
const DefaultSecurityGroup = "default"

// DefaultGroupOf finds the ID of a project's default security group.
func (s *Store) DefaultGroupOf(ctx context.Context, project string) (string, error) {
	return rows.Get[string](ctx, s.DB, "SELECT id FROM network_security_groups WHERE project_id = ? AND name = 'default'", project)
}

func (s *Store) loadGroups(ctx context.Context, groups []SecurityGroup) error {
	ids, at := make([]string, len(groups)), make(map[string]*SecurityGroup, len(groups))
	for i := range groups {
		ids[i], at[groups[i].ID] = groups[i].ID, &groups[i]
		groups[i].Rules = []SecurityGroupRule{}
	}
	columns := s.Network().Rules.kind.sql()
	q, args, err := rows.In("SELECT "+columns+" FROM network_security_group_rules WHERE security_group_id IN (?) ORDER BY serial", ids)
	if err != nil {
		return err
	}
	rules, err := rows.All[SecurityGroupRule](ctx, s.DB, q, args...)
	if err != nil {
		return fmt.Errorf("list rules of security groups: %w", err)
	}
	for i := range rules {
		group := at[rules[i].GroupID]
		group.Rules = append(group.Rules, rules[i])
	}
	return nil
}
