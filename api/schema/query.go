package schema

import (
	"net/url"

	"github.com/nova-api/nova-api/internal/microversion"
)

// A Query describes the query string of a request in all versions.
type Query struct {
	versions
	since int
}

// never is later than any version.
const never = int(microversion.Max) + 1

// NewQuery is a query with these parameters. Others are passed over, unless
// Strict refuses them.
func NewQuery(params ...Property) *Query {
	root := OpenObject(params...).with("additionalProperties", closed(never))
	return &Query{versions: versions{schema: root}}
}

// Param is a parameter that may stand several times. The last one counts, where
// one counts.
func Param(name string, value Schema) Property { return Prop(name, Array(value)) }

// OnceParam is a parameter that may stand only once.
func OnceParam(name string, value Schema) Property { return Prop(name, Array(value).Items(0, 1)) }

// Prefix adds all parameters that begin with a prefix.
func (q *Query) Prefix(prefix string, value Schema) *Query {
	q.schema = q.schema.with("patternProperties", []Property{match("^"+prefix, Array(value))})
	return q
}

// Strict refuses other parameters from 2.minor on.
func (q *Query) Strict(minor int) *Query {
	q.schema = q.schema.with("additionalProperties", closed(minor))
	return q
}

// Since is a query that is checked from 2.minor on. Below, it is passed on as
// it came.
func (q *Query) Since(minor int) *Query {
	q.since = minor
	return q
}

// Document returns the query's JSON Schema in a version, as an object of lists
// of strings: nil for a version that does not check the query.
func (q *Query) Document(v microversion.Version) map[string]any {
	if !v.AtLeast(q.since) {
		return nil
	}
	return q.schema.document(v)
}

// Check checks a query and returns the parameters that are known in the
// version. The error is Invalid, in Nova's words.
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

// lists writes a query as the JSON value that the schema describes.
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
