package nova

import "time"

// AggregateZone is the key of an aggregate's metadata that makes it an
// availability zone.
const AggregateZone = "availability_zone"

// An Aggregate is a set of hosts that an operator has put together. Its metadata
// says what they have in common: for one, their availability zone.
type Aggregate struct {
	Serial    int64
	ID        string // a UUID
	Name      string
	Hosts     []string
	Metadata  map[string]string
	CreatedAt time.Time
	UpdatedAt *time.Time
}

// Zone is the availability zone that an aggregate is: nil for none.
func (a Aggregate) Zone() *string {
	if zone, ok := a.Metadata[AggregateZone]; ok {
		return &zone
	}
	return nil
}
