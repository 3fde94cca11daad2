package rows

import (
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// SortKeys map the sort keys of a list to SQL. The SQL must never be null, so that
// every row has its place.
type SortKeys map[string]string

// A KeysetTable is a table that is read in pages: its name, the column of markers,
// and the column that breaks ties.
type KeysetTable struct{ Name, Marker, Serial string }

// Keyset adds the condition "behind the marker" to q, and returns the order: Invalid
// for an unknown sort key. If all keys have one direction, the condition compares
// whole rows, which an index can answer. Mixed directions are spelt out:
// (a > ? OR (a = ? AND b < ?)).
func (k SortKeys) Keyset(q *Query, t KeysetTable, p nova.Page) (order string, err error) {
	columns, desc, err := k.columns(t, p.Sort)
	if err != nil {
		return "", err
	}
	if p.Marker != "" {
		condition := mixed(t, columns, desc)
		if sameDirection(desc) {
			condition = rowValue(t, columns, desc[0])
		}
		q.And(condition, Repeat(p.Marker, strings.Count(condition, "?"))...)
	}
	terms := make([]string, len(columns))
	for i, column := range columns {
		terms[i] = column + direction(desc[i])
	}
	return strings.Join(terms, ", "), nil
}

// columns returns the columns of the sort keys. The last one breaks ties, in the
// direction of the last key.
func (k SortKeys) columns(t KeysetTable, sorts []nova.Sort) (columns []string, desc []bool, err error) {
	for _, sort := range sorts {
		column, ok := k[sort.Key]
		if !ok {
			return nil, nil, nova.Errorf(nova.Invalid, "Invalid input received: %s is not a sort key", sort.Key)
		}
		columns, desc = append(columns, column), append(desc, sort.Desc)
		if column == t.Serial {
			return columns, desc, nil
		}
	}
	last := len(desc) > 0 && desc[len(desc)-1]
	return append(columns, t.Serial), append(desc, last), nil
}

func rowValue(t KeysetTable, columns []string, desc bool) string {
	names := strings.Join(columns, ", ")
	return "(" + names + ")" + beyond(desc) + "(SELECT " + names + t.ofMarker() + ")"
}

func mixed(t KeysetTable, columns []string, desc []bool) string {
	condition := ""
	for i, column := range slices.Backward(columns) {
		marker := "(SELECT " + column + t.ofMarker() + ")"
		next := column + beyond(desc[i]) + marker
		if condition != "" {
			next = "(" + next + " OR (" + column + " = " + marker + " AND " + condition + "))"
		}
		condition = next
	}
	return condition
}

func (t KeysetTable) ofMarker() string { return " FROM " + t.Name + " WHERE " + t.Marker + " = ?" }

// sameDirection reports whether all columns go one way, which lets the database
// compare whole rows with an index.
func sameDirection(desc []bool) bool {
	for _, d := range desc {
		if d != desc[0] {
			return false
		}
	}
	return true
}

// direction is the SQL for an order.
func direction(desc bool) string {
	if desc {
		return " DESC"
	}
	return ""
}

// beyond is the operator for what comes after the marker in an order.
func beyond(desc bool) string {
	if desc {
		return " < "
	}
	return " > "
}

// Repeat returns a value as several arguments.
func Repeat(value string, times int) []any {
	values := make([]any, times)
	for i := range values {
		values[i] = value
	}
	return values
}

// UnknownMarker is the error for a marker that no item of the list has: Invalid.
func UnknownMarker(marker string) error {
	return nova.Errorf(nova.Invalid, "marker [%s] not found", marker)
}

// NotFound replaces the message of a NotFound error, and returns other errors as
// they are.
func NotFound(err error, format string, args ...any) error {
	if nova.Is(err, nova.NotFound) {
		return nova.Errorf(nova.NotFound, format, args...)
	}
	return err
}
