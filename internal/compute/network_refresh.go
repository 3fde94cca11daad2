package compute

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

const (
	// refreshBatch is how many servers are looked at together: as many as one
	// request to the network service can name.
	refreshBatch = 100
	// refreshTries bounds how often a server is looked at again because its
	// network has changed meanwhile. Whoever changed it has said so.
	refreshTries = 5
	// refreshAgain is when servers are looked at again that could not be.
	refreshAgain = 10 * time.Second
)

// refreshNetworks shows what the network service changes, until the context ends.
// It looks when it is woken, and at all servers of its hosts in turn, should word
// of a change have got lost.
func (w *Worker) refreshNetworks(ctx context.Context) {
	hosts := w.local.Names()
	queues := make([]string, len(hosts))
	for i, host := range hosts {
		queues[i] = nova.NetworkQueue(host)
	}
	woken, unsubscribe := w.store.Subscribe(queues...)
	defer unsubscribe()
	var heal <-chan time.Time // never, without an interval
	if w.heal > 0 {
		tick := time.NewTicker(w.heal)
		defer tick.Stop()
		heal = tick.C
	}
	for {
		var again <-chan time.Time
		if err := w.RefreshNetworks(ctx); err != nil && ctx.Err() == nil {
			w.log.Warn().Err(err).Msg("what the network service has changed can't be shown now")
			again = time.After(refreshAgain)
		}
		select {
		case <-ctx.Done():
			return
		case <-woken:
		case <-again:
		case <-heal:
			if err := w.HealNetworks(ctx); err != nil && ctx.Err() == nil {
				w.log.Warn().Err(err).Msg("what servers show of the network can't be compared with it now")
			}
		}
	}
}

// RefreshNetworks shows what the network service has said that it changed, of the
// servers on this worker's hosts. The error is Unavailable if the network service
// can't be asked: stale data stays.
func (w *Worker) RefreshNetworks(ctx context.Context) error {
	for {
		servers, err := w.store.StaleServers(ctx, w.local.Names(), refreshBatch)
		if err != nil || len(servers) == 0 {
			return err
		}
		left, err := w.refreshAll(ctx, servers)
		if err != nil || left > 0 {
			return err // there is word of what has changed meanwhile
		}
	}
}

// HealNetworks compares what all servers on this worker's hosts show with the
// network service. The error is Unavailable if that can't be asked.
func (w *Worker) HealNetworks(ctx context.Context) error {
	for after := int64(0); ; {
		servers, err := w.store.ServersOn(ctx, w.local.Names(), after, refreshBatch)
		if err != nil || len(servers) == 0 {
			return err
		}
		after = servers[len(servers)-1].Serial
		if _, err := w.refreshAll(ctx, servers); err != nil {
			return err
		}
	}
}

// refresh shows what the network service says of one server.
func (w *Worker) refresh(ctx context.Context, id string) error {
	for range refreshTries {
		s, err := w.store.Server(ctx, id)
		if err != nil {
			return err
		}
		if left, err := w.refreshAll(ctx, []nova.Server{s}); err != nil || left == 0 {
			return err
		}
	}
	return nova.Errorf(nova.Conflict, "The network of server %s changes all the time.", id)
}

// refreshAll shows what the network service says of servers, and tells of how
// many it does not: their network has changed in between.
func (w *Worker) refreshAll(ctx context.Context, servers []nova.Server) (left int, err error) {
	sights, err := see(ctx, w.networks.AsService(), servers)
	if err != nil {
		return 0, err
	}
	var errs []error
	for i, s := range servers {
		if err := w.tidyPorts(ctx, s, sights[i]); err != nil {
			errs = append(errs, err)
			continue
		}
		if sights[i].same(s) && !s.NetworkStale {
			continue
		}
		shown, err := w.store.ShowNetwork(ctx, s, sights[i].addresses, sights[i].groups)
		if errs = append(errs, err); !shown {
			left++
		}
	}
	return left, errors.Join(errs...)
}

// tidyPorts unplugs what was plugged in for ports that are no more, and removes
// ports that were made for an attachment which ended without them, because its
// worker died at the wrong moment.
func (w *Worker) tidyPorts(ctx context.Context, s nova.Server, seen sight) error {
	if driver, ok := w.local.Driver(s.Host).(virt.Attacher); ok {
		for _, port := range seen.gone {
			if err := driver.DetachInterface(ctx, s, port); err != nil && !nova.Is(err, nova.NotFound) {
				return err
			}
		}
	}
	for _, port := range seen.marked {
		stray, err := w.isStray(ctx, port)
		if err != nil {
			return err
		}
		if !stray {
			continue
		}
		if err := w.networks.AsService().DeletePort(ctx, port.ID, s.ID); err != nil {
			return err
		}
	}
	return nil
}

// isStray reports whether nobody will ever show a port that an attachment made.
// The server is read again after that, since it gets to know the port before the
// action ends.
func (w *Worker) isStray(ctx context.Context, port nova.Port) (bool, error) {
	under, err := w.store.UnderWay(ctx, port.DeviceID, string(AttachInterface))
	if err != nil || slices.ContainsFunc(under, func(a nova.Action) bool { return markOf(a) == port.Mark }) {
		return false, err
	}
	now, err := w.store.Server(ctx, port.DeviceID)
	if err != nil {
		return false, err
	}
	_, known := noteOf(now, port.ID)
	return !known, nil
}

// look is the step that shows what the steps before it have done. The action
// doesn't fail because of it: whoever serves the host's changes looks again.
func (w *Worker) look(ctx context.Context, a *action) (effect, error) {
	err := w.refresh(ctx, a.ServerID)
	if err == nil || ctx.Err() != nil || nova.Is(err, nova.NotFound) {
		return effect{}, ctx.Err()
	}
	return effect{also: func(tx *db.Store) error { return tx.NetworkChanged(ctx, a.ServerID) }}, nil
}
