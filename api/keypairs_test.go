package api_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/keys"
	"github.com/nova-api/nova-api/internal/nova"
)

// A public key, with the fingerprint that ssh-keygen -l -E md5 gives.
const (
	edKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDU20SmAyHrohONePKYGTcgFA43D+PZBGy+9nv112nZX"
	edMD5 = "85:e4:32:1d:53:c2:38:5d:8b:4b:8d:07:a9:ac:bc:ee"
)

// keyPair is a request that imports a key.
func keyPair(name, key string) string {
	return fmt.Sprintf(`POST /v2.1/os-keypairs {"keypair": {"name": %q, "public_key": %s}}`, name, quoted(key))
}

func TestKeyPairs_Import(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		for _, c := range []struct{ name, key, fingerprint string }{
			{"ed", edKey, edMD5},
			{"ed2", edKey + " extra words\n", edMD5},
		} {
			s.Do(keyPair(c.name, c.key), as("demo")).Want(t, 200, whole(fmt.Sprintf(
				`{"keypair": {"name": %q, "public_key": %s, "fingerprint": %q, "user_id": "demo-user"}}`, c.name, quoted(c.key), c.fingerprint)))
		}
		s.Do(keyPair("typed", edKey), as("demo"), at(2)).Want(t, 201, has("keypair/type", "ssh"), lacks("keypair/private_key"))
		certificate, err := keys.Generate(nova.KeyPairX509, "someone", time.Now())
		must(t, err)
		s.Do(`POST /v2.1/os-keypairs {"keypair": {"name": "x", "type": "x509", "public_key": `+quoted(certificate.Public)+`}}`, as("demo"), at(2)).
			Want(t, 201, has("keypair/type", "x509"), has("keypair/public_key", certificate.Public), has("keypair/fingerprint", certificate.Fingerprint))
		s.Do(keyPair("ed", edKey), as("demo")).Want(t, 409, fault("conflictingRequest", "Key pair 'ed' already exists."))
		s.Do(keyPair("ed", edKey), as("alt")).Want(t, 200)
		s.Do(`POST /v2/os-keypairs {"keypair": {"name": " old ", "public_key": `+quoted(edKey)+`, "unknown": 1}}`, as("demo")).
			Want(t, 200, has("keypair/name", "old"))
		s.Do(keyPair("newline\n", edKey), as("demo")).Want(t, 200, has("keypair/name", "newline"))
		s.Do(keyPair("newline", edKey), as("demo")).Want(t, 409)
	})
}

func TestKeyPairs_ImportRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.Do(keyPair("bad", "garbage"), as("demo")).Want(t, 400, fault("badRequest", "Keypair data is invalid: failed to generate fingerprint"))
		s.Do(`POST /v2.1/os-keypairs {"keypair": {"name": "x", "type": "x509", "public_key": "garbage"}}`, as("demo"), at(2)).Want(t, 400,
			fault("badRequest", "Keypair data is invalid: failed to generate X509 fingerprint. Error message: it is not in PEM"))
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
		s.Do(keyPair("a@b.c", edKey), as("demo"), at(92)).Want(t, 201)
		s.Do("GET /v2.1/os-keypairs/a@b.c", as("demo"), at(92)).Want(t, 200)
	})
}

// TestKeyPairs_Generate shows the private half once.
func TestKeyPairs_Generate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		for kind, private := range map[string]string{"ssh": "-----BEGIN RSA PRIVATE KEY-----\n", "x509": "MII"} {
			r := s.Do(fmt.Sprintf(`POST /v2.1/os-keypairs {"keypair": {"name": %q, "type": %q}}`, kind, kind), as("demo"), at(91)).
				Want(t, 201, has("keypair/type", kind))
			if !strings.HasPrefix(r.String("keypair/private_key"), private) {
				t.Errorf("private key of type %s: %s", kind, r.text)
			}
			s.Do("GET /v2.1/os-keypairs/"+kind, as("demo")).Want(t, 200, lacks("keypair/private_key"),
				has("keypair/public_key", r.String("keypair/public_key")), has("keypair/fingerprint", r.String("keypair/fingerprint")))
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
		s.Do("GET /v2.1/os-keypairs?user_id=nobody&user_id=demo-user", at(10)).Want(t, 200, whole(`{"keypairs": []}`))
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
