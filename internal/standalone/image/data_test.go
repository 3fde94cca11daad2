package image_test

import (
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/imagedb"
)

const rawImage = `{"name":"x","disk_format":"raw","container_format":"bare"}`

func TestUpload(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", rawImage)
		file := "/v2/images/" + id + "/file"
		c.want(204, "", "demo", "GET "+file, "")
		c.want(415, "", "demo", "PUT "+file, "{}")
		c.want(404, "", "alt", "PUT "+file, "data")
		c.want(403, "upload_image", "reader", "PUT "+file, "data")
		c.want(400, "Properties disk_format, container_format must be set", "demo", "PUT /v2/images/"+c.make("demo", `{}`)+"/file", "data")
		c.want(404, "", "demo", "PUT /v2/images/"+unknown+"/file", "data")
		c.want(204, "", "demo", "PUT "+file, "0123456789")
		sum := sha512.Sum512([]byte("0123456789"))
		for _, part := range []string{
			`"status":"active"`, `"size":10`, `"virtual_size":10`, `"checksum":"781e5e245d69b566979b86e28d23f2c7"`,
			`"os_hash_algo":"sha512"`, `"os_hash_value":"` + hex.EncodeToString(sum[:]) + `"`,
		} {
			c.want(200, part, "demo", "GET /v2/images/"+id, "")
		}
		c.want(409, "Image status transition from active to saving is not allowed", "demo", "PUT "+file, "other")
		got := c.want(200, "0123456789", "demo", "GET "+file, "")
		if got.header.Get("Content-Md5") != "781e5e245d69b566979b86e28d23f2c7" || got.header.Get("Content-Length") != "10" {
			t.Errorf("headers: %v", got.header)
		}
	})
}

func TestDownload_Ranges(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", rawImage)
		file := "/v2/images/" + id + "/file"
		c.want(204, "", "demo", "PUT "+file, "0123456789")
		cases := []struct {
			header, text, content string
			status                int
		}{
			{"bytes=2-4", "234", "bytes 2-4/10", 206},
			{"bytes=7-", "789", "bytes 7-9/10", 206},
			{"bytes=-3", "789", "bytes 7-9/10", 206},
			{"bytes=8-99", "89", "bytes 8-9/10", 206},
			{"bytes=0-1,3-4", "0123456789", "", 200},
			{"lines=1-2", "0123456789", "", 200},
		}
		for _, k := range cases {
			got := c.do("demo", "GET "+file, "", "Range", k.header)
			if got.status != k.status || got.text != k.text || got.header.Get("Content-Range") != k.content {
				t.Errorf("%s: got %d %q %q", k.header, got.status, got.text, got.header.Get("Content-Range"))
			}
		}
		c.want(416, "inclusive range [0, 9]", "demo", "GET "+file, "", "Range", "bytes=10-20")
	})
}

// brokenBody gives some bytes and then fails, as a client's connection does.
type brokenBody struct{ strings.Reader }

func (b *brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errors.New("broken")
	}
	return n, err
}

func TestUpload_BreaksOff(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", rawImage)
		path := "/v2/images/" + id + "/file"
		for name, r := range map[string]*http.Request{
			"connection lost": httptest.NewRequestWithContext(t.Context(), http.MethodPut, path, &brokenBody{*strings.NewReader("0123")}),
			"too short":       httptest.NewRequestWithContext(t.Context(), http.MethodPut, path, strings.NewReader("0123")),
		} {
			r.ContentLength = 10
			r.Header.Set("X-Auth-Token", "demo")
			r.Header.Set("Content-Type", "application/octet-stream")
			w := httptest.NewRecorder()
			c.service.ServeHTTP(w, r)
			if w.Code != http.StatusBadRequest {
				t.Errorf("%s: got %d %s", name, w.Code, w.Body)
			}
			c.want(200, `"status":"queued"`, "demo", "GET /v2/images/"+id, "")
			if files := c.files(); len(files) != 0 {
				t.Errorf("%s: files are left: %v", name, files)
			}
		}
		c.want(413, "The incoming image is too large: The provided image is too large.", "demo", "PUT "+path, strings.Repeat("x", 1<<20+1))
		c.want(204, "", "demo", "PUT "+path, "0123456789")
		c.want(200, `"status":"active"`, "demo", "GET /v2/images/"+id, "")
	})
}

func TestUpload_OneAtATime(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", rawImage)
		path := "/v2/images/" + id + "/file"
		body, writer := io.Pipe()
		var first sync.WaitGroup
		first.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, path, body)
			r.ContentLength = -1
			r.Header.Set("X-Auth-Token", "demo")
			r.Header.Set("Content-Type", "application/octet-stream")
			w := httptest.NewRecorder()
			c.service.ServeHTTP(w, r)
			if w.Code != http.StatusNoContent {
				t.Errorf("first upload: got %d %s", w.Code, w.Body)
			}
		})
		if _, err := writer.Write([]byte("first")); err != nil { // it is read, so the upload goes on
			t.Fatal(err)
		}
		c.want(200, `"status":"saving"`, "demo", "GET /v2/images/"+id, "")
		c.want(204, "", "demo", "GET "+path, "")
		c.want(409, "from saving to saving", "demo", "PUT "+path, "second")
		other := newCloud(t, c.service.Store, c.dir)
		if err := other.service.Seed(t.Context()); err != nil { // another process that starts leaves it alone
			t.Fatal(err)
		}
		_ = writer.Close()
		first.Wait()
		c.want(200, "first", "demo", "GET "+path, "")
	})
}

func TestUpload_DeletedMeanwhile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", rawImage)
		body, writer := io.Pipe()
		var upload sync.WaitGroup
		upload.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/v2/images/"+id+"/file", body)
			r.ContentLength = -1
			r.Header.Set("X-Auth-Token", "demo")
			r.Header.Set("Content-Type", "application/octet-stream")
			w := httptest.NewRecorder()
			c.service.ServeHTTP(w, r)
			if w.Code != http.StatusGone {
				t.Errorf("upload: got %d %s", w.Code, w.Body)
			}
		})
		if _, err := writer.Write([]byte("data")); err != nil {
			t.Fatal(err)
		}
		c.want(204, "", "demo", "DELETE /v2/images/"+id, "")
		_ = writer.Close()
		upload.Wait()
		if files := c.files(); len(files) != 0 {
			t.Errorf("files are left: %v", files)
		}
	})
}

// A process that was killed in the middle of an upload leaves the image saving
// and a file that nobody has locked.
func TestUpload_KilledProcess(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		retried, swept := c.make("demo", rawImage), c.make("demo", rawImage)
		for _, id := range []string{retried, swept} {
			if _, err := c.service.Store.BeginUpload(t.Context(), id, c.service.NewUploadID(), imagedb.Room{}); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(c.dir, id+".part"), []byte("half of it, and more than the next"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c.want(204, "", "demo", "PUT /v2/images/"+retried+"/file", "all of it")
		c.want(200, "all of it", "demo", "GET /v2/images/"+retried+"/file", "")
		if err := c.service.Seed(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.want(200, `"status":"queued"`, "demo", "GET /v2/images/"+swept, "")
		if diff := cmp.Diff([]string{retried}, c.files()); diff != "" {
			t.Errorf("files: %s", diff)
		}
	})
}

// TestSweepUploads_LeavesOtherFoldersAlone has a process with a folder of its own
// sweep while another one receives data.
func TestSweepUploads_LeavesOtherFoldersAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", rawImage)
		body, writer := io.Pipe()
		var upload sync.WaitGroup
		upload.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/v2/images/"+id+"/file", body)
			r.ContentLength = -1
			r.Header.Set("X-Auth-Token", "demo")
			r.Header.Set("Content-Type", "application/octet-stream")
			w := httptest.NewRecorder()
			c.service.ServeHTTP(w, r)
			if w.Code != http.StatusNoContent {
				t.Errorf("upload: got %d %s", w.Code, w.Body)
			}
		})
		if _, err := writer.Write([]byte("data")); err != nil {
			t.Fatal(err)
		}
		elsewhere, beside := newCloud(t, c.service.Store, t.TempDir()), newCloud(t, c.service.Store, c.dir)
		for _, other := range []cloud{elsewhere, beside} {
			if err := other.service.SweepUploads(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.want(200, `"status":"saving"`, "demo", "GET /v2/images/"+id, "")
		}
		_ = writer.Close()
		upload.Wait()
		beside.want(200, "data", "demo", "GET /v2/images/"+id+"/file", "")
	})
}

func TestImport(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		one := "/v2/images/" + c.make("demo", rawImage)
		c.want(409, "Image needs to be staged", "demo", "POST "+one+"/import", `{"method":{"name":"glance-direct"}}`)
		c.want(204, "", "demo", "PUT "+one+"/stage", "data")
		c.want(200, `"status":"uploading"`, "demo", "GET "+one, "")
		c.want(400, "Unknown import method", "demo", "POST "+one+"/import", `{"method":{"name":"web-download"}}`)
		c.want(202, "", "demo", "POST "+one+"/import", `{"method":{"name":"glance-direct"}}`)
		c.want(200, "data", "demo", "GET "+one+"/file", "")
	})
}

func TestSeed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, store *db.Store) {
		s, dir := imagedb.New(store.DB), t.TempDir()
		var group sync.WaitGroup
		for range 4 {
			c := newCloud(t, s, dir)
			group.Go(func() {
				if err := c.service.Seed(t.Context()); err != nil {
					t.Errorf("seed: %v", err)
				}
			})
		}
		group.Wait()
		elsewhere := newCloud(t, s, t.TempDir())
		if err := elsewhere.service.Seed(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, c := range []cloud{newCloud(t, s, dir), elsewhere} {
			list := c.want(200, `"visibility":"public"`, "demo", "GET /v2/images", "")
			if list.names() != "cirros" {
				t.Fatalf("images: %s", list.text)
			}
			images, _ := list.body["images"].([]any)
			image, _ := images[0].(map[string]any)
			data := c.want(200, "", "demo", "GET "+image["file"].(string), "").text
			sum := sha512.Sum512([]byte(data))
			if image["os_hash_value"] != hex.EncodeToString(sum[:]) || image["size"] != float64(len(data)) || image["status"] != "active" {
				t.Errorf("the seeded image doesn't fit its data: %v", image)
			}
		}
	})
}
