package image

import (
	"context"
	"crypto/md5" //nolint:gosec // a checksum that clients expect, not a protection
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// upload takes an image's data and makes the image active.
func (s *Service) upload(r *http.Request) (kit.Reply, error) { return s.receive(r, active) }

// stage takes an image's data and leaves it to an import to make the image
// active.
func (s *Service) stage(r *http.Request) (kit.Reply, error) { return s.receive(r, uploading) }

// importData makes an image with staged data active.
func (s *Service) importData(r *http.Request) (kit.Reply, error) {
	var in struct {
		Method struct {
			Name string `json:"name"`
		} `json:"method"`
	}
	if err := s.kit.Decode(r, &in); err != nil {
		return kit.Reply{}, err
	}
	if in.Method.Name != importMethod {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Unknown import method name '%s'.", in.Method.Name)
	}
	_, err := s.change(r, "modify_image", func(i *imagedb.Image) error {
		if i.Status != uploading {
			return nova.Errorf(nova.Conflict, "Image needs to be staged before '%s' method can be used", importMethod)
		}
		i.Status = active
		return hasFormats(*i)
	})
	return kit.Reply{Status: http.StatusAccepted}, err
}

// receive streams the body of a request into an image. Whatever can be refused
// is refused before the body is read.
func (s *Service) receive(r *http.Request, then string) (kit.Reply, error) {
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "application/octet-stream" {
		return kit.Reply{}, nova.Errorf(nova.BadMediaType, "The request media type %s is not supported by this server.", mediaType)
	}
	image, err := s.visible(r.Context(), pathValue(r, "id"))
	if err != nil {
		return kit.Reply{}, err
	}
	if err := mayChange(nova.CallerOf(r.Context()), image, "upload_image"); err != nil {
		return kit.Reply{}, err
	}
	if then == active {
		if err := hasFormats(image); err != nil {
			return kit.Reply{}, err
		}
	}
	if r.ContentLength > s.MaxBytes {
		return kit.Reply{}, errImageTooLarge()
	}
	return kit.Reply{}, s.save(r, image, then)
}

// hasFormats refuses an image whose formats aren't known: nobody could use it.
func hasFormats(i imagedb.Image) error {
	if i.DiskFormat == nil || i.ContainerFormat == nil {
		return nova.Errorf(nova.Invalid, "Properties disk_format, container_format must be set prior to saving data.")
	}
	return nil
}

// errImageTooLarge is Glance's answer to data beyond its image_size_cap.
func errImageTooLarge() error {
	return nova.Errorf(nova.TooLarge, "The incoming image is too large: The provided image is too large.")
}

// save writes the data to a file of its own and then, at once, makes it the
// image's. Whatever goes wrong on the way leaves the image queued, and no file.
func (s *Service) save(r *http.Request, image imagedb.Image, then string) error {
	if image.Status != queued && image.Status != saving {
		return nova.Errorf(nova.Conflict, "Image status transition from %s to saving is not allowed", image.Status)
	}
	file, err := s.files.claim(image.ID)
	if errors.Is(err, errBusy) {
		return nova.Errorf(nova.Conflict, "Image status transition from saving to saving is not allowed")
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	up := upload{service: s, image: image.ID, id: s.newUploadID(), file: file}
	if err := up.begin(r); err != nil {
		return errors.Join(err, s.files.drop(image.ID))
	}
	data, err := up.receive(r)
	if err == nil {
		err = up.finish(r.Context(), then, data)
	}
	if err != nil {
		up.abort(r.Context())
	}
	return err
}

// newUploadID names an upload, and the folder that it writes to.
func (s *Service) newUploadID() string { return s.folder + "/" + uuid.NewString() }

// An upload is the giving of data to an image.
type upload struct {
	service *Service
	image   string // the image's ID
	id      string // the upload's own
	file    *os.File
	kept    bool  // the file has the image's name
	granted int64 // bytes that it may hold by its project's quota
}

// roomStep is how many bytes more of its quota an upload of unknown length asks
// for at a time.
const roomStep = 8 << 20

// begin makes the image saving. An upload whose length is known gets all of its
// room now, so that the client learns of a full quota before it sends anything.
func (u *upload) begin(r *http.Request) (err error) {
	room := imagedb.Room{Need: max(0, r.ContentLength), Want: max(0, r.ContentLength), Limit: u.service.QuotaBytes}
	u.granted, err = u.service.Store.BeginUpload(r.Context(), u.image, u.id, room)
	return err
}

// receive writes the body of a request to the file, and sums it up.
func (u *upload) receive(r *http.Request) (imagedb.Data, error) {
	checksum, hash := md5.New(), sha512.New() //nolint:gosec // as above
	buffer, size, ended := make([]byte, 256<<10), int64(0), false
	for !ended {
		n, err := r.Body.Read(buffer)
		size += int64(n)
		switch {
		case errors.Is(err, io.EOF):
			ended = true
		case err != nil:
			return imagedb.Data{}, nova.Because(err, nova.Invalid, "The upload broke off after %d bytes.", size)
		}
		if err := u.admit(r.Context(), size); err != nil {
			return imagedb.Data{}, err
		}
		if _, err := u.file.Write(buffer[:n]); err != nil {
			return imagedb.Data{}, storageError(err)
		}
		_, _ = checksum.Write(buffer[:n]) // hashes never fail
		_, _ = hash.Write(buffer[:n])
	}
	if r.ContentLength >= 0 && size != r.ContentLength {
		return imagedb.Data{}, nova.Errorf(nova.Invalid, "The upload broke off after %d of %d bytes.", size, r.ContentLength)
	}
	return imagedb.Data{
		Size: size, Checksum: hex.EncodeToString(checksum.Sum(nil)), Hash: hex.EncodeToString(hash.Sum(nil)),
	}, nil
}

// admit refuses data that is larger than any image may be, or than the
// project's quota has room for.
func (u *upload) admit(ctx context.Context, size int64) (err error) {
	if size > u.service.MaxBytes {
		return errImageTooLarge()
	}
	if size > u.granted {
		room := imagedb.Room{Need: size, Want: size + roomStep, Limit: u.service.QuotaBytes}
		u.granted, err = u.service.Store.ExtendUpload(ctx, u.image, u.id, room)
	}
	return err
}

// finish makes a complete file the image's. The client may be gone by now, but
// all of its data is here.
func (u *upload) finish(ctx context.Context, then string, data imagedb.Data) error {
	if err := u.service.files.keep(u.file, u.image); err != nil {
		return err
	}
	u.kept = true
	err := u.service.Store.FinishUpload(context.WithoutCancel(ctx), u.image, u.id, then, data)
	if nova.Is(err, nova.Gone) {
		return errors.Join(err, u.service.files.remove(u.image))
	}
	return err
}

// abort makes the image queued again, although the request may be over. A
// partial file goes first: on a full disk, the database can't write before. The
// data that finish has given its name goes only if the image is known not to
// have it.
func (u *upload) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	var discarded error
	if !u.kept {
		discarded = u.discard()
	}
	aborted, err := u.service.Store.AbortUpload(ctx, u.image, u.id)
	if err != nil && u.kept && u.surelyPending(ctx) {
		discarded, u.kept = u.discard(), false
		aborted, err = u.service.Store.AbortUpload(ctx, u.image, u.id)
	}
	if aborted && u.kept {
		discarded = u.discard()
	}
	if err = errors.Join(err, discarded); err != nil { // Run makes up for it
		u.service.Log.Warn().Err(err).Str("image", u.image).Msg("a broken upload is left")
	}
}

// discard removes the file, and gives its room back although it is still open
// to hold the claim.
func (u *upload) discard() error {
	_ = u.file.Truncate(0) // if not now, then when the file is closed
	if u.kept {
		return u.service.files.remove(u.image)
	}
	return u.service.files.drop(u.image)
}

// surelyPending reports whether an upload that could not be aborted is certain
// not to have been finished either. SQLite has rolled back what it reported as
// failed; a commit that PostgreSQL has not answered may still go through.
func (u *upload) surelyPending(ctx context.Context) bool {
	if u.service.Store.Dialect() != "sqlite" {
		return false
	}
	pending, err := u.service.Store.UploadPending(ctx, u.image, u.id)
	return err == nil && pending
}
