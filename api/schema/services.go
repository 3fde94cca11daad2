package schema

// ServicesQuery is that of GET /os-services.
var ServicesQuery = NewQuery(
	Param("host", String),
	Param("binary", String),
).Strict(75)

// ServiceUpdate is the body of PUT /os-services/{id}. Until 2.52 it names the
// service, and the path says what is to be done.
var ServiceUpdate = NewBody(Object(
	Prop("host", HostName).Required().Until(52),
	Prop("binary", Label).Required().Until(52),
	Prop("status", Enum("enabled", "disabled")).Since(53),
	Prop("disabled_reason", Label),
	Prop("forced_down", Boolean).Since(11),
))

// ServiceUpdateBody is ServiceUpdate, decoded. Nil is what was left out.
type ServiceUpdateBody struct {
	Host           string  `json:"host"`
	Binary         string  `json:"binary"`
	Status         *string `json:"status"`
	DisabledReason *string `json:"disabled_reason"`
	ForcedDown     *Bool   `json:"forced_down"`
}
