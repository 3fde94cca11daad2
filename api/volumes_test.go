package api_test

import (
	"testing"

	"github.com/nova-api/nova-api/internal/standalone/volume"
)

func TestVolumes(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		const path = "/v2.1/os-volumes"
		made := s.Do("POST "+path+` {"volume": {"size": "2", "display_name": "data", "metadata": {"a": "b"}}}`, as("demo")).Want(t, 200)
		id := made.String("volume/id")
		if got := made.header.Get("Location"); got != "http://nova.example"+path+"/"+id {
			t.Errorf("Location: %s", got)
		}
		must(t, s.volumes.Work(t.Context()))
		shown := s.Do("GET "+path+"/"+id, as("demo"))
		created := shown.String("volume/createdAt")
		plain := `"id": "` + id + `", "size": 2, "availabilityZone": "nova", "createdAt": "` + created +
			`", "displayName": "data", "displayDescription": null, "volumeType": "__DEFAULT__", "snapshotId": null, "metadata": `
		free := `{` + plain + `{"a": "b"}, "status": "available", "attachments": [{}]}`
		shown.Want(t, 200, whole(`{"volume": `+free+`}`))
		for _, list := range []string{path, path + "/detail"} {
			s.Do("GET "+list, as("demo")).Want(t, 200, whole(`{"volumes": [`+free+`]}`))
			s.Do("GET "+list+"?offset=1", as("demo")).Want(t, 200, whole(`{"volumes": []}`))
			s.Do("GET "+list, as("alt")).Want(t, 200, whole(`{"volumes": []}`))
			s.Do("GET "+list, as("demo"), at(36)).Want(t, 404)
		}
		s.attachBehind(id)
		s.Do("GET "+path+"/"+id, as("demo")).Want(t, 200, whole(`{"volume": {`+plain+`{"a": "b"}, "status": "in-use",
			"attachments": [{"id": "`+id+`", "volumeId": "`+id+`", "serverId": "`+nobodyID+`", "device": "/dev/vdb"}]}}`))
		s.conform(t, []sample{
			{"os-volumes/os-volumes-get-resp.json", "GET " + path + "/" + id, 1, 200, []string{"metadata"}},
			{"os-volumes/os-volumes-detail-resp.json", "GET " + path + "/detail", 1, 200, []string{"metadata"}},
			{"os-volumes/os-volumes-index-resp.json", "GET " + path, 1, 200, []string{"metadata"}},
		})
		if text := s.Do("DELETE "+path+"/"+id, as("demo")).Want(t, 400).String("badRequest/message"); len(text) < 60 || text[:41] != "Invalid input received: Invalid volume: V" {
			t.Errorf("a volume in use: %q", text)
		}
		s.Do("DELETE "+path+"/"+s.ownVolume("demo", false), as("demo")).Want(t, 202)
	})
}

// attachBehind gives a volume to a server that there isn't.
func (s *cloudSite) attachBehind(id string) {
	s.t.Helper()
	const base = volume.Path + "/v3"
	complete := header("OpenStack-API-Version", "volume 3.44")
	attachment := s.service(base, `POST /attachments {"attachment": {"volume_uuid": "`+id+`", "instance_uuid": "`+nobodyID+
		`", "connector": {"host": "h", "mountpoint": "/dev/vdb"}}}`, complete).Want(s.t, 200).String("attachment/id")
	s.service(base, `POST /attachments/`+attachment+`/action {"os-complete": null}`, complete).Want(s.t, 204)
}

func TestVolumes_Refusals(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.ownVolume("demo", false)
		for _, test := range []struct {
			who, request string
			status       int
			message      string
		}{
			{"alt", "GET /v2.1/os-volumes/" + id, 404, "Volume " + id + " could not be found."},
			{"alt", "DELETE /v2.1/os-volumes/" + id, 404, "Volume " + id + " could not be found."},
			{"demo", "GET /v2.1/os-snapshots/" + id, 404, "Snapshot " + id + " could not be found."},
			{"demo", "DELETE /v2.1/os-snapshots/" + id, 404, "Snapshot " + id + " could not be found."},
			{"demo", `POST /v2.1/os-volumes {"volume": {"size": 1, "snapshot_id": "` + nobodyID + `"}}`, 404, "Snapshot " + nobodyID + " could not be found."},
			{"demo", `POST /v2.1/os-volumes {"volume": {"size": 100000, "volume_type": "none", "snapshot_id": "` + nobodyID + `"}}`, 404, "Snapshot " + nobodyID + " could not be found."},
			{"alt", `POST /v2.1/os-snapshots {"snapshot": {"volume_id": "` + id + `"}}`, 404, "Volume " + id + " could not be found."},
			{"demo", `POST /v2.1/os-volumes {"volume": {"size": 100000}}`, 403, "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. " +
				"Requested 100000G, quota is 1000G and 1G has been consumed."},
		} {
			name := map[int]string{404: "itemNotFound", 403: "forbidden"}[test.status]
			s.Do(test.request, as(test.who)).Want(t, test.status, fault(name, test.message))
		}
		s.Do(`POST /v2.1/os-volumes {"volume": {"size": 0}}`, as("demo")).Want(t, 400)
		s.Do(`POST /v2.1/os-volumes {"volume": {}}`, as("demo")).Want(t, 400)
		s.Do(`POST /v2.1/os-volumes {"volume": {"size": 1}}`, as("reader")).Want(t, 403)
	})
}

func TestVolumeSnapshots(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		const path = "/v2.1/os-snapshots"
		of := s.ownVolume("demo", false)
		body := ` {"snapshot": {"volume_id": "` + of + `", "display_name": "s", "display_description": "d", "force": "True"}}`
		id := s.Do("POST "+path+body, as("demo")).Want(t, 200, has("snapshot/status", "creating")).String("snapshot/id")
		must(t, s.volumes.Work(t.Context()))
		shown := s.Do("GET "+path+"/"+id, as("demo"))
		one := `{"id": "` + id + `", "volumeId": "` + of + `", "status": "available", "size": 1, "createdAt": "` + shown.String("snapshot/createdAt") +
			`", "displayName": "s", "displayDescription": "d"}`
		shown.Want(t, 200, whole(`{"snapshot": `+one+`}`))
		for _, list := range []string{path, path + "/detail"} {
			s.Do("GET "+list, as("demo")).Want(t, 200, whole(`{"snapshots": [`+one+`]}`))
			s.Do("GET "+list, as("alt")).Want(t, 200, whole(`{"snapshots": []}`))
		}
		s.conform(t, []sample{
			{"os-snapshots/snapshots-show-resp.json", "GET " + path + "/" + id, 1, 200, nil},
			{"os-snapshots/snapshots-list-resp.json", "GET " + path, 1, 200, nil},
			{"os-snapshots/snapshots-detail-resp.json", "GET " + path + "/detail", 1, 200, nil},
			{"os-snapshots/snapshot-create-resp.json", "POST " + path + ` {"snapshot": {"volume_id": "` + s.ownVolume("demo", false) + `", "display_name": "x", "display_description": "y"}}`, 1, 200, nil},
		})
		s.Do("DELETE "+path+"/"+id, as("demo")).Want(t, 202)
		must(t, s.volumes.Work(t.Context()))
		s.Do("GET "+path+"/"+id, as("demo")).Want(t, 404)
		s.Do("GET "+path, as("demo"), at(36)).Want(t, 404)
	})
}
