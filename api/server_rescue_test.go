package api_test

import (
	"path/filepath"
	"testing"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/samples"
)

// TestRescue boots servers from images that clients choose.
func TestRescue(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		rescue := `{"rescue": {"adminPass": "secret", "rescue_image_ref": "` + cirros + `"}}`
		s.act(id, rescue).Want(t, 200, whole(`{"adminPass": "secret"}`))
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/status", "RESCUE"), has("server/OS-EXT-STS:vm_state", "rescued"), lacks("server/progress"))
		s.Do("GET /v2.1/servers?status=RESCUE", as("demo")).Want(t, 200, has("servers/0/id", id))
		s.act(id, rescue).Want(t, 409, fault("conflictingRequest", "Cannot 'rescue' instance "+id+" while it is in vm_state rescued"))
		s.act(id, `{"unrescue": "what is sent is not looked at"}`).Want(t, 202, empty)
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/status", "ACTIVE"))

		if password := s.act(id, `{"rescue": {}}`).Want(t, 200).String("adminPass"); len(password) != 12 {
			t.Errorf("password %q", password)
		}
		s.act(id, `{"unrescue": null}`).Want(t, 202)
		for body, want := range map[string]string{
			`{"rescue": {"rescue_image_ref": "` + nobodyID + `"}}`: "Requested rescue image '" + nobodyID + "' is not supported",
			`{"rescue": {"rescue_image_ref": "http://image.example/1"}}`: "Invalid input for field/attribute rescue_image_ref. " +
				"Value: http://image.example/1. 'http://image.example/1' is not a 'uuid'",
			`{"rescue": {"image": "x"}}`: "Invalid input for field/attribute rescue. Value: {'image': 'x'}. " +
				"Additional properties are not allowed ('image' was unexpected)",
		} {
			s.act(id, body).Want(t, 400, fault("badRequest", want))
		}
		s.act(nobodyID, rescue).Want(t, 404, fault("itemNotFound", "Instance "+nobodyID+" could not be found."))
		s.act(id, rescue, as("alt")).Want(t, 404, fault("itemNotFound", "Instance "+id+" could not be found."))
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/status", "ACTIVE"))
	})
}

// TestRescue_HiddenPassword is a site that shows no passwords.
func TestRescue_HiddenPassword(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		s.act(s.boot("web", ""), `{"rescue": {"adminPass": "secret"}}`).Want(t, 200, whole(`{}`))
	}, func(o *api.Options, _ *compute.Options) { o.ShowPassword = false })
}

// TestSamples_Rescue compares rescued servers with the API samples.
func TestSamples_Rescue(t *testing.T) {
	t.Parallel()
	folder, ok := samples.Folder(t)
	if !ok {
		return
	}
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", `, "networks": [{"uuid": "`+private+`"}]`)
		for _, minor := range []int{1, 87} {
			compare := func(name, request string) {
				s.alike(t, folder, sample{filepath.Join("os-rescue", inVersion(minor), name), request, minor, 200, []string{"metadata", "addresses", "extra_specs"}})
				s.work()
			}
			compare("server-rescue.json", "POST /v2.1/servers/"+id+`/action {"rescue": {"adminPass": "MySecretPass"}}`)
			compare("server-get-resp-rescue.json", "GET /v2.1/servers/"+id)
			s.act(id, `{"unrescue": null}`).Want(t, 202)
			compare("server-get-resp-unrescue.json", "GET /v2.1/servers/"+id)
		}
	})
}
