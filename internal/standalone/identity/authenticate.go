package identity

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// A proof says who a client has proved to be, and how.
type proof struct {
	user       identitydb.User
	methods    []string
	byPassword bool      // with the password whose hash user has
	token      string    // the hash of the token that it was proved with; empty if there was none
	audit      string    // the audit ID of the first ancestor of that token
	expires    time.Time // when that token expires
}

// holds fails unless the proof is still good: since it was made, the password
// may have been changed, or the token revoked. It is meant for the transaction
// that stores a new token, after that was done: the new token's row keeps the
// user's row from changing until the transaction ends.
func (p proof) holds(ctx context.Context, tx *identitydb.Store) error {
	if p.byPassword {
		user, err := tx.Users.Get(ctx, p.user.ID)
		if err != nil {
			return hideNotFound(err)
		}
		if user.PasswordHash != p.user.PasswordHash {
			return errDenied
		}
	}
	if p.token == "" {
		return nil
	}
	exists, err := tx.HasToken(ctx, p.token)
	if err == nil && !exists {
		return errDenied
	}
	return err
}

// errDenied refuses a token: the client didn't prove who it is, or may not have
// the scope that it wants. The client is not told which.
var errDenied = nova.Errorf(nova.Unauthorized, "The request you have made requires authentication.")

// methods are the ways to prove who one is.
var methods = []string{"password", "token"}

// errMethod refuses a method that there isn't, and names those that there are.
var errMethod = kit.WithDetail("identity", object{"methods": methods},
	nova.Errorf(nova.Unauthorized, "Attempted to authenticate with an unsupported method."))

// authenticate proves who a client is by all methods that it names. All of them
// must prove the same user.
func (s *Service) authenticate(r *request, in *identityBody) (proof, error) {
	var p proof
	for i, method := range in.Methods {
		one, err := s.prove(r, method, in)
		if err != nil {
			return p, err
		}
		if i > 0 && one.user.ID != p.user.ID {
			return p, errDenied
		}
		if one.token == "" {
			one.token, one.audit, one.expires = p.token, p.audit, p.expires
		}
		one.byPassword = one.byPassword || p.byPassword
		one.methods = union(p.methods, one.methods)
		p = one
	}
	if len(p.methods) == 0 {
		return p, errDenied
	}
	return p, nil
}

// prove proves who a client is by one method.
func (s *Service) prove(r *request, method string, in *identityBody) (proof, error) {
	switch {
	case !slices.Contains(methods, method):
		return proof{}, errMethod
	case method == "password" && in.Password != nil:
		return s.provePassword(r, in.Password.User)
	case method == "token" && in.Token != nil:
		return s.proveToken(r.Context(), in.Token.ID)
	}
	return proof{}, errMissing(method, "identity")
}

// provePassword proves who a client is by a password. An unknown user takes the
// same way as a known one with a wrong password, and as long.
func (s *Service) provePassword(r *request, ref *userRef) (proof, error) {
	switch {
	case ref == nil:
		return proof{}, errMissing("user", "password")
	case ref.ID == "" && ref.Domain == nil:
		return proof{}, errMissing("domain", "user")
	case ref.Password == nil:
		return proof{}, errDenied
	}
	user, err := s.findUser(r.Context(), ref)
	if err != nil && !nova.Is(err, nova.NotFound) {
		return proof{}, err
	}
	// An unknown user goes on as the zero user: a client must not be able to find
	// out who exists, neither from the answer nor from the time that it takes.
	ok, err := s.checkPassword(r.Context(), ref.visitor(r.Request), user, *ref.Password)
	if err == nil && !ok {
		err = errDenied
	}
	return proof{user: user, methods: []string{"password"}, byPassword: true}, err
}

// visitor is the sender of a request, and the user as the request names it: so
// users who exist and users who don't wait alike.
func (u *userRef) visitor(r *http.Request) visitor {
	domain := domainRef{}
	if u.Domain != nil {
		domain = *u.Domain
	}
	return visitorOf(r, u.ID, u.Name, domain.ID, domain.Name)
}

// checkPassword reports whether a password is the user's. It takes as long for
// the zero user, whom no password fits.
func (s *Service) checkPassword(ctx context.Context, v visitor, user identitydb.User, password string) (bool, error) {
	// The user of the services has a password that only this process knows. It
	// needs no hash, and no turn: all other requests may be waiting for it.
	isService := user.Name == ServiceUser && user.DomainID == defaultDomain
	if isService && s.service != "" && sameSecret(s.service, password) {
		return true, nil
	}
	return s.passwords.check(ctx, v, user.PasswordHash, password)
}

// proveToken proves who a client is by a token that it has. The new token lives
// no longer than that one.
func (s *Service) proveToken(ctx context.Context, token string) (proof, error) {
	session, err := s.session(ctx, token, s.now())
	if err != nil {
		return proof{}, err
	}
	user, err := s.store.Users.Get(ctx, session.UserID)
	audits := strings.Fields(session.AuditIDs)
	return proof{
		user:    user,
		methods: union(strings.Fields(session.Methods), []string{"token"}),
		token:   session.Hash,
		audit:   audits[len(audits)-1],
		expires: session.ExpiresAt,
	}, err
}

// findUser reads the user that a body names. The error is NotFound if there is
// none.
func (s *Service) findUser(ctx context.Context, ref *userRef) (identitydb.User, error) {
	users := s.store.Users
	if ref.ID != "" {
		return users.Get(ctx, ref.ID)
	}
	domain, err := s.findDomain(ctx, ref.Domain)
	if err != nil {
		return identitydb.User{}, err
	}
	return users.Named(ctx, domain, ref.Name)
}

// findDomain finds the ID of a domain. A domain that is named by its ID is not
// looked up.
func (s *Service) findDomain(ctx context.Context, ref *domainRef) (string, error) {
	if ref.ID != "" {
		return ref.ID, nil
	}
	domain, err := s.store.Domains.Named(ctx, "", ref.Name)
	return domain.ID, err
}

// hideNotFound hides that something was not found.
func hideNotFound(err error) error {
	if nova.Is(err, nova.NotFound) {
		return errDenied
	}
	return err
}

// union is all texts of both lists, each once.
func union(a, b []string) []string {
	both := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(both, s) {
			both = append(both, s)
		}
	}
	return both
}
