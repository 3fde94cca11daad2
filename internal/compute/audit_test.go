package compute_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// An audit finds nothing to object to, whatever is under way, and each thing that
// somebody has put wrong.
func TestAudit(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		s.flavor(small)
		audit := func(when string, want ...string) {
			t.Helper()
			found, err := compute.Audit{Store: s.store, Looks: 2}.Run(t.Context())
			s.must(err)
			if len(found.Wrong) != len(want) {
				t.Errorf("%s: %d are wrong, want %d: %q", when, len(found.Wrong), len(want), found.Wrong)
			}
			for _, part := range want {
				if !slices.ContainsFunc(found.Wrong, func(wrong string) bool { return strings.Contains(wrong, part) }) {
					t.Errorf("%s: nothing says %q: %q", when, part, found.Wrong)
				}
			}
		}
		demo := s.as("demo")
		audit("an empty cloud")
		server := s.begin(demo)
		audit("a server that is to be built")
		s.work()
		audit("a server")
		server = s.server(server.ID)
		s.must(s.api.Resize(demo, server, compute.NewFlavor{ID: small.ID}))
		for step := range 20 {
			audit("a resize, step " + string(rune('a'+step)))
			if more, err := s.worker.RunOne(t.Context()); err != nil || !more {
				s.must(err)
				break
			}
		}
		if server = s.server(server.ID); server.VMState != nova.Resized {
			t.Fatalf("server is %s", server.VMState)
		}
		s.must(s.api.Delete(demo, server))
		s.work()
		audit("nothing again")

		server = s.boot(demo)
		other := "fake-1"
		if server.Node == other {
			other = "fake-2"
		}
		for _, harm := range []struct {
			what string
			do   func(tx *db.Store) error
			want []string
		}{
			{"room that nobody has", func(tx *db.Store) error {
				_, err := tx.Claim(t.Context(), other, nova.Resources{Instances: 1, VCPUs: 1})
				return err
			}, []string{"host " + other + " has given away 1 places, 1 VCPUs"}},
			{"room given back twice", func(tx *db.Store) error {
				return tx.Unclaim(t.Context(), server.Node, server.Flavor.Takes())
			}, []string{"host " + other, "host " + server.Node + " has given away 0 places"}},
			{"usage", func(tx *db.Store) error {
				return tx.Consume(t.Context(), server.ProjectID, server.UserID, nova.Usage{Cores: 3}, nil, nil)
			}, []string{"host " + other, "host " + server.Node, "project " + server.ProjectID + " is counted with 1 servers, 4 cores", "user " + server.UserID + " in project"}},
			{"a task of nobody", func(tx *db.Store) error {
				return tx.ChangeServer(t.Context(), server.ID, db.ServerChange{TaskState: new(nova.Rebuilding)})
			}, []string{"host " + other, "host " + server.Node, "project", "user", "nothing is under way"}},
			{"a host that there is not", func(tx *db.Store) error {
				_, err := rows.Exec(t.Context(), tx.DB, "UPDATE servers SET node = 'x' WHERE uuid = ?", server.ID)
				return err
			}, []string{"host " + other, "project", "user", "nothing is under way", "servers are on x"}},
		} {
			s.must(s.store.Tx(t.Context(), harm.do))
			audit(harm.what, harm.want...)
		}
	})
}

// TestAudit_Volumes finds nothing to object to while volumes come and go, and each volume
// about which servers and the block storage service don't agree.
func TestAudit_Volumes(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		all := func(ctx context.Context) ([]nova.VolumeAttachment, error) {
			return s.clients.Volume.AsService().Attachments(ctx, cloud.AttachmentQuery{})
		}
		audit := func(when string, want ...string) {
			t.Helper()
			found, err := compute.Audit{Store: s.store, Looks: 2, Attachments: all}.Run(t.Context())
			s.must(err)
			if !slices.Equal(found.Wrong, want) {
				t.Errorf("%s: wrong are %q, want %q", when, found.Wrong, want)
			}
		}
		server, volume, other := s.bootVolume(), s.volume("demo"), s.volume("demo")
		audit("boot from volume")
		s.must(s.api.BeginAttachVolume(s.as("demo"), s.server(server.ID), compute.VolumeRequest{VolumeID: volume}))
		for more := true; more; {
			audit("attach")
			var err error
			more, err = s.worker.RunOne(t.Context())
			s.must(err)
		}
		s.up()
		s.first(server.ID, compute.Shelve)
		audit("away")
		s.first(server.ID, compute.Unshelve)
		audit("back")

		now := s.server(server.ID)
		device, _ := now.BlockDevice(volume)
		stray, err := s.clients.Volume.AsService().Reserve(t.Context(), other, server.ID)
		s.must(err)
		audit("one too many", "volume "+other+" is attached to server "+server.ID+", which doesn't know it")
		s.must(s.clients.Volume.AsService().Detach(t.Context(), stray.ID))
		s.must(s.clients.Volume.AsService().Detach(t.Context(), device.AttachmentID))
		audit("one too few", "server "+server.ID+" has volume "+volume+", which is not attached to it")
		s.clear(server.ID)
		audit("nothing again")
		stray, err = s.clients.Volume.AsService().Reserve(t.Context(), other, server.ID)
		s.must(err)
		for range 2 { // so that no note excuses it
			s.clock.advance(time.Hour)
			s.must(s.worker.SweepVolumes(t.Context()))
		}
		audit("of a server that is gone", "volume "+other+" is attached to server "+server.ID+", which is deleted")
		s.must(s.clients.Volume.AsService().Detach(t.Context(), stray.ID))
		audit("nothing at all")
	})
}
