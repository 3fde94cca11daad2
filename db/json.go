package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// asJSON reads and writes a column that holds JSON. An empty column is the
// zero value, and is what an empty value is written as.
type asJSON struct{ value any } // a pointer

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
