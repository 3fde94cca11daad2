package schema

import "testing"

func TestKeyPairCreate(t *testing.T) {
	t.Parallel()
	const (
		notAllowed = "Invalid input for field/attribute name. Value: "
		stranger   = "Additional properties are not allowed "
	)
	checkBody(t, KeyPairCreate, []bodyCase{
		{1, `{"keypair": {"name": "my key-1_"}}`, ""},
		{
			1, `{"keypair": {"name": "a", "type": "ssh"}}`,
			"Invalid input for field/attribute keypair. Value: {'name': 'a', 'type': 'ssh'}. " + stranger + "('type' was unexpected)",
		},
		{2, `{"keypair": {"name": "a", "type": "x509"}}`, ""},
		{
			2, `{"keypair": {"name": "a", "type": "dsa"}}`,
			"Invalid input for field/attribute type. Value: dsa. 'dsa' is not one of ['ssh', 'x509']",
		},
		{
			9, `{"keypair": {"name": "a", "user_id": "u"}}`,
			"Invalid input for field/attribute keypair. Value: {'name': 'a', 'user_id': 'u'}. " + stranger + "('user_id' was unexpected)",
		},
		{10, `{"keypair": {"name": "a", "user_id": "u"}}`, ""},
		{91, `{"keypair": {"name": "a@b.c"}}`, notAllowed + `a@b.c. 'a@b.c' does not match '^[_\\- a-zA-Z0-9]+$'`},
		{92, `{"keypair": {"name": "a@b.c", "public_key": "k"}}`, ""},
		{92, `{"keypair": {"name": "a*", "public_key": "k"}}`, notAllowed + `a*. 'a*' does not match '^[_\\-\\@\\. a-zA-Z0-9]+$'`},
		{
			92, `{"keypair": {"name": "a"}}`,
			"Invalid input for field/attribute keypair. Value: {'name': 'a'}. 'public_key' is a required property",
		},
		{104, `{"keypair": {"name": "", "public_key": "k"}}`, "Invalid input for field/attribute name. Value: . '' should be non-empty"},
		{0, `{"keypair": {"name": " a@b* ", "type": 5}}`, ""},
		{
			0, `{"keypair": {"name": ""}}`,
			"An invalid 'name' value was provided. The name must be: printable characters with at least one non space character",
		},
		{1, `{"keypair": {"name": "a\n"}}`, ""}, // a $ of Python's stands before it
	})
}
