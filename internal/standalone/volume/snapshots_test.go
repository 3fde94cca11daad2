package volume_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nova-api/nova-api/internal/standalone/volume"
)

// image creates an image of demo's with data, in the image service.
func (c site) image(body, data string) string {
	c.t.Helper()
	made := c.imageCall("POST /v2/images", body)
	id, _ := made.body["id"].(string)
	if got := c.imageCall("PUT /v2/images/"+id+"/file", data); got.status != http.StatusNoContent {
		c.t.Fatalf("image: %d %s", got.status, got.text)
	}
	return id
}

// imageCall sends a request of demo's to the image service.
func (c site) imageCall(call, body string) reply {
	c.t.Helper()
	method, path, _ := strings.Cut(call, " ")
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("X-Auth-Token", "demo")
	r.Header.Set("Content-Type", "application/octet-stream")
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	c.images.ServeHTTP(w, r)
	return asReply(c.t, w)
}

// allocated is how much room the data of a volume takes on the disk, in bytes.
func (c site) allocated(id string) int64 {
	c.t.Helper()
	var stat syscall.Stat_t
	must(c.t, syscall.Stat(filepath.Join(c.dir, id), &stat))
	return stat.Blocks * 512
}

const rawImage = `{"name":"tiny","disk_format":"raw","container_format":"bare","min_disk":1,"hw_disk_bus":"virtio"}`

// TestVolume_FromImage has the image's data, and knows the image.
func TestVolume_FromImage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		data := strings.Repeat("data", 100_000) + strings.Repeat("\x00", 1<<20) + "end"
		id := c.image(rawImage, data)
		made := c.volume(`{"size":2,"imageRef":"` + id + `"}`)
		c.want(200, `"bootable":"true"`, "demo", "GET /volumes/"+made, "")
		shown := c.want(200, `"volume_image_metadata":{"container_format":"bare","disk_format":"raw","hw_disk_bus":"virtio","image_id":"`+id+`","image_name":"tiny"`,
			"demo", "GET /volumes/"+made, "")
		if !strings.Contains(shown.text, `"status":"available"`) {
			t.Errorf("after the work: %s", shown.text)
		}
		c.wantData(made, 0, "datadata", 2)
		c.wantData(made, int64(len(data)-3), "end\x00", 2)
		if room := c.allocated(made); room > 1<<20 {
			t.Errorf("holes take %d bytes", room)
		}
		c.want(200, made, "demo", "GET 3.4 /volumes?glance_metadata=%7B%22image_name%22:%22tiny%22%7D", "")
		byName := c.volume(`{"size":1,"imageRef":"tiny"}`)
		c.wantData(byName, 0, "datadata", 1)
		big := c.image(`{"name":"big","disk_format":"raw","container_format":"bare","min_disk":3}`, "x")
		empty, _ := c.imageCall("POST /v2/images", `{"name":"empty"}`).body["id"].(string)
		c.image(rawImage, "again")
		c.steps(
			step{"demo", "POST /volumes", `{"volume":{"size":2,"imageRef":"` + big + `"}}`, 400, "Volume size 2GB cannot be smaller than the image minDisk size 3GB."},
			step{"demo", "POST /volumes", `{"volume":{"size":2,"imageRef":"` + empty + `"}}`, 400, "Image " + empty + " is not active."},
			step{"demo", "POST /volumes", `{"volume":{"size":2,"imageRef":"` + unknown + `"}}`, 400, "Invalid image identifier or unable to access requested image."},
			step{"alt", "POST /volumes", `{"volume":{"size":2,"imageRef":"` + id + `"}}`, 400, "Invalid image identifier"},
			step{"demo", "POST /volumes", `{"volume":{"size":2,"imageRef":"tiny"}}`, 409, "Multiple matches found for 'tiny', use an ID to be more specific."},
			step{"demo", "POST /volumes", `{"volume":{"imageRef":"` + id + `"}}`, 400, "Volume size 'None' must be an integer and greater than 0"},
			step{"demo", "POST /volumes", `{"volume":{"imageRef":"` + id + `","source_volid":"` + made + `"}}`, 400, "May specify only one of"},
		)
		// The image goes before the worker comes.
		late := c.begin("demo", `{"size":1,"imageRef":"`+big[:0]+id+`"}`)
		c.imageCall("DELETE /v2/images/"+id, "")
		c.work()
		c.status("error", "/volumes/"+late)
		if strings.Contains(c.files(), late) {
			t.Errorf("files of a failure are left: %s", c.files())
		}
	})
}

// TestSnapshot goes through a life, and is what a volume is made of.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":1,"name":"parent"}`)
		c.write(id, 1<<29, "before")
		made := c.want(202, `"status":"creating"`, "demo", "POST /snapshots", `{"snapshot":{"volume_id":"`+id+`","name":"s","metadata":{"a":"b"}}}`)
		one := made.value("snapshot", "id")
		c.want(400, "Volume status must be available", "demo", "DELETE /volumes/"+id, "")
		c.work()
		c.write(id, 1<<29, "after!")
		c.wantData(one, 1<<29, "before", 1)
		if room := c.allocated(one); room > 1<<20 {
			t.Errorf("holes take %d bytes", room)
		}
		c.steps(
			step{"reader", "GET 3.41 /snapshots/" + one, "", 200, `"os-extended-snapshot-attributes:progress":"100%","os-extended-snapshot-attributes:project_id":"` + demoProject + `","size":1,"status":"available"`},
			step{"reader", "GET /snapshots?volume_id=" + id, "", 200, one},
			step{"reader", "GET /snapshots/detail?name=other", "", 200, `{"snapshots":[]}`},
			step{"reader", "GET 3.22 /snapshots?metadata=%7B%22a%22:%22b%22%7D", "", 200, one},
			step{"demo", "PUT /snapshots/" + one, `{"snapshot":{"name":"t","description":"d"}}`, 200, `"name":"t"`},
			step{"demo", "PUT /snapshots/" + one, `{"snapshot":{}}`, 400, "is not valid under any of the given schemas"},
			step{"demo", "PUT /snapshots/" + one + "/metadata", `{"metadata":{"c":"d"}}`, 200, `{"metadata":{"c":"d"}}`},
			step{"alt", "GET /snapshots/" + one, "", 404, "Snapshot " + one + " could not be found."},
			step{"alt", "DELETE /snapshots/" + one, "", 404, ""},
			step{"alt", "POST /snapshots", `{"snapshot":{"volume_id":"` + id + `"}}`, 404, "Volume " + id + " could not be found."},
			step{"alt", "POST /volumes", `{"volume":{"snapshot_id":"` + one + `"}}`, 404, "Snapshot " + one + " could not be found."},
			step{"reader", "DELETE /snapshots/" + one, "", 403, "volume:delete_snapshot"},
			step{"reader", "POST /snapshots", `{"snapshot":{"volume_id":"` + id + `"}}`, 403, "volume:create_snapshot"},
			step{"demo", "POST /snapshots", `{"snapshot":{"volume_id":null}}`, 404, ""},
			step{"demo", "POST /snapshots", `{"snapshot":{"name":"x"}}`, 400, "'volume_id' is a required property"},
			step{"demo", "POST 3.66 /snapshots", `{"snapshot":{"volume_id":"` + id + `","force":false}}`, 400, "Since microversion 3.66 the 'force' flag is invalid"},
			step{"demo", "POST /volumes", `{"volume":{"snapshot_id":"` + one + `","size":"1"}}`, 202, `"snapshot_id":"` + one + `"`},
		)
		larger := c.volume(`{"snapshot_id":"` + one + `","size":2}`)
		c.wantData(larger, 1<<29, "before", 2)
		// A snapshot that a volume is being made of stays until that is done.
		clone := c.begin("demo", `{"snapshot_id":"`+one+`"}`)
		c.want(202, "", "demo", "DELETE /snapshots/"+one, "")
		c.want(400, "Invalid snapshot: Snapshot status must be available or error and must not be part of a group.", "demo", "DELETE /snapshots/"+one, "")
		c.want(400, "Originating snapshot status must be one of 'available' values", "demo", "POST /volumes", `{"volume":{"snapshot_id":"`+one+`"}}`)
		c.work()
		c.wantData(clone, 1<<29, "before", 1)
		c.want(404, "", "demo", "GET /snapshots/"+one, "")
		c.want(202, "", "demo", "DELETE /volumes/"+id, "")
		c.work()
		if files := c.files(); strings.Contains(files, one) || strings.Contains(files, id) {
			t.Errorf("files are left: %s", files)
		}
	})
}

// TestVolume_Cascade ends a volume with its snapshots.
func TestVolume_Cascade(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":1}`)
		one, two := c.make("demo", "snapshot", `{"volume_id":"`+id+`"}`), c.make("demo", "snapshot", `{"volume_id":"`+id+`"}`)
		c.want(400, "have snapshots", "demo", "DELETE /volumes/"+id+"?cascade=true", "") // they are being made
		c.work()
		c.want(202, "", "demo", "DELETE /volumes/"+id+"?cascade=true", "")
		c.status("deleting", "/snapshots/"+one)
		c.work()
		for _, path := range []string{"/snapshots/" + one, "/snapshots/" + two, "/volumes/" + id} {
			c.want(404, "", "demo", "GET "+path, "")
		}
		if files := c.files(); files != "" {
			t.Errorf("files are left: %s", files)
		}
	})
}

// TestVolume_FromVolume copies another one, which stays until that is done.
func TestVolume_FromVolume(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":2}`)
		c.write(id, 5, "content")
		clone := c.begin("demo", `{"source_volid":"`+id+`"}`)
		c.steps(
			step{"demo", "DELETE /volumes/" + id, "", 202, ""},
			step{"demo", "POST /volumes", `{"volume":{"source_volid":"` + id + `"}}`, 400, "Originating volume status must be one of 'available, in-use' values"},
			step{"alt", "POST /volumes", `{"volume":{"source_volid":"` + clone + `"}}`, 404, ""},
		)
		c.work()
		c.wantData(clone, 5, "content", 2)
		c.want(404, "", "demo", "GET /volumes/"+id, "")
		c.want(200, `"source_volid":"`+id+`"`, "demo", "GET /volumes/"+clone, "")
		c.want(400, "Volume size '1'GB cannot be smaller than original volume size  2GB. They must be >= original volume size.", "demo", "POST /volumes",
			`{"volume":{"source_volid":"`+clone+`","size":1}}`)
	})
}

// TestSnapshot_Quota counts snapshots and their gigabytes.
func TestSnapshot_Quota(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":3}`)
		c.make("demo", "snapshot", `{"volume_id":"`+id+`"}`)
		c.work()
		c.want(413, "SnapshotLimitExceeded: Maximum number of snapshots allowed (1) exceeded", "demo", "POST /snapshots", `{"snapshot":{"volume_id":"`+id+`"}}`)
		c.want(413, "Requested 4G, quota is 9G and 6G has been consumed.", "demo", "POST /volumes", `{"volume":{"size":4}}`)
		c.want(413, "Requested 4G, quota is 9G and 6G has been consumed.", "demo", "POST /volumes/"+id+"/action", `{"os-extend":{"new_size":7}}`)
		c.status("available", "/volumes/"+id)
		c.want(202, "", "demo", "POST /volumes/"+id+"/action", `{"os-extend":{"new_size":6}}`)
		c.want(413, "quota is 9G and 9G has been consumed.", "demo", "POST /volumes", `{"volume":{"size":1}}`) // while it is being extended
		c.work()
		c.want(413, "quota is 9G and 9G has been consumed.", "demo", "POST /volumes", `{"volume":{"size":1}}`)
	}, func(o *volume.Options) { o.Limits = map[string]int64{"snapshots": 1, "gigabytes": 9} })
}

// TestActions does to volumes what clients may do.
func TestActions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":1}`)
		c.write(id, 0, "kept")
		act := "POST /volumes/" + id + "/action"
		c.steps(
			step{"demo", act, `{"os-extend":{"new_size":"3"}}`, 202, ""},
			step{"demo", act, `{"os-extend":{"new_size":4}}`, 400, "status must be '{'status': 'available'}' to extend, currently extending."},
			step{"demo", "GET /volumes/" + id, "", 200, `"size":1`},
		)
		c.work()
		c.wantData(id, 0, "kept", 3)
		c.steps(
			step{"demo", "GET /volumes/" + id, "", 200, `"size":3,"snapshot_id":null,"source_volid":null,"status":"available"`},
			step{"demo", act, `{"os-extend":{"new_size":3}}`, 400, "New size for extend must be greater than current size. (current: 3, extended: 3)."},
			step{"demo", act, `{"os-extend":{}}`, 400, "'new_size' is a required property"},
			step{"reader", act, `{"os-extend":{"new_size":9}}`, 403, "volume:extend"},
			step{"alt", act, `{"os-extend":{"new_size":9}}`, 404, ""},
			step{"demo", act, `{"os-set_bootable":{"bootable":"true"}}`, 200, ""},
			step{"demo", act, `{"os-set_bootable":{"bootable":"maybe"}}`, 400, "'maybe' is not one of"},
			step{"demo", "GET /volumes?bootable=true", "", 200, id},
			step{"demo", act, `{"os-update_readonly_flag":{"readonly":true}}`, 202, ""},
			step{"demo", "GET /volumes/" + id, "", 200, `"metadata":{"readonly":"True"}`},
			step{"demo", act, `{"os-set_image_metadata":{"metadata":{"os":"linux","x":"y"}}}`, 200, `{"metadata":{"os":"linux","x":"y"}}`},
			step{"demo", act, `{"os-unset_image_metadata":{"key":"x"}}`, 200, ""},
			step{"demo", act, `{"os-unset_image_metadata":{"key":"x"}}`, 404, ""},
			step{"reader", act, `{"os-show_image_metadata":null}`, 200, `{"metadata":{"os":"linux"}}`},
			step{"demo", act, `{"os-retype":{"new_type":"__DEFAULT__"}}`, 400, "requested type has to be different"},
			step{"demo", act, `{"os-retype":{"new_type":"nonesuch"}}`, 404, "Volume type with name nonesuch could not be found."},
			step{"demo", act, `{"os-nonsense":{}}`, 400, "There is no such action: os-nonsense."},
			step{"demo", act, `{}`, 400, "Malformed request body"},
			step{"demo", act, `{"os-reset_status":{"status":"error"}}`, 403, "reset_status"},
			step{"admin", act, `{"os-reset_status":{"status":"fine"}}`, 400, `"Volume status: fine is invalid, valid statuses are: ('creating', 'available', `},
			step{"admin", act, `{"os-reset_status":{"attach_status":"loose"}}`, 400, "Volume attach status: loose is invalid, valid statuses are: ['attached', 'detached']."},
			step{"admin", act, `{"os-reset_status":{}}`, 400, "Must specify 'status', 'attach_status' or 'migration_status' for update."},
			step{"admin", act, `{"os-reset_status":{"status":"in-use"}}`, 400, "does not have any attachments"},
			step{"admin", act, `{"os-reset_status":{"status":"ERROR"}}`, 202, ""},
			step{"demo", "POST /snapshots", `{"snapshot":{"volume_id":"` + id + `"}}`, 400, "The snapshot cannot be created when the volume is in error status."},
			step{"admin", act, `{"os-reset_status":{"status":"in-use","attach_status":"attached"}}`, 400, ""},
			step{"admin", act, `{"os-reset_status":{"attach_status":"attached"}}`, 202, ""},
			step{"demo", "DELETE /volumes/" + id, "", 400, "must not be migrating, attached"},
			step{"admin", act, `{"os-reset_status":{"attach_status":"detached","status":"maintenance"}}`, 202, ""},
			step{"demo", act, `{"os-force_delete":{}}`, 403, "force_delete"},
			step{"admin", act, `{"os-force_delete":{}}`, 202, ""},
		)
		c.work()
		c.want(404, "", "demo", "GET /volumes/"+id, "")
	})
}

// TestUpload makes an image of a volume, with its data.
func TestUpload(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		c.service.Shrink() // all bytes are sent
		id := c.volume(`{"size":1}`)
		c.write(id, 0, "uploaded")
		act := "POST 3.1 /volumes/" + id + "/action"
		c.want(200, "", "demo", act, `{"os-set_image_metadata":{"metadata":{"os":"linux","image_name":"old"}}}`)
		c.steps(
			step{"demo", act, `{"os-volume_upload_image":{}}`, 400, "'image_name' is a required property"},
			step{"demo", act, `{"os-volume_upload_image":{"image_name":"i","disk_format":"iso"}}`, 400, "'iso' is not one of"},
			step{"demo", act, `{"os-volume_upload_image":{"image_name":"i","visibility":"public"}}`, 403, "upload_public"},
			step{"reader", act, `{"os-volume_upload_image":{"image_name":"i"}}`, 403, "upload_image"},
		)
		made := c.want(202, `"status":"uploading"`, "demo", act, `{"os-volume_upload_image":{"image_name":"copy","force":false}}`)
		image := made.value("os-volume_upload_image", "image_id")
		c.want(400, "status must be available", "demo", act, `{"os-volume_upload_image":{"image_name":"again"}}`)
		c.want(400, "Updating volume metadata is not allowed for volumes in uploading status.", "demo", "POST /volumes/"+id+"/metadata", `{"metadata":{}}`)
		c.work()
		c.status("available", "/volumes/"+id)
		shown := c.imageCall("GET /v2/images/"+image, "")
		if !strings.Contains(shown.text, `"os":"linux"`) || !strings.Contains(shown.text, `"size":1048576,"status":"active"`) || !strings.Contains(shown.text, `"name":"copy"`) {
			t.Errorf("image: %s", shown.text)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v2/images/"+image+"/file", http.NoBody)
		r.Header.Set("X-Auth-Token", "demo")
		r.Header.Set("Range", "bytes=0-7")
		w := httptest.NewRecorder()
		c.images.ServeHTTP(w, r)
		if got, err := io.ReadAll(w.Body); string(got) != "uploaded" || err != nil {
			t.Errorf("data: %q, %v", got, err)
		}
		// The image goes before the worker comes: the volume is as it was.
		image = c.do("demo", act, `{"os-volume_upload_image":{"image_name":"gone"}}`).value("os-volume_upload_image", "image_id")
		c.imageCall("DELETE /v2/images/"+image, "")
		c.work()
		c.status("available", "/volumes/"+id)
	})
}

// TestReimage writes an image over a volume.
func TestReimage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":1}`)
		c.write(id, 0, "old data that is longer")
		image := c.image(rawImage, "new")
		act := "/volumes/" + id + "/action"
		c.want(404, "The resource could not be found.", "demo", "POST 3.67 "+act, `{"os-reimage":{"image_id":"`+image+`"}}`)
		c.want(404, "", "demo", "POST 3.68 "+act, `{"os-reimage":{"image_id":"`+unknown+`"}}`)
		c.want(202, "", "demo", "POST 3.68 "+act, `{"os-reimage":{"image_id":"`+image+`"}}`)
		c.status("downloading", "/volumes/"+id)
		c.work()
		c.status("available", "/volumes/"+id)
		c.wantData(id, 0, "new\x00\x00\x00", 1)
		c.want(200, `"image_id":"`+image+`"`, "demo", "GET /volumes/"+id, "")
		c.want(200, `"bootable":"true"`, "demo", "GET /volumes/"+id, "")
		// A server may reserve the volume meanwhile.
		c.want(202, "", "demo", "POST 3.68 "+act, `{"os-reimage":{"image_id":"`+image+`"}}`)
		c.reserve(id, serverOne)
		c.work()
		c.status("reserved", "/volumes/"+id)
	})
}

// TestExtend_Fails gives the quota back, and leaves the volume as large as it was.
func TestExtend_Fails(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":1}`)
		must(t, os.Rename(filepath.Join(c.dir, id), filepath.Join(c.dir, "away")))
		c.want(202, "", "demo", "POST /volumes/"+id+"/action", `{"os-extend":{"new_size":4}}`)
		c.work()
		c.status("error_extending", "/volumes/"+id)
		c.want(200, `"size":1`, "demo", "GET /volumes/"+id, "")
		c.want(200, `"totalGigabytesUsed":1`, "demo", "GET /limits", "")
	})
}

// TestSnapshot_Status is reset by administrators, and reported by whoever makes
// snapshots.
func TestSnapshot_Status(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		one := c.make("demo", "snapshot", `{"volume_id":"`+c.volume(`{"size":1}`)+`"}`)
		act := "POST /snapshots/" + one + "/action"
		c.steps(
			step{"demo", act, `{"os-update_snapshot_status":{"status":"creating","progress":"50%"}}`, 202, ""},
			step{"demo", "GET /snapshots/" + one, "", 200, `"os-extended-snapshot-attributes:progress":"50%"`},
			step{"demo", act, `{"os-update_snapshot_status":{"status":"deleting"}}`, 400, "Provided snapshot status deleting not allowed for snapshot with status creating."},
			step{"demo", act, `{"os-reset_status":{"status":"error"}}`, 403, ""},
			step{"demo", act, `{"os-force_delete":{}}`, 403, ""},
			step{"alt", act, `{"os-force_delete":{}}`, 404, ""},
			step{"admin", act, `{"os-reset_status":{"status":"restoring"}}`, 202, ""},
			step{"demo", act, `{"os-update_snapshot_status":{"status":"available"}}`, 400, "Snapshot status restoring not allowed for update_snapshot_status"},
			step{"demo", "DELETE /snapshots/" + one, "", 400, "Invalid snapshot"},
			step{"admin", act, `{"os-force_delete":{}}`, 202, ""},
		)
		c.work()
		c.want(404, "", "demo", "GET /snapshots/"+one, "")
		if files := c.files(); strings.Contains(files, one) {
			t.Errorf("files are left: %s", files)
		}
	})
}
