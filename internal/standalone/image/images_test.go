package image_test

import (
	"strings"
	"testing"
)

const unknown = "11111111-2222-3333-4444-555555555555"

func TestVersions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		for call, status := range map[string]int{"GET /": 300, "GET /v3": 300, "GET /versions": 200, "GET /v2/images": 401, "GET /v2/schemas/image": 401} {
			c.t = t
			c.want(status, "", "", call, "")
		}
		c.want(300, `"href":"http://cloud/image/v2/"`, "", "GET /", "")
		for _, name := range []string{"image", "images", "member", "members"} {
			c.want(200, `"name":"`+name+`"`, "demo", "GET /v2/schemas/"+name, "")
		}
		c.want(404, "", "demo", "GET /v2/nothing", "")
		c.want(405, "", "demo", "PUT /v2/images", "{}")
	})
}

func TestCreate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		made := c.want(201, `"foo":"bar"`, "demo", "POST /v2/images",
			`{"name":"x","disk_format":"raw","container_format":"bare","foo":"bar","tags":["b","a","b"],"min_disk":1}`)
		id, _ := made.body["id"].(string)
		if made.header.Get("Location") != "http://cloud/image/v2/images/"+id || made.header.Get("Openstack-Image-Import-Methods") == "" {
			t.Errorf("headers: %v", made.header)
		}
		for _, part := range []string{`"status":"queued"`, `"visibility":"shared"`, `"owner":"p-demo"`, `"tags":["a","b"]`, `"size":null`, `"min_disk":1`, `"self":"/v2/images/` + id + `"`} {
			c.want(200, part, "demo", "GET /v2/images/"+id, "")
		}
		cases := []struct {
			as, body string
			status   int
			part     string
		}{
			{"demo", `{"id":"` + id + `"}`, 409, "already exists!"},
			{"demo", `{"id":"nope"}`, 400, "schema 'image'"},
			{"demo", `{`, 400, "Malformed JSON in request body."},
			{"demo", `{"foo":3}`, 400, "3 is not of type 'string'"},
			{"demo", `{"min_ram":-1}`, 400, "Invalid value '-1' for parameter 'min_ram': Cannot be a negative value"},
			{"demo", `{"min_ram":"x"}`, 400, "is not of type 'integer'"},
			{"demo", `{"disk_format":"zip"}`, 400, "is not one of"},
			{"demo", `{"name":"` + strings.Repeat("x", 256) + `"}`, 400, "is too long"},
			{"demo", `{"status":"active"}`, 403, "Attribute 'status' is read-only."},
			{"demo", `{"deleted":"true"}`, 403, "Attribute 'deleted' is reserved."},
			{"demo", `{"visibility":"public"}`, 403, "You are not authorized to complete publicize_image action."},
			{"demo", `{"owner":"p-alt"}`, 403, "You are not permitted to create images owned by 'p-alt'."},
			{"reader", `{}`, 403, "You are not authorized to complete add_image action."},
			{"admin", `{"owner":"p-alt","visibility":"public"}`, 201, `"owner":"p-alt"`},
			{"demo", `{"id":"` + unknown + `"}`, 201, unknown},
			{"demo", `{"name":"a\u0000b"}`, 400, "Malformed JSON"},
			{"demo", `{"x":"a\u0000b"}`, 400, "Malformed JSON"},
			{"demo", `{"x":"` + strings.Repeat("x", 120000) + `"}`, 413, ""},
		}
		for _, k := range cases {
			c.want(k.status, k.part, k.as, "POST /v2/images", k.body)
		}
	})
}

func TestPatch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", `{"name":"p","disk_format":"raw","container_format":"bare","foo":"bar"}`)
		patch := "PATCH /v2/images/" + id
		cases := []struct {
			as, body string
			status   int
			part     string
		}{
			{"demo", `[{"op":"replace","path":"/name","value":"q"},{"op":"add","path":"/a~1b","value":"1"}]`, 200, `"a/b":"1"`},
			{"demo", `[{"op":"remove","path":"/foo"}]`, 200, `"name":"q"`},
			{"demo", `[{"op":"replace","path":"/tags","value":["t"]}]`, 200, `"tags":["t"]`},
			{"demo", `[{"op":"replace","path":"/nope","value":"1"}]`, 409, "Property nope does not exist."},
			{"demo", `[{"op":"remove","path":"/nope"}]`, 409, "Property nope does not exist."},
			{"demo", `[{"op":"remove","path":"/name"}]`, 403, "Property name may not be removed."},
			{"demo", `[{"op":"replace","path":"/id","value":"1"}]`, 403, "Attribute 'id' is read-only."},
			{"demo", `[{"op":"replace","path":"/status","value":"active"}]`, 403, "Attribute 'status' is read-only."},
			{"demo", `[{"op":"x","path":"/name","value":"1"}]`, 400, "Invalid operation: `x`."},
			{"demo", `[{"op":"replace","path":"name","value":"1"}]`, 400, "does not start with"},
			{"demo", `[{"op":"replace","path":"/name"}]`, 400, "requires a member named"},
			{"demo", `[{"op":"replace","path":"/tags/-","value":"1"}]`, 400, "Invalid JSON pointer for this resource: '/tags/-'"},
			{"demo", `[{"op":"add","path":"/locations/-","value":{"url":"file:///etc/passwd","metadata":{}}}]`, 403, ""},
			{"demo", `[{"op":"replace","path":"/visibility","value":"public"}]`, 403, "publicize_image"},
			{"demo", `[{"op":"replace","path":"/owner","value":"p-alt"}]`, 403, "Owner can't be updated by non admin."},
			{"demo", `[{"op":"replace","path":"/name","value":"lost"},{"op":"replace","path":"/min_ram","value":"x"}]`, 400, ""},
			{"alt", `[{"op":"replace","path":"/name","value":"z"}]`, 404, "No image found with ID " + id},
			{"reader", `[{"op":"replace","path":"/name","value":"z"}]`, 403, "modify_image"},
			{"admin", `[{"op":"replace","path":"/visibility","value":"community"}]`, 200, `"visibility":"community"`},
			{"alt", `[{"op":"replace","path":"/name","value":"z"}]`, 403, "You do not own this image"},
		}
		for _, k := range cases {
			c.want(k.status, k.part, k.as, patch, k.body)
		}
		c.want(200, `"name":"q"`, "demo", "GET /v2/images/"+id, "") // a patch is carried out whole, or not at all
		c.want(415, "", "demo", patch, `[]`, "Content-Type", "application/json")
		c.want(400, "must be a JSON array", "demo", patch, `{}`, "Content-Type", "application/openstack-images-v2.1-json-patch")
		c.want(200, `"name":"old"`, "demo", patch, `[{"replace":"/name","value":"old"}]`, "Content-Type", "application/openstack-images-v2.0-json-patch")
	})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", `{"disk_format":"raw","container_format":"bare","protected":true}`)
		c.want(204, "", "demo", "PUT /v2/images/"+id+"/file", "data")
		c.want(403, "is protected and cannot be deleted.", "demo", "DELETE /v2/images/"+id, "")
		c.want(200, "", "demo", "PATCH /v2/images/"+id, `[{"op":"replace","path":"/protected","value":false}]`)
		c.want(404, "Failed to find image", "alt", "DELETE /v2/images/"+id, "")
		c.want(403, "delete_image", "reader", "DELETE /v2/images/"+id, "")
		c.want(204, "", "demo", "DELETE /v2/images/"+id, "")
		c.want(404, "Failed to find image", "demo", "DELETE /v2/images/"+id, "")
		for _, as := range []string{"demo", "admin"} {
			c.want(409, "Image ID "+id+" already exists!", as, "POST /v2/images", `{"id":"`+id+`"}`)
		}
		c.want(404, "No image found", "demo", "GET /v2/images/"+id, "")
		if files := c.files(); len(files) != 0 {
			t.Errorf("files are left: %v", files)
		}
	})
}

func TestTagsAndActions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", `{"disk_format":"raw","container_format":"bare"}`)
		one := "/v2/images/" + id
		c.want(204, "", "demo", "PUT "+one+"/tags/t%201", "")
		c.want(204, "", "demo", "PUT "+one+"/tags/t%201", "")
		c.want(200, `"tags":["t 1"]`, "demo", "GET "+one, "")
		c.want(404, "", "alt", "PUT "+one+"/tags/t", "")
		c.want(200, `{"tasks":[]}`, "reader", "GET "+one+"/tasks", "")
		c.want(404, "", "alt", "GET "+one+"/tasks", "")
		c.want(204, "", "demo", "DELETE "+one+"/tags/t%201", "")
		c.want(404, "", "demo", "DELETE "+one+"/tags/t%201", "")
		c.want(403, "Not allowed to deactivate image in status 'queued'", "demo", "POST "+one+"/actions/deactivate", "")
		c.want(204, "", "demo", "PUT "+one+"/file", "data")
		c.want(204, "", "demo", "POST "+one+"/actions/deactivate", "")
		c.want(403, "has been deactivated", "demo", "GET "+one+"/file", "")
		c.want(200, "data", "admin", "GET "+one+"/file", "")
		c.want(204, "", "demo", "POST "+one+"/actions/reactivate", "")
		c.want(200, "data", "demo", "GET "+one+"/file", "")
		c.want(403, "can be only replaced for a queued image", "demo", "PATCH "+one, `[{"op":"replace","path":"/disk_format","value":"qcow2"}]`)
	})
}

func TestMembers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", `{"name":"s"}`)
		one, members := "/v2/images/"+id, "/v2/images/"+id+"/members"
		c.want(200, `"members":[]`, "demo", "GET "+members, "")
		c.want(404, "", "alt", "GET "+one, "")
		c.want(400, "Member to be added not specified", "demo", "POST "+members, `{}`)
		c.want(400, "Member can't be empty", "demo", "POST "+members, `{"member":""}`)
		c.want(200, `"status":"pending"`, "demo", "POST "+members, `{"member":"p-alt"}`)
		c.want(409, "is duplicated for image", "demo", "POST "+members, `{"member":"p-alt"}`)
		c.want(200, "", "alt", "GET "+one, "")
		if got := c.do("alt", "GET /v2/images", ""); got.names() != "" {
			t.Errorf("pending images are listed: %s", got.text)
		}
		if got := c.do("alt", "GET /v2/images?member_status=pending&visibility=shared", ""); got.names() != "s" {
			t.Errorf("pending images aren't found: %s", got.text)
		}
		c.want(403, "Not allowed to update members", "demo", "PUT "+members+"/p-alt", `{"status":"accepted"}`)
		c.want(400, "Status must be", "alt", "PUT "+members+"/p-alt", `{"status":"zzz"}`)
		c.want(200, `"status":"accepted"`, "alt", "PUT "+members+"/p-alt", `{"status":"accepted"}`)
		if got := c.do("alt", "GET /v2/images", ""); got.names() != "s" {
			t.Errorf("accepted images aren't listed: %s", got.text)
		}
		c.want(404, "not found in the member list", "alt", "GET "+members+"/p-x", "")
		c.want(403, "Not allowed to create members", "alt", "POST "+members, `{"member":"p-x"}`)
		c.want(403, "You do not own this image", "alt", "DELETE "+one, "")
		c.want(204, "", "demo", "DELETE "+members+"/p-alt", "")
		c.want(404, "", "demo", "DELETE "+members+"/p-alt", "")
		c.want(404, "", "alt", "GET "+one, "")
		c.want(200, "", "demo", "PATCH "+one, `[{"op":"replace","path":"/visibility","value":"private"}]`)
		c.want(403, "Only shared images have members.", "demo", "GET "+members, "")
	})
}

func TestList(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		c.make("admin", `{"name":"pub","visibility":"public"}`)
		c.make("admin", `{"name":"priv-admin","visibility":"private"}`)
		c.make("alt", `{"name":"priv-alt"}`)
		c.make("alt", `{"name":"com-alt","visibility":"community"}`)
		a := c.make("demo", `{"name":"a","disk_format":"raw","container_format":"bare","tags":["x","y"],"image_type":"snapshot","instance_uuid":"i-1"}`)
		b := c.make("demo", `{"name":"b","disk_format":"qcow2","tags":["x"],"protected":true,"image_type":"backup"}`)
		c.make("demo", `{"name":"hid","os_hidden":true}`)
		c.want(204, "", "demo", "PUT /v2/images/"+a+"/file", "0123456789")
		cases := []struct{ as, query, names string }{
			{"demo", "", "b a pub"},
			{"admin", "", "b a priv-alt priv-admin pub"},
			{"admin", "visibility=all", "b a com-alt priv-alt priv-admin pub"},
			{"alt", "", "com-alt priv-alt pub"},
			{"demo", "visibility=public", "pub"},
			{"demo", "visibility=community", "com-alt"},
			{"demo", "visibility=private", ""},
			{"demo", "visibility=shared", "b a"},
			{"demo", "visibility=all", "b a com-alt pub"},
			{"demo", "os_hidden=true", "hid"},
			{"demo", "os_hidden=True", "hid"},
			{"demo", "name=a", "a"},
			{"demo", "name=in:a,b,zz", "b a"},
			{"demo", `name=in:"a,b"`, ""},
			{"demo", "id=in:" + a + "," + b, "b a"},
			{"demo", "id=in:", ""},
			{"demo", "id=" + b, "b"},
			{"demo", "owner=p-admin", "pub"},
			{"demo", "status=active", "a"},
			{"demo", "status=in:active,queued&owner=p-demo", "b a"},
			{"demo", "tag=x", "b a"},
			{"demo", "tag=x&tag=y", "a"},
			{"demo", "disk_format=in:raw,qcow2", "b a"},
			{"demo", "container_format=bare", "a"},
			{"demo", "protected=true", "b"},
			{"demo", "size_min=10", "a"},
			{"demo", "size_min=11", ""},
			{"demo", "size_max=10", "a"},
			{"demo", "image_type=snapshot", "a"},
			{"demo", "image_type=snapshot&instance_uuid=i-1", "a"},
			{"demo", "image_type=snapshot&instance_uuid=i-2", ""},
			{"demo", "created_at=gt:2020-01-01T00:00:00Z&owner=p-demo", "b a"},
			{"demo", "created_at=lt:2020-01-01T00:00:00Z", ""},
			{"demo", "sort_key=name&sort_dir=asc", "a b pub"},
			{"demo", "sort=name:desc", "pub b a"},
			{"demo", "sort=status:asc,name:desc", "a pub b"},
			{"demo", "sort_key=size&sort_dir=asc&sort_key=name", "b pub a"},
			{"demo", "limit=0", ""},
		}
		for _, k := range cases {
			if got := c.want(200, `"schema":"/v2/schemas/images"`, k.as, "GET /v2/images?"+k.query, ""); got.names() != k.names {
				t.Errorf("%s %s: got %q, want %q", k.as, k.query, got.names(), k.names)
			}
		}
		for query, part := range map[string]string{
			"limit=-1": "limit param must be positive", "limit=x": "limit param must be an integer", "marker=x": "No image found with ID x",
			"sort_key=foo": "Invalid sort key: foo.", "sort_dir=foo": "Invalid sort direction: foo", "sort=name:xx": "Invalid sort direction: xx",
			"sort=name&sort_key=size": "Old and new sorting syntax cannot be combined", "visibility=foo": "Invalid visibility value: foo",
			"member_status=foo": "Invalid status: foo", "size_min=x": "non-numeric value", "protected=True": "Valid values are 'true' or 'false'.",
			"name=%00": "", "name=%FF": "", "id=in:" + strings.Repeat("x,", 1001): "Invalid filter value",
			"created_at=foo": `Use ISO 8601 DateTime notation.`, "name=gt:x": "Unable to filter by unknown operator 'gt'.",
		} {
			c.want(400, part, "demo", "GET /v2/images?"+query, "")
		}
	})
}

func TestList_Pages(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		for _, name := range []string{"e", "d", "c", "b", "a"} {
			c.make("demo", `{"name":"`+name+`"}`)
		}
		for _, query := range []string{"limit=2", "limit=2&sort=name:asc", "limit=2&sort=status:desc,name:asc"} {
			var seen []string
			for path := "/v2/images?" + query; path != ""; {
				page := c.want(200, `"first":"/v2/images?limit=2`, "demo", "GET "+path, "")
				seen = append(seen, page.names())
				path, _ = page.body["next"].(string)
			}
			if got := strings.Join(seen, "|"); got != "a b|c d|e" {
				t.Errorf("%s: got %s", query, got)
			}
		}
	})
}
