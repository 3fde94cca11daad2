package schema

// KeyPairCreate is the body of POST /os-keypairs.
var KeyPairCreate = NewBody(Object(Prop("keypair", Object(
	Prop("name", keyPairName(`^[_\- a-zA-Z0-9]+$`)).Required().Until(91).Legacy(PaddedName),
	Prop("name", keyPairName(`^[_\-\@\. a-zA-Z0-9]+$`)).Required().Since(92),
	Prop("type", Enum("ssh", "x509")).Since(2),
	Prop("public_key", String).Until(91),
	Prop("public_key", String).Required().Since(92),
	Prop("user_id", String).Since(10),
)).Required()))

// keyPairName is a name of a smaller alphabet. A name fails as a name first, as
// in Nova.
func keyPairName(pattern string) Schema { return AllOf(Name, String.Pattern(pattern).Length(1, 255)) }

// KeyPairCreateBody is KeyPairCreate, decoded.
type KeyPairCreateBody struct {
	KeyPair struct {
		Name      string  `json:"name"`
		Type      string  `json:"type"`       // "": ssh
		PublicKey *string `json:"public_key"` // nil: generate one
		UserID    string  `json:"user_id"`    // "": the caller's
	} `json:"keypair"`
}
