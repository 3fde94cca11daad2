package image_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/standalone/image"
)

// quota is the limit of these tests, in bytes.
const quota = 100_000

func limited(o *image.Options) { o.QuotaBytes = quota }

// put uploads size bytes, whose length the service is told or not. It returns
// the answer and how many bytes the service has read.
func (c cloud) put(as, id string, size int, told bool) (status int, text string, read int) {
	c.t.Helper()
	body := bytes.NewReader(bytes.Repeat([]byte("x"), size))
	r := httptest.NewRequestWithContext(c.t.Context(), http.MethodPut, "/v2/images/"+id+"/file", io.NopCloser(body))
	r.ContentLength = -1
	if told {
		r.ContentLength = int64(size)
	}
	r.Header.Set("X-Auth-Token", as)
	r.Header.Set("Content-Type", "application/octet-stream")
	w := httptest.NewRecorder()
	c.service.ServeHTTP(w, r)
	return w.Code, w.Body.String(), size - body.Len()
}

// TestQuota counts what a project has, whatever becomes of it.
func TestQuota(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		over := func(id string, size, left int, told bool) {
			t.Helper()
			text := fmt.Sprintf("Image exceeds the storage quota: The size of the data %d will exceed the limit. %d bytes remaining.", size, left)
			status, got, read := c.put("demo", id, size, told)
			if status != http.StatusRequestEntityTooLarge || !strings.Contains(got, text) {
				t.Errorf("%d bytes: got %d %s", size, status, got)
			}
			if told && read > 0 {
				t.Errorf("%d bytes were read of an upload that is too long", read)
			}
			c.want(200, `"status":"queued"`, "demo", "GET /v2/images/"+id, "")
		}
		fits := func(as, id string, size int, told bool) {
			t.Helper()
			if status, got, _ := c.put(as, id, size, told); status != http.StatusNoContent {
				t.Errorf("%d bytes: got %d %s", size, status, got)
			}
		}
		first, second, third := c.make("demo", rawImage), c.make("demo", rawImage), c.make("demo", rawImage)
		over(first, quota+1, quota, true)
		over(first, quota+1, quota, false)
		fits("demo", first, 60_000, false)
		over(second, 40_001, 40_000, true)
		over(second, 40_001, 40_000, false)
		fits("demo", second, 30_000, true)
		fits("alt", c.make("alt", rawImage), quota, true) // has a quota of its own
		c.want(413, "10000 bytes remaining", "demo", "PUT /v2/images/"+third+"/stage", strings.Repeat("x", 10_001))
		c.want(204, "", "demo", "PUT /v2/images/"+third+"/stage", strings.Repeat("x", 10_000))
		over(c.make("demo", rawImage), 1, 0, true)
		fits("demo", c.make("demo", rawImage), 0, true)
		c.want(204, "", "demo", "DELETE /v2/images/"+first, "")
		fits("demo", c.make("demo", rawImage), 60_000, true)
		c.want(200, "", "admin", "PATCH /v2/images/"+second, `[{"op":"replace","path":"/owner","value":"p-other"}]`)
		fits("demo", c.make("demo", rawImage), 30_000, false)
	}, limited)
}

// TestQuota_GivesRoomBack after uploads that break off, or die with their
// process.
func TestQuota_GivesRoomBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", rawImage)
		for _, length := range []int64{quota, -1} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/v2/images/"+id+"/file", &brokenBody{*strings.NewReader(strings.Repeat("x", 90_000))})
			r.ContentLength = length
			r.Header.Set("X-Auth-Token", "demo")
			r.Header.Set("Content-Type", "application/octet-stream")
			w := httptest.NewRecorder()
			c.service.ServeHTTP(w, r)
			if w.Code != http.StatusBadRequest {
				t.Errorf("broken off: got %d %s", w.Code, w.Body)
			}
			c.wantQueued(id)
		}
		if _, err := c.service.Store.BeginUpload(t.Context(), id, c.service.NewUploadID(), imagedb.Room{Need: quota, Want: quota, Limit: quota}); err != nil {
			t.Fatal(err)
		}
		another := c.make("demo", rawImage)
		if status, text, _ := c.put("demo", another, 1, true); status != http.StatusRequestEntityTooLarge {
			t.Errorf("beside a dead upload: got %d %s", status, text)
		}
		if err := c.service.SweepUploads(t.Context()); err != nil {
			t.Fatal(err)
		}
		if status, text, _ := c.put("demo", another, quota, true); status != http.StatusNoContent {
			t.Errorf("after a dead upload: got %d %s", status, text)
		}
		c.wantUsed(quota)
	}, limited)
}

// wantUsed checks how many bytes the images of a project hold and may come to
// hold.
func (c cloud) wantUsed(bytes int64) {
	c.t.Helper()
	used, err := rows.Get[int64](c.t.Context(), c.service.Store.DB,
		"SELECT CAST(SUM(COALESCE(size, 0) + reserved) AS BIGINT) FROM image_images WHERE owner = 'p-demo'")
	if err != nil || used != bytes {
		c.t.Errorf("%d bytes are counted, %v; want %d", used, err, bytes)
	}
}

// TestQuota_Together has many uploads of a project at once: as many go through
// as there is room for.
func TestQuota_Together(t *testing.T) {
	t.Parallel()
	const uploads, size, fit = 12, 24_000, 4
	for name, told := range map[string]bool{"of known length": true, "of unknown length": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, c cloud) {
				c.t = t
				var group sync.WaitGroup
				statuses := make(chan int, uploads)
				for range uploads {
					id := c.make("demo", rawImage)
					group.Go(func() {
						status, _, _ := c.put("demo", id, size, told)
						statuses <- status
					})
				}
				group.Wait()
				close(statuses)
				seen := map[int]int{}
				for status := range statuses {
					seen[status]++
				}
				// One that reserves more than it comes to need may keep another from fitting.
				if seen[204] > fit || told && seen[204] < fit || seen[204] == 0 || seen[204]+seen[413] != uploads {
					t.Errorf("answers: %v", seen)
				}
				c.wantUsed(int64(seen[204] * size))
				if files := c.files(); len(files) != seen[204] {
					t.Errorf("%d images have data, and there are %d files", seen[204], len(files))
				}
			}, limited)
		})
	}
}
