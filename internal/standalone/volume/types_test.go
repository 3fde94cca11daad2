package volume_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
)

// TestTypes are made by administrators, for everybody or for some projects.
func TestTypes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		made := c.want(200, `"is_public":false`, "admin", "POST /types",
			`{"volume_type":{"name":"shared","extra_specs":{"multiattach":"<is> True","x:secret":"s"},"os-volume-type-access:is_public":false}}`)
		id := made.value("volume_type", "id")
		path := "/types/" + id
		c.steps(
			step{"demo", "POST /types", `{"volume_type":{"name":"x"}}`, 403, "volume_extension:type_create"},
			step{"admin", "POST /types", `{"volume_type":{"name":"shared"}}`, 409, "Volume Type shared already exists."},
			step{"admin", "POST /types", `{"volume_type":{"name":" "}}`, 400, "is too short"},
			step{"demo", "GET " + path, "", 404, ""},
			step{"demo", "POST /volumes", `{"volume":{"size":1,"volume_type":"shared"}}`, 404, "Volume type with name shared could not be found."},
			step{"demo", "POST " + path + "/action", `{"addProjectAccess":{"project":"` + demoProject + `"}}`, 403, ""},
			step{"admin", "POST " + path + "/action", `{"addProjectAccess":{"project":"` + demoProject + `"}}`, 202, ""},
			step{"admin", "POST " + path + "/action", `{"addProjectAccess":{"project":"` + demoProject + `"}}`, 409, "already exists"},
			step{"admin", "GET " + path + "/os-volume-type-access", "", 200, `"project_id":"` + demoProject + `"`},
			step{"demo", "GET " + path, "", 200, `"extra_specs":{"multiattach":"<is> True"}`},
			step{"admin", "GET " + path + "/extra_specs", "", 200, `"x:secret":"s"`},
			step{"demo", "GET " + path + "/extra_specs/x:secret", "", 404, "has no extra specs with key x:secret."},
			step{"admin", "POST " + path + "/extra_specs", `{"extra_specs":{"a":"b"}}`, 200, `{"extra_specs":{"a":"b"}}`},
			step{"admin", "PUT " + path + "/extra_specs/a", `{"a":"c"}`, 200, `{"a":"c"}`},
			step{"admin", "PUT " + path + "/extra_specs/a", `{"b":"c"}`, 400, "mismatch"},
			step{"demo", "PUT " + path + "/extra_specs/a", `{"a":"d"}`, 403, ""},
			step{"admin", "DELETE " + path + "/extra_specs/a", "", 202, ""},
			step{"admin", "DELETE " + path + "/extra_specs/a", "", 404, ""},
			step{"admin", "PUT " + path, `{"volume_type":{}}`, 400, "Specify volume type name"},
			step{"admin", "PUT " + path, `{"volume_type":{"description":"d"}}`, 200, `"description":"d"`},
			step{"admin", "GET " + path, "", 200, `"os-volume-type-access:is_public":false,"qos_specs_id":null`},
			step{"admin", "DELETE /types/0e7a0003-0000-4000-8000-000000000001", "", 400, "is a default volume type and cannot be deleted."},
			step{"admin", "DELETE /types/" + unknown, "", 404, ""},
		)
		c.qos(path, id)
		// Several servers may have a volume of the type at once.
		volume := c.volume(`{"size":1,"volume_type":"shared"}`)
		c.want(200, `"multiattach":true`, "demo", "GET /volumes/"+volume, "")
		for _, server := range []string{serverOne, serverTwo} {
			a := c.reserve(volume, server)
			c.want(204, "", "demo", "POST 3.44 /attachments/"+a+"/action", `{"os-complete":null}`)
		}
		c.status("in-use", "/volumes/"+volume)
		c.want(400, "retypes affecting multiattach are only allowed on available volumes", "demo", "POST /volumes/"+volume+"/action", `{"os-retype":{"new_type":"__DEFAULT__"}}`)
		c.want(400, "Target volume type is still in use.", "admin", "DELETE "+path, "")
		c.want(202, "", "admin", "POST "+path+"/action", `{"removeProjectAccess":{"project":"`+demoProject+`"}}`)
		c.want(404, "", "demo", "GET "+path, "")
	})
}

// TestEncryption is what administrators say of types, as Cinder has it. There is no key
// manager, so no volume of such a type is made, however many ask at the same time.
func TestEncryption(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.want(200, "", "admin", "POST /types", `{"volume_type":{"name":"secret"}}`).value("volume_type", "id")
		path, none := "/types/"+id+"/encryption", "/types/"+unknown+"/encryption"
		const luks = `{"encryption":{"provider":"luks","control_location":"front-end","cipher":"aes-xts-plain64","key_size":"256"}}`
		c.steps(
			step{"admin", "GET " + path, "", 200, `{}`},
			step{"admin", "GET " + none, "", 404, ""},
			step{"demo", "GET " + path, "", 403, "volume_extension:volume_type_encryption:get"},
			step{"demo", "POST " + path, luks, 403, "volume_extension:volume_type_encryption:create"},
			step{"admin", "POST " + none, luks, 404, "Volume type " + unknown + " could not be found."},
			step{"admin", "PUT " + path + "/x", luks, 404, "Volume type encryption for type " + id + " does not exist."},
			step{"admin", "DELETE " + path + "/x", "", 404, "does not exist"},
			step{"admin", "POST " + path, `{"encryption":{"provider":"luks"}}`, 400, "'control_location' is a required property"},
			step{"admin", "POST " + path, `{"encryption":{"provider":"luks","control_location":"here"}}`, 400, "control_location"},
			step{"admin", "POST " + path, `{"encryption":{"provider":"luks","control_location":"back-end","key_size":-1}}`, 400, "less than the minimum of 0"},
			step{"admin", "POST " + path, `{"encryption":{"provider":"luks","control_location":"back-end","key_size":"x"}}`, 400, "'x' is not a 'key_size'"},
			step{"admin", "POST " + path, luks, 200, `"key_size":256,"provider":"luks","volume_type_id":"` + id + `"`},
			step{"admin", "POST " + path, luks, 400, "Volume type encryption for type " + id + " already exists."},
			step{"admin", "GET " + path, "", 200, `"deleted":false,"deleted_at":null,"encryption_id":"`},
			step{"admin", "GET " + path + "/cipher", "", 200, `{"cipher":"aes-xts-plain64"}`},
			step{"admin", "GET " + path + "/nothing", "", 404, "does not exist"},
			step{"demo", "POST /volumes", `{"volume":{"size":1,"volume_type":"secret"}}`, 400, `"message":"Key manager error"`},
			step{"demo", "PUT " + path + "/x", `{"encryption":{}}`, 403, "volume_extension:volume_type_encryption:update"},
			step{"admin", "PUT " + path + "/x", `{"encryption":{"cipher":null,"key_size":128}}`, 200, `{"encryption":{"cipher":null,"key_size":128}}`},
			step{"admin", "GET " + path + "/key_size", "", 200, `{"key_size":128}`},
			step{"demo", "POST /volumes", `{"volume":{"size":1,"volume_type":"secret"}}`, 400, "Invalid encryption spec"},
			step{"demo", "DELETE " + path + "/x", "", 403, "volume_extension:volume_type_encryption:delete"},
		)
		plain := c.volume(`{"size":1}`)
		c.steps(
			step{"demo", "POST /volumes/" + plain + "/action", `{"os-retype":{"new_type":"secret"}}`, 400, "Invalid encryption spec"},
			step{"demo", "GET /volumes/" + plain + "/encryption", "", 200, `{"encryption_key_id":null}`},
			step{"alt", "GET /volumes/" + plain + "/encryption", "", 404, ""},
			step{"admin", "DELETE " + path + "/x", "", 202, ""},
			step{"admin", "GET " + path, "", 200, `{}`},
		)
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() { c.do("demo", "POST /volumes", `{"volume":{"size":1,"volume_type":"secret"}}`) })
		}
		group.Go(func() { c.do("admin", "POST "+path, luks) })
		group.Wait()
		made := c.do("admin", "GET /volumes?all_tenants=1&volume_type_id="+id, "").values("volumes", "id") != ""
		encrypted := c.do("admin", "GET "+path, "").text != `{}`
		if made == encrypted {
			t.Errorf("volumes: %t, encryption: %t", made, encrypted)
		}
		for _, call := range []string{"POST " + path, "PUT " + path + "/x", "DELETE " + path + "/x"} {
			if made {
				c.want(400, "encryption specs. Volume type in use.", "admin", call, luks)
			}
		}
	})
}

// TestTypes_Backend are those that ask for what the one backend is, or isn't. Of the latter
// no volume is made, and none gets them: Cinder's scheduler finds no backend for it.
func TestTypes_Backend(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		plain := c.volume(`{"size":1}`)
		for specs, served := range map[string]bool{
			`"volume_backend_name":"file"`:                        true,
			`"capabilities:volume_backend_name":"file"`:           true,
			`"volume_backend_name":"lvm"`:                         false,
			`"volume_backend_name":"<or> lvm <or> file"`:          true,
			`"volume_backend_name":"<or> lvm"`:                    false,
			`"volume_backend_name":"<in> il"`:                     true,
			`"volume_backend_name":"s== file","multiattach":"no"`: false,
			`"volume_backend_name":"s> lvm"`:                      false,
			`"thin_provisioning_support":"<is> True"`:             true,
			`"thin_provisioning_support":"True"`:                  false, // is no text
			`"QoS_support":"<is> yes"`:                            false,
			`"reserved_percentage":"<= 10"`:                       true,
			`"reserved_percentage":"= 1"`:                         false,
			`"reserved_percentage":"== few"`:                      false,
			`"filter_function":"<is> False"`:                      false, // there is none
			`"hpe:persona":"x"`:                                   true,
			`"colour":"red"`:                                      false,
		} {
			name := c.want(200, "", "admin", "POST /types", `{"volume_type":{"name":"type-`+uuid.NewString()+`","extra_specs":{`+specs+`}}}`).value("volume_type", "name")
			made := c.volume(`{"size":1,"volume_type":"` + name + `"}`)
			now := c.want(202, "", "demo", "POST /volumes/"+plain+"/action", `{"os-retype":{"new_type":"`+name+`"}}`)
			status, kind := "available", c.do("demo", "GET /volumes/"+plain, "").value("volume", "volume_type")
			if !served {
				status = "error"
			}
			c.status(status, "/volumes/"+made)
			if (kind == name) != served {
				t.Errorf("%s: retyped to %s, %s", specs, kind, now.text)
			}
			c.do("admin", "DELETE /volumes/"+made, "")
			c.work()
		}
		c.want(200, `"event_id":"VOLUME_VOLUME_001_003"`, "demo", "GET 3.3 /messages", "")
		c.want(200, "schedule allocate volume:Could not find any available weighted backend.", "demo", "GET 3.3 /messages", "")
	})
}

// TestQuotaSets are set by administrators, and hold from then on.
func TestQuotaSets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		c.volume(`{"size":2}`)
		path := "/os-quota-sets/" + demoProject
		c.steps(
			step{"demo", "GET " + path, "", 200, `"gigabytes":1000,"gigabytes___DEFAULT__":-1`},
			step{"demo", "GET " + path + "?usage=true", "", 200, `"volumes":{"in_use":1,"limit":10,"reserved":0}`},
			step{"alt", "GET " + path, "", 403, "volume_extension:quotas:show"},
			step{"demo", "PUT " + path, `{"quota_set":{"volumes":99}}`, 403, ""},
			step{"admin", "PUT " + path, `{"quota_set":{"volumes":0}}`, 400, "Quota volumes limit must be equal or greater than existing resources. Current usage is 1 and the requested limit is 0."},
			step{"admin", "PUT " + path, `{"quota_set":{"apples":1}}`, 400, "Bad key(s) in quota set: apples"},
			step{"admin", "PUT " + path, `{"quota_set":{"volumes":-2}}`, 400, "volumes must be >= -1"},
			step{"admin", "PUT " + path, `{"quota_set":{"volumes":"x"}}`, 400, "volumes must be an integer"},
			step{"admin", "PUT " + path, `{"quota_set":{"volumes___DEFAULT__":1,"tenant_id":"x"}}`, 200, `"volumes___DEFAULT__":1`},
			step{"demo", "POST /volumes", `{"volume":{"size":1}}`, 413, "exceeded for quota 'volumes___DEFAULT__'."},
			step{"demo", "GET " + path + "/defaults", "", 200, `"volumes___DEFAULT__":-1`},
			step{"admin", "DELETE " + path, "", 200, ""},
			step{"demo", "POST /volumes", `{"volume":{"size":1}}`, 202, ""},
			step{"demo", "GET /os-availability-zone", "", 200, `{"availabilityZoneInfo":[{"zoneName":"nova","zoneState":{"available":true}}]}`},
		)
	})
}
