package api_test

import (
	"testing"
)

// flavor creates one and gives its ID.
func (s *site) flavor(body string) string {
	s.t.Helper()
	return s.Do(`POST /v2.1/flavors {"flavor": `+body+`}`).Want(s.t, 200).String("flavor/id")
}

func TestFlavors_Show(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.flavor(`{"id": "1", "name": "m1.tiny", "ram": 512, "vcpus": 1, "disk": 1}`)
		s.Do("GET /v2.1/flavors/1", as("reader")).Want(t, 200, whole(`{"flavor": {
			"id": "1", "name": "m1.tiny", "ram": 512, "disk": 1, "swap": "", "OS-FLV-EXT-DATA:ephemeral": 0,
			"OS-FLV-DISABLED:disabled": false, "vcpus": 1, "os-flavor-access:is_public": true, "rxtx_factor": 1.0,
			"links": [
				{"rel": "self", "href": "http://nova.example/v2.1/flavors/1"},
				{"rel": "bookmark", "href": "http://nova.example/flavors/1"}
			]}}`))
		s.Do("GET /v2.1/flavors/1", as("reader"), at(61)).Want(t, 200, has("flavor/extra_specs", map[string]any{}), has("flavor/description", nil))
		s.Do("GET /v2.1/flavors/1", as("reader"), at(102)).Want(t, 200).Lacks(t, "flavor/rxtx_factor", "flavor/OS-FLV-DISABLED:disabled")
		s.Do("GET /v2.1/flavors/nope", as("reader")).Want(t, 404, fault("itemNotFound", "Flavor nope could not be found."))
	})
}
