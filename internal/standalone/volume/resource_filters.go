package volume

import (
	"net/http"

	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// poolFilters are the filters of lists of pools. Of all types there are volumes on the
// one pool, whatever type is asked for.
var poolFilters = []string{"name", "volume_type"}

// filterRoutes are the calls about the filters of lists.
func (s *Service) filterRoutes() []route {
	return []route{{"GET", "/resource_filters", 33, s.listFilters}}
}

// listFilters shows by what everybody may filter lists: what Cinder reads from its
// resource_filters.json, of which this is the default.
//
// GET /resource_filters (3.33) answers 200, with resource= for one kind of list.
func (s *Service) listFilters(r *http.Request) (kit.Reply, error) {
	views, query := []object{}, r.URL.Query()
	for _, one := range []struct {
		resource string
		filters  []string
	}{
		{"volume", memberFilters(volumeFilters)},
		{"snapshot", memberFilters(snapshotFilters)},
		{"attachment", memberFilters(attachmentFilters)},
		{"message", memberFilters(messageFilters)},
		{"volume_type", memberFilters(typeFilters)},
		{"pool", poolFilters},
	} {
		if !query.Has("resource") || query.Get("resource") == one.resource {
			views = append(views, object{"resource": one.resource, "filters": one.filters})
		}
	}
	return kit.Reply{Body: object{"resource_filters": views}}, nil
}
