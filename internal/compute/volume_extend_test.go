package compute_test

import (
	"testing"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// sizeOnServer is how large a volume is for the server that has it, in bytes.
func (s *site) sizeOnServer(server nova.Server, volumeID string) int64 {
	s.t.Helper()
	data, err := s.local.Driver(server.Host).(virt.DiskReader).OpenVolume(s.t.Context(), server, volumeID)
	s.must(err)
	defer func() { _ = data.Close() }()
	return data.Size()
}

// TestVolumes_Extended extends a volume while a server has it: the server sees that, with a
// line on its record, and keeps it wherever it goes.
func TestVolumes_Extended(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.hear()
		server, volume := s.boot(s.as("demo")), s.volume("demo")
		s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: volume})
		s.onVolume("demo", volume, `{"os-extend": {"new_size": 3}}`)
		if size := s.sizeOnServer(server, volume); size != 1<<30 {
			t.Errorf("before it was told, the server saw %d bytes", size)
		}
		s.work()
		if size := s.sizeOnServer(server, volume); size != 3<<30 {
			t.Errorf("the server sees %d bytes", size)
		}
		lines := s.record(server.ID)
		if lines[len(lines)-1] != "extend_volume: compute_extend_volume" {
			t.Errorf("record: %q", lines)
		}
		s.settled()
		s.up()
		s.first(server.ID, compute.Migrate)
		if size := s.sizeOnServer(s.server(server.ID), volume); size != 3<<30 {
			t.Errorf("on its next host the server sees %d bytes", size)
		}
		s.settled()
	})
}

// TestVolumes_ExtendFails is a driver that can't tell a server how large its volume is: the
// server is as it was, and its record says why.
func TestVolumes_ExtendFails(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.hear()
		server, volume := s.boot(s.as("demo")), s.volume("demo")
		s.attachVolume(server.ID, compute.VolumeRequest{VolumeID: volume})
		s.hooks.set(func(h *hooks) { h.driver = failing("extend_volume") })
		s.onVolume("demo", volume, `{"os-extend": {"new_size": 2}}`)
		s.work()
		s.wantStates(server.ID, "active")
		if now := s.server(server.ID); now.Fault == nil {
			t.Error("there is no fault")
		}
		if size := s.sizeOnServer(server, volume); size != 1<<30 {
			t.Errorf("the server sees %d bytes", size)
		}
		s.settled()
	})
}
