package schema

// The actions that put a server on another image.
var (
	Rebuild = action("rebuild", Object(
		Prop("name", Name).Legacy(PaddedName),
		Prop("imageRef", UUID).Required(),
		Prop("adminPass", String),
		Prop("metadata", Metadata),
		Prop("preserve_ephemeral", Boolean),
		Prop("OS-DCF:diskConfig", diskConfig),
		Prop("accessIPv4", IPv4),
		Prop("accessIPv6", IPv6),
		Prop("personality", personality).Until(56),
		Prop("description", Description).Since(19),
		Prop("key_name", OneOf(Label, None)).Since(54),
		Prop("user_data", userData.OrNull()).Since(57),
		Prop("trusted_image_certificates", trustedCertificates).Since(63),
		Prop("hostname", shortHostName).Since(90).Until(93),
		Prop("hostname", HostName).Since(94),
	))
	Rescue = action("rescue", Object(
		Prop("adminPass", String),
		Prop("rescue_image_ref", UUID),
	).OrNull())
)

// RebuildBody is Rebuild, decoded.
type RebuildBody struct {
	Rebuild struct {
		Name                     *string           `json:"name"`
		ImageRef                 string            `json:"imageRef"`
		AdminPass                *string           `json:"adminPass"`
		Metadata                 map[string]string `json:"metadata"` // nil: as it is
		PreserveEphemeral        Bool              `json:"preserve_ephemeral"`
		DiskConfig               *string           `json:"OS-DCF:diskConfig"`
		AccessIPv4               *string           `json:"accessIPv4"`
		AccessIPv6               *string           `json:"accessIPv6"`
		Personality              []File            `json:"personality"`
		Description              Null[string]      `json:"description"`
		KeyName                  Null[string]      `json:"key_name"`
		UserData                 Null[string]      `json:"user_data"`
		TrustedImageCertificates Null[[]string]    `json:"trusted_image_certificates"`
		Hostname                 *string           `json:"hostname"`
	} `json:"rebuild"`
}

// RescueBody is Rescue, decoded.
type RescueBody struct {
	Rescue struct {
		AdminPass *string `json:"adminPass"`
		ImageRef  string  `json:"rescue_image_ref"` // "": the server's own
	} `json:"rescue"`
}
