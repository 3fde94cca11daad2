package image_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/standalone/image"
)

const storageFull = "Image storage media is full: There is not enough disk space on the image storage media."

// TestUpload_DiskFull writes to the kernel's own full device, in each way in
// which data comes.
func TestUpload_DiskFull(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		id := c.make("demo", rawImage)
		for _, call := range []string{"PUT /v2/images/" + id + "/file", "PUT /v2/images/" + id + "/stage"} {
			if err := os.Symlink("/dev/full", filepath.Join(c.dir, id+".part")); err != nil {
				t.Fatal(err)
			}
			c.want(413, storageFull, "demo", call, "0123456789")
			c.wantQueued(id)
		}
		c.want(204, "", "demo", "PUT /v2/images/"+id+"/file", "0123456789")
		c.want(200, "0123456789", "demo", "GET /v2/images/"+id+"/file", "")
	})
}

// smallDisk names the variable that holds the folder of a file system of
// smallDiskSize for the test below, in the process where it is mounted.
const (
	smallDisk     = "NOVA_TEST_SMALL_DISK"
	smallDiskSize = 4 << 20
)

// TestUpload_SmallDisk fills a small file system, which holds the database as
// well, until the last byte. It mounts one in a namespace of its own, for which
// the test runs itself again.
func TestUpload_SmallDisk(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(smallDisk); dir != "" {
		fillDisk(t, dir)
		return
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestUpload_SmallDisk$", "-test.count=1", "-test.v")
	command.Env = append(os.Environ(), smallDisk+"="+t.TempDir())
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := command.CombinedOutput()
	switch {
	case bytes.Contains(out, []byte(noSmallDisk)), len(out) == 0 && err != nil: // it may not even start in a namespace
		t.Logf("this machine lets nobody mount a small disk (%v): TestUpload_DiskFull alone covers a full disk here", err)
	case err != nil:
		t.Errorf("on a small disk:\n%s", out)
	default:
		t.Logf("%s", out)
	}
}

const noSmallDisk = "the small disk can't be mounted"

func fillDisk(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Logf("%s: %v", noSmallDisk, err)
		return
	}
	store := dbtest.Open(t, dbtest.SQLiteIn(t, dir))
	data := filepath.Join(dir, "images")
	c := newCloud(t, imagedb.New(store.DB), data, func(o *image.Options) { o.MaxBytes = 1 << 30 })
	id := c.make("demo", rawImage)
	for name, size := range map[string]int64{"of a known length": 2 * smallDiskSize, "of unknown length": -1} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/v2/images/"+id+"/file", strings.NewReader(strings.Repeat("x", 2*smallDiskSize)))
		r.ContentLength = size
		r.Header.Set("X-Auth-Token", "demo")
		r.Header.Set("Content-Type", "application/octet-stream")
		w := httptest.NewRecorder()
		c.service.ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), storageFull) {
			t.Errorf("an upload %s: got %d %s", name, w.Code, w.Body)
		}
		c.wantQueued(id)
	}
	id = fillToTheBrim(t, c, id, dir)
	c.want(204, "", "demo", "PUT /v2/images/"+id+"/file", "0123456789")
	c.want(200, "0123456789", "demo", "GET /v2/images/"+id+"/file", "")
}

// fillToTheBrim uploads ever larger images beside a file that leaves little
// room, so that in turn the data, the end of the upload and its abortion find
// the disk full. However it ends, an image has its data or is queued again once
// there is room.
func fillToTheBrim(t *testing.T, c cloud, id, dir string) string {
	t.Helper()
	filler := filepath.Join(dir, "filler")
	seen := map[int]int{}
	for room := int64(0); room <= 96<<10; room += 4 << 10 {
		var stat syscall.Statfs_t
		if err := syscall.Statfs(dir, &stat); err != nil {
			t.Fatal(err)
		}
		free := int64(stat.Bavail) * stat.Bsize
		if err := os.WriteFile(filler, bytes.Repeat([]byte("x"), int(max(0, free-room))), 0o600); err != nil {
			t.Fatal(err)
		}
		got := c.do("demo", "PUT /v2/images/"+id+"/file", strings.Repeat("x", 20<<10))
		seen[got.status]++
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		if err := c.service.SweepUploads(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got.status == http.StatusNoContent {
			c.want(200, `"status":"active"`, "demo", "GET /v2/images/"+id, "")
			c.want(200, strings.Repeat("x", 20<<10), "demo", "GET /v2/images/"+id+"/file", "")
			c.want(204, "", "demo", "DELETE /v2/images/"+id, "")
			id = c.make("demo", rawImage)
			continue
		}
		c.wantQueued(id)
	}
	t.Logf("answers: %v", seen)
	if seen[http.StatusRequestEntityTooLarge] == 0 || seen[http.StatusNoContent] == 0 {
		t.Errorf("answers: %v", seen)
	}
	for status := range seen {
		if status == http.StatusBadRequest || status == http.StatusInternalServerError {
			t.Errorf("a full disk was answered with %d", status)
		}
	}
	return id
}
