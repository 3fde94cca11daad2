package views

import (
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestServerGroups_EveryVersion(t *testing.T) {
	t.Parallel()
	var v ServerGroups
	group := nova.ServerGroup{
		ID: "5bbcc3c4-1da2-4437-a48a-66f15b1b13f9", Name: "g", Policy: nova.AntiAffinity, ProjectID: "p", UserID: "u",
		Members: []string{"5a5a5a5a-1da2-4437-a48a-66f15b1b13f9"},
	}
	ruled := group
	ruled.MaxServerPerHost, ruled.Members = new(3), []string{}
	for _, c := range []struct {
		name   string
		render func(Request) Dict
	}{
		{"server_group", func(r Request) Dict { return v.Show(r, group) }},
		{"server_group_with_rule", func(r Request) Dict { return v.Show(r, ruled) }},
		{"server_groups", func(r Request) Dict { return v.Index(r, []nova.ServerGroup{group, ruled}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			everyVersion(t, c.name, []int{13, 64}, c.render)
		})
	}
}
