package compute

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/tracing"
	"github.com/nova-api/nova-api/internal/virt"
)

const (
	// maxTries bounds how often a step is taken that another service keeps from
	// succeeding: with the pauses in between, for about two minutes.
	maxTries = 5
	// maxDeaths bounds how often a step is reclaimed from dead workers, since it
	// may be what kills them.
	maxDeaths = 25
)

// walk takes an action through its steps, until it has ended or others are to
// go on with it. The first step is the one that it had come to when it was
// claimed. If that is for others, since the server has moved, it is handed over.
func (w *Worker) walk(ctx context.Context, a *action) error {
	queue := a.step().queue(a)
	if !w.serves(queue) {
		_, err := w.move(ctx, a, a.at, effect{})
		return err
	}
	a.driver = w.local.Driver(queue)
	to := *a
	err := w.store.Tx(ctx, func(tx *db.Store) error {
		to.progress.Told = a.progress.Told
		_, starts := w.turnWords(&to)
		if len(starts) > 0 {
			if err := w.lockToTell(ctx, tx, a); err != nil {
				return err
			}
			if err := to.encode(); err != nil {
				return err
			}
		}
		if err := tx.AdvanceAction(ctx, to.Action); err != nil {
			return err
		}
		if err := w.startEvent(ctx, tx, a); err != nil {
			return err
		}
		return w.tell(ctx, tx, &to, nil, starts)
	})
	if err == nil {
		*a = to
	}
	for done := false; err == nil && !done; {
		done, err = w.takeStep(ctx, a)
	}
	return err
}

// serves reports whether this worker takes the steps in a queue. It also takes
// those that are in none, since the server has no host: they fail.
func (w *Worker) serves(queue string) bool {
	return queue == "" || queue == nova.QueueSchedule && w.schedules || w.local.Driver(queue) != nil
}

// startEvent records that a part of an action has begun.
func (w *Worker) startEvent(ctx context.Context, tx *db.Store, a *action) error {
	if a.back() || a.step().event == "" || a.step().quiet {
		return nil
	}
	return w.recordStart(ctx, tx, a)
}

// recordStart records the event of a step, and the one that it is a part of, for
// the host whose part of the action it is. A scheduler is known by the name of
// its process, like Nova's conductor.
func (w *Worker) recordStart(ctx context.Context, tx *db.Store, a *action) error {
	host := a.Queue
	if host == nova.QueueSchedule {
		host = w.host
	}
	for _, event := range []string{a.step().within, a.step().event} {
		if event == "" {
			continue
		}
		if err := tx.StartEvent(ctx, a.Action, event, host); err != nil {
			return err
		}
	}
	return nil
}

// takeStep takes one step, forward or back, and reports whether the action is
// out of this worker's hands.
func (w *Worker) takeStep(ctx context.Context, a *action) (done bool, err error) {
	run := a.step().do
	if a.back() {
		run = a.step().undo
	}
	ctx = w.withProgress(ctx, a)
	var e effect
	if a.tries() > maxDeaths {
		err = nova.Errorf(nova.Conflict, "The action was begun %d times, and never ended.", maxDeaths)
	} else {
		within, span := tracing.Start(ctx, "step "+a.Step)
		err = guard(func() (err error) {
			e, err = run(w, within, a)
			return err
		})
		span.End(err)
	}
	switch {
	case err == nil:
		return w.advance(ctx, a, e)
	case db.IsLost(err), ctx.Err() != nil:
		return true, err // another action's turn; or for whoever claims the action next
	case a.worthAnother(err):
		zerolog.Ctx(ctx).Warn().Err(err).Str("step", a.Step).Msg("step put off")
		return true, w.putOff(ctx, a)
	case a.back(): // what can't be taken back the server keeps, for a delete to remove
		zerolog.Ctx(ctx).Warn().Err(err).Str("step", a.Step).Msg("step can't be taken back")
		return true, w.end(ctx, a, effect{})
	}
	return w.fail(ctx, a, err)
}

// worthAnother reports whether a step that failed is to be taken again after a pause. On
// the way back that is so for whatever a host has failed in, too, since a server that is
// left in between is worse; and as long as others can't be asked there is no end of it.
func (a *action) worthAnother(failed error) bool {
	away := nova.Is(failed, nova.Unavailable)
	if a.tries() < maxTries {
		return away || a.back() && nova.KindOf(failed) == nova.Internal
	}
	return away && a.back()
}

// putOff has a step taken again after a pause, each twice as long as the last. After the
// longest one it begins anew.
func (w *Worker) putOff(ctx context.Context, a *action) error {
	if a.tries() < maxTries {
		return w.store.PostponeAction(ctx, a.Action, w.lease<<(a.tries()-1))
	}
	anew := *a
	anew.progress.Since = a.Attempt
	if err := anew.encode(); err != nil {
		return err
	}
	return w.store.Tx(ctx, func(tx *db.Store) error {
		if err := tx.AdvanceAction(ctx, anew.Action); err != nil {
			return err
		}
		return tx.PostponeAction(ctx, anew.Action, w.lease<<(maxTries-1))
	})
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

// advance writes what a step has done and goes on: to the next step; or, after
// a failure, back to the one before, and from the first to another host or to
// the end.
func (w *Worker) advance(ctx context.Context, a *action, e effect) (done bool, err error) {
	next := a.following()
	switch {
	case next == len(a.transition.steps), next < 0 && !a.progress.Failure.Elsewhere:
		return true, w.end(ctx, a, e)
	case next < 0:
		next, e = 0, e.forgiving()
	}
	done, err = w.move(ctx, a, next, e)
	if errors.Is(err, errAgain) {
		return false, nil
	}
	return done, err
}

// following is the step after one that was taken: the number of steps after the
// last, and -1 if an action has gone back as far as it can.
func (a *action) following() int {
	if a.back() {
		return a.undoable(a.at - 1)
	}
	steps, next := a.transition.steps, a.at+1
	for next < len(steps) && steps[next].when != nil && !steps[next].when(a) {
		next++
	}
	return next
}

// forgiving is an effect after which the action goes forward again.
func (e effect) forgiving() effect {
	note := e.note
	e.note = func(p *progress) {
		if note != nil {
			note(p)
		}
		p.Failure = nil
	}
	return e
}

// move takes an action to a step in one transaction: the effect of the step
// before, what the server is busy with now, and the step's queue; if others
// take it, they may claim it. The action is as before if that fails.
func (w *Worker) move(ctx context.Context, a *action, at int, e effect) (done bool, err error) {
	to := *a
	to.at, to.Step = at, a.transition.steps[at].name
	if e.note != nil {
		e.note(&to.progress)
	}
	answers := a.step().answers && !a.back()
	to.progress.Answered = to.progress.Answered || answers
	if !to.back() && !to.transition.beside {
		e.change.TaskState = &to.transition.steps[at].task
	}
	err = w.store.Tx(ctx, func(tx *db.Store) error {
		if err := changeServer(ctx, tx, a, e.change); err != nil {
			return err
		}
		if to.server, err = tx.Server(ctx, a.ServerID); err != nil {
			return err
		}
		to.progress.Told = a.progress.Told
		ends, starts, err := w.enqueue(ctx, tx, &to)
		if err != nil {
			return err
		}
		if err := w.turnEvents(ctx, tx, a, &to); err != nil {
			return err
		}
		if err := e.book(ctx, tx, a, &to); err != nil {
			return err
		}
		if err := w.tellTurn(ctx, tx, a, &to, ends, starts); err != nil || !answers {
			return err
		}
		return tx.Wake(ctx, nova.EndQueue(a.Serial))
	})
	if err != nil {
		return false, err
	}
	*a = to
	return !w.serves(a.Queue), nil
}

// book writes the other changes of an effect, and the resources that are taken from
// then on. An action beside others takes nothing.
func (e effect) book(ctx context.Context, tx *db.Store, from, to *action) error {
	if e.also != nil {
		if err := e.also(tx); err != nil {
			return err
		}
	}
	if to.transition.beside {
		return nil
	}
	return balance(ctx, tx, from.server, accountsOf(from.server, from.progress.Held), accountsOf(to.server, to.progress.Held))
}

// enqueue writes the step that an action has come to. It returns what that tells
// others.
func (w *Worker) enqueue(ctx context.Context, tx *db.Store, a *action) (ends, starts []telling, err error) {
	if queue := a.step().queue(a); queue != "" {
		a.Queue = queue
	}
	a.driver = w.local.Driver(a.Queue)
	ends, starts = w.turnWords(a)
	advance := tx.AdvanceAction
	a.progress.Since = a.Attempt - 1
	if !w.serves(a.Queue) {
		advance = tx.HandOverAction
		a.progress.Since = a.Attempt // it begins with the next claim
	}
	if err := a.encode(); err != nil {
		return nil, nil, err
	}
	return ends, starts, advance(ctx, a.Action)
}

// encode puts the progress into the record.
func (a *action) encode() (err error) {
	a.Progress, err = a.progress.text()
	return err
}

// turnEvents ends the part of an action that one step belongs to and begins
// that of another, unless both are the same.
func (w *Worker) turnEvents(ctx context.Context, tx *db.Store, from, to *action) error {
	same := !from.back() && from.step().event == to.step().event
	if same || to.back() {
		return nil
	}
	if err := tx.FinishEvents(ctx, from.Action, nil); err != nil {
		return err
	}
	if !w.serves(to.Queue) { // others will begin it
		return nil
	}
	return w.startEvent(ctx, tx, to)
}

// fail writes down that an action has failed, and has its steps taken back; an
// action of which nothing is to be taken back ends at once.
func (w *Worker) fail(ctx context.Context, a *action, cause error) (done bool, err error) {
	zerolog.Ctx(ctx).Warn().Err(cause).Str("step", a.Step).Msg("step failed")
	to := *a
	to.progress.Failure = &failure{Details: clip(cause.Error(), maxDetails), Harmless: a.step().harmless}
	if host := a.progress.Target.Host; host != "" {
		to.progress.Failed = append(slices.Clone(a.progress.Failed), host)
		// What isn't the host's own failure would go wrong on others as well.
		to.progress.Failure.Elsewhere = nova.KindOf(cause) == nova.Internal && len(to.progress.Failed) < a.transition.hosts
	}
	if a.transition.explain != nil && !to.progress.Failure.Elsewhere {
		cause = a.transition.explain(&to, cause)
	}
	to.progress.Failure.Kind, to.progress.Failure.Message = nova.KindOf(cause), faultMessage(cause)
	events := func(tx *db.Store) error { return w.failEvents(ctx, tx, a, to.progress.Failure.Message) }
	if to.at = a.undoable(a.at); to.at < 0 {
		to.at = a.at
		return true, w.end(ctx, &to, effect{also: events})
	}
	to.Step = to.step().name
	err = w.store.Tx(ctx, func(tx *db.Store) error { // before anything is taken back
		to.progress.Told = nil
		if err := w.lockToTell(ctx, tx, a); err != nil {
			return err
		}
		_, starts, err := w.enqueue(ctx, tx, &to)
		if err != nil {
			return err
		}
		if err := events(tx); err != nil {
			return err
		}
		return w.tellTurn(ctx, tx, a, &to, failuresOf(a.progress.Told), starts)
	})
	if err == nil {
		*a = to
	}
	return !w.serves(a.Queue), err
}

// failEvents ends the part of an action that failed.
func (w *Worker) failEvents(ctx context.Context, tx *db.Store, a *action, message string) error {
	if a.step().quiet {
		if err := w.recordStart(ctx, tx, a); err != nil {
			return err
		}
	}
	return tx.FinishEvents(ctx, a.Action, &message)
}

// end ends an action, with the effect of its last step: the server is in the
// state that the verb promises, or in the one that a failure leaves it in.
func (w *Worker) end(ctx context.Context, a *action, e effect) error {
	var message *string
	if !a.transition.beside {
		e.change.TaskState, e.change.Progress = new(nova.Idle), new(0)
	}
	state, ended := a.transition.then, *a
	if e.note != nil {
		e.note(&ended.progress)
	}
	if a.back() {
		failed := a.progress.Failure
		message = new(nova.ActionMessage)
		e.change.Fault = &nova.Fault{Code: faultCode, Message: failed.Message, Details: failed.Details, Created: w.store.Now()}
		state = w.broken(ctx, a)
		e.keepElsewhere(ctx, a, ended.progress.Held)
	}
	if state != "" && (a.back() || e.change.VMState == nil) {
		e.change.VMState = &state
	}
	words := ended.lastWords()
	ended.server, ended.progress.Held, ended.progress.Told = changed(a.server, e.change), holding{}, nil
	if err := ended.encode(); err != nil {
		return err
	}
	return w.store.Tx(ctx, func(tx *db.Store) error {
		if err := changeServer(ctx, tx, a, e.change); err != nil {
			return err
		}
		if err := tx.FinishAction(ctx, ended.Action, message); err != nil {
			return err
		}
		if !a.back() {
			if err := tx.FinishEvents(ctx, a.Action, nil); err != nil {
				return err
			}
		}
		if err := e.book(ctx, tx, a, &ended); err != nil {
			return err
		}
		if err := w.tellEnd(ctx, tx, a, words); err != nil {
			return err
		}
		return a.wakeOthers(ctx, tx)
	})
}

// wakeOthers wakes who waits for the end of an action: clients, and workers that are to
// do something to the server afterwards.
func (a *action) wakeOthers(ctx context.Context, tx *db.Store) error {
	if a.transition.awaited {
		if err := tx.Wake(ctx, nova.EndQueue(a.Serial)); err != nil {
			return err
		}
	}
	if !a.transition.first {
		return nil
	}
	return tx.WakeServer(ctx, a.ServerID)
}

// keepElsewhere has the server know of the host on which something may be that could
// not be taken back: the one that it was to move to. A server that is well all the same,
// where it runs or on no host, doesn't wait for that: the host removes what it has.
func (e *effect) keepElsewhere(ctx context.Context, a *action, held holding) {
	left, now := held.elsewhere(), changed(a.server, e.change)
	switch {
	case left == nil && now.VMState == nova.ShelvedOffloaded && now.Host != "":
		left = &nova.Elsewhere{Host: now.Host}
		e.change.Host, e.change.Node = new(""), new("")
	case left == nil:
		return
	case !a.transition.turnsBack:
		e.change.Elsewhere = &left
		return
	}
	*e = e.alongside(func(tx *db.Store) error {
		return tx.LeaveOnHost(ctx, nova.Leftover{ServerID: a.ServerID, Host: left.Host})
	})
}

// broken is the state of a server whose action failed: empty for the one that
// it had. A server that was to be rebooted and runs all the same is well.
func (w *Worker) broken(ctx context.Context, a *action) nova.VMState {
	state := a.transition.broken
	if a.progress.Failure.Harmless {
		return ""
	}
	if a.transition.runs == "" || a.driver == nil {
		return state
	}
	err := guard(func() error {
		power, err := a.driver.PowerState(ctx, a.server)
		if err == nil && power == nova.Running {
			state = a.transition.runs
		}
		return err
	})
	if err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("power state can't be told")
	}
	return state
}

// withProgress is a context for a step whose progress clients are shown. A
// driver that can't tell it any more goes on: what it does next will find out.
func (w *Worker) withProgress(ctx context.Context, a *action) context.Context {
	if !a.step().progress || a.back() {
		return ctx
	}
	return virt.WithProgress(ctx, func(percent int) {
		if err := w.show(ctx, a, db.ServerChange{Progress: &percent}); err != nil {
			zerolog.Ctx(ctx).Warn().Err(err).Msg("progress can't be shown")
		}
	})
}

// show shows in the midst of a step what a server is busy with, or how far.
func (w *Worker) show(ctx context.Context, a *action, change db.ServerChange) error {
	return w.store.Tx(ctx, func(tx *db.Store) error {
		if err := changeServer(ctx, tx, a, change); err != nil {
			return err
		}
		if err := tx.AdvanceAction(ctx, a.Action); err != nil {
			return err
		}
		return w.tellChange(ctx, tx, a)
	})
}

// changeServer changes the server of an action. An action whose server has been
// deleted is lost: whoever deleted the server superseded it.
func changeServer(ctx context.Context, tx *db.Store, a *action, change db.ServerChange) error {
	err := tx.ChangeServer(ctx, a.ServerID, change)
	if nova.Is(err, nova.NotFound) {
		return db.ErrLost
	}
	return err
}
