package api_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/nova"
)

// host registers a hypervisor in a zone, or in none.
func (s *site) host(name, zone string) {
	s.t.Helper()
	service, err := s.store.Heartbeat(s.t.Context(), uuid.NewString(), name, "nova-compute")
	if err == nil && zone != "" {
		err = s.store.RegisterHost(s.t.Context(), nova.Host{
			ID: uuid.NewString(), ServiceID: service.ID, Name: name, Node: name, Zone: zone, Type: "fake", CPUInfo: "{}",
			VCPUs: 100, RAM: 1 << 20, Disk: 1 << 20, CPURatio: 1, RAMRatio: 1, DiskRatio: 1,
		})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestAvailabilityZones(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.Do("GET /v2.1/os-availability-zone", as("reader")).Want(t, 200, whole(`{"availabilityZoneInfo": []}`))
		s.host("fake-1", "west")
		s.host("fake-2", "east")
		s.host("new", "") // its hypervisor isn't known yet
		if _, err := s.store.Heartbeat(t.Context(), uuid.NewString(), "fake-1", "nova-scheduler"); err != nil {
			t.Fatal(err)
		}
		s.Do("GET /v2.1/os-availability-zone", as("reader")).Want(t, 200, whole(`{"availabilityZoneInfo": [
			{"zoneName": "east", "zoneState": {"available": true}, "hosts": null},
			{"zoneName": "nova", "zoneState": {"available": true}, "hosts": null},
			{"zoneName": "west", "zoneState": {"available": true}, "hosts": null}]}`))
		s.Do("GET /v2.1/os-availability-zone/detail").Want(t, 200,
			listed("availabilityZoneInfo", "zoneName", "east", "internal", "nova", "west"),
			has("availabilityZoneInfo/3/hosts/fake-1/nova-compute/available", true),
			has("availabilityZoneInfo/3/hosts/fake-1/nova-compute/active", true),
			has("availabilityZoneInfo/1/hosts/fake-1/nova-scheduler/available", true),
			lacks("availabilityZoneInfo/3/hosts/fake-2", "availabilityZoneInfo/3/hosts/fake-1/nova-scheduler"))
		s.Do("GET /v2.1/os-availability-zone/detail", as("demo")).Want(t, 403,
			fault("forbidden", "Policy doesn't allow os_compute_api:os-availability-zone:detail to be performed."))
		s.Do("GET /v2.1/os-availability-zone?x=1", at(101)).Want(t, 200)
		s.Do("GET /v2.1/os-availability-zone?x=1", at(102)).Want(t, 400)
	})
}

func TestSamples_AvailabilityZones(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.host("fake-1", "nova")
		s.conform(t, []sample{
			{"os-availability-zone/availability-zone-list-resp.json", "GET /v2.1/os-availability-zone", 1, 200, nil},
			{"os-availability-zone/availability-zone-detail-resp.json", "GET /v2.1/os-availability-zone/detail", 1, 200, []string{"hosts"}},
		})
	})
}
