package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/nova-api/nova-api/internal/python"
)

// The types that bodies are decoded into where JSON leaves a choice. They read
// what the schemas let through, and no more.

// An Int is a whole number, written as 1, as 1.0, or in a string.
type Int int64

// UnmarshalJSON reads the number.
func (n *Int) UnmarshalJSON(data []byte) error {
	text, err := bare(data)
	text = strings.TrimSpace(text) // as Python does; patterns leave nothing but a newline
	if err != nil || text == "" {
		return err
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		*n = Int(i)
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return fmt.Errorf("%s is not a whole number", data)
	}
	*n = Int(f)
	return nil
}

// A Float is a number, or a string that holds one.
type Float float64

// UnmarshalJSON reads the number.
func (n *Float) UnmarshalJSON(data []byte) error {
	text, err := bare(data)
	text = strings.TrimSpace(text)
	if err != nil || text == "" {
		return err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%s is not a number", data)
	}
	*n = Float(f)
	return nil
}

// A Text is a string, or a number or a boolean as Python would write it.
type Text string

// UnmarshalJSON reads the string, number or boolean.
func (t *Text) UnmarshalJSON(data []byte) error {
	text, err := bare(data)
	switch {
	case err != nil:
		return err
	case data[0] == '"' || text == "":
	case text == "true" || text == "false":
		text = python.Str(text == "true")
	default:
		text = python.Literal(text)
	}
	*t = Text(text)
	return nil
}

// A Bool is true or false, or one of the words that stand for them.
type Bool bool

// UnmarshalJSON reads the value.
func (b *Bool) UnmarshalJSON(data []byte) error {
	text, err := bare(data)
	if err != nil {
		return err
	}
	switch strings.ToLower(text) {
	case "true", "1", "on", "yes":
		*b = true
	case "false", "0", "off", "no", "":
		*b = false
	default:
		return fmt.Errorf("%s is neither true nor false", data)
	}
	return nil
}

// A Null is a value that a client may leave out or set to null, where the two
// differ: clearing a description is not leaving it alone.
type Null[T any] struct {
	Set   bool // the key is there
	Null  bool // and its value is null
	Value T
}

// UnmarshalJSON reads the value. It is not called for a key that was left out.
func (n *Null[T]) UnmarshalJSON(data []byte) error {
	n.Set = true
	if string(data) == "null" {
		n.Null = true
		return nil
	}
	return json.Unmarshal(data, &n.Value)
}

// bare returns a string without its quotes, a number or a boolean as it is
// written, and nothing for null.
func bare(data []byte) (string, error) {
	switch {
	case string(data) == "null":
		return "", nil
	case bytes.HasPrefix(data, []byte(`"`)):
		var text string
		err := json.Unmarshal(data, &text)
		return text, err
	case bytes.ContainsAny(data[:1], "[{"):
		return "", fmt.Errorf("%s is not a single value", data)
	}
	return string(data), nil
}
