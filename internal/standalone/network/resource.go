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

// A resource is one kind of thing, such as ports. It has the five calls that
// all kinds share, and says what is special to its kind in the fields below.
type resource[T any] struct {
	s                *Service
	singular, plural string // the keys of bodies: network, networks
	attributes       []attribute[T]
	limit            int64 // the default quota of a project; below 0 for none

	// notFound is the error for an ID that the caller can't see.
	notFound func(id string) error
	// record and table say where the store keeps such a thing.
	record func(*T) *networkdb.Record
	table  func(*networkdb.Store) networkdb.Table[T]
	// defaults makes a thing whose attributes have their defaults.
	defaults func() T
	// view shows the attributes of a thing. Administrators see more of some.
	view func(v T, admin bool) object

	// The rest is what this kind does that others don't; create and remove are
	// needed, the others may be nil.

	// filter reads a parameter of a list that is no attribute with a column, and
	// reports whether it knows the name.
	filter func(l *networkdb.Filter, name string, values []string) (known bool, err error)
	// before runs before every list.
	before func(ctx context.Context, c nova.Caller) error
	// create checks a new thing against others and writes it. The body says which
	// attributes the client has named.
	create func(ctx context.Context, tx *networkdb.Store, c nova.Caller, v *T, body object) error
	// change checks a changed thing, and writes what other tables hold of it. The
	// caller of change writes the thing itself.
	change func(ctx context.Context, tx *networkdb.Store, c nova.Caller, was T, v *T, body object) error
	// remove deletes a thing, which is locked.
	remove func(ctx context.Context, tx *networkdb.Store, v T) error
	// events are what servers are told of a change: was is nil for a new thing, now
	// for one that is deleted.
	events func(ctx context.Context, was, now *T) ([]nova.ServerEvent, error)
}

// routes are the calls at a path, such as /ports. Old clients add .json to a
// collection; below an ID, find sees to that.
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

// find reads a thing that the caller sees. What belongs to others is not found,
// so that nobody learns which IDs exist.
func (o resource[T]) find(ctx context.Context, tx *networkdb.Store, c nova.Caller, id string) (T, error) {
	v, err := o.table(tx).Get(ctx, visibleProject(c), strings.TrimSuffix(id, ".json"))
	return v, asMissing(err, o.notFound(id))
}

// show answers GET of one thing.
func (o resource[T]) show(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	v, err := o.find(r.Context(), o.s.Store, caller, chi.URLParam(r, "id"))
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: object{o.singular: pick(o.document(v, caller), r.URL.Query()["fields"])}}, nil
}

// list answers GET of a collection, page by page. A full page has a link to the
// next one, even if that is empty.
func (o resource[T]) list(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if o.before != nil {
		if err := o.before(r.Context(), caller); err != nil {
			return kit.Reply{}, err
		}
	}
	f, err := o.readFilter(r)
	if err != nil {
		return kit.Reply{}, err
	}
	// A marker that the caller can't see would tell that it exists.
	if f.Page.Marker != "" {
		if _, err := o.find(r.Context(), o.s.Store, caller, f.Page.Marker); err != nil {
			return kit.Reply{}, err
		}
	}
	found, err := o.table(o.s.Store).List(r.Context(), f)
	if err != nil {
		return kit.Reply{}, err
	}
	views := make([]object, len(found))
	for i := range found {
		views[i] = pick(o.document(found[i], caller), r.URL.Query()["fields"])
	}
	body := object{o.plural: views}
	if len(found) > 0 && len(found) == f.Page.Limit {
		body[o.plural+"_links"] = o.s.nextLink(r, o.record(&found[len(found)-1]).ID)
	}
	return kit.Reply{Body: body}, nil
}

// post answers POST: it creates one thing, or all of a list in one transaction.
func (o resource[T]) post(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if err := checkMayWrite(caller, "create_"+o.singular); err != nil {
		return kit.Reply{}, err
	}
	bodies, bulk, err := o.bodies(r)
	if err != nil {
		return kit.Reply{}, err
	}
	wanted := make([]T, len(bodies))
	for i, body := range bodies {
		if wanted[i], err = o.newFrom(caller, body); err != nil {
			return kit.Reply{}, err
		}
	}
	made, err := o.createAll(r.Context(), caller, wanted, bodies)
	if err != nil {
		return kit.Reply{}, err
	}
	views := make([]object, len(made))
	for i := range made {
		views[i] = o.document(made[i], caller)
		o.tell(r.Context(), nil, &made[i])
	}
	if bulk {
		return kit.Reply{Status: http.StatusCreated, Body: object{o.plural: views}}, nil
	}
	return kit.Reply{Status: http.StatusCreated, Body: object{o.singular: views[0]}}, nil
}

// createAll writes new things in one transaction. A transaction that has lost a
// race is run again, and then begins with the things as they were wanted.
func (o resource[T]) createAll(ctx context.Context, c nova.Caller, wanted []T, bodies []object) ([]T, error) {
	var made []T
	err := o.s.Store.Tx(ctx, func(tx *networkdb.Store) error {
		made = slices.Clone(wanted)
		for i := range made {
			if err := o.checkQuota(ctx, tx, o.record(&made[i]).ProjectID); err != nil {
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

// checkQuota refuses a new thing if the project has used up its quota.
func (o resource[T]) checkQuota(ctx context.Context, tx *networkdb.Store, project string) error {
	err := o.table(tx).Within(ctx, project, o.singular, o.limit)
	if nova.Is(err, nova.OverQuota) {
		return kit.Typed("OverQuota", nova.Conflict, "%s", nova.Message(err))
	}
	return err
}

// put answers PUT: it changes the attributes that the body names. An empty body
// changes nothing and is fine, whatever revision is asked for, as in Neutron.
func (o resource[T]) put(r *http.Request) (kit.Reply, error) {
	ctx, caller := r.Context(), nova.CallerOf(r.Context())
	match, err := ifMatch(r)
	if err != nil {
		return kit.Reply{}, err
	}
	v, err := o.findToChange(ctx, caller, chi.URLParam(r, "id"), "update")
	if err != nil {
		return kit.Reply{}, err
	}
	body, err := o.body(r)
	if err != nil {
		return kit.Reply{}, err
	}
	if err := o.checkKeys(caller, body, "update"); err != nil {
		return kit.Reply{}, err
	}
	if len(body) > 0 {
		if v, err = o.update(ctx, caller, o.record(&v).ID, body, match); err != nil {
			return kit.Reply{}, err
		}
	}
	return kit.Reply{Body: object{o.singular: o.document(v, caller)}}, nil
}

// update applies a body to a thing while it is locked, if the thing is at the
// revision that is asked for.
func (o resource[T]) update(ctx context.Context, c nova.Caller, id string, body object, match revision) (T, error) {
	var was T
	v, err := o.table(o.s.Store).Change(ctx, id, func(tx *networkdb.Store, v *T) error {
		if err := checkRevision(match, o.record(v)); err != nil {
			return err
		}
		was = *v
		if err := o.apply(v, body); err != nil {
			return err
		}
		if o.change == nil {
			return nil
		}
		return o.change(ctx, tx, c, was, v, body)
	})
	if err == nil {
		o.tell(ctx, &was, &v)
	}
	return v, asMissing(err, o.notFound(id))
}

// del answers DELETE. The thing is read again under its lock, so that nothing
// can begin to need it between the checks and the deletion.
func (o resource[T]) del(r *http.Request) (kit.Reply, error) {
	ctx := r.Context()
	match, err := ifMatch(r)
	if err != nil {
		return kit.Reply{}, err
	}
	v, err := o.findToChange(ctx, nova.CallerOf(ctx), chi.URLParam(r, "id"), "delete")
	if err != nil {
		return kit.Reply{}, err
	}
	id := o.record(&v).ID
	err = o.s.Store.Tx(ctx, func(tx *networkdb.Store) error {
		if v, err = o.table(tx).Lock(ctx, id); err != nil {
			return asMissing(err, o.notFound(id))
		}
		if err := checkRevision(match, o.record(&v)); err != nil {
			return err
		}
		return o.remove(ctx, tx, v)
	})
	if err == nil {
		o.tell(ctx, &v, nil)
	}
	return kit.Reply{}, err
}

// asMissing says which thing it was that the database did not find. Other
// errors stay, also those that name another missing thing.
func asMissing(err, missing error) error {
	if errors.Is(err, rows.ErrNoRows) {
		return missing
	}
	return err
}

// findToChange finds a thing that the caller may update or delete. A thing that
// the caller sees but does not own is Forbidden.
func (o resource[T]) findToChange(ctx context.Context, c nova.Caller, id, verb string) (T, error) {
	v, err := o.find(ctx, o.s.Store, c, id)
	if err != nil {
		return v, err
	}
	if err := checkMayWrite(c, verb+"_"+o.singular); err != nil {
		return v, err
	}
	if !owns(c, o.record(&v).ProjectID) {
		return v, disallowed(verb + "_" + o.singular)
	}
	return v, nil
}

// document shows a thing: the attributes of its kind, and those that all things
// have.
func (o resource[T]) document(v T, c nova.Caller) object {
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

// timeFormat is how Neutron shows times.
const timeFormat = "2006-01-02T15:04:05Z"

// pick keeps the fields that a query asks for. No fields means all.
func pick(v object, fields []string) object {
	if len(fields) == 0 {
		return v
	}
	maps.DeleteFunc(v, func(name string, _ any) bool { return !slices.Contains(fields, name) })
	return v
}
