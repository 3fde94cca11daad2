// Package notify tells other programs, over a message bus, of what happens to servers
// and to what they are made of: Nova's versioned notifications.
//
// A notification is a row of the outbox, written in the transaction of the change that
// it tells of (notify.go, and a file for each kind of payload). The Sender takes rows
// to the bus, in order, and removes those that the bus has confirmed.
package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Notifier writes notifications into the outbox. A nil one writes none, and costs
// nothing: that is what a cloud without notifications has.
type Notifier struct{ o Options }

// Options are what a Notifier works with.
type Options struct {
	// Host is the name of the process, which tells of what the API itself has changed.
	Host string
	// StateChanges says that each change of a server's state is told of.
	StateChanges bool
	// TaskChanges says that so is what a server was busy with before.
	TaskChanges bool
	// BlockDevices says that servers are shown with their volumes.
	BlockDevices bool
	// Cycle is how long the periods are that usage is told for.
	Cycle nova.AuditCycle
}

// New makes a Notifier.
func New(o Options) *Notifier { return &Notifier{o} }

// The programs of Nova that tell of things, as NotificationSource in
// nova/objects/fields.py has them.
const (
	SourceAPI       = "nova-api"
	SourceCompute   = "nova-compute"
	SourceConductor = "nova-conductor"
)

// A Publisher is who tells of something: a program, and the host that it runs on.
type Publisher struct{ Source, Host string }

// API is the publisher of what the API has changed itself.
func (n *Notifier) API() Publisher {
	if n == nil {
		return Publisher{}
	}
	return Publisher{SourceAPI, n.o.Host}
}

// An Initiator is whose request has caused something; zero if nobody's has.
type Initiator struct{ RequestID, UserID, ProjectID string }

// InitiatorOf is the caller in a context.
func InitiatorOf(ctx context.Context) Initiator {
	caller := nova.CallerOf(ctx)
	return Initiator{nova.RequestOf(ctx).ID, caller.UserID, caller.ProjectID}
}

// The phases of what takes its time. What is done at once has none.
const (
	Start = "start"
	End   = "end"
	Error = "error"
)

// An Event is what a notification says beside its payload.
type Event struct {
	Action string // such as power_off
	Phase  string
	From   Publisher
	By     Initiator
}

// eventType names an event about a kind of object: instance.power_off.end.
func (e Event) eventType(object string) string {
	return strings.TrimSuffix(object+"."+e.Action+"."+e.Phase, ".")
}

// priority is that of an event, which is also a part of its routing key.
func (e Event) priority() string {
	if e.Phase == Error {
		return "ERROR"
	}
	return "INFO"
}

// timestamp is how oslo.messaging writes the time of a message: str() of Python's.
const timestamp = "2006-01-02 15:04:05.000000"

// write writes a notification about an object into the outbox. Its message has the
// form of oslo.messaging's notifier, with the IDs by which a receiver knows those that
// come twice.
func (n *Notifier) write(ctx context.Context, tx *db.Store, object, id string, e Event, payload fields) error {
	now := tx.Now()
	message, err := json.Marshal(fields{
		"message_id":   uuid.NewString(),
		"_unique_id":   strings.ReplaceAll(uuid.NewString(), "-", ""),
		"publisher_id": e.From.Source + ":" + e.From.Host,
		"event_type":   e.eventType(object),
		"priority":     e.priority(),
		"payload":      payload,
		"timestamp":    now.Format(timestamp),

		"_context_request_id": orNull(e.By.RequestID),
		"_context_user_id":    orNull(e.By.UserID),
		"_context_project_id": orNull(e.By.ProjectID),
	})
	if err != nil {
		return fmt.Errorf("write down a notification: %w", err)
	}
	return tx.AddNotification(ctx, nova.Notification{
		Subject: object + ":" + id, EventType: e.eventType(object), Priority: e.priority(), Message: string(message), CreatedAt: now,
	})
}

// fields are those of a JSON object.
type fields = map[string]any

// object is a versioned object of Nova's, in the form of oslo.versionedobjects.
func object(name, version string, data fields) fields {
	return fields{"nova_object.name": name, "nova_object.namespace": "nova", "nova_object.version": version, "nova_object.data": data}
}

// orNull is a text, or null for an empty one.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// orEmpty is a list that is never null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// orNone is a map that is never null.
func orNone(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// moment is a time as versioned objects show it, in whole seconds; null for none.
func moment(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}
