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

const importMethod = "glance-direct"

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

func markerError(err error) error {
	if nova.Is(err, nova.NotFound) {
		return nova.Errorf(nova.Invalid, "%s", nova.Message(err))
	}
	return err
}

func (s *Service) create(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if err := mayWrite(caller, "add_image"); err != nil {
		return kit.Reply{}, err
	}
	var values map[string]any
	if err := s.kit.Decode(r, &values); err != nil {
		return kit.Reply{}, err
	}
	image := imagedb.Image{
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

func (s *Service) show(r *http.Request) (kit.Reply, error) {
	image, err := s.visible(r.Context(), pathValue(r, "id"))
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: view(image)}, nil
}

// update carries out a JSON patch: all of it or, with an error, nothing.
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
		return withinLimits(*i)
	})
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: view(image)}, nil
}

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
	if err := s.files.remove(id); err != nil { // the next start sweeps it up
		s.Log.Warn().Err(err).Str("image", id).Msg("data of a deleted image is left")
	}
	return kit.Reply{}, nil
}

func (s *Service) deactivate(r *http.Request) (kit.Reply, error) {
	return s.switchStatus(r, "deactivate", deactivated)
}

func (s *Service) reactivate(r *http.Request) (kit.Reply, error) {
	return s.switchStatus(r, "reactivate", active)
}

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

func (s *Service) addTag(r *http.Request) (kit.Reply, error) {
	tag := pathValue(r, "tag")
	if len(tag) > maxTag {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Provided object does not match schema 'image': the tag is too long")
	}
	_, err := s.change(r, "modify_image", func(i *imagedb.Image) error {
		if !slices.Contains(i.Tags, tag) {
			i.Tags = append(i.Tags, tag)
		}
		return withinLimits(*i)
	})
	return kit.Reply{}, err
}

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

// visible finds an image that the caller may see: NotFound for others.
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

// change alters an image that the caller may change. The action is what
// policy calls it.
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
		if err := mayChange(caller, *i, action); err != nil { // it may have got another owner since
			return err
		}
		return change(i)
	})
}
