package schema

import (
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nova-api/nova-api/internal/microversion"
)

// A Schema describes a JSON value by keywords. They are checked in the order
// in which they were written, since a client hears of the first failure only.
// The zero Schema takes any value.
type Schema struct{ keywords []keyword }

// A keyword is one of JSON Schema's. Its value is plain JSON, or a Schema, a
// []Schema, a []Property or a closed, which depend on the version.
type keyword struct {
	name  string
	value any
}

// A Property is a key of an object, for a span of versions; or all keys that
// match a pattern.
type Property struct {
	name     string
	pattern  jsonschema.Regexp // nil: the name is the key
	schema   Schema
	required bool
	since    int
	until    int
	legacy   *Schema
}

// closed says from which version on an object refuses unknown keys.
type closed int

// The simplest values.
var (
	Any     = Schema{}
	String  = typed("string")
	Integer = typed("integer")
	Number  = typed("number")
	None    = typed("null")
)

func typed(names ...string) Schema {
	types := make([]any, len(names))
	for i, name := range names {
		types[i] = name
	}
	return Schema{}.with("type", types)
}

// Object is a JSON object that has these keys and no others.
func Object(props ...Property) Schema {
	return OpenObject(props...).with("additionalProperties", closed(microversion.Min))
}

// OpenObject is a JSON object with these keys, and perhaps others.
func OpenObject(props ...Property) Schema {
	return typed("object").with("properties", props).with("required", props)
}

// Map is a JSON object whose keys match a pattern and whose values are alike.
func Map(pattern string, values Schema) Schema {
	return typed("object").
		with("patternProperties", []Property{match(pattern, values)}).
		with("additionalProperties", closed(microversion.Legacy))
}

// Array is a JSON array of like items.
func Array(items Schema) Schema { return typed("array").with("items", items) }

// OneOf is a value that fits exactly one of several schemas.
func OneOf(choices ...Schema) Schema { return Schema{}.with("oneOf", choices) }

// AllOf is a value that fits several schemas at once.
func AllOf(parts ...Schema) Schema { return Schema{}.with("allOf", parts) }

// Enum is a string out of a list.
func Enum(values ...string) Schema {
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = value
	}
	return String.with("enum", list)
}

// Or adds the types of another schema to those of s: String.Or(Integer).
func (s Schema) Or(other Schema) Schema {
	return s.with("type", slices.Concat(s.types(), other.types()))
}

// OrNull is s, or null.
func (s Schema) OrNull() Schema { return s.Or(None) }

// Format demands a format of strings: one of formats.go.
func (s Schema) Format(name string) Schema { return s.with("format", name) }

// Pattern demands that strings match a regular expression.
func (s Schema) Pattern(pattern string) Schema { return s.with("pattern", pattern) }

// Length limits the number of characters of strings.
func (s Schema) Length(least, most int) Schema { return s.AtLeast(least).AtMost(most) }

// AtLeast is the least number of characters of strings.
func (s Schema) AtLeast(n int) Schema { return s.with("minLength", n) }

// AtMost is the greatest number of characters of strings.
func (s Schema) AtMost(n int) Schema { return s.with("maxLength", n) }

// Minimum limits numbers, and strings that hold a number.
func (s Schema) Minimum(n int) Schema { return s.with("minimum", n) }

// Maximum limits numbers, and strings that hold a number.
func (s Schema) Maximum(n int) Schema { return s.with("maximum", n) }

// Items limits the number of items of an array. Zero leaves an end open.
func (s Schema) Items(least, most int) Schema {
	return s.limit("minItems", least).limit("maxItems", most)
}

// Keys limits the number of keys of an object. Zero leaves an end open.
func (s Schema) Keys(least, most int) Schema {
	return s.limit("minProperties", least).limit("maxProperties", most)
}

// Unique demands that no two items of an array are equal.
func (s Schema) Unique() Schema { return s.with("uniqueItems", true) }

func (s Schema) limit(name string, n int) Schema {
	if n == 0 {
		return s
	}
	return s.with(name, n)
}

// with is a copy of s with one keyword set: in its old place, or at the end.
func (s Schema) with(name string, value any) Schema {
	keywords := slices.Clone(s.keywords)
	for i := range keywords {
		if keywords[i].name == name {
			keywords[i].value = value
			return Schema{keywords}
		}
	}
	return Schema{append(keywords, keyword{name, value})}
}

// value finds a keyword of s: nil if it has none of that name.
func (s Schema) value(name string) any {
	for _, k := range s.keywords {
		if k.name == name {
			return k.value
		}
	}
	return nil
}

func (s Schema) types() []any {
	types, _ := s.value("type").([]any)
	return types
}

// Prop is a key that an object may have.
func Prop(name string, value Schema) Property { return Property{name: name, schema: value} }

// match is all keys that match a pattern. That it can't be read is a mistake in
// a schema, and shows when the program starts.
func match(pattern string, values Schema) Property {
	compiled, err := compileRegexp(pattern)
	panicOn(err)
	return Property{name: pattern, pattern: compiled, schema: values}
}

// names reports whether a key of an object is the property's.
func (p Property) names(key string) bool {
	if p.pattern != nil {
		return p.pattern.MatchString(key)
	}
	return p.name == key
}

// Required is a key that an object must have.
func (p Property) Required() Property {
	p.required = true
	return p
}

// Since is a key that came with 2.minor.
func (p Property) Since(minor int) Property {
	p.since = minor
	return p
}

// Until is a key that 2.minor was the last version to know.
func (p Property) Until(minor int) Property {
	p.until = minor
	return p
}

// Legacy is a key that takes other values on /v2.
func (p Property) Legacy(value Schema) Property {
	p.legacy = &value
	return p
}

// in gives the schema of the key in a version, if it has one there.
func (p Property) in(v microversion.Version) (Schema, bool) {
	if p.legacy != nil && v == microversion.Legacy {
		return *p.legacy, true
	}
	return p.schema, v.Within(p.since, p.until)
}

func (p Property) existsIn(v microversion.Version) bool {
	_, ok := p.in(v)
	return ok
}
