package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/microversion"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
)

// bodyError words a failure in a body, which is named by its last key.
func (f failure) bodyError() error {
	if len(f.path) == 0 {
		return f.error("")
	}
	return f.error("Invalid input for field/attribute " + f.path[len(f.path)-1])
}

// queryError words a failure in a query, which is named by the parameter.
func (f failure) queryError() error {
	if len(f.path) == 0 {
		return f.error("")
	}
	return f.error("Invalid input for query parameters " + f.path[0])
}

// error puts the place in front of a failure. A bad name gets the rules for
// names instead, as in Nova.
func (f failure) error(place string) error {
	if reason, ok := reasons[f.format()]; ok && f.keyword == "format" {
		return nova.Errorf(nova.Invalid, "An invalid 'name' value was provided. The name must be: %s", reason)
	}
	if place == "" {
		return nova.Errorf(nova.Invalid, "%s", f.sentence())
	}
	return nova.Errorf(nova.Invalid, "%s. Value: %s. %s", place, python.Str(f.value), f.sentence())
}

// format is the format that the failing schema demands, if any.
func (f failure) format() string {
	name, _ := f.schema.value("format").(string)
	return name
}

// phrases complete a sentence that begins with the value.
var phrases = map[string]string{
	"minItems":      "is too short",
	"maxItems":      "is too long",
	"minLength":     "is too short",
	"maxLength":     "is too long",
	"uniqueItems":   "has non-unique elements",
	"minProperties": "does not have enough properties",
	"maxProperties": "has too many properties",
	"anyOf":         "is not valid under any of the given schemas",
	"oneOf":         "is not valid under any of the given schemas",
}

// extremes are the phrases for the least and the greatest length that is wrong
// only for nothing, and for anything.
var extremes = map[string]map[int]string{
	"minItems":      {1: "should be non-empty"},
	"minLength":     {1: "should be non-empty"},
	"minProperties": {1: "should be non-empty"},
	"maxItems":      {0: "is expected to be empty"},
	"maxLength":     {0: "is expected to be empty"},
	"maxProperties": {0: "is expected to be empty"},
}

// bounds complete a sentence that begins with a number and ends with the bound.
var bounds = map[string]string{
	"minimum":          "is less than the minimum of",
	"maximum":          "is greater than the maximum of",
	"exclusiveMinimum": "is less than or equal to the minimum of",
}

// sentence describes the fault in the words of the Python library jsonschema.
func (f failure) sentence() string {
	if bound, ok := f.schema.value(f.keyword).(int); ok && extremes[f.keyword][bound] != "" {
		return python.Repr(f.value) + " " + extremes[f.keyword][bound]
	}
	if phrase, ok := phrases[f.keyword]; ok {
		return python.Repr(f.value) + " " + phrase
	}
	if phrase, ok := bounds[f.keyword]; ok {
		return fmt.Sprintf("%s %s %s", f.number(), phrase, python.Repr(f.schema.value(f.keyword)))
	}
	switch f.keyword {
	case "required":
		return python.Repr(f.missing()) + " is a required property"
	case "additionalProperties":
		return f.strangers()
	case "type":
		return fmt.Sprintf("%s is not of type %s", python.Repr(f.value), python.List(f.schema.types()))
	case "enum":
		return fmt.Sprintf("%s is not one of %s", python.Repr(f.value), python.Repr(f.schema.value("enum")))
	case "pattern":
		return fmt.Sprintf("%s does not match %s", python.Repr(f.value), python.Repr(f.schema.value("pattern")))
	}
	return fmt.Sprintf("%s is not a %s", python.Repr(f.value), python.Repr(f.format()))
}

// number writes the number that missed a bound. Nova converts a number before it
// compares it with a minimum or a maximum, but not for an exclusive minimum.
func (f failure) number() string {
	if n, ok := f.value.(json.Number); ok && f.keyword == "exclusiveMinimum" {
		return python.Repr(n)
	}
	return converted(f.value)
}

// converted writes the number that a value holds after Nova has converted it for
// a comparison: to an integer if that can be done, and to a float otherwise.
func converted(value any) string {
	n, isNumber := value.(json.Number)
	if !isNumber {
		return python.Literal(strings.TrimPrefix(python.Str(value), "+"))
	}
	if !isFloat(n) {
		return python.Repr(n)
	}
	f, _ := n.Float64()
	if math.IsInf(f, 0) {
		return python.Repr(n)
	}
	whole, _ := big.NewFloat(f).Int(nil)
	return whole.String()
}

// missing returns the first key that an object lacks, in the order of the
// schema.
func (f failure) missing() string {
	object := members(f.value)
	props, _ := f.schema.value("required").([]Property)
	for _, name := range required(props, f.version) {
		if _, ok := object[name]; !ok {
			return name
		}
	}
	return ""
}

// strangers names the keys that an object must not have.
func (f failure) strangers() string {
	object := members(f.value)
	var names []any
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !f.schema.knows(name, f.version) {
			names = append(names, name)
		}
	}
	patterns, _ := f.schema.value("patternProperties").([]Property)
	if len(patterns) == 0 || f.version == microversion.Legacy {
		return fmt.Sprintf("Additional properties are not allowed (%s %s unexpected)", python.List(names), plural(names, "was", "were"))
	}
	return fmt.Sprintf("%s %s not match any of the regexes: %s", python.List(names), plural(names, "does", "do"), python.Repr(patterns[0].name))
}

// knows reports whether an object may have a key in a version.
func (s Schema) knows(key string, v microversion.Version) bool {
	for _, keyword := range []string{"properties", "patternProperties"} {
		props, _ := s.value(keyword).([]Property)
		if slices.ContainsFunc(props, func(p Property) bool { return p.names(key) && p.existsIn(v) }) {
			return true
		}
	}
	return false
}

// members are the members of an object, whether or not their order is known.
func members(object any) map[string]any {
	if o, ok := object.(python.Ordered); ok {
		return o.Values
	}
	plain, _ := object.(map[string]any)
	return plain
}

// plural chooses between two words by the number of values.
func plural(values []any, one, several string) string {
	if len(values) == 1 {
		return one
	}
	return several
}
