package schema

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nova-api/nova-api/internal/microversion"
)

// versions is a schema with a compiled form for each span of versions in which
// it stays the same. A form is compiled when a request first needs it.
type versions struct {
	schema Schema
	once   sync.Once
	starts []microversion.Version
	forms  []func() *compiled
}

// at returns the form for a version.
func (vs *versions) at(v microversion.Version) *compiled {
	vs.once.Do(vs.divide)
	i, found := slices.BinarySearch(vs.starts, v)
	if !found {
		i--
	}
	return vs.forms[max(i, 0)]()
}

// divide finds the spans. The legacy API is a span by itself.
func (vs *versions) divide() {
	starts := []microversion.Version{microversion.Legacy, microversion.Min}
	vs.schema.visit(func(since, until int) {
		starts = append(starts, microversion.Version(since))
		if until != 0 {
			starts = append(starts, microversion.Version(until+1))
		}
	})
	slices.Sort(starts)
	vs.starts = slices.Compact(starts)
	for _, start := range vs.starts {
		vs.forms = append(vs.forms, sync.OnceValue(func() *compiled { return compile(vs.schema, start) }))
	}
}

// visit calls see for every span of versions that a part of the schema is bound
// to.
func (s Schema) visit(see func(since, until int)) {
	for _, k := range s.keywords {
		switch value := k.value.(type) {
		case Schema:
			value.visit(see)
		case []Schema:
			for _, part := range value {
				part.visit(see)
			}
		case []Property:
			for _, p := range value {
				see(p.since, p.until)
				p.schema.visit(see)
			}
		case closed:
			see(int(value), 0)
		}
	}
}

// document writes the schema as plain JSON Schema, as it is in a version.
func (s Schema) document(v microversion.Version) map[string]any {
	doc := make(map[string]any, len(s.keywords))
	for _, k := range s.keywords {
		switch value := k.value.(type) {
		case Schema:
			doc[k.name] = value.document(v)
		case []Schema:
			parts := make([]any, len(value))
			for i, part := range value {
				parts[i] = part.document(v)
			}
			doc[k.name] = parts
		case []Property:
			if k.name == "required" {
				putRequired(doc, value, v)
				continue
			}
			doc[k.name] = documents(value, v)
		case closed:
			switch {
			case v == microversion.Legacy && v.AtLeast(int(value)):
				doc[softlyClosed] = true
			case v.AtLeast(int(value)):
				doc[k.name] = false
			}
		case []any:
			doc[k.name] = value
			if k.name == "type" && len(value) == 1 {
				doc[k.name] = value[0]
			}
		default:
			doc[k.name] = value
		}
	}
	return doc
}

// softlyClosed is the keyword of an object that on /v2 refuses unknown keys
// beside known ones, and lets an object pass that has no known keys.
const softlyClosed = "nova:additionalProperties"

// documents writes the properties that exist in a version.
func documents(props []Property, v microversion.Version) map[string]any {
	docs := make(map[string]any, len(props))
	for _, p := range props {
		if schema, ok := p.in(v); ok {
			docs[p.name] = schema.document(v)
		}
	}
	return docs
}

// putRequired adds the keyword "required", unless it would be empty.
func putRequired(doc map[string]any, props []Property, v microversion.Version) {
	if names := required(props, v); len(names) > 0 {
		doc["required"] = names
	}
}

// required lists the keys that an object must have in a version, in the order
// of the schema.
func required(props []Property, v microversion.Version) []string {
	var names []string
	for _, p := range props {
		if _, ok := p.in(v); ok && p.required {
			names = append(names, p.name)
		}
	}
	return names
}

// A compiled is a schema in one span of versions. It checks any number of
// requests at once.
type compiled struct {
	version   microversion.Version
	validator *jsonschema.Schema
	places    map[string]place
}

// A place says where a schema stands in the whole. Failures are sorted by
// place, since a client hears of the first one only.
type place struct {
	schema Schema
	path   []step
}

// A step leads from a schema to one of its parts: by the position of the
// keyword, the position of the part in the keyword, and the value that the part
// is about.
type step struct {
	keyword, part int
	to            target
}

// A target says which value a part of a schema is about.
type target int

const (
	sameValue target = iota // the value that the whole is about
	namedKey                // the value of one key
	anyKey                  // the value of each key that matches a pattern
	anyItem                 // each item
)

// compile turns a schema into a validator. A schema that does not compile is a
// mistake of ours; the tests compile all.
func compile(s Schema, v microversion.Version) *compiled {
	text, err := json.Marshal(s.document(v))
	panicOn(err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	panicOn(err)
	const url = "nova:/body"
	compiler := jsonschema.NewCompiler()
	compiler.UseRegexpEngine(compileRegexp)
	compiler.RegisterVocabulary(vocabulary())
	compiler.AssertVocabs()
	panicOn(compiler.AddResource(url, doc))
	validator, err := compiler.Compile(url)
	panicOn(err)
	c := &compiled{version: v, validator: validator, places: map[string]place{}}
	c.survey(s, c.validator, nil)
	return c
}

// panicOn stops the program at a mistake in a schema.
func panicOn(err error) {
	if err != nil {
		panic("schema: " + err.Error()) // a mistake of the programmer, found by the tests
	}
}

// survey notes the place of every part of a schema, under the address by which
// the validator names the part in an error.
func (c *compiled) survey(s Schema, compiled *jsonschema.Schema, path []step) {
	c.places[compiled.Location] = place{s, path}
	for i, k := range s.keywords {
		switch value := k.value.(type) {
		case Schema:
			c.survey(value, compiled.Items2020, append(slices.Clip(path), step{i, 0, anyItem}))
		case []Schema:
			parts := map[string][]*jsonschema.Schema{"allOf": compiled.AllOf, "anyOf": compiled.AnyOf, "oneOf": compiled.OneOf}[k.name]
			for j, part := range value {
				c.survey(part, parts[j], append(slices.Clip(path), step{i, j, sameValue}))
			}
		case []Property:
			c.surveyKeys(k.name, value, compiled, path, i)
		}
	}
}

// surveyKeys surveys the parts of an object.
func (c *compiled) surveyKeys(name string, props []Property, compiled *jsonschema.Schema, path []step, keyword int) {
	for j, p := range props {
		schema, ok := p.in(c.version)
		if !ok || name == "required" {
			continue
		}
		if name == "properties" {
			c.survey(schema, compiled.Properties[p.name], append(slices.Clip(path), step{keyword, j, namedKey}))
			continue
		}
		for pattern, part := range compiled.PatternProperties {
			if pattern.String() == p.name {
				c.survey(schema, part, append(slices.Clip(path), step{keyword, j, anyKey}))
			}
		}
	}
}
