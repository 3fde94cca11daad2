package identity

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// maxList is how many things a list gives at the most. Keystone's clients
// don't follow next links, so it is large.
const maxList = 10000

// A resource is one kind of thing that clients list, show, create, change and
// delete, all alike. What differs is in its fields.
type resource[T any] struct {
	service      *Service
	noun, plural string
	table        func(*identitydb.Store) identitydb.Table[T]
	id           func(T) string
	view         func(r *request, v T) object
	filters      map[string]string // from query parameters to columns
	list, show   policy            // everything else is for administrators

	// draft is a new thing before a body is read into it.
	draft func(r *request) T
	// required are the fields without which there is no new thing.
	required []string
	// prepare does with a body what takes too long for a transaction; may be
	// nil, as may all that follow.
	prepare func(r *request, f *form) error
	// read reads a body, into a draft if f.creating.
	read func(f *form, v *T)
	// check looks whether a thing may be kept, in the transaction that does.
	check func(ctx context.Context, tx *identitydb.Store, v T) error
	// changed does what follows from a change, after it.
	changed func(ctx context.Context, tx *identitydb.Store, before, after T) error
	// deleting refuses a deletion, or does what goes with it.
	deleting func(ctx context.Context, tx *identitydb.Store, v T) error
	// revokes names the user whose tokens say something else once a thing has
	// been changed or deleted; empty for all users. It is nil for kinds that
	// tokens say nothing of.
	revokes func(id string) (userID string)
	// taken is what a second thing of one name is refused with.
	taken func(v T) string
}

func (c resource[T]) routes() []route {
	many, one := "/v3/"+c.plural, "/v3/"+c.plural+"/{"+c.noun+"_id}"
	return []route{
		{"GET", many, "identity:list_" + c.plural, c.list, c.handleList},
		{"POST", many, "identity:create_" + c.noun, admin, c.handleCreate},
		{"GET", one, "identity:get_" + c.noun, c.show, c.handleShow},
		{"PATCH", one, "identity:update_" + c.noun, admin, c.handleUpdate},
		{"DELETE", one, "identity:delete_" + c.noun, admin, c.handleDelete},
	}
}

func (c resource[T]) rows() identitydb.Table[T] { return c.table(c.service.store) }

func (c resource[T]) reply(r *request, status int, v T) kit.Reply {
	return kit.Reply{Status: status, Body: object{c.noun: c.view(r, v)}}
}

func (c resource[T]) handleList(r *request) (kit.Reply, error) {
	p, err := kit.Page(r.Request, maxList)
	if err != nil {
		return kit.Reply{}, err
	}
	match, err := c.match(r)
	if err != nil {
		return kit.Reply{}, err
	}
	items, err := c.rows().List(r.Context(), match, p)
	if err != nil {
		return kit.Reply{}, err
	}
	return listReply(r, c.plural, items, p, c.view, c.id), nil
}

func (c resource[T]) match(r *request) (map[string]any, error) {
	match := map[string]any{}
	q := r.URL.Query()
	for parameter, column := range c.filters {
		if !q.Has(parameter) {
			continue
		}
		match[column] = q.Get(parameter)
		if column != "enabled" {
			continue
		}
		b, err := strconv.ParseBool(q.Get(parameter))
		if err != nil {
			return nil, nova.Errorf(nova.Invalid, "Invalid input for field '%s': '%s' is not of type 'boolean'", parameter, q.Get(parameter))
		}
		match[column] = b
	}
	return match, nil
}

// listReply renders a page of things.
func listReply[T any](r *request, key string, items []T, p nova.Page, view func(*request, T) object, id func(T) string) kit.Reply {
	views := make([]object, len(items))
	for i, item := range items {
		views[i] = view(r, item)
	}
	var next any
	if n := len(items); n > 0 && n == p.Limit {
		q := r.URL.Query()
		q.Set("marker", id(items[n-1]))
		next = r.service.self(r.Request, r.URL.Path+"?"+q.Encode())
	}
	return r.list(key, views, next)
}

func (c resource[T]) handleShow(r *request) (kit.Reply, error) {
	v, err := c.rows().Get(r.Context(), r.param(c.noun+"_id"))
	return c.reply(r, http.StatusOK, v), err
}

// form reads the body of a creation or change.
func (c resource[T]) form(r *request, creating bool) (*form, error) {
	f, err := r.form(c.noun)
	if err != nil {
		return nil, err
	}
	f.creating = creating
	if creating {
		f.require(c.required...)
	}
	if c.prepare != nil && f.err == nil {
		f.err = c.prepare(r, f)
	}
	return f, f.err
}

func (c resource[T]) handleCreate(r *request) (kit.Reply, error) {
	f, err := c.form(r, true)
	if err != nil {
		return kit.Reply{}, err
	}
	v := c.draft(r)
	c.read(f, &v)
	if f.err != nil {
		return kit.Reply{}, f.err
	}
	err = c.service.store.Tx(r.Context(), func(tx *identitydb.Store) error {
		if err := c.checked(r.Context(), tx, v); err != nil {
			return err
		}
		return c.conflict(c.table(tx).Create(r.Context(), v), v)
	})
	return c.reply(r, http.StatusCreated, v), err
}

func (c resource[T]) handleUpdate(r *request) (kit.Reply, error) {
	f, err := c.form(r, false)
	if err != nil {
		return kit.Reply{}, err
	}
	var before, after T
	err = c.write(r, func(tx *identitydb.Store, id string) error {
		var err error
		after, err = c.table(tx).Change(r.Context(), id, func(tx *identitydb.Store, v *T) error {
			before = *v
			c.read(f, v)
			if f.err != nil {
				return f.err
			}
			return c.checked(r.Context(), tx, *v)
		})
		if err != nil || c.changed == nil {
			return c.conflict(err, after)
		}
		return c.changed(r.Context(), tx, before, after)
	})
	return c.reply(r, http.StatusOK, after), err
}

func (c resource[T]) handleDelete(r *request) (kit.Reply, error) {
	return kit.Reply{}, c.write(r, func(tx *identitydb.Store, id string) error {
		v, err := c.table(tx).Get(r.Context(), id)
		if err != nil {
			return err
		}
		if c.deleting != nil {
			if err := c.deleting(r.Context(), tx, v); err != nil {
				return err
			}
		}
		return c.table(tx).Delete(r.Context(), id)
	})
}

// write runs a transaction that changes or deletes a thing, and revokes what
// tokens say of it.
func (c resource[T]) write(r *request, do func(tx *identitydb.Store, id string) error) error {
	id := r.param(c.noun + "_id")
	withID := func(tx *identitydb.Store) error { return do(tx, id) }
	if c.revokes == nil {
		return c.service.store.Tx(r.Context(), withID)
	}
	return c.service.revoking(r.Context(), c.revokes(id), withID)
}

// theirs and everybodys are whose tokens a change revokes: those of the user
// that is changed, or those of all users.
func theirs(id string) string  { return id }
func everybodys(string) string { return "" }

func (c resource[T]) checked(ctx context.Context, tx *identitydb.Store, v T) error {
	if c.check == nil {
		return nil
	}
	return c.check(ctx, tx, v)
}

func (c resource[T]) conflict(err error, v T) error {
	if c.taken != nil && nova.Is(err, nova.Conflict) {
		return nova.Because(err, nova.Conflict, "Conflict occurred attempting to store %s - %s.", c.noun, c.taken(v))
	}
	return err
}

// newID makes an ID as Keystone does: a UUID without dashes.
func newID() string {
	return strings.ReplaceAll(uuid.NewString(), "-", "")
}
