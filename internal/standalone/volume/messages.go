package volume

import (
	"context"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// The versions of the calls about messages (api-ref, "Messages").
const (
	withMessages     version = 3
	withMessagePages version = 5
)

// messageLife is how long a message is kept, as Cinder's message_ttl has it.
const messageLife = 30 * 24 * time.Hour

// The types of resources in messages.
const (
	ofVolume   = "VOLUME"
	ofSnapshot = "VOLUME_SNAPSHOT"
)

// A complaint is what the message about a task that failed says, with the numbers of
// cinder/message/message_field.py. One without a resource says nothing.
type complaint struct{ resource, action, detail string }

// sentences are what the numbers in messages stand for.
var (
	actionSentences = map[string]string{
		"001": "schedule allocate volume", "003": "copy volume to image", "007": "extend volume", "008": "create volume from backend storage",
		"009": "create snapshot", "010": "delete snapshot", "016": "reimage volume",
	}
	detailSentences = map[string]string{
		"003": "Could not find any available weighted backend.", "004": "Failed to upload volume to image at backend.", "010": "Volume Driver failed to extend volume.",
		"012": "Driver failed to create the volume.", "013": "Snapshot failed to create.",
		"016": "Snapshot failed to delete.", "009": "Compute service failed to extend volume.",
		"028": "Compute service failed to reimage volume.",
	}
)

// complain writes the message about a task that failed, in the transaction that
// tells its outcome. What the task was for may be gone.
func (s *Service) complain(ctx context.Context, tx *volumedb.Store, c complaint, t volumedb.Task) error {
	project, err := "", error(nil)
	switch c.resource {
	case ofVolume:
		var v volumedb.Volume
		v, err = tx.Volumes.Get(ctx, t.ResourceID)
		project = v.ProjectID
	case ofSnapshot:
		var one volumedb.Snapshot
		one, err = tx.Snapshots.Get(ctx, t.ResourceID)
		project = one.ProjectID
	}
	if project == "" || err != nil {
		if nova.Is(err, nova.NotFound) {
			return nil
		}
		return err
	}
	m := volumedb.Message{
		ProjectID: project, RequestID: t.RequestID, ResourceType: c.resource, ResourceID: t.ResourceID,
		EventID:   "VOLUME_" + c.resource + "_" + c.action + "_" + c.detail,
		Text:      actionSentences[c.action] + ":" + detailSentences[c.detail],
		ExpiresAt: tx.NowInSeconds().Add(messageLife),
	}
	m.ID = uuid.NewString()
	_, err = tx.Messages.Create(ctx, m)
	return err
}

// messageRoutes are the calls about messages.
func (s *Service) messageRoutes() []route {
	return []route{
		{"GET", "/messages", withMessages, s.listMessages},
		{"GET", "/messages/{id}", withMessages, s.showMessage},
		{"DELETE", "/messages/{id}", withMessages, s.deleteMessage},
	}
}

// messageView shows a message.
func (s *Service) messageView(r *http.Request, m volumedb.Message) object {
	return object{
		"id": m.ID, "event_id": m.EventID, "user_message": m.Text, "message_level": "ERROR",
		"created_at": timestamp(&m.CreatedAt), "guaranteed_until": timestamp(&m.ExpiresAt), "request_id": m.RequestID,
		"resource_type": m.ResourceType, "resource_uuid": m.ResourceID, "links": s.links(r, "messages", m.ID),
	}
}

// findMessage finds a message to the caller's project.
func (s *Service) findMessage(r *http.Request) (volumedb.Message, error) {
	id := chi.URLParam(r, "id")
	return s.messageOf(r.Context(), id)
}

// messageOf finds a message by its ID. One to another project isn't there.
func (s *Service) messageOf(ctx context.Context, id string) (volumedb.Message, error) {
	m, err := s.Store.Messages.Get(ctx, id)
	if err == nil && !canRead(nova.CallerOf(ctx), m.ProjectID) || nova.Is(err, nova.NotFound) {
		return m, nova.Errorf(nova.NotFound, "Message %s could not be found.", id)
	}
	return m, err
}

// messageFilters are the filters of lists of messages.
var messageFilters = map[string]filter{
	"event_id":      {column: "event_id", since: withMessagePages},
	"resource_type": {column: "resource_type", since: withMessagePages},
	"resource_uuid": {column: "resource_id", since: withMessagePages},
	"request_id":    {column: "request_id", since: withMessagePages},
	"message_level": {since: withMessagePages, where: func(_, value string) (volumedb.Condition, error) {
		if value == "ERROR" {
			return volumedb.Everything(), nil
		}
		return volumedb.Nothing(), nil
	}},
}

// listMessages shows the messages to the caller's project, newest first.
//
// GET /messages (3.3; pages and filters since 3.5) answers 200.
func (s *Service) listMessages(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if err := mayRead(caller, caller.ProjectID, "message:get_all"); err != nil {
		return kit.Reply{}, err
	}
	return listPage(s, r, listing[volumedb.Message]{
		table: s.Store.Messages, filters: messageFilters, path: "messages", key: "messages",
		find: func(ctx context.Context, id string) error { _, err := s.messageOf(ctx, id); return err },
		view: inTurn(func(m volumedb.Message) object { return s.messageView(r, m) }),
	})
}

// showMessage shows one message. GET /messages/{id} (3.3) answers 200, and
// NotFound for one to another project.
func (s *Service) showMessage(r *http.Request) (kit.Reply, error) {
	m, err := s.findMessage(r)
	return kit.Reply{Body: object{"message": s.messageView(r, m)}}, err
}

// deleteMessage removes a message that has been read. DELETE /messages/{id} (3.3)
// answers 204; messages go of their own after messageLife.
func (s *Service) deleteMessage(r *http.Request) (kit.Reply, error) {
	m, err := s.findMessage(r)
	if err != nil {
		return kit.Reply{}, err
	}
	if err := mayWrite(nova.CallerOf(r.Context()), m.ProjectID, "message:delete"); err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{}, s.Store.Messages.Delete(r.Context(), m.ID)
}
