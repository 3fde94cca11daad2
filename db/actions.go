package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// The record and the queue are one table. In a transaction that touches
// several tables, the server comes first, then its actions, quota and hosts: so
// the server's row keeps transactions about one server apart, each sees what
// the one before it did, and no two wait for each other.

const actionColumns = `id, server_uuid, action, request_id, user_id, project_id, start_time, updated_at, finish_time, message,
	verb, exclusive, queue, step, args, progress, owner, attempt, trace`

// QueueAction writes down what is to be done to a server, and wakes who serves
// the queue once that is committed. Conflict if the action is exclusive and
// another such is under way.
func (s *Store) QueueAction(ctx context.Context, a nova.Action) (nova.Action, error) {
	queued, err := s.insertAction(ctx, a)
	if err != nil {
		return a, err
	}
	return queued, s.Wake(ctx, a.Queue)
}

// RecordAction writes down what has been done to a server at once.
func (s *Store) RecordAction(ctx context.Context, a nova.Action) (nova.Action, error) {
	now := s.Now()
	a.UpdatedAt, a.FinishTime = &now, &now
	return s.insertAction(ctx, a)
}

func (s *Store) insertAction(ctx context.Context, a nova.Action) (nova.Action, error) {
	inserted, err := rows.Put[nova.Action](ctx, s.DB, `
		INSERT INTO actions (server_uuid, action, request_id, user_id, project_id, start_time, updated_at, finish_time,
			verb, exclusive, queue, step, args, progress, owner, attempt, trace)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		RETURNING `+actionColumns,
		a.ServerID, a.Name, a.RequestID, a.UserID, a.ProjectID, s.Now(), a.UpdatedAt, a.FinishTime,
		a.Verb, a.Exclusive, a.Queue, a.Step, a.Args, a.Progress, "", 0, a.Trace)
	if err != nil {
		return a, fmt.Errorf("record action: %w", err)
	}
	return inserted, nil
}

// A Claim says what a worker is ready to do.
type Claim struct {
	Worker string
	Queues []string
	Verbs  []string // a newer version may queue others, which are left to it
	// First are those that others on the same server, which exclude each other, wait
	// for, if they came earlier.
	First []string
	Lease time.Duration
	Limit int
}

// ClaimActions takes actions from the queues, the oldest first. What a worker
// doesn't renew until its lease ends may be claimed by another.
func (s *Store) ClaimActions(ctx context.Context, c Claim) ([]nova.Action, error) {
	if len(c.Queues) == 0 {
		return nil, nil
	}
	// The list is made before the update begins: a sub-select might be run again
	// in its midst, and then finds others to lock.
	text, args, err := rows.In(`
		WITH free AS MATERIALIZED (
			SELECT id FROM actions
			WHERE finish_time IS NULL AND queue IN (?) AND verb IN (?) AND (lease_until IS NULL OR lease_until < `+s.Moment(0)+`)
				AND NOT (exclusive AND EXISTS (
					SELECT 1 FROM actions earlier
					WHERE earlier.server_uuid = actions.server_uuid AND earlier.finish_time IS NULL AND earlier.verb IN (?) AND earlier.id < actions.id))
			ORDER BY id
			LIMIT ? `+s.SkipLocked()+`)
		UPDATE actions
		SET owner = ?, lease_until = `+s.Moment(c.Lease)+`, attempt = attempt + 1
		WHERE id IN (SELECT id FROM free)
		RETURNING `+actionColumns, c.Queues, c.Verbs, append(c.First, ""), c.Limit, c.Worker) // no list is empty
	if err != nil {
		return nil, err
	}
	claimed, err := rows.PutAll[nova.Action](ctx, s.DB, text, args...)
	if err != nil {
		return nil, fmt.Errorf("claim actions: %w", err)
	}
	return claimed, nil
}

// TakeOverAction claims an action, whoever has it: that one finds it lost. Lost if it
// has been claimed, or gone on to another step, since it was read.
func (s *Store) TakeOverAction(ctx context.Context, a nova.Action, worker string, lease time.Duration) (nova.Action, error) {
	taken, err := rows.Put[nova.Action](ctx, s.DB, `
		UPDATE actions
		SET owner = ?, lease_until = `+s.Moment(lease)+`, attempt = attempt + 1
		WHERE id = ? AND attempt = ? AND step = ? AND queue = ? AND finish_time IS NULL
		RETURNING `+actionColumns, worker, a.Serial, a.Attempt, a.Step, a.Queue)
	if nova.Is(err, nova.NotFound) {
		return a, ErrLost
	}
	return taken, err
}

// ExtendLeases renews a worker's leases on actions, and tells which of these
// are still its own. What a worker claimed and doesn't know of, because the
// answer got lost, is not renewed, and claimed again by somebody.
func (s *Store) ExtendLeases(ctx context.Context, worker string, lease time.Duration, serials []int64) ([]int64, error) {
	if len(serials) == 0 {
		return nil, nil
	}
	text, args, err := rows.In(
		"UPDATE actions SET lease_until = "+s.Moment(lease)+" WHERE owner = ? AND finish_time IS NULL AND id IN (?) RETURNING id",
		worker, serials)
	if err != nil {
		return nil, err
	}
	return rows.PutAll[int64](ctx, s.DB, text, args...)
}

// ReleaseLeases gives back what a worker has not finished, for others to claim
// at once.
func (s *Store) ReleaseLeases(ctx context.Context, worker string) error {
	return s.Tx(ctx, func(tx *Store) error {
		queues, err := rows.PutAll[string](ctx, tx.DB,
			"UPDATE actions SET owner = '', lease_until = NULL WHERE owner = ? AND finish_time IS NULL RETURNING queue", worker)
		if err != nil {
			return err
		}
		slices.Sort(queues)
		for _, queue := range slices.Compact(queues) {
			if err := tx.Wake(ctx, queue); err != nil {
				return err
			}
		}
		return nil
	})
}

// PostponeAction gives an action back, to be claimed after a pause.
func (s *Store) PostponeAction(ctx context.Context, a nova.Action, pause time.Duration) error {
	return s.fenced(ctx, a, "owner = '', lease_until = "+s.Moment(pause))
}

// HandOverAction is AdvanceAction for an action whose queue others serve: they
// may claim it at once.
func (s *Store) HandOverAction(ctx context.Context, a nova.Action) error {
	err := s.fenced(ctx, a, "owner = '', lease_until = NULL, step = ?, queue = ?, progress = ?", a.Step, a.Queue, a.Progress)
	if err != nil {
		return err
	}
	return s.Wake(ctx, a.Queue)
}

// AdvanceAction writes the step that an action has come to, the queue that it
// is now in, and its progress. Lost if it is no longer this worker's.
func (s *Store) AdvanceAction(ctx context.Context, a nova.Action) error {
	return s.fenced(ctx, a, "step = ?, queue = ?, progress = ?", a.Step, a.Queue, a.Progress)
}

// FinishAction ends an action, with a message if it failed: its progress says why.
// What it was told is forgotten, since passwords and files may be among it. Lost if
// it is no longer this worker's.
func (s *Store) FinishAction(ctx context.Context, a nova.Action, message *string) error {
	return s.fenced(ctx, a, "finish_time = ?, message = ?, progress = ?, lease_until = NULL, args = ''", s.Now(), message, a.Progress)
}

// ErrLost is what a worker is told whose action another has claimed, or a later
// action has superseded.
var ErrLost = nova.Errorf(nova.Conflict, "the action is no longer this worker's")

// IsLost reports whether an action was no longer this worker's.
func IsLost(err error) bool { return errors.Is(err, ErrLost) }

// fenced changes an action only if it is still this worker's, in this attempt.
func (s *Store) fenced(ctx context.Context, a nova.Action, set string, args ...any) error {
	changed, err := rows.Exec(ctx, s.DB, "UPDATE actions SET "+set+", updated_at = ? WHERE id = ? AND owner = ? AND attempt = ? AND finish_time IS NULL",
		append(args, s.Now(), a.Serial, a.Owner, a.Attempt)...)
	if err == nil && changed == 0 {
		return ErrLost
	}
	return err
}

// SupersedeActions ends what keeps a server busy, in favour of what is to be done
// now, and tells what that was; with beside, also what is done beside that.
// Whoever was at work finds its action lost. Lock the server first, or an action
// that is just being queued is missed.
func (s *Store) SupersedeActions(ctx context.Context, serverID string, beside bool) ([]nova.Action, error) {
	if beside {
		return s.breakOff(ctx, "server_uuid = ?", serverID)
	}
	return s.breakOff(ctx, "exclusive AND server_uuid = ?", serverID)
}

// CancelAction ends an action, whoever has it, and tells whether it was under
// way. Lock its server first.
func (s *Store) CancelAction(ctx context.Context, a nova.Action) (bool, error) {
	ended, err := s.breakOff(ctx, "id = ?", a.Serial)
	return len(ended) > 0, err
}

func (s *Store) breakOff(ctx context.Context, condition string, arg any) ([]nova.Action, error) {
	now := s.Now()
	ended, err := rows.PutAll[nova.Action](ctx, s.DB, `
		UPDATE actions SET finish_time = ?, updated_at = ?, message = ?, owner = '', lease_until = NULL
		WHERE finish_time IS NULL AND `+condition+`
		RETURNING `+actionColumns, now, now, nova.ActionMessage, arg)
	if err != nil {
		return nil, fmt.Errorf("break off actions: %w", err)
	}
	for _, action := range ended {
		if _, err := rows.Exec(ctx, s.DB, "UPDATE action_events SET finish_time = ?, result = ? WHERE action_id = ? AND finish_time IS NULL",
			now, nova.EventError, action.Serial); err != nil {
			return nil, fmt.Errorf("break off actions: %w", err)
		}
		if _, err := rows.Exec(ctx, s.DB, "UPDATE actions SET args = '' WHERE id = ?", action.Serial); err != nil {
			return nil, fmt.Errorf("break off actions: %w", err)
		}
	}
	return ended, nil
}

// StartEvent notes that a part of an action has begun, unless it had begun
// already before whoever did it was stopped. Lost if the action is no longer
// this worker's.
func (s *Store) StartEvent(ctx context.Context, a nova.Action, event, host string) error {
	return s.Tx(ctx, func(tx *Store) error {
		if err := tx.fenced(ctx, a, "step = ?", a.Step); err != nil {
			return err
		}
		_, err := rows.Exec(ctx, tx.DB, `
			INSERT INTO action_events (action_id, event, host, start_time) VALUES (?, ?, ?, ?)
			ON CONFLICT DO NOTHING`, a.Serial, event, host, tx.Now())
		if err != nil {
			return fmt.Errorf("start event: %w", err)
		}
		return nil
	})
}

// RecordEvent notes a part of an action that was done at once.
func (s *Store) RecordEvent(ctx context.Context, a nova.Action, event, host string) error {
	now := s.Now()
	_, err := rows.Exec(ctx, s.DB, "INSERT INTO action_events (action_id, event, host, start_time, finish_time, result) VALUES (?, ?, ?, ?, ?, ?)",
		a.Serial, event, host, now, now, nova.EventSuccess)
	if err != nil {
		return fmt.Errorf("record event: %w", err)
	}
	return nil
}

// FinishEvents notes how the parts of an action that are under way ended:
// well, or with details of what went wrong.
func (s *Store) FinishEvents(ctx context.Context, a nova.Action, details *string) error {
	result := nova.EventSuccess
	if details != nil {
		result = nova.EventError
	}
	_, err := rows.Exec(ctx, s.DB, "UPDATE action_events SET finish_time = ?, result = ?, details = ? WHERE action_id = ? AND finish_time IS NULL",
		s.Now(), result, details, a.Serial)
	return err
}

// An ActionFilter says which of a server's actions a list is of.
type ActionFilter struct {
	ChangedSince  *time.Time
	ChangedBefore *time.Time
}

var actionSorts = rows.SortKeys{"start_time": "start_time", "id": "id"}

// ErrNoActionMarker answers a marker that is no request's. Nova means to name it,
// and names what it has found: actions_get in nova/db/main/api.py.
var ErrNoActionMarker = nova.Errorf(nova.Invalid, "Marker None could not be found.")

// Actions lists what was done to a server, newest first. The marker is a
// request's ID: Invalid if there is no such request.
func (s *Store) Actions(ctx context.Context, serverID string, f ActionFilter, p nova.Page) ([]nova.Action, error) {
	var q rows.Query
	q.And("server_uuid = ?", serverID)
	if f.ChangedSince != nil {
		q.And("COALESCE(updated_at, start_time) >= ?", f.ChangedSince.UTC())
	}
	if f.ChangedBefore != nil {
		q.And("COALESCE(updated_at, start_time) <= ?", f.ChangedBefore.UTC())
	}
	if p.Marker != "" {
		marker, err := s.Action(ctx, serverID, p.Marker)
		if nova.Is(err, nova.NotFound) {
			return nil, ErrNoActionMarker
		}
		if err != nil {
			return nil, err
		}
		q.And("(start_time, id) < (?, ?)", marker.StartTime, marker.Serial)
	}
	p.Marker = ""
	p.Sort = []nova.Sort{{Key: "start_time", Desc: true}, {Key: "id", Desc: true}}
	order, err := actionSorts.Keyset(&q, rows.KeysetTable{Name: "actions", Marker: "request_id", Serial: "id"}, p)
	if err != nil {
		return nil, err
	}
	found, err := rows.All[nova.Action](ctx, s.DB,
		"SELECT "+actionColumns+" FROM actions WHERE "+q.Where()+" ORDER BY "+order+" LIMIT ?", append(q.Args, p.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list actions: %w", err)
	}
	return found, nil
}

// Action finds what a request did to a server, with its events.
func (s *Store) Action(ctx context.Context, serverID, requestID string) (nova.Action, error) {
	action, err := rows.Get[nova.Action](ctx, s.DB,
		"SELECT "+actionColumns+" FROM actions WHERE server_uuid = ? AND request_id = ? ORDER BY id LIMIT 1", serverID, requestID)
	if err != nil {
		return nova.Action{}, rows.NotFound(err, "Action %s not found", requestID)
	}
	action.Events, err = rows.All[nova.ActionEvent](ctx, s.DB, `
		SELECT id, action_id, event, host, start_time, finish_time, result, traceback, details
		FROM action_events WHERE action_id = ? ORDER BY id DESC`, action.Serial)
	return action, err
}

// UnderWay lists what is under way of some verbs on a server.
func (s *Store) UnderWay(ctx context.Context, serverID string, verbs ...string) ([]nova.Action, error) {
	return rows.All[nova.Action](ctx, s.DB,
		"SELECT "+actionColumns+" FROM actions WHERE server_uuid = ? AND verb IN ("+rows.Marks(len(verbs))+") AND finish_time IS NULL ORDER BY id",
		append([]any{serverID}, rows.Anys(verbs)...)...)
}

// UnderWayOf lists what is under way of some verbs on all servers, the oldest first.
func (s *Store) UnderWayOf(ctx context.Context, verbs ...string) ([]nova.Action, error) {
	return rows.All[nova.Action](ctx, s.DB,
		"SELECT "+actionColumns+" FROM actions WHERE verb IN ("+rows.Marks(len(verbs))+") AND finish_time IS NULL ORDER BY id", rows.Anys(verbs)...)
}

// WakeServer tells the workers of what is to be done to a server.
func (s *Store) WakeServer(ctx context.Context, serverID string) error {
	queues, err := rows.All[string](ctx, s.DB, "SELECT DISTINCT queue FROM actions WHERE server_uuid = ? AND finish_time IS NULL", serverID)
	if err != nil {
		return err
	}
	for _, queue := range queues {
		if err := s.Wake(ctx, queue); err != nil {
			return err
		}
	}
	return nil
}

// FindAction finds an action by its serial number, without its events.
func (s *Store) FindAction(ctx context.Context, serial int64) (nova.Action, error) {
	return rows.Get[nova.Action](ctx, s.DB, "SELECT "+actionColumns+" FROM actions WHERE id = ?", serial)
}

// Working reports whether one of some verbs is under way on a server.
func (s *Store) Working(ctx context.Context, serverID string, verbs ...string) (bool, error) {
	number, err := rows.Get[int](ctx, s.DB,
		"SELECT COUNT(*) FROM actions WHERE server_uuid = ? AND verb IN ("+rows.Marks(len(verbs))+") AND finish_time IS NULL",
		append([]any{serverID}, rows.Anys(verbs)...)...)
	return number > 0, err
}
