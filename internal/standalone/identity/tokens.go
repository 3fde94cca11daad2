package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

const (
	// expiredWindow is how long a service may still have an expired token
	// validated, so that what it began can be finished.
	expiredWindow = 48 * time.Hour
)

// errNoToken is for a token that never was, has expired or was revoked.
var errNoToken = nova.Errorf(nova.NotFound, "Failed to validate token")

// hashToken makes the hash under which a token is stored. A token has 256
// random bits, so a plain hash will do: there is nothing to guess.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// randomText makes n random bytes, in characters that need no escaping in URLs
// and headers.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// session reads what a token stands for. The error is errNoToken unless the
// token was good at the time.
func (s *Service) session(ctx context.Context, token string, at time.Time) (identitydb.Session, error) {
	if token == "" {
		return identitydb.Session{}, errNoToken
	}
	session, err := s.store.Session(ctx, hashToken(token), at)
	if nova.Is(err, nova.NotFound) {
		return session, errNoToken
	}
	return session, err
}

// issue makes a token for the first of some scopes that the user may have. The
// error is errDenied if there is none among them.
func (s *Service) issue(ctx context.Context, p proof, scopes []identitydb.Scope) (string, identitydb.Session, error) {
	// The time of issue keeps its fractions, so that the oldest token of a user can
	// be told from the others. Clients are shown whole seconds, as by Keystone.
	token, now := randomText(32), s.now()
	kept := identitydb.Token{
		Hash:      hashToken(token),
		UserID:    p.user.ID,
		Methods:   strings.Join(p.methods, " "),
		AuditIDs:  strings.TrimSpace(randomText(16) + " " + p.audit),
		IssuedAt:  now,
		ExpiresAt: now.Truncate(time.Second).Add(s.lifetime),
	}
	if !p.expires.IsZero() { // a token can't prolong its own life
		kept.ExpiresAt = p.expires
	}
	// Whether the user may have a scope is found out by storing a token for it and
	// looking at what it is good for: one query, which validation uses as well.
	for _, scope := range scopes {
		kept.Scope = scope
		session, err := s.keep(ctx, kept, p)
		if err == nil {
			s.tidy(ctx, kept)
		}
		if !nova.Is(err, nova.NotFound) {
			return token, session, err
		}
	}
	return "", identitydb.Session{}, errDenied
}

// keep stores a token if it is good for something and the proof still holds.
func (s *Service) keep(ctx context.Context, t identitydb.Token, p proof) (session identitydb.Session, err error) {
	err = s.store.Tx(ctx, func(tx *identitydb.Store) error {
		if err := tx.CreateToken(ctx, t); err != nil {
			return err
		}
		// After the token is stored, so that a revocation either finds the token or
		// is found here.
		if err := p.holds(ctx, tx); err != nil {
			return err
		}
		session, err = tx.Session(ctx, t.Hash, t.IssuedAt.Add(-time.Second))
		return err
	})
	return session, err
}

// createToken issues a token to a client that proves who it is.
func (s *Service) createToken(r *request) (kit.Reply, error) {
	in, err := s.readAuth(r)
	if err != nil {
		return kit.Reply{}, err
	}
	p, err := s.authenticate(r, in.Auth.Identity)
	if err != nil {
		return kit.Reply{}, s.challenge(r, err)
	}
	scopes, err := s.scopes(r.Context(), in.Auth.Scope, p.user)
	if err != nil {
		return kit.Reply{}, s.challenge(r, err)
	}
	token, session, err := s.issue(r.Context(), p, scopes)
	if err != nil {
		return kit.Reply{}, s.challenge(r, err)
	}
	return s.tokenReply(r, http.StatusCreated, token, session)
}

// challenge adds to a 401 where to get a token, which clients look for in the
// header.
func (s *Service) challenge(r *request, err error) error {
	if !nova.Is(err, nova.Unauthorized) {
		return err
	}
	return kit.Challenge(s.self(r.Request, "/v3"), err)
}

// showToken validates a token, which everybody may do with one's own. HEAD checks
// it only, and is not for services.
func (s *Service) showToken(r *request) (kit.Reply, error) {
	subject, session, err := s.subject(r)
	if err != nil {
		return kit.Reply{}, err
	}
	mayCheck := session.UserID == r.caller.UserID || canReadAll(r)
	switch {
	case r.Method == http.MethodHead && !mayCheck:
		return kit.Reply{}, errForbidden("identity:check_token")
	case !mayCheck && !holds(r.caller, "service"):
		return kit.Reply{}, errForbidden("identity:validate_token")
	}
	return s.tokenReply(r, http.StatusOK, subject, session)
}

// deleteToken revokes a token: one's own, or any if the caller is an administrator.
func (s *Service) deleteToken(r *request) (kit.Reply, error) {
	subject, session, err := s.subject(r)
	if err != nil {
		return kit.Reply{}, err
	}
	if session.UserID != r.caller.UserID && !admin(r) {
		return kit.Reply{}, errForbidden("identity:revoke_token")
	}
	return kit.Reply{}, s.revoke(r.Context(), session.UserID, func(tx *identitydb.Store) error {
		return tx.DeleteToken(r.Context(), hashToken(subject))
	})
}

// subject reads the token that a request is about. It need not be the token
// that the request is sent with. Services may ask about expired tokens for a
// while, so that work that was begun in time can be finished.
func (s *Service) subject(r *request) (string, identitydb.Session, error) {
	token, at := r.Header.Get("X-Subject-Token"), s.now()
	switch token {
	case "":
		return "", identitydb.Session{}, nova.Errorf(nova.NotFound, "No token in the request")
	case r.token:
		return token, r.caller, nil
	}
	if r.flagged("allow_expired") && holds(r.caller, "service") {
		at = at.Add(-expiredWindow)
	}
	session, err := s.session(r.Context(), token, at)
	return token, session, err
}

// tokenReply shows a token. The token itself is in a header only, which logs
// leave out. Unscoped tokens have no catalog, and clients can do without it.
func (s *Service) tokenReply(r *request, status int, token string, session identitydb.Session) (kit.Reply, error) {
	body := tokenView(session)
	// Services leave the catalog out: it is four fifths of the answer.
	if session.Kind != "" && !r.URL.Query().Has("nocatalog") {
		catalog, err := s.catalog(r, session)
		if err != nil {
			return kit.Reply{}, err
		}
		body["catalog"] = catalog
	}
	return kit.Reply{Status: status, Header: http.Header{"X-Subject-Token": {token}}, Body: object{"token": body}}, nil
}

// tokenView shows all that a token says, but for the catalog.
func tokenView(t identitydb.Session) object {
	view := object{
		"methods":    strings.Fields(t.Methods),
		"user":       object{"id": t.UserID, "name": t.UserName, "domain": idAndName(t.UserDomainID, t.UserDomainName), "password_expires_at": nil},
		"audit_ids":  strings.Fields(t.AuditIDs),
		"issued_at":  timestamp(t.IssuedAt),
		"expires_at": timestamp(t.ExpiresAt),
	}
	switch t.Kind {
	case "":
		return view
	case identitydb.KindProject:
		view["project"] = object{"id": t.Target, "name": *t.ProjectName, "domain": idAndName(*t.ProjectDomainID, *t.ProjectDomainName)}
		view["is_domain"] = false
	case identitydb.KindDomain:
		view["domain"] = idAndName(t.Target, *t.DomainName)
	case identitydb.KindSystem:
		view["system"] = object{"all": true}
	}
	roles := make([]object, len(t.Roles))
	for i, role := range t.Roles {
		roles[i] = idAndName(role.ID, role.Name)
	}
	view["roles"] = roles
	return view
}

// idAndName refers to a thing in a few words.
func idAndName(id, name string) object { return object{"id": id, "name": name} }

// timestamp is a time in Keystone's form, which has no fractions of a second.
func timestamp(t time.Time) string {
	return t.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05.000000Z")
}
