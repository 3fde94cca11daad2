package volume

import (
	"context"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// argEvent is the argument of the task that tells the compute service something: the name
// of the event.
const argEvent = "event"

// announce has the servers that have a volume told of what was done to it, once the
// transaction is over. That is a task of its own, so that no crash keeps it from them.
func (s *Service) announce(ctx context.Context, tx *volumedb.Store, t volumedb.Task, event string) error {
	if s.onChange == nil {
		return nil
	}
	task := volumedb.Task{ResourceID: t.ResourceID, Verb: taskTell, Folder: t.Folder}
	task.Arguments.V = map[string]string{argEvent: event}
	return tx.AddTask(nova.WithRequest(ctx, nova.Request{ID: t.RequestID}), task)
}

// tell tells the servers that have a volume. A process that nobody listens to leaves that
// undone.
func (s *Service) tell(ctx context.Context, t volumedb.Task) error {
	if s.onChange == nil {
		return nil
	}
	found, err := s.Store.AttachmentsOf(ctx, []string{t.ResourceID})
	if err != nil {
		return err
	}
	var events []nova.ServerEvent
	for _, a := range found[t.ResourceID] {
		if a.ServerID != nil {
			events = append(events, nova.ServerEvent{Name: t.Arguments.V[argEvent], ServerID: *a.ServerID, Tag: &t.ResourceID})
		}
	}
	if len(events) == 0 {
		return nil
	}
	return s.onChange(nova.WithRequest(ctx, nova.Request{ID: t.RequestID}), events)
}
