package nova

import "time"

// A Zone is an availability zone: hosts that are hoped not to fail together
// with those of another.
type Zone struct {
	Name      string
	Internal  bool // of services that run no servers; shown to administrators only
	Available bool // a service in it is enabled
	Services  []ZoneService
}

// A ZoneService is an enabled service in a zone.
type ZoneService struct {
	Host      string
	Binary    string
	Available bool // its heart beats, and nobody forced it down
	SeenAt    time.Time
}
