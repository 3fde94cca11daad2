package views

import (
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
)

// Metadata renders all of a server's metadata.
func Metadata(metadata map[string]string) Dict { return Dict{{"metadata", metadata}} }

// MetadataItem renders one item of the metadata.
func MetadataItem(key, value string) Dict { return Dict{{"meta", Dict{{key, value}}}} }

// Tags renders a server's tags.
func Tags(tags []string) Dict { return Dict{{"tags", tags}} }

// Shares are the shares of a server that has none.
func Shares() Dict { return Dict{{"shares", []Dict{}}} }

// ImageID answers with the ID of an image that is being made.
func ImageID(id string) Dict { return Dict{{"image_id", id}} }

// AdminPass renders the password of the administrator in a server: nothing if the
// site hides it.
func AdminPass(password *string) Dict {
	return Dict{Field{"adminPass", password}.If(password != nil)}
}

// Console renders what a server wrote to its console.
func Console(output string) Dict { return Dict{{"output", output}} }

// Actions renders the record of what was done to a server.
type Actions struct{}

// Index lists actions without their events. There are pages since 2.58, whose
// links are under "links" and not under "instanceActions_links".
func (v Actions) Index(r Request, serverID string, actions []nova.Action) Dict {
	path := "servers/" + serverID + "/os-instance-actions"
	return Dict{
		{"instanceActions", each(r, actions, v.basic)},
		nextPage(r, "links", path, actions, func(a nova.Action) string { return a.RequestID }).If(r.AtLeast(58)),
	}
}

// Show renders an action with its events. Before 2.51 only callers who may see
// events saw that there were any.
func (v Actions) Show(r Request, s nova.Server, a nova.Action) Dict {
	events := make([]Dict, len(a.Events))
	for i, event := range a.Events {
		events[i] = v.event(r, s, event)
	}
	show := r.AtLeast(51) || r.Can(policy.InstanceActionsEvents)
	return Dict{{"instanceAction", append(v.basic(r, a), Field{"events", events}.If(show))}}
}

// basic is an action in a list.
func (Actions) basic(r Request, a nova.Action) Dict {
	return Dict{
		{"action", a.Name},
		{"instance_uuid", a.ServerID},
		{"request_id", a.RequestID},
		{"user_id", stringOrNull(a.UserID)},
		{"project_id", stringOrNull(a.ProjectID)},
		{"start_time", naive(a.StartTime)},
		{"message", a.Message},
		since(r, 58, "updated_at", naiveOrNull(a.UpdatedAt)),
	}
}

// event leaves out what would tell a project's user about hosts and code: such
// users see a digest of the host instead.
func (Actions) event(r Request, s nova.Server, e nova.ActionEvent) Dict {
	full := r.Can(policy.InstanceActionsEvents)
	return Dict{
		{"event", e.Event},
		{"start_time", naive(e.StartTime)},
		{"finish_time", naiveOrNull(e.FinishTime)},
		{"result", e.Result},
		Field{"traceback", e.Traceback}.If(full),
		since(r, 62, "host", e.Host).If(full),
		since(r, 62, "hostId", hostID(s.ProjectID, e.Host)),
		since(r, 84, "details", e.Details).If(r.Can(policy.InstanceActionsEventsDetails)),
	}
}

// hostID is the digest of a host that a project sees.
func hostID(project, host string) string {
	return nova.Server{ProjectID: project, Host: host}.HostID()
}
