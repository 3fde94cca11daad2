package volume_test

import (
	"encoding/json"
	"testing"
)

// TestTransfers give a volume and its snapshots to another project, once.
func TestTransfers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":3}`)
		snapshot := c.want(202, "", "demo", "POST /snapshots", `{"snapshot":{"volume_id":"`+id+`"}}`).value("snapshot", "id")
		c.work()
		offer := `{"transfer":{"volume_id":"` + id + `","name":"a gift"}}`
		made := c.want(202, `"auth_key":`, "demo", "POST 3.57 /volume-transfers", offer)
		transfer, key := made.value("transfer", "id"), made.value("transfer", "auth_key")
		path := "/volume-transfers/" + transfer
		accept := func(key string) string {
			body, _ := json.Marshal(map[string]any{"accept": map[string]string{"auth_key": key}})
			return string(body)
		}
		c.steps(
			step{"demo", "GET /volumes/" + id, "", 200, `"status":"awaiting-transfer"`},
			step{"demo", "POST /os-volume-transfer", offer, 400, "status must be available"},
			step{"demo", "POST /os-volume-transfer", `{"transfer":{"volume_id":"` + id + `","no_snapshots":true}}`, 400, "no_snapshots"},
			step{"reader", "POST /os-volume-transfer", offer, 403, "volume:create_transfer"},
			step{"alt", "POST /os-volume-transfer", offer, 404, "could not be found"},
			step{"demo", "GET /os-volume-transfer/" + transfer, "", 200, `"name":"a gift","volume_id":"` + id},
			step{"demo", "GET 3.57 " + path, "", 200, `"accepted":false`},
			step{"demo", "GET /volume-transfers", "", 404, ""},
			step{"demo", "GET /os-volume-transfer/detail", "", 200, `"created_at"`},
			step{"demo", "GET /os-volume-transfer?name=other", "", 200, `{"transfers":[]}`},
			step{"demo", "GET 3.59 /volume-transfers/detail?bootable=1&status=available", "", 200, `{"transfers":[]}`},
			step{"alt", "GET /os-volume-transfer", "", 200, `{"transfers":[]}`},
			step{"alt", "GET /os-volume-transfer/" + transfer, "", 404, "Transfer " + transfer + " could not be found."},
			step{"admin", "GET /os-volume-transfer?all_tenants=1", "", 200, transfer},
			step{"demo", "DELETE /volumes/" + id, "", 400, "awaiting a transfer"},
			step{"alt", "POST /os-volume-transfer/" + transfer + "/accept", accept("wrong"), 400, "invalid auth key"},
			step{"alt", "POST /os-volume-transfer/" + transfer + "/accept", `{"accept":{"auth_key":null}}`, 400, "auth_key"},
			step{"admin", "PUT /os-quota-sets/" + altProject, `{"quota_set":{"gigabytes":5}}`, 200, ""},
			step{"alt", "POST /os-volume-transfer/" + transfer + "/accept", accept(key), 413, "gigabytes"},
			step{"demo", "GET /volumes/" + id, "", 200, `"status":"awaiting-transfer"`},
			step{"admin", "PUT /os-quota-sets/" + altProject, `{"quota_set":{"gigabytes":6}}`, 200, ""},
			step{"alt", "POST /os-volume-transfer/" + transfer + "/accept", accept(key), 202, `"volume_id":"` + id},
			step{"alt", "POST /os-volume-transfer/" + transfer + "/accept", accept(key), 404, "could not be found"},
			step{"demo", "GET /volumes/" + id, "", 404, ""},
			step{"alt", "GET /volumes/" + id, "", 200, `"status":"available"`},
			step{"alt", "GET /snapshots/" + snapshot, "", 200, `"status":"available"`},
			step{"demo", "GET /os-quota-sets/" + demoProject + "?usage=true", "", 200, `"gigabytes":{"in_use":0,`},
		)
		again := c.want(202, `"no_snapshots":true`, "alt", "POST 3.55 /volume-transfers", `{"transfer":{"volume_id":"`+id+`","no_snapshots":true}}`)
		c.steps(
			step{"alt", "DELETE /os-volume-transfer/" + again.value("transfer", "id"), "", 202, ""},
			step{"alt", "DELETE /os-volume-transfer/" + again.value("transfer", "id"), "", 404, ""},
			step{"alt", "GET /volumes/" + id, "", 200, `"status":"available"`},
		)
	})
}

// qos makes a type promise something.
func (c site) qos(typePath, typeID string) {
	c.t.Helper()
	made := c.want(200, `"consumer":"both"`, "admin", "POST /qos-specs", `{"qos_specs":{"name":"fast","consumer":"both","iops":"9"}}`)
	id := made.value("qos_specs", "id")
	path := "/qos-specs/" + id
	c.steps(
		step{"demo", "POST /qos-specs", `{"qos_specs":{"name":"x"}}`, 403, "qos_specs_manage:create"},
		step{"demo", "GET /qos-specs", "", 403, "qos_specs_manage:get_all"},
		step{"admin", "POST /qos-specs", `{"qos_specs":{"name":"fast"}}`, 409, "QoS Specs fast already exists."},
		step{"admin", "POST /qos-specs", `{"qos_specs":{"name":"x","consumer":"nobody"}}`, 400, "Valid consumer of QoS specs are"},
		step{"admin", "POST /qos-specs", `{"qos_specs":{"name":"x","iops":9}}`, 400, "is not of type 'string'"},
		step{"admin", "GET /qos-specs", "", 200, `"specs":{"iops":"9"}`},
		step{"admin", "GET " + path, "", 200, `"rel":"self"`},
		step{"admin", "GET /qos-specs/" + unknown, "", 404, "No such QoS spec " + unknown + "."},
		step{"admin", "PUT " + path, `{"qos_specs":{"consumer":"front-end","bytes":"1"}}`, 200, `"bytes":"1"`},
		step{"admin", "GET " + path, "", 200, `"consumer":"front-end"`},
		step{"admin", "PUT " + path + "/delete_keys", `{"keys":["bytes","none"]}`, 404, "no spec with key none"},
		step{"admin", "PUT " + path + "/delete_keys", `{"keys":["bytes"]}`, 202, ""},
		step{"admin", "GET " + path, "", 200, `"specs":{"iops":"9"}`},
		step{"admin", "GET " + path + "/associate", "", 400, "Volume Type id must not be None."},
		step{"admin", "GET " + path + "/associate?vol_type_id=" + unknown, "", 404, "Volume type " + unknown},
		step{"admin", "GET " + path + "/associate?vol_type_id=" + typeID, "", 202, ""},
		step{"admin", "GET " + typePath, "", 200, `"qos_specs_id":"` + id + `"`},
		step{"admin", "GET " + path + "/associations", "", 200, `"association_type":"volume_type","id":"` + typeID},
		step{"admin", "DELETE " + path, "", 400, "Qos specs still in use."},
		step{"admin", "GET " + path + "/disassociate?vol_type_id=" + typeID, "", 202, ""},
		step{"admin", "GET " + path + "/associations", "", 200, `{"qos_associations":[]}`},
		step{"admin", "GET " + path + "/associate?vol_type_id=" + typeID, "", 202, ""},
		step{"admin", "GET " + path + "/disassociate_all", "", 202, ""},
		step{"admin", "GET " + path + "/associate?vol_type_id=" + typeID, "", 202, ""},
		step{"admin", "DELETE " + path + "?force=true", "", 202, ""},
		step{"admin", "GET " + typePath, "", 200, `"qos_specs_id":null`},
	)
}
