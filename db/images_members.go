package db

import (
	"context"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// An ImageMember is a project with which an image is shared.
type ImageMember struct {
	ImageID   string    `db:"image_id"`
	MemberID  string    `db:"member_id"`
	Status    string    `db:"status"` // pending, accepted or rejected
	CreatedAt time.Time `db:"created_at"`
	UpdatedAt time.Time `db:"updated_at"`
}

const memberColumns = "image_id, member_id, status, created_at, updated_at"

// ImageMembers lists whom an image is shared with, oldest first.
func (s *Store) ImageMembers(ctx context.Context, imageID string) ([]ImageMember, error) {
	return rows.All[ImageMember](ctx, s.DB, "SELECT "+memberColumns+" FROM image_members WHERE image_id = ? ORDER BY created_at, member_id", imageID)
}

// ImageMember finds one project with which an image is shared.
func (s *Store) ImageMember(ctx context.Context, imageID, memberID string) (ImageMember, error) {
	m, err := rows.Get[ImageMember](ctx, s.DB, "SELECT "+memberColumns+" FROM image_members WHERE image_id = ? AND member_id = ?", imageID, memberID)
	return m, notMember(err, imageID, memberID)
}

// AddImageMember shares an image with a project, which has to accept it:
// Conflict if it is a member already, TooLarge if there are limit of them.
func (s *Store) AddImageMember(ctx context.Context, imageID, memberID string, limit int) (ImageMember, error) {
	var m ImageMember
	err := s.Tx(ctx, func(tx *Store) error {
		if _, err := rows.Get[int64](ctx, tx.DB, "SELECT serial FROM image_images WHERE id = ? "+tx.ForUpdate(), imageID); err != nil {
			return rows.NotFound(err, "Image %s not found.", imageID)
		}
		members, err := rows.Get[int](ctx, tx.DB, "SELECT COUNT(*) FROM image_members WHERE image_id = ?", imageID)
		if err != nil {
			return err
		}
		if members >= limit {
			return nova.Errorf(nova.TooLarge, "The limit has been exceeded on the number of allowed image members for this image. Attempted: %d, Maximum: %d", members+1, limit)
		}
		now := tx.shownNow()
		m, err = rows.Put[ImageMember](ctx, tx.DB, `
			INSERT INTO image_members (image_id, member_id, status, created_at, updated_at) VALUES (?, ?, 'pending', ?, ?)
			ON CONFLICT DO NOTHING
			RETURNING `+memberColumns, imageID, memberID, now, now)
		if nova.Is(err, nova.NotFound) {
			return nova.Errorf(nova.Conflict, "Member %s is duplicated for image %s", memberID, imageID)
		}
		return err
	})
	return m, err
}

// SetImageMember keeps what a member says to being one.
func (s *Store) SetImageMember(ctx context.Context, imageID, memberID, status string) (ImageMember, error) {
	m, err := rows.Put[ImageMember](ctx, s.DB, `
		UPDATE image_members SET status = ?, updated_at = ? WHERE image_id = ? AND member_id = ?
		RETURNING `+memberColumns, status, s.shownNow(), imageID, memberID)
	return m, notMember(err, imageID, memberID)
}

// DeleteImageMember ends the sharing of an image with a project.
func (s *Store) DeleteImageMember(ctx context.Context, imageID, memberID string) error {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM image_members WHERE image_id = ? AND member_id = ?", imageID, memberID)
	if err == nil && changed == 0 {
		err = rows.ErrNoRows
	}
	return notMember(err, imageID, memberID)
}

func notMember(err error, imageID, memberID string) error {
	return rows.NotFound(err, "%s not found in the member list of the image %s.", memberID, imageID)
}
