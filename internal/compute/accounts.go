package compute

import (
	"context"
	"maps"
	"slices"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// A holding is what an action holds for a server beyond what the server has: a
// part of the quota, and room on the host that the server is to move to. It
// becomes the server's by a step of the action, or is given back at its end.
type holding struct {
	Usage nova.Usage     `json:"usage,omitzero"`
	On    Target         `json:"on,omitzero"` // where the room is
	Takes nova.Resources `json:"takes,omitzero"`
}

// elsewhere is the room of a holding as what a server has: for an action that
// ended although something of the server may be on the host that it was to move
// to. Whoever deletes the server removes it there as well.
func (h holding) elsewhere() *nova.Elsewhere {
	if h.On == (Target{}) {
		return nil
	}
	return &nova.Elsewhere{Host: h.On.Host, Node: h.On.Node, Takes: h.Takes}
}

// accounts are taken for a server: of the quota of its project, and of
// hosts, by their nodes.
type accounts struct {
	usage nova.Usage
	hosts map[string]nova.Resources
}

// accountsOf adds up what a server has and what an action holds for it. A server
// that has been deleted has nothing.
func accountsOf(s nova.Server, held holding) accounts {
	a := accounts{usage: s.Usage().Plus(held.Usage), hosts: map[string]nova.Resources{}}
	if s.VMState != nova.Deleted {
		a.hosts[s.Node] = s.Takes(s.Flavor)
		if s.Elsewhere != nil {
			a.hosts[s.Elsewhere.Node] = a.hosts[s.Elsewhere.Node].Plus(s.Elsewhere.Takes)
		}
	}
	a.hosts[held.On.Node] = a.hosts[held.On.Node].Plus(held.Takes)
	delete(a.hosts, "") // of a server that has no host
	return a
}

// balance books the difference between what was taken for a server and what is
// taken from now on. It is the one place where actions take and give back room
// and quota; call it in the transaction that changes the server. What more of
// the quota is taken is not checked, since that is done where an action begins.
// The error is errAgain if a host has no room for what more is taken of it.
func balance(ctx context.Context, tx *db.Store, of nova.Server, was, is accounts) error {
	if more := is.usage.Plus(was.usage.Times(-1)); more != (nova.Usage{}) {
		if err := tx.Consume(ctx, of.ProjectID, of.UserID, more, nil, nil); err != nil {
			return err
		}
	}
	nodes := slices.AppendSeq(slices.Collect(maps.Keys(was.hosts)), maps.Keys(is.hosts))
	slices.Sort(nodes) // in one order, so that no two wait for each other
	for _, node := range slices.Compact(nodes) {
		had, has := was.hosts[node], is.hosts[node]
		switch {
		case had == has:
			continue
		case has.Instances <= had.Instances:
			if err := tx.Unclaim(ctx, node, had.Plus(has.Times(-1))); err != nil {
				return err
			}
			continue
		}
		claimed, err := tx.Claim(ctx, node, has.Plus(had.Times(-1)))
		if err == nil && !claimed {
			err = errAgain
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// changed is a server after a change, as far as its accounts go.
func changed(s nova.Server, c db.ServerChange) nova.Server {
	put(&s.VMState, c.VMState)
	put(&s.Host, c.Host)
	put(&s.Node, c.Node)
	put(&s.Flavor, c.Flavor)
	put(&s.BeforeResize, c.BeforeResize)
	put(&s.Elsewhere, c.Elsewhere)
	return s
}

// put replaces a value, if there is another.
func put[T any](value, other *T) {
	if other != nil {
		*value = *other
	}
}
