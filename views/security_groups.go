package views

import (
	"cmp"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// SecurityGroups renders security groups as Nova did when it had them itself.
type SecurityGroups struct {
	Sources map[string]nova.SecurityGroup // the groups that rules let in, by ID
}

// Index lists groups, by project and name.
func (v SecurityGroups) Index(r Request, groups []nova.SecurityGroup) Dict {
	sorted := slices.SortedStableFunc(slices.Values(groups), func(a, b nova.SecurityGroup) int {
		return cmp.Or(cmp.Compare(a.ProjectID, b.ProjectID), cmp.Compare(a.Name, b.Name))
	})
	return Dict{{"security_groups", each(r, sorted, v.group)}}
}

// Show renders one group.
func (v SecurityGroups) Show(r Request, group nova.SecurityGroup) Dict {
	return Dict{{"security_group", v.group(r, group)}}
}

// Rule renders one rule.
func (v SecurityGroups) Rule(rule nova.SecurityRule) Dict {
	return Dict{{"security_group_rule", v.rule(rule)}}
}

// group leaves out rules for what goes out, which Nova never had, and those for groups
// that are gone.
func (v SecurityGroups) group(_ Request, g nova.SecurityGroup) Dict {
	rules := []Dict{}
	for _, rule := range g.Rules {
		_, known := v.Sources[text(rule.RemoteGroupID)]
		if rule.Direction == "ingress" && (known || rule.RemoteGroupID == nil) {
			rules = append(rules, v.rule(rule))
		}
	}
	return Dict{
		{"id", g.ID},
		{"description", g.Description},
		{"name", g.Name},
		{"tenant_id", g.ProjectID},
		{"rules", rules},
	}
}

// rule shows ports where the network service has none: all that there are, or -1 for a
// protocol without.
func (v SecurityGroups) rule(rule nova.SecurityRule) Dict {
	from, to := rule.PortMin, rule.PortMax
	if rule.Protocol != nil && from == nil && to == nil {
		from, to = new(-1), new(-1)
		if protocol := strings.ToUpper(*rule.Protocol); protocol == "TCP" || protocol == "UDP" {
			from, to = new(1), new(65535)
		}
	}
	source, cidr := Dict{}, Dict{{"cidr", cmp.Or(text(rule.Prefix), "0.0.0.0/0")}}
	if rule.RemoteGroupID != nil {
		group := v.Sources[*rule.RemoteGroupID]
		source, cidr = Dict{{"name", group.Name}, {"tenant_id", group.ProjectID}}, Dict{}
	}
	return Dict{
		{"id", rule.ID},
		{"parent_group_id", rule.GroupID},
		{"ip_protocol", rule.Protocol},
		{"from_port", from},
		{"to_port", to},
		{"group", source},
		{"ip_range", cidr},
	}
}

// text is a text that may be missing.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
