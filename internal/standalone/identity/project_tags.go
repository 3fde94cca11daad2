package identity

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// Tags are kept as JSON in one column, and found there between their quotes.
var (
	tag = shape{types: "string", min: 1, max: maxName}.like("^[^,/]*$", func(s string) bool { return !strings.ContainsAny(s, ",/") })

	tagList = shape{types: "array", maxItems: maxTags, unique: true, items: &tag}
)

// maxTags is how many tags a project may have.
const maxTags = 80

// tagRoutes are the calls for the tags of a project, one by one or together.
func (s *Service) tagRoutes() []route {
	const many, one = "/v3/projects/{project_id}/tags", "/v3/projects/{project_id}/tags/{tag}"
	return []route{
		{"GET", many, "identity:list_project_tags", either(canReadAll, ownProject), s.listTags},
		{"PUT", many, "identity:update_project_tags", admin, s.replaceTags},
		{"DELETE", many, "identity:delete_project_tags", admin, s.deleteTags},
		{"GET", one, "identity:get_project_tag", either(canReadAll, ownProject), s.checkTag},
		{"PUT", one, "identity:create_project_tag", admin, s.addTag},
		{"DELETE", one, "identity:delete_project_tag", admin, s.deleteTag},
	}
}

// noTag is the error for a tag that a project doesn't have.
func noTag(name string) error {
	return nova.Errorf(nova.NotFound, "Could not find project tag: %s.", name)
}

// tagsReply shows all tags. The link, which leads nowhere, is Keystone's.
func (s *Service) tagsReply(r *request, tags []string) kit.Reply {
	return kit.Reply{Body: object{"tags": orEmpty(tags), "links": object{"self": s.self(r.Request, "/v3")}}}
}

// listTags lists the tags of a project.
func (s *Service) listTags(r *request) (kit.Reply, error) {
	project, err := s.store.Projects.Get(r.Context(), r.param("project_id"))
	return s.tagsReply(r, project.Tags.V), err
}

// checkTag reports whether a project has a tag, by the status alone.
func (s *Service) checkTag(r *request) (kit.Reply, error) {
	project, err := s.store.Projects.Get(r.Context(), r.param("project_id"))
	if err == nil && !slices.Contains(project.Tags.V, r.param("tag")) {
		err = noTag(r.param("tag"))
	}
	return kit.Reply{}, err
}

// changeTags stores the tags that change makes of those of a project.
func (s *Service) changeTags(r *request, change func(tags []string) ([]string, error)) ([]string, error) {
	project, err := s.store.Projects.Change(r.Context(), r.param("project_id"), func(_ *identitydb.Store, v *identitydb.Project) (err error) {
		// Tags have routes of their own, but are a part of the project.
		if v.Immutable() {
			return errImmutable("update", "project", v.ID)
		}
		v.Tags.V, err = change(v.Tags.V)
		return err
	})
	return project.Tags.V, err
}

// replaceTags gives a project the tags of a body, and no others. Unlike
// everywhere else, the body has no noun around it.
func (s *Service) replaceTags(r *request) (kit.Reply, error) {
	var body map[string]any
	if err := s.decode(r, &body); err != nil {
		return kit.Reply{}, err
	}
	// As in Keystone, a body without tags is judged as an empty object.
	content, sent := body["tags"]
	if !sent {
		content = map[string]any{}
	}
	if err := tagList.check(content); err != nil {
		return kit.Reply{}, err
	}
	tags, err := s.changeTags(r, func(tags []string) ([]string, error) {
		(&form{fields: body}).texts("tags", &tags)
		return tags, nil
	})
	return s.tagsReply(r, tags), err
}

// deleteTags takes all tags from a project.
func (s *Service) deleteTags(r *request) (kit.Reply, error) {
	_, err := s.changeTags(r, func([]string) ([]string, error) { return nil, nil })
	return kit.Reply{}, err
}

// addTag gives a project one more tag. A tag that it has already is no error.
func (s *Service) addTag(r *request) (kit.Reply, error) {
	name := r.param("tag")
	if err := tag.check(name); err != nil {
		return kit.Reply{}, err
	}
	_, err := s.changeTags(r, func(tags []string) ([]string, error) {
		if slices.Contains(tags, name) {
			return tags, nil
		}
		if len(tags) == maxTags {
			return nil, nova.Errorf(nova.Invalid, "A project has %d tags at most.", maxTags)
		}
		return append(tags, name), nil
	})
	location := s.self(r.Request, "/v3/projects/"+r.param("project_id")+"/tags/"+url.PathEscape(name))
	return kit.Reply{Status: http.StatusCreated, Header: http.Header{"Location": {location}}}, err
}

// deleteTag takes one tag from a project.
func (s *Service) deleteTag(r *request) (kit.Reply, error) {
	name := r.param("tag")
	_, err := s.changeTags(r, func(tags []string) ([]string, error) {
		i := slices.Index(tags, name)
		if i < 0 {
			return nil, noTag(name)
		}
		return slices.Delete(tags, i, i+1), nil
	})
	return kit.Reply{}, err
}
