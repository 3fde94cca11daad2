package volume_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/standalone/volume"
)

const unknown = "11111111-2222-3333-4444-555555555555"

// TestVersions are told without a token, and chosen by a header.
func TestVersions(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		for header, want := range map[string]struct {
			status int
			text   string
			served string
		}{
			"":                        {200, `"volumes":[]`, "volume 3.0"},
			"volume 3.0":              {200, `"volumes":[]`, "volume 3.0"},
			"volume 3.71":             {200, `"volumes":[]`, "volume 3.71"},
			"volume latest":           {200, `"volumes":[]`, "volume 3.71"},
			"compute 2.1, volume 3.5": {200, `"volumes":[]`, "volume 3.5"},
			"volume 3.72":             {406, `{"computeFault":{"code":406,"message":"Version 3.72 is not supported by the API. Minimum is 3.0 and maximum is 3.71."}}`, ""},
			"volume 2.1":              {406, "Version 2.1 is not supported", ""},
			"volume x":                {400, `{"badRequest":{"code":400,"message":"API Version String x is of invalid format. Must be of format MajorNum.MinorNum."}}`, ""},
			"compute 2.1":             {404, "API version None is not supported on this method.", ""},
		} {
			got := c.want(want.status, want.text, "demo", "GET /volumes", "", "OpenStack-API-Version", header)
			if served := got.header.Get("OpenStack-API-Version"); served != want.served {
				t.Errorf("%s: served %q, want %q", header, served, want.served)
			}
		}
		c.want(404, "The resource could not be found.", "demo", "GET 3.11 /volumes/summary", "")
		c.want(200, `"total_count":0`, "demo", "GET 3.12 /volumes/summary", "")
		c.want(200, `"href":"http://cloud/volume/v3/"`, "demo", "GET /", "")
		c.want(401, "", "stranger", "GET /volumes", "")
	})
}

// TestVolume goes through a life.
func TestVolume(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		made := c.want(202, `"status":"creating"`, "demo", "POST /"+demoProject+"/volumes",
			`{"volume":{"size":1,"name":" disk ","description":null,"metadata":{"a":"b"}}}`)
		id := made.value("volume", "id")
		c.want(202, fmt.Sprintf(`"href":"http://cloud/volume/v3/%s/volumes/`, demoProject), "demo", "POST /"+demoProject+"/volumes", `{"volume":{"size":"2"}}`)
		c.steps(
			step{"demo", "DELETE /volumes/" + id, "", 400, "Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer."},
			step{"alt", "GET /volumes/" + id, "", 404, `{"itemNotFound":{"code":404,"message":"Volume ` + id + ` could not be found."}}`},
			step{"alt", "DELETE /volumes/" + id, "", 404, "could not be found"},
			step{"alt", "PUT /volumes/" + id, `{"volume":{"name":"x"}}`, 404, "could not be found"},
			step{"reader", "PUT /volumes/" + id, `{"volume":{"name":"x"}}`, 403, `{"forbidden":{"code":403,"message":"Policy doesn't allow volume:update to be performed."}}`},
			step{"reader", "DELETE /volumes/" + id, "", 403, "volume:delete"},
			step{"nobody", "GET /volumes/" + id, "", 404, ""},
			step{"nobody", "GET /volumes", "", 403, "volume:get_all"},
		)
		c.work()
		c.status("available", "/volumes/"+id)
		c.wantData(id, 0, "\x00", 1)
		shown := c.want(200, `"os-vol-tenant-attr:tenant_id":"`+demoProject+`"`, "reader", "GET /volumes/"+id, "")
		for _, part := range []string{
			`"name":"disk"`, `"description":null`, `"bootable":"false"`, `"volume_type":"__DEFAULT__"`, `"metadata":{"a":"b"}`,
			`"availability_zone":"nova"`, `"attachments":[]`, `"encrypted":false`, `"size":1`,
		} {
			if !strings.Contains(shown.text, part) {
				t.Errorf("no %s in %s", part, shown.text)
			}
		}
		if strings.Contains(shown.text, "os-vol-host-attr") || strings.Contains(shown.text, `"group_id"`) {
			t.Errorf("a user sees too much: %s", shown.text)
		}
		c.want(200, `"os-vol-host-attr:host":"host@file#file"`, "admin", "GET 3.65 /volumes/"+id, "")
		c.steps(
			step{"demo", "PUT /volumes/" + id, `{"volume":{"display_name":"new","description":"d","metadata":{"c":"d"}}}`, 200, `"metadata":{"c":"d"}`},
			step{"demo", "PUT /volumes/" + id, `{"volume":{}}`, 200, `"name":"new"`},
			step{"demo", "PUT 3.53 /volumes/" + id, `{"volume":{}}`, 400, "{} is not valid under any of the given schemas"},
			step{"demo", "PUT /volumes/" + id, `{"volume":{"size":3}}`, 400, "Additional properties are not allowed ('size' was unexpected)"},
			step{"demo", "DELETE /volumes/" + id, "", 202, ""},
			step{"demo", "DELETE /volumes/" + id, "", 400, "Invalid volume"},
		)
		c.status("deleting", "/volumes/"+id)
		c.work()
		c.want(404, "", "demo", "GET /volumes/"+id, "")
		if strings.Contains(c.files(), id) {
			t.Errorf("files are left: %s", c.files())
		}
	})
}

// TestVolume_Refused has what a body must not say.
func TestVolume_Refused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		for body, want := range map[string]string{
			``:                               "Malformed request body",
			`[]`:                             "Malformed request body",
			`{}`:                             "'volume' is a required property",
			`{"volume":null}`:                "None is not of type 'object'",
			`{"volume":{}}`:                  "Invalid input received: Volume size 'None' must be an integer and greater than 0",
			`{"volume":{"size":0}}`:          "Invalid input for field/attribute size. Value: 0. 0 is less than the minimum of 1",
			`{"volume":{"size":-1}}`:         "-1 is less than the minimum of 1",
			`{"volume":{"size":1.5}}`:        "is not of type 'integer', 'string'",
			`{"volume":{"size":"x"}}`:        "'x' does not match '^[0-9]+$'",
			`{"volume":{"size":true}}`:       "True is not of type 'integer', 'string'",
			`{"volume":{"size":2147483648}}`: "2147483648 is greater than the maximum of 2147483647",
			`{"volume":{"size":1,"name":5}}`: "5 is not of type 'string'",
			`{"volume":{"size":1,"name":"` + strings.Repeat("x", 256) + `"}}`: "is too long",
			`{"volume":{"size":1,"metadata":{"a":1}}}`:                        "1 is not of type 'string'",
			`{"volume":{"size":1,"metadata":{"ä":"b"}}}`:                      "does not match any of the regexes",
			`{"volume":{"size":1,"metadata":[]}}`:                             "[] is not of type 'object'",
			`{"volume":{"size":1,"availability_zone":"mars"}}`:                "Availability zone 'mars' is invalid.",
			`{"volume":{"size":1,"snapshot_id":"x"}}`:                         "'x' is not a 'uuid'",
			`{"volume":{"size":1,"multiattach":true}}`:                        "multiattach parameter has been removed",
			`{"volume":{"size":1},"more":1}`:                                  "Additional properties are not allowed ('more' was unexpected)",
		} {
			c.want(400, want, "demo", "POST /volumes", body)
		}
		c.want(400, "'x' was unexpected", "demo", "POST 3.53 /volumes", `{"volume":{"size":1,"x":1}}`)
		c.want(202, "", "demo", "POST 3.52 /volumes", `{"volume":{"size":1,"x":1}}`)
		c.want(404, "Volume type with name fast could not be found.", "demo", "POST /volumes", `{"volume":{"size":1,"volume_type":"fast"}}`)
		c.want(404, "Volume type "+unknown+" could not be found.", "demo", "POST /volumes", `{"volume":{"size":1,"volume_type":"`+unknown+`"}}`)
		c.want(404, "Backup "+unknown+" could not be found.", "demo", "POST 3.47 /volumes", `{"volume":{"size":1,"backup_id":"`+unknown+`"}}`)
		c.want(403, "Policy doesn't allow volume:create to be performed.", "reader", "POST /volumes", `{"volume":{"size":1}}`)
		c.want(400, "Malformed request url", "demo", "GET /"+altProject+"/volumes", "")
		c.want(413, "", "demo", "POST /volumes", `{"volume":{"size":1,"name":"`+strings.Repeat("x", 200_000)+`"}}`)
	})
}

// TestVolumes_List filters, sorts and cuts lists.
func TestVolumes_List(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		ids := map[string]string{}
		for name, body := range map[string]string{
			"a": `{"size":1,"name":"a","metadata":{"k":"v","x":"y"}}`, "b": `{"size":3,"name":"b","metadata":{"k":"v"}}`, "c": `{"size":2,"name":"C_c"}`,
		} {
			ids[name] = c.begin("demo", body)
		}
		c.begin("alt", `{"size":1,"name":"other"}`)
		for query, want := range map[string]string{
			"3.0 ?sort=name:asc":                                     "C_c a b",
			"3.0 ?sort_key=size&sort_dir=asc":                        "a C_c b",
			"3.0 ?sort=size":                                         "b C_c a",
			"3.0 ?name=a":                                            "a",
			"3.0 ?status=available":                                  "",
			"3.0 ?status=creating&sort=name:desc&limit=2":            "b a",
			"3.0 ?sort=size:asc&offset=1&limit=1":                    "C_c",
			"3.0 ?limit=0":                                           "",
			"3.0 ?metadata={'k':'v'}&sort=name:asc":                  "a b",
			"3.0 ?metadata={\"k\":\"v\",\"x\":\"y\"}":                "a",
			"3.0 ?metadata={'k':'w'}":                                "",
			"3.0 ?size=3":                                            "b",
			"3.0 ?bootable=true":                                     "",
			"3.0 ?nothing=1&name=a":                                  "a",
			"3.60 ?created_at=gte:2020-01-01T00:00:00&sort=name:asc": "C_c a b",
			"3.60 ?created_at=lt:2020-01-01":                         "",
			"3.0 ?all_tenants=1&sort=name:asc":                       "C_c a b",
			"3.0 ?sort=size:asc&marker=" + ids["a"]:                  "C_c b",
		} {
			asked, rest, _ := strings.Cut(query, " ")
			rest = strings.NewReplacer("'", "%27", `"`, "%22", "{", "%7B", "}", "%7D").Replace(rest)
			got := c.want(200, "", "demo", "GET "+asked+" /volumes/detail"+rest, "")
			if names := got.values("volumes", "name"); names != want {
				t.Errorf("%s: got %q, want %q", query, names, want)
			}
			if short := c.do("demo", "GET "+asked+" /volumes"+rest, "").values("volumes", "name"); short != want {
				t.Errorf("%s without details: got %q, want %q", query, short, want)
			}
		}
		if names := c.do("admin", "GET /volumes?all_tenants=1&sort=name:asc", "").values("volumes", "name"); names != "C_c a b other" {
			t.Errorf("all projects: %s", names)
		}
		for query, want := range map[string]string{
			"3.0 ?limit=-1": "limit param must be positive", "3.0 ?limit=x": "limit param must be an integer", "3.0 ?offset=-1": "offset must be >= 0",
			"3.0 ?sort=name&sort_key=size": "cannot be used with the 'sort' parameter", "3.0 ?sort=color": "Invalid input received",
			"3.0 ?sort=name:up": "Unknown sort direction", "3.31 ?nothing=1": "Invalid filters nothing are found in query options.",
			"3.60 ?created_at=near:2020-01-01": "Invalid near operator", "3.60 ?created_at=lt:x": "Invalid x value",
		} {
			asked, rest, _ := strings.Cut(query, " ")
			c.want(400, want, "demo", "GET "+asked+" /volumes"+rest, "")
		}
		c.want(404, "Volume "+unknown+" could not be found.", "demo", "GET /volumes?marker="+unknown, "")
		c.want(404, "", "alt", "GET /volumes?marker="+ids["a"], "")
		c.want(200, `"volumes_links":[{"href":"http://cloud/volume/v3/volumes/detail?limit=1&marker=`, "demo", "GET /volumes/detail?limit=1", "")
		c.want(200, `"count":3`, "demo", "GET 3.45 /volumes?limit=1&with_count=true", "")
		c.want(200, `"metadata":{"k":["v"],"x":["y"]},"total_count":3,"total_size":6`, "demo", "GET 3.36 /volumes/summary", "")
	})
}

// TestMetadata is read and changed, one key or all at once.
func TestMetadata(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		path := "/volumes/" + c.volume(`{"size":1,"metadata":{"a":"1"}}`) + "/metadata"
		c.steps(
			step{"reader", "GET " + path, "", 200, `{"metadata":{"a":"1"}}`},
			step{"demo", "POST " + path, `{"metadata":{"b":"2"}}`, 200, `{"metadata":{"a":"1","b":"2"}}`},
			step{"demo", "PUT " + path + "/a", `{"meta":{"a":"3"}}`, 200, `{"meta":{"a":"3"}}`},
			step{"demo", "PUT " + path + "/a", `{"meta":{"b":"3"}}`, 400, "Request body and URI mismatch"},
			step{"demo", "PUT " + path + "/a", `{"meta":{"a":"3","b":"3"}}`, 400, "Request body contains too many items"},
			step{"demo", "GET " + path + "/a", "", 200, `{"meta":{"a":"3"}}`},
			step{"demo", "DELETE " + path + "/b", "", 200, ""},
			step{"demo", "DELETE " + path + "/b", "", 404, "has no metadata with key b."},
			step{"demo", "GET " + path + "/b", "", 404, "has no metadata with key b."},
			step{"demo", "PUT " + path, `{"metadata":{"c":"4"}}`, 200, `{"metadata":{"c":"4"}}`},
			step{"demo", "PUT " + path, `{"metadata":{"c":null}}`, 400, "None is not of type 'string'"},
			step{"reader", "POST " + path, `{"metadata":{"b":"2"}}`, 403, "volume:create_volume_metadata"},
			step{"reader", "DELETE " + path + "/c", "", 403, "volume:delete_volume_metadata"},
			step{"alt", "GET " + path, "", 404, ""},
			step{"demo", "GET " + path, "", 200, `{"metadata":{"c":"4"}}`},
		)
		tag := c.do("demo", "GET 3.15 "+path, "").header.Get("Etag")
		c.want(412, "", "demo", "PUT 3.15 "+path, `{"metadata":{}}`, "If-Match", "wrong")
		c.want(200, `{"metadata":{}}`, "demo", "PUT 3.15 "+path, `{"metadata":{}}`, "If-Match", tag)
	})
}

// TestTypes_Default is there from the start.
func TestTypes_Default(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		for _, path := range []string{"/types/default", "/types/0e7a0003-0000-4000-8000-000000000001", "/types"} {
			c.want(200, `"name":"__DEFAULT__"`, "reader", "GET "+path, "")
		}
		c.want(404, "", "demo", "GET /types/__DEFAULT__", "")
		c.want(404, "", "demo", "GET /types/"+unknown, "")
		if err := c.service.Seed(t.Context()); err != nil {
			t.Errorf("a second start: %v", err)
		}
	})
}

// TestQuota_Together has many clients at once take what there is: no more and no
// less.
func TestQuota_Together(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]map[string]int64{"volumes": {"volumes": 4}, "gigabytes": {"gigabytes": 11}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, c site) {
				c.t = t
				const fit = 4
				volumes := limits["volumes"]
				var group sync.WaitGroup
				statuses := make(chan int, 12)
				for range 12 {
					group.Go(func() {
						size := 2 + volumes%2
						statuses <- c.do("demo", "POST /volumes", fmt.Sprintf(`{"volume":{"size":%d}}`, size+int64(len(limits)-1))).status
					})
				}
				group.Wait()
				close(statuses)
				seen := map[int]int{}
				for status := range statuses {
					seen[status]++
				}
				want := fit
				if volumes == 0 {
					want = 5 // of two gigabytes each
				}
				if seen[202] != want || seen[413] != 12-want {
					t.Errorf("answers: %v, want %d accepted", seen, want)
				}
			}, func(o *volume.Options) { o.Limits = limits })
		})
	}
}

// TestQuota tells what is missing, and gets back what is deleted.
func TestQuota(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.volume(`{"size":6}`)
		got := c.want(413, `{"overLimit":{"code":413,"message":"VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 5G, quota is 10G and 6G has been consumed.","retryAfter":"0"}}`,
			"demo", "POST /volumes", `{"volume":{"size":5}}`)
		if got.header.Get("Retry-After") != "0" {
			t.Error("the client isn't told when to come again")
		}
		c.want(413, "VolumeSizeExceedsLimit: Requested volume size 9G is larger than maximum allowed limit 8G.", "demo", "POST /volumes", `{"volume":{"size":9}}`)
		c.volume(`{"size":1}`)
		c.want(413, "VolumeLimitExceeded: Maximum number of volumes allowed (2) exceeded for quota 'volumes'.", "demo", "POST /volumes", `{"volume":{"size":1}}`)
		c.want(202, "", "alt", "POST /volumes", `{"volume":{"size":8}}`)
		c.want(200, `"maxTotalVolumeGigabytes":10,"maxTotalVolumes":2,"totalBackupGigabytesUsed":0,"totalBackupsUsed":0,"totalGigabytesUsed":7,"totalSnapshotsUsed":0,"totalVolumesUsed":2`,
			"demo", "GET /limits", "")
		c.want(200, `"totalGigabytesUsed":8`, "admin", "GET 3.39 /limits?project_id="+altProject, "")
		c.want(200, `"totalGigabytesUsed":7`, "demo", "GET 3.39 /limits?project_id="+altProject, "")
		c.want(202, "", "demo", "DELETE /volumes/"+id, "")
		c.want(413, "", "demo", "POST /volumes", `{"volume":{"size":4}}`) // the data is still there
		c.work()
		c.want(202, "", "demo", "POST /volumes", `{"volume":{"size":4}}`)
	}, func(o *volume.Options) {
		o.Limits = map[string]int64{"volumes": 2, "gigabytes": 10, "per_volume_gigabytes": 8}
	})
}

// TestWork_Interrupted takes up what another process has left at any point.
func TestWork_Interrupted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.Store) {
		s, dir := volumedb.New(d.DB), t.TempDir()
		c, twin := newSite(t, s, dir), newSite(t, s, dir)
		id := c.begin("demo", `{"size":1}`)
		// Somebody was killed while writing, and left a part.
		if err := os.WriteFile(filepath.Join(dir, id+".part"), []byte("litter"), 0o600); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for _, one := range []site{c, twin} {
			group.Go(func() {
				if err := one.service.Work(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		c.status("available", "/volumes/"+id)
		c.wantData(id, 0, "\x00\x00\x00\x00\x00\x00", 1)
		if files := c.files(); files != id {
			t.Errorf("files: %s", files)
		}
		// Killed between the file and the database: the data is there, and stays.
		another := c.begin("demo", `{"size":1}`)
		if err := os.WriteFile(filepath.Join(dir, another), []byte("whole"), 0o600); err != nil {
			t.Fatal(err)
		}
		c.work()
		c.status("available", "/volumes/"+another)
		// A deletion that was killed after the file went.
		c.want(http.StatusAccepted, "", "demo", "DELETE /volumes/"+id, "")
		if err := os.Remove(filepath.Join(dir, id)); err != nil {
			t.Fatal(err)
		}
		c.work()
		c.want(404, "", "demo", "GET /volumes/"+id, "")
	})
}

// TestWork_Fails tells of it by the status, and the volume can be deleted.
func TestWork_Fails(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.begin("demo", `{"size":1}`)
		if err := os.Mkdir(filepath.Join(c.dir, id+".part"), 0o700); err != nil { // which is no file
			t.Fatal(err)
		}
		c.work()
		c.status("error", "/volumes/"+id)
		c.want(202, "", "demo", "DELETE /volumes/"+id, "")
		c.work()
		c.want(404, "", "demo", "GET /volumes/"+id, "")
	})
}

// TestDelete_Force ends a volume whose data is still to be made.
func TestDelete_Force(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c site) {
		c.t = t
		id := c.begin("demo", `{"size":1}`)
		c.want(403, "Policy doesn't allow volume:force_delete to be performed.", "demo", "DELETE 3.23 /volumes/"+id+"?force=true", "")
		c.want(400, "", "admin", "DELETE 3.22 /volumes/"+id+"?force=true", "")
		c.want(202, "", "admin", "DELETE 3.23 /volumes/"+id+"?force=true", "")
		c.work()
		c.want(404, "", "demo", "GET /volumes/"+id, "")
		if files := c.files(); files != "" {
			t.Errorf("files are left: %s", files)
		}
		if tasks, err := c.service.Store.RunnableTasks(t.Context(), "", 1); err != nil || len(tasks) > 0 {
			t.Errorf("tasks are left: %v, %v", tasks, err)
		}
	})
}

// TestFolders keeps the work on other folders for those who have them.
func TestFolders(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.Store) {
		s := volumedb.New(d.DB)
		c, elsewhere := newSite(t, s, t.TempDir()), newSite(t, s, t.TempDir())
		id := c.begin("demo", `{"size":1}`)
		elsewhere.work()
		c.status("creating", "/volumes/"+id)
		elsewhere.want(200, "", "demo", "GET /volumes/"+id, "")
		c.work()
		c.status("available", "/volumes/"+id)
	})
}
