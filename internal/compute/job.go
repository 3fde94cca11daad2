package compute

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

const (
	// maxAttempts is how often an action is begun that other services keep from
	// being done: with the pauses in between, for about two minutes.
	maxAttempts = 5
	// hopeless is how often an action is begun that nothing is heard of: it may
	// be what kills the process.
	hopeless = 25
)

// A job is an action that is being carried out.
type job struct {
	action nova.Action
	verb   Verb
	rule   rule
	server nova.Server
	driver virt.Driver // nil while the server has no host
}

// carryOut does what an action says, and notes how it ended.
func (w *Worker) carryOut(ctx context.Context, action nova.Action) {
	ctx = nova.WithRequest(ctx, nova.Request{ID: action.RequestID})
	log := w.log.With().Str("request_id", action.RequestID).Str("server", action.ServerID).Str("action", action.Name).Logger()
	ctx = log.WithContext(ctx)
	began := w.store.Now()
	ctx, end := w.enter(ctx, action.ServerID, action.Serial)
	defer end()
	err := w.attempt(ctx, action)
	level := zerolog.InfoLevel
	if err != nil && !db.IsLost(err) && ctx.Err() == nil {
		level = zerolog.WarnLevel
	}
	log.WithLevel(level).Err(err).Int("attempt", action.Attempt).Dur("duration", w.store.Now().Sub(began)).Msg("action")
}

// attempt ends an action, if it is to end: what fails because another service
// is away is put off a few times, each for longer.
func (w *Worker) attempt(ctx context.Context, action nova.Action) error {
	j, err := w.job(ctx, action)
	if nova.Is(err, nova.NotFound) { // the server was purged
		message := faultMessage(err)
		return errors.Join(err, w.store.Tx(ctx, func(tx *db.Store) error { return end(ctx, tx, action, &message) }))
	}
	if err == nil {
		err = guard(func() error { return w.work(ctx, j) })
	}
	switch {
	case err == nil, db.IsLost(err), ctx.Err() != nil, j == nil:
		return err // done; or somebody else's now; or to be taken up by whoever comes next
	case nova.Is(err, nova.Unavailable) && action.Attempt < maxAttempts:
		pause := w.lease << (action.Attempt - 1)
		return errors.Join(err, w.store.PostponeAction(ctx, j.action, pause))
	}
	return errors.Join(err, w.fail(ctx, j, err))
}

// job finds what an action is about. The job is nil if that could not be read;
// if it could be but makes no sense, the error is for the job to fail with.
func (w *Worker) job(ctx context.Context, action nova.Action) (*job, error) {
	server, err := w.store.Server(ctx, action.ServerID)
	if err != nil {
		return nil, err
	}
	verb := Verb(action.Verb)
	return &job{action: action, verb: verb, rule: rules[verb], server: server, driver: w.drivers[server.Host]}, nil
}

// guard turns a panic into an error: that of one driver must not end the work
// on all servers.
func guard(work func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			cause := fmt.Errorf("panic: %v\n%s", value, debug.Stack())
			err = nova.Because(cause, nova.Internal, "The action broke down on the server's host.")
		}
	}()
	return work()
}

func (w *Worker) work(ctx context.Context, j *job) error {
	if j.action.Attempt > hopeless {
		return nova.Errorf(nova.Conflict, "The action was begun %d times, and never ended.", hopeless)
	}
	if j.driver == nil {
		if j.verb != Create {
			return nova.Errorf(nova.Conflict, "Instance %s is not ready", j.server.ID)
		}
		return j.rule.work(w, ctx, j)
	}
	if err := w.store.StartEvent(ctx, j.action, j.rule.event, j.server.Host); err != nil {
		return err
	}
	if j.rule.work != nil {
		return j.rule.work(w, ctx, j)
	}
	return w.drive(ctx, j)
}

// drive is a verb that the driver does alone.
func (w *Worker) drive(ctx context.Context, j *job) error {
	if err := j.rule.do(j.driver, ctx, j.server); err != nil {
		return err
	}
	power, err := j.driver.PowerState(ctx, j.server)
	if err != nil {
		return err
	}
	change := j.settled()
	change.PowerState = &power
	return w.finish(ctx, j, change, nil)
}

// settled is the change that leaves the server in the state that the verb
// promises.
func (j *job) settled() db.ServerChange {
	change := db.ServerChange{TaskState: new(nova.Idle)}
	if j.rule.then != "" {
		change.VMState = &j.rule.then
	}
	return change
}

// write changes the server for an action, and writes what else there is to
// write with that: all of it, or nothing if the action was lost.
func (w *Worker) write(ctx context.Context, j *job, change db.ServerChange, also func(tx *db.Store) error) error {
	return w.store.Tx(ctx, func(tx *db.Store) error {
		changed := tx.ChangeServer(ctx, j.server.ID, change)
		if changed != nil && !nova.Is(changed, nova.NotFound) {
			return changed
		}
		if err := also(tx); err != nil { // a server that has gone took the action with it, which this will find
			return err
		}
		return changed
	})
}

// advance writes down how far an action has come.
func (w *Worker) advance(ctx context.Context, j *job, change db.ServerChange) error {
	return w.write(ctx, j, change, func(tx *db.Store) error { return tx.AdvanceAction(ctx, j.action) })
}

// finish ends an action that went well, with what it did to the server and
// what else it did, which may be nil.
func (w *Worker) finish(ctx context.Context, j *job, change db.ServerChange, also func(tx *db.Store) error) error {
	return w.write(ctx, j, change, func(tx *db.Store) error {
		if err := end(ctx, tx, j.action, nil); err != nil || also == nil {
			return err
		}
		return also(tx)
	})
}

// end ends an action and the parts of it that are under way: well, or with
// what went wrong.
func end(ctx context.Context, tx *db.Store, a nova.Action, failure *string) error {
	var message *string
	if failure != nil {
		failed := nova.ActionMessage
		message = &failed
	}
	if err := tx.FinishAction(ctx, a, message); err != nil {
		return err
	}
	return tx.FinishEvents(ctx, a, failure)
}

// fail ends an action that went wrong, and leaves the server in a state that
// is stable. The server remembers why, and shows it once it is in error.
func (w *Worker) fail(ctx context.Context, j *job, cause error) error {
	if err := w.store.AdvanceAction(ctx, j.action); err != nil { // before anything is undone
		return err
	}
	if j.rule.undo != nil {
		if err := guard(func() error { return j.rule.undo(w, ctx, j) }); err != nil {
			zerolog.Ctx(ctx).Warn().Err(err).Msg("what an action left could not be undone")
		}
	}
	message := faultMessage(cause)
	change := db.ServerChange{TaskState: new(nova.Idle), Fault: w.fault(cause)}
	if state := w.broken(ctx, j); state != "" {
		change.VMState = &state
	}
	return w.write(ctx, j, change, func(tx *db.Store) error { return end(ctx, tx, j.action, &message) })
}

// broken is the state of a server whose action failed: empty for the one that
// it had. One that was to be rebooted and runs all the same is well.
func (w *Worker) broken(ctx context.Context, j *job) nova.VMState {
	if j.rule.runs == "" || j.driver == nil {
		return j.rule.broken
	}
	state := j.rule.broken
	err := guard(func() error {
		power, err := j.driver.PowerState(ctx, j.server)
		if err == nil && power == nova.Running {
			state = j.rule.runs
		}
		return err
	})
	if err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("power state can't be told")
	}
	return state
}

// aside is a context for what has to be done although the caller may have gone:
// but not for long.
func aside(ctx context.Context) (context.Context, context.CancelFunc) {
	const atMost = 10 * time.Second
	return context.WithTimeout(context.WithoutCancel(ctx), atMost)
}
