package api_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/internal/samples"
	"github.com/nova-api/nova-api/internal/standalone/volume"
)

// TestRebuild sends all that a rebuild may have, at the versions that brought it.
func TestRebuild(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", `, "metadata": {"a": "b"}, "description": "old"`)
		show := "GET /v2.1/servers/" + id
		with := func(more string) string { return `{"rebuild": {"imageRef": "` + cirros + `"` + more + `}}` }
		r := s.Do("POST /v2.1/servers/"+id+"/action "+with(`, "name": "anew", "adminPass": "secret", "metadata": {}, "OS-DCF:diskConfig": "AUTO",
			"accessIPv4": "192.0.2.1", "accessIPv6": "fd00:0::1", "preserve_ephemeral": false, "description": null, "user_data": "dXNlcg==",
			"trusted_image_certificates": ["one"], "hostname": "anew.example"`), as("demo"), at(104)).Want(t, 202,
			has("server/status", "REBUILD"), has("server/name", "anew"), has("server/adminPass", "secret"), has("server/user_data", "dXNlcg=="),
			has("server/description", nil), has("server/OS-EXT-STS:task_state", "rebuilding"), has("server/accessIPv6", "fd00::1"),
			has("server/OS-DCF:diskConfig", "AUTO"), has("server/OS-EXT-SRV-ATTR:hostname", "anew.example"), has("server/progress", 0.0))
		if got := r.header.Get("Location"); got != "http://nova.example/v2.1/servers/"+id {
			t.Errorf("Location %q", got)
		}
		s.Do("POST /v2.1/servers/"+id+"/action "+with(""), as("demo")).Want(t, 409,
			fault("conflictingRequest", "Cannot 'rebuild' instance "+id+" while it is in task_state rebuilding"))
		s.work()
		s.Do(show, as("demo"), at(104)).Want(t, 200, has("server/status", "ACTIVE"), has("server/metadata", map[string]any{}), has("server/trusted_image_certificates/0", "one"))
		s.act(id, with(`, "trusted_image_certificates": null, "user_data": null`), at(63)).Want(t, 202, has("server/trusted_image_certificates", nil), has("server/user_data", nil))
		s.act(id, with(""), at(53)).Want(t, 202, lacks("server/key_name"), lacks("server/user_data"), has("server/name", "anew"))
		s.act(id, with(`, "personality": [{"path": "/etc/motd", "contents": "YQ=="}]`), at(56)).Want(t, 202, has("server/key_name", nil))

		for _, c := range []struct {
			minor int
			more  string
			text  string
		}{
			{1, `, "imageRef": "` + nobodyID + `"`, "Cannot find image for rebuild"},
			{104, `, "key_name": "none"`, "Invalid key_name provided."},
			{18, `, "description": "d"`, "Additional properties are not allowed ('description' was unexpected)"},
			{53, `, "key_name": null`, "Additional properties are not allowed ('key_name' was unexpected)"},
			{57, `, "personality": []`, "Additional properties are not allowed ('personality' was unexpected)"},
			{56, `, "user_data": null`, "Additional properties are not allowed ('user_data' was unexpected)"},
			{62, `, "trusted_image_certificates": null`, "Additional properties are not allowed ('trusted_image_certificates' was unexpected)"},
			{89, `, "hostname": "x"`, "Additional properties are not allowed ('hostname' was unexpected)"},
			{56, `, "personality": [{"contents": "YQ=="}]`, "Bad personality format: missing 'path'"},
			{90, `, "hostname": "x.y"`, "'x.y' does not match"},
		} {
			if r := s.act(id, with(c.more), at(c.minor)).Want(t, 400); !strings.Contains(r.text, c.text) {
				t.Errorf("%s at 2.%d: %s, want %s", c.more, c.minor, r.text, c.text)
			}
		}
		s.act(nobodyID, with("")).Want(t, 404, fault("itemNotFound", "Instance "+nobodyID+" could not be found."))
		s.act(id, with(""), as("alt")).Want(t, 404)
		s.Do("POST /v2/servers/"+id+"/action "+with(`, "name": " padded ", "unknown": 1`), as("demo")).Want(t, 202, has("server/name", "padded"))
	})
}

// TestRebuild_Volume gives a server that boots from a volume another image, which only
// clients since 2.93 may ask for.
func TestRebuild_Volume(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.bootVolume("web")
		other := s.Image(`POST /images {"name": "other", "disk_format": "raw", "container_format": "bare"}`, as("demo")).Want(t, 201).String("id")
		s.Image("PUT /images/"+other+"/file other", as("demo"), header("Content-Type", "application/octet-stream")).Want(t, 204)
		rebuild := `{"rebuild": {"imageRef": "` + other + `"}}`
		s.act(id, rebuild, at(92)).Want(t, 400, fault("badRequest",
			"Image "+other+" is unacceptable: Unable to rebuild with a different image for a volume-backed server."))
		s.act(id, rebuild, at(93)).Want(t, 202, has("server/status", "REBUILD"), has("server/image", ""))
		s.work()
		shown := s.Do("GET /v2.1/servers/"+id, as("demo"), at(98)).Want(t, 200, has("server/status", "ACTIVE"), has("server/image", ""))
		kept := s.service(volume.Path+"/v3", "GET /volumes/"+shown.String("server/os-extended-volumes:volumes_attached/0/id"), as("demo"))
		kept.Want(t, 200, has("volume/volume_image_metadata/image_id", other), has("volume/status", "in-use"))
	})
}

// bootVolume makes a server that boots from a volume, and gives its ID. The block storage
// service goes on in the background.
func (s *cloudSite) bootVolume(name string) string {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	go func() { done <- s.volumes.Run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		must(s.t, <-done)
	})
	return s.boot(name, `, "imageRef": "", "block_device_mapping_v2": [{"uuid": "`+cirros+`", "source_type": "image",
		"destination_type": "volume", "boot_index": 0, "volume_size": 1, "delete_on_termination": true}]`)
}

// TestSamples_Rebuild compares the replies with the API samples of all versions.
func TestSamples_Rebuild(t *testing.T) {
	t.Parallel()
	folder, ok := samples.Folder(t)
	if !ok {
		return
	}
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", `, "metadata": {"a": "b"}, "networks": [{"uuid": "`+private+`"}]`)
		for _, minor := range append(minorsIn(t, filepath.Join(folder, "servers")), 1) {
			file := filepath.Join("servers", inVersion(minor), "server-action-rebuild-resp.json")
			if !exists(folder, file) {
				continue
			}
			request := "POST /v2.1/servers/" + id + `/action {"rebuild": {"imageRef": "` + cirros + `", "name": "web", "adminPass": "secret"}}`
			s.alike(t, folder, sample{file, request, minor, 202, []string{"metadata", "addresses", "extra_specs", "properties", "scheduler_hints"}})
			s.work()
		}
	})
}
