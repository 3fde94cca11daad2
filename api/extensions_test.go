package api_test

import "testing"

func TestExtensions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		list := s.Do("GET /v2.1/extensions", as("reader")).Want(t, 200, has("extensions/0/alias", "NMN"))
		if n := list.Len("extensions"); n != 99 {
			t.Errorf("%d extensions", n)
		}
		if n := s.Do("GET /v2/extensions", as("reader")).Want(t, 200).Len("extensions"); n != 100 {
			t.Errorf("%d extensions of /v2", n)
		}
		s.Do("GET /v2.1/extensions/os-keypairs", as("reader")).Want(t, 200, whole(`{"extension": {
			"alias": "os-keypairs", "name": "Keypairs", "description": "Keypairs", "links": [],
			"namespace": "http://docs.openstack.org/compute/ext/fake_xml", "updated": "2014-12-03T00:00:00Z"}}`))
		s.Do("GET /v2.1/extensions/OS-EXT-VIF-NET", as("reader")).Want(t, 404)
		s.Do("GET /v2/extensions/OS-EXT-VIF-NET", as("reader")).Want(t, 200)
		s.Do("GET /v2.1/extensions/nope", as("reader")).Want(t, 404, fault("itemNotFound", "The resource could not be found."))
		s.Do("GET /v2.1/extensions?x=1", at(102)).Want(t, 400)
	})
}

func TestSamples_Extensions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.conform(t, []sample{
			{"extension-info/extensions-list-resp.json", "GET /v2.1/extensions", 1, 200, nil},
			{"extension-info/extensions-get-resp.json", "GET /v2.1/extensions/os-agents", 1, 200, nil},
			{"extension-info/extensions-list-resp-v21-compatible.json", "GET /v2/extensions", 0, 200, nil},
		})
	})
}
