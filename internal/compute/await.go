package compute

import (
	"context"
	"errors"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

// await waits for the end of an action, or for the step that answers, whichever process
// carries it out, and tells what it has come to. It ends with the context, or when the patience is
// exhausted: the work goes on then, and the error is Unavailable. Otherwise the
// error is why the action failed.
func (a *Servers) await(ctx context.Context, record nova.Action) (progress, error) {
	woken, unsubscribe := a.store.Subscribe(nova.EndQueue(record.Serial))
	defer unsubscribe()
	end := time.NewTimer(a.patience)
	defer end.Stop()
	again := time.NewTicker(askAgainEvery)
	defer again.Stop()
	for {
		now, err := a.store.FindAction(ctx, record.Serial)
		switch {
		case nova.Is(err, nova.Unavailable): // the database may be back before the patience is exhausted
		case err != nil:
			return progress{}, err
		case now.FinishTime != nil:
			return a.outcome(ctx, now)
		}
		if p, err := progressOf(now); err != nil || p.Answered && p.Failure == nil {
			return p, err
		}
		select {
		case <-ctx.Done():
			return progress{}, ctx.Err()
		case <-end.C:
			return progress{}, nova.Errorf(nova.Unavailable, "Service is unavailable at this time.")
		case <-woken:
		case <-again.C:
		}
	}
}

// outcome is what an action that has ended has come to, or why it failed. One that
// failed without a reason was broken off by the end of its server.
func (a *Servers) outcome(ctx context.Context, ended nova.Action) (progress, error) {
	p, err := progressOf(ended)
	switch {
	case err != nil:
		return p, err
	case p.Failure != nil && p.Failure.Kind == nova.Internal:
		return p, errors.New(p.Failure.Message)
	case p.Failure != nil:
		return p, nova.Errorf(p.Failure.Kind, "%s", p.Failure.Message)
	case ended.Message == nil:
		return p, nil
	}
	if _, err := a.store.Server(ctx, ended.ServerID); err != nil {
		return p, err
	}
	return p, nova.Errorf(nova.Conflict, "Instance %s is in an invalid state for '%s'", ended.ServerID, ended.Name)
}
