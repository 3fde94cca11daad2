package volume

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/sparse"
)

// imageActive is the status of an image with data.
const imageActive = "active"

// findImage finds the image that a reference names: by its ID, its URL or its name.
func (s *Service) findImage(ctx context.Context, ref string) (nova.Image, error) {
	caller := nova.CallerOf(ctx)
	id := ref[strings.LastIndex(ref, "/")+1:]
	if _, err := uuid.Parse(id); err == nil {
		image, err := s.Images.As(caller).Show(ctx, id)
		if err == nil || nova.Is(err, nova.Unavailable) {
			return image, err
		}
	}
	found, err := s.Images.As(caller).List(ctx, cloud.ImageQuery{Properties: map[string]string{"name": ref}, Limit: 2})
	switch {
	case nova.Is(err, nova.Unavailable):
		return nova.Image{}, err
	case len(found) > 1:
		return nova.Image{}, nova.Errorf(nova.Conflict, "Multiple matches found for '%s', use an ID to be more specific.", ref)
	case len(found) == 1:
		return found[0], nil
	}
	return nova.Image{}, nova.Errorf(nova.Invalid, "Invalid image identifier or unable to access requested image.")
}

// checkImage refuses an image that a volume of so many GB can't be made of.
func checkImage(image nova.Image, size int64) error {
	imageSize := (image.Size + gigabyte - 1) / gigabyte
	switch {
	case image.Status != imageActive:
		return invalidInput("Image %s is not active.", image.ID)
	case imageSize > size:
		return invalidInput("Size of specified image %dGB is larger than volume size %dGB.", imageSize, size)
	case int64(image.MinDisk) > size:
		return invalidInput("Volume size %dGB cannot be smaller than the image minDisk size %dGB.", size, image.MinDisk)
	}
	return nil
}

// imageMetadata is what a volume keeps of the image of which it is made.
func imageMetadata(image nova.Image) map[string]string {
	kept := maps.Clone(image.Properties)
	if kept == nil {
		kept = map[string]string{}
	}
	maps.Copy(kept, map[string]string{
		"image_id": image.ID, "image_name": image.Name, "disk_format": image.DiskFormat, "container_format": image.ContainerFormat,
		"min_disk": strconv.Itoa(image.MinDisk), "min_ram": strconv.Itoa(image.MinRAM), "size": strconv.FormatInt(image.Size, 10),
	})
	return kept
}

// coreProperties are the keys of that which an image made of the volume does not
// take over: it has its own.
var coreProperties = strings.Fields("checksum container_format disk_format image_name image_id min_disk min_ram name size")

// bootSnapshot is the snapshot of the root volume, if the image stands for a
// server that had booted from a volume; empty if not.
func bootSnapshot(image nova.Image) string {
	var devices []struct {
		SourceType string `json:"source_type"`
		SnapshotID string `json:"snapshot_id"`
		BootIndex  *int   `json:"boot_index"`
	}
	if err := json.Unmarshal([]byte(image.Properties["block_device_mapping"]), &devices); err != nil { // none, or nonsense
		return ""
	}
	for _, d := range devices {
		if d.SourceType == "snapshot" && d.BootIndex != nil && *d.BootIndex == 0 {
			return d.SnapshotID
		}
	}
	return ""
}

// download writes an image's data into a file.
func (s *Service) download(ctx context.Context, id string, to *os.File, goOn func() error) error {
	data, err := s.Images.AsService().Download(ctx, id)
	if err != nil {
		return err
	}
	err = writeSparse(to, data, goOn)
	return errors.Join(err, data.Close())
}

// blockSize is the size of the pieces that are left out of a file if they are all
// zeros.
const blockSize = 64 << 10

// writeSparse writes data to a file, with holes where there are zeros. Every now
// and then it asks whether to go on.
func writeSparse(to *os.File, from io.Reader, goOn func() error) error {
	block, zeros := make([]byte, blockSize), make([]byte, blockSize)
	for at := int64(0); ; {
		n, err := io.ReadFull(from, block)
		if n > 0 && !bytes.Equal(block[:n], zeros[:n]) {
			if _, err := to.WriteAt(block[:n], at); err != nil {
				return err
			}
		}
		at += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return sparse.Grow(to, at)
		}
		if err != nil {
			return err
		}
		if at%sparse.PieceSize == 0 {
			if err := goOn(); err != nil {
				return err
			}
		}
	}
}

// upload gives an image the data of a volume. It can be repeated: an upload that
// died with its process is begun anew, and an image that has its data keeps it.
func (s *Service) upload(ctx context.Context, t volumedb.Task) error {
	file, err := os.Open(s.files.path(t.ResourceID))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	id := t.Arguments.V[argImage]
	err = s.Images.AsService().Upload(ctx, id, file)
	if !nova.Is(err, nova.Conflict) {
		return err
	}
	image, err := s.Images.AsService().Show(ctx, id)
	if err == nil && image.Status != imageActive { // another upload is under way, or has died and is swept up soon
		return nova.Errorf(nova.Unavailable, "Image %s is %s.", id, image.Status)
	}
	return err
}
