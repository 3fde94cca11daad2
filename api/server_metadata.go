package api

import (
	"context"
	"maps"
	"net/http"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// ServerMetadata answers for /servers/{server_id}/metadata: keys and values that
// users attach to a server.
type ServerMetadata struct{ ofServer }

// Operations are the operations on a server's metadata.
func (c *ServerMetadata) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.On(c.load, c.index).Needs(policy.ServerMetadataIndex).Query(schema.NoQuery),
		"show":   rest.On(c.load, c.show).Needs(policy.ServerMetadataShow).Query(schema.NoQuery),
		"create": rest.OnWith(c.load, schema.ServerMetadataCreate, c.create).Needs(policy.ServerMetadataCreate),
		"update": rest.OnWith(c.load, schema.ServerMetadataUpdate, c.update).Needs(policy.ServerMetadataUpdate),
		"delete": rest.On(c.load, c.delete).Needs(policy.ServerMetadataDelete).Status(http.StatusNoContent),

		"update_all": rest.OnWith(c.load, schema.ServerMetadataCreate, c.replace).Needs(policy.ServerMetadataUpdateAll),
	}
}

// index answers with all of the metadata.
func (c *ServerMetadata) index(_ context.Context, _ *rest.Request, s nova.Server) (any, error) {
	return views.Metadata(s.Metadata), nil
}

// show answers with one item.
func (c *ServerMetadata) show(_ context.Context, r *rest.Request, s nova.Server) (any, error) {
	value, ok := s.Metadata[r.ID()]
	if !ok {
		return nil, errNoMetadata
	}
	return views.MetadataItem(r.ID(), value), nil
}

// errNoMetadata does not name the key, as in Nova.
var errNoMetadata = nova.Errorf(nova.NotFound, "Metadata item was not found")

// A refusal names the change with these words.
const (
	updatingMetadata = "update metadata"
	deletingMetadata = "delete metadata"
)

// create adds items, and answers with all of the metadata.
func (c *ServerMetadata) create(ctx context.Context, _ *rest.Request, s nova.Server, in schema.ServerMetadataCreateBody) (any, error) {
	metadata, err := c.merge(ctx, s, in.Metadata)
	if err != nil {
		return nil, err
	}
	return views.Metadata(metadata), nil
}

// update sets the one item that the path names. The body must hold that key.
func (c *ServerMetadata) update(ctx context.Context, r *rest.Request, s nova.Server, in schema.ServerMetadataUpdateBody) (any, error) {
	value, ok := in.Meta[r.ID()]
	if !ok {
		return nil, nova.Errorf(nova.Invalid, "Request body and URI mismatch")
	}
	if _, err := c.merge(ctx, s, in.Meta); err != nil {
		return nil, err
	}
	return views.MetadataItem(r.ID(), value), nil
}

// replace sets all of the metadata: items that the body does not hold are
// removed.
func (c *ServerMetadata) replace(ctx context.Context, _ *rest.Request, s nova.Server, in schema.ServerMetadataCreateBody) (any, error) {
	metadata, err := c.Compute.ChangeMetadata(ctx, s, updatingMetadata, func(map[string]string) (map[string]string, error) {
		return in.Metadata, nil
	})
	if err != nil {
		return nil, err
	}
	return views.Metadata(metadata), nil
}

// delete removes an item. It looks for the item twice: before the state of the
// server is checked, as Nova does, and in the transaction, where a twin may
// have been faster.
func (c *ServerMetadata) delete(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	if _, ok := s.Metadata[r.ID()]; !ok { // in Nova, too, this comes before the server's state
		return nil, errNoMetadata
	}
	_, err := c.Compute.ChangeMetadata(ctx, s, deletingMetadata, func(metadata map[string]string) (map[string]string, error) {
		if _, ok := metadata[r.ID()]; !ok {
			return nil, errNoMetadata
		}
		delete(metadata, r.ID())
		return metadata, nil
	})
	return nil, err
}

// merge adds items to the metadata, or replaces them, and returns all of it.
func (c *ServerMetadata) merge(ctx context.Context, s nova.Server, added map[string]string) (map[string]string, error) {
	return c.Compute.ChangeMetadata(ctx, s, updatingMetadata, func(metadata map[string]string) (map[string]string, error) {
		maps.Copy(metadata, added)
		return metadata, nil
	})
}
