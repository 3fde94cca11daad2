package views

import "github.com/nova-api/nova-api/internal/nova"

// Aggregates renders sets of hosts.
type Aggregates struct{}

// Index lists aggregates.
func (v Aggregates) Index(r Request, aggregates []nova.Aggregate) Dict {
	return Dict{{"aggregates", each(r, aggregates, v.aggregate)}}
}

// Show renders one aggregate.
func (v Aggregates) Show(r Request, a nova.Aggregate) Dict {
	return Dict{{"aggregate", v.aggregate(r, a)}}
}

// Created renders a new aggregate, which has no hosts and shows no metadata.
func (v Aggregates) Created(r Request, a nova.Aggregate) Dict {
	return Dict{{"aggregate", v.base(r, a)}}
}

func (v Aggregates) aggregate(r Request, a nova.Aggregate) Dict {
	return append(v.base(r, a), Field{"hosts", a.Hosts}, Field{"metadata", a.Metadata})
}

// base has a UUID since 2.41. Deleted aggregates are gone, and the keys about that
// say nothing.
func (Aggregates) base(r Request, a nova.Aggregate) Dict {
	return Dict{
		{"id", a.Serial},
		since(r, 41, "uuid", a.ID),
		{"name", a.Name},
		{"availability_zone", a.Zone()},
		{"created_at", naive(a.CreatedAt)},
		{"updated_at", naiveOrNull(a.UpdatedAt)},
		{"deleted_at", nil},
		{"deleted", false},
	}
}
