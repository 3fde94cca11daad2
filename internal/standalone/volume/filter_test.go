package volume_test

import (
	"net/url"
	"strings"
	"testing"
)

// A listed is one list: who asks for it and how, and the names of what is in it, or the
// text of the refusal.
type listed struct{ as, version, query, want string }

// lists checks lists of one kind of thing, shown by one of its keys.
func (c site) lists(path, key, shown string, lists ...listed) {
	c.t.Helper()
	for _, l := range lists {
		values, err := url.ParseQuery(strings.ReplaceAll(l.query, "+", "%2B"))
		must(c.t, err)
		call := "GET " + l.version + " " + path + "?" + values.Encode()
		if refusal, refused := strings.CutPrefix(l.want, "400 "); refused {
			c.want(400, refusal, l.as, call, "")
			continue
		}
		if got := c.want(200, "", l.as, call, "").values(key, shown); got != l.want {
			c.t.Errorf("%s %s: got %q, want %q", l.as, call, got, l.want)
		}
	}
}

// TestVolumes_Filters asks for volumes by all that Cinder filters and sorts them by:
// resource_filters.json for everybody, a table's columns for administrators.
func TestVolumes_Filters(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		a, b := c.volume(`{"size":1,"name":"a","description":"one","metadata":{"k":"v"}}`), c.volume(`{"size":2,"name":"b"}`)
		c.begin("demo", `{"size":3,"name":"c","source_volid":"`+a+`"}`)
		c.make("alt", "volume", `{"size":1,"name":"d"}`)
		const order = "&sort=name:asc"
		c.lists("/volumes", "volumes", "name",
			listed{"demo", "3.0", "metadata={}" + order, "a b c"}, // as Terraform asks
			listed{"demo", "3.0", "metadata={ }" + order, "a b c"},
			listed{"demo", "3.0", "metadata={'k': 'v'}", "a"},
			listed{"demo", "3.0", "metadata=k", ""},
			listed{"demo", "3.0", "name='a'", ""}, // a name is no literal
			listed{"demo", "3.31", "name=a", "a"},
			listed{"demo", "3.31", "status=creating", "c"},
			listed{"demo", "3.0", "status=['creating', \"available\"]" + order, "a b c"},
			listed{"demo", "3.0", "status=('creating',)", "c"},
			listed{"demo", "3.0", "status='creating'", "c"},
			listed{"demo", "3.0", "migration_status=None" + order, "a b c"},
			listed{"demo", "3.0", "migration_status=none", ""},
			listed{"demo", "3.31", "availability_zone=nova" + order, "a b c"},
			listed{"demo", "3.31", "availability_zone=elsewhere", ""},
			listed{"demo", "3.31", "bootable=False" + order, "a b c"},
			listed{"demo", "3.31", "bootable=maybe", "400 'bootable = maybe'"},
			listed{"demo", "3.31", "size=2", "b"},
			listed{"demo", "3.31", "size=large", ""},
			listed{"demo", "3.31", "group_id=None" + order, "a b c"},
			listed{"demo", "3.31", "group_id=" + unknown, ""},
			listed{"demo", "3.31", "created_at=gt:2020-01-01T00:00:00" + order, "a b c"},
			listed{"demo", "3.31", "updated_at=lt:2020-01-01T00:00:00", ""},
			listed{"demo", "3.30", "updated_at=lt:2020-01-01T00:00:00" + order, "a b c"},
			listed{"demo", "3.31", "consumes_quota=true" + order, "a b c"},
			listed{"demo", "3.31", "consumes_quota=false", ""},
			listed{"demo", "3.30", "id=" + a + order, "a b c"},
			listed{"demo", "3.31", "id=" + a, "400 Invalid filters id are found in query options."},
			listed{"demo", "3.34", "name~=a", "400 Invalid filters name~ are found in query options."},
			listed{"demo", "3.31", "glance_metadata={'k':'v'}", "400 Invalid filters glance_metadata"},
			listed{"demo", "3.31", "all_tenants=1" + order, "a b c"},

			listed{"admin", "3.34", "all_tenants=1&name~=B", "b"},
			listed{"admin", "3.34", "all_tenants=1&display_description~=on", "a"},
			listed{"admin", "3.0", "all_tenants=1&display_name=d", "d"},
			listed{"admin", "3.0", "all_tenants=1&id=['" + a + "','" + b + "']" + order, "a b"},
			listed{"admin", "3.0", "all_tenants=1&project_id=" + altProject, "d"},
			listed{"admin", "3.0", "project_id=" + altProject, ""}, // its own has none
			listed{"admin", "3.0", "all_tenants=1&user_id=u2", "d"},
			listed{"admin", "3.0", "all_tenants=1&source_volid=" + a, "c"},
			listed{"admin", "3.0", "all_tenants=1&snapshot_id=None" + order, "a b c d"},
			listed{"admin", "3.0", "all_tenants=1&multiattach=true", ""},
			listed{"admin", "3.0", "all_tenants=1&attach_status=detached" + order, "a b c d"},
			listed{"admin", "3.0", "all_tenants=1&encryption_key_id=None" + order, "a b c d"},
			listed{"admin", "3.4", "all_tenants=1&glance_metadata={'k':'v'}", ""},
			listed{"admin", "3.0", "all_tenants=1&host=host" + order, "a b c d"},
			listed{"admin", "3.0", "all_tenants=1&host=" + order, "a b c d"},
			listed{"admin", "3.0", "all_tenants=1&host=host@file" + order, "a b c d"},
			listed{"admin", "3.0", "all_tenants=1&host=host@file#file" + order, "a b c d"},
			listed{"admin", "3.0", "all_tenants=1&host=host@other", ""},
			listed{"admin", "3.0", "all_tenants=1&host=other", ""},
			listed{"admin", "3.31", "all_tenants=1&nothing=1", ""},

			listed{"demo", "3.0", "sort=created_at:asc", "a b c"},
			listed{"demo", "3.0", "sort_key=display_name", "c b a"},
			listed{"demo", "3.0", "sort=display_description:asc,size:desc", "c b a"},
			listed{"demo", "3.0", "sort=source_volid:asc,name:asc", "a b c"},
			listed{"demo", "3.0", "sort=host:asc,name:desc", "c b a"},
			listed{"demo", "3.0", "sort=description", "400 Invalid input received: Invalid sort key"},
			listed{"demo", "3.0", "sort=name:up", "400 Unknown sort direction, must be 'desc' or 'asc'."},
		)
		for key := range strings.FieldsSeq("id status size updated_at availability_zone bootable multiattach volume_type_id user_id project_id " +
			"attach_status previous_status migration_status snapshot_id group_id consistencygroup_id cluster_name replication_status encryption_key_id use_quota service_uuid") {
			c.want(200, "", "demo", "GET /volumes/detail?sort="+key+":asc,name&limit=2&marker="+a, "")
		}
	})
}

// TestSnapshots_Filters is the same for snapshots, TestAttachments_Filters for
// attachments, and TestTypes_Filters for types.
func TestSnapshots_Filters(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		one, two := c.volume(`{"size":1}`), c.volume(`{"size":2}`)
		a := c.make("demo", "snapshot", `{"volume_id":"`+one+`","name":"a","metadata":{"k":"v"}}`)
		c.work()
		c.make("demo", "snapshot", `{"volume_id":"`+two+`","name":"b","description":"last"}`)
		const order = "&sort=name:asc"
		c.lists("/snapshots", "snapshots", "name",
			listed{"demo", "3.31", "name=a", "a"},
			listed{"demo", "3.31", "status=creating", "b"},
			listed{"demo", "3.31", "volume_id=" + one, "a"},
			listed{"demo", "3.22", "metadata={'k':'v'}", "a"},
			listed{"demo", "3.22", "metadata={}" + order, "a b"},
			listed{"demo", "3.21", "metadata={'k':'w'}" + order, "a b"},
			listed{"demo", "3.31", "availability_zone=nova" + order, "a b"},
			listed{"demo", "3.31", "availability_zone=elsewhere", ""},
			listed{"demo", "3.30", "availability_zone=elsewhere" + order, "a b"},
			listed{"demo", "3.31", "consumes_quota=no", ""},
			listed{"demo", "3.31", "id=" + a, "400 Invalid filters id are found"},
			listed{"admin", "3.0", "all_tenants=1&id=" + a, "a"},
			listed{"admin", "3.0", "all_tenants=1&volume_size=2", "b"},
			listed{"admin", "3.0", "all_tenants=1&project_id=" + altProject, ""},
			listed{"admin", "3.0", "all_tenants=1&host=host@file" + order, "a b"},
			listed{"admin", "3.34", "all_tenants=1&name~=B", "b"},
			listed{"admin", "3.34", "all_tenants=1&display_description~=last", "b"},
			listed{"demo", "3.0", "sort=volume_size:desc", "b a"},
			listed{"demo", "3.0", "sort=description", "400 Invalid sort key"},
		)
		for key := range strings.FieldsSeq("id status created_at updated_at volume_id display_name display_description user_id project_id volume_type_id progress use_quota") {
			c.want(200, "", "demo", "GET /snapshots/detail?sort="+key+":asc,name&limit=1&marker="+a, "")
		}
	})
}

func TestAttachments_Filters(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		one, two := c.volume(`{"size":1}`), c.volume(`{"size":1}`)
		a, b := c.reserve(one, serverOne), c.reserve(two, serverTwo)
		c.want(200, "", "demo", "PUT 3.44 /attachments/"+b, `{"attachment":{"connector":{"host":"h","mountpoint":"/dev/vdb"}}}`)
		const order = "&sort=created_at:asc"
		c.lists("/attachments", "attachments", "id",
			listed{"demo", "3.31", "volume_id=" + one, a},
			listed{"demo", "3.31", "instance_id=" + serverTwo, b},
			listed{"demo", "3.31", "attach_status=reserved", a},
			listed{"demo", "3.27", "mountpoint=/dev/vdb" + order, a + " " + b},
			listed{"demo", "3.31", "mountpoint=/dev/vdb", "400 Invalid filters mountpoint are found"},
			listed{"admin", "3.31", "all_tenants=1&mountpoint=/dev/vdb", b},
			listed{"admin", "3.31", "all_tenants=1&attached_host=h", b},
			listed{"admin", "3.31", "all_tenants=1&attach_mode=rw", b},
			listed{"admin", "3.31", "all_tenants=1&instance_uuid=" + serverOne, a},
			listed{"admin", "3.31", "all_tenants=1&id=" + a, a},
			listed{"admin", "3.31", "all_tenants=1&project_id=" + demoProject + order, a + " " + b},
			listed{"admin", "3.31", "all_tenants=1&project_id=" + altProject, ""},
			listed{"demo", "3.27", "sort=attached_host:desc", b + " " + a},
			listed{"demo", "3.27", "sort=instance_id", "400 Invalid sort key"},
		)
		for key := range strings.FieldsSeq("id updated_at attach_status volume_id instance_uuid mountpoint attach_mode attach_time") {
			c.want(200, "", "demo", "GET 3.27 /attachments/detail?sort="+key+":asc&limit=1&marker="+a, "")
		}
	})
}

func TestTypes_Filters(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		for _, body := range []string{
			`{"name":"a","description":"first","extra_specs":{"multiattach":"<is> True","RESKEY:availability_zones":"one,two"}}`,
			`{"name":"b","extra_specs":{"secret":"s"}}`,
			`{"name":"c","os-volume-type-access:is_public":false}`,
		} {
			c.want(200, "", "admin", "POST /types", `{"volume_type":`+body+`}`)
		}
		const all, order = "__DEFAULT__ a b", "&sort=name:asc"
		c.lists("/types", "volume_types", "name",
			listed{"demo", "3.52", "extra_specs={'multiattach':'<is> True'}", "a"},
			listed{"demo", "3.51", "extra_specs={'multiattach':'<is> True'}" + order, all},
			listed{"admin", "3.51", "extra_specs={'multiattach':'<is> True'}", "a"},
			listed{"demo", "3.52", "extra_specs={'RESKEY:availability_zones':'two'}", "a"},
			listed{"demo", "3.52", "extra_specs={'secret':'s'}", ""},
			listed{"admin", "3.52", "extra_specs={'secret':'s'}", "b"},
			listed{"demo", "3.52", "name=a", "400 Invalid filters name are found in query options."},
			listed{"demo", "3.51", "name=a" + order, all},
			listed{"demo", "3.52", "is_public=False" + order, all},
			listed{"admin", "3.0", "name=a", "a"},
			listed{"admin", "3.34", "description~=FIR", "a"},
			listed{"admin", "3.0", "nothing=1", ""},
			listed{"admin", "3.0", "is_public=True" + order, all},
			listed{"admin", "3.0", "is_public=NONE" + order, all + " c"},
			listed{"admin", "3.0", "is_public=0", "c"},
			listed{"admin", "3.0", "is_public=maybe", "400 Invalid is_public filter [maybe]"},
			listed{"demo", "3.0", "sort=description:desc&limit=1", "a"},
			listed{"demo", "3.0", "sort=extra_specs", "400 Invalid sort key"},
		)
		for key := range strings.FieldsSeq("id created_at updated_at is_public qos_specs_id") {
			c.want(200, "", "demo", "GET /types?sort="+key+":asc&limit=1", "")
		}
	})
}

// TestResourceFilters is what clients are told of all that: Cinder's
// resource_filters.json, for what there is here.
func TestResourceFilters(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		c.steps(
			step{"demo", "GET 3.32 /resource_filters", "", 404, ""},
			step{"demo", "GET 3.33 /resource_filters?resource=nothing", "", 200, `{"resource_filters":[]}`},
			step{"demo", "GET 3.33 /resource_filters?resource=pool", "", 200, `{"resource_filters":[{"filters":["name","volume_type"],"resource":"pool"}]}`},
			step{"demo", "GET 3.33 /resource_filters", "", 200, `{"resource_filters":[` +
				`{"filters":["availability_zone","bootable","consumes_quota","created_at","group_id","metadata","migration_status","name","size","status","updated_at"],"resource":"volume"},` +
				`{"filters":["availability_zone","consumes_quota","metadata","name","status","volume_id"],"resource":"snapshot"},` +
				`{"filters":["attach_status","instance_id","status","volume_id"],"resource":"attachment"},` +
				`{"filters":["event_id","message_level","request_id","resource_type","resource_uuid"],"resource":"message"},` +
				`{"filters":["extra_specs","is_public"],"resource":"volume_type"},`},
		)
	})
}
