package network

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/nova"
)

// bodies reads {"network": {…}}, or {"networks": [{…}, …]} for several.
func (o resource[T]) bodies(r *http.Request) (bodies []object, bulk bool, err error) {
	var body object
	if err := o.s.kit.Decode(r, &body); err != nil {
		return nil, false, err
	}
	list, bulk := body[o.many].([]any)
	if !bulk {
		one, err := o.inside(body)
		return []object{one}, false, err
	}
	if len(list) == 0 {
		return nil, true, badRequest("Resource body required")
	}
	for _, item := range list {
		one, ok := item.(object)
		if !ok {
			return nil, true, badRequest("Invalid data format")
		}
		if inner, ok := one[o.one].(object); ok { // each may be wrapped again
			one = inner
		}
		bodies = append(bodies, one)
	}
	return bodies, true, nil
}

func (o resource[T]) body(r *http.Request) (object, error) {
	var body object
	if err := o.s.kit.Decode(r, &body); err != nil {
		return nil, err
	}
	return o.inside(body)
}

func (o resource[T]) inside(body object) (object, error) {
	inner, ok := body[o.one]
	if !ok {
		return nil, badRequest("Unable to find '%s' in request body", o.one)
	}
	one, ok := inner.(object)
	if !ok {
		return nil, badRequest("Object '%s' contains invalid data", o.one)
	}
	return one, nil
}

// parse makes a thing of a request's body.
func (o resource[T]) parse(c nova.Caller, given object) (T, error) {
	v := o.fresh()
	if err := o.check(c, given, "create"); err != nil {
		return v, err
	}
	for _, a := range o.attributes {
		if _, ok := given[a.name]; a.required && !ok {
			return v, badRequest("Failed to parse request. Required attribute '%s' not specified", a.name)
		}
	}
	r := o.record(&v)
	r.ID, r.ProjectID = uuid.NewString(), projectOf(c, given)
	err := o.apply(&v, given)
	return v, err
}

// projectOf is whose a new thing will be.
func projectOf(c nova.Caller, given object) string {
	for _, name := range []string{"project_id", "tenant_id"} {
		if project, ok := given[name].(string); ok {
			return project
		}
	}
	return c.ProjectID
}

// check tells whether the caller may set what is given.
func (o resource[T]) check(c nova.Caller, given object, verb string) error {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if name == "tenant_id" || name == "project_id" {
			if err := mayName(c, given[name], name, verb); err != nil {
				return err
			}
			continue
		}
		at := slices.IndexFunc(o.attributes, func(a attribute[T]) bool { return a.name == name })
		if at < 0 && !slices.Contains(recordKeys, name) {
			unknown = append(unknown, "'"+name+"'")
			continue
		}
		if err := o.allowed(c, at, name, verb); err != nil {
			return err
		}
	}
	if len(unknown) > 0 {
		return badRequest("Unrecognized attribute(s) %s", strings.Join(unknown, ", "))
	}
	return nil
}

// mayName tells whether the caller may say whose a thing is.
func mayName(c nova.Caller, project any, name, verb string) error {
	text, ok := project.(string)
	switch {
	case !ok || !isAdmin(c) && text != c.ProjectID:
		return badRequest("Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin or advsvc privileges")
	case verb == "update":
		return badRequest("Cannot update read-only attribute %s", name)
	case len(text) > maxText:
		return invalid(name, "'%s' exceeds maximum length of %d.", text, maxText)
	}
	return nil
}

// recordKeys are shown of everything, and set by the service alone; but for
// the description.
var recordKeys = strings.Fields("id status created_at updated_at revision_number tags description")

func (o resource[T]) allowed(c nova.Caller, at int, name, verb string) error {
	who, rule := nobody, verb+"_"+o.one
	switch {
	case name == "description":
		who = anyone
	case at >= 0:
		who = o.attributes[at].access(rule)
	}
	switch {
	case who == nobody && verb == "create":
		return badRequest("Attribute '%s' not allowed in POST", name)
	case who == nobody:
		return badRequest("Cannot update read-only attribute %s", name)
	case who == admins && !isAdmin(c):
		return disallowedPart(rule, name)
	}
	return nil
}

// apply puts what is given into a thing.
func (o resource[T]) apply(v *T, given object) error {
	if description, ok := given["description"]; ok {
		if description == nil {
			description = ""
		}
		s, err := stringOf("description", description)
		if err != nil {
			return err
		}
		o.record(v).Description = s
	}
	for _, a := range o.attributes {
		value, ok := given[a.name]
		if !ok || a.set == nil {
			continue
		}
		if err := a.set(v, a.name, value); err != nil {
			return err
		}
	}
	return nil
}
