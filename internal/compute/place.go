package compute

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/scheduler"
)

// placeArgs are what place reads of the arguments of a verb.
type placeArgs struct {
	Force  Target       `json:"force,omitzero"`   // the host that must be taken, unchecked
	To     Target       `json:"to,omitzero"`      // the host that is wanted
	Avoid  []string     `json:"avoid,omitempty"`  // hosts that won't do
	Flavor *nova.Flavor `json:"flavor,omitempty"` // what the server is to be; nil: what it is
}

// flavor is what a server is or is to be.
func (p placeArgs) flavor(s nova.Server) nova.Flavor {
	if p.Flavor != nil {
		return *p.Flavor
	}
	return s.Flavor
}

// needs is what a server takes where it is placed.
func (p placeArgs) needs(s nova.Server) nova.Resources { return s.Takes(p.flavor(s)) }

const (
	candidates = 5  // hosts that are asked for, in case others are faster
	maxLooks   = 20 // how often hosts are asked for before others are let go first
)

// place is the step that finds a host, and takes what the server needs there:
// the best of the hosts that fit, or the next one if others were faster. A server
// without a host is on that host from then on; any other stays where it is, and
// the action holds the room for a later step to move the server to.
func (w *Worker) place(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[placeArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	if len(a.hosts) == 0 {
		a.looks++
		if a.looks > maxLooks {
			return effect{}, nova.Errorf(nova.Unavailable, "All hosts were taken by others.")
		}
		if a.hosts, err = w.choose(ctx, a, args); err != nil {
			return effect{}, err
		}
	}
	host, needs := a.hosts[0], args.needs(a.server)
	a.hosts = a.hosts[1:]
	source, target := Target{a.server.Host, a.server.Node}, Target{host.Name, host.Node}
	e := effect{
		note: func(p *progress) {
			p.Source, p.Target = source, target
			if source != (Target{}) { // until a later step moves the server
				p.Held.On, p.Held.Takes = target, needs
			}
		},
		also: func(tx *db.Store) error {
			err := joinsGroup(ctx, tx, a.server, target.Host)
			if err != nil {
				a.hosts = nil // which were chosen when the group was another
			}
			return err
		},
	}
	if source == (Target{}) {
		e.change.Host, e.change.Node, e.change.Zone = &target.Host, &target.Node, &host.Zone
	}
	return e, nil
}

// unplace takes a server off the host where place has put it.
func (w *Worker) unplace(_ context.Context, a *action) (effect, error) {
	source, target := a.progress.Source, a.progress.Target
	if target == (Target{}) {
		return effect{}, nil
	}
	e := effect{
		change: db.ServerChange{Host: &source.Host, Node: &source.Node},
		note: func(p *progress) {
			p.Source, p.Target = Target{}, Target{}
			p.Held.On, p.Held.Takes = Target{}, nova.Resources{}
		},
	}
	if source == (Target{}) && a.server.VMState == nova.Building {
		e.change.Zone = &a.server.RequestedZone
	}
	return e, nil
}

// pinOf is the zone that a server may not leave: empty for none.
func pinOf(s nova.Server) string {
	if s.PinnedZone == nil {
		return ""
	}
	return *s.PinnedZone
}

// choose finds the hosts that fit, the best first.
func (w *Worker) choose(ctx context.Context, a *action, args placeArgs) ([]nova.Host, error) {
	cloud, err := w.clouds.get(ctx, w.cloud)
	if err != nil {
		return nil, err
	}
	group, err := groupOf(ctx, w.store, a.server, false)
	if err != nil {
		return nil, err
	}
	hints, err := hintsOf(ctx, w.store, a.server.Hints)
	if err != nil {
		return nil, err
	}
	avoid := slices.Concat(args.Avoid, a.progress.Failed)
	if a.server.LaunchedAt != nil { // hosts that have yet to remove what they have of it
		left, err := w.store.LeftOfServer(ctx, a.ServerID)
		if err != nil {
			return nil, err
		}
		for _, l := range left {
			avoid = append(avoid, l.Host)
		}
	}
	if left := a.server.Elsewhere; left != nil { // an old copy, which a driver may take for the server
		avoid = append(avoid, left.Host)
	}
	chosen, report, refused := w.scheduler.Choose(scheduler.Request{
		Needs: args.needs(a.server), ProjectID: a.server.ProjectID, Flavor: args.flavor(a.server), ImageID: a.server.ImageID, Image: a.server.ImageProps,
		Zone: pinOf(a.server), Exclude: avoid,
		To: scheduler.Target(args.To), Force: scheduler.Target(args.Force),
		Group: group, Hints: hints,
		Seed: rand.Uint64(), Limit: candidates, //nolint:gosec // spreads servers, guards nothing
	}, cloud)
	if refused != nil {
		zerolog.Ctx(ctx).Info().Stringer("hosts", report).Msg("no valid host")
	}
	return chosen, refused
}

// cloud reads what the scheduler is to know of all hosts. With ten thousand of them
// that takes a tenth of a second, so that placements share it.
func (w *Worker) cloud(ctx context.Context) (c scheduler.Cloud, err error) {
	if c.Hosts, err = w.hosts.All(ctx); err != nil {
		return c, err
	}
	if c.Aggregates, err = w.hosts.Aggregates(ctx); err != nil {
		return c, err
	}
	c.IOOps, err = w.store.IOOps(ctx)
	return c, err
}
