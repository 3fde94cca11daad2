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

// memberStatuses are what a member may say to an image that it is offered.
var memberStatuses = []string{"pending", "accepted", "rejected"}

// members lists whom an image is shared with. The owner sees all members; a
// member sees itself.
func (s *Service) members(r *http.Request) (kit.Reply, error) {
	image, err := s.sharedImage(r, "list")
	if err != nil {
		return kit.Reply{}, err
	}
	members, err := s.Store.Members(r.Context(), image.ID)
	if err != nil {
		return kit.Reply{}, err
	}
	views := []map[string]any{} // a list without members is empty, not null
	for _, m := range members {
		if owns(r, image) || m.MemberID == nova.CallerOf(r.Context()).ProjectID {
			views = append(views, memberView(m))
		}
	}
	return kit.Reply{Body: map[string]any{"members": views, "schema": "/v2/schemas/members"}}, nil
}

// member answers 404 to a member who asks for another.
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

// addMember offers an image to a project. Nobody checks that there is such a
// project, as in Glance.
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

// answerMember notes whether a project accepts an image that it is offered: from
// then on, its lists show the image, or don't. The owner has no say in that.
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

// removeMember ends the sharing of an image with a project.
func (s *Service) removeMember(r *http.Request) (kit.Reply, error) {
	image, err := s.ownImage(r, "delete")
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{}, s.Store.DeleteMember(r.Context(), image.ID, pathValue(r, "member"))
}

// sharedImage finds an image that the caller sees. The error is Forbidden if the
// image can't have members. The verb is for the message.
func (s *Service) sharedImage(r *http.Request, verb string) (imagedb.Image, error) {
	image, err := s.visible(r.Context(), pathValue(r, "id"))
	if err == nil && image.Visibility != shared {
		return image, nova.Errorf(nova.Forbidden, "Not allowed to %s members for image %s: Only shared images have members.", verb, image.ID)
	}
	return image, err
}

// ownImage finds a shared image whose members the caller may choose.
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

// owns reports whether the caller has an owner's rights on an image.
func owns(r *http.Request, i imagedb.Image) bool {
	caller := nova.CallerOf(r.Context())
	return isAdmin(caller) || i.Owner == caller.ProjectID
}

// memberReply answers with a member, or with the error of finding it.
func memberReply(m imagedb.Member, err error) (kit.Reply, error) {
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: memberView(m)}, nil
}

// memberView shows a member.
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
