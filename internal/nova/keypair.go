package nova

import "time"

// A KeyPair is a key that a user can log in to servers with.
type KeyPair struct {
	Serial      int64     `db:"id"`
	UserID      string    `db:"user_id"`
	Name        string    `db:"name"`
	Type        string    `db:"type"` // ssh or x509
	Fingerprint string    `db:"fingerprint"`
	PublicKey   string    `db:"public_key"`
	CreatedAt   time.Time `db:"created_at"`
}
