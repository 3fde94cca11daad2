package api

import (
	"slices"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// unsorted are sort keys of old that no longer sort by anything. They are
// accepted until 2.74.
var unsorted = []string{
	"architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted", "deleted_at",
	"disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id", "key_data", "launched_on", "memory_mb", "os_type",
	"reservation_id", "root_gb", "shutdown_terminate", "user_data", "vcpus", "vm_mode",
}

// adminSorts are the sort keys that would give away where servers run.
var adminSorts = []string{"host", "node"}

// serverSort reads a list's order. Sort keys and directions go in pairs; a
// direction that is missing is the first one given, or descending. A key that
// sorts by nothing takes its direction with it, and if no key is left, the
// order is the usual one.
//
// none reports that /v2, which has no schema for lists, was asked for a key
// that does not exist, and finds nothing.
func serverSort(r *rest.Request) (sorts []nova.Sort, none bool, err error) {
	keys, directions := r.Query()["sort_key"], r.Query()["sort_dir"]
	if len(keys) == 0 {
		keys = []string{"created_at"}
	}
	if len(directions) > len(keys) {
		return nil, false, nova.Errorf(nova.Invalid, "Invalid input received: Sort direction size exceeds sort key size")
	}
	directions = directionsFor(directions, len(keys))
	for i := range keys {
		key, direction := strings.TrimSpace(keys[i]), strings.TrimSpace(directions[i])
		switch {
		case skipSort(r, key):
			continue
		case slices.Contains(adminSorts, key) && !r.IsAdmin():
			return nil, false, nova.Errorf(nova.Forbidden, "Only administrators can sort servers by %s", key)
		case !db.SortsServers(key):
			return nil, true, nil // where there is a schema, it has refused the key
		case direction != "asc" && direction != "desc":
			return nil, false, nova.Errorf(nova.Invalid, "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'")
		}
		sorts = append(sorts, nova.Sort{Key: key, Desc: direction == "desc"})
	}
	return totalOrder(sorts), false, nil
}

// directionsFor returns a direction for each of a number of keys.
func directionsFor(directions []string, keys int) []string {
	standard := "desc"
	if len(directions) > 0 {
		standard = directions[0]
	}
	all := slices.Clone(directions)
	for len(all) < keys {
		all = append(all, standard)
	}
	return all
}

// skipSort reports whether a key sorts by nothing at the request's version.
func skipSort(r *rest.Request, key string) bool {
	return slices.Contains(unsorted, key) || key == "locked" && !r.AtLeast(73)
}

// totalOrder adds the keys that make an order total, in the direction of the
// first. Without a total order, pages could overlap. No keys at all stay none.
func totalOrder(sorts []nova.Sort) []nova.Sort {
	if len(sorts) == 0 {
		return nil
	}
	desc := sorts[0].Desc
	for _, key := range []string{"created_at", "id"} {
		if !slices.ContainsFunc(sorts, func(s nova.Sort) bool { return s.Key == key }) {
			sorts = append(sorts, nova.Sort{Key: key, Desc: desc})
		}
	}
	return sorts
}
