package schema

// FlavorExtraSpecsCreate is the body of POST /flavors/{id}/os-extra_specs.
var FlavorExtraSpecsCreate = NewBody(Object(Prop("extra_specs", extraSpecs).Required()))

// FlavorExtraSpecUpdate is the body of PUT /flavors/{id}/os-extra_specs/{key}.
var FlavorExtraSpecUpdate = NewBody(extraSpecs.Keys(1, 1))

var extraSpecs = Map(metadataKey, String.Or(Number).AtMost(255))

// CreateFlavorExtraSpecs is FlavorExtraSpecsCreate, decoded.
type CreateFlavorExtraSpecs struct {
	ExtraSpecs map[string]Text `json:"extra_specs"`
}

// UpdateFlavorExtraSpec is FlavorExtraSpecUpdate, decoded: one key.
type UpdateFlavorExtraSpec map[string]Text
