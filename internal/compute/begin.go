package compute

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// Do starts one of the verbs that need to be told nothing but the server.
func (a *Servers) Do(ctx context.Context, s nova.Server, verb Verb) error {
	_, err := a.begin(ctx, s, verb, nil)
	return err
}

// begin moves the server into a verb and queues the work, or does neither.
func (a *Servers) begin(ctx context.Context, s nova.Server, verb Verb, args any) (nova.Action, error) {
	r := rules[verb]
	if err := r.check(ctx, s); err != nil {
		return nova.Action{}, err
	}
	action, err := newAction(ctx, s, verb, args)
	if err != nil {
		return action, err
	}
	err = a.store.Tx(ctx, func(tx *db.Store) error {
		if len(r.during) > 0 {
			if _, err := tx.LockServer(ctx, s.ID); err != nil {
				return err
			}
			if err := supersede(ctx, tx, s.ID); err != nil {
				return err
			}
		}
		began, err := tx.BeginTask(ctx, s.ID, r.busy, r.from, r.tasks())
		if err != nil {
			return err
		}
		if !began {
			return lostRace(ctx, tx, r, s.ID)
		}
		action, err = tx.QueueAction(ctx, action)
		return err
	})
	return action, err
}

// supersede ends what is being done to a server, which the transaction holds.
func supersede(ctx context.Context, tx *db.Store, id string) error {
	ended, err := tx.SupersedeActions(ctx, id)
	if err != nil {
		return err
	}
	return leaveImages(ctx, tx, ended)
}

// newAction is the record of a verb, and the order to carry it out.
func newAction(ctx context.Context, s nova.Server, verb Verb, args any) (nova.Action, error) {
	encoded := []byte(nil)
	if args != nil {
		var err error
		if encoded, err = json.Marshal(args); err != nil {
			return nova.Action{}, fmt.Errorf("write down %s: %w", verb, err)
		}
	}
	caller := nova.CallerOf(ctx)
	queue := s.Host
	if queue == "" {
		queue = nova.QueueSchedule
	}
	return nova.Action{
		ServerID: s.ID, Name: rules[verb].shown, RequestID: nova.RequestOf(ctx).ID,
		UserID: caller.UserID, ProjectID: caller.ProjectID,
		Verb: string(verb), Exclusive: true, Queue: queue, Args: string(encoded),
	}, nil
}

// check refuses what can't be done, in Nova's order: the lock, the host, the
// state, the task, and whether the server has ever run.
func (r rule) check(ctx context.Context, s nova.Server) error {
	if err := r.checkLock(ctx, s); err != nil {
		return err
	}
	switch {
	case r.host && s.Host == "":
		return nova.Errorf(nova.Conflict, "Instance %s is not ready", s.ID)
	case len(r.from) > 0 && !slices.Contains(r.from, s.VMState):
		return wrongState(s.ID, r.word, "vm_state", string(s.VMState))
	case !slices.Contains(r.tasks(), s.TaskState):
		return wrongState(s.ID, r.word, "task_state", string(s.TaskState))
	case s.LaunchedAt == nil:
		return nova.Errorf(nova.Conflict, "Instance %s is in an invalid state for '%s'", s.ID, r.word)
	}
	return nil
}

// checkLock refuses to touch what somebody has locked.
func (r rule) checkLock(ctx context.Context, s nova.Server) error {
	if r.lock && s.Locked() && !nova.CallerOf(ctx).Admin {
		return nova.Errorf(nova.Conflict, "Instance %s is locked", s.ID)
	}
	return nil
}

// tasks are those that the verb may interrupt.
func (r rule) tasks() []nova.TaskState {
	if len(r.during) == 0 {
		return []nova.TaskState{nova.Idle}
	}
	return r.during
}

func wrongState(id, word, attribute, value string) error {
	return nova.Errorf(nova.Conflict, "Cannot '%s' instance %s while it is in %s %s", word, id, attribute, value)
}

// lostRace says why a server that looked fine refused: somebody was faster.
func lostRace(ctx context.Context, tx *db.Store, r rule, id string) error {
	s, err := tx.Server(ctx, id)
	if err != nil {
		return err
	}
	if err := r.check(ctx, s); err != nil {
		return err
	}
	return nova.Errorf(nova.Conflict, "Instance %s is in an invalid state for '%s'", id, r.word)
}

// record writes down what was done at once.
func record(ctx context.Context, tx *db.Store, s nova.Server, shown, event string) error {
	caller := nova.CallerOf(ctx)
	action, err := tx.RecordAction(ctx, nova.Action{
		ServerID: s.ID, Name: shown, RequestID: nova.RequestOf(ctx).ID,
		UserID: caller.UserID, ProjectID: caller.ProjectID, Queue: s.Host,
	})
	if err != nil || event == "" {
		return err
	}
	return tx.RecordEvent(ctx, action, event, s.Host)
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
