package schema

import (
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nova-api/nova-api/internal/microversion"
)

// A Schema describes a JSON value by keywords, which are checked in the order
// in which they were written: a client hears of the first failure only. The
// zero Schema accepts any value.
type Schema struct{ keywords []keyword }

// A keyword is one of JSON Schema's. Its value is plain JSON or, where it
// depends on the version, a Schema, a []Schema, a []Property or a closed.
type keyword struct {
	name  string
	value any
}

// A Property is a key of an object for a span of versions, or all keys that
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

// A closed is the version from which on an object refuses unknown keys.
type closed int

// The simplest values.
var (
	Any     = Schema{}
	String  = typed("string")
	Integer = typed("integer")
	Number  = typed("number")
	None    = typed("null")
)

// typed is a value of one of some types.
func typed(names ...string) Schema {
	types := make([]any, len(names))
	for i, name := range names {
		types[i] = name
	}
	return Schema{}.with("type", types)
}

// Object is a JSON object with these keys and no others. On /v2 others are
// dropped.
func Object(props ...Property) Schema {
	return OpenObject(props...).with("additionalProperties", closed(microversion.Min))
}

// OpenObject is a JSON object with these keys and perhaps others.
func OpenObject(props ...Property) Schema {
	return typed("object").with("properties", props).with("required", props)
}

// Map is a JSON object whose keys all match a pattern and whose values are
// alike.
func Map(pattern string, values Schema) Schema {
	return typed("object").
		with("patternProperties", []Property{match(pattern, values)}).
		with("additionalProperties", closed(microversion.Legacy))
}

// Array is a JSON array of items that are alike.
func Array(items Schema) Schema { return typed("array").with("items", items) }

// OneOf is a value that fits exactly one of several schemas. Its failure names
// the value and nothing else: prefer Or and OrNull where they can say the same.
func OneOf(choices ...Schema) Schema { return Schema{}.with("oneOf", choices) }

// AnyOf demands that an object has at least one of some keys.
func (s Schema) AnyOf(keys ...string) Schema {
	choices := make([]Schema, len(keys))
	for i, key := range keys {
		choices[i] = Schema{}.with("required", []Property{Prop(key, Any).Required()})
	}
	return s.with("anyOf", choices)
}

// AllOf is a value that fits all of several schemas.
func AllOf(parts ...Schema) Schema { return Schema{}.with("allOf", parts) }

// Enum is one of some strings.
func Enum(values ...string) Schema {
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = value
	}
	return String.with("enum", list)
}

// Or accepts the types of another schema, too: String.Or(Integer).
func (s Schema) Or(other Schema) Schema {
	return s.with("type", slices.Concat(s.types(), other.types()))
}

// OrNull accepts null, too.
func (s Schema) OrNull() Schema { return s.Or(None) }

// Format demands one of the formats of formats.go from strings.
func (s Schema) Format(name string) Schema { return s.with("format", name) }

// Pattern demands that strings match a regular expression.
func (s Schema) Pattern(pattern string) Schema { return s.with("pattern", pattern) }

// Length bounds the number of characters of strings.
func (s Schema) Length(least, most int) Schema { return s.AtLeast(least).AtMost(most) }

// AtLeast is the least number of characters of strings.
func (s Schema) AtLeast(n int) Schema { return s.with("minLength", n) }

// AtMost is the greatest number of characters of strings.
func (s Schema) AtMost(n int) Schema { return s.with("maxLength", n) }

// Minimum bounds numbers, and strings with a number in them.
func (s Schema) Minimum(n int) Schema { return s.with("minimum", n) }

// Maximum bounds numbers, and strings with a number in them.
func (s Schema) Maximum(n int) Schema { return s.with("maximum", n) }

// Items bounds the number of items of an array. Zero leaves an end open.
func (s Schema) Items(least, most int) Schema {
	return s.limit("minItems", least).limit("maxItems", most)
}

// Keys bounds the number of keys of an object. Zero leaves an end open.
func (s Schema) Keys(least, most int) Schema {
	return s.limit("minProperties", least).limit("maxProperties", most)
}

// Unique demands that no two items of an array are equal.
func (s Schema) Unique() Schema { return s.with("uniqueItems", true) }

// limit sets a bound, unless it is zero.
func (s Schema) limit(name string, n int) Schema {
	if n == 0 {
		return s
	}
	return s.with(name, n)
}

// with returns a copy with one keyword set: in its old place, or at the end.
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

// value returns the value of a keyword, and nil for a keyword that is not
// there.
func (s Schema) value(name string) any {
	for _, k := range s.keywords {
		if k.name == name {
			return k.value
		}
	}
	return nil
}

// types are the names of the types that the schema accepts.
func (s Schema) types() []any {
	types, _ := s.value("type").([]any)
	return types
}

// Prop is a key that an object may have.
func Prop(name string, value Schema) Property { return Property{name: name, schema: value} }

// match is all keys that match a pattern. A pattern that can't be read is a
// mistake of ours, which shows when the program starts.
func match(pattern string, values Schema) Property {
	compiled, err := compileRegexp(pattern)
	panicOn(err)
	return Property{name: pattern, pattern: compiled, schema: values}
}

// names reports whether the property is that of a key.
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

// Since is a key that 2.minor was the first version to have.
func (p Property) Since(minor int) Property {
	p.since = minor
	return p
}

// Until is a key that 2.minor was the last version to have.
func (p Property) Until(minor int) Property {
	p.until = minor
	return p
}

// Legacy gives the key another schema on /v2.
func (p Property) Legacy(value Schema) Property {
	p.legacy = &value
	return p
}

// in returns the schema of the key in a version, and whether the version has
// the key.
func (p Property) in(v microversion.Version) (Schema, bool) {
	if p.legacy != nil && v == microversion.Legacy {
		return *p.legacy, true
	}
	return p.schema, v.Within(p.since, p.until)
}

// existsIn reports whether a version has the key.
func (p Property) existsIn(v microversion.Version) bool {
	_, ok := p.in(v)
	return ok
}
