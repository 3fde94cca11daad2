package volume_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/volumedb"
)

// TestBackend shows administrators what volumes are put on, and nobody else.
func TestBackend(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		c.volume(`{"size":3}`)
		c.steps(
			step{"demo", "GET /os-availability-zone", "", 200, `"zoneName":"nova"`},
			step{"admin", "GET /os-services", "", 200, `"binary":"cinder-scheduler"`},
			step{"admin", "GET 3.49 /os-services?binary=cinder-volume", "", 200, `"backend_state":"up","binary":"cinder-volume","cluster":null`},
			step{"admin", "GET /os-services?host=elsewhere", "", 200, `{"services":[]}`},
			step{"admin", "GET /os-services?host=host&binary=cinder-volume", "", 200, `"host":"host@file"`},
			step{"admin", "GET /os-hosts", "", 200, `"host_name":"host@file"`},
			step{"demo", "GET /os-hosts", "", 403, "volume_extension:hosts"},
			step{"admin", "GET /os-hosts/host@file", "", 200, `"project":"(total)","snapshot_count":"0","total_snapshot_gb":"0","total_volume_gb":"3","volume_count":"1"`},
			step{"admin", "GET /os-hosts/host@file", "", 200, `"project":"` + demoProject + `","snapshot_count":"0","total_snapshot_gb":"0","total_volume_gb":"3"`},
			step{"admin", "GET /os-hosts/host", "", 404, "Host host could not be found."},
			step{"demo", "GET /os-hosts/host@file", "", 403, "volume_extension:hosts"},
			step{"demo", "GET /os-services", "", 403, "volume_extension:services:get_all"},
			step{"admin", "GET /scheduler-stats/get_pools", "", 200, `{"pools":[{"name":"host@file#file"}]}`},
			step{"admin", "GET /scheduler-stats/get_pools?detail=True", "", 200, `"allocated_capacity_gb":3,`},
			step{"admin", "GET 3.28 /scheduler-stats/get_pools?name=other", "", 200, `{"pools":[]}`},
			step{"admin", "GET 3.27 /scheduler-stats/get_pools?name=other", "", 200, `host@file#file`},
			step{"demo", "GET /scheduler-stats/get_pools", "", 403, "scheduler_stats:get_pools"},
			step{"admin", "GET /capabilities/host@file", "", 200, `"namespace":"OS::Storage::Capabilities::host@file"`},
			step{"admin", "GET /capabilities/other", "", 404, "Service other could not be found."},
			step{"demo", "GET /capabilities/host@file", "", 403, "capabilities"},
			step{"demo", "GET 3.13 /groups/detail", "", 200, `{"groups":[]}`},
			step{"demo", "GET 3.59 /backups/detail?limit=10&sort=created_at:desc", "", 200, `{"backups":[]}`},
			step{"demo", "GET 3.0 /backups", "", 200, `{"backups":[]}`},
			step{"demo", "GET 3.0 /backups/" + unknown, "", 404, "Backup " + unknown + " could not be found."},
			step{"nobody", "GET 3.0 /backups", "", 403, "backup:get_all"},
			step{"demo", "GET 3.12 /groups", "", 404, ""},
			step{"demo", "GET 3.14 /group_snapshots", "", 200, `{"group_snapshots":[]}`},
			step{"demo", "GET 3.11 /group_types", "", 200, `{"group_types":[]}`},
			step{"demo", "GET 3.13 /groups/" + unknown, "", 404, "Group " + unknown + " could not be found."},
			step{"nobody", "GET 3.13 /groups", "", 403, "group:get_all"},
			step{"demo", "GET /extensions", "", 200, `"alias":"os-volume-type-access"`},
			step{"demo", "GET /extensions/os-services", "", 200, `"alias":"os-services","description":"Services"`},
			step{"demo", "GET /extensions/none", "", 404, ""},
		)
	})
}

// TestQuotaClass gives all projects limits that have none of their own.
func TestQuotaClass(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		c.steps(
			step{"admin", "GET /os-quota-class-sets/default", "", 200, `"id":"default","per_volume_gigabytes":-1`},
			step{"demo", "GET /os-quota-class-sets/default", "", 403, "quota_classes:get"},
			step{"demo", "PUT /os-quota-class-sets/default", `{"quota_class_set":{"volumes":1}}`, 403, "quota_classes:update"},
			step{"admin", "PUT /os-quota-class-sets/default", `{"quota_class_set":{"volumes":1,"nonsense":1}}`, 400, "nonsense"},
			step{"admin", "PUT /os-quota-class-sets/default", `{"quota_class_set":{"volumes":"one"}}`, 400, "volumes must be an integer"},
			step{"admin", "PUT /os-quota-class-sets/default", `{"quota_class_set":{"volumes":1}}`, 200, `"volumes":1`},
			step{"admin", "PUT /os-quota-class-sets/" + strings.Repeat("x", 256), `{"quota_class_set":{"volumes":1}}`, 400, "too long"},
			step{"admin", "PUT /os-quota-class-sets/other", `{"quota_class_set":{"volumes":7}}`, 200, `"volumes":7`},
			step{"demo", "GET /os-quota-sets/" + demoProject + "/defaults", "", 200, `"volumes":1`},
			step{"demo", "POST /volumes", `{"volume":{"size":1}}`, 202, ""},
			step{"demo", "POST /volumes", `{"volume":{"size":1}}`, 413, "Maximum number of volumes allowed (1) exceeded"},
			step{"admin", "PUT /os-quota-sets/" + demoProject, `{"quota_set":{"volumes":2}}`, 200, `"volumes":2`},
			step{"demo", "POST /volumes", `{"volume":{"size":1}}`, 202, ""},
		)
	})
}

// TestDefaultTypes gives the volumes of a project a type that nobody names.
func TestDefaultTypes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		fast := c.want(200, "", "admin", "POST /types", `{"volume_type":{"name":"fast"}}`).value("volume_type", "id")
		path := "3.62 /default-types/" + demoProject
		c.steps(
			step{"admin", "GET 3.61 /default-types", "", 404, "could not be found"},
			step{"demo", "GET 3.62 /default-types", "", 403, "default_get_all"},
			step{"demo", "PUT " + path, `{"default_type":{"volume_type":"fast"}}`, 403, "default_set_or_update"},
			step{"admin", "GET " + path, "", 404, "Default type for project " + demoProject + " not found."},
			step{"admin", "PUT " + path, `{"default_type":{"volume_type":"slow"}}`, 400, "slow"},
			step{"admin", "PUT " + path, `{"default_type":{"volume_type":"fast","more":1}}`, 400, "more"},
			step{"admin", "PUT " + path, `{"default_type":{"volume_type":"fast"}}`, 200, `{"default_type":{"project_id":"` + demoProject + `","volume_type_id":"` + fast + `"}}`},
			step{"admin", "GET " + path, "", 200, fast},
			step{"admin", "GET 3.62 /default-types", "", 200, `{"default_types":[{"project_id":"` + demoProject},
			step{"demo", "POST /volumes", `{"volume":{"size":1}}`, 202, `"volume_type":"fast"`},
			step{"alt", "POST /volumes", `{"volume":{"size":1}}`, 202, `"volume_type":"__DEFAULT__"`},
			step{"demo", "GET /types/default", "", 200, fast},
			step{"admin", "DELETE /types/" + fast, "", 400, "is a default volume type and cannot be deleted."},
			step{"admin", "DELETE " + path, "", 204, ""},
			step{"admin", "DELETE " + path, "", 204, ""},
			step{"demo", "POST /volumes", `{"volume":{"size":1}}`, 202, `"volume_type":"__DEFAULT__"`},
		)
	})
}

// TestRevert returns a volume to what its snapshot has, whatever process does it.
func TestRevert(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":1}`)
		act := "POST 3.40 /volumes/" + id + "/action"
		c.want(400, "doesn't have any snapshots.", "demo", act, `{"revert":{"snapshot_id":"`+unknown+`"}}`)
		c.write(id, 0, "before")
		older := c.make("demo", "snapshot", `{"volume_id":"`+id+`"}`)
		c.work()
		latest := c.make("demo", "snapshot", `{"volume_id":"`+id+`"}`)
		c.want(409, "Snapshot's status must be 'available'.", "demo", act, `{"revert":{"snapshot_id":"`+latest+`"}}`)
		c.work()
		c.write(id, 0, "after!")
		c.steps(
			step{"demo", "POST 3.39 /volumes/" + id + "/action", `{"revert":{"snapshot_id":"` + latest + `"}}`, 404, "The resource could not be found."},
			step{"demo", act, `{"revert":{"snapshot_id":"` + older + `"}}`, 400, "not the latest one"},
			step{"demo", act, `{"revert":{"snapshot_id":null}}`, 400, "Specified snapshot None is None"},
			step{"reader", act, `{"revert":{"snapshot_id":"` + latest + `"}}`, 403, "revert_to_snapshot"},
			step{"alt", act, `{"revert":{"snapshot_id":"` + latest + `"}}`, 404, ""},
			step{"demo", act, `{"revert":{"snapshot_id":"` + latest + `"}}`, 202, ""},
			step{"demo", act, `{"revert":{"snapshot_id":"` + latest + `"}}`, 409, "Volume's status must be 'available'."},
			step{"demo", "DELETE /snapshots/" + latest, "", 400, "Snapshot status must be available or error"},
		)
		c.status("reverting", "/volumes/"+id)
		c.status("restoring", "/snapshots/"+latest)
		c.work()
		c.status("available", "/volumes/"+id)
		c.status("available", "/snapshots/"+latest)
		c.wantData(id, 0, "before", 1)
		c.want(202, "", "demo", "POST 3.42 /volumes/"+id+"/action", `{"os-extend":{"new_size":2}}`)
		c.work()
		c.want(400, "must be equal to the snapshot size", "demo", act, `{"revert":{"snapshot_id":"`+latest+`"}}`)
	})
}

// TestMessages tells a project's users, and no others, what went wrong, for as long
// as messages are kept.
func TestMessages(t *testing.T) {
	t.Parallel()
	dbtest.EachConnection(t, func(t *testing.T, connection string) {
		d := dbtest.Open(t, connection)
		store := volumedb.New(d.DB)
		c := newSite(t, store, t.TempDir())
		id := c.volume(`{"size":1}`)
		one := c.make("demo", "snapshot", `{"volume_id":"`+id+`"}`)
		must(t, os.Remove(filepath.Join(c.dir, id)))
		c.work()
		c.status("error", "/snapshots/"+one)
		listed := c.want(200, `"event_id":"VOLUME_VOLUME_SNAPSHOT_009_013"`, "reader", "GET 3.3 /messages", "")
		message := listed.values("messages", "id")
		if message == "" {
			t.Fatalf("no message: %s", listed.text)
		}
		path := "/messages/" + message
		c.steps(
			step{"reader", "GET 3.3 " + path, "", 200, `"user_message":"create snapshot:Snapshot failed to create."`},
			step{"reader", "GET 3.3 " + path, "", 200, `"resource_type":"VOLUME_SNAPSHOT","resource_uuid":"` + one + `"`},
			step{"reader", "GET 3.3 " + path, "", 200, `"request_id":"req-`},
			step{"reader", "GET 3.2 " + path, "", 404, "could not be found"},
			step{"reader", "GET 3.5 /messages?resource_uuid=" + id, "", 200, `{"messages":[]}`},
			step{"reader", "GET 3.5 /messages?message_level=ERROR&resource_uuid=" + one, "", 200, message},
			step{"reader", "GET 3.5 /messages?message_level=WARNING", "", 200, `{"messages":[]}`},
			step{"reader", "GET 3.5 /messages?limit=1", "", 200, "messages_links"},
			step{"alt", "GET 3.3 " + path, "", 404, "Message " + message + " could not be found."},
			step{"alt", "GET 3.3 /messages", "", 200, `{"messages":[]}`},
			step{"reader", "DELETE 3.3 " + path, "", 403, "message:delete"},
			step{"demo", "DELETE 3.3 " + path, "", 204, ""},
			step{"demo", "DELETE 3.3 " + path, "", 404, ""},
		)
		other := c.make("demo", "snapshot", `{"volume_id":"`+id+`"}`)
		c.work()
		c.status("error", "/snapshots/"+other)
		must(t, store.ExpireMessages(t.Context()))
		c.want(200, other, "demo", "GET 3.3 /messages", "")
		later := dbtest.Open(t, connection, dbtest.Frozen(d.Now().Add(31*24*time.Hour)))
		must(t, volumedb.New(later.DB).ExpireMessages(t.Context()))
		c.want(200, `{"messages":[]}`, "demo", "GET 3.3 /messages", "")
	})
}
