package db

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// An IdentityAssignment is a role that a user holds on a scope, with names.
type IdentityAssignment struct {
	UserID         string `db:"user_id"`
	UserName       string `db:"user_name"`
	UserDomainID   string `db:"user_domain_id"`
	UserDomainName string `db:"user_domain_name"`
	RoleID         string `db:"role_id"`
	RoleName       string `db:"role_name"`
	PriorRoleID    string `db:"prior_role_id"` // the role that was given, if it isn't this one but implies it
	IdentityScope
	TargetName       *string `db:"target_name"`
	TargetDomainID   *string `db:"target_domain_id"`
	TargetDomainName *string `db:"target_domain_name"`
}

// An IdentityAssignmentFilter narrows a list of assignments; empty fields
// don't.
type IdentityAssignmentFilter struct {
	UserID, RoleID string
	IdentityScope
	Effective bool // list implied roles too
}

// implications holds each role with all that it implies, itself included.
const implications = `
	WITH RECURSIVE implications (prior_id, id) AS (
		SELECT id, id FROM identity_roles
		UNION
		SELECT i.prior_id, m.implied_id FROM identity_implied_roles m JOIN implications i ON i.id = m.prior_id
	)`

// Assignments lists who holds which role on what, up to a number of them.
func (i Identity) Assignments(ctx context.Context, f IdentityAssignmentFilter, limit int) ([]IdentityAssignment, error) {
	var q rows.Query
	if !f.Effective {
		q.And("r.id = a.role_id")
	}
	for _, c := range []struct{ column, value string }{
		{"a.user_id", f.UserID}, {"r.id", f.RoleID}, {"a.scope", f.Kind}, {"a.target_id", f.Target},
	} {
		if c.value != "" {
			q.And(c.column+" = ?", c.value)
		}
	}
	return rows.All[IdentityAssignment](ctx, i.s.DB, implications+`
		SELECT a.user_id, u.name AS user_name, u.domain_id AS user_domain_id, ud.name AS user_domain_name,
		       r.id AS role_id, r.name AS role_name, CASE WHEN r.id = a.role_id THEN '' ELSE a.role_id END AS prior_role_id,
		       a.scope, a.target_id, COALESCE(p.name, d.name) AS target_name,
		       p.domain_id AS target_domain_id, pd.name AS target_domain_name
		FROM identity_assignments a
		JOIN implications i ON i.prior_id = a.role_id
		JOIN identity_roles r ON r.id = i.id
		JOIN identity_users u ON u.id = a.user_id
		JOIN identity_domains ud ON ud.id = u.domain_id
		LEFT JOIN identity_projects p ON a.scope = 'project' AND p.id = a.target_id
		LEFT JOIN identity_domains pd ON pd.id = p.domain_id
		LEFT JOIN identity_domains d ON a.scope = 'domain' AND d.id = a.target_id
		WHERE `+q.Where()+`
		ORDER BY a.scope, a.target_id, a.user_id, a.role_id, r.id
		LIMIT ?`, append(q.Args, limit)...)
}

// GrantedRoles lists the roles that a user was given on a scope, without the
// implied ones.
func (i Identity) GrantedRoles(ctx context.Context, userID string, scope IdentityScope) ([]IdentityRole, error) {
	return rows.All[IdentityRole](ctx, i.s.DB, `
		SELECT r.id, r.name, r.description, r.immutable
		FROM identity_roles r JOIN identity_assignments a ON a.role_id = r.id
		WHERE a.user_id = ? AND a.scope = ? AND a.target_id = ?
		ORDER BY r.id`, userID, scope.Kind, scope.Target)
}

// ProjectsOf lists the projects in which a user holds a role: all of them, or
// those that the user could log in to.
func (i Identity) ProjectsOf(ctx context.Context, userID string, enabledOnly bool, p nova.Page) ([]IdentityProject, error) {
	var q rows.Query
	q.And("id IN (SELECT target_id FROM identity_assignments WHERE user_id = ? AND scope = 'project')", userID)
	q.And("id > ?", p.Marker)
	if enabledOnly {
		q.And("enabled AND domain_id IN (SELECT id FROM identity_domains WHERE enabled)")
	}
	return rows.All[IdentityProject](ctx, i.s.DB, identityProjects.selectColumns()+" WHERE "+q.Where()+" ORDER BY id LIMIT ?", append(q.Args, p.Limit)...)
}

// DomainsOf lists the enabled domains on which a user holds a role.
func (i Identity) DomainsOf(ctx context.Context, userID string, p nova.Page) ([]IdentityDomain, error) {
	return rows.All[IdentityDomain](ctx, i.s.DB, identityDomains.selectColumns()+`
		WHERE id IN (SELECT target_id FROM identity_assignments WHERE user_id = ? AND scope = 'domain') AND enabled AND id > ?
		ORDER BY id LIMIT ?`, userID, p.Marker, p.Limit)
}

// Imply makes everybody who holds a role hold another one too.
func (i Identity) Imply(ctx context.Context, priorID, impliedID string) error {
	_, err := rows.Exec(ctx, i.s.DB, `
		INSERT INTO identity_implied_roles (prior_id, implied_id) VALUES (?, ?)
		ON CONFLICT (prior_id, implied_id) DO NOTHING`, priorID, impliedID)
	return err
}

// An IdentityImplication is two roles, the first of which comes with the
// second.
type IdentityImplication struct {
	PriorID     string `db:"prior_id"`
	PriorName   string `db:"prior_name"`
	ImpliedID   string `db:"implied_id"`
	ImpliedName string `db:"implied_name"`
}

// Implications lists which roles come with which others, the same prior ones
// together, up to a number of them.
func (i Identity) Implications(ctx context.Context, limit int) ([]IdentityImplication, error) {
	return rows.All[IdentityImplication](ctx, i.s.DB, `
		SELECT m.prior_id, p.name AS prior_name, m.implied_id, r.name AS implied_name
		FROM identity_implied_roles m
		JOIN identity_roles p ON p.id = m.prior_id
		JOIN identity_roles r ON r.id = m.implied_id
		ORDER BY m.prior_id, m.implied_id
		LIMIT ?`, limit)
}

// SeedDomain creates a domain, unless there is one with its ID. Of several
// transactions that try at once, one is told true, after which the others wait
// for it to end.
func (i Identity) SeedDomain(ctx context.Context, d IdentityDomain) (created bool, err error) {
	changed, err := rows.Exec(ctx, i.s.DB, `
		INSERT INTO identity_domains (id, name, description, enabled) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO NOTHING`, d.ID, d.Name, d.Description, d.Enabled)
	return changed == 1, err
}
