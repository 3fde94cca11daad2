package schema

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/message"
)

// vocabulary gives keywords the meaning that they have in Nova and not in JSON
// Schema. A format is a demand, and is checked even where the length is wrong,
// so that the first failure can be chosen from all. A minimum or maximum also
// holds for a string with a number in it.
func vocabulary() *jsonschema.Vocabulary {
	return &jsonschema.Vocabulary{
		URL: "nova:/vocabulary",
		Compile: func(_ *jsonschema.CompilerContext, doc map[string]any) (jsonschema.SchemaExt, error) {
			types, several := doc["type"].([]any)
			if !several {
				types = []any{doc["type"]}
			}
			var all checks
			if name, ok := doc["format"].(string); ok {
				valid, known := formats[name]
				if !known {
					return nil, fmt.Errorf("no format %q", name)
				}
				all = append(all, formatCheck(valid))
			}
			if slices.Contains(types, any("integer")) {
				all = append(all, infiniteCheck)
			}
			if doc[softlyClosed] == true {
				all = append(all, softlyClosedCheck(doc))
			}
			if slices.Contains(types, any("string")) {
				all = append(all, limitChecks(doc)...)
			}
			if all == nil {
				return nil, nil
			}
			return all, nil
		},
	}
}

// checks are the demands of a schema beyond JSON Schema.
type checks []check

// A check returns the keyword that a value fails, and an empty text for a good
// value.
type check func(value any) failed

// Validate runs the checks. The library calls it.
func (cs checks) Validate(ctx *jsonschema.ValidatorContext, value any) {
	for _, c := range cs {
		if f := c(value); f != "" {
			ctx.AddError(f)
		}
	}
}

// failed is the keyword that a value failed.
type failed string

// KeywordPath returns the keyword, as the library's own errors do.
func (f failed) KeywordPath() []string { return []string{string(f)} }

// LocalizedString is there for the library; clients never see it.
func (f failed) LocalizedString(*message.Printer) string { return string(f) + " failed" }

// formatCheck checks strings, and lets all else pass.
func formatCheck(valid func(string) bool) check {
	return func(value any) failed {
		if text, ok := value.(string); ok && !valid(text) {
			return "format"
		}
		return ""
	}
}

// infiniteCheck refuses infinity as an integer. The library would accept it by
// its digits.
func infiniteCheck(value any) failed {
	if n, ok := value.(json.Number); ok && hasInfinity(n) {
		return "type"
	}
	return ""
}

// softlyClosedCheck refuses an object with known and unknown keys. An object
// without known keys passes: Nova can't tell whether another choice of a oneOf
// is meant.
func softlyClosedCheck(doc map[string]any) check {
	patterns, _ := doc["patternProperties"].(map[string]any)
	properties, _ := doc["properties"].(map[string]any)
	var known []jsonschema.Regexp
	for pattern := range patterns {
		compiled, err := compileRegexp(pattern)
		panicOn(err)
		known = append(known, compiled)
	}
	return func(value any) failed {
		object, _ := value.(map[string]any)
		strangers := 0
		for key := range object {
			if _, ok := properties[key]; !ok && !slices.ContainsFunc(known, func(r jsonschema.Regexp) bool { return r.MatchString(key) }) {
				strangers++
			}
		}
		if strangers > 0 && strangers < len(object) {
			return "additionalProperties"
		}
		return ""
	}
}

// limits are the keywords that bound a number, each with the order of number
// and bound that it refuses.
var limits = []struct {
	keyword string
	wrong   func(order int) bool
}{
	{"minimum", func(order int) bool { return order < 0 }},
	{"maximum", func(order int) bool { return order > 0 }},
	{"exclusiveMinimum", func(order int) bool { return order <= 0 }},
}

// limitChecks returns the checks of bounds for strings with a number in them.
// The library checks numbers.
func limitChecks(doc map[string]any) checks {
	var all checks
	for _, limit := range limits {
		literal, ok := doc[limit.keyword].(json.Number)
		if !ok {
			continue
		}
		bound, _ := new(big.Rat).SetString(literal.String())
		all = append(all, func(value any) failed {
			if n, ok := numberIn(value); ok && limit.wrong(n.Cmp(bound)) {
				return failed(limit.keyword)
			}
			return ""
		})
	}
	return all
}

var numberPattern = regexp.MustCompile(`^[+-]?\d+(\.\d+)?$`)

// numberIn returns the number in a string.
func numberIn(value any) (*big.Rat, bool) {
	text, ok := value.(string)
	if !ok || len(text) > maxDigits || !numberPattern.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// isFloat reports whether Python would read a number as a float.
func isFloat(n json.Number) bool { return strings.ContainsAny(n.String(), ".eE") }
