package image

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

// sweepEvery bounds how long an image stays in the status saving after its upload
// has died.
const sweepEvery = time.Minute

// Run makes up for uploads that have died, and for those that could not be ended
// because the database was away or the disk full, until the context ends. Other
// processes sweep as well: what each of them does can be done twice.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.SweepUploads(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn().Err(err).Msg("broken uploads can't be swept up")
		}
	}
}

// SweepUploads makes the images queued again whose upload has died, and removes
// what the uploads have written. It leaves uploads to other folders alone. Those
// folders are on other machines, whose processes can tell whether an upload still
// lives.
func (s *Service) SweepUploads(ctx context.Context) error {
	uploads, err := s.Store.Uploads(ctx)
	if err != nil {
		return err
	}
	for id, upload := range uploads {
		if !strings.HasPrefix(upload, s.folder+"/") {
			continue
		}
		if err := s.sweepImage(ctx, id, upload); err != nil {
			return err
		}
	}
	return nil
}

// sweepFiles removes the files that belong to no image, and those that dead
// uploads have left. It runs once, at the start, for what a killed process has
// left.
func (s *Service) sweepFiles(ctx context.Context) error {
	ids, err := s.files.ids()
	if err != nil {
		return err
	}
	for id := range ids {
		if err := s.sweepImage(ctx, id, ""); err != nil {
			return err
		}
	}
	return nil
}

// sweepImage ends a dead upload, if one is named, and removes the files of an
// image that has no data. It leaves an image alone that somebody uploads to, and
// holds the claim until it is done, so that nobody begins to upload meanwhile: a
// new upload's file would have the name of the one that is removed.
func (s *Service) sweepImage(ctx context.Context, id, deadUpload string) error {
	claimed, err := s.files.claim(id)
	if errors.Is(err, errBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = claimed.Close() }()
	if deadUpload != "" {
		if _, err := s.Store.AbortUpload(ctx, id, deadUpload); err != nil {
			return errors.Join(err, s.files.drop(id))
		}
	}
	image, err := s.Store.Image(ctx, id)
	if nova.Is(err, nova.NotFound) || err == nil && (image.Status == queued || image.Status == saving) {
		err = s.files.remove(id)
	}
	return errors.Join(err, s.files.drop(id))
}
