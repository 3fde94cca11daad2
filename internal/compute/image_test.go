package compute_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// TestImages makes an image in each way, and looks at what it has become.
func TestImages(t *testing.T) {
	t.Parallel()
	type testCase struct {
		queued string
		midst  []string
		kind   string
		props  map[string]string // beyond those of every image of a server
		record string
	}
	eachCase(t, map[compute.Verb]testCase{
		compute.Snapshot: {
			"active image_snapshot_pending",
			[]string{"snapshot: active image_pending_upload", "upload: active image_uploading"},
			"snapshot", nil,
			"createImage: compute_snapshot_instance",
		},
		compute.Backup: {
			"active image_backup",
			[]string{"snapshot: active image_pending_upload", "upload: active image_uploading"},
			"backup",
			map[string]string{"backup_type": "daily"},
			"createBackup: compute_backup_instance",
		},
		compute.BackupInstance: {
			"active image_backup",
			[]string{"snapshot: active image_pending_upload", "upload: active image_uploading"},
			"backup",
			map[string]string{"description": "before the storm"},
			"backup_instance: compute_backup_instance",
		},
	}, func(t *testing.T, s *site, verb compute.Verb, c testCase) {
		ctx := s.as("demo")
		server := s.boot(ctx)
		description := "before the storm"
		var id string
		var err error
		ctx = s.as("demo")
		switch verb {
		case compute.Snapshot:
			id, err = s.api.CreateImage(ctx, server, "copy", map[string]string{"mine": "yes"})
		case compute.Backup:
			id, err = s.api.CreateBackup(ctx, server, "copy", "daily", 1, map[string]string{"mine": "yes"})
		default:
			id, err = s.api.BackupInstance(ctx, server, "copy", &description)
		}
		s.must(err)
		s.wantStates(server.ID, c.queued)
		if begun := s.image(id); begun.Status != "queued" || begun.Name != "copy" {
			t.Errorf("begun: %+v", begun)
		}
		seen := s.watch()
		s.work()
		s.wantStates(server.ID, "active")
		if diff := cmp.Diff(c.midst, *seen); diff != "" {
			t.Errorf("in the midst (-want +got):\n%s", diff)
		}
		lines := s.record(server.ID)
		if lines[len(lines)-1] != c.record {
			t.Errorf("record %q", lines)
		}
		made, caller := s.image(id), nova.CallerOf(ctx)
		want := nova.Image{
			ID: id, Name: "copy", Owner: server.ProjectID, Status: "active", Visibility: "private", DiskFormat: "raw", ContainerFormat: "bare",
			MinDisk: 1, Size: made.Size, CreatedAt: made.CreatedAt, UpdatedAt: made.UpdatedAt, Properties: map[string]string{
				"image_type": c.kind, "instance_uuid": server.ID, "user_id": server.UserID, "base_image_ref": cirros,
				"boot_roles": strings.Join(caller.Roles, ","), "owner_user_name": "demo", "owner_project_name": "demo",
			},
		}
		maps.Copy(want.Properties, c.props)
		if verb != compute.BackupInstance {
			want.Properties["mine"] = "yes"
		}
		if diff := cmp.Diff(want, made); diff != "" {
			t.Errorf("image (-want +got):\n%s", diff)
		}
		disk, err := s.local.Driver(server.Host).(virt.Snapshotter).Snapshot(t.Context(), server)
		s.must(err)
		if s.data(id) != readAll(t, disk.Data) {
			t.Error("the image has other data than the server's disk")
		}
		s.settled()
	})
}

func (s *site) image(id string) nova.Image {
	s.t.Helper()
	i, err := s.clients.Image.AsService().Show(s.t.Context(), id)
	s.must(err)
	return i
}

// images finds images by name, oldest first.
func (s *site) images(name string) []nova.Image {
	s.t.Helper()
	all, err := s.clients.Image.AsService().List(s.t.Context(), cloud.ImageQuery{})
	s.must(err)
	slices.Reverse(all)
	return slices.DeleteFunc(all, func(i nova.Image) bool { return i.Name != name })
}

// data is what an image holds.
func (s *site) data(id string) string {
	s.t.Helper()
	data, err := s.clients.Image.AsService().Download(s.t.Context(), id)
	s.must(err)
	return readAll(s.t, data)
}

func readAll(t *testing.T, data io.ReadCloser) string {
	t.Helper()
	defer func() { _ = data.Close() }()
	text, err := io.ReadAll(data)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestBackup_Rotation keeps the newest of a type, and what is of another type,
// or of none, or of another server.
func TestBackup_Rotation(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server, other := s.boot(s.as("demo")), s.boot(s.as("demo"))
		var ids []string
		backup := func(server nova.Server, kind string, rotation int) {
			id, err := s.api.CreateBackup(s.as("demo"), s.server(server.ID), "backup", kind, rotation, nil)
			s.must(err)
			s.work()
			s.clock.advance(time.Minute)
			ids = append(ids, id)
		}
		backup(server, "daily", 2) // 0: goes
		backup(server, "weekly", 1)
		backup(other, "daily", 1)
		_, err := s.api.BackupInstance(s.as("demo"), s.server(server.ID), "of no type", nil)
		s.must(err)
		s.work()
		backup(server, "daily", 2)
		backup(server, "daily", 2)
		var left []string
		for _, i := range s.images("backup") {
			left = append(left, i.ID)
		}
		if diff := cmp.Diff(ids[1:], left); diff != "" || len(s.images("of no type")) != 1 {
			t.Errorf("left (-want +got):\n%s", diff)
		}
		backup(server, "daily", 0) // keeps none, the new one included
		if left := s.images("backup"); len(left) != 2 {
			t.Errorf("%d are left", len(left))
		}
		s.settled()
	})
}

// TestBackup_RotationWithinASecond keeps the new backup, although the image service
// can't tell which of them is older.
func TestBackup_RotationWithinASecond(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		for range 8 {
			id, err := s.api.CreateBackup(s.as("demo"), s.server(server.ID), "backup", "daily", 1, nil)
			s.must(err)
			s.work()
			if left := s.images("backup"); len(left) != 1 || left[0].ID != id {
				t.Errorf("%d backups are left, the new one is not alone", len(left))
			}
		}
		s.settled()
	})
}

// TestImages_VolumeBacked is what can't be backed up.
func TestImages_VolumeBacked(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		server := s.boot(s.as("demo"))
		server = s.put(server.ID, db.ServerChange{ImageID: new("")})
		_, err := s.api.CreateBackup(s.as("demo"), server, "backup", "daily", 1, nil)
		wantRefusal(t, err, nova.Invalid, "Backup is not supported for volume-backed instances.")
		s.settled()
	})
}

// errUnanswered is a request that doesn't reach its service.
var errUnanswered = errors.New("connection refused")

// TestImages_ServiceAway has the image service go away at each of its requests
// in turn: for a while, which the work outlasts, and for good, which it doesn't.
func TestImages_ServiceAway(t *testing.T) {
	t.Parallel()
	type testCase struct {
		concerns func(r *http.Request) bool
		refusal  bool // the client is told
	}
	begun := func(*http.Request) bool { return true }
	eachCase(t, map[string]testCase{
		"when it is begun": {begun, true},
		"when it is ensured": {func(r *http.Request) bool {
			return r.Method == http.MethodPost
		}, false},
		"when it is uploaded": {func(r *http.Request) bool { return r.Method == http.MethodPut }, false},
		"when others are rotated": {func(r *http.Request) bool {
			return r.Method == http.MethodGet && r.URL.Query().Get("instance_uuid") != ""
		}, false},
	}, func(t *testing.T, s *site, _ string, c testCase) {
		for _, times := range []int{2, 1000} {
			away := func() {
				left := times
				s.hooks.set(func(h *hooks) {
					h.request = func(r *http.Request) error {
						if strings.HasPrefix(r.URL.Path, "/image/") && c.concerns(r) && left > 0 {
							left--
							return errUnanswered
						}
						return nil
					}
				})
			}
			server, ctx := s.boot(s.as("demo")), s.as("demo")
			if c.refusal {
				away()
			}
			id, err := s.api.CreateBackup(ctx, server, "backup", "daily", 1, nil)
			if c.refusal {
				wantRefusal(t, err, nova.Unavailable, "The image service is temporarily unavailable.")
				s.hooks.set(func(h *hooks) { h.request = nil })
				if number := s.work(); number != 0 {
					t.Errorf("%d actions were left", number)
				}
				s.wantStates(server.ID, "active")
				s.settled()
				continue
			}
			s.must(err)
			away()
			s.work()
			for range 4 {
				s.clock.advance(9 * lease) // longer than the longest pause
				s.work()
			}
			s.hooks.set(func(h *hooks) { h.request = nil })
			s.wantStates(server.ID, "active")
			done := s.actions(server.ID)
			if failed := done[len(done)-1].Message != nil; failed != (times > 2) {
				t.Errorf("away %d times: record %q", times, s.record(server.ID))
			}
			if times == 2 && s.image(id).Status != "active" {
				t.Errorf("image %+v", s.image(id))
			}
			s.settled()
		}
	})
}

// TestImages_UploadUnderWay waits for the end of another upload of the image.
func TestImages_UploadUnderWay(t *testing.T) {
	t.Parallel()
	eachSite(t, func(t *testing.T, s *site) {
		for _, completes := range []bool{false, true} {
			server := s.boot(s.as("demo"))
			id, err := s.api.BackupInstance(s.as("demo"), server, "backup", nil)
			s.must(err)
			data, source := io.Pipe()
			ended := make(chan error)
			go func() { ended <- s.clients.Image.AsService().Upload(t.Context(), id, data) }()
			_, err = source.Write([]byte("an earlier attempt's")) // which the service has read when that returns
			s.must(err)
			s.work()
			s.wantStates(server.ID, "active image_uploading")
			if completes {
				s.must(source.Close())
			} else {
				s.must(source.CloseWithError(errUnanswered))
			}
			if err := <-ended; (err == nil) != completes {
				t.Errorf("other upload: %v", err)
			}
			s.inFlight.Wait()
			s.clock.advance(2 * lease)
			s.work()
			s.wantStates(server.ID, "active")
			if earlier := s.data(id) == "an earlier attempt's"; earlier != completes {
				t.Errorf("data of the earlier attempt: %v, want %v", earlier, completes)
			}
			s.settled()
		}
	})
}
