package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// ServerTags answers for /servers/{server_id}/tags, since 2.26: words that users
// attach to a server.
type ServerTags struct{ ofMappedServer }

// Operations are the operations on a server's tags.
func (c *ServerTags) Operations() rest.Operations {
	operations := rest.Operations{
		"index":  rest.On(c.load, c.index).Needs(policy.ServerTagsIndex).Query(schema.IgnoredQuery),
		"show":   rest.On(c.load, c.show).Needs(policy.ServerTagsShow).Query(schema.IgnoredQuery).Status(http.StatusNoContent),
		"update": rest.OnWith(c.load, schema.ServerTagUpdate, c.update).Needs(policy.ServerTagsUpdate),
		"delete": rest.On(c.load, c.delete).Needs(policy.ServerTagsDelete).Status(http.StatusNoContent),

		"update_all": rest.OnWith(c.load, schema.ServerTagsReplace, c.replace).Needs(policy.ServerTagsUpdateAll),
		"delete_all": rest.On(c.load, c.clear).Needs(policy.ServerTagsDeleteAll).Status(http.StatusNoContent),
	}
	for name, operation := range operations {
		operations[name] = operation.Since(26)
	}
	return operations
}

// check refuses to change the tags of a server that is gone or in the wrong state.
func (c *ServerTags) check(s nova.Server, doing string) error {
	if err := checkNotDeleted(s); err != nil {
		return err
	}
	return compute.CheckTags(s, doing)
}

func (c *ServerTags) index(_ context.Context, _ *rest.Request, s nova.Server) (any, error) {
	if err := checkNotDeleted(s); err != nil {
		return nil, err
	}
	return views.Tags(s.Tags), nil
}

// show answers 204 if the server has the tag, and 404 if not.
func (c *ServerTags) show(_ context.Context, r *rest.Request, s nova.Server) (any, error) {
	if err := checkNotDeleted(s); err != nil {
		return nil, err
	}
	if !slices.Contains(s.Tags, r.ID()) {
		return nil, nova.Errorf(nova.NotFound, "Server %s has no tag '%s'", s.ID, r.ID())
	}
	return nil, nil //nolint:nilnil // a 204 has no body
}

// update adds a tag. The reply is 201 for a new tag, and 204 if the server had it.
func (c *ServerTags) update(ctx context.Context, r *rest.Request, s nova.Server, _ schema.NoArguments) (any, error) {
	if err := c.check(s, "update tag"); err != nil {
		return nil, err
	}
	tag := r.ID()
	if fault := schema.CheckTag(tag); fault != "" {
		return nil, nova.Errorf(nova.Invalid, "Tag '%s' is invalid. It must be a non empty string without characters '/' and ','. "+
			"Validation error message: %s", tag, fault)
	}
	added, err := c.Compute.AddTag(ctx, s, tag, schema.MaxTags)
	if err != nil || !added {
		return rest.Response{Status: http.StatusNoContent, Bare: true}, err
	}
	header := http.Header{"Location": {r.URL("servers", s.ID, "tags", tag)}}
	return rest.Response{Status: http.StatusCreated, Header: header, Bare: true}, nil
}

// delete removes a tag. The error is NotFound if the server does not have it.
func (c *ServerTags) delete(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	if err := c.check(s, "delete tag"); err != nil {
		return nil, err
	}
	had, err := c.Compute.DeleteTag(ctx, s, r.ID())
	if err == nil && !had {
		return nil, nova.Errorf(nova.NotFound, "Instance %s has no tag '%s'", s.ID, r.ID())
	}
	return nil, err
}

// replace sets all tags, and answers with them, sorted.
func (c *ServerTags) replace(ctx context.Context, _ *rest.Request, s nova.Server, in schema.ServerTagsReplaceBody) (any, error) {
	if err := c.check(s, "update tags"); err != nil {
		return nil, err
	}
	tags := uniqueTags(in.Tags)
	return views.Tags(tags), c.Compute.ReplaceTags(ctx, s, tags)
}

// uniqueTags sorts tags and leaves each in once.
func uniqueTags(tags []string) []string { return slices.Compact(slices.Sorted(slices.Values(tags))) }

// clear removes all tags.
func (c *ServerTags) clear(ctx context.Context, _ *rest.Request, s nova.Server) (any, error) {
	if err := c.check(s, "delete tags"); err != nil {
		return nil, err
	}
	return nil, c.Compute.ReplaceTags(ctx, s, nil)
}
