package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// BaremetalNodes answers for /os-baremetal-nodes, until 2.35. Nova passes reads on to
// Ironic, of which this program knows none, and refuses all that would change
// something.
type BaremetalNodes struct{ Options }

// Operations are the operations on bare metal nodes.
func (c *BaremetalNodes) Operations() rest.Operations {
	return lastIn(rest.Operations{
		"index":  rest.Do(withoutIronic).Needs(policy.BaremetalNodeList).Query(schema.IgnoredQuery),
		"show":   rest.Do(withoutIronic).Needs(policy.BaremetalNodeShow).Query(schema.IgnoredQuery),
		"create": rest.DoWith(schema.BaremetalNodeChange, ironicOnly("node-create")),
		"delete": rest.Do(func(ctx context.Context, r *rest.Request) (any, error) {
			return ironicOnly("node-delete")(ctx, r, schema.NoArguments{})
		}),
	}, 35)
}

// MemberActions are the actions of POST /os-baremetal-nodes/{id}/action.
func (c *BaremetalNodes) MemberActions() rest.Operations {
	return lastIn(rest.Operations{
		"add_interface":    rest.DoWith(schema.BaremetalNodeChange, ironicOnly("port-create")),
		"remove_interface": rest.DoWith(schema.BaremetalNodeChange, ironicOnly("port-delete")),
	}, 35)
}

// withoutIronic answers 501: Nova answers 500 where the catalog has no Ironic.
func withoutIronic(context.Context, *rest.Request) (any, error) {
	return nil, nova.Errorf(nova.NotImplemented, "")
}

// ironicOnly refuses everybody, and names the command of Ironic's own client that
// does what was asked for.
func ironicOnly(command string) func(context.Context, *rest.Request, schema.NoArguments) (any, error) {
	return func(context.Context, *rest.Request, schema.NoArguments) (any, error) {
		return nil, nova.Errorf(nova.Invalid, "Command not supported. Please use Ironic command %s to perform this action.", command)
	}
}
