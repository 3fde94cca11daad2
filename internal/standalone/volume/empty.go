package volume

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// emptyRoutes are the reads of what there is none of: groups of volumes, their
// snapshots and their types, and backups. Horizon asks for groups before it shows
// the form for a new volume, and shows none at all if it isn't answered. Skyline
// has a page of backups wherever there are volumes.
func (s *Service) emptyRoutes() []route {
	var routes []route
	for _, k := range []struct {
		since                 version
		path, key, noun, rule string
	}{
		{0, "/backups", "backups", "Backup", "backup:get_all"},
		{11, "/group_types", "group_types", "Group type", "group:get_all"},
		{13, "/groups", "groups", "Group", "group:get_all"},
		{14, "/group_snapshots", "group_snapshots", "GroupSnapshot", "group:get_all"},
	} {
		empty := func(r *http.Request) (kit.Reply, error) {
			caller := nova.CallerOf(r.Context())
			return kit.Reply{Body: object{k.key: []object{}}}, mayRead(caller, caller.ProjectID, k.rule)
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
