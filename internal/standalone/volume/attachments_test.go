package volume_test

import (
	"strings"
	"sync"
	"testing"
)

const (
	serverOne = "aaaaaaaa-0000-4000-8000-000000000001"
	serverTwo = "aaaaaaaa-0000-4000-8000-000000000002"
)

// reserve reserves a volume for a server, and gives the attachment's ID.
func (c site) reserve(volume, server string) string {
	c.t.Helper()
	return c.make("demo", "attachment", `{"volume_uuid":"`+volume+`","instance_uuid":"`+server+`"}`)
}

// TestAttachment is reserved, connected, completed and deleted.
func TestAttachment(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":1}`)
		c.want(404, "The resource could not be found.", "demo", "POST 3.26 /attachments", `{"attachment":{}}`)
		c.want(404, "", "alt", "POST 3.27 /attachments", `{"attachment":{"volume_uuid":"`+id+`"}}`)
		c.want(403, "volume:attachment_create", "reader", "POST 3.27 /attachments", `{"attachment":{"volume_uuid":"`+id+`"}}`)
		c.want(400, "'volume_uuid' is a required property", "demo", "POST 3.27 /attachments", `{"attachment":{}}`)
		a := c.reserve(id, serverOne)
		c.status("reserved", "/volumes/"+id)
		path := "3.44 /attachments/" + a
		c.steps(
			step{"demo", "POST 3.27 /attachments", `{"attachment":{"volume_uuid":"` + id + `","instance_uuid":"` + serverTwo + `"}}`, 400, "status must be available or downloading to reserve, but the current status is reserved."},
			step{"demo", "GET " + path, "", 200, `"connection_info":{},"detached_at":"","id":"` + a + `","instance":"` + serverOne + `","status":"reserved"`},
			step{"alt", "GET " + path, "", 404, "Volume attachment could not be found with filter: attachment_id = " + a + "."},
			step{"alt", "DELETE " + path, "", 404, ""},
			step{"reader", "PUT " + path, `{"attachment":{"connector":{"host":"h"}}}`, 403, "volume:attachment_update"},
			step{"demo", "PUT " + path, `{"attachment":{"connector":{}}}`, 400, "Value: {}. {} should be non-empty"},
			step{"demo", "PUT " + path, `{"attachment":{"connector":{"host":"h","mountpoint":"/dev/vdb"}}}`, 200, `"driver_volume_type":"local","encrypted":false,"enforce_multipath":false`},
			step{"demo", "POST 3.43 /attachments/" + a + "/action", `{"os-complete":null}`, 404, "The resource could not be found."},
			step{"demo", "POST " + path + "/action", `{"os-complete":null}`, 204, ""},
			step{"demo", "GET /volumes/" + id, "", 200, `"attachment_id":"` + a + `","device":"/dev/vdb","host_name":null,"id":"` + id + `","server_id":"` + serverOne + `"`},
			step{"demo", "GET /volumes/" + id, "", 200, `"metadata":{}`}, // no attached_mode
			step{"admin", "GET /volumes/" + id, "", 200, `"host_name":"h"`},
			step{"admin", "POST /volumes/" + id + "/action", `{"os-force_detach":{"attachment_id":"` + a + `"}}`, 409, "Detach volume from instance " + serverOne + " using the Compute API"},
			step{"admin", "POST /volumes/" + id + "/action", `{"os-force_detach":{"attachment_id":"` + serverTwo + `"}}`, 409, "Detach volume from instance  using the Compute API"},
			step{"demo", "GET 3.27 /attachments?instance_id=" + serverOne, "", 200, a},
			step{"demo", "GET 3.27 /attachments/detail?status=reserved", "", 200, `{"attachments":[]}`},
			step{"alt", "GET 3.27 /attachments", "", 200, `{"attachments":[]}`},
			step{"demo", "DELETE /volumes/" + id, "", 400, "attached"},
			step{"demo", "DELETE " + path, "", 409, "Detach volume from instance " + serverOne + " using the Compute API"},
		)
		c.status("in-use", "/volumes/"+id)
		// A server that moves has the volume on two hosts for a while.
		second := c.reserve(id, serverOne)
		c.want(409, "duplicate connectors detected", "demo", "PUT 3.44 /attachments/"+second, `{"attachment":{"connector":{"host":"h"}}}`)
		c.want(200, "", "demo", "PUT 3.44 /attachments/"+second, `{"attachment":{"connector":{"host":"other"}}}`)
		c.want(409, "", "service", "DELETE "+path, "") // by whose token it is, a service says so with another
		terminate, release := "POST /volumes/"+id+"/action", `{"os-terminate_connection":{"connector":{}}}`
		c.want(409, "Detach volume from instance  using the Compute API", "demo", terminate, release)
		c.want(200, second, "service", "DELETE "+path, "", "X-Service-Token", "service")
		c.want(409, "Detach volume from instance "+serverOne+" using", "demo", terminate, release)
		c.want(202, "", "demo", terminate, release, "X-Service-Token", "service")
		c.want(409, "", "demo", "DELETE 3.44 /attachments/"+second, "", "X-Service-Token", "demo")
		c.want(200, `{"attachments":[]}`, "demo", "DELETE 3.44 /attachments/"+second, "", "X-Service-Token", "service")
		c.want(200, `"attachments":[],"availability_zone":"nova"`, "demo", "GET /volumes/"+id, "")
		c.status("available", "/volumes/"+id)
	})
}

// TestAttachment_Together has many servers want one volume: one gets it.
func TestAttachment_Together(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":1}`)
		var group sync.WaitGroup
		statuses := make(chan int, 8)
		for i := range 8 {
			group.Go(func() {
				server := strings.Replace(serverOne, "aaaaaaaa", "aaaaaaa"+string(rune('0'+i)), 1)
				statuses <- c.do("demo", "POST 3.27 /attachments", `{"attachment":{"volume_uuid":"`+id+`","instance_uuid":"`+server+`"}}`).status
			})
		}
		group.Wait()
		close(statuses)
		seen := map[int]int{}
		for status := range statuses {
			seen[status]++
		}
		if seen[200] != 1 || seen[400] != 7 {
			t.Errorf("answers: %v", seen)
		}
	})
}

// TestAttachActions attach as it was done before there were attachments.
func TestAttachActions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":1}`)
		act := "POST /volumes/" + id + "/action"
		c.steps(
			step{"demo", act, `{"os-reserve":{}}`, 202, ""},
			step{"demo", act, `{"os-reserve":{}}`, 400, "Volume status must be available to reserve, but the status is attaching."},
			step{"demo", act, `{"os-unreserve":null}`, 202, ""},
			step{"demo", "GET /volumes/" + id, "", 200, `"status":"available"`},
			step{"reader", act, `{"os-reserve":{}}`, 403, "reserve"},
			step{"alt", act, `{"os-reserve":{}}`, 404, ""},
			step{"demo", act, `{"os-reserve":{}}`, 202, ""},
			step{"demo", act, `{"os-initialize_connection":{"connector":{"host":"h"}}}`, 200, `"enforce_multipath":false`},
			step{"demo", act, `{"os-initialize_connection":{}}`, 400, "'connector' is a required property"},
			step{"demo", act, `{"os-attach":{"mountpoint":"/dev/vdb"}}`, 400, "is not valid under any of the given schemas"},
			step{"demo", act, `{"os-attach":{"mountpoint":"/dev/vdb","instance_uuid":"` + serverOne + `"}}`, 202, ""},
			step{"demo", "GET /volumes/" + id, "", 200, `"metadata":{"attached_mode":"rw","readonly":"False"}`},
			step{"demo", act, `{"os-attach":{"mountpoint":"/dev/vdb","instance_uuid":"` + serverTwo + `"}}`, 400, "volume is already attached and multiple attachments are not enabled"},
			step{"demo", act, `{"os-begin_detaching":{}}`, 202, ""},
			step{"demo", act, `{"os-begin_detaching":{}}`, 400, "Unable to detach volume."},
			step{"demo", act, `{"os-roll_detaching":{}}`, 202, ""},
			step{"demo", "GET /volumes/" + id, "", 200, `"status":"in-use"`},
			step{"demo", act, `{"os-detach":{"attachment_id":"` + unknown + `"}}`, 409, "Detach volume from instance  using the Compute API"},
			step{"demo", act, `{"os-force_detach":{}}`, 403, "force_detach"},
			step{"demo", act, `{"os-detach":null}`, 202, ""},
			step{"demo", "GET /volumes/" + id, "", 200, `"status":"available"`},
			step{"demo", act, `{"os-update_readonly_flag":{"readonly":true}}`, 202, ""},
			step{"demo", act, `{"os-attach":{"mountpoint":"/dev/vdb","host_name":"h"}}`, 400, "Invalid attaching mode 'rw' for volume"},
			step{"demo", act, `{"os-attach":{"mountpoint":"/dev/vdb","host_name":"h","mode":"ro"}}`, 202, ""},
			step{"admin", act, `{"os-force_detach":{}}`, 202, ""},
			step{"demo", act, `{"os-reserve":{}}`, 202, ""},
			step{"demo", act, `{"os-terminate_connection":{"connector":{}}}`, 202, ""},
			step{"demo", "GET /volumes/" + id, "", 200, `"status":"available"`},
		)
	})
}
