package cloud_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

var caller = nova.Caller{Token: "callers-token", ProjectID: "p1"}

// An image as Glance shows it: with attributes that are null, and properties
// that are not strings or are named like an attribute of another client.
var cirros = object{
	"id": "i1", "name": "cirros", "owner": "p1", "status": "active", "visibility": "public",
	"disk_format": "raw", "container_format": "bare", "min_disk": 1, "min_ram": 64, "size": 4096, "virtual_size": nil,
	"created_at": "2026-11-22T12:00:00Z", "updated_at": "2026-11-22T12:00:00Z", "checksum": nil, "tags": []string{"a"},
	"protected": false, "self": "/v2/images/i1", "os_hidden": false, "stores": "file",
	"hw_rng_model": "virtio", "metadata": "mine", "number": 7, "nothing": nil,
}

var cirrosImage = nova.Image{
	ID: "i1", Name: "cirros", Owner: "p1", Status: "active", Visibility: "public",
	DiskFormat: "raw", ContainerFormat: "bare", MinDisk: 1, MinRAM: 64, Size: 4096, CreatedAt: start, UpdatedAt: start,
	Properties: map[string]string{"hw_rng_model": "virtio", "metadata": "mine"},
}

func TestImage_Show(t *testing.T) {
	t.Parallel()
	glance := &script{answers: map[string]scripted{
		"GET /v2/images/i1":     {http.StatusOK, cirros},
		"GET /v2/images/queued": {http.StatusOK, object{"id": "queued", "status": "queued", "name": nil, "size": nil, "disk_format": nil}},
	}}
	b := newBed(t, glance, nil, nil)
	for name, image := range map[string]*cloud.Image{"callers-token": b.Image.As(caller), "service-1": b.Image.AsService()} {
		got, err := image.Show(t.Context(), "i1")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(cirrosImage, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]asked{{"GET /v2/images/i1", name, nil}}, glance.told(t)); diff != "" {
			t.Error(diff)
		}
	}
	got, err := b.Image.AsService().Show(t.Context(), "queued")
	if want := (nova.Image{ID: "queued", Status: "queued", Properties: map[string]string{}}); err != nil || !cmp.Equal(want, got) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestImage_Address(t *testing.T) {
	t.Parallel()
	glance := &script{answers: map[string]scripted{"GET /v2/images/i1": {http.StatusOK, cirros}}}
	b := newBed(t, glance, nil, nil)
	if got := b.Image.Address(); got != "" {
		t.Errorf("%q before anybody has logged in", got)
	}
	if _, err := b.Image.AsService().Show(t.Context(), "i1"); err != nil {
		t.Fatal(err)
	}
	if got := b.Image.Address(); got != "http://glance" {
		t.Errorf("%q from the catalog", got)
	}
	b = newBed(t, glance, nil, func(o *cloud.Options) { o.Image.Override = "http://images.example/glance/v2/" })
	if got := b.Image.Address(); got != "http://images.example/glance" {
		t.Errorf("%q from the configuration", got)
	}
}

func TestImage_Faults(t *testing.T) {
	t.Parallel()
	page := func(text string) object {
		return object{"message": text + "<br /><br />\n\n\n", "code": "x", "title": "x"}
	}
	for _, test := range []struct {
		name      string
		answer    scripted
		asService bool
		kind      nova.Kind
		message   string
	}{
		{"not there", scripted{404, page("No image found")}, false, nova.NotFound, "Image i1 could not be found."},
		{"gone", scripted{410, page("Deleted")}, true, nova.NotFound, "Image i1 could not be found."},
		{"not allowed", scripted{403, page("No")}, false, nova.Forbidden, "Not authorized for image i1."},
		{"token refused", scripted{401, page("Who?")}, false, nova.Unauthorized, unauthorized},
		{"service refused", scripted{401, page("Who?")}, true, nova.Unavailable, "The image service is temporarily unavailable."},
		{"down", scripted{503, "<html>"}, false, nova.Unavailable, "The image service is temporarily unavailable."},
		{"bad", scripted{400, page("Odd callers-token")}, false, nova.Invalid, "Request of image i1 got BadRequest response: HTTP 400 Bad Request: Odd ***"},
		{"full", scripted{413, page("Full")}, true, nova.OverQuota, "Quota exceeded or out of space for image i1 in the image service."},
		{"conflict", scripted{409, page("Busy")}, true, nova.Conflict, "HTTP 409 Conflict: Busy"},
		{"wordless conflict", scripted{409, ""}, true, nova.Conflict, "The image service answered: Conflict."},
		{"broken", scripted{500, page("Oops")}, true, nova.Internal, ""},
		{"nonsense", scripted{200, "nonsense"}, true, nova.Internal, ""},
		{"redirect", scripted{302, ""}, true, nova.Internal, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, &script{answers: map[string]scripted{"GET /v2/images/i1": test.answer}}, nil, nil)
			image := b.Image.As(caller)
			if test.asService {
				image = b.Image.AsService()
			}
			_, err := image.Show(t.Context(), "i1")
			wantError(t, err, test.kind, test.message, caller.Token)
		})
	}
}

func TestImage_AnImpossibleIDIsNotFound(t *testing.T) {
	t.Parallel()
	glance := &script{}
	b := newBed(t, glance, nil, nil)
	for _, id := range []string{"", ".", ".."} {
		_, err := b.Image.AsService().Show(t.Context(), id)
		wantError(t, err, nova.NotFound, "Image "+id+" could not be found.")
	}
	if told := glance.told(t); len(told) > 0 {
		t.Errorf("the service was asked: %v", told)
	}
	_, _ = b.Image.AsService().Show(t.Context(), "../../v3?x=y#z")
	if got := glance.told(t)[0].Request; got != "GET /v2/images/..%2F..%2Fv3%3Fx=y%23z" {
		t.Errorf("asked for %q", got)
	}
}

// A caller without a token must not be served as somebody else.
func TestImage_CallerWithoutToken(t *testing.T) {
	t.Parallel()
	glance := &script{}
	b := newBed(t, glance, nil, nil)
	_, err := b.Image.As(nova.Caller{}).Show(t.Context(), "i1")
	wantError(t, err, nova.Unauthorized, unauthorized)
	_, err = b.Image.As(nova.Caller{}).Download(t.Context(), "i1")
	wantError(t, err, nova.Unauthorized, unauthorized)
	if told := glance.told(t); len(told) > 0 {
		t.Errorf("the service was asked: %v", told)
	}
}

func TestImage_Ensure(t *testing.T) {
	t.Parallel()
	wanted := nova.Image{
		ID: "i1", Name: "backup", Owner: "p1", Visibility: "private", DiskFormat: "raw", ContainerFormat: "bare", MinDisk: 1,
		Properties: map[string]string{"image_type": "backup", "status": "active"},
	}
	body := object{
		"id": "i1", "name": "backup", "owner": "p1", "visibility": "private", "disk_format": "raw", "container_format": "bare",
		"min_disk": 1.0, "min_ram": 0.0, "image_type": "backup",
	}
	conflict := scripted{http.StatusConflict, object{"message": "Image ID i1 already exists!"}}
	for name, test := range map[string]struct {
		answers map[string]scripted
		kind    nova.Kind
		message string
	}{
		"new":       {map[string]scripted{"POST /v2/images": {http.StatusCreated, cirros}}, 0, ""},
		"there":     {map[string]scripted{"POST /v2/images": conflict, "GET /v2/images/i1": {http.StatusOK, cirros}}, 0, ""},
		"another's": {map[string]scripted{"POST /v2/images": conflict, "GET /v2/images/i1": {http.StatusOK, object{"id": "i1", "owner": "p2"}}}, nova.Conflict, "Image i1 already exists."},
		"deleted":   {map[string]scripted{"POST /v2/images": conflict, "GET /v2/images/i1": {http.StatusNotFound, ""}}, nova.Gone, "Image i1 could not be found."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			glance := &script{answers: test.answers}
			b := newBed(t, glance, nil, nil)
			got, err := b.Image.AsService().Ensure(t.Context(), wanted)
			if diff := cmp.Diff(asked{"POST /v2/images", "service-1", body}, glance.told(t)[0]); diff != "" {
				t.Error(diff)
			}
			if test.message != "" {
				wantError(t, err, test.kind, test.message)
				return
			}
			if diff := cmp.Diff(cirrosImage, got); err != nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

func TestImage_Share(t *testing.T) {
	t.Parallel()
	glance := &script{answers: map[string]scripted{
		"POST /v2/images/i1/members":    {http.StatusOK, object{"member_id": "p2"}},
		"POST /v2/images/there/members": {http.StatusConflict, object{"message": "Member p2 is duplicated for image there"}},
		"POST /v2/images/gone/members":  {http.StatusNotFound, ""},
		"POST /v2/images/kept/members":  {http.StatusForbidden, ""},
	}}
	image := newBed(t, glance, nil, nil).Image.AsService()
	for _, id := range []string{"i1", "there"} {
		if err := image.Share(t.Context(), id, "p2"); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if diff := cmp.Diff(asked{"POST /v2/images/i1/members", "service-1", object{"member": "p2"}}, glance.told(t)[0]); diff != "" {
		t.Error(diff)
	}
	wantError(t, image.Share(t.Context(), "gone", "p2"), nova.NotFound, "Image gone could not be found.")
	wantError(t, image.Share(t.Context(), "kept", "p2"), nova.Forbidden, "Not authorized for image kept.")
}

func TestImage_SetFormats(t *testing.T) {
	t.Parallel()
	glance := &script{answers: map[string]scripted{
		"PATCH /v2/images/i1":   {http.StatusOK, cirros},
		"PATCH /v2/images/full": {http.StatusForbidden, object{"message": "Attribute disk_format can be only replaced for a queued image."}},
		"PATCH /v2/images/gone": {http.StatusNotFound, ""},
	}}
	image := newBed(t, glance, nil, nil).Image.AsService()
	if err := image.SetFormats(t.Context(), "i1", "qcow2", "bare"); err != nil {
		t.Error(err)
	}
	body := []any{
		object{"op": "replace", "path": "/disk_format", "value": "qcow2"}, object{"op": "replace", "path": "/container_format", "value": "bare"},
	}
	if diff := cmp.Diff(asked{"PATCH /v2/images/i1", "service-1", body}, glance.told(t)[0]); diff != "" {
		t.Error(diff)
	}
	wantError(t, image.SetFormats(t.Context(), "full", "raw", "bare"), nova.Conflict, "Image full has data already.")
	wantError(t, image.SetFormats(t.Context(), "gone", "raw", "bare"), nova.NotFound, "Image gone could not be found.")
}

func TestImage_Delete(t *testing.T) {
	t.Parallel()
	b := newBed(t, &script{answers: map[string]scripted{
		"DELETE /v2/images/i1":   {http.StatusNoContent, ""},
		"DELETE /v2/images/gone": {http.StatusNotFound, ""},
		"DELETE /v2/images/kept": {http.StatusForbidden, ""},
	}}, nil, nil)
	image := b.Image.AsService()
	for _, id := range []string{"i1", "gone"} {
		if err := image.Delete(t.Context(), id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	wantError(t, image.Delete(t.Context(), "kept"), nova.Forbidden, "Not authorized for image kept.")
}

func TestImage_List(t *testing.T) {
	t.Parallel()
	second := object{"id": "i2", "name": "second"}
	first := "/v2/images?backup_type=daily&limit=100&owner=p1&sort=created_at%3Adesc%2Cid%3Adesc&status=active"
	glance := &script{answers: map[string]scripted{
		"GET " + first: {http.StatusOK, object{"images": []any{cirros}, "next": "/v2/images?backup_type=daily&marker=i1"}},
		"GET /v2/images?backup_type=daily&marker=i1":     {http.StatusOK, object{"images": []any{second}}},
		"GET /v2/images?limit=100&sort=name%3Aasc":       {http.StatusOK, object{"images": []any{}}},
		"GET /v2/images?limit=100&owner=x&sort=id%3Aasc": {http.StatusBadRequest, object{"message": "no such owner"}},
	}}
	image := newBed(t, glance, nil, nil).Image.AsService()
	got, err := image.List(t.Context(), cloud.ImageQuery{Owner: "p1", Status: "active", Properties: map[string]string{"backup_type": "daily"}})
	if err != nil || len(got) != 2 || got[0].ID != "i1" || got[1].ID != "i2" {
		t.Errorf("two pages: %v, %v", got, err)
	}
	got, err = image.List(t.Context(), cloud.ImageQuery{Sort: []nova.Sort{{Key: "name"}}})
	if err != nil || len(got) != 0 {
		t.Errorf("none: %v, %v", got, err)
	}
	_, err = image.List(t.Context(), cloud.ImageQuery{Owner: "x", Sort: []nova.Sort{{Key: "id"}}})
	wantError(t, err, nova.Invalid, "HTTP 400 Bad Request: no such owner")
}

// A store is the file part of the image API: it keeps count, not data.
type store struct {
	bed     *bed
	stored  atomic.Int64
	refused atomic.Int64
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.bed.keystone.knows(r.Header.Get("X-Auth-Token")) {
		s.refused.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.Method == http.MethodGet {
		_, _ = io.Copy(w, &counter{left: imageSize, read: &s.stored})
		return
	}
	if _, err := io.Copy(meter{&s.stored}, r.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(http.StatusNoContent)
}

func newStore(t *testing.T) (*store, *cloud.Image) {
	t.Helper()
	s := &store{}
	s.bed = newBed(t, s, nil, nil)
	return s, s.bed.Image.AsService()
}

func TestImage_UploadStreams(t *testing.T) {
	t.Parallel()
	s, image := newStore(t)
	data := &counter{left: imageSize, read: &s.stored}
	if err := image.Upload(t.Context(), "i1", data); err != nil {
		t.Fatal(err)
	}
	if s.stored.Load() != imageSize || data.furthest > mostHeld {
		t.Errorf("%d of %d bytes arrived, up to %d were held", s.stored.Load(), imageSize, data.furthest)
	}
}

// What has been read can't be sent again: the upload fails, and the next one
// is sent with a new token.
func TestImage_UploadIsNeverCut(t *testing.T) {
	t.Parallel()
	s, image := newStore(t)
	if err := image.Upload(t.Context(), "i1", strings.NewReader("one")); err != nil {
		t.Fatal(err)
	}
	s.bed.keystone.revoke()
	wantError(t, image.Upload(t.Context(), "i1", strings.NewReader("two")), nova.Unavailable, "The image service is temporarily unavailable.")
	if err := image.Upload(t.Context(), "i1", strings.NewReader("three")); err != nil {
		t.Fatal(err)
	}
	if stored, refused := s.stored.Load(), s.refused.Load(); stored != int64(len("onethree")) || refused != 1 {
		t.Errorf("%d bytes stored, %d uploads refused", stored, refused)
	}
}

// A failingReader has a bad sector.
type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func TestImage_UploadFails(t *testing.T) {
	t.Parallel()
	s, image := newStore(t)
	broken := errors.New("bad sector")
	err := image.Upload(t.Context(), "i1", io.MultiReader(strings.NewReader("start"), failingReader{broken}))
	if !errors.Is(err, broken) {
		t.Errorf("got %v after %d bytes", err, s.stored.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := image.Upload(ctx, "i1", strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestImage_DownloadStreams(t *testing.T) {
	t.Parallel()
	s, image := newStore(t)
	// A stream may take longer than a call.
	data, err := image.Download(t.Context(), "i1")
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(meter{&s.stored}, data)
	if n != imageSize || err != nil {
		t.Errorf("%d of %d bytes, %v", n, imageSize, err)
	}
	if err := data.Close(); err != nil {
		t.Error(err)
	}
}

func TestImage_DownloadNothing(t *testing.T) {
	t.Parallel()
	b := newBed(t, &script{answers: map[string]scripted{
		"GET /v2/images/queued/file": {http.StatusNoContent, ""},
		"GET /v2/images/none/file":   {http.StatusNotFound, ""},
	}}, nil, nil)
	data, err := b.Image.As(caller).Download(t.Context(), "queued")
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	if got, err := io.ReadAll(data); len(got) != 0 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	_, err = b.Image.As(caller).Download(t.Context(), "none")
	wantError(t, err, nova.NotFound, "Image none could not be found.")
}
