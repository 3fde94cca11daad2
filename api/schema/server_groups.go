package schema

import "github.com/nova-api/nova-api/internal/nova"

// ServerGroupCreate is the body of POST /os-server-groups. A group had a list of
// one policy until 2.63.
var ServerGroupCreate = NewBody(Object(Prop("server_group", Object(
	Prop("name", Name).Required(),
	Prop("policies", groupPolicies("anti-affinity", "affinity")).Required().Until(14),
	Prop("policies", groupPolicies("anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity")).Required().Since(15).Until(63),
	Prop("policy", Enum("anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity")).Required().Since(64),
	Prop("rules", Object(Prop("max_server_per_host", Positive))).Since(64),
)).Required()))

// groupPolicies is a list of exactly one policy.
func groupPolicies(names ...string) Schema { return Array(Enum(names...)).Unique().Items(1, 1) }

// ServerGroupCreateBody is ServerGroupCreate, decoded.
type ServerGroupCreateBody struct {
	Group struct {
		Name     string             `json:"name"`
		Policies []nova.GroupPolicy `json:"policies"` // until 2.63
		Policy   nova.GroupPolicy   `json:"policy"`   // since 2.64
		Rules    struct {
			MaxServerPerHost *Int `json:"max_server_per_host"`
		} `json:"rules"`
	} `json:"server_group"`
}
