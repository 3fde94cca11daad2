package identity

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
)

// A shape describes the JSON values that are accepted somewhere, in the terms of
// Keystone's JSON schemas. A value with another shape is refused in the words of
// Python's jsonschema, which Keystone passes on. The zero shape accepts every
// value.
type shape struct {
	types    string // as in "string null"; empty for any
	min, max int    // characters of a string; no bound if max is 0
	pattern  string // as messages quote it
	matches  func(string) bool
	enum     []string
	items    *shape // of an array
	minItems int
	maxItems int  // no bound if 0
	unique   bool // no two items are equal
	fields   []field
	closed   bool // an object has no other fields
	nonEmpty bool // an object has at least one field
}

// A field is a field of an object.
type field struct {
	name     string
	required bool
	shape
}

// Shapes that many bodies share.
var (
	aBool        = shape{types: "boolean"}
	aText        = shape{types: "string", max: maxText}
	aTextOrNull  = shape{types: "string null", max: maxText}
	aName        = shortText.notBlank()
	shortText    = shape{types: "string", min: 1, max: maxName}
	anID         = shape{types: "string", min: 1, max: maxID}.like(`^[a-zA-Z0-9-]+$`, isID)
	anIDOrNull   = shape{types: "string null", min: 1, max: maxID}.like(`^[a-zA-Z0-9-]+$`, isID)
	immutability = object1("immutable", shape{types: "boolean null"})
)

// maxName, maxText and maxID bound the texts that clients may have stored, in
// characters. Keystone's bounds are its columns'.
const (
	maxName = 255
	maxText = 16384
	maxID   = 64
)

// isID reports whether a text could be an ID of Keystone: letters, digits and
// dashes.
func isID(s string) bool {
	const characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
	return strings.Trim(s, characters) == "" // a text has no other characters, or some are left
}

// like is the shape of texts that match a pattern.
func (s shape) like(pattern string, matches func(string) bool) shape {
	s.pattern, s.matches = pattern, matches
	return s
}

// notBlank is the shape of texts with something to see.
func (s shape) notBlank() shape {
	return s.like(`[\S]+`, func(text string) bool { return strings.TrimSpace(text) != "" })
}

// object1 is the shape of objects with one field at the most.
func object1(name string, s shape) shape {
	return shape{types: "object", closed: true, fields: []field{{name: name, shape: s}}}
}

// forChange is the shape of the body that changes what a body of this shape
// creates: every field may be left out, but not all of them.
func (s shape) forChange() shape {
	s.fields = slices.Clone(s.fields)
	for i := range s.fields {
		s.fields[i].required = false
	}
	s.nonEmpty = true
	return s
}

// check fails with Invalid unless a value has the shape. The path is where the
// value is in the body.
func (s shape) check(value any, path ...string) error {
	if fault := s.fault(value); fault != "" {
		if len(path) == 0 {
			return nova.Errorf(nova.Invalid, "%s", fault)
		}
		return nova.Errorf(nova.Invalid, "Invalid input for field '%s': %s", strings.Join(path, "/"), fault)
	}
	switch v := value.(type) {
	case map[string]any:
		// In the order of the schema, so that of several mistakes a client is always
		// told of the same one.
		for _, f := range s.fields {
			if inner, sent := v[f.name]; sent {
				if err := f.check(inner, append(slices.Clip(path), f.name)...); err != nil {
					return err
				}
			}
		}
	case []any:
		for i, item := range v {
			if s.items == nil {
				break
			}
			if err := s.items.check(item, append(slices.Clip(path), strconv.Itoa(i))...); err != nil {
				return err
			}
		}
	}
	return nil
}

// fault describes a fault in a value itself, not in its items or
// fields: empty if nothing is.
func (s shape) fault(value any) string {
	if s.types != "" && !slices.Contains(strings.Fields(s.types), typeOf(value)) {
		return python.Repr(value) + " is not of type '" + strings.Join(strings.Fields(s.types), "', '") + "'"
	}
	switch v := value.(type) {
	case string:
		return s.textFault(v)
	case []any:
		return s.arrayFault(v)
	case map[string]any:
		return s.objectFault(v)
	}
	return ""
}

// textFault describes the fault in a text.
func (s shape) textFault(text string) string {
	n := utf8.RuneCountInString(text)
	switch {
	case n < s.min:
		return python.Repr(text) + " is too short"
	case s.max > 0 && n > s.max:
		return python.Repr(text) + " is too long"
	case s.matches != nil && !s.matches(text):
		return python.Repr(text) + " does not match " + python.Repr(s.pattern)
	case s.enum != nil && !slices.Contains(s.enum, text):
		return python.Repr(text) + " is not one of ['" + strings.Join(s.enum, "', '") + "']"
	}
	return ""
}

// arrayFault describes a fault in an array as a whole. The number of items
// comes before the search for equal ones, which takes longer the more there
// are.
func (s shape) arrayFault(items []any) string {
	switch {
	case len(items) < s.minItems:
		return python.Repr(items) + " is too short"
	case s.maxItems > 0 && len(items) > s.maxItems:
		return python.Repr(items) + " is too long"
	case s.unique && repeats(items):
		return python.Repr(items) + " has non-unique elements"
	}
	return ""
}

// objectFault describes a fault in the names of an object's fields.
func (s shape) objectFault(object map[string]any) string {
	for _, f := range s.fields {
		if _, sent := object[f.name]; f.required && !sent {
			return python.Repr(f.name) + " is a required property"
		}
	}
	if s.nonEmpty && len(object) == 0 {
		return python.Repr(object) + " does not have enough properties"
	}
	if !s.closed {
		return ""
	}
	var strangers []any
	for name := range object {
		if !slices.ContainsFunc(s.fields, func(f field) bool { return f.name == name }) {
			strangers = append(strangers, name)
		}
	}
	switch len(strangers) {
	case 0:
		return ""
	case 1:
		return "Additional properties are not allowed (" + python.List(strangers) + " was unexpected)"
	}
	slices.SortFunc(strangers, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return "Additional properties are not allowed (" + python.List(strangers) + " were unexpected)"
}

// typeOf names the type of a value as JSON schemas do.
func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case json.Number:
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return ""
}

// repeats reports whether two items are equal. There are few of them wherever
// this is asked: the number of items is checked first.
func repeats(items []any) bool {
	for i, item := range items {
		if slices.ContainsFunc(items[:i], func(other any) bool { return reflect.DeepEqual(item, other) }) {
			return true
		}
	}
	return false
}
