package keys

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// Encrypt encrypts a text for the owner of an RSA key in the format of SSH, and
// gives it in base64: empty for a key of another type. Clients decrypt it with
// openssl, which expects the padding of PKCS #1 v1.5. The error is about a text
// that is too long for the key.
func Encrypt(public, text string) (string, error) {
	parsed, _, _, _, err := ssh.ParseAuthorizedKey([]byte(public)) //nolint:dogsled // the rest is a comment and options
	if err != nil {
		return "", nil //nolint:nilerr // such as a certificate
	}
	standard, ok := parsed.(ssh.CryptoPublicKey)
	if !ok {
		return "", nil
	}
	key, ok := standard.CryptoPublicKey().(*rsa.PublicKey)
	if !ok {
		return "", nil
	}
	encrypted, err := rsa.EncryptPKCS1v15(rand.Reader, key, []byte(text)) //nolint:staticcheck // it is what clients decrypt
	if err != nil {
		return "", fmt.Errorf("encrypt for a key: %w", err)
	}
	return base64.StdEncoding.EncodeToString(encrypted), nil
}
