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
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// upload takes an image's data and makes the image active.
func (s *Service) upload(r *http.Request) (kit.Reply, error) { return s.receive(r, active) }

// stage takes an image's data, for an import to make the image active.
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

// receive streams a request's body into an image.
func (s *Service) receive(r *http.Request, then string) (kit.Reply, error) {
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType != "application/octet-stream" {
		return kit.Reply{}, nova.Errorf(nova.BadMediaType, "The request media type %s is not supported by this server.", mediaType)
	}
	image, err := s.visible(r.Context(), chi.URLParam(r, "id"))
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
		return kit.Reply{}, s.tooLarge()
	}
	return kit.Reply{}, s.save(r, image, then)
}

func hasFormats(i imagedb.Image) error {
	if i.DiskFormat == nil || i.ContainerFormat == nil {
		return nova.Errorf(nova.Invalid, "Properties disk_format, container_format must be set prior to saving data.")
	}
	return nil
}

func (s *Service) tooLarge() error {
	return nova.Errorf(nova.TooLarge, "Denying attempt to upload image larger than %d bytes.", s.MaxBytes)
}

// save writes the data to a file of its own and then, at once, makes it the
// image's. Whatever goes wrong on the way leaves the image queued, and no file.
func (s *Service) save(r *http.Request, image imagedb.Image, then string) error {
	if image.Status != queued && image.Status != saving {
		return nova.Errorf(nova.Conflict, "Image status transition from %s to saving is not allowed", image.Status)
	}
	file, err := s.files.create(image.ID)
	if errors.Is(err, errBusy) {
		return nova.Errorf(nova.Conflict, "Image status transition from saving to saving is not allowed")
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	upload := uuid.NewString()
	if err := s.Store.BeginUpload(r.Context(), image.ID, upload); err != nil {
		return errors.Join(err, s.files.drop(image.ID))
	}
	data, err := s.copy(file, r)
	if err == nil {
		err = s.finish(r.Context(), image.ID, upload, then, data)
	}
	if err != nil {
		s.abort(r.Context(), image.ID, upload)
	}
	return err
}

// finish makes a complete file the image's. The client may be gone by now, but
// all of its data is here.
func (s *Service) finish(ctx context.Context, id, upload, then string, data imagedb.Data) error {
	if err := s.files.keep(id); err != nil {
		return err
	}
	err := s.Store.FinishUpload(context.WithoutCancel(ctx), id, upload, then, data)
	if nova.Is(err, nova.Gone) {
		return errors.Join(err, s.files.remove(id))
	}
	return err
}

// copy writes the body of a request to a file, and sums it up.
func (s *Service) copy(file io.Writer, r *http.Request) (imagedb.Data, error) {
	checksum, hash := md5.New(), sha512.New() //nolint:gosec // as above
	body := io.LimitReader(r.Body, s.MaxBytes+1)
	size, err := io.CopyBuffer(io.MultiWriter(file, checksum, hash), body, make([]byte, 256<<10))
	switch {
	case err != nil:
		return imagedb.Data{}, nova.Because(err, nova.Invalid, "The upload broke off after %d bytes.", size)
	case size > s.MaxBytes:
		return imagedb.Data{}, s.tooLarge()
	case r.ContentLength >= 0 && size != r.ContentLength:
		return imagedb.Data{}, nova.Errorf(nova.Invalid, "The upload broke off after %d of %d bytes.", size, r.ContentLength)
	}
	return imagedb.Data{
		Size: size, Checksum: hex.EncodeToString(checksum.Sum(nil)), Hash: hex.EncodeToString(hash.Sum(nil)),
	}, nil
}

// abort makes an image queued again, although the request may be over. The
// data goes only if the image is known not to have it.
func (s *Service) abort(ctx context.Context, id, upload string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	aborted, err := s.Store.AbortUpload(ctx, id, upload)
	if aborted {
		err = errors.Join(err, s.files.remove(id))
	}
	if err = errors.Join(err, s.files.drop(id)); err != nil { // the next start sweeps it up
		s.Log.Warn().Err(err).Str("image", id).Msg("a broken upload is left")
	}
}

// patiently lets an upload take as long as it needs, so long as it moves: the
// server's own deadline is for small bodies.
func (s *Service) patiently(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = &patientBody{ReadCloser: r.Body, connection: http.NewResponseController(w), patience: s.Patience}
		next(w, r)
	}
}

type patientBody struct {
	io.ReadCloser
	connection *http.ResponseController
	patience   time.Duration
}

// Read gives the client some time for the next piece.
func (b *patientBody) Read(p []byte) (int, error) {
	deadline := time.Now().Add(b.patience) //nolint:forbidigo // the kernel's clock, not the store's
	_ = b.connection.SetReadDeadline(deadline)
	return b.ReadCloser.Read(p)
}
