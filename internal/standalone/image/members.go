package image

import (
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// maxMembers is how many projects an image can be shared with: Glance's limit.
const maxMembers = 128

var memberStatuses = []string{"pending", "accepted", "rejected"}

func (s *Service) members(r *http.Request) (kit.Reply, error) {
	image, err := s.sharedImage(r, "list")
	if err != nil {
		return kit.Reply{}, err
	}
	members, err := s.Store.Members(r.Context(), image.ID)
	if err != nil {
		return kit.Reply{}, err
	}
	views := []map[string]any{}
	for _, m := range members {
		if owns(r, image) || m.MemberID == nova.CallerOf(r.Context()).ProjectID {
			views = append(views, memberView(m))
		}
	}
	return kit.Reply{Body: map[string]any{"members": views, "schema": "/v2/schemas/members"}}, nil
}

func (s *Service) member(r *http.Request) (kit.Reply, error) {
	image, err := s.sharedImage(r, "show")
	if err != nil {
		return kit.Reply{}, err
	}
	id := pathValue(r, "member")
	if !owns(r, image) && id != nova.CallerOf(r.Context()).ProjectID {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "%s not found in the member list of the image %s.", id, image.ID)
	}
	return memberReply(s.Store.Member(r.Context(), image.ID, id))
}

func (s *Service) addMember(r *http.Request) (kit.Reply, error) {
	image, err := s.ownImage(r, "create")
	if err != nil {
		return kit.Reply{}, err
	}
	var in struct {
		Member *string `json:"member"`
	}
	if err := s.kit.Decode(r, &in); err != nil {
		return kit.Reply{}, err
	}
	switch {
	case in.Member == nil:
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Member to be added not specified")
	case *in.Member == "":
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Member can't be empty")
	case utf8.RuneCountInString(*in.Member) > maxName:
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Member is too long")
	}
	return memberReply(s.Store.AddMember(r.Context(), image.ID, *in.Member, maxMembers))
}

// answerMember is for the project that the image is shared with: it accepts
// the image, or it doesn't.
func (s *Service) answerMember(r *http.Request) (kit.Reply, error) {
	image, err := s.sharedImage(r, "update")
	if err != nil {
		return kit.Reply{}, err
	}
	caller, id := nova.CallerOf(r.Context()), pathValue(r, "member")
	if !isAdmin(caller) && id != caller.ProjectID {
		return kit.Reply{}, nova.Errorf(nova.Forbidden, "Not allowed to update members for image %s.", image.ID)
	}
	if err := mayWrite(caller, "modify_member"); err != nil {
		return kit.Reply{}, err
	}
	var in struct {
		Status string `json:"status"`
	}
	if err := s.kit.Decode(r, &in); err != nil {
		return kit.Reply{}, err
	}
	if !slices.Contains(memberStatuses, in.Status) {
		return kit.Reply{}, nova.Errorf(nova.Invalid, `Incorrect request: Status must be "pending", "accepted" or "rejected".`)
	}
	return memberReply(s.Store.SetMember(r.Context(), image.ID, id, in.Status))
}

func (s *Service) removeMember(r *http.Request) (kit.Reply, error) {
	image, err := s.ownImage(r, "delete")
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{}, s.Store.DeleteMember(r.Context(), image.ID, pathValue(r, "member"))
}

// sharedImage finds an image that the caller sees, and that can have members.
func (s *Service) sharedImage(r *http.Request, verb string) (imagedb.Image, error) {
	image, err := s.visible(r.Context(), pathValue(r, "id"))
	if err == nil && image.Visibility != shared {
		return image, nova.Errorf(nova.Forbidden, "Not allowed to %s members for image %s: Only shared images have members.", verb, image.ID)
	}
	return image, err
}

// ownImage is a shared image whose members the caller may choose.
func (s *Service) ownImage(r *http.Request, verb string) (imagedb.Image, error) {
	image, err := s.sharedImage(r, verb)
	if err != nil {
		return image, err
	}
	if !owns(r, image) {
		return image, nova.Errorf(nova.Forbidden, "Not allowed to %s members for image %s.", verb, image.ID)
	}
	return image, mayChange(nova.CallerOf(r.Context()), image, verb+"_member")
}

func owns(r *http.Request, i imagedb.Image) bool {
	caller := nova.CallerOf(r.Context())
	return isAdmin(caller) || i.Owner == caller.ProjectID
}

func memberReply(m imagedb.Member, err error) (kit.Reply, error) {
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: memberView(m)}, nil
}

func memberView(m imagedb.Member) map[string]any {
	return map[string]any{
		"image_id":   m.ImageID,
		"member_id":  m.MemberID,
		"status":     m.Status,
		"created_at": timestamp(m.CreatedAt),
		"updated_at": timestamp(m.UpdatedAt),
		"schema":     "/v2/schemas/member",
	}
}
