package volume

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"slices"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/sparse"
)

// An origin is what a volume is made of: an image, a snapshot, another volume, or
// nothing.
type origin struct {
	image                *nova.Image
	snapshotID, sourceID string
}

// argImage is the argument of tasks that read or write an image.
const argImage = "image"

// withNovaImages is the version from which on an image of a server that had booted
// from a volume stands for the snapshot of that.
const withNovaImages version = 46

// originOf reads from a body what a volume is made of.
func (s *Service) originOf(r *http.Request, body object) (origin, error) {
	var o origin
	count := 0
	for name, to := range map[string]*string{"snapshot_id": &o.snapshotID, "source_volid": &o.sourceID} {
		if id := textOf(body, name); id != nil {
			*to = *id
			count++
		}
	}
	if ref := textOf(body, "imageRef", "image_id"); ref != nil {
		image, err := s.findImage(r.Context(), *ref)
		if err != nil {
			return o, err
		}
		if snapshot := bootSnapshot(image); snapshot != "" && versionOf(r) >= withNovaImages {
			o.snapshotID = snapshot
		} else {
			o.image = &image
		}
		count++
	}
	if count > 1 {
		return o, invalidInput("May specify only one of backup, imageRef, snapshot, source volume")
	}
	return o, nil
}

// apply gives a new volume what its origin says of it, where the client leaves it
// open, and tells the worker. What the volume is made of is locked until the task
// is written, so that it stays until the task is done.
func (o origin) apply(ctx context.Context, s *Service, tx *volumedb.Store, v *volumedb.Volume, t *volumedb.Task) error {
	switch {
	case o.image != nil:
		v.ImageMetadata = imageMetadata(*o.image)
		v.Bootable = true
		t.Arguments.V = map[string]string{argImage: o.image.ID}
	case o.snapshotID != "":
		return o.applySnapshot(ctx, tx, v, t)
	case o.sourceID != "":
		return o.applySource(ctx, s, tx, v, t)
	}
	return nil
}

// applySnapshot makes a volume of a snapshot.
func (o origin) applySnapshot(ctx context.Context, tx *volumedb.Store, v *volumedb.Volume, t *volumedb.Task) error {
	from, err := tx.Snapshots.Lock(ctx, o.snapshotID)
	if err == nil && !canRead(nova.CallerOf(ctx), from.ProjectID) {
		return noSnapshot(o.snapshotID)
	}
	if err != nil {
		return missing(err, noSnapshot(o.snapshotID))
	}
	if from.Status != available {
		return nova.Errorf(nova.Invalid, "Invalid snapshot: Originating snapshot status must be one of 'available' values")
	}
	parent, err := tx.Volumes.Get(ctx, from.VolumeID)
	if err != nil {
		return err
	}
	if v.Size == 0 {
		v.Size = from.Size
	}
	if v.Size < from.Size {
		return invalidInput("Volume size '%d'GB cannot be smaller than the snapshot size %dGB. They must be >= original snapshot size.", v.Size, from.Size)
	}
	v.SnapshotID, v.TypeID, v.Folder = &from.ID, from.TypeID, from.Folder
	inherit(v, parent, t, from.ID)
	return nil
}

// applySource makes a volume of another one.
func (o origin) applySource(ctx context.Context, s *Service, tx *volumedb.Store, v *volumedb.Volume, t *volumedb.Task) error {
	if _, err := s.findVolume(ctx, o.sourceID); err != nil {
		return err
	}
	from, err := tx.Volumes.Lock(ctx, o.sourceID)
	if err != nil {
		return missing(err, noVolume(o.sourceID))
	}
	if !slices.Contains([]string{available, inUse}, from.Status) {
		return invalidVolume("Originating volume status must be one of 'available, in-use' values")
	}
	if v.Size == 0 {
		v.Size = from.Size
	}
	if v.Size < from.Size {
		return invalidInput("Volume size '%d'GB cannot be smaller than original volume size  %dGB. They must be >= original volume size.", v.Size, from.Size)
	}
	v.SourceID, v.TypeID, v.Folder = &from.ID, from.TypeID, from.Folder
	inherit(v, from, t, from.ID)
	return nil
}

// inherit takes over what the data says that is copied.
func inherit(v *volumedb.Volume, from volumedb.Volume, t *volumedb.Task, needs string) {
	v.Bootable, v.ImageMetadata = from.Bootable, maps.Clone(from.ImageMetadata)
	t.NeedsID, t.Folder = needs, v.Folder
}

// makeData makes the data of a new volume, if this is the backend for it.
func (s *Service) makeData(ctx context.Context, t volumedb.Task) error {
	v, err := s.Store.Volumes.Get(ctx, t.ResourceID)
	if err != nil {
		return err
	}
	if err := s.checkBackend(ctx, v); err != nil {
		return err
	}
	return s.files.make(v.ID, v.Size*s.gigabyte, func(file *os.File) error { return s.fill(ctx, t, file) })
}

// fill writes what a volume or a snapshot is made of.
func (s *Service) fill(ctx context.Context, t volumedb.Task, file *os.File) error {
	if image := t.Arguments.V[argImage]; image != "" {
		return s.download(ctx, image, file, s.goesOn(ctx, t))
	}
	if t.NeedsID == "" {
		return nil
	}
	from, err := os.Open(s.files.path(t.NeedsID))
	if err != nil {
		return err
	}
	return errors.Join(sparse.Copy(file, from, s.goesOn(ctx, t)), from.Close())
}
