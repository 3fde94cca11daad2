package views

import "github.com/nova-api/nova-api/internal/nova"

// ServerGroups renders groups of servers.
type ServerGroups struct{}

// Index lists groups. There are no links to further pages.
func (v ServerGroups) Index(r Request, groups []nova.ServerGroup) Dict {
	return Dict{{"server_groups", each(r, groups, v.group)}}
}

// Show renders one group.
func (v ServerGroups) Show(r Request, g nova.ServerGroup) Dict {
	return Dict{{"server_group", v.group(r, g)}}
}

// group had a list of policies, and metadata that was always empty, until 2.63.
func (ServerGroups) group(r Request, g nova.ServerGroup) Dict {
	return Dict{
		{"id", g.ID},
		{"name", g.Name},
		since(r, 64, "policy", string(g.Policy)),
		since(r, 64, "rules", rules(g)),
		until(r, 63, "policies", []string{string(g.Policy)}),
		until(r, 63, "metadata", Dict{}),
		{"members", g.Members},
		since(r, 13, "project_id", g.ProjectID),
		since(r, 13, "user_id", g.UserID),
	}
}

// rules are the rules of a group's policy, an object that may be empty.
func rules(g nova.ServerGroup) Dict {
	if g.MaxServerPerHost == nil {
		return Dict{}
	}
	return Dict{{"max_server_per_host", *g.MaxServerPerHost}}
}
