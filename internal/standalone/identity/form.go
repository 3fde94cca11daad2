package identity

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nova-api/nova-api/internal/nova"
)

// maxName and maxText bound what clients may have kept, in characters.
const (
	maxName = 255
	maxText = 16384
)

// A form reads the fields of a body into a thing, at its creation or change: a
// field that isn't sent leaves the thing as it is. The first mistake sticks in
// err, so that it needs to be looked at once, at the end.
type form struct {
	fields   map[string]any
	read     map[string]bool // the fields that were asked for
	creating bool            // read into a new thing
	hash     string          // of the password, if one was sent
	err      error
}

// form reads a body of the shape {noun: {…}}.
func (r *request) form(noun string) (*form, error) {
	var body map[string]any
	if err := r.service.Decode(r.Request, &body); err != nil {
		return nil, err
	}
	fields, ok := body[noun].(map[string]any)
	if !ok {
		return nil, missing(noun, "request body")
	}
	return &form{fields: fields, read: map[string]bool{}}, nil
}

// missing is what Keystone says if something isn't there that should be.
func missing(what, where string) error {
	return nova.Errorf(nova.Invalid, "Expecting to find %s in %s. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.", what, where)
}

func (f *form) fail(format string, args ...any) {
	f.failWith(nova.Errorf(nova.Invalid, format, args...))
}

func (f *form) failWith(err error) {
	if f.err == nil {
		f.err = err
	}
}

// has tells whether a field was sent.
func (f *form) has(key string) bool {
	f.read[key] = true
	_, ok := f.fields[key]
	return ok
}

// require fails if one of the fields wasn't sent.
func (f *form) require(keys ...string) {
	for _, key := range keys {
		if !f.has(key) {
			f.fail("'%s' is a required property", key)
		}
	}
}

// text reads a string of a length.
func (f *form) text(key string, minLen, maxLen int, to *string) {
	if !f.has(key) {
		return
	}
	s, ok := f.fields[key].(string)
	n := utf8.RuneCountInString(s)
	switch {
	case !ok:
		f.fail("Invalid input for field '%s': it is not of type 'string'", key)
	case n < minLen:
		f.fail("Invalid input for field '%s': '%s' is too short", key, s)
	case n > maxLen:
		f.fail("Invalid input for field '%s': it is longer than %d characters", key, maxLen)
	default:
		*to = s
	}
}

// name is text that shows something.
func (f *form) name(key string, maxLen int, to *string) {
	f.text(key, 1, maxLen, to)
	if f.err == nil && f.has(key) && strings.TrimSpace(*to) == "" {
		f.fail("Invalid input for field '%s': '%s' does not match '[\\S]+'", key, *to)
	}
}

// description is text that may be null, which is as good as empty.
func (f *form) description(to *string) {
	if f.has("description") && f.fields["description"] == nil {
		*to = ""
		return
	}
	f.text("description", 0, maxText, to)
}

// reference is an ID that may be null.
func (f *form) reference(key string, to **string) {
	if !f.has(key) {
		return
	}
	if f.fields[key] == nil {
		*to = nil
		return
	}
	var id string
	f.text(key, 1, maxName, &id)
	*to = &id
}

// flag reads a boolean.
func (f *form) flag(key string, to *bool) {
	if !f.has(key) {
		return
	}
	b, ok := f.fields[key].(bool)
	if !ok {
		f.fail("Invalid input for field '%s': it is not of type 'boolean'", key)
		return
	}
	*to = b
}

// option reads a boolean from among the options of a thing.
func (f *form) option(key string, to *bool) {
	if !f.has("options") {
		return
	}
	options, _ := f.fields["options"].(map[string]any)
	value, sent := options[key]
	if !sent {
		return
	}
	b, ok := value.(bool)
	if !ok && value != nil {
		f.fail("Invalid input for field '%s': it is not of type 'boolean'", key)
		return
	}
	*to = b
}

// oneOf reads a string out of a few.
func (f *form) oneOf(key string, choices []string, to *string) {
	f.text(key, 1, maxName, to)
	if f.err == nil && f.has(key) && !slices.Contains(choices, *to) {
		f.fail("Invalid input for field '%s': '%s' is not one of ['%s']", key, *to, strings.Join(choices, "', '"))
	}
}

// list reads a list of short strings.
func (f *form) list(key string, maxItems int, to *[]string) {
	if !f.has(key) {
		return
	}
	items, ok := f.fields[key].([]any)
	if !ok || len(items) > maxItems {
		f.fail("Invalid input for field '%s': it is not a list of up to %d strings", key, maxItems)
		return
	}
	texts := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := item.(string)
		if !ok || s == "" || len(s) > maxName {
			f.fail("Invalid input for field '%s': it is not a list of strings of 1 to %d characters", key, maxName)
			return
		}
		texts = append(texts, s)
	}
	*to = texts
}

// fixed fails if a field is sent that would change what can't be changed.
func (f *form) fixed(key, now, message string) {
	if f.has(key) && f.fields[key] != now {
		f.fail("%s", message)
	}
}

// rest adds to extra what was sent beside the fields that were asked for; null
// removes.
func (f *form) rest(extra map[string]any) map[string]any {
	merged := maps.Clone(extra)
	if merged == nil {
		merged = map[string]any{}
	}
	for key, value := range f.fields {
		switch {
		case f.read[key]:
		case value == nil:
			delete(merged, key)
		default:
			merged[key] = value
		}
	}
	if text, err := json.Marshal(merged); err != nil || len(text) > maxText {
		f.fail("The fields beside the known ones take more than %d bytes.", maxText)
	}
	return merged
}
