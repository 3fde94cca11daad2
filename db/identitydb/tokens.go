package identitydb

import (
	"context"
	"slices"
	"time"

	"github.com/nova-api/nova-api/db/rows"
)

// A Token is what is stored of a token. The token itself is not: it is known by
// its hash alone.
type Token struct {
	Hash   string `db:"hash"` // hexadecimal SHA-256
	UserID string `db:"user_id"`
	Scope
	Methods   string    `db:"methods"`   // how the user proved who it is, separated by spaces
	AuditIDs  string    `db:"audit_ids"` // its own and its first ancestor's, separated by a space
	IssuedAt  time.Time `db:"issued_at"`
	ExpiresAt time.Time `db:"expires_at"`
}

// A Session is a token that is good, with everything that it tells a service.
// The names of the project and the domain are nil unless they are its scope.
type Session struct {
	Token
	UserName          string  `db:"user_name"`
	UserDomainID      string  `db:"user_domain_id"`
	UserDomainName    string  `db:"user_domain_name"`
	ProjectName       *string `db:"project_name"`
	ProjectDomainID   *string `db:"project_domain_id"`
	ProjectDomainName *string `db:"project_domain_name"`
	DomainName        *string `db:"domain_name"`
	Roles             []Role
}

// CreateToken stores a token.
func (s *Store) CreateToken(ctx context.Context, t Token) error {
	statement, args, err := rows.Named(`
		INSERT INTO identity_tokens (hash, user_id, scope, target_id, methods, audit_ids, issued_at, expires_at)
		VALUES (:hash, :user_id, :scope, :target_id, :methods, :audit_ids, :issued_at, :expires_at)`, t)
	if err != nil {
		return err
	}
	_, err = rows.Exec(ctx, s.DB, statement, args...)
	return err
}

// Session reads the token with a hash, if it expires after notExpired. The
// error is NotFound if there is no such token, or if the token is no longer
// good: its user, domain or project is gone or disabled, or the user holds no
// role there any more.
func (s *Store) Session(ctx context.Context, hash string, notExpired time.Time) (Session, error) {
	session, err := rows.Get[Session](ctx, s.DB, `
		SELECT t.hash, t.user_id, t.scope, t.target_id, t.methods, t.audit_ids, t.issued_at, t.expires_at,
		       u.name AS user_name, u.domain_id AS user_domain_id, ud.name AS user_domain_name,
		       p.name AS project_name, p.domain_id AS project_domain_id, pd.name AS project_domain_name,
		       d.name AS domain_name
		FROM identity_tokens t
		JOIN identity_users u ON u.id = t.user_id AND u.enabled
		JOIN identity_domains ud ON ud.id = u.domain_id AND ud.enabled
		LEFT JOIN identity_projects p ON t.scope = 'project' AND p.id = t.target_id AND p.enabled
		LEFT JOIN identity_domains pd ON pd.id = p.domain_id AND pd.enabled
		LEFT JOIN identity_domains d ON t.scope = 'domain' AND d.id = t.target_id AND d.enabled
		WHERE t.hash = ? AND t.expires_at > ?`, hash, notExpired)
	if err != nil {
		return session, err
	}
	unscoped := session.Kind == ""
	goneProject := session.Kind == KindProject && session.ProjectDomainName == nil
	goneDomain := session.Kind == KindDomain && session.DomainName == nil
	switch {
	case unscoped:
		return session, nil
	case goneProject, goneDomain:
		return session, rows.ErrNoRows
	}
	session.Roles, err = s.RolesOf(ctx, session.UserID, session.Scope)
	if err == nil && len(session.Roles) == 0 {
		return session, rows.ErrNoRows
	}
	return session, err
}

// HasToken reports whether a token with a hash is stored, expired or not.
func (s *Store) HasToken(ctx context.Context, hash string) (bool, error) {
	n, err := rows.Get[int](ctx, s.DB, "SELECT COUNT(*) FROM identity_tokens WHERE hash = ?", hash)
	return n > 0, err
}

// DeleteToken deletes one token. Like all methods below that delete tokens, it
// leaves it to the caller to record the revocation; see RecordRevocation.
func (s *Store) DeleteToken(ctx context.Context, hash string) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM identity_tokens WHERE hash = ?", hash)
	return err
}

// DeleteTokensOf deletes all tokens of a user.
func (s *Store) DeleteTokensOf(ctx context.Context, userID string) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM identity_tokens WHERE user_id = ?", userID)
	return err
}

// DeleteTokensFor deletes all tokens for a project or domain.
func (s *Store) DeleteTokensFor(ctx context.Context, scope Scope) error {
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM identity_tokens WHERE scope = ? AND target_id = ?", scope.Kind, scope.Target)
	return err
}

// DeleteTokensIn deletes the tokens of all users of a domain, and the tokens
// for the domain and its projects.
func (s *Store) DeleteTokensIn(ctx context.Context, domainID string) error {
	_, err := rows.Exec(ctx, s.DB, `
		DELETE FROM identity_tokens
		WHERE user_id IN (SELECT id FROM identity_users WHERE domain_id = ?)
		   OR (scope = 'domain' AND target_id = ?)
		   OR (scope = 'project' AND target_id IN (SELECT id FROM identity_projects WHERE domain_id = ?))`,
		domainID, domainID, domainID)
	return err
}

// TrimTokens deletes the oldest tokens of a user, so that at most keep are left,
// and reports whether one of them had not expired at now. The token with the
// hash newest is never deleted. At most 10,000 tokens are deleted at a time.
func (s *Store) TrimTokens(ctx context.Context, userID, newest string, keep int, now time.Time) (revoked bool, err error) {
	const atMost = 10_000
	expiries, err := rows.PutAll[time.Time](ctx, s.DB, `
		DELETE FROM identity_tokens
		WHERE hash IN (
			SELECT hash FROM identity_tokens WHERE user_id = ? AND hash <> ?
			ORDER BY issued_at DESC, hash LIMIT ? OFFSET ?)
		RETURNING expires_at`, userID, newest, atMost, keep-1)
	return slices.ContainsFunc(expiries, now.Before), err
}

// PurgeTokens deletes tokens that expired before a time, at most limit of them,
// and returns how many there were.
func (s *Store) PurgeTokens(ctx context.Context, before time.Time, limit int) (int64, error) {
	return rows.Exec(ctx, s.DB, `
		DELETE FROM identity_tokens
		WHERE hash IN (SELECT hash FROM identity_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`, before, limit)
}
