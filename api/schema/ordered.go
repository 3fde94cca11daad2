package schema

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/nova-api/nova-api/internal/python"
)

// readOrdered reads good JSON and keeps the order of its keys. Nova's messages
// quote objects in that order, and speak of the first of several wrong keys.
// Only failures need it, so good bodies are read without. A key that stands
// twice keeps its first place and its last value, as in Python.
func readOrdered(raw []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	value, err := nextOrdered(decoder)
	if err != nil {
		return nil
	}
	return value
}

// nextOrdered reads the next value.
func nextOrdered(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		object := python.Ordered{Values: map[string]any{}}
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			name, _ := key.(string)
			if _, again := object.Values[name]; !again {
				object.Keys = append(object.Keys, name)
			}
			if object.Values[name], err = nextOrdered(decoder); err != nil {
				return nil, err
			}
		}
		_, err = decoder.Token()
		return object, err
	case json.Delim('['):
		items := []any{}
		for decoder.More() {
			item, err := nextOrdered(decoder)
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		_, err = decoder.Token()
		return items, err
	}
	if n, ok := token.(json.Number); ok {
		return boundedNumber(n), nil
	}
	return token, nil
}

// keyPosition finds the place of a key in an object: behind all others if the
// order is not known.
func keyPosition(object any, key string) int {
	if o, ok := object.(python.Ordered); ok {
		return slices.Index(o.Keys, key)
	}
	return len(key)
}
