package rows

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// AsJSON reads and writes a column that holds JSON. For reading, value is a pointer.
// An empty value is written as the empty text, and read as the zero value.
func AsJSON(value any) interface {
	sql.Scanner
	driver.Valuer
} {
	return asJSON{value}
}

type asJSON struct{ value any }

// Scan reads the column.
func (j asJSON) Scan(column any) error {
	var text []byte
	switch column := column.(type) {
	case nil:
		return nil
	case string:
		text = []byte(column)
	case []byte:
		text = column
	default:
		return fmt.Errorf("JSON column holds %T", column)
	}
	if len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, j.value)
}

// Value writes the column.
func (j asJSON) Value() (driver.Value, error) {
	text, err := json.Marshal(j.value)
	if err != nil {
		return nil, err
	}
	switch string(text) {
	case "null", "{}", "[]":
		return "", nil
	}
	return string(text), nil
}

// A JSON is the field of a noun whose column holds JSON; see AsJSON.
type JSON[T any] struct{ V T }

// Scan reads the column.
func (j *JSON[T]) Scan(column any) error { return asJSON{&j.V}.Scan(column) }

// Value writes the column.
func (j JSON[T]) Value() (driver.Value, error) { return asJSON{&j.V}.Value() }
