package schema

// These are values that several bodies share.
var (
	Name         = String.Format("name").Length(1, 255)
	PaddedName   = String.Format("padded_name").Length(1, 255)
	Text255      = String.AtMost(255)
	Label        = String.Length(1, 255)
	HostName     = String.Pattern(`^[a-zA-Z0-9-._]*$`).Length(1, 255)
	UUID         = String.Format("uuid")
	IPv4         = String.Format("ipv4")
	IPv6         = String.Format("ipv6")
	IP           = String.with("oneOf", []Schema{Schema{}.Format("ipv4"), Schema{}.Format("ipv6")})
	Base64       = String.Format("base64")
	DateTime     = String.Format("date-time")
	Regexp       = String.Format("regex")
	Tag          = String.Pattern(`^[^,/]*$`).Length(1, 60)
	Description  = String.OrNull().Length(0, 255).Pattern(printablePattern)
	Metadata     = Map(metadataKey, Text255)
	IntOrString  = Integer.Or(String)
	Natural      = IntOrString.Pattern(`^[0-9]*$`).Minimum(0).AtLeast(1)
	Positive     = IntOrString.Pattern(`^[0-9]*$`).Minimum(1).AtLeast(1)
	DatabaseInt  = IntOrString.Pattern(`^[0-9]+$`).Minimum(0).Maximum(maxInt)
	DatabaseSize = IntOrString.Pattern(`^[0-9]+$`).Minimum(1).Maximum(maxInt)
	Boolean      = typed("boolean", "string").with("enum", truths)
)

const (
	maxInt      = 1<<31 - 1
	metadataKey = `^[a-zA-Z0-9-_:. ]{1,255}$`
)

// truths are the accepted ways to write yes and no: those of
// parameter_types.boolean in Nova.
var truths = []any{
	true, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes",
	false, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no",
}
