package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// Flavors answers for /flavors: the sizes that a server can have.
type Flavors struct {
	store    *db.Store
	projects projects
	view     views.Flavors
}

// Operations is what can be done with flavors.
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
	return c.view.Index(r, flavors), nil
}

func (c *Flavors) detail(ctx context.Context, r *rest.Request) (any, error) {
	flavors, err := c.list(ctx, r)
	if err != nil {
		return nil, err
	}
	return c.view.Detail(r, flavors), nil
}

func (c *Flavors) show(ctx context.Context, r *rest.Request) (any, error) {
	flavor, err := visibleFlavor(ctx, c.store, r, r.ID())
	if err != nil {
		return nil, err
	}
	return c.view.Show(r, flavor), nil
}

func (c *Flavors) create(ctx context.Context, r *rest.Request, in schema.FlavorCreateBody) (any, error) {
	flavor, err := c.store.CreateFlavor(ctx, newFlavor(in))
	if err != nil {
		return nil, err
	}
	return c.view.Show(r, flavor), nil
}

func (c *Flavors) update(ctx context.Context, r *rest.Request, in schema.FlavorUpdateBody) (any, error) {
	flavor, err := c.store.DescribeFlavor(ctx, r.ID(), in.Flavor.Description)
	if err != nil {
		return nil, err
	}
	return c.view.Show(r, flavor), nil
}

func (c *Flavors) delete(ctx context.Context, r *rest.Request) (any, error) {
	return nil, c.store.DeleteFlavor(ctx, r.ID())
}

func (c *Flavors) list(ctx context.Context, r *rest.Request) ([]nova.Flavor, error) {
	filter, err := flavorFilter(r)
	if err != nil {
		return nil, err
	}
	page := r.Page()
	page.Sort = []nova.Sort{{Key: orElse(last(r, "sort_key"), "flavorid"), Desc: last(r, "sort_dir") == "desc"}}
	if r.Query().Has("marker") { // it need not be in the list, but the caller must be able to see it
		_, err := visibleFlavor(ctx, c.store, r, page.Marker)
		if nova.Is(err, nova.NotFound) {
			return nil, nova.Errorf(nova.Invalid, "marker [%s] not found", page.Marker)
		}
		if err != nil {
			return nil, err
		}
	}
	return c.store.Flavors(ctx, filter, page)
}

// flavorFilter reads the list's filters. Without being asked, it is of what is
// public and of what the caller's project was given access to; only an
// administrator can ask.
func flavorFilter(r *rest.Request) (db.FlavorFilter, error) {
	f := db.FlavorFilter{
		Public: new(true), AccessFor: r.Caller.ProjectID, WithDisabled: r.IsAdmin(), Name: last(r, "name"),
	}
	if r.IsAdmin() && r.Query().Has("is_public") {
		wanted, err := isPublic(last(r, "is_public"))
		if err != nil {
			return f, err
		}
		f.Public = wanted
	}
	for _, number := range []struct {
		name string
		to   *int
	}{{"minRam", &f.MinRAM}, {"minDisk", &f.MinDisk}} {
		if !r.Query().Has(number.name) {
			continue
		}
		text := last(r, number.name)
		n, err := strconv.Atoi(text)
		if err != nil {
			return f, nova.Errorf(nova.Invalid, "Invalid %s filter [%s]", number.name, text)
		}
		*number.to = n
	}
	return f, nil
}

// isPublic reads an is_public filter: nil for "None", which is all.
func isPublic(text string) (*bool, error) {
	if strings.EqualFold(text, "none") {
		return nil, nil //nolint:nilnil // no filter is an answer
	}
	value, ok := boolean(text)
	if !ok {
		return nil, nova.Errorf(nova.Invalid, "Invalid is_public filter [%s]", text)
	}
	return &value, nil
}

// visibleFlavor finds a flavor that the caller may use. An administrator may
// use all.
func visibleFlavor(ctx context.Context, store *db.Store, r *rest.Request, id string) (nova.Flavor, error) {
	if r.IsAdmin() {
		return store.Flavor(ctx, id)
	}
	return store.FlavorFor(ctx, r.Caller.ProjectID, id)
}

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
