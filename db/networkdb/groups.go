package networkdb

import (
	"context"
	"fmt"

	"github.com/nova-api/nova-api/db/rows"
)

// A SecurityGroup is a set of rules for the ports in it.
type SecurityGroup struct {
	Record
	Name     string              `db:"name"`
	Stateful bool                `db:"stateful"`
	Rules    []SecurityGroupRule `db:"-"`
}

// A SecurityGroupRule lets packets pass that match it. A nil field matches
// everything.
type SecurityGroupRule struct {
	Record
	GroupID        string  `db:"security_group_id"`
	Direction      string  `db:"direction"` // ingress or egress
	Ethertype      string  `db:"ethertype"` // IPv4 or IPv6
	Protocol       *string `db:"protocol"`
	PortMin        *int64  `db:"port_range_min"` // a type, for ICMP
	PortMax        *int64  `db:"port_range_max"` // a code, for ICMP
	RemoteIPPrefix *string `db:"remote_ip_prefix"`
	RemoteGroupID  *string `db:"remote_group_id"`
}

// DefaultSecurityGroup is the name of the group that every project has.
const DefaultSecurityGroup = "default"

var groups = kind[SecurityGroup]{
	table: "network_security_groups", columns: "name stateful", visible: "project_id = ?",
	record: (*SecurityGroup).Common,
	load:   loadGroups,
}

var rules = kind[SecurityGroupRule]{
	table: "network_security_group_rules", visible: "project_id = ?",
	columns: "security_group_id direction ethertype protocol port_range_min port_range_max remote_ip_prefix remote_group_id",
	record:  (*SecurityGroupRule).Common,
}

// DefaultGroupOf finds the ID of a project's default security group. It returns
// NotFound if the project has none yet.
func (s *Store) DefaultGroupOf(ctx context.Context, project string) (string, error) {
	return rows.Get[string](ctx, s.DB, "SELECT id FROM network_security_groups WHERE project_id = ? AND name = 'default'", project)
}

// loadGroups adds the rules of each security group, oldest first.
func loadGroups(ctx context.Context, d *rows.DB, groups []SecurityGroup) error {
	ids, byID := make([]string, len(groups)), make(map[string]*SecurityGroup, len(groups))
	for i := range groups {
		ids[i], byID[groups[i].ID] = groups[i].ID, &groups[i]
		groups[i].Rules = []SecurityGroupRule{}
	}
	text, args, err := rows.In(
		"SELECT "+rules.selected()+" FROM network_security_group_rules WHERE security_group_id IN (?) ORDER BY serial", ids)
	if err != nil {
		return err
	}
	found, err := rows.All[SecurityGroupRule](ctx, d, text, args...)
	if err != nil {
		return fmt.Errorf("list rules of security groups: %w", err)
	}
	for _, rule := range found {
		group := byID[rule.GroupID]
		group.Rules = append(group.Rules, rule)
	}
	return nil
}
