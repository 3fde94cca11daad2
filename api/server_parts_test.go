package api_test

import (
	"strings"
	"testing"
)

func TestServerMetadata(t *testing.T) {
	t.Parallel()
	const mismatch, unknown = "Request body and URI mismatch", "Metadata item was not found"
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", `, "metadata": {"a": "1"}`)
		path := "/v2.1/servers/" + id + "/metadata"
		s.Do("GET "+path, as("reader")).Want(t, 200, whole(`{"metadata": {"a": "1"}}`))
		s.Do("POST "+path+` {"metadata": {"b": "2"}}`, as("demo")).Want(t, 200, whole(`{"metadata": {"a": "1", "b": "2"}}`))
		s.Do("PUT "+path+` {"metadata": {"c": "3"}}`, as("demo")).Want(t, 200, whole(`{"metadata": {"c": "3"}}`))
		s.Do("GET "+path+"/c", as("reader")).Want(t, 200, whole(`{"meta": {"c": "3"}}`))
		s.Do("GET "+path+"/a", as("reader")).Want(t, 404, fault("itemNotFound", unknown))
		s.Do("PUT "+path+`/c {"meta": {"c": "4"}}`, as("demo")).Want(t, 200, whole(`{"meta": {"c": "4"}}`))
		s.Do("PUT "+path+`/a%20b {"meta": {"a b": "5"}}`, as("demo")).Want(t, 200)
		s.Do("PUT "+path+`/c {"meta": {"d": "4"}}`, as("demo")).Want(t, 400, fault("badRequest", mismatch))
		s.Do("DELETE "+path+"/c", as("demo")).Want(t, 204, empty)
		s.Do("DELETE "+path+"/c", as("demo")).Want(t, 404, fault("itemNotFound", unknown))
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/metadata", map[string]any{"a b": "5"}))
		s.Do("DELETE "+path, as("demo")).Want(t, 404)
		s.Do("PUT "+path+` {"metadata": {}}`, as("demo")).Want(t, 200, whole(`{"metadata": {}}`))

		const tooMany = "Maximum number of metadata items exceeds 128"
		s.Do("POST "+path+` {"metadata": {`+items(128)+`}}`, as("demo")).Want(t, 200)
		s.Do("POST "+path+` {"metadata": {"x": ""}}`, as("demo")).Want(t, 403, fault("forbidden", tooMany))
		s.Do("PUT "+path+`/x {"meta": {"x": ""}}`, as("demo")).Want(t, 403, fault("forbidden", tooMany))
		s.Do("PUT "+path+`/k1 {"meta": {"k1": ""}}`, as("demo")).Want(t, 200)
		s.Do("PUT "+path+` {"metadata": {`+items(129)+`}}`, as("demo")).Want(t, 403, fault("forbidden", tooMany))
		s.Do("PUT "+path+` {"metadata": {"a": "1"}}`, as("demo")).Want(t, 200)

		for _, c := range []struct{ request, rule string }{
			{"POST " + path + ` {"metadata": {}}`, "create"},
			{"PUT " + path + ` {"metadata": {}}`, "update_all"},
			{"PUT " + path + `/a {"meta": {"a": ""}}`, "update"},
			{"DELETE " + path + "/a", "delete"},
		} {
			s.Do(c.request, as("alt")).Want(t, 404, fault("itemNotFound", "Instance "+id+" could not be found."))
			s.Do(c.request, as("reader")).Want(t, 403, fault("forbidden", "Policy doesn't allow os_compute_api:server-metadata:"+c.rule+" to be performed."))
		}
		s.act(id, `{"lock": null}`).Want(t, 202)
		s.Do("POST "+path+` {"metadata": {"b": ""}}`, as("demo")).Want(t, 409, fault("conflictingRequest", "Instance "+id+" is locked"))
		s.Do("DELETE "+path+"/a", as("demo")).Want(t, 409)
		s.Do("DELETE "+path+"/b", as("demo")).Want(t, 404)
		s.act(id, `{"unlock": null}`).Want(t, 202)
		s.Do("POST /v2.1/servers/"+id+`/action {"os-resetState": {"state": "error"}}`).Want(t, 202)
		s.Do("PUT "+path+`/a {"meta": {"a": ""}}`, as("demo")).Want(t, 409,
			fault("conflictingRequest", "Cannot 'update metadata' instance "+id+" while it is in vm_state error"))
		s.Do("DELETE "+path+"/a", as("demo")).Want(t, 409,
			fault("conflictingRequest", "Cannot 'delete metadata' instance "+id+" while it is in vm_state error"))
	})
}

func TestServerTags(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		path := "/v2.1/servers/" + id + "/tags"
		s.Do("GET "+path, as("reader"), at(25)).Want(t, 404, fault("itemNotFound", "The resource could not be found."))
		s.Do("GET "+path, as("reader"), at(26)).Want(t, 200, whole(`{"tags": []}`))
		added := s.Do("PUT "+path+"/b", as("demo"), at(26)).Want(t, 201, empty)
		if got := added.header.Get("Location"); got != "http://nova.example"+path+"/b" {
			t.Errorf("Location %q", got)
		}
		if got := s.Do("PUT "+path+"/b", as("demo"), at(26)).Want(t, 204, empty).header.Get("Location"); got != "" {
			t.Errorf("Location %q of a tag that was there", got)
		}
		s.Do("GET "+path+"/b", as("reader"), at(26)).Want(t, 204, empty)
		s.Do("GET "+path+"/a", as("reader"), at(26)).Want(t, 404, fault("itemNotFound", "Server "+id+" has no tag 'a'"))
		s.Do("PUT "+path+` {"tags": ["z", "a", "z"]}`, as("demo"), at(26)).Want(t, 200, whole(`{"tags": ["a", "z"]}`))
		s.Do("GET /v2.1/servers/"+id, as("demo"), at(26)).Want(t, 200, has("server/tags", []string{"a", "z"}))
		s.Do("DELETE "+path+"/b", as("demo"), at(26)).Want(t, 404, fault("itemNotFound", "Instance "+id+" has no tag 'b'"))
		s.Do("DELETE "+path+"/a", as("demo"), at(26)).Want(t, 204, empty)
		s.Do("DELETE "+path, as("demo"), at(26)).Want(t, 204, empty)
		s.Do("GET "+path, as("demo"), at(26)).Want(t, 200, whole(`{"tags": []}`))

		for tag, complaint := range map[string]string{"a,b": "'a,b' does not match '^[^,/]*$'", strings.Repeat("x", 61): "'" + strings.Repeat("x", 61) + "' is too long"} {
			s.Do("PUT "+path+"/"+tag, as("demo"), at(26)).Want(t, 400, fault("badRequest",
				"Tag '"+tag+"' is invalid. It must be a non empty string without characters '/' and ','. Validation error message: "+complaint))
		}
		full := `{"tags": [` + strings.TrimSuffix(strings.Repeat(`"%", `, 50), ", ") + `]}`
		for i := range 50 {
			full = strings.Replace(full, "%", "t"+string(rune('A'+i/26))+string(rune('a'+i%26)), 1)
		}
		s.Do("PUT "+path+" "+full, as("demo"), at(26)).Want(t, 200)
		for _, tag := range []string{"new", "tAa"} {
			s.Do("PUT "+path+"/"+tag, as("demo"), at(26)).Want(t, 400, fault("badRequest", "The number of tags exceeded the per-server limit 50"))
		}
		for _, c := range []struct{ request, rule, word string }{
			{"PUT " + path + "/new", "update", "update tag"},
			{"PUT " + path + ` {"tags": []}`, "update_all", "update tags"},
			{"DELETE " + path + "/tAa", "delete", "delete tag"},
			{"DELETE " + path, "delete_all", "delete tags"},
		} {
			for _, caller := range []string{"alt", "reader"} {
				s.Do(c.request, as(caller), at(26)).Want(t, 403, fault("forbidden", "Policy doesn't allow os_compute_api:os-server-tags:"+c.rule+" to be performed."))
			}
			s.Do("POST /v2.1/servers/"+id+`/action {"os-resetState": {"state": "error"}}`).Want(t, 202)
			s.Do(c.request, as("demo"), at(26)).Want(t, 409,
				fault("conflictingRequest", "Cannot '"+c.word+"' instance "+id+" while it is in vm_state error"))
		}
		s.Do("POST /v2.1/servers/"+id+`/action {"os-resetState": {"state": "active"}}`).Want(t, 202)
		s.act(id, `{"lock": null}`).Want(t, 202)
		s.Do("DELETE "+path, as("demo"), at(26)).Want(t, 204) // locks don't keep tags
	})
}

// TestServerTags_Mapped tells servers apart that never were, that are gone, and
// that are another project's, as Nova does by their mappings to cells.
func TestServerTags_Mapped(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		gone := s.boot("gone", `, "tags": ["a"]`)
		s.Do("DELETE /v2.1/servers/"+gone, as("demo")).Want(t, 204)
		s.work()
		for request, rule := range map[string]string{
			"GET /tags": "index", `PUT /tags {"tags": []}`: "update_all", "DELETE /tags": "delete_all",
			"GET /tags/a": "show", "PUT /tags/a": "update", "DELETE /tags/a": "delete",
		} {
			of := func(id string) string { return strings.Replace(request, " ", " /v2.1/servers/"+id, 1) }
			for _, caller := range []string{"demo", "alt", "reader", "admin"} {
				for _, id := range []string{nobodyID, "bad"} {
					s.Do(of(id), as(caller), at(26)).Want(t, 404, fault("itemNotFound", "Instance "+id+" has no mapping to a cell."))
				}
			}
			for _, caller := range []string{"demo", "admin"} {
				s.Do(of(gone), as(caller), at(26)).Want(t, 404, fault("itemNotFound", "Instance "+gone+" could not be found."))
			}
			s.Do(of(gone), as("alt"), at(26)).Want(t, 403, fault("forbidden", "Policy doesn't allow os_compute_api:os-server-tags:"+rule+" to be performed."))
		}
	})
}

func TestInstanceActions(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		stop := s.act(id, `{"os-stop": null}`, header("X-OpenStack-Request-ID", "req-00000000-0000-4000-8000-000000000000")).Want(t, 202)
		request := stop.header["x-compute-request-id"][0] //nolint:staticcheck // Nova writes it so
		path := "/v2.1/servers/" + id + "/os-instance-actions"
		s.Do("GET "+path, as("reader")).Want(t, 200, listed("instanceActions", "action", "stop", "create"),
			has("instanceActions/0/request_id", request), has("instanceActions/0/user_id", "demo-user"), has("instanceActions/0/project_id", demoProject),
			has("instanceActions/0/message", nil), lacks("instanceActions/0/updated_at", "links"))
		one := "GET " + path + "/" + request
		s.Do(one, as("reader"), at(50)).Want(t, 200, has("instanceAction/action", "stop"), lacks("instanceAction/events"))
		s.Do(one, as("reader"), at(51)).Want(t, 200, has("instanceAction/events/0/event", "compute_stop_instance"), has("instanceAction/events/0/result", "Success"),
			lacks("instanceAction/events/0/traceback", "instanceAction/events/0/host"))
		s.Do(one, as("reader"), at(104)).Want(t, 200, lacks("instanceAction/events/0/host", "instanceAction/events/0/details", "instanceAction/events/0/traceback"))
		s.Do(one).Want(t, 200, has("instanceAction/events/0/traceback", nil), lacks("instanceAction/events/0/host"))
		s.Do(one, at(104)).Want(t, 200, has("instanceAction/events/0/details", nil))
		if host := s.Do(one, at(62)).String("instanceAction/events/0/host"); !strings.HasPrefix(host, "fake-") {
			t.Errorf("event on host %q", host)
		}
		s.Do("GET "+path+"/req-1", as("demo")).Want(t, 404, fault("itemNotFound", "Action req-1 not found"))
		for _, p := range []string{path, path + "/" + request} {
			s.Do("GET "+p, as("alt"), at(104)).Want(t, 404, fault("itemNotFound", "Instance "+id+" could not be found."))
		}

		first := s.Do("GET "+path+"?limit=1", as("demo"), at(58)).Want(t, 200, listed("instanceActions", "action", "stop"),
			has("links/0/href", "http://nova.example"+path+"?limit=1&marker="+request))
		second := strings.TrimPrefix(first.String("links/0/href"), "http://nova.example")
		s.Do("GET "+second, as("demo"), at(58)).Want(t, 200, listed("instanceActions", "action", "create"))
		s.Do("GET "+path+"?limit=1", as("demo"), at(57)).Want(t, 200, listed("instanceActions", "action", "stop", "create"))
		s.Do("GET "+path+"?marker=nope", as("demo"), at(58)).Want(t, 400, fault("badRequest", "Marker None could not be found."))
		s.Do("GET "+path+"?marker=", as("demo"), at(58)).Want(t, 400, fault("badRequest", "Marker None could not be found."))
		s.Do("GET "+path+"?marker=", as("demo"), at(57)).Want(t, 200)
		s.Do("GET "+path+"?changes-since=2099-01-01T00:00:00Z", as("demo"), at(58)).Want(t, 200, whole(`{"instanceActions": []}`))
		s.Do("GET "+path+"?changes-before=2099-01-01T00:00:00Z", as("demo"), at(66)).Want(t, 200, listed("instanceActions", "action", "stop", "create"))
		s.Do("GET "+path+"?changes-since=2099-01-01T00:00:00Z&changes-before=2020-01-01T00:00:00Z", as("demo"), at(66)).Want(t, 400,
			fault("badRequest", "The value of changes-since must be less than or equal to changes-before."))
		s.Do("GET "+path+"?foo=1", as("demo"), at(57)).Want(t, 200)
		s.Do("GET "+path+"?foo=1", as("demo"), at(58)).Want(t, 400)

		s.Do("DELETE /v2.1/servers/"+id, as("demo")).Want(t, 204)
		s.work()
		s.Do("GET "+path, as("demo"), at(20)).Want(t, 404)
		s.Do("GET "+path, as("demo"), at(21)).Want(t, 200, listed("instanceActions", "action", "delete", "stop", "create"))
		s.Do(one, as("demo"), at(20)).Want(t, 404)
		s.Do(one, as("demo"), at(21)).Want(t, 200)
	})
}
