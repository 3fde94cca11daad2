package api_test

import (
	"net/url"
	"testing"
)

func TestAssistedVolumeSnapshots(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		const path = "/v2.1/os-assisted-volume-snapshots"
		create := "POST " + path + ` {"snapshot": {"volume_id": "v", "create_info": {"snapshot_id": "s", "type": "qcow2", "new_file": "f", "id": "i"}}}`
		s.Do(create).Want(t, 400, fault("badRequest", "No volume Block Device Mapping with id v."))
		s.Do(create, as("demo")).Want(t, 403, fault("forbidden", "Policy doesn't allow os_compute_api:os-assisted-volume-snapshots:create to be performed."))
		s.Do("POST "+path+` {"snapshot": {"volume_id": "v", "create_info": {"snapshot_id": "s", "type": "raw", "new_file": "f"}}}`).Want(t, 400,
			fault("badRequest", "Invalid input for field/attribute type. Value: raw. 'raw' is not one of ['qcow2']"))

		remove := func(info string) string { return "DELETE " + path + "/s?delete_info=" + url.QueryEscape(info) }
		for info, message := range map[string]string{
			`{"volume_id": "v", "type": "qcow2"}`: "No volume Block Device Mapping with id v.",
			`{"volume_id": 7}`:                    "No volume Block Device Mapping with id 7.",
			`{}`:                                  "'volume_id'", "null": "'volume_id'",
			"x": "delete_info is not a JSON object.", `[1]`: "delete_info is not a JSON object.",
		} {
			s.Do(remove(info)).Want(t, 400, fault("badRequest", message))
		}
		s.Do("DELETE "+path+"/s").Want(t, 400, fault("badRequest", "'delete_info'"))
		s.Do("DELETE "+path+"/s?delete_info={}&delete_info=%7B%22volume_id%22:%22w%22%7D").Want(t, 400, fault("badRequest", "No volume Block Device Mapping with id w."))
		s.Do(remove(`{"volume_id": "v"}`)+"&x=1", at(74)).Want(t, 400, fault("badRequest", "No volume Block Device Mapping with id v."))
		s.Do(remove(`{"volume_id": "v"}`)+"&x=1", at(75)).Want(t, 400, fault("badRequest", "Additional properties are not allowed ('x' was unexpected)"))
		s.Do(remove("x"), as("demo")).Want(t, 403, fault("forbidden", "Policy doesn't allow os_compute_api:os-assisted-volume-snapshots:delete to be performed."))
	})
}

// TestAssistedVolumeSnapshots_Server is the volume of a server: the request is accepted
// where Nova would ask the hypervisor, and refused in all states in which Nova refuses it.
func TestAssistedVolumeSnapshots_Server(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id, volume := s.boot("web", ""), s.ownVolume("demo", false)
		s.attachVolume(id, "", volume).Want(t, 200)
		const path = "/v2.1/os-assisted-volume-snapshots"
		create := func(more string) *reply {
			return s.Do("POST " + path + ` {"snapshot": {"volume_id": "` + volume + `", "create_info": {"snapshot_id": "s", "type": "qcow2", "new_file": "f"` + more + `}}}`)
		}
		remove := func(more string) *reply {
			return s.Do("DELETE " + path + "/s?delete_info=" + url.QueryEscape(`{"volume_id": "`+volume+`"`+more+`}`))
		}
		const merges = `, "merge_target_file": "base"`
		create(`, "id": "i"`).Want(t, 200, whole(`{"snapshot": {"id": "i", "volumeId": "`+volume+`"}}`))
		create("").Want(t, 200, whole(`{"snapshot": {"id": null, "volumeId": "`+volume+`"}}`))
		remove("").Want(t, 204)
		remove(merges).Want(t, 204)
		s.Do(`POST /v2.1/servers/`+id+`/action {"os-stop": null}`).Want(t, 202)
		create("").Want(t, 400, fault("badRequest", "Instance "+id+" in task_state powering-off. Cannot volume_snapshot_create while the instance is in this state."))
		remove("").Want(t, 400, fault("badRequest", "Instance "+id+" in task_state powering-off. Cannot volume_snapshot_delete while the instance is in this state."))
		s.work()
		create("").Want(t, 200)
		remove(merges).Want(t, 400, fault("badRequest", "Instance "+id+" in vm_state stopped. Cannot volume_snapshot_delete while the instance is in this state."))
		s.bring(id, `{"shelve": null}`)
		s.work()
		create("").Want(t, 400, fault("badRequest", "Instance "+id+" is not ready"))
	})
}
