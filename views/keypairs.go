package views

import "github.com/nova-api/nova-api/internal/nova"

// KeyPairs renders the keys that users log in to servers with.
type KeyPairs struct{}

// Index lists key pairs, each in an object of its own under the key "keypair".
// There are pages since 2.35.
func (v KeyPairs) Index(r Request, pairs []nova.KeyPair) Dict {
	return Dict{
		{"keypairs", each(r, pairs, v.basic)},
		nextPage(r, "keypairs_links", "os-keypairs", pairs, keyPairName).If(r.AtLeast(35)),
	}
}

// Show renders one key pair. The times of deletion and change are for
// compatibility: key pairs never change.
func (KeyPairs) Show(r Request, k nova.KeyPair) Dict {
	return Dict{{"keypair", Dict{
		{"name", k.Name},
		{"public_key", k.PublicKey},
		{"fingerprint", k.Fingerprint},
		{"user_id", k.UserID},
		{"created_at", naive(k.CreatedAt)},
		{"deleted", false},
		{"deleted_at", nil},
		{"id", k.Serial},
		{"updated_at", nil},
		since(r, 2, "type", k.Type),
	}}}
}

// Created renders a new key pair. A generated pair has its private key in this
// reply alone.
func (KeyPairs) Created(r Request, k nova.KeyPair, private string) Dict {
	return Dict{{"keypair", Dict{
		Field{"private_key", private}.If(private != ""),
		since(r, 2, "type", k.Type),
		{"name", k.Name},
		{"public_key", k.PublicKey},
		{"fingerprint", k.Fingerprint},
		{"user_id", k.UserID},
	}}}
}

func (KeyPairs) basic(r Request, k nova.KeyPair) Dict {
	return Dict{{"keypair", Dict{
		{"name", k.Name},
		{"public_key", k.PublicKey},
		{"fingerprint", k.Fingerprint},
		since(r, 2, "type", k.Type),
	}}}
}

func keyPairName(k nova.KeyPair) string { return k.Name }
