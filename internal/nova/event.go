package nova

// A ServerEvent is what another service says has happened to something of a
// server's.
type ServerEvent struct {
	Name     string
	ServerID string
	Tag      *string // which port, volume or accelerator; nil for none
}

// The events that make a difference here. There are others, on which Nova's hosts
// wait.
const (
	EventNetworkChanged = "network-changed"
	EventPortDeleted    = "network-vif-deleted"
	EventVolumeExtended = "volume-extended"
	EventVolumeReimaged = "volume-reimaged"
	EventPowerUpdate    = "power-update"
)

// An EventFate is what became of an event.
type EventFate string

// The fates of events.
const (
	EventTaken    EventFate = "taken"
	EventNoServer EventFate = "no server" // or a deleted one
	EventNoTag    EventFate = "no tag"    // which the event needs
	EventNoHost   EventFate = "no host"   // the server has none
)
