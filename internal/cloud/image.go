package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-api/nova-api/internal/nova"
)

// ImageService is the image service. As or AsService chooses in whose name it is
// asked: what a request may see is asked in the caller's name, and what a worker
// does is done in the service user's.
type ImageService struct{ conn conn }

// As asks in a caller's name. An image that the caller can't see isn't there.
func (s *ImageService) As(caller nova.Caller) *Image { return &Image{s.conn.as(caller)} }

// AsService asks in the service user's name, which sees every image.
func (s *ImageService) AsService() *Image { return &Image{s.conn} }

// Address is where the image service is, without the version of its API, for links.
// It is empty if the catalog has none, or as long as nobody has asked for it.
func (s *ImageService) Address() string {
	base, err := s.conn.base()
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(strings.Trim(base, "/"), "/"+s.conn.service.version)
}

// Image is a client of the image service. Its errors have the kinds and texts of
// Nova: NotFound, Forbidden, Invalid, OverQuota for an image that is too large or
// a full disk, and Unavailable while the service can't be reached.
type Image struct{ conn conn }

// Show finds an image. The error is NotFound if there is none, or none that may
// be seen.
func (i *Image) Show(ctx context.Context, id string) (nova.Image, error) {
	var d imageDocument
	if err := i.conn.get(ctx, below("images", id), nil, &d); err != nil {
		return nova.Image{}, i.fault(err, id)
	}
	return d.Image, nil
}

// Ensure creates an image with the ID that it has, unless it was created
// before, so it can be repeated. The error is Gone if the image was created
// before and has been deleted since: the image service gives no ID twice. The
// ID, the owner and the formats are chosen by the image service where they are
// empty; only an administrator may choose another project as the owner. The
// image has no data yet.
func (i *Image) Ensure(ctx context.Context, image nova.Image) (nova.Image, error) {
	var d imageDocument
	err := i.conn.send(ctx, http.MethodPost, "images", newImage(image), &d)
	if image.ID != "" && isStatus(err, http.StatusConflict) {
		return i.existing(ctx, image)
	}
	if err != nil {
		return nova.Image{}, i.fault(err, image.ID)
	}
	return d.Image, nil
}

// existing finds the image that an earlier Ensure created. An image of another
// project is refused.
func (i *Image) existing(ctx context.Context, image nova.Image) (nova.Image, error) {
	there, err := i.Show(ctx, image.ID)
	if nova.Is(err, nova.NotFound) {
		return nova.Image{}, nova.Because(err, nova.Gone, "%s", nova.Message(err))
	}
	if err == nil && image.Owner != "" && there.Owner != image.Owner {
		return nova.Image{}, nova.Errorf(nova.Conflict, "Image %s already exists.", image.ID)
	}
	return there, err
}

// Share lets another project use an image whose visibility is shared. The
// project has to accept the image before its lists show it. Sharing an image
// again changes nothing, so it can be repeated.
func (i *Image) Share(ctx context.Context, id, projectID string) error {
	err := i.conn.send(ctx, http.MethodPost, below("images", id, "members"), map[string]string{"member": projectID}, nil)
	if err == nil || isStatus(err, http.StatusConflict) {
		return nil
	}
	return i.fault(err, id)
}

// SetFormats says how the data will be laid out that an image is about to be
// given. The error is Conflict if the image has data already, or is being given
// some.
func (i *Image) SetFormats(ctx context.Context, id, diskFormat, containerFormat string) error {
	err := i.patch(ctx, id, []patch{{"replace", "/disk_format", &diskFormat}, {"replace", "/container_format", &containerFormat}}, nil)
	if isStatus(err, http.StatusForbidden) { // the service user may change every image
		return nova.Because(err, nova.Conflict, "Image %s has data already.", id)
	}
	if err != nil {
		return i.fault(err, id)
	}
	return nil
}

// A patch is one change to an image, as RFC 6902 has it.
type patch struct {
	Op    string  `json:"op"`
	Path  string  `json:"path"`
	Value *string `json:"value,omitempty"` // nil where something is removed
}

func (i *Image) patch(ctx context.Context, id string, changes []patch, into any) error {
	return i.conn.call(ctx, below("images", id), nil, http.MethodPatch, &gophercloud.RequestOpts{
		JSONBody: changes, JSONResponse: into,
		MoreHeaders: map[string]string{"Content-Type": "application/openstack-images-v2.1-json-patch"},
	})
}

// ReplaceProperties gives an image the properties that are wanted instead of
// those that it has, and returns the image as it is then. An attribute of images
// can't be set as a property, and is passed over.
func (i *Image) ReplaceProperties(ctx context.Context, image nova.Image, wanted map[string]string) (nova.Image, error) {
	var changes []patch
	for key, value := range wanted {
		if before, had := image.Properties[key]; !imageAttributes[key] && (!had || before != value) {
			changes = append(changes, patch{"add", pointer(key), &value})
		}
	}
	for key := range image.Properties {
		if _, kept := wanted[key]; !kept {
			changes = append(changes, patch{"remove", pointer(key), nil})
		}
	}
	if len(changes) == 0 {
		return image, nil
	}
	var d imageDocument
	if err := i.patch(ctx, image.ID, changes, &d); err != nil {
		return image, i.fault(err, image.ID)
	}
	return d.Image, nil
}

// pointer is the address of a property in an image's document: RFC 6901.
func pointer(key string) string {
	return "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// Upload gives an image its data, which it sends as it reads it. It can't be
// repeated with the same reader. The error is Conflict if the image has data
// already or is being given some, NotFound if the image is gone, be it during the
// upload, and the reader's own if the data can't be read.
func (i *Image) Upload(ctx context.Context, id string, data io.Reader) error {
	source := &source{reader: data}
	_, err := i.conn.stream(ctx, below("images", id, "file"), http.MethodPut, &gophercloud.RequestOpts{
		RawBody:     source,
		MoreHeaders: map[string]string{"Content-Type": "application/octet-stream"},
	})
	if cause := source.failure.Load(); err != nil && cause != nil {
		return fmt.Errorf("data of image %s: %w", id, *cause)
	}
	if err != nil {
		return i.fault(err, id)
	}
	return nil
}

// A source is a reader that can be read once. It remembers why it could not be
// read to the end, because the transport reports a broken request instead.
type source struct {
	reader  io.Reader
	failure atomic.Pointer[error]
}

// Read reads on, and notes an error.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failure.Store(&err)
	}
	return n, err
}

// Download opens an image's data, which the caller closes. The data of an image
// that has none yet is empty.
func (i *Image) Download(ctx context.Context, id string) (io.ReadCloser, error) {
	data, err := i.conn.stream(ctx, below("images", id, "file"), http.MethodGet, &gophercloud.RequestOpts{
		MoreHeaders:      map[string]string{"Accept": "application/octet-stream"},
		KeepResponseBody: true,
	})
	if err != nil {
		return nil, i.fault(err, id)
	}
	return data, nil
}

// Delete removes an image. An image that isn't there counts as removed.
func (i *Image) Delete(ctx context.Context, id string) error {
	if err := i.conn.remove(ctx, below("images", id), nil); err != nil {
		return i.fault(err, id)
	}
	return nil
}

// fault puts a failure of a request about one image in Nova's words, as
// _translate_image_exception in nova/image/glance.py does.
func (i *Image) fault(err error, id string) error {
	var f *failure
	if !errors.As(err, &f) {
		return err
	}
	notFound := fmt.Sprintf("Image %s could not be found.", id)
	return i.conn.fault(err,
		phrase{status: http.StatusNotFound, kind: nova.NotFound, text: notFound},
		phrase{status: http.StatusGone, kind: nova.NotFound, text: notFound},
		phrase{status: http.StatusForbidden, kind: nova.Forbidden, text: fmt.Sprintf("Not authorized for image %s.", id)},
		phrase{
			status: http.StatusBadRequest, kind: nova.Invalid,
			text: fmt.Sprintf("Request of image %s got BadRequest response: %s", id, f.said()),
		},
		phrase{
			status: http.StatusRequestEntityTooLarge, kind: nova.OverQuota,
			text: fmt.Sprintf("Quota exceeded or out of space for image %s in the image service.", id),
		},
	)
}

// An ImageQuery says which images a list holds, and in which order.
type ImageQuery struct {
	Owner      string            // project ID; empty for any
	Status     string            // empty for any
	Properties map[string]string // that the images have, with these values; and any other filter of the image service
	Sort       []nova.Sort       // newest first if empty
	Marker     string            // the ID of the image before the first one; empty for none
	Limit      int               // 0 for all
}

const imagesPerPage = 100

// List finds all images that fit a query and may be seen. It asks for page after
// page, and stops at one that doesn't lead further.
func (i *Image) List(ctx context.Context, q ImageQuery) ([]nova.Image, error) {
	var images []nova.Image
	query := q.values()
	for {
		var page struct {
			Images []imageDocument `json:"images"`
			Next   string          `json:"next"`
		}
		if err := i.conn.get(ctx, "images", query, &page); err != nil {
			return nil, i.conn.fault(err)
		}
		for _, d := range page.Images {
			images = append(images, d.Image)
		}
		if q.Limit > 0 && len(images) >= q.Limit {
			return images[:q.Limit], nil
		}
		next, err := url.Parse(page.Next)
		if err != nil {
			return nil, fmt.Errorf("image service: address of the next page: %w", err)
		}
		if marker := next.Query().Get("marker"); marker == "" || marker == query.Get("marker") || len(page.Images) == 0 {
			return images, nil
		}
		query = next.Query()
	}
}

// values is the query string. Images of one second are sorted by their IDs, so
// that pages neither overlap nor leave anything out.
func (q ImageQuery) values() url.Values {
	v := url.Values{}
	for key, value := range q.Properties {
		v.Set(key, value)
	}
	size := imagesPerPage
	if q.Limit > 0 {
		size = min(size, q.Limit)
	}
	v.Set("limit", strconv.Itoa(size))
	for key, value := range map[string]string{"owner": q.Owner, "status": q.Status, "marker": q.Marker} {
		if value != "" {
			v.Set(key, value)
		}
	}
	order := q.Sort
	if len(order) == 0 {
		order = []nova.Sort{{Key: "created_at", Desc: true}, {Key: "id", Desc: true}}
	}
	keys := make([]string, len(order))
	for i, s := range order {
		keys[i] = s.Key + ":asc"
		if s.Desc {
			keys[i] = s.Key + ":desc"
		}
	}
	v.Set("sort", strings.Join(keys, ","))
	return v
}
