package network

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// A resource is one kind of thing, and the five calls that all kinds share.
type resource[T any] struct {
	s          *Service
	one, many  string // network, networks
	missing    func(id string) error
	attributes []attribute[T]
	limit      int64 // of a project, if it has no other; below 0 for none
	record     func(*T) *networkdb.Record
	table      func(*networkdb.Store) networkdb.Table[T]
	fresh      func() T // with the default of each attribute
	view       func(v T, admin bool) object
	filter     func(l *networkdb.Filter, name string, values []string) (known bool, err error) // what attributes don't say
	before     func(ctx context.Context, c nova.Caller) error                                  // any list
	create     func(ctx context.Context, tx *networkdb.Store, c nova.Caller, v *T, given object) error
	change     func(ctx context.Context, tx *networkdb.Store, c nova.Caller, was T, v *T, given object) error
	remove     func(ctx context.Context, tx *networkdb.Store, v T) error // v is locked
}

func (o resource[T]) routes(path string) []route {
	return []route{
		{"GET", path, o.list},
		{"GET", path + ".json", o.list},
		{"POST", path, o.post},
		{"POST", path + ".json", o.post},
		{"GET", path + "/{id}", o.show},
		{"PUT", path + "/{id}", o.put},
		{"DELETE", path + "/{id}", o.del},
	}
}

// find reads a thing that the caller sees.
func (o resource[T]) find(ctx context.Context, tx *networkdb.Store, c nova.Caller, id string) (T, error) {
	v, err := o.table(tx).Get(ctx, scope(c), strings.TrimSuffix(id, ".json"))
	return v, asMissing(err, o.missing(id))
}

func (o resource[T]) show(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	v, err := o.find(r.Context(), o.s.Store, caller, chi.URLParam(r, "id"))
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: object{o.one: pick(o.full(v, caller), r.URL.Query()["fields"])}}, nil
}

func (o resource[T]) list(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if o.before != nil {
		if err := o.before(r.Context(), caller); err != nil {
			return kit.Reply{}, err
		}
	}
	l, err := o.wanted(r)
	if err != nil {
		return kit.Reply{}, err
	}
	if l.Page.Marker != "" {
		if _, err := o.find(r.Context(), o.s.Store, caller, l.Page.Marker); err != nil {
			return kit.Reply{}, err
		}
	}
	things, err := o.table(o.s.Store).List(r.Context(), l)
	if err != nil {
		return kit.Reply{}, err
	}
	views := make([]object, len(things))
	for i := range things {
		views[i] = pick(o.full(things[i], caller), r.URL.Query()["fields"])
	}
	body := object{o.many: views}
	if len(things) > 0 && len(things) == l.Page.Limit {
		body[o.many+"_links"] = o.s.nextLink(r, o.record(&things[len(things)-1]).ID)
	}
	return kit.Reply{Body: body}, nil
}

// post creates one thing, or a list of them: all or none.
func (o resource[T]) post(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if err := mayWrite(caller, "create_"+o.one); err != nil {
		return kit.Reply{}, err
	}
	bodies, bulk, err := o.bodies(r)
	if err != nil {
		return kit.Reply{}, err
	}
	wanted := make([]T, len(bodies))
	for i, given := range bodies {
		if wanted[i], err = o.parse(caller, given); err != nil {
			return kit.Reply{}, err
		}
	}
	made, err := o.make(r.Context(), caller, wanted, bodies)
	if err != nil {
		return kit.Reply{}, err
	}
	views := make([]object, len(made))
	for i := range made {
		views[i] = o.full(made[i], caller)
	}
	if bulk {
		return kit.Reply{Status: http.StatusCreated, Body: object{o.many: views}}, nil
	}
	return kit.Reply{Status: http.StatusCreated, Body: object{o.one: views[0]}}, nil
}

// make keeps new things, in one transaction. It may be run again, and then
// starts from what was wanted.
func (o resource[T]) make(ctx context.Context, c nova.Caller, wanted []T, bodies []object) ([]T, error) {
	var made []T
	err := o.s.Store.Tx(ctx, func(tx *networkdb.Store) error {
		made = slices.Clone(wanted)
		for i := range made {
			if err := o.within(ctx, tx, o.record(&made[i]).ProjectID); err != nil {
				return err
			}
			if err := o.create(ctx, tx, c, &made[i], bodies[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return made, err
}

// within lets pass if the project may have one more.
func (o resource[T]) within(ctx context.Context, tx *networkdb.Store, project string) error {
	err := o.table(tx).Within(ctx, project, o.one, o.limit)
	if nova.Is(err, nova.OverQuota) {
		return kit.Typed("OverQuota", nova.Conflict, "%s", nova.Message(err))
	}
	return err
}

func (o resource[T]) put(r *http.Request) (kit.Reply, error) {
	ctx, caller := r.Context(), nova.CallerOf(r.Context())
	match, err := ifMatch(r)
	if err != nil {
		return kit.Reply{}, err
	}
	v, err := o.own(ctx, caller, chi.URLParam(r, "id"), "update")
	if err != nil {
		return kit.Reply{}, err
	}
	given, err := o.body(r)
	if err != nil {
		return kit.Reply{}, err
	}
	if err := o.check(caller, given, "update"); err != nil {
		return kit.Reply{}, err
	}
	if len(given) > 0 {
		if v, err = o.update(ctx, caller, o.record(&v).ID, given, match); err != nil {
			return kit.Reply{}, err
		}
	}
	return kit.Reply{Body: object{o.one: o.full(v, caller)}}, nil
}

// update puts what is given into a thing, if it is at the revision that is
// asked for.
func (o resource[T]) update(ctx context.Context, c nova.Caller, id string, given object, match revision) (T, error) {
	v, err := o.table(o.s.Store).Change(ctx, id, func(tx *networkdb.Store, v *T) error {
		if err := checkRevision(match, o.record(v)); err != nil {
			return err
		}
		was := *v
		if err := o.apply(v, given); err != nil {
			return err
		}
		if o.change == nil {
			return nil
		}
		return o.change(ctx, tx, c, was, v, given)
	})
	return v, asMissing(err, o.missing(id))
}

func (o resource[T]) del(r *http.Request) (kit.Reply, error) {
	ctx := r.Context()
	match, err := ifMatch(r)
	if err != nil {
		return kit.Reply{}, err
	}
	v, err := o.own(ctx, nova.CallerOf(ctx), chi.URLParam(r, "id"), "delete")
	if err != nil {
		return kit.Reply{}, err
	}
	id := o.record(&v).ID
	return kit.Reply{}, o.s.Store.Tx(ctx, func(tx *networkdb.Store) error {
		v, err := o.table(tx).Lock(ctx, id)
		if err != nil {
			return asMissing(err, o.missing(id))
		}
		if err := checkRevision(match, o.record(&v)); err != nil {
			return err
		}
		return o.remove(ctx, tx, v)
	})
}

// asMissing says what it was that the database didn't find. Other errors stay,
// also those that say this already of something else.
func asMissing(err, missing error) error {
	if errors.Is(err, rows.ErrNoRows) {
		return missing
	}
	return err
}

// own finds a thing that the caller may change: what it sees but doesn't own
// is Forbidden.
func (o resource[T]) own(ctx context.Context, c nova.Caller, id, verb string) (T, error) {
	v, err := o.find(ctx, o.s.Store, c, id)
	if err != nil {
		return v, err
	}
	if err := mayWrite(c, verb+"_"+o.one); err != nil {
		return v, err
	}
	if !owns(c, o.record(&v).ProjectID) {
		return v, disallowed(verb + "_" + o.one)
	}
	return v, nil
}

// full shows a thing with what all things have.
func (o resource[T]) full(v T, c nova.Caller) object {
	r, shown := o.record(&v), o.view(v, isAdmin(c))
	maps.Copy(shown, object{
		"id":              r.ID,
		"project_id":      r.ProjectID,
		"tenant_id":       r.ProjectID,
		"description":     r.Description,
		"tags":            []string{},
		"created_at":      r.CreatedAt.UTC().Format(timeFormat),
		"updated_at":      r.UpdatedAt.UTC().Format(timeFormat),
		"revision_number": r.Revision,
	})
	return shown
}

const timeFormat = "2006-01-02T15:04:05Z"

// pick keeps the fields that are asked for, which is all if none are.
func pick(v object, fields []string) object {
	if len(fields) == 0 {
		return v
	}
	maps.DeleteFunc(v, func(name string, _ any) bool { return !slices.Contains(fields, name) })
	return v
}
