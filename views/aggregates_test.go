package views

import (
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestAggregates_EveryVersion(t *testing.T) {
	t.Parallel()
	var v Aggregates
	at := time.Date(2026, 11, 22, 10, 0, 0, 5000, time.UTC)
	zoned := nova.Aggregate{
		Serial: 3, ID: "6ba28ba7-f29b-45cc-a30b-6e3a40c2fb14", Name: "ssd", Hosts: []string{"fake-2", "fake-1"},
		Metadata: map[string]string{nova.AggregateZone: "north", "disk": "ssd"}, CreatedAt: at, UpdatedAt: &at,
	}
	plain := nova.Aggregate{Serial: 4, ID: "86a0da0e-9f0c-4f51-a1e0-3c25edab3783", Name: "new", Hosts: []string{}, Metadata: map[string]string{}, CreatedAt: at}
	everyVersion(t, "aggregates", []int{41}, func(r Request) Dict { return v.Index(r, []nova.Aggregate{zoned, plain}) })
	everyVersion(t, "aggregate", []int{41}, func(r Request) Dict { return v.Show(r, zoned) })
	everyVersion(t, "aggregate_created", []int{41}, func(r Request) Dict { return v.Created(r, plain) })
}
