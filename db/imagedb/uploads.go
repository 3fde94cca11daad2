package imagedb

import (
	"context"
	"fmt"
	"math"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// Data is what is known of an image's data once all of it is there.
type Data struct {
	Size     int64  // bytes
	Checksum string // MD5 in hexadecimal
	Hash     string // SHA-512 in hexadecimal
}

// Room is what an upload asks for of its project's quota, in bytes.
type Room struct {
	Need  int64 // what the upload must be able to hold
	Want  int64 // what it would like to hold, at least Need; it may get less
	Limit int64 // what all images of the project may hold; 0 for any amount
}

// BeginUpload makes an image saving on behalf of one upload, and gives the
// upload room. It returns how many bytes the upload may hold. The error is
// Conflict unless the image is queued, or saving for an earlier upload that has
// died; TooLarge if the project's quota has no room.
func (s *Store) BeginUpload(ctx context.Context, id, upload string, room Room) (int64, error) {
	var granted int64
	err := s.Tx(ctx, func(tx *Store) error {
		changed, err := rows.Exec(ctx, tx.DB, `
			UPDATE image_images SET status = 'saving', upload = ?, reserved = 0, updated_at = ?
			WHERE id = ? AND status IN ('queued', 'saving')`, upload, tx.NowInSeconds(), id)
		if err != nil {
			return err
		}
		if changed == 0 {
			image, err := tx.Image(ctx, id)
			if err != nil {
				return err
			}
			return nova.Errorf(nova.Conflict, "Image status transition from %s to saving is not allowed", image.Status)
		}
		granted, err = tx.reserve(ctx, id, upload, room)
		return err
	})
	return granted, err
}

// ExtendUpload gives an upload more room, and returns how many bytes it may
// hold now. The error is TooLarge if the project's quota has no room for what
// it needs, and Gone if the image has been deleted or another upload has taken
// over.
func (s *Store) ExtendUpload(ctx context.Context, id, upload string, room Room) (int64, error) {
	var granted int64
	err := s.Tx(ctx, func(tx *Store) (err error) {
		granted, err = tx.reserve(ctx, id, upload, room)
		return err
	})
	return granted, err
}

// reserve counts what the images of a project hold, and what the uploads to
// them may come to hold, and gives an upload what is left. Uploads of a project
// count one after the other.
func (s *Store) reserve(ctx context.Context, id, upload string, room Room) (int64, error) {
	if room.Limit == 0 {
		return math.MaxInt64, nil
	}
	owner, err := rows.Get[string](ctx, s.DB, "SELECT owner FROM image_images WHERE id = ? AND upload = ? "+s.ForUpdate(), id, upload)
	if err != nil {
		return 0, uploadGone(err, id)
	}
	if _, err := rows.Exec(ctx, s.DB, "INSERT INTO image_owners (owner) VALUES (?) ON CONFLICT DO NOTHING", owner); err != nil {
		return 0, err
	}
	if _, err := rows.Get[string](ctx, s.DB, "SELECT owner FROM image_owners WHERE owner = ? "+s.ForUpdate(), owner); err != nil {
		return 0, err
	}
	used, err := rows.Get[int64](ctx, s.DB, `
		SELECT CAST(COALESCE(SUM(COALESCE(size, 0) + reserved), 0) AS BIGINT) FROM image_images WHERE owner = ? AND id <> ?`, owner, id)
	if err != nil {
		return 0, err
	}
	left := max(0, room.Limit-used)
	if room.Need > left {
		return 0, nova.Errorf(nova.TooLarge,
			"Image exceeds the storage quota: The size of the data %d will exceed the limit. %d bytes remaining.", room.Need, left)
	}
	const share = 8 // of what is left goes to uploads that don't know what they need, so that others find some
	granted := room.Need + min(room.Want-room.Need, (left-room.Need)/share)
	_, err = rows.Exec(ctx, s.DB, "UPDATE image_images SET reserved = ? WHERE id = ?", granted, id)
	return granted, err
}

// FinishUpload gives an image its data and its next status. The error is Gone
// if the image has been deleted or another upload has taken over.
func (s *Store) FinishUpload(ctx context.Context, id, upload, status string, d Data) error {
	changed, err := rows.Exec(ctx, s.DB, `
		UPDATE image_images
		SET status = ?, upload = NULL, reserved = 0, size = ?, checksum = ?, os_hash_value = ?, updated_at = ?
		WHERE id = ? AND upload = ?`, status, d.Size, d.Checksum, d.Hash, s.NowInSeconds(), id, upload)
	if err == nil && changed == 0 {
		err = rows.ErrNoRows
	}
	return uploadGone(err, id)
}

func uploadGone(err error, id string) error {
	if nova.Is(err, nova.NotFound) {
		return nova.Errorf(nova.Gone, "Image %s could not be found after upload. The image may have been deleted during the upload, "+
			"cleaning up the chunks uploaded.", id)
	}
	return err
}

// AbortUpload makes an image queued again. It returns false if the image no
// longer waited for the upload: because it has its data, or is gone.
func (s *Store) AbortUpload(ctx context.Context, id, upload string) (bool, error) {
	changed, err := rows.Exec(ctx, s.DB, `
		UPDATE image_images SET status = 'queued', upload = NULL, reserved = 0, updated_at = ? WHERE id = ? AND upload = ?`,
		s.NowInSeconds(), id, upload)
	return changed > 0, err
}

// UploadPending reports whether an image still waits for the end of an upload.
func (s *Store) UploadPending(ctx context.Context, id, upload string) (bool, error) {
	number, err := rows.Get[int](ctx, s.DB, "SELECT COUNT(*) FROM image_images WHERE id = ? AND upload = ?", id, upload)
	return number > 0, err
}

// Uploads lists the uploads under way, and those that have died, by the image
// that each is for.
func (s *Store) Uploads(ctx context.Context) (map[string]string, error) {
	found, err := rows.All[struct{ ID, Upload string }](ctx, s.DB, "SELECT id, upload FROM image_images WHERE upload IS NOT NULL")
	if err != nil {
		return nil, fmt.Errorf("list uploads: %w", err)
	}
	uploads := make(map[string]string, len(found))
	for _, u := range found {
		uploads[u.ID] = u.Upload
	}
	return uploads, nil
}
