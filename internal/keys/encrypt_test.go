package keys_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/nova-api/nova-api/internal/keys"
)

// TestEncrypt decrypts what was encrypted, and finds the keys that nothing can be
// encrypted for.
func TestEncrypt(t *testing.T) {
	t.Parallel()
	const bits = 2048
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := string(ssh.MarshalAuthorizedKey(key))
	encrypted, err := keys.Encrypt(public+" me@here", "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(encrypted)
	if err != nil {
		t.Fatal(err)
	}
	got, err := rsa.DecryptPKCS1v15(nil, private, raw) //nolint:staticcheck // it is what clients do
	if err != nil || string(got) != "s3cret" {
		t.Errorf("decrypted %q, %v", got, err)
	}
	if _, err := keys.Encrypt(public, strings.Repeat("x", bits/8)); err == nil {
		t.Error("a text was encrypted that is too long for the key")
	}
	const ed = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBjwN2v0G0tN9p0kDgWyD2mXaA0nQ2S7h5kYpN7r0o5M me@here"
	for _, other := range []string{ed, "", "-----BEGIN CERTIFICATE-----"} {
		if got, err := keys.Encrypt(other, "s3cret"); got != "" || err != nil {
			t.Errorf("for %q: %q, %v", other, got, err)
		}
	}
}
