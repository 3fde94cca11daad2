package volume

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// groupRoutes are the reads of groups of volumes, of their snapshots and of their
// types: there are none. Horizon asks for them before it shows the form for a new
// volume, and shows none at all if it isn't answered.
func (s *Service) groupRoutes() []route {
	var routes []route
	for _, k := range []struct {
		since           version
		path, key, noun string
	}{
		{11, "/group_types", "group_types", "Group type"},
		{13, "/groups", "groups", "Group"},
		{14, "/group_snapshots", "group_snapshots", "GroupSnapshot"},
	} {
		empty := func(r *http.Request) (kit.Reply, error) {
			caller := nova.CallerOf(r.Context())
			return kit.Reply{Body: object{k.key: []object{}}}, mayRead(caller, caller.ProjectID, "group:get_all")
		}
		routes = append(
			routes,
			route{"GET", k.path, k.since, empty},
			route{"GET", k.path + "/detail", k.since, empty},
			route{"GET", k.path + "/{id}", k.since, func(r *http.Request) (kit.Reply, error) {
				return kit.Reply{}, nova.Errorf(nova.NotFound, "%s %s could not be found.", k.noun, chi.URLParam(r, "id"))
			}},
		)
	}
	return routes
}
