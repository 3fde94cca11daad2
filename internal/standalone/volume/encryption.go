package volume

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// encryptionRoutes are the calls about how the volumes of a type are to be encrypted
// (api-ref, "Volume types"). A type has one encryption, whatever ID the path has.
func (s *Service) encryptionRoutes() []route {
	return []route{
		{"GET", "/types/{type}/encryption", 0, s.showEncryption},
		{"POST", "/types/{type}/encryption", 0, s.createEncryption},
		{"GET", "/types/{type}/encryption/{key}", 0, s.showEncryptionKey},
		{"PUT", "/types/{type}/encryption/{id}", 0, s.updateEncryption},
		{"DELETE", "/types/{type}/encryption/{id}", 0, s.deleteEncryption},
		{"GET", "/volumes/{id}/encryption", 0, s.showVolumeEncryption},
	}
}

// newEncryption and changedEncryption are what an administrator says of an encryption.
var (
	newEncryption = schema{key: "encryption", open: latest + 1, props: []prop{
		{name: "provider", check: text, required: true},
		{name: "control_location", check: word("front-end", "back-end"), required: true},
		{name: "cipher", check: optionalText},
		{name: "key_size", check: keySize},
	}}
	changedEncryption = schema{key: "encryption", open: latest + 1, props: []prop{
		{name: "provider", check: text},
		{name: "control_location", check: word("front-end", "back-end")},
		{name: "cipher", check: optionalText},
		{name: "key_size", check: keySize},
	}}
)

// keySize is a number of bits, or null.
func keySize(value any) string {
	n, ok := numberOf(value)
	switch {
	case value == nil:
		return ""
	case !ok:
		return python.Repr(value) + " is not a 'key_size'"
	case n < 0:
		return python.Str(value) + " is less than the minimum of 0"
	case n > maxInt:
		return python.Str(value) + " is greater than the maximum of 2147483647"
	}
	return ""
}

// noEncryption is the error for a type whose volumes aren't encrypted.
func noEncryption(typeID string) error {
	return nova.Errorf(nova.NotFound, "Volume type encryption for type %s does not exist.", typeID)
}

// encryptionOf shows how the volumes of the type that the path names are encrypted: an
// empty object if they aren't.
func (s *Service) encryptionOf(r *http.Request) (object, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:volume_type_encryption:get"); err != nil {
		return nil, err
	}
	t, err := s.findType(r.Context(), chi.URLParam(r, "type"))
	e := t.Encryption.V
	if err != nil || e == nil {
		return object{}, err
	}
	return object{
		"volume_type_id": t.ID, "encryption_id": e.ID, "provider": e.Provider, "control_location": e.Location, "cipher": e.Cipher, "key_size": e.KeySize,
		"created_at": timestamp(&e.CreatedAt), "updated_at": timestamp(e.UpdatedAt), "deleted_at": nil, "deleted": false,
	}, nil
}

// showEncryption: GET /types/{type}/encryption answers 200, with an empty object for a
// type whose volumes aren't encrypted.
func (s *Service) showEncryption(r *http.Request) (kit.Reply, error) {
	shown, err := s.encryptionOf(r)
	return kit.Reply{Body: shown}, err
}

// showEncryptionKey: GET /types/{type}/encryption/{key} answers 200 with that alone, and
// NotFound if there isn't such a thing.
func (s *Service) showEncryptionKey(r *http.Request) (kit.Reply, error) {
	shown, err := s.encryptionOf(r)
	if err != nil {
		return kit.Reply{}, err
	}
	key := chi.URLParam(r, "key")
	value, ok := shown[key]
	if !ok {
		return kit.Reply{}, noEncryption(chi.URLParam(r, "type"))
	}
	return kit.Reply{Body: object{key: value}}, nil
}

// createEncryption: POST /types/{type}/encryption {"encryption": {…}} answers 200 with
// what was given. Invalid for a type that has an encryption, or volumes.
func (s *Service) createEncryption(r *http.Request) (kit.Reply, error) {
	body, err := s.body(r, newEncryption)
	if err != nil {
		return kit.Reply{}, err
	}
	t, err := s.changeEncryption(r, "create", func(t *volumedb.Type) error {
		if t.Encryption.V != nil {
			return nova.Errorf(nova.Invalid, "Volume type encryption for type %s already exists.", t.ID)
		}
		t.Encryption.V = &volumedb.Encryption{ID: uuid.NewString(), CreatedAt: s.Store.NowInSeconds()}
		setEncryption(t.Encryption.V, body)
		return nil
	})
	if err != nil {
		return kit.Reply{}, err
	}
	body["volume_type_id"], body["encryption_id"] = t.ID, t.Encryption.V.ID
	return kit.Reply{Body: object{"encryption": body}}, nil
}

// updateEncryption: PUT /types/{type}/encryption/{id} answers 200 with what was given;
// what isn't named stays. Invalid for a type that has volumes.
func (s *Service) updateEncryption(r *http.Request) (kit.Reply, error) {
	body, err := s.body(r, changedEncryption)
	if err != nil {
		return kit.Reply{}, err
	}
	_, err = s.changeEncryption(r, "update", func(t *volumedb.Type) error {
		if t.Encryption.V == nil {
			return noEncryption(t.ID)
		}
		now := s.Store.NowInSeconds()
		t.Encryption.V.UpdatedAt = &now
		setEncryption(t.Encryption.V, body)
		return nil
	})
	return kit.Reply{Body: object{"encryption": body}}, err
}

// deleteEncryption: DELETE /types/{type}/encryption/{id} answers 202. Invalid for a type
// that has volumes.
func (s *Service) deleteEncryption(r *http.Request) (kit.Reply, error) {
	_, err := s.changeEncryption(r, "delete", func(t *volumedb.Type) error {
		if t.Encryption.V == nil {
			return noEncryption(t.ID)
		}
		t.Encryption.V = nil
		return nil
	})
	return accepted(), err
}

// setEncryption takes over what a body says of an encryption.
func setEncryption(e *volumedb.Encryption, body object) {
	if provider, ok := body["provider"].(string); ok {
		e.Provider = provider
	}
	if location, ok := body["control_location"].(string); ok {
		e.Location = location
	}
	if _, ok := body["cipher"]; ok {
		e.Cipher = textOf(body, "cipher")
	}
	if given, ok := body["key_size"]; ok {
		e.KeySize = nil
		if size, ok := numberOf(given); ok {
			e.KeySize, body["key_size"] = &size, size
		}
	}
}

// changeEncryption asks the rule for what is done, and does it to the type that the path
// names, unless that has volumes.
func (s *Service) changeEncryption(r *http.Request, rule string, change func(t *volumedb.Type) error) (volumedb.Type, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:volume_type_encryption:"+rule); err != nil {
		return volumedb.Type{}, err
	}
	id := chi.URLParam(r, "type")
	t, err := s.Store.Types.Change(r.Context(), id, func(tx *volumedb.Store, t *volumedb.Type) error {
		inUse, err := tx.HasVolumes(r.Context(), id)
		if err == nil && inUse {
			err = nova.Errorf(nova.Invalid, "Cannot %s encryption specs. Volume type in use.", rule)
		}
		if err != nil {
			return err
		}
		return change(t)
	})
	return t, missing(err, noType(id))
}

// refuseEncrypted refuses a volume of a type whose volumes are encrypted: there is no
// key manager to make a key, and Cinder without one says this. Call it when the volume
// is written: from then on its type can't get an encryption.
func refuseEncrypted(ctx context.Context, tx *volumedb.Store, typeID string) error {
	t, err := tx.Types.Get(ctx, typeID)
	switch {
	case err != nil || t.Encryption.V == nil:
		return err
	case t.Encryption.V.Cipher == nil || *t.Encryption.V.Cipher == "":
		return nova.Errorf(nova.Invalid, "Invalid encryption spec")
	}
	return nova.Errorf(nova.Invalid, "Key manager error")
}

// showVolumeEncryption: GET /volumes/{id}/encryption answers 200. No volume has a key.
func (s *Service) showVolumeEncryption(r *http.Request) (kit.Reply, error) {
	_, err := s.findVolume(r.Context(), chi.URLParam(r, "id"))
	return kit.Reply{Body: object{"encryption_key_id": nil}}, err
}
