package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nova-api/nova-api/internal/samples"
)

// A sample is a reply that must have the keys and the types of one of the API
// samples.
type sample struct {
	file    string // in the folder of the API samples
	request string
	minor   int
	status  int
	free    []string // keys whose values are objects of the users' own keys
}

// conform sends the requests of samples, in their order, and compares.
func (s *site) conform(t *testing.T, all []sample) {
	t.Helper()
	folder, ok := samples.Folder(t)
	if !ok {
		return
	}
	for _, c := range all {
		text, err := os.ReadFile(filepath.Join(folder, c.file))
		if err != nil {
			t.Fatal(err)
		}
		var want any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%s: %v", c.file, err)
		}
		reply := s.Do(c.request, at(c.minor)).Want(t, c.status)
		for _, difference := range shapes("", want, reply.JSON(), c.free) {
			t.Errorf("%s at 2.%d, unlike %s: %s", c.request, c.minor, c.file, difference)
		}
		counted.addSample(c.file)
	}
}

// shapes tells where two JSON values differ in their keys or types. Null goes
// with everything, and only the first items of lists are compared.
func shapes(path string, want, got any, free []string) []string {
	if want == nil || got == nil {
		return nil
	}
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			return objectShapes(path, w, g, free)
		}
	case []any:
		if g, ok := got.([]any); ok {
			if len(w) == 0 || len(g) == 0 {
				return nil
			}
			return shapes(path+"/0", w[0], g[0], free)
		}
	default:
		if fmt.Sprintf("%T", want) == fmt.Sprintf("%T", got) {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s is %T, not %T", path, got, want)}
}

func objectShapes(path string, want, got map[string]any, free []string) []string {
	var differences []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		value, ok := got[key]
		if !ok {
			differences = append(differences, fmt.Sprintf("there is no %s/%s", path, key))
			continue
		}
		if !slices.Contains(free, key) {
			differences = append(differences, shapes(path+"/"+key, want[key], value, free)...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[key]; !ok {
			differences = append(differences, fmt.Sprintf("there should be no %s/%s", path, key))
		}
	}
	return differences
}

func TestSamples_Flavors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.flavors()
		s.Do(`POST /v2.1/flavors/1/os-extra_specs {"extra_specs": {"key1": "v"}}`).Want(t, 200)
		s.Do(`PUT /v2.1/flavors/1 {"flavor": {"description": "x"}}`, at(55)).Want(t, 200)
		create := `POST /v2.1/flavors {"flavor": {"name": "n%d", "ram": 64, "vcpus": 1, "disk": 0}}`
		describe := `PUT /v2.1/flavors/1 {"flavor": {"description": "x"}}`
		var samples []sample
		for minor, folder := range map[int]string{1: "", 55: "v2.55", 61: "v2.61", 75: "v2.75", 102: "v2.102"} {
			samples = append(
				samples,
				sample{filepath.Join("flavors", folder, "flavor-get-resp.json"), "GET /v2.1/flavors/1", minor, 200, []string{"extra_specs"}},
				sample{filepath.Join("flavors", folder, "flavors-list-resp.json"), "GET /v2.1/flavors", minor, 200, nil},
				sample{filepath.Join("flavors", folder, "flavors-detail-resp.json"), "GET /v2.1/flavors/detail", minor, 200, []string{"extra_specs"}},
				sample{filepath.Join("flavor-manage", folder, "flavor-create-post-resp.json"), fmt.Sprintf(create, minor), minor, 200, []string{"extra_specs"}},
			)
			if minor >= 55 {
				samples = append(samples, sample{
					filepath.Join("flavor-manage", folder, "flavor-update-resp.json"), describe, minor, 200, []string{"extra_specs"},
				})
			}
		}
		s.conform(t, append(
			samples,
			sample{"flavor-access/flavor-access-add-tenant-resp.json", `POST /v2.1/flavors/private/action {"addTenantAccess": {"tenant": "` + demoProject + `"}}`, 1, 200, nil},
			sample{"flavor-access/flavor-access-list-resp.json", "GET /v2.1/flavors/private/os-flavor-access", 1, 200, nil},
			sample{"flavor-access/flavor-access-remove-tenant-resp.json", `POST /v2.1/flavors/private/action {"removeTenantAccess": {"tenant": "` + demoProject + `"}}`, 1, 200, nil},
			sample{"flavor-extra-specs/flavor-extra-specs-list-resp.json", "GET /v2.1/flavors/1/os-extra_specs", 1, 200, []string{"extra_specs"}},
			sample{"flavor-extra-specs/flavor-extra-specs-create-resp.json", `POST /v2.1/flavors/1/os-extra_specs {"extra_specs": {"key1": "v"}}`, 1, 200, []string{"extra_specs"}},
		))
	})
}
