package identity

import (
	"encoding/json"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// maxExtra bounds the fields of a thing that no column has, in bytes of JSON.
const maxExtra = 16384

// A form is the body of a request that creates or changes a thing, once its
// shape has been checked. Its methods read fields into the thing; a field that
// was not sent leaves the thing as it is.
type form struct {
	fields   map[string]any
	creating bool   // read into a new thing
	hash     string // of the password, if one was sent
}

// decode reads the body of a request. The error is Invalid if it is not JSON, or
// said to be something else.
func (s *Service) decode(r *request, v any) error {
	// Clients that send no type are believed to send JSON, as by Keystone.
	kind := r.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(kind); kind != "" && (err != nil || media != "application/json") {
		return errMissing("application/json", "Content-Type header")
	}
	return s.Decode(r.Request, v)
}

// form reads a body of the shape {noun: {…}}. As in Keystone, a body without the
// noun is as good as one with nothing in it, but for regions.
func (r *request) form(noun string, s shape) (*form, error) {
	var body map[string]any
	if r.ContentLength != 0 {
		if err := r.service.decode(r, &body); err != nil {
			return nil, err
		}
		if body == nil { // it says null
			return nil, nova.Errorf(nova.Invalid, "%s", kit.Keystone.Malformed)
		}
	}
	content, sent := body[noun]
	if !sent && noun != "region" {
		content = map[string]any{}
	}
	if err := s.check(content); err != nil {
		return nil, err
	}
	fields, _ := content.(map[string]any)
	return &form{fields: fields}, nil
}

// errMissing says that a body lacks something, in Keystone's words.
func errMissing(what, where string) error {
	return nova.Errorf(nova.Invalid, "Expecting to find %s in %s. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.", what, where)
}

// text reads a text.
func (f *form) text(key string, to *string) {
	if s, ok := f.fields[key].(string); ok {
		*to = s
	}
}

// name reads a text without the spaces around it.
func (f *form) name(key string, to *string) {
	if s, ok := f.fields[key].(string); ok {
		*to = strings.TrimSpace(s)
	}
}

// textOrNull reads a text that may be null.
func (f *form) textOrNull(key string, to **string) {
	switch v := f.fields[key].(type) {
	case string:
		*to = &v
	case nil:
		if _, sent := f.fields[key]; sent {
			*to = nil
		}
	}
}

// enabled reads whether a thing is enabled.
func (f *form) enabled(to *bool) {
	if b, ok := f.fields["enabled"].(bool); ok {
		*to = b
	}
}

// texts reads a list of texts.
func (f *form) texts(key string, to *[]string) {
	items, ok := f.fields[key].([]any)
	if !ok {
		return
	}
	*to = make([]string, 0, len(items))
	for _, item := range items {
		s, _ := item.(string)
		*to = append(*to, s)
	}
}

// options adds the options that were sent to those that a thing has; null takes
// one away.
func (f *form) options(has map[string]any) map[string]any {
	sent, ok := f.fields["options"].(map[string]any)
	if !ok {
		return has
	}
	merged := map[string]any{}
	maps.Copy(merged, has)
	for name, value := range sent {
		if value == nil {
			delete(merged, name)
		} else {
			merged[name] = value
		}
	}
	return merged
}

// extra adds all fields that are not known to those that a thing has. The error
// is Invalid if they can't be stored.
func (f *form) extra(known []string, has map[string]any) (map[string]any, error) {
	merged := map[string]any{}
	maps.Copy(merged, has)
	for name, value := range f.fields {
		if !slices.Contains(known, name) {
			merged[name] = value
		}
	}
	text, err := json.Marshal(merged)
	if err != nil || len(text) > maxExtra {
		return nil, nova.Errorf(nova.Invalid, "The fields beside the known ones take more than %d bytes.", maxExtra)
	}
	var again map[string]any
	if err := json.Unmarshal(text, &again); err != nil { // a number such as 1e999, which nobody could read back
		return nil, nova.Errorf(nova.Invalid, "%s", kit.Keystone.Malformed)
	}
	return again, nil
}
