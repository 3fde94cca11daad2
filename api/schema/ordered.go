package schema

import (
	"bytes"
	"encoding/json"
	"slices"
)

// An ordered object is a JSON object that knows in which order its keys were
// sent. Nova's messages quote objects in that order, and of several keys that
// are wrong they speak of the first. Bodies are checked without it, since the
// order is of use to failures only.
type ordered struct {
	keys   []string
	values map[string]any
}

// readOrdered reads JSON that is known to be good, with the order of its keys.
// Like Python, it keeps a key that stands twice in its first place and with its
// last value.
func readOrdered(raw []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	value, err := nextOrdered(decoder)
	if err != nil {
		return nil
	}
	return value
}

func nextOrdered(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		object := ordered{values: map[string]any{}}
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			name, _ := key.(string)
			if _, again := object.values[name]; !again {
				object.keys = append(object.keys, name)
			}
			if object.values[name], err = nextOrdered(decoder); err != nil {
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
	if o, ok := object.(ordered); ok {
		return slices.Index(o.keys, key)
	}
	return len(key)
}
