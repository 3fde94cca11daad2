package rows

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
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
	text, err := textOf(column)
	if err != nil {
		return err
	}
	return j.scanText(text)
}

func (j asJSON) scanText(text string) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), j.value)
}

// textOf is what the driver has read: the empty text for null.
func textOf(column any) (string, error) {
	switch column := column.(type) {
	case nil:
		return "", nil
	case string:
		return column, nil
	case []byte:
		return string(column), nil
	}
	return "", fmt.Errorf("column of text holds %T", column)
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

// Shared is AsJSON for a column that repeats from row to row, such as the flavors of
// servers: the same text is not decoded again. Rows then share maps and slices, those
// of other readers too, so nobody may change them in place.
func Shared[T any](value *T) interface {
	sql.Scanner
	driver.Valuer
} {
	return &shared[T]{asJSON: asJSON{value}, value: value}
}

type shared[T any] struct {
	asJSON
	value *T
	kept  []decoded[T] // the latest texts, at most mostShared
	next  int          // which of them goes next
}

type decoded[T any] struct {
	text  string
	value T
}

// mostShared bounds the texts that a column is compared with.
const mostShared = 16

// Scan reads the column.
func (c *shared[T]) Scan(column any) error {
	text, err := textOf(column)
	if err != nil {
		return err
	}
	return c.scanText(text)
}

func (c *shared[T]) scanText(text string) error {
	if text == "" {
		return nil
	}
	for i := range c.kept {
		if c.kept[i].text == text {
			*c.value = c.kept[i].value
			return nil
		}
	}
	fresh := decoded[T]{text: strings.Clone(text)} // text is a part of its row, which may be long
	if err := json.Unmarshal([]byte(text), &fresh.value); err != nil {
		return err
	}
	*c.value = fresh.value
	if len(c.kept) < mostShared {
		c.kept = append(c.kept, fresh)
		return nil
	}
	c.kept[c.next] = fresh
	c.next = (c.next + 1) % mostShared
	return nil
}

// Commas reads a text of words with commas between them: no words for null.
func Commas(words *[]string) sql.Scanner { return commas{words} }

type commas struct{ words *[]string }

// Scan reads the column.
func (c commas) Scan(column any) error {
	text, err := textOf(column)
	if err != nil {
		return err
	}
	return c.scanText(text)
}

func (c commas) scanText(text string) error {
	if text != "" {
		*c.words = strings.Split(text, ",")
	}
	return nil
}

// A JSON is the field of a noun whose column holds JSON; see AsJSON.
type JSON[T any] struct{ V T }

// Scan reads the column.
func (j *JSON[T]) Scan(column any) error { return asJSON{&j.V}.Scan(column) }

// Value writes the column.
func (j JSON[T]) Value() (driver.Value, error) { return asJSON{&j.V}.Value() }
