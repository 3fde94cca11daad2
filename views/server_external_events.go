package views

import "github.com/nova-api/nova-api/internal/nova"

// ServerExternalEvents answers with the events that were sent, and a code for what
// became of each.
func ServerExternalEvents(events []nova.ServerEvent, codes []int) Dict {
	const ok = 200
	shown := make([]Dict, len(events))
	for i, event := range events {
		status := "completed"
		if codes[i] != ok {
			status = "failed"
		}
		shown[i] = Dict{
			{"name", event.Name},
			{"server_uuid", event.ServerID},
			{"status", status},
			{"code", codes[i]},
			Field{"tag", event.Tag}.If(event.Tag != nil),
		}
	}
	return Dict{{"events", shown}}
}
