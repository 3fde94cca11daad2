package compute

import (
	"context"
	"errors"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// clearAgain is when a host is looked at again that could not be cleared.
const clearAgain = 10 * time.Second

// clearHosts removes from this worker's hosts what is left there of servers that are
// not theirs any more, until the context ends. It looks when it is woken.
func (w *Worker) clearHosts(ctx context.Context) {
	hosts := w.local.Names()
	queues := make([]string, len(hosts))
	for i, host := range hosts {
		queues[i] = nova.LeftoverQueue(host)
	}
	woken, unsubscribe := w.store.Subscribe(queues...)
	defer unsubscribe()
	for {
		var again <-chan time.Time
		if err := w.ClearHosts(ctx); err != nil && ctx.Err() == nil {
			w.log.Warn().Err(err).Msg("what hosts have of other hosts' servers can't be removed now")
			again = time.After(clearAgain)
		}
		select {
		case <-ctx.Done():
			return
		case <-woken:
		case <-again:
		}
	}
}

// ClearHosts removes from this worker's hosts what is left there of servers that are
// elsewhere or gone: that were evacuated or deleted while the hosts were down, that have
// left them while they ran or were not taken in, and old sizes of servers that were put
// right after a resize had gone wrong. What can't be removed now stays on the list and
// keeps no other server on its host. The error joins those of drivers, such as
// Unavailable, or is the store's.
func (w *Worker) ClearHosts(ctx context.Context) error {
	for {
		left, err := w.store.LeftOnHosts(ctx, w.local.Names())
		if err != nil || len(left) == 0 {
			return err
		}
		var errs []error
		for _, l := range left {
			errs = append(errs, w.clearLeftover(ctx, l))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
}

// clearLeftover removes one server from a host. No server comes to a host that is yet
// to remove it: see choose.
func (w *Worker) clearLeftover(ctx context.Context, l nova.Leftover) error {
	server, err := w.store.AnyServer(ctx, l.ServerID)
	if nova.Is(err, nova.NotFound) { // it was purged
		server, err = nova.Server{ID: l.ServerID}, nil
	}
	if err != nil {
		return err
	}
	driver := w.local.Driver(l.Host)
	if driver == nil { // another process has taken the host over
		return nil
	}
	w.finish(func(a nova.Action) bool { // by whoever was at work there when the server was taken away
		return a.ServerID == l.ServerID && (a.Queue == l.Host || server.DeletedAt != nil)
	})
	if err := driver.Destroy(ctx, server); err != nil {
		return err
	}
	return w.store.Tx(ctx, func(tx *db.Store) error {
		if l.Migration != "" {
			if err := tx.CompleteMigration(ctx, l.Migration); err != nil {
				return err
			}
		}
		_, err := tx.ForgetOnHost(ctx, l.ServerID, l.Host)
		return err
	})
}

// leaveBehind notes what hosts have of a server that is gone from them without their
// doing: its own, and the one elsewhere.
func leaveBehind(ctx context.Context, tx *db.Store, s nova.Server) error {
	hosts := []string{s.Host}
	if s.Elsewhere != nil && s.Elsewhere.Host != s.Host {
		hosts = append(hosts, s.Elsewhere.Host)
	}
	for _, host := range hosts {
		if host == "" {
			continue
		}
		if err := tx.LeaveOnHost(ctx, nova.Leftover{ServerID: s.ID, Host: host}); err != nil {
			return err
		}
	}
	return nil
}
