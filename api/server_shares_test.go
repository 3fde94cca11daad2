package api_test

import "testing"

// TestServerShares holds the refusals in Nova's order: the server, policy, its state,
// and at last that there is no such share and that no host can attach one.
func TestServerShares(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		path := "/v2.1/servers/" + id + "/shares"
		create := "POST " + path + ` {"share": {"share_id": "` + nobodyID + `", "tag": "docs-1"}}`
		state := func(word, state string) check {
			return fault("conflictingRequest", "Cannot '"+word+"' instance "+id+" while it is in vm_state "+state)
		}
		missing := fault("itemNotFound", "Share "+nobodyID+" could not be found.")
		s.Do("GET "+path, as("reader"), at(97)).Want(t, 200, whole(`{"shares": []}`))
		s.Do("GET "+path+"/"+nobodyID, as("reader"), at(97)).Want(t, 404, missing)
		s.Do(create, as("demo"), at(97)).Want(t, 409, state("create share", "active"))
		s.Do("DELETE "+path+"/"+nobodyID, as("demo"), at(97)).Want(t, 409, state("delete share", "active"))

		s.Do("POST /v2.1/servers/"+id+`/action {"os-resetState": {"state": "error"}}`).Want(t, 202)
		s.Do(create, as("demo"), at(97)).Want(t, 409, state("create share", "error"))
		s.Do("DELETE "+path+"/"+nobodyID, as("demo"), at(97)).Want(t, 404, missing)
		s.bring(id, `{"os-resetState": {"state": "active"}}`)
		s.bring(id, `{"os-stop": null}`)
		s.Do(create, as("demo"), at(97)).Want(t, 409,
			fault("conflictingRequest", "Feature not supported because either compute or instance are not configured correctly."))
		s.Do("DELETE "+path+"/"+nobodyID, as("demo"), at(97)).Want(t, 404, missing)

		for _, body := range []string{
			`{"share": {"share_id": "x"}}`, `{"share": {"share_id": "` + nobodyID + `", "tag": ""}}`, `{"share": {"share_id": "` + nobodyID + `", "tag": "a b"}}`, `{"share": {}}`,
		} {
			s.Do("POST "+path+" "+body, as("demo"), at(97)).Want(t, 400)
		}
		s.Do("GET "+path+"?x=1", at(97)).Want(t, 400)
		for request, rule := range map[string]string{"GET " + path: "index", "GET " + path + "/x": "show", create: "create", "DELETE " + path + "/x": "delete"} {
			s.Do(request, as("alt"), at(97)).Want(t, 403, fault("forbidden", "Policy doesn't allow os_compute_api:os-server-shares:"+rule+" to be performed."))
			s.Do(request, at(96)).Want(t, 404)
		}
		s.Do("GET /v2.1/servers/"+nobodyID+"/shares", at(97)).Want(t, 404, fault("itemNotFound", "Instance "+nobodyID+" has no mapping to a cell."))
		s.conform(t, []sample{{"os-server-shares/v2.97/server-shares-list-resp.json", "GET " + path, 97, 200, nil}})
		s.Do("DELETE /v2.1/servers/"+id, as("demo")).Want(t, 204)
		s.work()
		for _, request := range []string{"GET " + path, "GET " + path + "/x", create, "DELETE " + path + "/x"} {
			s.Do(request, as("demo"), at(97)).Want(t, 404, fault("itemNotFound", "Instance "+id+" could not be found."))
		}
	})
}
