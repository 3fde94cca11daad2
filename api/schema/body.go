package schema

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Body says what the body of a request may be, in all versions.
type Body struct {
	versions
	since int
}

// NewBody is a body that a schema describes.
func NewBody(s Schema) *Body { return &Body{versions: versions{schema: s}} }

// Since is a body that is taken as it is below 2.minor.
func (b *Body) Since(minor int) *Body {
	b.since = minor
	return b
}

// Document is the body's JSON Schema (draft 2020-12) in a version: nil if the
// body is not looked at in that version.
func (b *Body) Document(v microversion.Version) map[string]any {
	if !v.AtLeast(b.since) {
		return nil
	}
	return b.schema.document(v)
}

// Check finds out whether a body, decoded with json.Decoder.UseNumber, is
// good, and gives the one to go on with. That is the same, but for /v2: there
// it is a copy without the keys that are not known. The error is of kind
// nova.Invalid.
func (b *Body) Check(v microversion.Version, body any) (any, error) {
	if err := checkNumbers(body); err != nil {
		return nil, err
	}
	if !v.AtLeast(b.since) {
		return body, nil
	}
	if err := b.at(v).check(body, failure.bodyError); err != nil {
		return nil, err
	}
	if v == microversion.Legacy {
		return b.schema.strip(body), nil
	}
	return body, nil
}

// strip copies a value without the keys that the schema doesn't know. The
// choices of a oneOf are left as they are.
func (s Schema) strip(value any) any {
	switch v := value.(type) {
	case []any:
		items, ok := s.value("items").(Schema)
		if !ok {
			return v
		}
		stripped := make([]any, len(v))
		for i, item := range v {
			stripped[i] = items.strip(item)
		}
		return stripped
	case map[string]any:
		return s.stripObject(v)
	}
	return value
}

func (s Schema) stripObject(object map[string]any) any {
	props, ok := s.value("properties").([]Property)
	if !ok || s.value("additionalProperties") == nil {
		return object
	}
	stripped := make(map[string]any, len(object))
	for _, p := range props {
		schema, ok := p.in(microversion.Legacy)
		value, has := object[p.name]
		if ok && has {
			stripped[p.name] = schema.strip(value)
		}
	}
	return stripped
}

// Numbers beyond these are malformed, and could be made to cost a lot.
const (
	maxDigits   = 4300
	maxExponent = 400
)

// checkNumbers looks for numbers in a value that are too large to be meant.
func checkNumbers(value any) error {
	switch v := value.(type) {
	case json.Number:
		if tooLarge(v.String()) {
			return nova.Errorf(nova.Invalid, "Malformed request body")
		}
	case []any:
		for _, item := range v {
			if err := checkNumbers(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, item := range v {
			if err := checkNumbers(item); err != nil {
				return err
			}
		}
	}
	return nil
}

func tooLarge(literal string) bool {
	if len(literal) > maxDigits {
		return true
	}
	i := strings.IndexAny(literal, "eE")
	if i < 0 {
		return false
	}
	exponent, err := strconv.Atoi(literal[i+1:])
	if err != nil || exponent > maxExponent || exponent < -maxExponent {
		return true
	}
	_, err = strconv.ParseFloat(literal, 64)
	return err != nil
}
