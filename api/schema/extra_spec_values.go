package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A valueRule says what is wrong with the value of an extra spec: "" if
// nothing is.
type valueRule func(value string) (fault string)

func anything(string) string { return "" }

// oneOf is one of some words.
func oneOf(words ...string) valueRule {
	return func(value string) string {
		if slices.Contains(words, value) {
			return ""
		}
		return "is not one of: " + strings.Join(words, ", ")
	}
}

// like is a text that a pattern matches from end to end.
func like(pattern string) valueRule {
	matcher := regexp.MustCompile(`\A(?:` + pattern + `)\z`)
	return func(value string) string {
		if matcher.MatchString(value) {
			return ""
		}
		return "is not of the format '" + pattern + "'"
	}
}

// Rules that several keys share.
var (
	cpuList     = like(`\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*`)
	sharesLevel = oneOf("custom", "high", "normal", "low")
)

var yesAndNo = strings.Fields("1 t true on y yes 0 f false off n no")

// yesOrNo is a word for yes or for no, in any case.
func yesOrNo(value string) string {
	if slices.Contains(yesAndNo, strings.ToLower(strings.TrimSpace(value))) {
		return ""
	}
	return "is not a valid boolean-like value"
}

var integerPattern = regexp.MustCompile(`^[+-]?\d+(_\d+)*$`)

// wholeNumber is a number of any size, as Python reads one.
func wholeNumber(value string) string {
	if integerPattern.MatchString(strings.TrimSpace(value)) {
		return ""
	}
	return "is not a valid integer value"
}

// atLeast is a whole number from 0 on, or from 1 on.
func atLeast(least int) valueRule {
	return func(value string) string {
		if fault := wholeNumber(value); fault != "" {
			return fault
		}
		digits := strings.TrimSpace(value)
		zero := strings.Trim(digits, "+-0_") == ""
		if (zero && least > 0) || (!zero && digits[0] == '-') {
			return fmt.Sprintf("is less than the min value of '%d'", least)
		}
		return ""
	}
}
