package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// An imageFleet are images that differ in what lists are filtered by, by their
// names.
func (s *cloudSite) imageFleet() map[string]string {
	s.t.Helper()
	ids := map[string]string{"cirros": cirros}
	for _, image := range []struct{ name, who, more string }{
		{"queued", "demo", `, "min_ram": 64`},
		{"linux", "demo", `, "os_type": "linux", "min_disk": 1, "auto_disk_config": "yes"`},
		{"snapshot", "demo", `, "image_type": "snapshot", "instance_uuid": "` + nobodyID + `", "mappings": "[{\"virtual\": \"root\"}]"`},
		{"foreign", "alt", ""},
	} {
		body := fmt.Sprintf(`{"name": %q, "disk_format": "raw", "container_format": "bare"%s}`, image.name, image.more)
		id := s.Image("POST /images "+body, as(image.who)).Want(s.t, 201).String("id")
		if image.name != "queued" {
			s.Image("PUT /images/"+id+"/file data", as(image.who), header("Content-Type", "application/octet-stream")).Want(s.t, 204)
		}
		ids[image.name] = id
	}
	return ids
}

// imageNames are the names of a list's images in alphabetical order, or the fault.
func imageNames(r *reply) string {
	if r.status != 200 {
		return namesOrFault(r)
	}
	names := map[string]bool{}
	for i := range r.Len("images") {
		names[r.String(fmt.Sprintf("images/%d/name", i))] = true
	}
	var found []string
	for _, name := range []string{"cirros", "foreign", "linux", "queued", "snapshot"} {
		if names[name] {
			found = append(found, name)
		}
	}
	return strings.Join(found, " ")
}

func TestImages_Filters(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		s.imageFleet()
		const everything = "cirros linux queued snapshot"
		for _, c := range []struct {
			minor       int // 0 is the legacy API
			query, want string
		}{
			{1, "", everything},
			{0, "", everything},
			{35, "unknown=1", everything},
			{1, "name=linux", "linux"},
			{1, "name=nobody", ""},
			{1, "status=ACTIVE", "cirros linux snapshot"},
			{1, "status=queued", "queued"},
			{1, "server=" + nobodyID, "snapshot"},
			{1, "server=http://nova.example/v2.1/servers/" + nobodyID, "snapshot"},
			{1, "type=snapshot", "snapshot"},
			{1, "minRam=64", "queued"},
			{1, "minDisk=1", "linux"},
			{1, "minRam=x", ""},
			{1, "property-os_type=linux", "linux"},
			{1, "property-os_type=beos", ""},
			{1, "property-limit=1", everything},
			{1, "property-=1", everything},
			{1, "changes-since=2020-01-01T00:00:00Z", everything},
			{1, "changes-since=2099-01-01T00:00:00Z", ""},
			{1, "changes-since=soon", `400 HTTP 400 Bad Request: Bad &quot;updated_at&quot; query filter format. Use ISO 8601 DateTime notation.`},
			{1, "marker=" + nobodyID, "400 HTTP 400 Bad Request: No image found with ID " + nobodyID},
			{1, "limit=0", "400 Invalid input for query parameters limit. Value: 0. 0 is less than the minimum of 1"},
			{1, "limit=x", "400 Invalid input for query parameters limit. Value: x. 'x' does not match '^[0-9]*$'"},
			{1, "page_size=-1", "400 Invalid input for query parameters page_size. Value: -1. '-1' does not match '^[0-9]*$'"},
			{0, "limit=0", "400 Invalid input for query parameters limit. Value: 0. 0 is less than the minimum of 1"},
			{1, "limit=99999999999999999999", everything},
		} {
			root := map[bool]string{true: "/v2", false: "/v2.1"}[c.minor == 0]
			for _, path := range []string{"/images", "/images/detail"} {
				got := s.Do("GET "+root+path+"?"+encoded(c.query), as("demo"), at(max(c.minor, 1)))
				if names := imageNames(got); names != c.want {
					t.Errorf("%s at 2.%d: ?%s: %q, want %q", path, c.minor, c.query, names, c.want)
				}
			}
		}
		s.Do("GET /v2.1/images", as("alt")).Want(t, 200, func(r *reply) error {
			if names := imageNames(r); names != "cirros foreign" {
				return fmt.Errorf("alt sees %q", names)
			}
			return nil
		})
	})
}

// TestImages_Pages walks a list page by page, by the links.
func TestImages_Pages(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		s.imageFleet()
		all := s.Do("GET /v2.1/images/detail", as("demo")).Want(t, 200)
		next := "http://nova.example/v2.1/images/detail?limit=1"
		for i := range all.Len("images") {
			page := s.Do("GET "+strings.TrimPrefix(next, "http://nova.example"), as("demo")).Want(t, 200)
			if page.Len("images") != 1 || page.String("images/0/id") != all.String(fmt.Sprintf("images/%d/id", i)) {
				t.Errorf("page %d: %s", i, page.text)
			}
			next = page.String("images_links/0/href")
		}
		s.Do("GET "+strings.TrimPrefix(next, "http://nova.example"), as("demo")).Want(t, 200, whole(`{"images": []}`))
	})
}

func TestImages_Show(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		ids := s.imageFleet()
		s.Do("GET /v2.1/images/"+ids["snapshot"], as("demo")).Want(t, 200,
			has("image/status", "ACTIVE"), has("image/progress", 100.0), has("image/OS-EXT-IMG-SIZE:size", 4.0),
			has("image/server/id", nobodyID), has("image/server/links/0/rel", "self"), has("image/metadata/mappings/0/virtual", "root"),
			has("image/links/2/href", "http://image.example/images/"+ids["snapshot"]), lacks("image/OS-DCF:diskConfig"))
		listed := s.Do("GET /v2.1/images?name=snapshot", as("demo")).Want(t, 200)
		listed.Want(t, 200, has("images/0/links/2/href", "http://image.example/images/"+listed.String("images/0/id")))
		s.Do("GET /v2.1/images/"+ids["queued"], as("demo")).Want(t, 200,
			has("image/status", "SAVING"), has("image/progress", 25.0), has("image/minRam", 64.0), lacks("image/server"))
		s.Do("GET /v2.1/images/"+ids["linux"], as("demo")).Want(t, 200, has("image/OS-DCF:diskConfig", "AUTO"))
		s.Do("GET /v2.1/images/"+ids["foreign"], as("demo")).Want(t, 404, fault("itemNotFound", "Image not found."))
		s.Do("GET /v2.1/images/no-uuid", as("demo")).Want(t, 404, fault("itemNotFound", "Image not found."))
		s.Do("GET /v2.1/images/"+ids["linux"], as("demo"), at(36)).Want(t, 404)
		s.Do("GET /v2.1/images/"+ids["linux"]+"/metadata", as("demo"), at(38)).Want(t, 200, has("metadata/os_type", "linux"))
		s.Do("GET /v2.1/images/"+ids["linux"]+"/metadata", as("demo"), at(39)).Want(t, 404)

		s.Do("DELETE /v2.1/images/"+ids["linux"], as("demo")).Want(t, 204)
		s.Do("DELETE /v2.1/images/"+ids["linux"], as("demo")).Want(t, 404, fault("itemNotFound", "Image not found."))
		s.Do("DELETE /v2.1/images/"+cirros, as("demo")).Want(t, 403, fault("forbidden", "You are not allowed to delete the image."))
	})
}

func TestImages_Metadata(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.imageFleet()["linux"]
		do := func(request string, more ...option) *reply {
			method, rest, _ := strings.Cut(request, " ")
			return s.Do(method+" /v2.1/images/"+id+"/metadata"+rest, append([]option{as("demo")}, more...)...)
		}
		do("GET /os_type").Want(t, 200, whole(`{"meta": {"os_type": "linux"}}`))
		do("GET /nothing").Want(t, 404, fault("itemNotFound", "The resource could not be found."))
		do(`POST  {"metadata": {"k": "v", "name": "kept"}}`).Want(t, 200, has("metadata/k", "v"), has("metadata/os_type", "linux"), lacks("metadata/name"))
		do(`PUT /k {"meta": {"k": "w"}}`).Want(t, 200, whole(`{"meta": {"k": "w"}}`))
		do(`PUT /k {"meta": {"l": "w"}}`).Want(t, 400, fault("badRequest", "Request body and URI mismatch"))
		do(`PUT /k {"meta": {"k": "w", "l": "w"}}`).Want(t, 400)
		do(`PUT  {"metadata": {"a": "b"}}`).Want(t, 200, whole(`{"metadata": {"a": "b"}}`))
		do("GET ").Want(t, 200, whole(`{"metadata": {"a": "b"}}`))
		do("DELETE /nothing").Want(t, 404, fault("itemNotFound", "Invalid metadata key"))
		do("DELETE /a").Want(t, 204)
		do("GET ").Want(t, 200, whole(`{"metadata": {}}`))
		do(`PUT /k {"meta": {"k": "v"}}`, as("alt")).Want(t, 404, fault("itemNotFound", "Image not found."))
		var many []string
		for i := range 129 {
			many = append(many, fmt.Sprintf(`"k%d": "v"`, i))
		}
		do(`PUT  {"metadata": {`+strings.Join(many, ", ")+`}}`).Want(t, 403, fault("forbidden", "Image metadata limit exceeded"))
		s.Do("PUT /v2.1/images/"+cirros+`/metadata/k {"meta": {"k": "v"}}`, as("demo")).
			Want(t, 403, fault("forbidden", "Not authorized for image "+cirros+"."))
	})
}

func TestSamples_Images(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.Image(`POST /images {"name": "sample", "architecture": "x86_64", "auto_disk_config": "True"}`).Want(t, 201).String("id")
		free := []string{"metadata", "meta"}
		path := "/v2.1/images/" + id
		s.conform(t, []sample{
			{"images/image-get-resp.json", "GET " + path, 1, 200, free},
			{"images/images-list-get-resp.json", "GET /v2.1/images", 1, 200, nil},
			{"images/images-details-get-resp.json", "GET /v2.1/images/detail?name=cirros", 1, 200, free},
			{"images/image-metadata-get-resp.json", "GET " + path + "/metadata", 1, 200, free},
			{"images/image-metadata-post-resp.json", "POST " + path + `/metadata {"metadata": {"kernel_id": "x"}}`, 1, 200, free},
			{"images/image-metadata-put-resp.json", "PUT " + path + `/metadata {"metadata": {"auto_disk_config": "True"}}`, 1, 200, free},
			{"images/image-meta-key-put-resp.json", "PUT " + path + `/metadata/auto_disk_config {"meta": {"auto_disk_config": "False"}}`, 1, 200, free},
			{"images/image-meta-key-get.json", "GET " + path + "/metadata/auto_disk_config", 1, 200, free},
		})
	})
}
