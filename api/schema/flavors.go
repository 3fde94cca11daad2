package schema

import "encoding/json"

// FlavorCreate is the body of POST /flavors.
var FlavorCreate = NewBody(Object(Prop("flavor", Object(
	Prop("name", Name).Required().Legacy(PaddedName),
	Prop("id", String.Or(Number).OrNull().Length(1, 255).Pattern(flavorIDPattern)),
	Prop("ram", DatabaseSize).Required(),
	Prop("vcpus", DatabaseSize).Required(),
	Prop("disk", DatabaseInt).Required(),
	Prop("OS-FLV-EXT-DATA:ephemeral", DatabaseInt),
	Prop("swap", DatabaseInt),
	Prop("rxtx_factor", rxtxFactor).Until(101),
	Prop("os-flavor-access:is_public", Boolean),
	Prop("description", flavorDescription).Since(55),
)).Required()))

// FlavorUpdate is the body of PUT /flavors/{id}.
var FlavorUpdate = NewBody(Object(Prop("flavor", Object(
	Prop("description", flavorDescription).Required(),
)).Required())).Since(55)

var (
	flavorDescription = String.OrNull().Length(0, 65535).Pattern(printablePattern)
	rxtxFactor        = Number.Or(String).Pattern(`^[0-9]+(\.[0-9]+)?$`).
				with("exclusiveMinimum", 0).
				with("maximum", json.Number("3.40282e+38"))
)

// FlavorCreateBody is FlavorCreate, decoded.
type FlavorCreateBody struct {
	Flavor struct {
		Name        string  `json:"name"`
		ID          *Text   `json:"id"` // nil: make one up
		RAM         Int     `json:"ram"`
		VCPUs       Int     `json:"vcpus"`
		Disk        Int     `json:"disk"`
		Ephemeral   Int     `json:"OS-FLV-EXT-DATA:ephemeral"`
		Swap        Int     `json:"swap"`
		RxTx        *Float  `json:"rxtx_factor"`                // nil: 1
		Public      *Bool   `json:"os-flavor-access:is_public"` // nil: true
		Description *string `json:"description"`
	} `json:"flavor"`
}

// FlavorUpdateBody is FlavorUpdate, decoded.
type FlavorUpdateBody struct {
	Flavor struct {
		Description *string `json:"description"` // nil: none
	} `json:"flavor"`
}
