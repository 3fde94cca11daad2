package views

import (
	"testing"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
)

func TestKeyPairs_EveryVersion(t *testing.T) {
	t.Parallel()
	var v KeyPairs
	pair := nova.KeyPair{
		Serial: 12, UserID: "u", Name: "k", Type: "ssh", Fingerprint: "85:e4", PublicKey: "ssh-ed25519 AAAA me@host",
		CreatedAt: time.Date(2026, 11, 22, 18, 44, 2, 0, time.UTC),
	}
	for _, c := range []struct {
		name   string
		breaks []int
		render func(Request) Dict
	}{
		{"keypair", []int{2}, func(r Request) Dict { return v.Show(r, pair) }},
		{"keypair_imported", []int{2}, func(r Request) Dict { return v.Created(r, pair, "") }},
		{"keypair_generated", []int{2}, func(r Request) Dict { return v.Created(r, pair, "-----BEGIN…") }},
		{"keypairs", []int{2}, func(r Request) Dict { return v.Index(r, []nova.KeyPair{pair}) }},
		{"keypairs_full_page", []int{2, 35}, func(r Request) Dict { return v.Index(fullPage{r}, []nova.KeyPair{pair}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			everyVersion(t, c.name, c.breaks, c.render)
		})
	}
}

// fullPage is a request for one item.
type fullPage struct{ Request }

func (fullPage) Limit() int { return 1 }
