package api_test

import "testing"

func TestBaremetalNodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		const path = "/v2.1/os-baremetal-nodes"
		for request, command := range map[string]string{
			"POST " + path + ` {"node": {}}`:                    "node-create",
			"DELETE " + path + "/n":                             "node-delete",
			"POST " + path + `/n/action {"add_interface": 1}`:   "port-create",
			"POST " + path + `/n/action {"remove_interface":0}`: "port-delete",
		} {
			s.Do(request, as("reader"), at(35)).Want(t, 400,
				fault("badRequest", "Command not supported. Please use Ironic command "+command+" to perform this action."))
			s.Do(request, as("reader"), at(36)).Want(t, 404)
		}
		for request, rule := range map[string]string{"GET " + path: "list", "GET " + path + "/n": "show"} {
			s.Do(request).Want(t, 501, fault("notImplemented", "The requested functionality is not supported."))
			s.Do(request, as("manager")).Want(t, 403, fault("forbidden", "Policy doesn't allow os_compute_api:os-baremetal-nodes:"+rule+" to be performed."))
		}
	})
}
