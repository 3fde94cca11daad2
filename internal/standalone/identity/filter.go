package identity

import (
	"net/url"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/db/identitydb"
)

// comparators are what may follow a filter's name after two underscores. With an
// i before it, a comparator ignores case.
var comparators = map[string]identitydb.Comparison{
	"equals": identitydb.Equals, "contains": identitydb.Contains,
	"startswith": identitydb.StartsWith, "endswith": identitydb.EndsWith,
}

// conditions turns the query of a list into conditions. Filters maps parameters
// to columns. As in Keystone, parameters that are no filters are ignored.
func conditions(q url.Values, filters map[string]string) []identitydb.Condition {
	var found []identitydb.Condition
	for parameter := range q {
		name, comparator, compared := strings.Cut(parameter, "__")
		column, known := filters[name]
		if !known {
			continue
		}
		value := q.Get(parameter)
		// A boolean can't be compared but for equality; Keystone fails there.
		if column == "enabled" {
			found = append(found, identitydb.Equal(column, truth(value))...)
			continue
		}
		c := identitydb.Condition{Column: column, Values: []any{value}}
		if compared {
			comparison, ok := comparators[comparator]
			if !ok { // perhaps it has the i in front
				comparison, ok = comparators[strings.TrimPrefix(comparator, "i")]
				c.Fold = true
			}
			if !ok {
				continue
			}
			c.Comparison = comparison
		}
		found = append(found, c)
	}
	return found
}

// truth reads a boolean of a query as Keystone does: everything is true that
// doesn't say no.
func truth(text string) bool {
	return !slices.Contains([]string{"0", "f", "false", "off", "n", "no"}, strings.ToLower(strings.TrimSpace(text)))
}
