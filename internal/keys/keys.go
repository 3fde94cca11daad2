// Package keys makes and reads the keys that users log in to servers with: SSH
// keys, and X.509 certificates for Windows. It keeps nothing and asks nobody.
package keys

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the fingerprint that the API shows; it protects nothing
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/nova-api/nova-api/internal/nova"
)

// A Pair holds the halves of a key pair as the API shows them. Private is empty
// for a pair that was imported.
type Pair struct{ Public, Private, Fingerprint string }

// kinds says how the keys of each type are generated and read.
var kinds = map[string]struct {
	generate    func(user string, now time.Time) (Pair, error)
	fingerprint func(public string) (string, error)
}{
	nova.KeyPairSSH:  {generateSSH, sshFingerprint},
	nova.KeyPairX509: {generateX509, x509Fingerprint},
}

// Import reads the public half of a key pair, and keeps it as it is. The error
// is Invalid if it is no key of the type, or there is no such type.
func Import(kind, public string) (Pair, error) {
	k, ok := kinds[kind]
	if !ok {
		return Pair{}, noKind(kind)
	}
	fingerprint, err := k.fingerprint(public)
	return Pair{Public: public, Fingerprint: fingerprint}, err
}

// Generate makes both halves of a key pair for a user, whose ID stands in a
// certificate. The error is Invalid if there is no such type.
func Generate(kind, user string, now time.Time) (Pair, error) {
	k, ok := kinds[kind]
	if !ok {
		return Pair{}, noKind(kind)
	}
	return k.generate(user, now)
}

// noKind is a refusal that clients of the API never see: its schema knows the
// types.
func noKind(kind string) error {
	return nova.Errorf(nova.Invalid, "Keypair data is invalid: there is no type %s", kind)
}

const (
	keyBits      = 2048
	keyComment   = "Generated-by-Nova"
	certificates = 10 * 365 * 24 * time.Hour // how long a generated certificate is valid
)

// generateSSH makes an RSA key. The private half is PKCS#1 in PEM, which old
// clients can read, the public half a line of authorized_keys.
func generateSSH(string, time.Time) (Pair, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return Pair{}, fmt.Errorf("generate key: %w", err)
	}
	public, err := ssh.NewPublicKey(&key.PublicKey)
	if err != nil {
		return Pair{}, fmt.Errorf("generate key: %w", err)
	}
	return Pair{
		Public:      strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public))) + " " + keyComment,
		Private:     string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
		Fingerprint: ssh.FingerprintLegacyMD5(public),
	}, nil
}

// sshFingerprint reads one line of authorized_keys: type, key and comment. Options
// before the type are refused, as is a second line.
func sshFingerprint(public string) (string, error) {
	refused := nova.Errorf(nova.Invalid, "Keypair data is invalid: failed to generate fingerprint")
	line := strings.TrimRight(public, "\r\n")
	fields := strings.Fields(line)
	if len(fields) < 2 || !strings.HasPrefix(line, fields[0]) || strings.ContainsAny(line, "\r\n") {
		return "", refused
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil {
		return "", refused
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil || key.Type() != fields[0] {
		return "", refused
	}
	return ssh.FingerprintLegacyMD5(key), nil
}

// generateX509 makes a certificate that a Windows server accepts as its user's
// login. The public half is the certificate in PEM, the private half both in
// PKCS#12, base64, without a password.
func generateX509(user string, now time.Time) (Pair, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return Pair{}, fmt.Errorf("generate key: %w", err)
	}
	certificate, err := loginCertificate(key, user, now)
	if err != nil {
		return Pair{}, fmt.Errorf("generate certificate: %w", err)
	}
	both, err := pkcs12.Modern.Encode(key, certificate, nil, "")
	if err != nil {
		return Pair{}, fmt.Errorf("generate certificate: %w", err)
	}
	return Pair{
		Public:      string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})),
		Private:     base64.StdEncoding.EncodeToString(both),
		Fingerprint: certificateFingerprint(certificate),
	}, nil
}

// loginCertificate is signed by its own key. Windows finds the user by the user
// principal name, which stands among the certificate's alternative names.
func loginCertificate(key *rsa.PrivateKey, user string, now time.Time) (*x509.Certificate, error) {
	const serialBits = 128
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, err
	}
	names, err := principalName(user + "@localhost")
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:    serial,
		Subject:         pkix.Name{CommonName: user},
		NotBefore:       now,
		NotAfter:        now.Add(certificates),
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		ExtraExtensions: []pkix.Extension{names},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(raw)
}

// principalName is the extension "subject alternative name" with a single name,
// of the type that Microsoft defined for logins.
func principalName(name string) (pkix.Extension, error) {
	type otherName struct {
		Kind  asn1.ObjectIdentifier
		Value string `asn1:"utf8,explicit,tag:0"`
	}
	value, err := asn1.Marshal(struct {
		Name otherName `asn1:"tag:0"`
	}{otherName{asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3}, name}})
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value}, err
}

var errNoPEM = errors.New("it is not in PEM")

// x509Fingerprint is the fingerprint of a certificate in PEM. The reason for a
// refusal is our own: Nova's is that of its library.
func x509Fingerprint(public string) (string, error) {
	certificate, err := readCertificate(public)
	if err != nil {
		return "", nova.Errorf(nova.Invalid, "Keypair data is invalid: failed to generate X509 fingerprint. Error message: %v", err)
	}
	return certificateFingerprint(certificate), nil
}

// readCertificate reads the first block of a text in PEM, whatever it is called.
func readCertificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errNoPEM
	}
	return x509.ParseCertificate(block.Bytes)
}

// certificateFingerprint is the SHA-1 of the certificate in DER, in hexadecimal
// with colons, as openssl prints it.
func certificateFingerprint(c *x509.Certificate) string {
	sum := sha1.Sum(c.Raw) //nolint:gosec // see the import
	return strings.ReplaceAll(fmt.Sprintf("% x", sum), " ", ":")
}
