package schema

// ServerExternalEventsCreate is the body of POST /os-server-external-events.
var ServerExternalEventsCreate = NewBody(Object(
	Prop("events", Array(Object(
		eventName(4).Until(50),
		eventName(5).Since(51).Until(75),
		eventName(6).Since(76).Until(81),
		eventName(7).Since(82).Until(92),
		eventName(8).Since(93),
		Prop("server_uuid", UUID).Required(),
		Prop("status", Enum("failed", "completed", "in-progress")),
		Prop("tag", Text255),
	)).Items(1, 0)).Required(),
))

// eventNames are the events, in the order in which they came to be known.
var eventNames = []string{
	"network-changed", "network-vif-plugged", "network-vif-unplugged", "network-vif-deleted",
	"volume-extended", "power-update", "accelerator-request-bound", "volume-reimaged",
}

func eventName(known int) Property { return Prop("name", Enum(eventNames[:known]...)).Required() }

// ServerExternalEventsCreateBody is ServerExternalEventsCreate, decoded.
type ServerExternalEventsCreateBody struct {
	Events []struct {
		Name     string  `json:"name"`
		ServerID string  `json:"server_uuid"`
		Status   string  `json:"status"` // which is not looked at
		Tag      *string `json:"tag"`    // nil for none
	} `json:"events"`
}
