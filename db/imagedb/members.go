package imagedb

import (
	"context"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Member is a project with which an image is shared.
type Member struct {
	ImageID   string    `db:"image_id"`
	MemberID  string    `db:"member_id"`
	Status    string    `db:"status"` // pending, accepted or rejected
	CreatedAt time.Time `db:"created_at"`
	UpdatedAt time.Time `db:"updated_at"`
}

const memberColumns = "image_id, member_id, status, created_at, updated_at"

// Members lists whom an image is shared with, oldest first.
func (s *Store) Members(ctx context.Context, imageID string) ([]Member, error) {
	return rows.All[Member](ctx, s.DB, "SELECT "+memberColumns+" FROM image_members WHERE image_id = ? ORDER BY created_at, member_id", imageID)
}

// Member finds one project with which an image is shared. The error is NotFound
// if the image isn't shared with it.
func (s *Store) Member(ctx context.Context, imageID, memberID string) (Member, error) {
	m, err := rows.Get[Member](ctx, s.DB, "SELECT "+memberColumns+" FROM image_members WHERE image_id = ? AND member_id = ?", imageID, memberID)
	return m, notMember(err, imageID, memberID)
}

// AddMember offers an image to a project, which can see it from then on and has to
// accept it for its lists to show it. The error is Conflict if the project is a
// member already, TooLarge if the image has as many members as the limit allows,
// and NotFound if there is no such image.
func (s *Store) AddMember(ctx context.Context, imageID, memberID string, limit int) (Member, error) {
	var m Member
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
		now := tx.NowInSeconds()
		m, err = rows.Put[Member](ctx, tx.DB, `
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

// SetMember notes whether a member accepts the image. The error is NotFound if the
// project is no member.
func (s *Store) SetMember(ctx context.Context, imageID, memberID, status string) (Member, error) {
	m, err := rows.Put[Member](ctx, s.DB, `
		UPDATE image_members SET status = ?, updated_at = ? WHERE image_id = ? AND member_id = ?
		RETURNING `+memberColumns, status, s.NowInSeconds(), imageID, memberID)
	return m, notMember(err, imageID, memberID)
}

// DeleteMember ends the sharing of an image with a project. The error is NotFound
// if the project is no member.
func (s *Store) DeleteMember(ctx context.Context, imageID, memberID string) error {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM image_members WHERE image_id = ? AND member_id = ?", imageID, memberID)
	if err == nil && changed == 0 {
		err = rows.ErrNoRows
	}
	return notMember(err, imageID, memberID)
}

// notMember says in Glance's words who isn't there.
func notMember(err error, imageID, memberID string) error {
	return rows.NotFound(err, "%s not found in the member list of the image %s.", memberID, imageID)
}
