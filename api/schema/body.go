package schema

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
)

// A Body describes the body of a request in all versions.
type Body struct {
	versions
	since int
}

// NewBody is a body that a schema describes at all versions.
func NewBody(s Schema) *Body { return &Body{versions: versions{schema: s}} }

// Since is a body that is checked from 2.minor on. Below, it is passed on as it
// came.
func (b *Body) Since(minor int) *Body {
	b.since = minor
	return b
}

// Document returns the body's JSON Schema (draft 2020-12) in a version: nil for
// a version that does not check the body.
func (b *Body) Document(v microversion.Version) map[string]any {
	if !v.AtLeast(b.since) {
		return nil
	}
	return b.schema.document(v)
}

// Check checks a body and returns the one to decode. On /v2 that is a copy
// without unknown keys, and elsewhere the body itself. The body must be what
// json.Decoder with UseNumber has read from sent, which messages quote. The
// error is Invalid, in Nova's words.
func (b *Body) Check(v microversion.Version, body any, sent []byte) (any, error) {
	body, err := checkNumbers(body)
	if err != nil {
		return nil, err
	}
	if v.AtLeast(b.since) {
		if err := b.at(v).check(body, sent, failure.bodyError); err != nil {
			return nil, err
		}
	}
	if hasInfinity(body) {
		return nil, errMalformed
	}
	if v == microversion.Legacy && v.AtLeast(b.since) {
		return b.schema.strip(body), nil
	}
	return body, nil
}

// strip copies a value without the keys that the schema does not know. The
// choices of a oneOf stay as they are.
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

// stripObject copies an object without unknown keys, if it is one that refuses
// them elsewhere.
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
	if len(stripped) == 0 { // Nova leaves an object alone in which it knows nothing
		return object
	}
	return stripped
}

// errMalformed answers a body with a number that no operation can use.
var errMalformed = nova.Errorf(nova.Invalid, "Malformed request body")

// Numbers beyond these could be made to cost a lot. Python refuses to read
// whole numbers that are longer, too.
const (
	maxDigits   = 4300
	maxExponent = 400
)

// infinity stands for numbers that a double can't hold. Python reads them as
// infinite.
const infinity = "1e309"

// checkNumbers refuses whole numbers with too many digits. Fractions with an
// exponent out of bounds are replaced by infinity or zero, which is how Python
// reads them.
func checkNumbers(value any) (any, error) {
	switch v := value.(type) {
	case json.Number:
		n := boundedNumber(v)
		if !isFloat(n) && len(n) > maxDigits {
			return nil, errMalformed
		}
		return n, nil
	case []any:
		for i, item := range v {
			checked, err := checkNumbers(item)
			if err != nil {
				return nil, err
			}
			v[i] = checked
		}
	case map[string]any:
		for key, item := range v {
			checked, err := checkNumbers(item)
			if err != nil {
				return nil, err
			}
			v[key] = checked
		}
	}
	return value, nil
}

// boundedNumber is the number itself, or infinity or zero for a fraction whose
// exponent is out of bounds.
func boundedNumber(n json.Number) json.Number {
	literal := n.String()
	if !isFloat(n) {
		return n
	}
	f, err := strconv.ParseFloat(literal, 64)
	switch {
	case err != nil && f > 0:
		return infinity
	case err != nil:
		return "-" + infinity
	case len(literal) > maxDigits || exponentOf(literal) < -maxExponent || exponentOf(literal) > maxExponent:
		return json.Number(strconv.FormatFloat(f, 'e', -1, 64))
	}
	return n
}

// exponentOf returns the exponent of a literal, and 0 for a literal without
// one.
func exponentOf(literal string) int {
	i := strings.IndexAny(literal, "eE")
	if i < 0 {
		return 0
	}
	exponent, err := strconv.Atoi(literal[i+1:])
	if err != nil {
		return maxExponent + 1
	}
	return exponent
}

// hasInfinity reports whether a number somewhere in a value is infinite.
func hasInfinity(value any) bool {
	switch v := value.(type) {
	case json.Number:
		return strings.TrimPrefix(v.String(), "-") == infinity
	case []any:
		return slices.ContainsFunc(v, hasInfinity)
	case map[string]any:
		for _, item := range v {
			if hasInfinity(item) {
				return true
			}
		}
	}
	return false
}
