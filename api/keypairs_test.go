package api_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"software.sslmate.com/src/go-pkcs12"

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

// keyPair is a request that imports a key.
func keyPair(name, key string) string {
	return fmt.Sprintf(`POST /v2.1/os-keypairs {"keypair": {"name": %q, "public_key": %s}}`, name, quoted(key))
}

func TestKeyPairs_Import(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		for _, c := range []struct{ name, key, fingerprint string }{
			{"rsa", rsaKey + " me@host", rsaMD5},
			{"rsa2", rsaKey + " extra words\n", rsaMD5},
			{"ed", edKey, edMD5},
			{"ec", ecKey + " ", ecMD5},
		} {
			s.Do(keyPair(c.name, c.key), as("demo")).Want(t, 200, whole(fmt.Sprintf(
				`{"keypair": {"name": %q, "public_key": %s, "fingerprint": %q, "user_id": "demo-user"}}`, c.name, quoted(c.key), c.fingerprint)))
		}
		s.Do(keyPair("typed", edKey), as("demo"), at(2)).Want(t, 201, has("keypair/type", "ssh"), lacks("keypair/private_key"))
		s.Do(`POST /v2.1/os-keypairs {"keypair": {"name": "x", "type": "x509", "public_key": `+quoted(certificate)+`}}`, as("demo"), at(2)).
			Want(t, 201, has("keypair/type", "x509"), has("keypair/public_key", certificate), has("keypair/fingerprint", certificateSHA1))
		s.Do(keyPair("rsa", edKey), as("demo")).Want(t, 409, fault("conflictingRequest", "Key pair 'rsa' already exists."))
		s.Do(keyPair("rsa", edKey), as("alt")).Want(t, 200)
		s.Do(`POST /v2/os-keypairs {"keypair": {"name": " old ", "public_key": `+quoted(edKey)+`, "unknown": 1}}`, as("demo")).
			Want(t, 200, has("keypair/name", "old"))
	})
}

func TestKeyPairs_ImportRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		blob := strings.Fields(rsaKey)[1]
		for _, key := range []string{
			"", " ", "garbage", "ssh-rsa", "ssh-rsa AAAA", "ssh-dss " + blob, blob, "x " + rsaKey, "  " + rsaKey,
			rsaKey + "\n" + edKey, rsaKey + " me\n" + edKey, `command="ls" ` + rsaKey, "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAB",
		} {
			s.Do(keyPair("bad", key), as("demo")).Want(t, 400, fault("badRequest", "Keypair data is invalid: failed to generate fingerprint"))
		}
		for _, text := range []string{"garbage", rsaKey, strings.Replace(certificate, "MIIC", "AAAA", 1)} {
			reply := s.Do(`POST /v2.1/os-keypairs {"keypair": {"name": "x", "type": "x509", "public_key": `+quoted(text)+`}}`, as("demo"), at(2)).Want(t, 400)
			if !strings.HasPrefix(reply.String("badRequest/message"), "Keypair data is invalid: failed to generate X509 fingerprint. Error message: ") {
				t.Errorf("%q: %s", text, reply.text)
			}
		}
		for _, c := range []struct {
			body  string
			minor int
		}{
			{`{"name": "a:b"}`, 1},
			{`{"name": ""}`, 1},
			{`{"name": "a", "type": "ssh"}`, 1},
			{`{"name": "a", "type": "dsa"}`, 2},
			{`{"name": "a", "user_id": "x"}`, 9},
			{`{"name": "a", "public_key": null}`, 1},
			{`{"name": "a@b.c"}`, 91},
			{`{"name": "a@b.c"}`, 92},
		} {
			s.Do(`POST /v2.1/os-keypairs {"keypair": `+c.body+`}`, as("demo"), at(c.minor)).Want(t, 400)
		}
		s.Do(keyPair("a@b.c", rsaKey), as("demo"), at(92)).Want(t, 201)
		s.Do("GET /v2.1/os-keypairs/a@b.c", as("demo"), at(92)).Want(t, 200)
	})
}

func TestKeyPairs_GenerateSSH(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		r := s.Do(`POST /v2.1/os-keypairs {"keypair": {"name": "made"}}`, as("demo"), at(91)).Want(t, 201, has("keypair/type", "ssh"))
		private, err := ssh.ParsePrivateKey([]byte(r.String("keypair/private_key")))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(r.String("keypair/private_key"), "-----BEGIN RSA PRIVATE KEY-----\n") {
			t.Errorf("private key: not PKCS#1")
		}
		public, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(r.String("keypair/public_key")))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(public.Marshal(), private.PublicKey().Marshal()) || comment != "Generated-by-Nova" {
			t.Errorf("public key: not of the private key, or comment %q", comment)
		}
		if got := r.String("keypair/fingerprint"); got != ssh.FingerprintLegacyMD5(public) {
			t.Errorf("fingerprint %q", got)
		}
		s.Do("GET /v2.1/os-keypairs/made", as("demo")).Want(t, 200, lacks("keypair/private_key"))
	})
}

func TestKeyPairs_GenerateX509(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		r := s.Do(`POST /v2.1/os-keypairs {"keypair": {"name": "made", "type": "x509"}}`, as("demo"), at(2)).Want(t, 201, has("keypair/type", "x509"))
		both, err := base64.StdEncoding.DecodeString(r.String("keypair/private_key"))
		if err != nil {
			t.Fatal(err)
		}
		private, inside, err := pkcs12.Decode(both, "")
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode([]byte(r.String("keypair/public_key")))
		if block == nil || !bytes.Equal(block.Bytes, inside.Raw) {
			t.Fatal("the certificate is not the one beside the private key")
		}
		if key, ok := private.(*rsa.PrivateKey); !ok || !key.PublicKey.Equal(inside.PublicKey) {
			t.Error("the private key is not the certificate's")
		}
		if inside.Subject.CommonName != "demo-user" || !slices.Contains(inside.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
			t.Errorf("subject %v, usage %v", inside.Subject, inside.ExtKeyUsage)
		}
		if err := inside.CheckSignatureFrom(inside); err == nil || inside.CheckSignature(inside.SignatureAlgorithm, inside.RawTBSCertificate, inside.Signature) != nil {
			t.Errorf("signature: %v (it is no authority's, but its own)", err)
		}
		if !bytes.Contains(inside.Raw, []byte("demo-user@localhost")) {
			t.Error("there is no principal name")
		}
		want := strings.ReplaceAll(fmt.Sprintf("% x", sha1.Sum(inside.Raw)), " ", ":")
		if got := r.String("keypair/fingerprint"); got != want {
			t.Errorf("fingerprint %q, want %q", got, want)
		}
	})
}

func TestKeyPairs_ShowAndDelete(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.Do(keyPair("mine", edKey), as("demo")).Want(t, 200)
		s.Do("GET /v2.1/os-keypairs/mine", as("demo")).Want(t, 200,
			has("keypair/name", "mine"), has("keypair/fingerprint", edMD5), has("keypair/user_id", "demo-user"),
			has("keypair/deleted", false), has("keypair/deleted_at", nil), has("keypair/updated_at", nil), lacks("keypair/type"))
		s.Do("GET /v2.1/os-keypairs/mine", as("demo"), at(2)).Want(t, 200, has("keypair/type", "ssh"))
		gone := fault("itemNotFound", "Keypair nope not found for user demo-user")
		s.Do("GET /v2.1/os-keypairs/nope", as("demo")).Want(t, 404, gone)
		s.Do("DELETE /v2.1/os-keypairs/nope", as("demo")).Want(t, 404, gone)
		s.Do("DELETE /v2.1/os-keypairs/mine", as("alt")).Want(t, 404)
		s.Do("DELETE /v2.1/os-keypairs/mine", as("demo")).Want(t, 202, empty)
		s.Do(keyPair("mine", edKey), as("demo")).Want(t, 200)
		s.Do("DELETE /v2.1/os-keypairs/mine", as("demo"), at(2)).Want(t, 204, empty)
		s.Do("GET /v2.1/os-keypairs", as("demo")).Want(t, 200, whole(`{"keypairs": []}`))
	})
}

func TestKeyPairs_List(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		for _, name := range []string{"c", "a", "b"} {
			s.Do(keyPair(name, edKey), as("demo")).Want(t, 200)
		}
		s.Do("GET /v2.1/os-keypairs", as("demo")).Want(t, 200, has("keypairs/0", map[string]any{
			"keypair": map[string]any{"name": "a", "public_key": edKey, "fingerprint": edMD5},
		}))
		for _, c := range []struct {
			query string
			minor int
			names []string
			next  string
		}{
			{"", 1, []string{"a", "b", "c"}, ""},
			{"?limit=1", 34, []string{"a", "b", "c"}, ""},
			{"?limit=2", 35, []string{"a", "b"}, "http://nova.example/v2.1/os-keypairs?limit=2&marker=b"},
			{"?limit=2&marker=b", 35, []string{"c"}, ""},
			{"?limit=0", 35, nil, ""},
			{"?bogus=1", 74, []string{"a", "b", "c"}, ""},
			{"?user_id=alt-user", 9, []string{"a", "b", "c"}, ""},
			{"?user_id=", 10, []string{"a", "b", "c"}, ""},
		} {
			r := s.Do("GET /v2.1/os-keypairs"+c.query, as("demo"), at(c.minor)).Want(t, 200)
			var names []string
			for i := range r.Len("keypairs") {
				names = append(names, r.String(fmt.Sprintf("keypairs/%d/keypair/name", i)))
			}
			if next := r.String("keypairs_links/0/href"); !slices.Equal(names, c.names) || next != c.next {
				t.Errorf("%s at 2.%d: %q, next %q", c.query, c.minor, names, next)
			}
		}
		s.Do("GET /v2.1/os-keypairs?marker=nope", as("demo"), at(35)).Want(t, 400, fault("badRequest", "Marker nope could not be found."))
		s.Do("GET /v2.1/os-keypairs?marker=", as("demo"), at(35)).Want(t, 400, fault("badRequest", "Marker  could not be found."))
		s.Do("GET /v2.1/os-keypairs?marker=", as("demo"), at(34)).Want(t, 200)
		s.Do("GET /v2.1/os-keypairs?bogus=1", as("demo"), at(75)).Want(t, 400)
	})
}

func TestKeyPairs_OfAnotherUser(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.Do(`POST /v2.1/os-keypairs {"keypair": {"name": "k", "user_id": "demo-user", "public_key": `+quoted(edKey)+`}}`, at(10)).
			Want(t, 201, has("keypair/user_id", "demo-user"))
		s.Do("GET /v2.1/os-keypairs/k?user_id=demo-user", at(10)).Want(t, 200)
		s.Do("GET /v2.1/os-keypairs/k", at(10)).Want(t, 404)
		s.Do("GET /v2.1/os-keypairs?user_id=demo-user", at(10)).Want(t, 200, has("keypairs/0/keypair/name", "k"))
		s.Do("GET /v2.1/os-keypairs?user_id=nobody", at(10)).Want(t, 200, whole(`{"keypairs": []}`))
		refused := func(rule string) check {
			return fault("forbidden", "Policy doesn't allow os_compute_api:os-keypairs:"+rule+" to be performed.")
		}
		s.Do("GET /v2.1/os-keypairs?user_id=demo-user", as("alt"), at(10)).Want(t, 403, refused("index"))
		s.Do("GET /v2.1/os-keypairs/k?user_id=demo-user", as("alt"), at(10)).Want(t, 403, refused("show"))
		s.Do("DELETE /v2.1/os-keypairs/k?user_id=demo-user", as("alt"), at(10)).Want(t, 403, refused("delete"))
		s.Do(`POST /v2.1/os-keypairs {"keypair": {"name": "k", "user_id": "demo-user"}}`, as("alt"), at(10)).Want(t, 403, refused("create"))
		s.Do("DELETE /v2.1/os-keypairs/k?user_id=demo-user", at(10)).Want(t, 204)
		s.Do(keyPair("reader's", edKey), as("reader")).Want(t, 400)
		s.Do(keyPair("readers", edKey), as("reader")).Want(t, 200)
	})
}

// TestKeyPairs_Quota lets fifty requests at once race for five key pairs.
func TestKeyPairs_Quota(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		const limit, requests = 5, 50
		if err := s.store.SetProjectQuota(t.Context(), demoProject, nova.Quota{nova.QuotaKeyPairs: limit}); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		replies := make([]*reply, requests)
		for i := range replies {
			group.Go(func() { replies[i] = s.Do(keyPair(fmt.Sprint("k", i), edKey), as("demo")) })
		}
		group.Wait()
		made := 0
		for _, r := range replies {
			if r.status == 200 {
				made++
				continue
			}
			r.Want(t, 403, fault("forbidden", "Quota exceeded, too many key pairs."))
		}
		count, err := s.store.KeyPairCount(context.WithoutCancel(t.Context()), "demo-user")
		if err != nil {
			t.Fatal(err)
		}
		if made != limit || count != limit {
			t.Errorf("%d were made and %d are there, want %d", made, count, limit)
		}
		s.Do(keyPair("other", edKey), as("alt")).Want(t, 200)
		s.Do("DELETE /v2.1/os-keypairs/"+s.Do("GET /v2.1/os-keypairs", as("demo")).String("keypairs/0/keypair/name"), as("demo")).Want(t, 202)
		s.Do(keyPair("again", edKey), as("demo")).Want(t, 200)
		s.Do(keyPair("more", "garbage"), as("demo")).Want(t, 403) // the quota goes before the key
	})
}

func TestSamples_KeyPairs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		create := `POST /v2.1/os-keypairs {"keypair": {"name": "k%d"}}`
		imported := `POST /v2.1/os-keypairs {"keypair": {"name": "i%d", "public_key": "` + edKey + `"}}`
		s.conform(t, []sample{
			{"os-keypairs/keypairs-post-resp.json", fmt.Sprintf(create, 1), 1, 200, nil},
			{"os-keypairs/keypairs-import-post-resp.json", fmt.Sprintf(imported, 1), 1, 200, nil},
			{"os-keypairs/keypairs-get-resp.json", "GET /v2.1/os-keypairs/k1", 1, 200, nil},
			{"os-keypairs/keypairs-list-resp.json", "GET /v2.1/os-keypairs", 1, 200, nil},
			{"os-keypairs/v2.2/keypairs-post-resp.json", fmt.Sprintf(create, 2), 2, 201, nil},
			{"os-keypairs/v2.2/keypairs-import-post-resp.json", fmt.Sprintf(imported, 2), 2, 201, nil},
			{"os-keypairs/v2.2/keypairs-get-resp.json", "GET /v2.1/os-keypairs/k1", 2, 200, nil},
			{"os-keypairs/v2.2/keypairs-list-resp.json", "GET /v2.1/os-keypairs", 2, 200, nil},
			{"os-keypairs/v2.10/keypairs-post-resp.json", fmt.Sprintf(create, 10), 10, 201, nil},
			{"os-keypairs/v2.10/keypairs-get-resp.json", "GET /v2.1/os-keypairs/k1", 10, 200, nil},
			{"os-keypairs/v2.35/keypairs-list-resp.json", "GET /v2.1/os-keypairs?limit=1", 35, 200, nil},
			{"os-keypairs/v2.92/keypairs-import-post-resp.json", fmt.Sprintf(imported, 92), 92, 201, nil},
		})
	})
}
