package api_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/internal/standalone/volume"
)

// attachVolume has a volume attached to a server, and gives the answer once the work is
// done.
func (s *cloudSite) attachVolume(id, more, volume string, options ...option) *reply {
	s.t.Helper()
	defer s.work()
	defer s.working()()
	return s.Do("POST /v2.1/servers/"+id+`/os-volume_attachments {"volumeAttachment": {"volumeId": "`+volume+`"`+more+`}}`, append([]option{as("demo")}, options...)...)
}

func TestVolumeAttachments(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id, volume, other := s.boot("web", ""), s.ownVolume("demo", false), s.ownVolume("demo", false)
		path := "/v2.1/servers/" + id + "/os-volume_attachments"
		s.Do("GET "+path, as("demo")).Want(t, 200, whole(`{"volumeAttachments": []}`))
		s.attachVolume(id, "", volume).Want(t, 200, whole(`{"volumeAttachment": {
			"id": "`+volume+`", "serverId": "`+id+`", "volumeId": "`+volume+`", "device": "/dev/vdb"}}`))
		s.attachVolume(id, `, "device": "/dev/sdx", "tag": "t", "delete_on_termination": true`, other, at(100)).Want(t, 200, whole(`{"volumeAttachment": {
			"id": "`+other+`", "serverId": "`+id+`", "volumeId": "`+other+`", "device": "/dev/vdx", "tag": "t", "delete_on_termination": true}}`))
		newest := s.Do("GET "+path+"/"+other, as("demo"), at(89))
		attachment, mapping := newest.String("volumeAttachment/attachment_id"), newest.String("volumeAttachment/bdm_uuid")
		plain := `"volumeId": "` + other + `", "serverId": "` + id + `", "device": "/dev/vdx"`
		for minor, want := range map[int]string{
			1:  `"id": "` + other + `", ` + plain,
			70: `"id": "` + other + `", ` + plain + `, "tag": "t"`,
			79: `"id": "` + other + `", ` + plain + `, "tag": "t", "delete_on_termination": true`,
			89: plain + `, "tag": "t", "delete_on_termination": true, "attachment_id": "` + attachment + `", "bdm_uuid": "` + mapping + `"`,
		} {
			s.Do("GET "+path+"/"+other, as("demo"), at(minor)).Want(t, 200, whole(`{"volumeAttachment": {`+want+`}}`))
			s.Do("GET "+path+"?offset=1&limit=5", as("demo"), at(minor)).Want(t, 200, whole(`{"volumeAttachments": [{`+want+`}]}`))
		}
		shown := s.Do("GET /v2.1/servers/"+id, as("demo"), at(3))
		if n := shown.Len("server/os-extended-volumes:volumes_attached"); n != 2 {
			t.Errorf("the server shows %d volumes: %s", n, shown.text)
		}
		s.conformAttachments(t, path, other)
		s.Do("PUT "+path+"/"+other+` {"volumeAttachment": {"volumeId": "`+other+`", "delete_on_termination": false}}`, as("demo"), at(85)).Want(t, 202)
		s.Do("GET "+path+"/"+other, as("demo"), at(79)).Want(t, 200, has("volumeAttachment/delete_on_termination", false))
		s.detachVolume(path+"/"+volume).Want(t, 202)
		s.Do("GET "+path+"/"+volume, as("demo")).Want(t, 404, fault("itemNotFound", "Instance "+id+" is not attached to volume "+volume))
		if reply := s.attachVolume(id, "", volume, at(101)).Want(t, 202); reply.text != "" {
			t.Errorf("since 2.101 there is no body: %s", reply.text)
		}
	})
}

// TestVolumeAttachments_Swap puts another volume in the place of one that the block storage
// service moves. That is for administrators; since 2.85 a body without another volume swaps
// nothing.
func TestVolumeAttachments_Swap(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id, first, second, third := s.boot("web", ""), s.ownVolume("demo", false), s.ownVolume("demo", false), s.ownVolume("demo", false)
		path := "/v2.1/servers/" + id + "/os-volume_attachments"
		s.attachVolume(id, "", first).Want(t, 200)
		swap := func(from, more, to string, options ...option) *reply {
			s.service(volume.Path+"/v3", "POST /volumes/"+from+`/action {"os-reset_status": {"migration_status": "starting"}}`)
			defer s.work()
			defer s.working()()
			return s.Do("PUT "+path+"/"+from+` {"volumeAttachment": {"volumeId": "`+to+`"`+more+`}}`, options...)
		}
		swap(first, "", second, as("demo")).Want(t, 403)
		swap(first, "", nobodyID).Want(t, 400, fault("badRequest", "Volume "+nobodyID+" could not be found."))
		swap(first, "", first).Want(t, 400, fault("badRequest", "Invalid volume: New volume must be detached in order to swap."))
		if r := swap(first, "", second).Want(t, 202); r.text != "" {
			t.Errorf("there is a body: %s", r.text)
		}
		swap(second, `, "delete_on_termination": true`, third, at(85)).Want(t, 202)
		s.Do("GET "+path, as("demo"), at(79)).Want(t, 200, whole(`{"volumeAttachments": [{"id": "`+third+`", "volumeId": "`+third+`",
			"serverId": "`+id+`", "device": "/dev/vdb", "tag": null, "delete_on_termination": true}]}`))
		s.Do("GET "+path+"/"+first, as("demo")).Want(t, 404)
		s.Do("GET /v2.1/servers/"+id+"/os-instance-actions", as("demo")).Want(t, 200, has("instanceActions/0/action", "swap_volume"))
	})
}

// detachVolume has a volume taken from a server, and gives the answer once the work is
// done.
func (s *cloudSite) detachVolume(path string, options ...option) *reply {
	s.t.Helper()
	defer s.work()
	defer s.working()()
	return s.Do("DELETE "+path, append([]option{as("demo")}, options...)...)
}

func (s *cloudSite) conformAttachments(t *testing.T, path, volume string) {
	t.Helper()
	var all []sample
	for minor, folder := range map[int]string{1: "", 49: "v2.49", 70: "v2.70", 79: "v2.79", 85: "v2.85", 89: "v2.89", 101: "v2.101"} {
		folder = filepath.Join("os-volume_attachments", folder)
		all = append(
			all,
			sample{filepath.Join(folder, "list-volume-attachments-resp.json"), "GET " + path, minor, 200, nil},
			sample{filepath.Join(folder, "volume-attachment-detail-resp.json"), "GET " + path + "/" + volume, minor, 200, nil},
		)
	}
	s.conform(t, all)
}

func TestVolumeAttachments_Refused(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id, volume, free, alien := s.boot("web", ""), s.ownVolume("demo", false), s.ownVolume("demo", false), s.ownVolume("alt", false)
		path := "/v2.1/servers/" + id + "/os-volume_attachments"
		s.attachVolume(id, "", volume).Want(t, 200)
		s.attachVolume(id, "", volume).Want(t, 400, fault("badRequest", "Invalid volume: volume "+volume+" is already attached to instances: "+id))
		s.attachVolume(id, "", alien).Want(t, 404, fault("itemNotFound", "Volume "+alien+" could not be found."))
		s.attachVolume(id, `, "device": "/dev/vdb"`, free).Want(t, 409, fault("conflictingRequest", "The supplied device path (/dev/vdb) is in use."))
		s.attachVolume(id, `, "tag": "t"`, free, at(48)).Want(t, 400)
		s.attachVolume(id, "", free, as("reader")).Want(t, 403)
		s.attachBehind(free)
		if text := s.attachVolume(id, "", free).Want(t, 400).String("badRequest/message"); !strings.HasPrefix(text, "Invalid input received: Invalid volume: Volume "+free+
			" status must be available or downloading to reserve, but the current status is in-use. (HTTP 400)") {
			t.Errorf("a volume that others have: %s", text)
		}
		for body, message := range map[string]string{
			`"id": "` + free + `"`:       "The id property is not mutable",
			`"serverId": "` + free + `"`: "The serverId property is not mutable",
			`"device": "/dev/vdc"`:       "The device property is not mutable",
			`"device": null`:             "The device property is not mutable",
			`"tag": "other"`:             "The tag property is not mutable",
		} {
			s.Do("PUT "+path+"/"+volume+` {"volumeAttachment": {"volumeId": "`+volume+`", `+body+`}}`, as("demo"), at(85)).Want(t, 400, fault("badRequest", message))
		}
		s.Do("PUT "+path+"/"+volume+` {"volumeAttachment": {"volumeId": "`+free+`"}}`, as("demo"), at(85)).Want(t, 403)
		s.Do("PUT "+path+"/"+volume+` {"volumeAttachment": {"volumeId": "`+free+`"}}`, as("admin")).Want(t, 409,
			fault("conflictingRequest", "volume "+volume+" is not migrating; this API should only be called by Cinder"))
		s.Do("PUT "+path+"/"+free+` {"volumeAttachment": {"volumeId": "`+free+`"}}`, as("demo"), at(85)).Want(t, 404,
			fault("itemNotFound", "No volume Block Device Mapping with id "+free+"."))
		s.detachVolume(path+"/"+free).Want(t, 404, fault("itemNotFound", "Instance "+id+" is not attached to volume "+free))
		s.detachVolume(path+"/"+nobodyID).Want(t, 404, fault("itemNotFound", "Volume "+nobodyID+" could not be found."))
		s.bring(id, `{"shelve": null}`)
		s.work()
		s.detachVolume(path+"/"+volume).Want(t, 409, fault("conflictingRequest", "Cannot 'detach_volume' instance "+id+" while it is in vm_state shelved_offloaded"))
		s.attachVolume(id, `, "tag": "t"`, s.ownVolume("demo", false), at(49)).Want(t, 400,
			fault("badRequest", "Tagged volume attachment is not supported for shelved-offloaded instances."))
		s.attachVolume(id, "", s.ownVolume("demo", false), at(20)).Want(t, 200, has("volumeAttachment/device", nil))
		s.detachVolume(path+"/"+volume, at(20)).Want(t, 202)
	})
}
