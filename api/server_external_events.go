package api

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// ServerExternalEvents answers for /os-server-external-events: the network and volume
// services tell what has happened to servers.
type ServerExternalEvents struct{ Options }

// Operations are the operations on events.
func (c *ServerExternalEvents) Operations() rest.Operations {
	return rest.Operations{
		"create": rest.DoWith(schema.ServerExternalEventsCreate, c.create).Needs(policy.ServerExternalEventsCreate),
	}
}

// eventCodes are the codes of single events in the reply.
var eventCodes = map[nova.EventFate]int{
	nova.EventTaken:    http.StatusOK,
	nova.EventNoTag:    http.StatusBadRequest,
	nova.EventNoServer: http.StatusNotFound,
	nova.EventNoHost:   http.StatusUnprocessableEntity,
}

// create answers 200 if all events were taken, and 207 if not.
func (c *ServerExternalEvents) create(ctx context.Context, _ *rest.Request, in schema.ServerExternalEventsCreateBody) (any, error) {
	events, codes := make([]nova.ServerEvent, len(in.Events)), make([]int, len(in.Events))
	for i, event := range in.Events {
		events[i] = nova.ServerEvent{Name: event.Name, ServerID: event.ServerID, Tag: event.Tag}
	}
	fates, err := c.Compute.ExternalEvents(ctx, events)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	for i, fate := range fates {
		if codes[i] = eventCodes[fate]; fate != nova.EventTaken {
			status = http.StatusMultiStatus
		}
	}
	return rest.Response{Status: status, Body: views.ServerExternalEvents(events, codes)}, nil
}
