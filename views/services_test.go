package views

import (
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestServices_EveryVersion(t *testing.T) {
	t.Parallel()
	var v Services
	service := nova.Service{
		Serial: 7, ID: "e81d66a4-ddd3-4aba-8a84-171d1cb4d339", Host: "host1", Binary: "nova-compute", Zone: "nova", Up: true,
		SeenAt: time.Date(2026, 11, 22, 10, 0, 0, 5000, time.UTC),
	}
	down := service
	down.Up, down.ForcedDown, down.Disabled, down.DisabledReason = false, true, true, new("maintenance")
	everyVersion(t, "services", []int{11, 53}, func(r Request) Dict { return v.Index(r, []nova.Service{service, down}) })
	everyVersion(t, "service", []int{11, 53}, func(r Request) Dict { return v.Show(r, down) })
	everyVersion(t, "service_disabled", nil, func(Request) Dict { return v.Changed(down, false) })
	everyVersion(t, "service_enabled", nil, func(Request) Dict { return v.Changed(service, false) })
	everyVersion(t, "service_forced_down", nil, func(Request) Dict { return v.Changed(down, true) })
}
