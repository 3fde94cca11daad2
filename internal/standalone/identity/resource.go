package identity

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// maxList is how many things a list holds at most. It is large, since the
// clients of Keystone, which has no pages, don't follow next links.
const maxList = 10000

// A resource is one kind of thing that clients list, show, create, change and
// delete. The code for that is the same for all kinds; the fields say how one
// kind differs. Those that are functions may be nil, unless said otherwise.
type resource[T any] struct {
	service      *Service
	noun, plural string
	table        func(*identitydb.Store) identitydb.Table[T] // required
	id           func(T) string                              // required
	list, show   policy                                      // everything else is for administrators
	filters      map[string]string                           // from query parameters to columns

	// shape is that of the body that creates a thing.
	shape shape
	// draft is a new thing before a body is read into it. It is required.
	draft func(r *request) T
	// prepare does work for a body that takes too long for a transaction.
	prepare func(r *request, f *form) error
	// read reads a body into a thing. It is required.
	read func(f *form, v *T)
	// extra is where a thing keeps the fields that no column has. It is required.
	extra func(v *T) *map[string]any
	// view shows a thing, without those fields. It is required.
	view func(r *request, v T) object
	// repeatsExtra is set if the reply to a change shows those fields twice, as
	// Keystone's replies for users and projects do.
	repeatsExtra bool

	// narrow adds conditions to a list, and reports whether anything can be found.
	narrow func(r *request, found []identitydb.Condition) ([]identitydb.Condition, bool, error)
	// details adds to the view of a single thing what its query asks for.
	details func(r *request, v T, view object) error
	// check refuses a thing that must not be stored, in the transaction that
	// stores it. Before a creation, before is nil.
	check func(ctx context.Context, tx *identitydb.Store, before *T, v T) error
	// immutable reports whether a thing may be neither changed nor deleted.
	immutable func(v T) bool
	// afterChange does what follows from a change, after it.
	afterChange func(ctx context.Context, tx *identitydb.Store, before, after T) error
	// beforeDelete refuses a deletion, or does what goes with it, before it.
	beforeDelete func(ctx context.Context, tx *identitydb.Store, v T) error
	// revokes names the user whose tokens say something else once a thing has
	// been changed or deleted; empty for all users. It is nil for kinds that
	// tokens say nothing of.
	revokes func(id string) (userID string)
	// conflictText ends the message for a thing whose name or ID another has, after
	// "Conflict occurred attempting to store".
	conflictText func(v T, creating bool) string
}

// routes are the five calls that every kind of thing has.
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

// knownFields are the fields of a body that are no extra ones: those of the shape, and
// those that the service tells.
func (c resource[T]) knownFields() []string {
	names := []string{"id", "links", "extra"}
	for _, f := range c.shape.fields {
		names = append(names, f.name)
	}
	return names
}

// fullView shows a thing with its extra fields. A field of the service wins over
// an extra one of the same name.
func (c resource[T]) fullView(r *request, v T) object {
	view := object{}
	maps.Copy(view, *c.extra(&v))
	maps.Copy(view, c.view(r, v))
	return view
}

// reply shows one thing.
func (c resource[T]) reply(r *request, status int, v T) kit.Reply {
	return kit.Reply{Status: status, Body: object{c.noun: c.fullView(r, v)}}
}

// handleList lists the things that a query asks for, page by page if it has a
// limit.
func (c resource[T]) handleList(r *request) (kit.Reply, error) {
	p, err := kit.Page(r.Request, maxList)
	if err != nil {
		return kit.Reply{}, err
	}
	found, possible := conditions(r.URL.Query(), c.filters), true
	if c.narrow != nil {
		if found, possible, err = c.narrow(r, found); err != nil {
			return kit.Reply{}, err
		}
	}
	items := []T{}
	if possible {
		if items, err = c.table(c.service.store).List(r.Context(), found, p); err != nil {
			return kit.Reply{}, err
		}
	}
	return listReply(r, c.plural, items, p, c.fullView, c.id), nil
}

// listReply shows a page of things. A page that the limit has filled gets a link
// to the next.
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

// handleShow shows the thing that a path names.
func (c resource[T]) handleShow(r *request) (kit.Reply, error) {
	v, err := c.table(c.service.store).Get(r.Context(), r.param(c.noun+"_id"))
	if err != nil {
		return kit.Reply{}, err
	}
	view := c.fullView(r, v)
	if c.details != nil {
		if err := c.details(r, v, view); err != nil {
			return kit.Reply{}, err
		}
	}
	return kit.Reply{Body: object{c.noun: view}}, nil
}

// form reads a body and does what it needs before the transaction.
func (c resource[T]) form(r *request, s shape) (*form, error) {
	f, err := r.form(c.noun, s)
	if err == nil && c.prepare != nil {
		err = c.prepare(r, f)
	}
	return f, err
}

// fill reads a body into a thing.
func (c resource[T]) fill(f *form, v *T) (err error) {
	c.read(f, v)
	fields := c.extra(v)
	*fields, err = f.extra(c.knownFields(), *fields)
	return err
}

// handleCreate creates a thing from a body.
func (c resource[T]) handleCreate(r *request) (kit.Reply, error) {
	f, err := c.form(r, c.shape)
	if err != nil {
		return kit.Reply{}, err
	}
	f.creating = true
	v := c.draft(r)
	if err := c.fill(f, &v); err != nil {
		return kit.Reply{}, err
	}
	// No token can say anything of a thing that is new, so nothing is revoked.
	return c.create(r, v)
}

// create stores a new thing and shows it.
func (c resource[T]) create(r *request, v T) (kit.Reply, error) {
	err := c.service.store.Tx(r.Context(), func(tx *identitydb.Store) error {
		if c.check != nil {
			if err := c.check(r.Context(), tx, nil, v); err != nil {
				return err
			}
		}
		return c.conflict(c.table(tx).Create(r.Context(), v), v, true)
	})
	return c.reply(r, http.StatusCreated, v), err
}

// handleUpdate changes the thing that a path names.
func (c resource[T]) handleUpdate(r *request) (kit.Reply, error) {
	f, err := c.form(r, c.shape.forChange())
	if err != nil {
		return kit.Reply{}, err
	}
	var after T
	err = c.write(r, func(tx *identitydb.Store, id string) error {
		var err error
		after, err = c.change(r, tx, id, f)
		return err
	})
	reply := c.reply(r, http.StatusOK, after)
	if view, ok := reply.Body.(object)[c.noun].(object); ok && c.repeatsExtra {
		view["extra"] = *c.extra(&after)
	}
	return reply, err
}

// change reads a body into a thing that exists, and stores the result with what
// follows from it.
func (c resource[T]) change(r *request, tx *identitydb.Store, id string, f *form) (after T, err error) {
	if sent, ok := f.fields["id"]; ok && sent != id && c.noun != "domain" {
		if _, err := c.table(tx).Get(r.Context(), id); err != nil {
			return after, err
		}
		return after, nova.Errorf(nova.Invalid, "Cannot change ID")
	}
	// The thing is read again inside the transaction, with a lock: of two changes at
	// once, neither undoes the other. The function may run twice, if the database
	// asks for that.
	var before T
	after, err = c.table(tx).Change(r.Context(), id, func(tx *identitydb.Store, v *T) error {
		before = *v
		if err := c.fill(f, v); err != nil {
			return err
		}
		// A change may make a thing mutable, and something else of it at once.
		if c.immutable != nil && c.immutable(before) && c.immutable(*v) {
			return errImmutable("update", c.noun, id)
		}
		if c.check == nil {
			return nil
		}
		return c.check(r.Context(), tx, &before, *v)
	})
	if err != nil || c.afterChange == nil {
		return after, c.conflict(err, after, false)
	}
	return after, c.afterChange(r.Context(), tx, before, after)
}

// handleDelete deletes the thing that a path names, with all that belongs to
// it.
func (c resource[T]) handleDelete(r *request) (kit.Reply, error) {
	return kit.Reply{}, c.write(r, func(tx *identitydb.Store, id string) error {
		v, err := c.table(tx).Get(r.Context(), id)
		if err != nil {
			return err
		}
		if c.immutable != nil && c.immutable(v) {
			return errImmutable("delete", c.noun, id)
		}
		if c.beforeDelete != nil {
			if err := c.beforeDelete(r.Context(), tx, v); err != nil {
				return err
			}
		}
		return c.table(tx).Delete(r.Context(), id)
	})
}

// write runs a transaction that changes or deletes the thing that a path names,
// and revokes what tokens say of it.
func (c resource[T]) write(r *request, do func(tx *identitydb.Store, id string) error) error {
	id := r.param(c.noun + "_id")
	withID := func(tx *identitydb.Store) error { return do(tx, id) }
	if c.revokes == nil {
		return c.service.store.Tx(r.Context(), withID)
	}
	return c.service.revoke(r.Context(), c.revokes(id), withID)
}

// tokensOfUser says that a change concerns the tokens of the user that is
// changed.
func tokensOfUser(id string) string { return id }

// tokensOfAll says that a change may concern anybody's tokens.
func tokensOfAll(string) string { return "" }

// errImmutable is the refusal to change or delete a thing that is immutable. The
// stray backquote is Keystone's.
func errImmutable(verb, noun, id string) error {
	return nova.Errorf(nova.Forbidden, "Unable to %s immutable %s resource: `%s. Set resource option \"immutable\" to false first.", verb, noun, id)
}

// conflict puts a Conflict into the words that Keystone has for this kind of
// thing.
func (c resource[T]) conflict(err error, v T, creating bool) error {
	if c.conflictText != nil && nova.Is(err, nova.Conflict) {
		return nova.Because(err, nova.Conflict, "Conflict occurred attempting to store %s.", c.conflictText(v, creating))
	}
	return err
}

// replaceNotFound replaces a NotFound that is not about the thing that a path names.
func replaceNotFound(err, by error) error {
	if nova.Is(err, nova.NotFound) {
		return by
	}
	return err
}

// newID makes an ID as Keystone does: a UUID without dashes.
func newID() string {
	return strings.ReplaceAll(uuid.NewString(), "-", "")
}

// orEmpty gives a list that is shown as [] instead of null.
func orEmpty(l []string) []string {
	if l == nil {
		return []string{}
	}
	return l
}

// orObject gives an object that is shown as {} instead of null.
func orObject(o map[string]any) map[string]any {
	if o == nil {
		return object{}
	}
	return o
}
