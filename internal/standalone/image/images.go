package image

import (
	"context"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// importMethod is the only way to import data: the data was staged before.
const importMethod = "glance-direct"

// list shows a page of the images that the caller may see. Images of other
// projects are in it if they are public, or shared with the caller's project and
// accepted.
func (s *Service) list(r *http.Request) (kit.Reply, error) {
	filter, page, err := listOf(r)
	if err != nil {
		return kit.Reply{}, err
	}
	if page.Marker != "" {
		if _, err := s.visible(r.Context(), page.Marker); err != nil {
			return kit.Reply{}, markerError(err)
		}
	}
	images, err := s.Store.Images(r.Context(), filter, page)
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: listView(r, images, page.Limit)}, nil
}

// markerError makes a marker that isn't there, or that the caller can't see, the
// client's fault. For the caller, the two are the same.
func markerError(err error) error {
	if nova.Is(err, nova.NotFound) {
		return nova.Errorf(nova.Invalid, "%s", nova.Message(err))
	}
	return err
}

// create makes an image without data. It belongs to the caller's project and is
// shared with nobody, unless the body says otherwise; only an administrator may
// give it to another project. The image is queued until data comes, which may be
// never.
func (s *Service) create(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if err := mayWrite(caller, "add_image"); err != nil {
		return kit.Reply{}, err
	}
	var values map[string]any
	if err := s.kit.Decode(r, &values); err != nil {
		return kit.Reply{}, err
	}
	image := imagedb.Image{ // which the body may change
		ID: uuid.NewString(), Owner: caller.ProjectID, Status: queued, Visibility: shared,
		Properties: map[string]string{}, Tags: []string{},
	}
	if err := setAll(&image, values); err != nil {
		return kit.Reply{}, err
	}
	if !isAdmin(caller) && image.Owner != caller.ProjectID {
		return kit.Reply{}, nova.Errorf(nova.Forbidden, "You are not permitted to create images owned by '%s'.", image.Owner)
	}
	if err := mayPublish(caller, "", image.Visibility); err != nil {
		return kit.Reply{}, err
	}
	image, err := s.Store.Create(r.Context(), image)
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Status: http.StatusCreated, Body: view(image), Header: http.Header{
		"Location":                       {s.base(r) + "/v2/images/" + image.ID},
		"Openstack-Image-Import-Methods": {importMethod},
		"Openstack-Image-Store-Ids":      {"file"},
	}}, nil
}

// show answers 404 for an image that the caller may not see, as for one that isn't
// there. So nobody finds out by trying which IDs there are.
func (s *Service) show(r *http.Request) (kit.Reply, error) {
	image, err := s.visible(r.Context(), pathValue(r, "id"))
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: view(image)}, nil
}

// tasks lists the background work on an image. An import
// ends before its response, so nothing ever is.
func (s *Service) tasks(r *http.Request) (kit.Reply, error) {
	if _, err := s.visible(r.Context(), pathValue(r, "id")); err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: map[string]any{"tasks": []any{}}}, nil
}

// update carries out a JSON patch: all of it or, with an error, nothing. The owner
// and the visibility are compared with those before the patch, so a client may
// send back what it was shown. The patch is tried on a copy in the transaction
// that writes it, so parallel patches follow each other and none is lost.
func (s *Service) update(r *http.Request) (kit.Reply, error) {
	operations, err := s.patch(r)
	if err != nil {
		return kit.Reply{}, err
	}
	caller := nova.CallerOf(r.Context())
	image, err := s.change(r, "modify_image", func(i *imagedb.Image) error {
		before := *i
		for _, o := range operations {
			if err := o.apply(i); err != nil {
				return err
			}
		}
		if i.Owner != before.Owner && !isAdmin(caller) {
			return nova.Errorf(nova.Forbidden, "Owner can't be updated by non admin.")
		}
		if err := mayPublish(caller, before.Visibility, i.Visibility); err != nil {
			return err
		}
		return checkLimits(*i)
	})
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: view(image)}, nil
}

// remove deletes an image, and then its data. If the process dies in between,
// the next start removes the file. An upload under way finds out at its end.
func (s *Service) remove(r *http.Request) (kit.Reply, error) {
	id := pathValue(r, "id")
	image, err := s.visible(r.Context(), id)
	if nova.Is(err, nova.NotFound) {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "Failed to find image %s to delete", id)
	}
	if err != nil {
		return kit.Reply{}, err
	}
	if err := mayChange(nova.CallerOf(r.Context()), image, "delete_image"); err != nil {
		return kit.Reply{}, err
	}
	if err := s.Store.Delete(r.Context(), id); err != nil {
		return kit.Reply{}, err
	}
	if err := s.files.remove(id); err != nil {
		s.Log.Warn().Err(err).Str("image", id).Msg("data of a deleted image is left")
	}
	return kit.Reply{}, nil
}

// deactivate keeps everybody but administrators from downloading the data. The
// image can still be shown and listed, but nothing new boots from it.
func (s *Service) deactivate(r *http.Request) (kit.Reply, error) {
	return s.switchStatus(r, "deactivate", deactivated)
}

// reactivate ends that.
func (s *Service) reactivate(r *http.Request) (kit.Reply, error) {
	return s.switchStatus(r, "reactivate", active)
}

// switchStatus makes an active image deactivated or the other way round. An
// image that is so already stays so; one without data is refused.
func (s *Service) switchStatus(r *http.Request, verb, to string) (kit.Reply, error) {
	_, err := s.change(r, verb, func(i *imagedb.Image) error {
		if i.Status != active && i.Status != deactivated {
			return nova.Errorf(nova.Forbidden, "Not allowed to %s image in status '%s'", verb, i.Status)
		}
		i.Status = to
		return nil
	})
	return kit.Reply{}, err
}

// addTag labels an image. A tag that the image has already changes nothing. Tags
// have limits of length and number, as properties have.
func (s *Service) addTag(r *http.Request) (kit.Reply, error) {
	tag := pathValue(r, "tag")
	if len(tag) > maxTag {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Provided object does not match schema 'image': the tag is too long")
	}
	_, err := s.change(r, "modify_image", func(i *imagedb.Image) error {
		if !slices.Contains(i.Tags, tag) {
			i.Tags = append(i.Tags, tag)
		}
		return checkLimits(*i)
	})
	return kit.Reply{}, err
}

// removeTag answers 404 for a tag that the image doesn't have.
func (s *Service) removeTag(r *http.Request) (kit.Reply, error) {
	_, err := s.change(r, "modify_image", func(i *imagedb.Image) error {
		at := slices.Index(i.Tags, pathValue(r, "tag"))
		if at < 0 {
			return nova.Errorf(nova.NotFound, "The resource could not be found.")
		}
		i.Tags = slices.Delete(i.Tags, at, at+1)
		return nil
	})
	return kit.Reply{}, err
}

// visible finds an image that the caller may see. The error is NotFound for any
// other. A project that an image is shared with sees the image even before it
// has accepted it: only lists leave it out.
func (s *Service) visible(ctx context.Context, id string) (imagedb.Image, error) {
	image, err := s.Store.Image(ctx, id)
	if err != nil {
		return image, err
	}
	caller := nova.CallerOf(ctx)
	switch {
	case isAdmin(caller), image.Visibility == public, image.Visibility == community:
		return image, nil
	case image.Owner != "" && image.Owner == caller.ProjectID:
		return image, nil
	}
	if image.Visibility == shared {
		_, err := s.Store.Member(ctx, id, caller.ProjectID)
		if !nova.Is(err, nova.NotFound) {
			return image, err
		}
	}
	return imagedb.Image{}, nova.Errorf(nova.NotFound, "No image found with ID %s", id)
}

// change alters an image that the caller may change, with nobody in between. The
// action is the name of the policy rule. The error is NotFound or Forbidden if the
// caller may not, or the one that the change function returns. The right is asked
// twice: before the image is locked, so that refusals cost nothing, and with the
// lock.
func (s *Service) change(r *http.Request, action string, change func(i *imagedb.Image) error) (imagedb.Image, error) {
	id := pathValue(r, "id")
	image, err := s.visible(r.Context(), id)
	if err != nil {
		return image, err
	}
	caller := nova.CallerOf(r.Context())
	if err := mayChange(caller, image, action); err != nil {
		return image, err
	}
	return s.Store.Change(r.Context(), id, func(i *imagedb.Image) error {
		if err := mayChange(caller, *i, action); err != nil { // an administrator may have given it away since
			return err
		}
		return change(i)
	})
}
