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

// vocabulary gives keywords the sense that they have for Nova and not for
// JSON Schema: a format is a demand, and is checked even where the length is
// wrong, so that the first failure can be told from all; and a minimum or
// maximum holds for strings with a number in them too.
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

// checks are what a schema demands beyond JSON Schema.
type checks []check

// A check names the keyword that a value fails: "" if it doesn't.
type check func(value any) failed

// Validate runs the checks; it is called by the library.
func (cs checks) Validate(ctx *jsonschema.ValidatorContext, value any) {
	for _, c := range cs {
		if f := c(value); f != "" {
			ctx.AddError(f)
		}
	}
}

// failed is the keyword that a value failed.
type failed string

// KeywordPath is the keyword, as the library's own errors tell it.
func (f failed) KeywordPath() []string { return []string{string(f)} }

// LocalizedString is there for the library; clients never see it.
func (f failed) LocalizedString(*message.Printer) string { return string(f) + " failed" }

func formatCheck(valid func(string) bool) check {
	return func(value any) failed {
		if text, ok := value.(string); ok && !valid(text) {
			return "format"
		}
		return ""
	}
}

// infiniteCheck refuses infinity as an integer, which the library takes for one
// by its digits.
func infiniteCheck(value any) failed {
	if n, ok := value.(json.Number); ok && hasInfinity(n) {
		return "type"
	}
	return ""
}

// softlyClosedCheck refuses an object in which some keys are known and some are
// not. Nova lets an object pass in which it knows none, since it can't tell
// whether another choice of a oneOf is meant.
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

// limits are the keywords that bound a number, with what a number's
// comparison with the bound must not be.
var limits = []struct {
	keyword string
	wrong   func(order int) bool
}{
	{"minimum", func(order int) bool { return order < 0 }},
	{"maximum", func(order int) bool { return order > 0 }},
	{"exclusiveMinimum", func(order int) bool { return order <= 0 }},
}

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

// numberIn is the number that a string holds.
func numberIn(value any) (*big.Rat, bool) {
	text, ok := value.(string)
	if !ok || len(text) > maxDigits || !numberPattern.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

func isFloat(n json.Number) bool { return strings.ContainsAny(n.String(), ".eE") }
