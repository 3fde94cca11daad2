package api

import (
	"slices"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
)

// booleans are the words that a filter may say yes and no in, in any case.
var booleans = map[string]bool{
	"1": true, "t": true, "true": true, "on": true, "y": true, "yes": true,
	"0": false, "f": false, "false": false, "off": false, "n": false, "no": false,
}

// boolean reads a yes or no.
func boolean(text string) (value, ok bool) {
	value, ok = booleans[strings.ToLower(strings.TrimSpace(text))]
	return value, ok
}

// orElse is text, or something else where there is none.
func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// unique is a list in order, without what stands in it twice.
func unique(items []string) []string {
	sorted := slices.Clone(items)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// last is the value of a query parameter: of several, the last one counts.
func last(r *rest.Request, name string) string {
	values := r.Query()[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}
