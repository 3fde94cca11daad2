package views

import "github.com/nova-api/nova-api/internal/nova"

// Services renders the services that report to be alive.
type Services struct{}

// Index lists services.
func (v Services) Index(r Request, services []nova.Service) Dict {
	return Dict{{"services", each(r, services, v.service)}}
}

// Show renders one service, as an update answers since 2.53.
func (v Services) Show(r Request, s nova.Service) Dict { return Dict{{"service", v.service(r, s)}} }

// Changed answers until 2.52 that a service was forced down, or not any more, or that
// it was enabled or disabled.
func (Services) Changed(s nova.Service, forced bool) Dict {
	return Dict{{"service", Dict{
		{"host", s.Host},
		{"binary", s.Binary},
		Field{"forced_down", s.ForcedDown}.If(forced),
		Field{"status", serviceStatus(s.Disabled)}.If(!forced),
		Field{"disabled_reason", s.DisabledReason}.If(!forced && s.DisabledReason != nil),
	}}}
}

// service had a number for its ID until 2.52.
func (Services) service(r Request, s nova.Service) Dict {
	return Dict{
		{"binary", s.Binary},
		{"host", s.Host},
		since(r, 53, "id", s.ID),
		until(r, 52, "id", s.Serial),
		{"zone", s.Zone},
		{"status", serviceStatus(s.Disabled)},
		{"state", serviceState(s.Up)},
		{"updated_at", naive(s.SeenAt)},
		{"disabled_reason", s.DisabledReason},
		since(r, 11, "forced_down", s.ForcedDown),
	}
}

// serviceStatus is what the operator wants of a service.
func serviceStatus(disabled bool) string {
	if disabled {
		return "disabled"
	}
	return "enabled"
}

// serviceState is whether the service is alive.
func serviceState(up bool) string {
	if up {
		return "up"
	}
	return "down"
}
