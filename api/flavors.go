package api

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/pattern"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Flavors answers for /flavors: the sizes that a server can have.
type Flavors struct{ Options }

// Operations are the operations on flavors. Everybody may see the flavors that
// they may use.
func (c *Flavors) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.Do(c.index).Query(schema.FlavorsQuery),
		"detail": rest.Do(c.detail).Query(schema.FlavorsQuery),
		"show":   rest.Do(c.show).Query(schema.NoQuery),
		"create": rest.DoWith(schema.FlavorCreate, c.create).Needs(policy.FlavorCreate),
		"update": rest.DoWith(schema.FlavorUpdate, c.update).Needs(policy.FlavorUpdate).Since(55),
		"delete": rest.Do(c.delete).Needs(policy.FlavorDelete).Status(http.StatusAccepted),
	}
}

func (c *Flavors) index(ctx context.Context, r *rest.Request) (any, error) {
	flavors, err := c.list(ctx, r)
	if err != nil {
		return nil, err
	}
	return views.Flavors{}.Index(r, flavors), nil
}

// detail lists flavors with everything. The walk from here is one step each to
// the store and to the view.
func (c *Flavors) detail(ctx context.Context, r *rest.Request) (any, error) {
	flavors, err := c.list(ctx, r)
	if err != nil {
		return nil, err
	}
	return views.Flavors{}.Detail(r, flavors), nil
}

func (c *Flavors) show(ctx context.Context, r *rest.Request) (any, error) {
	flavor, err := c.Store.FlavorFor(ctx, r.Caller, r.ID())
	if err != nil {
		return nil, err
	}
	return views.Flavors{}.Show(r, flavor), nil
}

// create makes a flavor, public unless the body says otherwise. It answers 200,
// which Nova has never changed to 201. The error is Conflict for a name or an
// ID that another flavor has.
func (c *Flavors) create(ctx context.Context, r *rest.Request, in schema.FlavorCreateBody) (any, error) {
	flavor, err := c.Compute.CreateFlavor(ctx, newFlavor(in))
	if err != nil {
		return nil, err
	}
	return views.Flavors{}.Show(r, flavor), nil
}

// update changes the description, the only thing about a flavor that can
// change.
func (c *Flavors) update(ctx context.Context, r *rest.Request, in schema.FlavorUpdateBody) (any, error) {
	flavor, err := c.Compute.DescribeFlavor(ctx, r.ID(), in.Flavor.Description)
	if err != nil {
		return nil, err
	}
	return views.Flavors{}.Show(r, flavor), nil
}

// delete removes a flavor with its extra specs and access. Servers keep their
// own copy of it.
func (c *Flavors) delete(ctx context.Context, r *rest.Request) (any, error) {
	return nil, c.Compute.DeleteFlavor(ctx, r.ID())
}

// list finds the page of flavors that a list asks for. A marker that the caller
// can't see is Invalid.
func (c *Flavors) list(ctx context.Context, r *rest.Request) ([]nova.Flavor, error) {
	filter, err := flavorFilter(r)
	if err != nil {
		return nil, err
	}
	page := r.Page()
	page.Sort = []nova.Sort{{Key: cmp.Or(r.Last("sort_key"), "flavorid"), Desc: r.Last("sort_dir") == "desc"}}
	if r.Has("marker") { // the marker need not be in the list, but the caller must be able to see it
		_, err := c.Store.FlavorFor(ctx, r.Caller, page.Marker)
		if nova.Is(err, nova.NotFound) {
			return nil, nova.Errorf(nova.Invalid, "marker [%s] not found", page.Marker)
		}
		if err != nil {
			return nil, err
		}
	}
	return c.Store.Flavors(ctx, filter, page)
}

// flavorFilter reads the list's filters. Only administrators can filter by
// is_public; everybody else gets the public flavors and those that the project
// was given access to.
func flavorFilter(r *rest.Request) (db.FlavorFilter, error) {
	name, err := parsePattern(pattern.Parse, "name", r.Last("name"))
	if err != nil {
		return db.FlavorFilter{}, err
	}
	f := db.FlavorFilter{Public: new(true), AccessFor: r.Caller.ProjectID, WithDisabled: r.IsAdmin(), Name: name}
	if r.IsAdmin() && r.Has("is_public") {
		wanted, err := isPublic(r)
		if err != nil {
			return f, err
		}
		f.Public = wanted
	}
	for _, number := range []struct {
		name string
		to   *int
	}{{"minRam", &f.MinRAM}, {"minDisk", &f.MinDisk}} {
		if !r.Has(number.name) {
			continue
		}
		text := r.Last(number.name)
		n, err := strconv.Atoi(text)
		if err != nil {
			return f, nova.Errorf(nova.Invalid, "Invalid %s filter [%s]", number.name, text)
		}
		*number.to = n
	}
	return f, nil
}

// isPublic reads the is_public filter: nil for "None", which is no filter.
func isPublic(r *rest.Request) (*bool, error) {
	text := r.Last("is_public")
	if strings.EqualFold(text, "none") {
		return nil, nil //nolint:nilnil // no filter is an answer
	}
	value, err := r.Bool("is_public")
	if err != nil {
		return nil, nova.Errorf(nova.Invalid, "Invalid is_public filter [%s]", text)
	}
	return &value, nil
}

// newFlavor is the flavor that a body describes. A name on /v2 may have spaces
// around it, which are cut off.
func newFlavor(in schema.FlavorCreateBody) nova.Flavor {
	f := in.Flavor
	flavor := nova.Flavor{
		ID: uuid.NewString(), Name: strings.TrimSpace(f.Name),
		RAM: int(f.RAM), VCPUs: int(f.VCPUs), Disk: int(f.Disk), Ephemeral: int(f.Ephemeral), Swap: int(f.Swap),
		RxTx: 1, Public: true, Description: f.Description,
	}
	if f.ID != nil {
		flavor.ID = string(*f.ID)
	}
	if f.RxTx != nil {
		flavor.RxTx = float64(*f.RxTx)
	}
	if f.Public != nil {
		flavor.Public = bool(*f.Public)
	}
	return flavor
}
