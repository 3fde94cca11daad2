package schema

import (
	"net/url"

	"github.com/nova-api/nova-api/internal/microversion"
)

// A Query says what the query of a request may be, in all versions.
type Query struct {
	versions
	since int
}

// never is later than any version.
const never = int(microversion.Max) + 1

// NewQuery is a query of these parameters; others are passed over.
func NewQuery(params ...Property) *Query {
	root := OpenObject(params...).with("additionalProperties", closed(never))
	return &Query{versions: versions{schema: root}}
}

// Param is a parameter that may be given several times.
func Param(name string, value Schema) Property { return Prop(name, Array(value)) }

// OnceParam is a parameter that may be given one time only.
func OnceParam(name string, value Schema) Property { return Prop(name, Array(value).Items(0, 1)) }

// Prefix is the parameters that begin with a prefix.
func (q *Query) Prefix(prefix string, value Schema) *Query {
	q.schema = q.schema.with("patternProperties", []Property{match("^"+prefix, Array(value))})
	return q
}

// Strict is a query that since 2.minor takes no other parameters.
func (q *Query) Strict(minor int) *Query {
	q.schema = q.schema.with("additionalProperties", closed(minor))
	return q
}

// Since is a query that is taken as it is below 2.minor.
func (q *Query) Since(minor int) *Query {
	q.since = minor
	return q
}

// Document is the query's JSON Schema in a version, as an object of lists of
// strings: nil if the query is not looked at in that version.
func (q *Query) Document(v microversion.Version) map[string]any {
	if !v.AtLeast(q.since) {
		return nil
	}
	return q.schema.document(v)
}

// Check finds out whether a query is good, and gives those of its parameters
// that are known in the version. The error is of kind nova.Invalid.
func (q *Query) Check(v microversion.Version, values url.Values) (url.Values, error) {
	if !v.AtLeast(q.since) || len(values) == 0 {
		return values, nil
	}
	if err := q.at(v).check(lists(values), nil, failure.queryError); err != nil {
		return nil, err
	}
	known := make(url.Values, len(values))
	for name, all := range values {
		if q.schema.knows(name, v) {
			known[name] = all
		}
	}
	return known, nil
}

// lists writes a query as the JSON value that the schema is about.
func lists(values url.Values) map[string]any {
	object := make(map[string]any, len(values))
	for name, all := range values {
		items := make([]any, len(all))
		for i, value := range all {
			items[i] = value
		}
		object[name] = items
	}
	return object
}
