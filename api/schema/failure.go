package schema

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/python"
)

// A failure is a keyword that a value does not satisfy.
type failure struct {
	version microversion.Version
	keyword string
	schema  Schema   // it has the keyword
	path    []string // leads to the value
	value   any
	order   []string // sorts failures as they would be found by reading the schema
}

// check returns the error about the first failure of a value, worded by word,
// and nil for a good value. sent is the JSON that the value was read from; a
// query has none.
func (c *compiled) check(value any, sent []byte, word func(failure) error) error {
	err := c.validator.Validate(value)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("validate: %w", err)
	}
	if sent != nil {
		value = readOrdered(sent)
	}
	all := c.failures(nil, invalid, value)
	return word(slices.MinFunc(all, func(a, b failure) int { return slices.Compare(a.order, b.order) }))
}

// failures adds the failures that the validator found to all. Failures inside a
// oneOf do not count: the choice itself fails.
func (c *compiled) failures(all []failure, err *jsonschema.ValidationError, value any) []failure {
	switch err.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.AllOf:
		for _, cause := range err.Causes {
			all = c.failures(all, cause, value)
		}
		return all
	}
	return append(all, c.failure(err, value))
}

// failure describes an error of the validator.
func (c *compiled) failure(err *jsonschema.ValidationError, root any) failure {
	at := c.places[err.SchemaURL]
	keyword := err.ErrorKind.KeywordPath()[0]
	return failure{
		version: c.version,
		keyword: keyword,
		schema:  at.schema,
		path:    err.InstanceLocation,
		value:   dig(root, err.InstanceLocation),
		order:   order(at, keyword, root, err.InstanceLocation),
	}
}

// dig returns the value at a path inside another value.
func dig(value any, path []string) any {
	for _, token := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[token]
		case python.Ordered:
			value = v.Values[token]
		case []any:
			i, _ := strconv.Atoi(token)
			value = v[i]
		}
	}
	return value
}

// order says when a reader of the schema would come to the failing keyword,
// which is when Nova's validator does. It sorts by the positions on the way;
// items by number, and keys that match a pattern in the order in which they
// were sent.
func order(at place, last string, root any, path []string) []string {
	var order []string
	depth := 0
	for _, s := range at.path {
		part := position(s.part)
		switch s.to {
		case anyItem:
			part = fmt.Sprintf("%09s", path[depth])
			depth++
		case anyKey:
			part = position(keyPosition(dig(root, path[:depth]), path[depth]))
			depth++
		case namedKey:
			depth++
		case sameValue:
		}
		order = append(order, position(s.keyword), part)
	}
	i := slices.IndexFunc(at.schema.keywords, func(k keyword) bool { return k.name == last })
	return append(order, position(i))
}

// position writes a position so that texts sort like numbers.
func position(i int) string { return fmt.Sprintf("%04d", i) }
