package api_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/nova"
)

// service registers a service that is alive.
func (s *site) service(host, binary string) {
	s.t.Helper()
	_, _, err := s.store.Hold(s.t.Context(), nova.Service{ID: uuid.NewString(), Host: host, Binary: binary}, 0, "")
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestAvailabilityZones(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.Do("GET /v2.1/os-availability-zone", as("reader")).Want(t, 200, whole(`{"availabilityZoneInfo": []}`))
		s.service("fake-1", "nova-compute")
		s.service("fake-1", "nova-scheduler")
		s.Do("GET /v2.1/os-availability-zone", as("reader")).Want(t, 200, whole(`{"availabilityZoneInfo": [
			{"zoneName": "nova", "zoneState": {"available": true}, "hosts": null}]}`))
		s.Do("GET /v2.1/os-availability-zone/detail").Want(t, 200,
			listed("availabilityZoneInfo", "zoneName", "internal", "nova"),
			has("availabilityZoneInfo/1/hosts/fake-1/nova-compute/available", true),
			has("availabilityZoneInfo/1/hosts/fake-1/nova-compute/active", true),
			has("availabilityZoneInfo/0/hosts/fake-1/nova-scheduler/available", true),
			lacks("availabilityZoneInfo/1/hosts/fake-1/nova-scheduler"))
		s.Do("GET /v2.1/os-availability-zone/detail", as("demo")).Want(t, 403,
			fault("forbidden", "Policy doesn't allow os_compute_api:os-availability-zone:detail to be performed."))
		s.Do("GET /v2.1/os-availability-zone?x=1", at(101)).Want(t, 200)
		s.Do("GET /v2.1/os-availability-zone?x=1", at(102)).Want(t, 400)
	})
}

func TestSamples_AvailabilityZones(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.service("fake-1", "nova-compute")
		s.conform(t, []sample{
			{"os-availability-zone/availability-zone-list-resp.json", "GET /v2.1/os-availability-zone", 1, 200, nil},
			{"os-availability-zone/availability-zone-detail-resp.json", "GET /v2.1/os-availability-zone/detail", 1, 200, []string{"hosts"}},
		})
	})
}
