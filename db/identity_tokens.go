package db

import (
	"context"
	"errors"
	"time"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// A scope is what a role is held on, and a token is good for.
const (
	ScopeProject = "project"
	ScopeDomain  = "domain"
	ScopeSystem  = "system" // its only target is "all"
)

// An IdentityScope is one project, domain or system; the zero value is none.
type IdentityScope struct {
	Kind   string `db:"scope"`
	Target string `db:"target_id"`
}

// An IdentityToken is a token as it is kept: known by its hash only.
type IdentityToken struct {
	Hash   string `db:"hash"` // hexadecimal SHA-256
	UserID string `db:"user_id"`
	IdentityScope
	Methods   string    `db:"methods"`   // with spaces between
	AuditIDs  string    `db:"audit_ids"` // with a space between
	IssuedAt  time.Time `db:"issued_at"`
	ExpiresAt time.Time `db:"expires_at"`
}

// An IdentitySession is a token with everything that must hold for it to be
// good, and that it tells.
type IdentitySession struct {
	IdentityToken
	UserName          string  `db:"user_name"`
	UserDomainID      string  `db:"user_domain_id"`
	UserDomainName    string  `db:"user_domain_name"`
	ProjectName       *string `db:"project_name"`
	ProjectDomainID   *string `db:"project_domain_id"`
	ProjectDomainName *string `db:"project_domain_name"`
	DomainName        *string `db:"domain_name"`
	Roles             []IdentityRole
}

// CreateToken keeps a token.
func (i Identity) CreateToken(ctx context.Context, t IdentityToken) error {
	query, args, err := rows.Named(`
		INSERT INTO identity_tokens (hash, user_id, scope, target_id, methods, audit_ids, issued_at, expires_at)
		VALUES (:hash, :user_id, :scope, :target_id, :methods, :audit_ids, :issued_at, :expires_at)`, t)
	if err != nil {
		return err
	}
	_, err = rows.Exec(ctx, i.s.DB, query, args...)
	return err
}

// Session reads the token with a hash, which must not have expired before a
// time: NotFound if there is none, or if its user, its domain, or what the
// token is scoped to is gone, disabled, or without a role of the user's.
func (i Identity) Session(ctx context.Context, hash string, notExpired time.Time) (IdentitySession, error) {
	session, err := rows.Get[IdentitySession](ctx, i.s.DB, `
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
	switch session.Kind {
	case "":
		return session, nil
	case ScopeProject:
		if session.ProjectDomainName == nil {
			return session, rows.ErrNoRows
		}
	case ScopeDomain:
		if session.DomainName == nil {
			return session, rows.ErrNoRows
		}
	}
	session.Roles, err = i.RolesOf(ctx, session.UserID, session.IdentityScope)
	if err == nil && len(session.Roles) == 0 {
		return session, rows.ErrNoRows
	}
	return session, err
}

// DeleteToken revokes one token.
func (i Identity) DeleteToken(ctx context.Context, hash string) error {
	_, err := rows.Exec(ctx, i.s.DB, "DELETE FROM identity_tokens WHERE hash = ?", hash)
	return err
}

// RevokeUser revokes all tokens of a user.
func (i Identity) RevokeUser(ctx context.Context, userID string) error {
	_, err := rows.Exec(ctx, i.s.DB, "DELETE FROM identity_tokens WHERE user_id = ?", userID)
	return err
}

// RevokeScope revokes all tokens for a project or domain.
func (i Identity) RevokeScope(ctx context.Context, scope IdentityScope) error {
	_, err := rows.Exec(ctx, i.s.DB, "DELETE FROM identity_tokens WHERE scope = ? AND target_id = ?", scope.Kind, scope.Target)
	return err
}

// RevokeDomain revokes all tokens of the users of a domain, and those for the
// domain or a project in it.
func (i Identity) RevokeDomain(ctx context.Context, domainID string) error {
	_, err := rows.Exec(ctx, i.s.DB, `
		DELETE FROM identity_tokens
		WHERE user_id IN (SELECT id FROM identity_users WHERE domain_id = ?)
		   OR (scope = 'domain' AND target_id = ?)
		   OR (scope = 'project' AND target_id IN (SELECT id FROM identity_projects WHERE domain_id = ?))`,
		domainID, domainID, domainID)
	return err
}

// PurgeTokens drops tokens that expired before a time, up to a number of them.
func (i Identity) PurgeTokens(ctx context.Context, before time.Time, limit int) (int64, error) {
	return rows.Exec(ctx, i.s.DB, `
		DELETE FROM identity_tokens
		WHERE hash IN (SELECT hash FROM identity_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`, before, limit)
}

// RolesOf lists the roles that a user holds on a scope, implied ones included.
func (i Identity) RolesOf(ctx context.Context, userID string, scope IdentityScope) ([]IdentityRole, error) {
	return rows.All[IdentityRole](ctx, i.s.DB, `
		WITH RECURSIVE held (id) AS (
			SELECT role_id FROM identity_assignments WHERE user_id = ? AND scope = ? AND target_id = ?
			UNION
			SELECT m.implied_id FROM identity_implied_roles m JOIN held ON held.id = m.prior_id
		)
		SELECT r.id, r.name, r.description, r.immutable FROM identity_roles r JOIN held ON held.id = r.id ORDER BY r.name`,
		userID, scope.Kind, scope.Target)
}

// Grant gives a user a role on a scope; twice is as good as once.
func (i Identity) Grant(ctx context.Context, userID, roleID string, scope IdentityScope) error {
	_, err := rows.Exec(ctx, i.s.DB, `
		INSERT INTO identity_assignments (user_id, scope, target_id, role_id) VALUES (?, ?, ?, ?)
		ON CONFLICT (user_id, scope, target_id, role_id) DO NOTHING`, userID, scope.Kind, scope.Target, roleID)
	return err
}

// Revoke takes a role on a scope from a user: NotFound if it has none.
func (i Identity) Revoke(ctx context.Context, userID, roleID string, scope IdentityScope) error {
	changed, err := rows.Exec(ctx, i.s.DB, "DELETE FROM identity_assignments WHERE user_id = ? AND scope = ? AND target_id = ? AND role_id = ?",
		userID, scope.Kind, scope.Target, roleID)
	if err == nil && changed == 0 {
		return errNoAssignment(userID, roleID, scope)
	}
	return err
}

// Granted tells whether a user was given a role on a scope: NotFound if not.
func (i Identity) Granted(ctx context.Context, userID, roleID string, scope IdentityScope) error {
	_, err := rows.Get[string](ctx, i.s.DB, "SELECT role_id FROM identity_assignments WHERE user_id = ? AND scope = ? AND target_id = ? AND role_id = ?",
		userID, scope.Kind, scope.Target, roleID)
	if errors.Is(err, rows.ErrNoRows) {
		return errNoAssignment(userID, roleID, scope)
	}
	return err
}

func errNoAssignment(userID, roleID string, scope IdentityScope) error {
	return nova.Errorf(nova.NotFound,
		"Could not find role assignment with role: %s, user or group: %s, project, domain, or system: %s.", roleID, userID, scope.Target)
}

// ForgetScope takes away all roles and tokens for a project or domain that is
// about to be deleted.
func (i Identity) ForgetScope(ctx context.Context, scope IdentityScope) error {
	if err := i.RevokeScope(ctx, scope); err != nil {
		return err
	}
	_, err := rows.Exec(ctx, i.s.DB, "DELETE FROM identity_assignments WHERE scope = ? AND target_id = ?", scope.Kind, scope.Target)
	return err
}

// ForgetProjects is ForgetScope for all projects of a domain.
func (i Identity) ForgetProjects(ctx context.Context, domainID string) error {
	for _, table := range []string{"identity_tokens", "identity_assignments"} {
		_, err := rows.Exec(ctx, i.s.DB, "DELETE FROM "+table+
			" WHERE scope = 'project' AND target_id IN (SELECT id FROM identity_projects WHERE domain_id = ?)", domainID)
		if err != nil {
			return err
		}
	}
	return nil
}
