package identitydb

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/nova-api/nova-api/db/rows"
)

// A Comparison is how a column is held against a text.
type Comparison int

// The comparisons. A column never contains the empty text, nor starts or ends
// with it.
const (
	Equals Comparison = iota
	Contains
	StartsWith
	EndsWith
)

// A Condition is what a list asks of a column: that one of the values fits, or
// all of them, or that this is not so.
type Condition struct {
	Column     string
	Comparison Comparison
	Values     []any // texts, unless the comparison is Equals; nil is NULL
	All        bool  // all values must fit, not just one
	Not        bool
	Fold       bool // the case of letters doesn't matter
}

// Equal asks that a column has a value.
func Equal(column string, value any) []Condition {
	return []Condition{{Column: column, Values: []any{value}}}
}

// addTo adds the condition to a query.
func (c Condition) addTo(q *rows.Query) {
	var parts []string
	var args []any
	for _, value := range c.Values {
		part, partArgs := c.compare(value)
		parts, args = append(parts, part), append(args, partArgs...)
	}
	glue := " OR "
	if c.All {
		glue = " AND "
	}
	text := "(" + strings.Join(parts, glue) + ")"
	if c.Not {
		text = "NOT " + text
	}
	q.And(text, args...)
}

// compare is the SQL for one value, in functions that both databases have. LIKE
// is none of them: its idea of case differs, and clients could send it patterns.
func (c Condition) compare(value any) (part string, args []any) {
	text, isText := value.(string)
	column := c.Column
	if c.Fold {
		column, text = "lower("+column+")", strings.ToLower(text)
	}
	if isText {
		value = text
	}
	n := utf8.RuneCountInString(text)
	switch {
	case value == nil:
		return column + " IS NULL", nil
	case c.Comparison == Equals:
		return column + " = ?", []any{value}
	case n == 0:
		return "1 = 0", nil
	case c.Comparison == Contains:
		return "replace(" + column + ", ?, '') <> " + column, []any{value}
	case c.Comparison == StartsWith:
		return fmt.Sprintf("substr(%s, 1, %d) = ?", column, n), []any{value}
	}
	return fmt.Sprintf("substr(%s, length(%s) - %d) = ?", column, column, n-1), []any{value}
}
