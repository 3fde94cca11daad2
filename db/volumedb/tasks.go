package volumedb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Task is work on the data of a volume or a snapshot. It is there from the
// transaction that announces the work to the one that tells its outcome, so
// whatever happens in between, somebody takes it up again.
type Task struct {
	Serial     int64                        `db:"serial"`
	ResourceID string                       `db:"resource_id"`
	Verb       string                       `db:"verb"`
	NeedsID    string                       `db:"needs_id"` // the volume or snapshot that is read meanwhile; empty for none
	Arguments  rows.JSON[map[string]string] `db:"arguments"`
	Folder     string                       `db:"folder"`     // the folder with the data
	RequestID  string                       `db:"request_id"` // of the request that announced the work; AddTask fills it in
}

// queueOf is the queue whose waiters are told of new tasks.
func queueOf(folder string) string { return "volumes of " + folder }

// Subscribe tells of new tasks for a folder; see rows.DB.Subscribe.
func (s *Store) Subscribe(folder string) (woken <-chan struct{}, unsubscribe func()) {
	return s.DB.Subscribe(queueOf(folder))
}

// AddTask queues work. Call it in the transaction that announces the work, with
// the resource locked, and the one that it needs.
func (s *Store) AddTask(ctx context.Context, t Task) error {
	t.RequestID = nova.RequestOf(ctx).ID
	text, args, err := rows.Named(rows.Insert[Task]("volume_tasks", "serial"), t)
	if err != nil {
		return err
	}
	if _, err := rows.Exec(ctx, s.DB, text, args...); err != nil {
		return err
	}
	return s.Wake(ctx, queueOf(t.Folder))
}

// RunnableTasks lists the tasks on a folder that may begin, oldest first. A task
// waits for earlier ones of its resource, for those that read it, and for those
// of what it reads itself.
func (s *Store) RunnableTasks(ctx context.Context, folder string, limit int) ([]Task, error) {
	return rows.All[Task](ctx, s.DB, `
		SELECT `+rows.List[Task]()+` FROM volume_tasks t
		WHERE folder = ? AND NOT EXISTS (
			SELECT 1 FROM volume_tasks e
			WHERE e.serial < t.serial
			AND (e.resource_id = t.resource_id OR e.needs_id = t.resource_id OR e.resource_id = t.needs_id)
		)
		ORDER BY serial LIMIT ?`, folder, limit)
}

// TaskPending reports whether a task is still to be done.
func (s *Store) TaskPending(ctx context.Context, serial int64) (bool, error) {
	number, err := rows.Get[int64](ctx, s.DB, "SELECT COUNT(*) FROM volume_tasks WHERE serial = ?", serial)
	return number > 0, err
}

// EndTask removes a task. Call it in the transaction that tells the outcome. The
// error is Gone if somebody has removed the task: what was done doesn't count.
func (s *Store) EndTask(ctx context.Context, serial int64) error {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM volume_tasks WHERE serial = ?", serial)
	if err == nil && changed == 0 {
		return nova.Errorf(nova.Gone, "The task is over.")
	}
	if err != nil {
		return err
	}
	return nil
}

// DropTasks removes all tasks of a resource, which something else supersedes.
func (s *Store) DropTasks(ctx context.Context, resourceID string) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM volume_tasks WHERE resource_id = ?", resourceID)
	return err
}
