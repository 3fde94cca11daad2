package imagedb

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// An Image is all that is known of an image. Its data is in a file elsewhere.
type Image struct {
	Serial          int64             `db:"serial"`
	ID              string            `db:"id"`
	Name            *string           `db:"name"`
	Owner           string            `db:"owner"`  // project ID
	Status          string            `db:"status"` // queued, saving, uploading, active or deactivated
	Visibility      string            `db:"visibility"`
	DiskFormat      *string           `db:"disk_format"`
	ContainerFormat *string           `db:"container_format"`
	MinDisk         int64             `db:"min_disk"` // GB
	MinRAM          int64             `db:"min_ram"`  // MB
	Protected       bool              `db:"protected"`
	Hidden          bool              `db:"os_hidden"`
	Size            *int64            `db:"size"`          // bytes; nil until there is data, as the sums are
	Checksum        *string           `db:"checksum"`      // MD5 in hexadecimal
	Hash            *string           `db:"os_hash_value"` // SHA-512 in hexadecimal
	CreatedAt       time.Time         `db:"created_at"`
	UpdatedAt       time.Time         `db:"updated_at"`
	Properties      map[string]string `db:"-"`
	Tags            []string          `db:"-"` // in alphabetical order
}

// columns are all of an image but its properties and tags, which have tables of
// their own: lists are filtered by them.
const columns = `serial, id, name, owner, status, visibility, disk_format, container_format, min_disk, min_ram,
	protected, os_hidden, size, checksum, os_hash_value, created_at, updated_at`

// Image finds an image by its ID. The error is NotFound if there is none.
func (s *Store) Image(ctx context.Context, id string) (Image, error) {
	image, err := rows.Get[Image](ctx, s.DB, "SELECT "+columns+" FROM image_images WHERE id = ?", id)
	if err != nil {
		return image, rows.NotFound(err, "No image found with ID %s", id)
	}
	images := []Image{image}
	err = s.addDetails(ctx, images)
	return images[0], err
}

// Create keeps a new image. The error is Conflict if an image has its ID, or had
// it before it was deleted, as in Glance: so whoever creates an image by its ID,
// and doesn't hear how that ended, can try again without making a second image.
func (s *Store) Create(ctx context.Context, i Image) (Image, error) {
	i.CreatedAt = s.NowInSeconds()
	i.UpdatedAt = i.CreatedAt
	err := s.Tx(ctx, func(tx *Store) error {
		changed, err := rows.Exec(ctx, tx.DB, "INSERT INTO image_ids (id) VALUES (?) ON CONFLICT DO NOTHING", i.ID)
		if err != nil {
			return err
		}
		if changed == 0 {
			return nova.Errorf(nova.Conflict, "Image ID %s already exists!", i.ID)
		}
		q, args, err := rows.Named(`
			INSERT INTO image_images (id, name, owner, status, visibility, disk_format, container_format, min_disk, min_ram,
				protected, os_hidden, size, checksum, os_hash_value, created_at, updated_at)
			VALUES (:id, :name, :owner, :status, :visibility, :disk_format, :container_format, :min_disk, :min_ram,
				:protected, :os_hidden, :size, :checksum, :os_hash_value, :created_at, :updated_at)`, i)
		if err != nil {
			return err
		}
		if _, err := rows.Exec(ctx, tx.DB, q, args...); err != nil {
			return err
		}
		return tx.addProperties(ctx, i)
	})
	return i, err
}

// Change reads an image, lets a function alter it, and keeps the result, with
// nobody in between. What is known of the image's data stays as it is: uploads
// write that. An error of the function is returned, and nothing is kept. The
// error is NotFound if there is no such image.
func (s *Store) Change(ctx context.Context, id string, change func(i *Image) error) (Image, error) {
	var image Image
	err := s.Tx(ctx, func(tx *Store) error {
		if _, err := rows.Get[int64](ctx, tx.DB, "SELECT serial FROM image_images WHERE id = ? "+tx.ForUpdate(), id); err != nil {
			return rows.NotFound(err, "No image found with ID %s", id)
		}
		var err error
		if image, err = tx.Image(ctx, id); err != nil {
			return err
		}
		if err := change(&image); err != nil {
			return err
		}
		image.UpdatedAt = tx.NowInSeconds()
		return tx.update(ctx, image)
	})
	return image, err
}

// update writes all that Change may have altered. The few properties and tags of
// an image are written anew, which is less work than finding out which differ.
func (s *Store) update(ctx context.Context, i Image) error {
	q, args, err := rows.Named(`
		UPDATE image_images
		SET name = :name, owner = :owner, status = :status, visibility = :visibility, disk_format = :disk_format,
			container_format = :container_format, min_disk = :min_disk, min_ram = :min_ram, protected = :protected,
			os_hidden = :os_hidden, updated_at = :updated_at
		WHERE id = :id`, i)
	if err != nil {
		return err
	}
	if _, err := rows.Exec(ctx, s.DB, q, args...); err != nil {
		return err
	}
	for _, table := range []string{"image_properties", "image_tags"} {
		if _, err := rows.Exec(ctx, s.DB, "DELETE FROM "+table+" WHERE image_id = ?", i.ID); err != nil {
			return err
		}
	}
	return s.addProperties(ctx, i)
}

// addProperties writes the properties and tags of an image, in order, so that
// two transactions that write the same ones don't wait for each other.
func (s *Store) addProperties(ctx context.Context, i Image) error {
	for _, name := range slices.Sorted(maps.Keys(i.Properties)) {
		_, err := rows.Exec(ctx, s.DB, "INSERT INTO image_properties (image_id, name, value) VALUES (?, ?, ?)", i.ID, name, i.Properties[name])
		if err != nil {
			return err
		}
	}
	for _, tag := range i.Tags {
		_, err := rows.Exec(ctx, s.DB, "INSERT INTO image_tags (image_id, tag) VALUES (?, ?) ON CONFLICT DO NOTHING", i.ID, tag)
		if err != nil {
			return err
		}
	}
	return nil
}

// Delete forgets an image, with its properties, tags and members; only its ID is
// remembered. The error is NotFound if there is none, and Forbidden if it is
// protected. The caller removes the data.
func (s *Store) Delete(ctx context.Context, id string) error {
	return s.Tx(ctx, func(tx *Store) error {
		protected, err := rows.Get[bool](ctx, tx.DB, "SELECT protected FROM image_images WHERE id = ? "+tx.ForUpdate(), id)
		if err != nil {
			return rows.NotFound(err, "Failed to find image %s to delete", id)
		}
		if protected {
			return nova.Errorf(nova.Forbidden, "Image %s is protected and cannot be deleted.", id)
		}
		_, err = rows.Exec(ctx, tx.DB, "DELETE FROM image_images WHERE id = ?", id)
		return err
	})
}

// addDetails fetches the properties and tags of images: in two queries, however
// many images there are. It makes maps and lists that are empty, not nil, which
// is how the API shows them.
func (s *Store) addDetails(ctx context.Context, images []Image) error {
	if len(images) == 0 {
		return nil
	}
	ids, at := make([]string, len(images)), make(map[string]int, len(images))
	for i := range images {
		ids[i], at[images[i].ID] = images[i].ID, i
		images[i].Properties, images[i].Tags = map[string]string{}, []string{}
	}
	q, args, err := rows.In("SELECT image_id, name, value FROM image_properties WHERE image_id IN (?)", ids)
	if err != nil {
		return err
	}
	properties, err := rows.All[struct {
		ImageID     string `db:"image_id"`
		Name, Value string
	}](ctx, s.DB, q, args...)
	if err != nil {
		return fmt.Errorf("list image properties: %w", err)
	}
	for _, p := range properties {
		images[at[p.ImageID]].Properties[p.Name] = p.Value
	}
	q, args, err = rows.In("SELECT image_id, tag FROM image_tags WHERE image_id IN (?) ORDER BY tag", ids)
	if err != nil {
		return err
	}
	tags, err := rows.All[struct {
		ImageID string `db:"image_id"`
		Tag     string
	}](ctx, s.DB, q, args...)
	if err != nil {
		return fmt.Errorf("list image tags: %w", err)
	}
	for _, t := range tags {
		images[at[t.ImageID]].Tags = append(images[at[t.ImageID]].Tags, t.Tag)
	}
	return nil
}
