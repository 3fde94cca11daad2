package nova

import "time"

// The types of key pairs.
const (
	KeyPairSSH  = "ssh"
	KeyPairX509 = "x509" // for Windows servers
)

// A KeyPair is a key that a user can log in to servers with.
type KeyPair struct {
	Serial      int64     `db:"id"`
	UserID      string    `db:"user_id"`
	Name        string    `db:"name"`
	Type        string    `db:"type"` // KeyPairSSH or KeyPairX509
	Fingerprint string    `db:"fingerprint"`
	PublicKey   string    `db:"public_key"`
	CreatedAt   time.Time `db:"created_at"`
}
