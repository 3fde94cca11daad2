package schema

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// A valueRule returns the fault in the value of an extra spec, quoting the
// value, and an empty text for a good value.
type valueRule func(value string) (fault string)

// anything finds no fault.
func anything(string) string { return "" }

func quoted(text string) string { return "'" + text + "'" }

// oneOf accepts one of some words.
func oneOf(words ...string) valueRule {
	return func(value string) string {
		if slices.Contains(words, value) {
			return ""
		}
		return quoted(value) + " is not one of: " + strings.Join(words, ", ")
	}
}

// like accepts a text that the pattern matches from end to end.
func like(pattern string) valueRule {
	matcher := regexp.MustCompile(`\A(?:` + pattern + `)\z`)
	return func(value string) string {
		if matcher.MatchString(value) {
			return ""
		}
		return quoted(value) + " is not of the format " + quoted(pattern)
	}
}

// Rules that several keys share.
var (
	cpuList     = like(`\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*`)
	sharesLevel = oneOf("custom", "high", "normal", "low")
)

var yesAndNo = strings.Fields("1 t true on y yes 0 f false off n no")

// yesOrNo accepts a word for yes or for no, in any case.
func yesOrNo(value string) string {
	if slices.Contains(yesAndNo, strings.ToLower(strings.TrimSpace(value))) {
		return ""
	}
	return quoted(value) + " is not a valid boolean-like value"
}

var integerPattern = regexp.MustCompile(`^[+-]?\d+(_\d+)*$`)

// wholeNumber accepts a number of any size, in the forms that Python reads.
func wholeNumber(value string) string {
	if integerPattern.MatchString(strings.TrimSpace(value)) {
		return ""
	}
	return quoted(value) + " is not a valid integer value"
}

// atLeast accepts whole numbers from a least one on.
func atLeast(least int64) valueRule { return between(least, math.MaxInt64) }

// between accepts whole numbers within bounds. A number out of bounds is quoted
// as Nova has read it, without spaces and leading zeros.
func between(least, most int64) valueRule {
	return func(value string) string {
		if fault := wholeNumber(value); fault != "" {
			return fault
		}
		n, _ := new(big.Int).SetString(strings.ReplaceAll(strings.TrimSpace(value), "_", ""), 10)
		switch {
		case most < math.MaxInt64 && n.Cmp(big.NewInt(most)) > 0:
			return fmt.Sprintf("'%s' is greater than the max value of '%d'", n, most)
		case n.Cmp(big.NewInt(least)) < 0:
			return fmt.Sprintf("'%s' is less than the min value of '%d'", n, least)
		}
		return ""
	}
}
