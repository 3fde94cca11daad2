package compute

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/tracing"
)

// Do starts a verb that needs no arguments but the server. The error is Conflict
// if the server is locked, busy, in another state or without a host, and NotFound
// if it has gone meanwhile.
func (a *Servers) Do(ctx context.Context, s nova.Server, verb Verb) error {
	_, err := a.begin(ctx, s, verb, nil)
	return err
}

// begin moves the server into a verb and queues the work, or does neither. What
// else is to be done in that transaction comes before the work is queued.
func (a *Servers) begin(ctx context.Context, s nova.Server, verb Verb, args any, also ...func(tx *db.Store) error) (nova.Action, error) {
	return a.beginHolding(ctx, s, verb, args, holding{}, also...)
}

// beginHolding is begin for an action that holds something from its beginning on,
// which also is to take.
func (a *Servers) beginHolding(
	ctx context.Context, s nova.Server, verb Verb, args any, held holding, also ...func(tx *db.Store) error,
) (nova.Action, error) {
	t := transitions[verb]
	if err := t.check(ctx, s); err != nil {
		return nova.Action{}, err
	}
	record, err := newAction(ctx, s, verb, args)
	if err != nil {
		return record, err
	}
	if record.Progress, err = (progress{Held: held}).text(); err != nil {
		return record, err
	}
	err = a.store.Tx(ctx, func(tx *db.Store) error {
		before, err := a.lockToTell(ctx, tx, s)
		if err != nil {
			return err
		}
		if t.supersedes {
			current, err := tx.LockServer(ctx, s.ID)
			if err != nil {
				return err
			}
			if _, err := a.supersede(ctx, tx, current, t); err != nil {
				return err
			}
		}
		began, err := tx.BeginTask(ctx, s.ID, t.taskOf(record), t.from, t.tasks())
		if err != nil {
			return err
		}
		if !began {
			return lostRace(ctx, tx, t, s.ID)
		}
		for _, do := range also {
			if err := do(tx); err != nil {
				return err
			}
		}
		if record, err = tx.QueueAction(ctx, record); err != nil {
			return err
		}
		return a.tellChange(ctx, tx, before)
	})
	return record, err
}

// takeQuota is for the beginning of an action that a server counts for more by. It
// is OverQuota in that transaction if the project's quota or the user's leaves no
// room.
func (a *Servers) takeQuota(ctx context.Context, s nova.Server, more nova.Usage) (func(tx *db.Store) error, error) {
	ofProject, ofUser, err := a.Quota(ctx, s.ProjectID, s.UserID)
	return func(tx *db.Store) error {
		return tx.Consume(ctx, s.ProjectID, s.UserID, more, ofProject, ofUser)
	}, err
}

// supersede ends what keeps a server busy, which the transaction holds, and if the
// server itself ends, what is done beside that. It returns the server as it is
// then. The quota that an action held is given back; a host that the server was to
// move to may have something of it already, and stays with the server as the host
// elsewhere.
func (a *Servers) supersede(ctx context.Context, tx *db.Store, s nova.Server, by transition) (nova.Server, error) {
	ended, err := tx.SupersedeActions(ctx, s.ID, by.ends())
	if err != nil {
		return s, err
	}
	if by.migration == nova.MigrationEvacuation { // there is nobody on the old host to go on
		if err := loseVolumes(ctx, tx, s.ID); err != nil {
			return s, err
		}
	}
	for _, action := range ended {
		p, err := progressOf(action)
		if err != nil {
			return s, err
		}
		was := accountsOf(s, p.Held)
		if left := p.Held.elsewhere(); left != nil {
			s.Elsewhere = left
			if err := tx.ChangeServer(ctx, s.ID, db.ServerChange{Elsewhere: &left}); err != nil {
				return s, err
			}
		}
		if err := balance(ctx, tx, s, was, accountsOf(s, holding{})); err != nil {
			return s, err
		}
		if err := a.tellSuperseded(ctx, tx, s, action, p.Told); err != nil {
			return s, err
		}
		if action.Verb == string(Evacuate) { // the server stays on its host, which must not remove it when it is back
			if _, err := tx.ForgetOnHost(ctx, s.ID, s.Host); err != nil {
				return s, err
			}
		}
	}
	if err := leaveMigrations(ctx, tx, ended); err != nil {
		return s, err
	}
	for _, action := range ended { // nobody knows of the image of a server that was not shelved after all
		if action.Verb == string(Shelve) && s.ShelvedImage == "" {
			if err := tx.LeaveImages(ctx, imagesOf([]nova.Action{action}), tx.Now().Add(leftoverGrace), true); err != nil {
				return s, err
			}
		}
	}
	return s, leaveImages(ctx, tx, ended)
}

// leaveMigrations marks the migrations that were broken off.
func leaveMigrations(ctx context.Context, tx *db.Store, ended []nova.Action) error {
	for _, action := range ended {
		if transitions[Verb(action.Verb)].migration == "" {
			continue
		}
		args, err := decodeArgs[resizeArgs](action)
		if err != nil {
			return err
		}
		if err := tx.SetMigrationStatus(ctx, args.Migration, nova.MigrationFailed); err != nil {
			return err
		}
	}
	return nil
}

// newAction is the record of a verb, in the queue of its first step. The error
// is Conflict if that is on the server's host and the server has none.
func newAction(ctx context.Context, s nova.Server, verb Verb, args any) (nova.Action, error) {
	t, caller := transitions[verb], nova.CallerOf(ctx)
	record := nova.Action{
		ServerID: s.ID, Name: t.action, RequestID: nova.RequestOf(ctx).ID, UserID: caller.UserID, ProjectID: caller.ProjectID,
		Verb: string(verb), Exclusive: !t.beside, Trace: tracing.Parent(ctx),
	}
	if args != nil {
		encoded, err := json.Marshal(args)
		if err != nil {
			return record, fmt.Errorf("write down %s: %w", verb, err)
		}
		record.Args = string(encoded)
	}
	first := &action{Action: record, transition: t, server: s, at: -1}
	first.at = first.following()
	record.Queue, record.Step = first.step().queue(first), first.step().name
	if record.Queue == "" {
		return record, nova.Errorf(nova.Conflict, "Instance %s is not ready", s.ID)
	}
	return record, nil
}

// taskOf is what a server is busy with at the step that an action is at.
func (t transition) taskOf(record nova.Action) nova.TaskState {
	at := slices.IndexFunc(t.steps, func(s step) bool { return s.name == record.Step })
	return t.steps[at].task
}

// check refuses what can't be done, in Nova's order: the lock, the host, the
// state, the task, and whether the server has ever run.
func (t transition) check(ctx context.Context, s nova.Server) error {
	if err := t.checkLock(ctx, s); err != nil {
		return err
	}
	switch {
	case t.host && s.Host == "":
		return nova.Errorf(nova.Conflict, "Instance %s is not ready", s.ID)
	case len(t.from) > 0 && !slices.Contains(t.from, s.VMState):
		return wrongState(s.ID, t.word, "vm_state", string(s.VMState))
	case !t.anyTask && !slices.Contains(t.tasks(), s.TaskState):
		return wrongState(s.ID, t.word, "task_state", string(s.TaskState))
	case s.LaunchedAt == nil:
		return invalidState(s.ID, t.word)
	}
	return nil
}

// checkLock refuses to touch what somebody has locked.
func (t transition) checkLock(ctx context.Context, s nova.Server) error {
	if t.lock && s.Locked() && !nova.CallerOf(ctx).Admin {
		if t.vague {
			return invalidState(s.ID, t.word)
		}
		return nova.Errorf(nova.Conflict, "Instance %s is locked", s.ID)
	}
	return nil
}

// tasks are those that the verb may interrupt; nil: any.
func (t transition) tasks() []nova.TaskState {
	if t.anyTask {
		return nil
	}
	if len(t.during) == 0 {
		return []nova.TaskState{nova.Idle}
	}
	return t.during
}

// wrongState refuses an attribute's value. Without one, as of the task of a server that
// has none, Nova names neither.
func wrongState(id, word, attribute, value string) error {
	if value == "" {
		return invalidState(id, word)
	}
	return nova.Errorf(nova.Conflict, "Cannot '%s' instance %s while it is in %s %s", word, id, attribute, value)
}

func invalidState(id, word string) error {
	return nova.Errorf(nova.Conflict, "Instance %s is in an invalid state for '%s'", id, word)
}

// lostRace says why a server that looked fine refused: somebody was faster.
func lostRace(ctx context.Context, tx *db.Store, t transition, id string) error {
	s, err := tx.Server(ctx, id)
	if err != nil {
		return err
	}
	if err := t.check(ctx, s); err != nil {
		return err
	}
	return invalidState(id, t.word)
}

// record writes down what was done at once, with an event on the server's host
// unless there is none.
func record(ctx context.Context, tx *db.Store, s nova.Server, shown, event string) error {
	return recordOn(ctx, tx, s, shown, event, s.Host)
}

// recordOn is record with an event on another host.
func recordOn(ctx context.Context, tx *db.Store, s nova.Server, shown, event, host string) error {
	caller := nova.CallerOf(ctx)
	action, err := tx.RecordAction(ctx, nova.Action{
		ServerID: s.ID, Name: shown, RequestID: nova.RequestOf(ctx).ID,
		UserID: caller.UserID, ProjectID: caller.ProjectID, Queue: s.Host,
	})
	if err != nil || event == "" {
		return err
	}
	return tx.RecordEvent(ctx, action, event, host)
}

// decodeArgs reads what an action was told.
func decodeArgs[T any](a nova.Action) (args T, err error) {
	if a.Args == "" {
		return args, nil
	}
	if err := json.Unmarshal([]byte(a.Args), &args); err != nil {
		return args, fmt.Errorf("read what an action was told: %w", err)
	}
	return args, nil
}
