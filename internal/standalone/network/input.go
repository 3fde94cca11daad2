package network

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/nova"
)

// bodies reads {"network": {…}}, or {"networks": [{…}, …]} for several, and
// reports whether it was several.
func (o resource[T]) bodies(r *http.Request) (bodies []object, bulk bool, err error) {
	var body object
	if err := o.s.kit.Decode(r, &body); err != nil {
		return nil, false, err
	}
	list, bulk := body[o.plural].([]any)
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
		if inner, ok := one[o.singular].(object); ok { // each may be wrapped again
			one = inner
		}
		bodies = append(bodies, one)
	}
	return bodies, true, nil
}

// body reads {"network": {…}}.
func (o resource[T]) body(r *http.Request) (object, error) {
	var body object
	if err := o.s.kit.Decode(r, &body); err != nil {
		return nil, err
	}
	return o.inside(body)
}

// inside takes a thing out of the object that names its kind.
func (o resource[T]) inside(body object) (object, error) {
	inner, ok := body[o.singular]
	if !ok {
		return nil, badRequest("Unable to find '%s' in request body", o.singular)
	}
	one, ok := inner.(object)
	if !ok {
		return nil, badRequest("Object '%s' contains invalid data", o.singular)
	}
	return one, nil
}

// newFrom makes a thing of a body. It looks at the body alone; create checks
// the thing against what there is.
func (o resource[T]) newFrom(c nova.Caller, body object) (T, error) {
	v := o.defaults()
	if err := o.checkKeys(c, body, "create"); err != nil {
		return v, err
	}
	for _, a := range o.attributes {
		if _, ok := body[a.name]; a.required && !ok {
			return v, badRequest("Failed to parse request. Required attribute '%s' not specified", a.name)
		}
	}
	r := o.record(&v)
	r.ID, r.ProjectID = uuid.NewString(), projectOf(c, body)
	err := o.apply(&v, body)
	return v, err
}

// projectOf is the project that a new thing will belong to: the caller's,
// unless an administrator names another one. Old clients say tenant_id.
func projectOf(c nova.Caller, body object) string {
	for _, name := range []string{"project_id", "tenant_id"} {
		if project, ok := body[name].(string); ok {
			return project
		}
	}
	return c.ProjectID
}

// checkKeys refuses keys that there are none of, and keys that the caller may
// not set. Keys are checked in order, so that the same body is always told the
// same.
func (o resource[T]) checkKeys(c nova.Caller, body object, verb string) error {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if name == "tenant_id" || name == "project_id" {
			if err := checkProject(c, body[name], name, verb); err != nil {
				return err
			}
			continue
		}
		at := slices.IndexFunc(o.attributes, func(a attribute[T]) bool { return a.name == name })
		if at < 0 && !slices.Contains(recordKeys, name) {
			unknown = append(unknown, "'"+name+"'")
			continue
		}
		if err := o.checkAccess(c, at, name, body[name], verb); err != nil {
			return err
		}
	}
	if len(unknown) > 0 {
		return badRequest("Unrecognized attribute(s) %s", strings.Join(unknown, ", "))
	}
	return nil
}

// checkProject refuses a project in a body, unless it is the caller's own. The
// project of a thing never changes.
func checkProject(c nova.Caller, project any, name, verb string) error {
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

// recordKeys are shown of everything. The service sets them, but for the
// description.
var recordKeys = strings.Fields("id status created_at updated_at revision_number tags description")

// checkAccess refuses a key that the caller may not set. The attribute is at
// the index, or there is none if that is negative. The default value of an
// attribute counts as not given at creation, as in neutron/policy.py,
// _is_attribute_explicitly_set: Horizon sends it for all that it knows.
func (o resource[T]) checkAccess(c nova.Caller, at int, name string, value any, verb string) error {
	who, rule := nobody, verb+"_"+o.singular
	switch {
	case name == "description":
		who = anyone
	case at >= 0:
		who = o.attributes[at].access(rule)
		if isDefault := o.attributes[at].isDefault; isDefault != nil && verb == "create" && isDefault(value) {
			who = anyone
		}
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

// apply sets the attributes that a body names. Others stay as they are.
func (o resource[T]) apply(v *T, body object) error {
	if description, ok := body["description"]; ok {
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
		value, ok := body[a.name]
		if !ok || a.set == nil {
			continue
		}
		if err := a.set(v, a.name, value); err != nil {
			return err
		}
	}
	return nil
}
