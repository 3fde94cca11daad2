package schema

import (
	"bytes"
	"encoding/json"
)

// FlavorExtraSpecsCreate is the body of POST /flavors/{id}/os-extra_specs.
var FlavorExtraSpecsCreate = NewBody(Object(Prop("extra_specs", extraSpecs).Required()))

// FlavorExtraSpecUpdate is the body of PUT /flavors/{id}/os-extra_specs/{key}.
var FlavorExtraSpecUpdate = NewBody(extraSpecs.Keys(1, 1))

// extraSpecs are texts or numbers by key.
var extraSpecs = Map(metadataKey, String.Or(Number).AtMost(255))

// FlavorExtraSpecsCreateBody is FlavorExtraSpecsCreate, decoded.
type FlavorExtraSpecsCreateBody struct {
	ExtraSpecs ExtraSpecs `json:"extra_specs"`
}

// FlavorExtraSpecUpdateBody is FlavorExtraSpecUpdate, decoded: one key.
type FlavorExtraSpecUpdateBody = ExtraSpecs

// ExtraSpecs are texts by key. A client may give numbers, which are kept as
// texts.
type ExtraSpecs map[string]extraSpec

// An extraSpec is a value in both forms: as it is kept, and as the client wrote
// it.
type extraSpec struct {
	text  string
	given any // a string or a json.Number
}

// UnmarshalJSON reads a string or a number.
func (s *extraSpec) UnmarshalJSON(data []byte) error {
	var text Text
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	s.text, s.given = string(text), any(string(text))
	if !bytes.HasPrefix(data, []byte(`"`)) {
		s.given = json.Number(data)
	}
	return nil
}

// Texts returns the extra specs as the store keeps them.
func (e ExtraSpecs) Texts() map[string]string {
	texts := make(map[string]string, len(e))
	for key, spec := range e {
		texts[key] = spec.text
	}
	return texts
}

// Given returns the extra specs as the client wrote them: strings and numbers.
func (e ExtraSpecs) Given() map[string]any {
	given := make(map[string]any, len(e))
	for key, spec := range e {
		given[key] = spec.given
	}
	return given
}
