package identity

import (
	"context"
	"net/http"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// regionShape is the shape of a region. It is the one kind of thing whose ID
// the client chooses.
var regionShape = shape{types: "object", fields: []field{
	{name: "id", shape: shape{types: "string", max: maxName}},
	{name: "description", shape: aTextOrNull},
	{name: "parent_region_id", shape: shape{types: "string null", max: maxName}},
}}

// regions are the regions as a resource. Everybody may see them: clients look
// for endpoints by region.
func (s *Service) regions() resource[identitydb.Region] {
	return resource[identitydb.Region]{
		service: s, noun: "region", plural: "regions",
		table:   func(s *identitydb.Store) identitydb.Table[identitydb.Region] { return s.Regions },
		id:      func(v identitydb.Region) string { return v.ID },
		filters: map[string]string{"parent_region_id": "parent_region_id"},
		list:    anyCaller, show: anyCaller,
		shape: regionShape,
		draft: func(*request) identitydb.Region { return identitydb.Region{ID: newID()} },
		read: func(f *form, v *identitydb.Region) {
			if id, _ := f.fields["id"].(string); id != "" && f.creating {
				v.ID = id
			}
			f.text("description", &v.Description)
			f.textOrNull("parent_region_id", &v.ParentID)
		},
		extra: func(v *identitydb.Region) *map[string]any { return &v.Fields.V },
		view: func(r *request, v identitydb.Region) object {
			return object{"id": v.ID, "description": v.Description, "parent_region_id": v.ParentID, "links": r.link("regions", v.ID)}
		},
		check:        checkRegion,
		beforeDelete: refuseIfUsed,
		conflictText: func(v identitydb.Region, _ bool) string { return "region - Duplicate ID, " + v.ID + "." },
	}
}

// checkRegion refuses a region whose parent doesn't exist, or is the region
// itself or in it.
func checkRegion(ctx context.Context, tx *identitydb.Store, _ *identitydb.Region, v identitydb.Region) error {
	const deepest = 100 // of a hierarchy; without a bound, two changes at once could make this loop for ever
	above := v.ParentID
	for depth := 0; above != nil; depth++ {
		if *above == v.ID || depth == deepest {
			return nova.Errorf(nova.Invalid, "The specified parent region %s would create a circular region hierarchy.", *v.ParentID)
		}
		parent, err := tx.Regions.Get(ctx, *above)
		if err != nil {
			return err
		}
		above = parent.ParentID
	}
	return nil
}

// refuseIfUsed refuses to delete a region that has endpoints or regions in it.
func refuseIfUsed(ctx context.Context, tx *identitydb.Store, v identitydb.Region) error {
	endpoints, err := tx.Endpoints.List(ctx, identitydb.Equal("region_id", v.ID), nova.Page{Limit: 1})
	if err != nil {
		return err
	}
	children, err := tx.Regions.List(ctx, identitydb.Equal("parent_region_id", v.ID), nova.Page{Limit: 1})
	if err != nil {
		return err
	}
	if len(endpoints)+len(children) > 0 {
		return nova.Errorf(nova.Forbidden, "Unable to delete region %s because it or its child regions have associated endpoints.", v.ID)
	}
	return nil
}

// putRegion creates a region with the ID in the path.
func (s *Service) putRegion(r *request) (kit.Reply, error) {
	c := s.regions()
	f, err := r.form(c.noun, c.shape)
	if err != nil {
		return kit.Reply{}, err
	}
	id := r.param("region_id")
	if sent, _ := f.fields["id"].(string); sent != "" && sent != id {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Conflicting region IDs specified: %q != %q", id, sent)
	}
	// The ID in the path has not gone through the shape of a body.
	if err := c.shape.check(object{"id": id}); err != nil {
		return kit.Reply{}, err
	}
	f.creating = true
	v := c.draft(r)
	if err := c.fill(f, &v); err != nil {
		return kit.Reply{}, err
	}
	v.ID = id
	return c.create(r, v)
}

// regionRoutes are the routes of regions: like other resources, and PUT.
func (s *Service) regionRoutes() []route {
	put := route{http.MethodPut, "/v3/regions/{region_id}", "identity:create_region", admin, s.putRegion}
	return append(s.regions().routes(), put)
}
