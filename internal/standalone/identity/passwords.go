package identity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/nova-api/nova-api/internal/nova"
)

// defaultCost makes a guess cost about 60 ms.
const defaultCost = 10

// maxPassword is how long a password may be, in bytes: as long as Keystone's.
const maxPassword = 4096

// passwords hashes and checks passwords, no more of them at a time than there
// are processors, so that a flood of logins leaves time for other requests.
type passwords struct {
	cost  int
	decoy []byte // a hash that no password fits, as costly as a real one
	slots chan struct{}
}

func newPasswords(cost int) *passwords {
	if cost == 0 {
		cost = defaultCost
	}
	return &passwords{
		cost:  cost,
		decoy: fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 53)),
		slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
}

// hash makes what is kept of a password.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if len(password) > maxPassword {
		return "", nova.Errorf(nova.Invalid, "Invalid input for field 'password': it is longer than %d bytes.", maxPassword)
	}
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	hash, err := bcrypt.GenerateFromPassword(digest(password), p.cost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return string(hash), nil
}

// check tells whether a password fits a hash. It takes as long for the empty
// hash, which no password fits.
func (p *passwords) check(ctx context.Context, hash, password string) (bool, error) {
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer p.leave()
	against := []byte(hash)
	if hash == "" {
		against = p.decoy
	}
	err := bcrypt.CompareHashAndPassword(against, digest(password))
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, fmt.Errorf("check password: %w", err)
	}
	return err == nil && hash != "" && len(password) <= maxPassword, nil
}

func (p *passwords) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return nova.Because(ctx.Err(), nova.Unavailable, "The server is currently unavailable. Please try again at a later time.")
	}
}

func (p *passwords) leave() { <-p.slots }

// digest brings a password of any length, with any bytes in it, into the 72
// bytes that bcrypt reads. It is keyed, so that digests of passwords that
// leaked elsewhere are of no use here.
func digest(password string) []byte {
	mac := hmac.New(sha256.New, []byte("nova-api identity password"))
	mac.Write([]byte(password))
	return []byte(base64.RawStdEncoding.EncodeToString(mac.Sum(nil)))
}

// sameSecret compares in a time that tells nothing about either secret.
func sameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
