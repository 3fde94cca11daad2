package api

import (
	"slices"
	"testing"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/internal/policy"
)

// ruleless are the operations that name no rule of policy, with the reason.
var ruleless = map[string]string{
	"GET /flavors":        "everybody may see the flavors that they may use",
	"GET /flavors/detail": "everybody may see the flavors that they may use",
	"GET /flavors/{id}":   "everybody may see the flavors that they may use",
	"POST /os-keypairs":   "the user whose rule is asked is in the body",
	"POST /servers/{id}/action (os-getRDPConsole)": "it is refused for everybody",
}

// TestRoutes_InPolicy holds the tables of controllers to the table of rules: each
// operation has a rule or a reason to have none, and the rule's row, which
// operators read in the sample file, names the operation.
func TestRoutes_InPolicy(t *testing.T) {
	t.Parallel()
	enforcer, _, err := policy.New(policy.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	rows := map[policy.Rule]policy.Entry{}
	for _, entry := range policy.Table() {
		rows[entry.Rule] = entry
	}
	o := Options{Site: &rest.Site{Policy: enforcer}}
	all := o.Site.Routes(func(m rest.Mapper) { routes(m, o) })
	if len(all) == 0 {
		t.Fatal("there are no routes")
	}
	found := map[string]bool{}
	for _, r := range all {
		operation := r.Method + " " + r.Path
		if r.Action != "" {
			operation += " (" + r.Action + ")"
		}
		found[operation] = true
		_, listed := ruleless[operation]
		switch {
		case r.Gone && r.Rule == "":
		case r.Rule == "" && !listed:
			t.Errorf("%s has no rule, and no reason to have none", operation)
		case r.Rule != "" && listed:
			t.Errorf("%s has a rule after all", operation)
		case r.Rule != "" && !slices.Contains(rows[r.Rule].Operations, operation):
			t.Errorf("%s needs %s, whose row names only %q", operation, r.Rule, rows[r.Rule].Operations)
		}
	}
	for operation := range ruleless {
		if !found[operation] {
			t.Errorf("there is no %s", operation)
		}
	}
}
