package api

import (
	"slices"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/internal/nova"
)

// unsorted are keys that once could be asked for, and sorted nothing.
var unsorted = []string{
	"architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted", "deleted_at",
	"disable_terminate", "ephemeral_gb", "ephemeral_key_uuid", "id", "key_data", "launched_on", "memory_mb", "os_type",
	"reservation_id", "root_gb", "shutdown_terminate", "user_data", "vcpus", "vm_mode",
}

// adminSorts are keys that tell where servers are.
var adminSorts = []string{"host", "node"}

// serverSort reads a list's order: sort keys and directions go in pairs. A
// direction that is missing is the first one given, or descending.
func serverSort(r *rest.Request) ([]nova.Sort, error) {
	keys, directions := r.Query()["sort_key"], r.Query()["sort_dir"]
	if len(keys) == 0 && len(directions) == 0 {
		return nil, nil
	}
	if len(directions) > max(len(keys), 1) {
		return nil, nova.Errorf(nova.Invalid, "Invalid input received: Sort direction size exceeds sort key size")
	}
	standard := "desc"
	if len(directions) > 0 {
		standard = directions[0]
	}
	var sorts []nova.Sort
	for i, key := range keys {
		if skipSort(r, key) {
			continue
		}
		if slices.Contains(adminSorts, key) && !r.IsAdmin() {
			return nil, nova.Errorf(nova.Forbidden, "Only administrators can sort servers by %s", key)
		}
		direction := standard
		if i < len(directions) {
			direction = directions[i]
		}
		if direction != "asc" && direction != "desc" {
			return nil, nova.Errorf(nova.Invalid, "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'")
		}
		sorts = append(sorts, nova.Sort{Key: key, Desc: direction == "desc"})
	}
	return ended(sorts, standard == "desc"), nil
}

func skipSort(r *rest.Request, key string) bool {
	return slices.Contains(unsorted, key) || key == "locked" && !r.AtLeast(73)
}

// ended adds the keys that make an order complete.
func ended(sorts []nova.Sort, desc bool) []nova.Sort {
	if len(sorts) > 0 {
		desc = sorts[0].Desc
	}
	for _, key := range []string{"created_at", "id"} {
		if !slices.ContainsFunc(sorts, func(s nova.Sort) bool { return s.Key == key }) {
			sorts = append(sorts, nova.Sort{Key: key, Desc: desc})
		}
	}
	return sorts
}
