package api

import (
	"context"
	"slices"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Extensions answers for /extensions: the parts that the API was once put
// together from. The list never changes.
type Extensions struct{ Options }

// Operations are the operations on extensions.
func (c *Extensions) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.Do(c.index).Query(schema.NoQuery).Needs(policy.Extensions),
		"show":  rest.Do(c.show).Query(schema.NoQuery).Needs(policy.Extensions),
	}
}

func (c *Extensions) index(_ context.Context, r *rest.Request) (any, error) {
	return views.Extensions{}.Index(r, extensionsFor(r)), nil
}

// show finds an extension by its alias.
func (c *Extensions) show(_ context.Context, r *rest.Request) (any, error) {
	for _, e := range extensionsFor(r) {
		if e.Alias == r.ID() {
			return views.Extensions{}.Show(r, e), nil
		}
	}
	return nil, nova.Errorf(nova.NotFound, "The resource could not be found.")
}

// extensionsFor lists the extensions of the request's generation of the API:
// some are shown by the legacy one only.
func extensionsFor(r *rest.Request) []nova.Extension {
	legacyShown := !r.AtLeast(1)
	return slices.DeleteFunc(slices.Clone(nova.Extensions), func(e nova.Extension) bool { return e.Legacy && !legacyShown })
}
