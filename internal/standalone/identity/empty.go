package identity

import (
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// emptyRoutes are the lists of things that this service knows of and never has.
// Clients such as Horizon ask for them, and show that there are none.
func (s *Service) emptyRoutes() []route {
	routes := []route{
		{"GET", "/v3/groups", "identity:list_groups", canReadAll, none("groups")},
		{"GET", "/v3/groups/{group_id}", "identity:get_group", canReadAll, noGroup},
		{"GET", "/v3/users/{user_id}/groups", "identity:list_groups_for_user", either(canReadAll, self), s.ofUser(none("groups"))},
		{"GET", "/v3/users/{user_id}/application_credentials", "identity:list_application_credentials", either(canReadAll, self), s.ofUser(none("application_credentials"))},
		{"GET", "/v3/users/{user_id}/credentials/OS-EC2", "identity:ec2_list_credentials", either(canReadAll, self), s.ofUser(none("credentials"))},
		{"GET", "/v3/policies", "identity:list_policies", canReadAll, none("policies")},
		{"GET", "/v3/OS-EP-FILTER/endpoint_groups", "identity:list_endpoint_groups", canReadAll, none("endpoint_groups")},
	}
	for path, plural := range map[string]string{
		"/v3/credentials": "credentials", "/v3/limits": "limits", "/v3/registered_limits": "registered_limits", "/v3/OS-TRUST/trusts": "trusts",
	} { // Keystone shows everybody their own
		routes = append(routes, route{"GET", path, "", anyCaller, none(plural)})
	}
	return append(routes, route{"GET", "/v3/limits/model", "", anyCaller, limitModel})
}

// none is a handler for a list with nothing in it.
func none(plural string) func(*request) (kit.Reply, error) {
	return func(r *request) (kit.Reply, error) { return r.list(plural, []object{}, nil), nil }
}

// ofUser looks up the user that a path names before it answers.
func (s *Service) ofUser(answer func(*request) (kit.Reply, error)) func(*request) (kit.Reply, error) {
	return func(r *request) (kit.Reply, error) {
		if _, err := s.store.Users.Get(r.Context(), r.param("user_id")); err != nil {
			return kit.Reply{}, err
		}
		return answer(r)
	}
}

// noGroup is the answer for every group.
func noGroup(r *request) (kit.Reply, error) {
	return kit.Reply{}, nova.Errorf(nova.NotFound, "Could not find group: %s.", r.param("group_id"))
}

// limitModel says how limits on projects are enforced: Keystone's default.
func limitModel(*request) (kit.Reply, error) {
	return kit.Reply{Body: object{"model": object{
		"name": "flat", "description": "Limit enforcement and validation does not take project hierarchy into consideration.",
	}}}, nil
}
