package keys_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/nova-api/nova-api/internal/keys"
	"github.com/nova-api/nova-api/internal/nova"
)

// Public keys, with the fingerprints that ssh-keygen -l -E md5 gives.
const (
	rsaKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCJhGCshNLT4rKyuUxKrk/JwjQ/jTHdxLXYXMIxwcop1ELdOf/JzQ/bEdbbgwF06L2kthwHzYG+RT6agi/DX68vaWgK41PHASd7kmzOceFcJuijSZhi/8lQ+oXtmUGZUOMbal6F5bLj0tK8Ldmxd/x+rbMBueKPP7c4YqBDiqUcGbUqS0DowEUkbnwPRDCj/TadbXQJwyMPhUo7qGatqBUwgZcokD+CLUyhcSfCa0BGZItpGEbp//JFXBfMupadlCxZoN0MbmEwy7g+SMhKZPf+WxLw54HFNto/P6Kh4Dt3cKCSkEmRGaW5dGynNg7i7gA+WcPYZgdUalbMF0x4Uuct"
	rsaMD5 = "96:b3:87:fb:2c:36:ba:fa:07:e4:d8:f3:a4:ea:b2:f4"

	edKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDU20SmAyHrohONePKYGTcgFA43D+PZBGy+9nv112nZX"
	edMD5 = "85:e4:32:1d:53:c2:38:5d:8b:4b:8d:07:a9:ac:bc:ee"

	ecKey = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBH3McWs/nkFOFMHxx3OZSa/PUq0ysIggdP7iyzBBXMakyg/UeOgcv1DJzwcCYLMflS6fCVuaS7IBfjcmAr9yPr0="
	ecMD5 = "b9:51:10:e8:c9:3c:7c:4c:6d:0a:52:d7:04:71:a7:bd"
)

// certificate is one whose SHA-1 fingerprint openssl gives.
const (
	certificate = `-----BEGIN CERTIFICATE-----
MIIC+TCCAeGgAwIBAgIUOjZz/UMKvARXW6ypb1DGHS2RKxYwDQYJKoZIhvcNAQEL
BQAwDDEKMAgGA1UEAwwBeDAeFw0yNjExMjIxODQ0MDNaFw0yNjEyMDIxODQ0MDNa
MAwxCjAIBgNVBAMMAXgwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQCj
nYjNlpqCMc/qoBFr22d6L4GDmphMBxjlFXZgOpgEayEROkSkM69XeN9857yX+vfK
0cUproz0FCMwTsu/5E0q+H/0F25/SwOXF8ecR6KfOoQUqK4L/wxEhfET908FXvIE
23XJLg3eWLKnf3T99Jse/J0oxjVDlmqz53d1ChJnFrV7POnGcDjeR++vXTJXc+O+
B3o1Sq3rpFWWBMZ+Sa28gYSfM0X108Q6T1/5ytS08bS/KSfNvVC1bBja3lM6If/C
/oDvPifrDTAyEObqlQ9VVO7Ja7D6A6F6LpIjL9U1BqqetZWh+RajuMmL3JYzOHru
pUg9yrt3E9dsiL8UrrRfAgMBAAGjUzBRMB0GA1UdDgQWBBS+ghXENcumgsUSESVA
dnTEhqwk4DAfBgNVHSMEGDAWgBS+ghXENcumgsUSESVAdnTEhqwk4DAPBgNVHRMB
Af8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQB+5pXw1GsqSyxoBXPHfNLytcSq
B+IrbL7zIawdQXdKMgeJ3UzlpYOe4LniX9SOxrNyCcgLIyo5RR8CfVJ0erQ8vhHR
USudGv5ZTqeCQ+oNcPqbZdnbsCLkJ5daLX6GDE2JamGiFMsF8HPcj9wbPfhmb9hj
VOna2fcJGxjJV1RyHyPeGJgNUemx5o3JeMWjhREABsK1irXos9nsQPEVMJ5xdWJM
fQ5hZfhKmKijR/rc1WzikJ97uKmgqmt+TAPULfpeSBJmcOpyW15rs4IMxV0uXSAy
Fc3IDCnSmnsU1rZ7FEKT3wsvRzyRxVvtz4pcClLy85djFwSrHogkWb4FeQRX
-----END CERTIFICATE-----
`
	certificateSHA1 = "6e:0a:a1:58:53:d4:9d:10:48:d5:4f:30:01:56:94:af:20:00:d7:81"
)

func TestImport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, key, fingerprint string }{
		{"ssh", rsaKey + " me@host", rsaMD5},
		{"ssh", rsaKey + " extra words\n", rsaMD5},
		{"ssh", edKey, edMD5},
		{"ssh", ecKey + " ", ecMD5},
		{"x509", certificate, certificateSHA1},
	} {
		got, err := keys.Import(c.kind, c.key)
		if want := (keys.Pair{Public: c.key, Fingerprint: c.fingerprint}); err != nil || got != want {
			t.Errorf("%q: %+v, %v", c.key, got, err)
		}
	}
}

func TestImport_Refused(t *testing.T) {
	t.Parallel()
	blob := strings.Fields(rsaKey)[1]
	const ssh, x509 = "Keypair data is invalid: failed to generate fingerprint", "Keypair data is invalid: failed to generate X509 fingerprint. Error message: "
	for _, c := range []struct{ kind, key, text string }{
		{"ssh", "", ssh},
		{"ssh", " ", ssh},
		{"ssh", "garbage", ssh},
		{"ssh", "ssh-rsa", ssh},
		{"ssh", "ssh-rsa AAAA", ssh},
		{"ssh", "ssh-dss " + blob, ssh},
		{"ssh", blob, ssh},
		{"ssh", "x " + rsaKey, ssh},
		{"ssh", "  " + rsaKey, ssh},
		{"ssh", rsaKey + "\n" + edKey, ssh},
		{"ssh", rsaKey + " me\n" + edKey, ssh},
		{"ssh", `command="ls" ` + rsaKey, ssh},
		{"ssh", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB", ssh},
		{"x509", "garbage", x509 + "it is not in PEM"},
		{"x509", rsaKey, x509 + "it is not in PEM"},
		{"x509", strings.Replace(certificate, "MIIC", "AAAA", 1), x509},
		{"dsa", rsaKey, "Keypair data is invalid: there is no type dsa"},
	} {
		_, err := keys.Import(c.kind, c.key)
		if !nova.Is(err, nova.Invalid) || !strings.HasPrefix(nova.Message(err), c.text) {
			t.Errorf("%s %q: %v, want %q", c.kind, c.key, err, c.text)
		}
	}
	if _, err := keys.Generate("dsa", "someone", time.Now()); !nova.Is(err, nova.Invalid) {
		t.Errorf("generate dsa: %v", err)
	}
}

func TestGenerate_SSH(t *testing.T) {
	t.Parallel()
	made, err := keys.Generate(nova.KeyPairSSH, "someone", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	private, err := ssh.ParsePrivateKey([]byte(made.Private))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(made.Private, "-----BEGIN RSA PRIVATE KEY-----\n") {
		t.Error("private key: not PKCS#1")
	}
	public, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(made.Public))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(public.Marshal(), private.PublicKey().Marshal()) || comment != "Generated-by-Nova" {
		t.Errorf("public key: not of the private key, or comment %q", comment)
	}
	if made.Fingerprint != ssh.FingerprintLegacyMD5(public) {
		t.Errorf("fingerprint %q", made.Fingerprint)
	}
}

func TestGenerate_X509(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	made, err := keys.Generate(nova.KeyPairX509, "someone", now)
	if err != nil {
		t.Fatal(err)
	}
	both, err := base64.StdEncoding.DecodeString(made.Private)
	if err != nil {
		t.Fatal(err)
	}
	private, inside, err := pkcs12.Decode(both, "")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(made.Public))
	if block == nil || !bytes.Equal(block.Bytes, inside.Raw) {
		t.Fatal("the certificate is not the one beside the private key")
	}
	if key, ok := private.(*rsa.PrivateKey); !ok || !key.PublicKey.Equal(inside.PublicKey) {
		t.Error("the private key is not the certificate's")
	}
	if inside.Subject.CommonName != "someone" || !slices.Contains(inside.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		t.Errorf("subject %v, usage %v", inside.Subject, inside.ExtKeyUsage)
	}
	if !inside.NotBefore.Equal(now) || inside.NotAfter.Before(now.AddDate(9, 0, 0)) {
		t.Errorf("valid from %v to %v", inside.NotBefore, inside.NotAfter)
	}
	if err := inside.CheckSignature(inside.SignatureAlgorithm, inside.RawTBSCertificate, inside.Signature); err != nil {
		t.Errorf("signature: %v", err)
	}
	if inside.CheckSignatureFrom(inside) == nil {
		t.Error("the certificate can sign others")
	}
	if !bytes.Contains(inside.Raw, []byte("someone@localhost")) {
		t.Error("there is no principal name")
	}
	sum := sha1.Sum(inside.Raw)
	if want := strings.ReplaceAll(fmt.Sprintf("% x", sum), " ", ":"); made.Fingerprint != want {
		t.Errorf("fingerprint %q, want %q", made.Fingerprint, want)
	}
}
