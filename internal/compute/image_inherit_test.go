package compute_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
)

// givenProps are the properties of an image that a server is made of;
// keptProps are those of them that a Nova 34 gives to the server's snapshots.
var (
	givenProps = map[string]string{
		"hw_disk_bus": "virtio", "os_distro": "debian", "custom": strings.Repeat("y", 300), "umlauts": strings.Repeat("ü", 200),
		"image_os_type": "linux", "min_things": "2", "Mixed.Case": "K", "owner_specified.x": "1", "locked_reason": "z", "empty": "",
		"description": "a base image", "image_location": "here", "backup_type": "weekly", "base_image_ref": "an older one",

		"kernel_id": " None ", "ramdisk_id": "", "mappings": "[]", "img_block_device_mapping": "[]", "instance_owner": "p-evil",
		"cinder_encryption_key_deletion_policy": "on_image_deletion", "cache_in_nova": "true", "bittorrent": "yes",
		"img_signature": "x", "img_signature_hash_method": "SHA-256", "img_signature_key_type": "RSA-PSS",
		"img_signature_certificate_uuid": "22222222-2222-2222-2222-222222222222",
		"owner_user_name":                "forged", "owner_project_name": "forged", "boot_roles": "forged",
		"user_id": "forged", "instance_uuid": "forged", "image_type": "forged",
	}
	keptProps = map[string]string{
		"hw_disk_bus": "virtio", "os_distro": "debian", "custom": strings.Repeat("y", 255), "umlauts": strings.Repeat("ü", 127),
		"image_os_type": "linux", "min_things": "2", "Mixed.Case": "K", "owner_specified.x": "1", "locked_reason": "z", "empty": "",
		"description": "a base image", "image_location": "here", "backup_type": "weekly", "base_image_ref": "an older one",
		"owner_user_name": "demo", "owner_project_name": "demo",
	}
)

// TestImages_Inherit compares the images that are made of a server with what a
// Nova 34 makes of the same server.
func TestImages_Inherit(t *testing.T) {
	t.Parallel()
	type testCase struct {
		as       string
		begin    func(s *site, ctx context.Context, server nova.Server) (string, error)
		props    map[string]string // beyond keptProps, or instead of them; "-" for none
		atOnce   string            // the disk's format while there is no data
		shared   bool
		ofACopy  bool // the server was made of a snapshot
		forgedID bool // the client's metadata says of which server the image is
	}
	snapshot := func(metadata map[string]string) func(*site, context.Context, nova.Server) (string, error) {
		return func(s *site, ctx context.Context, server nova.Server) (string, error) {
			return s.api.CreateImage(ctx, server, "copy", metadata)
		}
	}
	backup := func(metadata map[string]string) func(*site, context.Context, nova.Server) (string, error) {
		return func(s *site, ctx context.Context, server nova.Server) (string, error) {
			return s.api.CreateBackup(ctx, server, "copy", "daily", 9, metadata)
		}
	}
	described := func(description *string) func(*site, context.Context, nova.Server) (string, error) {
		return func(s *site, ctx context.Context, server nova.Server) (string, error) {
			return s.api.BackupInstance(ctx, server, "copy", description)
		}
	}
	eachCase(t, map[string]testCase{
		"own snapshot": {
			as: "demo", begin: snapshot(map[string]string{"mine": "yes", "os_distro": "changed"}),
			props: map[string]string{"image_type": "snapshot", "mine": "yes", "os_distro": "changed"},
		},
		"own snapshot of a snapshot": {
			as: "demo", begin: snapshot(nil), ofACopy: true, props: map[string]string{"image_type": "snapshot"},
		},
		"an administrator's snapshot": {
			as: "admin", begin: snapshot(nil), shared: true, props: map[string]string{"image_type": "snapshot"},
		},
		"own backup": {
			as: "demo", begin: backup(map[string]string{"image_type": "mine", "instance_uuid": "mine"}), atOnce: "qcow2", forgedID: true,
			props: map[string]string{"image_type": "mine", "backup_type": "daily"},
		},
		"an administrator's backup": {
			as: "admin", begin: backup(nil), atOnce: "qcow2", shared: true,
			props: map[string]string{"image_type": "backup", "backup_type": "daily"},
		},
		"own backup of no type": {
			as: "demo", begin: described(nil), atOnce: "qcow2",
			props: map[string]string{"image_type": "backup", "backup_type": "-", "description": "-"},
		},
		"an administrator's backup of no type": {
			as: "admin", begin: described(new("before the storm")), atOnce: "qcow2", shared: true,
			props: map[string]string{"image_type": "backup", "backup_type": "-", "description": "before the storm"},
		},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		owner := nova.CallerOf(s.as("demo"))
		base := s.giveImage(nova.Image{
			ID: uuid.NewString(), Name: "base", Owner: owner.ProjectID, Visibility: "private", DiskFormat: "qcow2", ContainerFormat: "bare",
			MinRAM: 64, Properties: givenProps,
		})
		server := s.boot(s.as("demo"), func(n *compute.ServerRequest) { n.ImageID = base })
		if c.ofACopy {
			id, err := s.api.CreateImage(s.as("demo"), server, "the first copy", nil)
			s.must(err)
			s.work()
			server = s.boot(s.as("demo"), func(n *compute.ServerRequest) { n.ImageID = id })
		}
		ctx := s.as(c.as)
		caller := nova.CallerOf(ctx)
		id, err := c.begin(s, ctx, server)
		s.must(err)
		if begun := s.image(id); begun.DiskFormat != c.atOnce || begun.Status != "queued" {
			t.Errorf("begun %+v", begun)
		}
		s.work()
		made := s.image(id)
		want := nova.Image{
			ID: id, Name: "copy", Owner: caller.ProjectID, Status: "active", Visibility: "private", DiskFormat: "raw", ContainerFormat: "bare",
			MinDisk: 1, MinRAM: 64, Size: made.Size, CreatedAt: made.CreatedAt, UpdatedAt: made.UpdatedAt, Properties: maps.Clone(keptProps),
		}
		maps.Copy(want.Properties, map[string]string{
			"user_id": caller.UserID, "boot_roles": strings.Join(owner.Roles, ","), "instance_uuid": server.ID,
		})
		if c.forgedID {
			want.Properties["instance_uuid"] = "mine"
		}
		maps.Copy(want.Properties, c.props)
		maps.DeleteFunc(want.Properties, func(_, value string) bool { return value == "-" })
		members := "[]"
		if c.shared {
			want.Visibility, members = "shared", owner.ProjectID+" pending"
		}
		if diff := cmp.Diff(want, made); diff != "" {
			t.Errorf("image (-want +got):\n%s", diff)
		}
		if got := s.members(id); c.shared && got != members || !c.shared && got != "" {
			t.Errorf("members %q, want %q", got, members)
		}
		if _, err := s.clients.Image.As(owner).Show(t.Context(), id); err != nil {
			t.Errorf("the server's project doesn't see the image: %v", err)
		}
		s.settled()
	}, func(o *compute.Options) { o.NotInherited = []string{"cache_in_nova", "bittorrent"} })
}

// TestCreate_EncryptedImage refuses to boot from an image whose data is that of
// an encrypted volume.
func TestCreate_EncryptedImage(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		id := s.giveImage(nova.Image{
			ID: uuid.NewString(), Name: "of a volume", Owner: nova.CallerOf(s.as("demo")).ProjectID, DiskFormat: "raw", ContainerFormat: "bare",
			Properties: map[string]string{"cinder_encryption_key_id": uuid.NewString()},
		})
		ctx := s.as("demo")
		_, err := s.api.Create(ctx, request(func(n *compute.ServerRequest) { n.ImageID = id }))
		wantRefusal(t, err, nova.Invalid,
			"Image "+id+" is unacceptable: Direct booting of an image uploaded from an encrypted volume is unsupported.")
		s.settled()
	})
}

// giveImage makes an image with some data.
func (s *site) giveImage(image nova.Image) string {
	s.t.Helper()
	images := s.clients.Image.AsService()
	made, err := images.Ensure(s.t.Context(), image)
	s.must(err)
	s.must(images.Upload(s.t.Context(), made.ID, strings.NewReader("an operating system")))
	return made.ID
}

// members are the projects that an image is shared with, and what each says to
// that: empty for an image that isn't shared.
func (s *site) members(id string) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, bundled+"/image/v2/images/"+id+"/members", http.NoBody)
	s.must(err)
	r.Header.Set("X-Auth-Token", nova.CallerOf(s.as("admin")).Token)
	response, err := s.transport.RoundTrip(r)
	s.must(err)
	defer func() { _ = response.Body.Close() }()
	var body struct {
		Members []struct {
			ID     string `json:"member_id"`
			Status string `json:"status"`
		} `json:"members"`
	}
	_ = json.NewDecoder(response.Body).Decode(&body)
	var lines []string
	for _, m := range body.Members {
		lines = append(lines, m.ID+" "+m.Status)
	}
	return strings.Join(lines, "\n")
}

// TestImages_SharedAfterACrash has the API die at each of its requests to the
// image service, and the worker at every step. In the end the server's project
// sees the administrator's image all the same.
func TestImages_SharedAfterACrash(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server, owner := s.boot(s.as("demo")), nova.CallerOf(s.as("demo"))
		finish := func() {
			t.Helper()
			s.clock.advance(2 * lease)
			s.workWith(s.newWorker())
			made := s.imagesOf(server.ID)
			if len(made) != 1 || s.members(made[0].ID) != owner.ProjectID+" pending" {
				t.Fatalf("made %+v", made)
			}
			s.must(s.clients.Image.AsService().Delete(t.Context(), made[0].ID))
		}
		for requests, died := 0, true; died; requests++ {
			ctx, die := context.WithCancel(s.as("admin"))
			left := requests
			s.hooks.set(func(h *hooks) {
				h.request = func(*http.Request) error {
					left--
					if left < 0 {
						die()
					}
					return nil
				}
			})
			_, err := s.api.CreateImage(ctx, s.server(server.ID), "copy", nil)
			s.hooks.set(func(h *hooks) { h.request = nil })
			died = err != nil
			die()
			s.inFlight.Wait()
			finish()
		}
		step, stride := s.deaths()
		for died := true; died; step += stride {
			_, err := s.api.CreateImage(s.as("admin"), s.server(server.ID), "copy", nil)
			s.must(err)
			died = s.dieAt(step)
			finish()
		}
		s.settled()
	})
}

// TestBackup_RotationByAnAdministrator counts the backups of the server's
// project and the administrator's own, and none that a stranger gave the
// properties of a backup.
func TestBackup_RotationByAnAdministrator(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		forged := s.giveImage(nova.Image{
			ID: uuid.NewString(), Name: "forged", Owner: "a stranger's project", DiskFormat: "raw", ContainerFormat: "bare",
			Properties: map[string]string{"image_type": "backup", "backup_type": "daily", "instance_uuid": server.ID},
		})
		var ids []string
		for _, as := range []string{"demo", "admin", "admin"} {
			s.clock.advance(1e9)
			id, err := s.api.CreateBackup(s.as(as), s.server(server.ID), "backup", "daily", 2, nil)
			s.must(err)
			s.work()
			ids = append(ids, id)
		}
		var left []string
		for _, i := range s.images("backup") {
			left = append(left, i.ID)
		}
		if diff := cmp.Diff(ids[1:], left); diff != "" {
			t.Errorf("after the administrator's backups (-want +got):\n%s", diff)
		}
		s.clock.advance(1e9)
		id, err := s.api.CreateBackup(s.as("demo"), s.server(server.ID), "backup", "daily", 0, nil)
		s.must(err)
		s.work()
		if _, err := s.clients.Image.AsService().Show(t.Context(), id); !nova.Is(err, nova.NotFound) {
			t.Errorf("a rotation of 0 kept the backup: %v", err)
		}
		if left := s.images("backup"); len(left) != 2 || s.image(forged).Status != "active" {
			t.Errorf("a member removed the administrator's backups: %v", left)
		}
		s.settled()
	})
}
