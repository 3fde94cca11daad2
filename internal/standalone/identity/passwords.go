package identity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/singleflight"

	"github.com/nova-api/nova-api/internal/nova"
)

// defaultCost makes an attempt cost about 60 ms of a processor.
const defaultCost = 10

// maxPassword bounds passwords, in bytes. Keystone has the same bound.
const maxPassword = 4096

// passwords hashes and checks passwords. That takes long on purpose, so no more
// are worked on at once than there are processors, and a turnstile decides
// whose turn it is.
type passwords struct {
	cost      int
	decoy     []byte // a hash that no password fits, as costly as a real one
	turnstile *turnstile
	checks    singleflight.Group // checks under way, by what they are about
	secret    [sha256.Size]byte  // of this process, for keys of checks
}

// newPasswords makes hashes of a cost, in bcrypt's powers of two: the default
// if it is 0.
func newPasswords(cost int) *passwords {
	if cost == 0 {
		cost = defaultCost
	}
	p := &passwords{
		cost:      cost,
		decoy:     fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 53)),
		turnstile: newTurnstile(runtime.GOMAXPROCS(0)),
	}
	_, _ = rand.Read(p.secret[:]) // never fails
	return p
}

// hash makes the hash of a password that is stored. The error is Invalid if the
// password is too long, and that of the turnstile.
func (p *passwords) hash(ctx context.Context, v visitor, password string) (string, error) {
	if len(password) > maxPassword {
		return "", nova.Errorf(nova.Invalid, "Invalid input for field 'password': it is longer than %d bytes.", maxPassword)
	}
	leave, err := p.turnstile.enter(ctx, v)
	if err != nil {
		return "", err
	}
	defer leave()
	hash, err := bcrypt.GenerateFromPassword(digest(password), p.cost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return string(hash), nil
}

// check reports whether a password fits a hash. No password fits the empty hash,
// which is that of a user who does not exist, and finding that out takes as
// long. Requests of one visitor with the same password share one check, as when
// many jobs of one user begin at the same moment. The error is that of the
// turnstile.
func (p *passwords) check(ctx context.Context, v visitor, hash, password string) (bool, error) {
	mac := hmac.New(sha256.New, p.secret[:])
	for _, part := range []string{v.source, v.user, hash, password} {
		_, _ = fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	check := p.checks.DoChan(string(mac.Sum(nil)), func() (any, error) {
		leave, err := p.turnstile.enter(context.WithoutCancel(ctx), v) // others may wait for it too
		if err != nil {
			return false, err
		}
		defer leave()
		return p.fits(hash, password)
	})
	select {
	case result := <-check:
		fits, _ := result.Val.(bool)
		return fits, result.Err
	case <-ctx.Done():
		return false, errUnavailable(ctx.Err())
	}
}

// fits is check without waiting. bcrypt itself compares in constant time.
func (p *passwords) fits(hash, password string) (bool, error) {
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
