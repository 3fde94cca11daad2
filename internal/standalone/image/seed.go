package image

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// The seed is the image that a new cloud starts with: a small public one, so that
// there is something to boot. Its ID and its bytes are always the same, so several
// processes that start at once make one image.
const (
	seedID   = "c1220500-0000-4000-8000-000000000001"
	seedName = "cirros"
	seedSize = 1 << 20
	seedLine = "nova-api test image\n"
)

// Seed makes an image if there is none, and sweeps up what a process that was
// killed has left. Call it at every start. An image that was made and deleted does
// not come back.
func (s *Service) Seed(ctx context.Context) error {
	if err := s.SweepUploads(ctx); err != nil {
		return err
	}
	if err := s.sweepFiles(ctx); err != nil {
		return err
	}
	image, err := s.Store.Image(ctx, seedID)
	switch {
	case nova.Is(err, nova.NotFound):
		image, err = s.createSeed(ctx)
		if nova.Is(err, nova.NotFound) {
			return nil
		}
	case err == nil && image.Status == active && !s.files.exists(seedID):
		return s.restoreSeed()
	}
	if err != nil || image.Status != queued {
		return err
	}
	return s.saveSeed(ctx, image)
}

// createSeed creates the image in a store that has none. The error is NotFound if
// there are other images, or if the seed has been deleted.
func (s *Service) createSeed(ctx context.Context) (imagedb.Image, error) {
	there, err := s.Store.Images(ctx, imagedb.Filter{Admin: true, Visibility: "all"}, nova.Page{Limit: 1})
	if err != nil {
		return imagedb.Image{}, err
	}
	if len(there) > 0 {
		return s.Store.Image(ctx, seedID)
	}
	name, disk, container := seedName, "raw", "bare"
	image, err := s.Store.Create(ctx, imagedb.Image{
		ID: seedID, Name: &name, Owner: s.Owner, Status: queued, Visibility: public, DiskFormat: &disk, ContainerFormat: &container,
	})
	if nova.Is(err, nova.Conflict) { // another process was faster, or it was deleted
		return s.Store.Image(ctx, seedID)
	}
	return image, err
}

// saveSeed uploads the data, unless another process does.
func (s *Service) saveSeed(ctx context.Context, image imagedb.Image) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, "/", seedData())
	if err != nil {
		return err
	}
	err = s.save(r, image, active)
	if nova.Is(err, nova.Conflict) || nova.Is(err, nova.Gone) {
		return nil
	}
	return err
}

// restoreSeed writes the data again. A state folder that was made anew beside an
// old database doesn't have the data.
func (s *Service) restoreSeed() error {
	file, err := s.files.claim(seedID)
	if errors.Is(err, errBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if _, err := io.Copy(file, seedData()); err != nil {
		return errors.Join(storageError(err), s.files.drop(seedID))
	}
	return s.files.keep(file, seedID)
}

// seedData is the disk of the first image: text, so that whoever looks into a
// server's disk sees where it came from. It is of a fixed size and the same in
// every cloud.
func seedData() *bytes.Reader {
	text := strings.Repeat(seedLine, seedSize/len(seedLine)+1)
	return bytes.NewReader([]byte(text[:seedSize]))
}
