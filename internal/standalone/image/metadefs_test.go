package image_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/imagedb"
)

const flavorType, imageType, volumeType = "OS::Nova::Flavor", "OS::Glance::Image", "OS::Cinder::Volume"

// withoutStore is a cloud for what asks the store nothing, so one database is
// enough.
func withoutStore(t *testing.T) cloud {
	t.Helper()
	return newCloud(t, imagedb.New(dbtest.Open(t, dbtest.SQLite(t)).DB), t.TempDir())
}

// TestMetadefs reads the definitions as Horizon and the command line do. The
// statuses and the words are those of a Glance that was given the same files.
func TestMetadefs(t *testing.T) {
	t.Parallel()
	c := withoutStore(t)
	const quota, pinning = "/v2/metadefs/namespaces/OS::Compute::Quota", "/v2/metadefs/namespaces/OS::Compute::CPUPinning"
	for _, k := range []struct {
		call   string
		status int
		part   string
	}{
		{"GET /v2/metadefs/namespaces", 200, `"first":"/v2/metadefs/namespaces"`},
		{"GET /v2/metadefs/namespaces?limit=1000", 200, `"resource_type_associations":[{"created_at":"2026-11-25T00:00:00Z","name":"OS::Glance::Image","prefix":"hw_"`},
		{"GET /v2/metadefs/namespaces?limit=0", 200, `"namespaces":[]`},
		{"GET /v2/metadefs/namespaces?visibility=private", 200, `"namespaces":[]`},
		{"GET /v2/metadefs/namespaces?resource_types=OS::X", 200, `"namespaces":[]`},
		{"GET /v2/metadefs/namespaces?limit=-1", 400, "limit param must be positive"},
		{"GET /v2/metadefs/namespaces?limit=x", 400, "limit param must be an integer"},
		{"GET /v2/metadefs/namespaces?marker=nope", 404, "Metadata definition namespace=nope was not found."},
		{"GET /v2/metadefs/namespaces?visibility=x", 400, "Invalid visibility value: x"},
		{"GET /v2/metadefs/namespaces?sort_dir=x", 400, "Invalid sort direction: x"},
		{"GET /v2/metadefs/namespaces?sort_key=x", 400, "Invalid sort key: x."},
		{"GET " + quota, 200, `"self":"/v2/metadefs/namespaces/OS::Compute::Quota"`},
		{"GET /v2/metadefs/namespaces/OS%3A%3ACompute%3A%3AQuota", 200, `"namespace":"OS::Compute::Quota"`},
		{"GET " + quota, 200, `"quota:cpu_period":{"description":"The length in microseconds of the periods in which CPU time is given out.","maximum":1000000,"minimum":1000,`},
		{"GET /v2/metadefs/namespaces/nope", 404, "Metadata definition namespace=nope was not found."},
		{"GET " + pinning + "?resource_type=" + flavorType, 200, `"properties":{"hw:cpu_policy":{`},
		{"GET " + pinning + "?resource_type=" + imageType, 200, `"properties":{"hw_cpu_policy":{`},
		{"GET " + pinning + "?resource_type=OS::X", 200, `"properties":{"cpu_policy":{`},
		{"GET " + pinning + "/properties", 200, `{"properties":{"cpu_policy":{`},
		{"GET " + quota + "/properties", 200, `{"properties":{}}`},
		{"GET " + pinning + "/properties/cpu_policy", 200, `"enum":["shared","dedicated"],"name":"cpu_policy"`},
		{"GET " + pinning + "/properties/hw:cpu_policy?resource_type=" + flavorType, 200, `"name":"cpu_policy"`},
		{"GET " + pinning + "/properties/cpu_policy?resource_type=" + flavorType, 404, "Property cpu_policy does not start with the expected resource type association prefix of 'hw:'."},
		{"GET " + quota + "/properties/x?resource_type=" + flavorType, 404, "association prefix of 'None'."},
		{"GET " + quota + "/properties/x?resource_type=" + imageType, 404, "association of resource-type=OS::Glance::Image to namespace=OS::Compute::Quota, was not found."},
		{"GET " + quota + "/properties/x?resource_type=OS::X", 404, "The metadata definition resource-type with name=OS::X, was not found."},
		{"GET " + quota + "/properties/x", 404, "Could not find property x"},
		{"GET " + quota + "/objects", 200, `"schema":"v2/schemas/metadefs/objects"`},
		{"GET " + pinning + "/objects", 200, `"objects":[]`},
		{"GET " + quota + "/objects/CPU%20Limits", 200, `"required":[],"schema":"/v2/schemas/metadefs/object","self":"/v2/metadefs/namespaces/OS::Compute::Quota/objects/CPU Limits"`},
		{"GET " + quota + "/objects/x", 404, "Could not find metadata object x"},
		{"GET " + quota + "/tags", 200, `{"tags":[]}`},
		{"GET " + quota + "/tags/x", 404, "Could not find metadata tag x"},
		{"GET " + pinning + "/resource_types", 200, `"prefix":"hw_","properties_target":"image"`},
		{"GET /v2/metadefs/namespaces/nope/objects", 404, "Metadata definition namespace=nope was not found."},
		{"GET /v2/metadefs/namespaces/nope/properties", 404, "Namespace nope not found"},
		{"GET /v2/metadefs/namespaces/nope/resource_types", 404, "Namespace nope not found"},
		{"GET /v2/metadefs/resource_types", 200, `"name":"OS::Nova::Aggregate"`},
		{"GET /v2/metadefs", 404, "The resource could not be found."},
		{"GET /v2/schemas/metadefs/x", 404, "The resource could not be found."},
	} {
		c.want(k.status, k.part, "reader", k.call, "")
	}
	for name, part := range map[string]string{
		"namespace": `"name":"namespace"`, "namespaces": `"name":"namespaces"`, "resource_type": `"name":"resource_type_association"`,
		"resource_types": `"name":"resource_type_associations"`, "property": `"name":"property"`, "properties": `"name":"properties"`,
		"object": `"name":"object"`, "objects": `"name":"objects"`, "tag": `"name":"tag"`, "tags": `"name":"tags"`,
	} {
		c.want(200, part, "demo", "GET /v2/schemas/metadefs/"+name, "")
	}
}

// TestMetadefs_Pages walks the namespaces of a kind of thing, page by page.
func TestMetadefs_Pages(t *testing.T) {
	t.Parallel()
	c := withoutStore(t)
	walk := func(query string) (names []string) {
		for path := "/v2/metadefs/namespaces?limit=4&" + query; path != ""; {
			page := c.want(200, "", "demo", "GET "+path, "")
			list, _ := page.body["namespaces"].([]any)
			for _, item := range list {
				namespace, _ := item.(map[string]any)
				names = append(names, namespace["namespace"].(string))
			}
			path, _ = page.body["next"].(string)
		}
		return names
	}
	all, flavors := walk(""), walk("resource_types="+flavorType)
	if len(all) < 20 || !slices.IsSorted(all) || len(flavors) < 10 || len(flavors) >= len(all) {
		t.Errorf("all %v\nof flavors %v", all, flavors)
	}
	down := walk("sort_key=namespace&sort_dir=desc")
	slices.Reverse(down)
	if !slices.Equal(down, all) {
		t.Errorf("downwards: %v", down)
	}
	if both := walk("resource_types=" + flavorType + "," + imageType); len(both) <= len(flavors) {
		t.Errorf("of flavors and images: %v", both)
	}
	if volumes := walk("resource_types=" + volumeType); !slices.Contains(volumes, "OS::Compute::Watchdog") {
		t.Errorf("of volumes: %v", volumes)
	}
}

// TestMetadefs_CannotBeWritten by anybody, in the words of Glance's policy.
func TestMetadefs_CannotBeWritten(t *testing.T) {
	t.Parallel()
	c := withoutStore(t)
	const quota = "/v2/metadefs/namespaces/OS::Compute::Quota"
	for call, rule := range map[string]string{
		"POST /v2/metadefs/namespaces": "add_metadef_namespace", "PUT " + quota: "modify_metadef_namespace", "DELETE " + quota: "delete_metadef_namespace",
		"POST " + quota + "/objects": "add_metadef_object", "DELETE " + quota + "/objects": "delete_metadef_namespace",
		"PUT " + quota + "/objects/CPU%20Limits": "modify_metadef_object", "DELETE " + quota + "/objects/CPU%20Limits": "delete_metadef_object",
		"POST " + quota + "/properties": "add_metadef_property", "DELETE " + quota + "/properties": "delete_metadef_namespace",
		"POST " + quota + "/resource_types":                    "add_metadef_resource_type_association",
		"DELETE " + quota + "/resource_types/OS::Nova::Flavor": "remove_metadef_resource_type_association",
		"POST " + quota + "/tags":                              "add_metadef_tags", "POST " + quota + "/tags/x": "add_metadef_tag",
	} {
		for _, as := range []string{"reader", "demo", "admin"} {
			c.want(403, "You are not authorized to complete "+rule+" action.", as, call, "{}")
		}
	}
	for call, allow := range map[string]string{
		"PATCH " + quota: "GET, PUT, DELETE", "POST /v2/metadefs/resource_types": "GET", "PUT /v2/schemas/metadefs/tag": "GET", "DELETE /v2/images": "GET, POST",
	} {
		method, _, _ := strings.Cut(call, " ")
		got := c.want(405, "The method "+method+" is not allowed for this resource. ", "admin", call, "{}")
		if got.header.Get("Allow") != allow {
			t.Errorf("%s: allowed are %q", call, got.header.Get("Allow"))
		}
	}
}

// TestMetadefs_Files holds the files to what Glance demands of definitions.
func TestMetadefs_Files(t *testing.T) {
	t.Parallel()
	type property struct {
		Title, Description, Type string
		Enum, Operators          []any
		Items                    map[string]any
	}
	type namespace struct {
		Namespace, Description string
		DisplayName            string `json:"display_name"`
		Visibility             string
		Properties             map[string]property
		Objects                []struct {
			Name, Description string
			Properties        map[string]property
		}
	}
	types := []string{"array", "boolean", "integer", "number", "object", "string"}
	files, err := filepath.Glob("metadefs/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	check := func(file string, properties map[string]property) {
		for name, p := range properties {
			if name == "" || utf8.RuneCountInString(name) > 80 || p.Title == "" || p.Description == "" || !slices.Contains(types, p.Type) {
				t.Errorf("%s: %s is %+v", file, name, p)
			}
			if (p.Type == "array") != (p.Items != nil) || p.Type == "array" && len(p.Operators) == 0 {
				t.Errorf("%s: %s has items %v and operators %v", file, name, p.Items, p.Operators)
			}
		}
	}
	seen := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var n namespace
		if err := json.Unmarshal(text, &n); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if n.Namespace == "" || len(n.Namespace) > 80 || n.DisplayName == "" || len(n.DisplayName) > 80 || n.Description == "" || len(n.Description) > 500 ||
			n.Visibility != "public" || len(n.Properties)+len(n.Objects) == 0 {
			t.Errorf("%s: %+v", file, n)
		}
		if seen[n.Namespace] != "" {
			t.Errorf("%s and %s are both %s", file, seen[n.Namespace], n.Namespace)
		}
		seen[n.Namespace] = file
		check(file, n.Properties)
		for _, o := range n.Objects {
			if o.Name == "" || o.Description == "" || len(o.Properties) == 0 {
				t.Errorf("%s: object %+v", file, o)
			}
			check(file, o.Properties)
		}
	}
}

// TestHead answers wherever there is a GET, with the same headers and no body.
func TestHead(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", rawImage)
		c.want(204, "", "demo", "PUT /v2/images/"+id+"/file", "0123456789")
		c.want(200, "", "demo", "POST /v2/images/"+id+"/members", `{"member":"p-alt"}`)
		fill := strings.NewReplacer("{id}", id, "{member}", "p-alt", "{namespace}", "OS::Compute::Quota", "{property}", "x", "{object}", "CPU%20Limits", "{tag}", "x")
		paths := c.service.ReadPaths()
		if len(paths) < 15 {
			t.Errorf("paths: %v", paths)
		}
		for _, path := range paths {
			name := "image"
			if strings.Contains(path, "metadefs") {
				name = "namespace"
			}
			path = "/v2" + fill.Replace(strings.ReplaceAll(path, "{name}", name))
			want, got := c.do("demo", "GET "+path, ""), c.do("demo", "HEAD "+path, "")
			for _, header := range []string{"Content-Type", "Content-Length", "Content-Md5"} {
				if got.header.Get(header) != want.header.Get(header) {
					t.Errorf("HEAD %s: %s is %q, want %q", path, header, got.header.Get(header), want.header.Get(header))
				}
			}
			if got.status != want.status || got.text != "" || want.status == http.StatusMethodNotAllowed {
				t.Errorf("HEAD %s: got %d %q, want %d", path, got.status, got.text, want.status)
			}
		}
	})
}
