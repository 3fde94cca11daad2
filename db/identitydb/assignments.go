package identitydb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// The kinds of scope.
const (
	KindProject = "project"
	KindDomain  = "domain"
	KindSystem  = "system" // the whole cloud; its only target is "all"
)

// A Scope is the project, domain or system that a role is held on and that a
// token is good for. The zero Scope is that of an unscoped token.
type Scope struct {
	Kind   string `db:"scope"`
	Target string `db:"target_id"`
}

// System is the one scope of its kind.
var System = Scope{KindSystem, "all"}

// OnProject is the scope of a project.
func OnProject(id string) Scope { return Scope{KindProject, id} }

// OnDomain is the scope of a domain.
func OnDomain(id string) Scope { return Scope{KindDomain, id} }

// An Assignment is a role that a user holds on a scope, with the names of all
// three.
type Assignment struct {
	UserID         string `db:"user_id"`
	UserName       string `db:"user_name"`
	UserDomainID   string `db:"user_domain_id"`
	UserDomainName string `db:"user_domain_name"`
	RoleID         string `db:"role_id"`
	RoleName       string `db:"role_name"`
	PriorRoleID    string `db:"prior_role_id"` // the granted role that implies this one; empty if this one was granted
	Scope
	TargetName       *string `db:"target_name"` // nil for the system
	TargetDomainID   *string `db:"target_domain_id"`
	TargetDomainName *string `db:"target_domain_name"`
}

// An AssignmentFilter narrows a list of assignments. An empty field does not.
type AssignmentFilter struct {
	UserID, RoleID string
	Scope
	Effective bool // list implied roles too
}

// impliedRoles is the start of a query: each role with all roles that it
// implies, itself included.
const impliedRoles = `
	WITH RECURSIVE implications (prior_id, id) AS (
		SELECT id, id FROM identity_roles
		UNION
		SELECT i.prior_id, m.implied_id FROM identity_implied_roles m JOIN implications i ON i.id = m.prior_id
	)`

// Assignments lists who holds which role on what, at most limit of them.
func (s *Store) Assignments(ctx context.Context, f AssignmentFilter, limit int) ([]Assignment, error) {
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
	return rows.All[Assignment](ctx, s.DB, impliedRoles+`
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

// GrantedRoles lists the roles that were granted to a user on a scope, without
// the roles that they imply.
func (s *Store) GrantedRoles(ctx context.Context, userID string, scope Scope) ([]Role, error) {
	return rows.All[Role](ctx, s.DB, `
		SELECT r.id, r.name, r.description, r.options, r.extra
		FROM identity_roles r JOIN identity_assignments a ON a.role_id = r.id
		WHERE a.user_id = ? AND a.scope = ? AND a.target_id = ?
		ORDER BY r.id`, userID, scope.Kind, scope.Target)
}

// GrantRole gives a user a role on a scope. A role that the user already holds
// there is no error.
func (s *Store) GrantRole(ctx context.Context, userID, roleID string, scope Scope) error {
	_, err := rows.Exec(ctx, s.DB, `
		INSERT INTO identity_assignments (user_id, scope, target_id, role_id) VALUES (?, ?, ?, ?)
		ON CONFLICT (user_id, scope, target_id, role_id) DO NOTHING`, userID, scope.Kind, scope.Target, roleID)
	return err
}

// oneAssignment is the condition for one row.
const oneAssignment = " WHERE user_id = ? AND scope = ? AND target_id = ? AND role_id = ?"

// RevokeRole takes a role on a scope from a user. The error is NotFound if the
// role was not granted there.
func (s *Store) RevokeRole(ctx context.Context, userID, roleID string, scope Scope) error {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM identity_assignments"+oneAssignment, userID, scope.Kind, scope.Target, roleID)
	if err == nil && changed == 0 {
		return noAssignment(userID, roleID, scope)
	}
	return err
}

// CheckRole fails with NotFound unless a role was granted to a user on a scope.
func (s *Store) CheckRole(ctx context.Context, userID, roleID string, scope Scope) error {
	_, err := rows.Get[string](ctx, s.DB, "SELECT role_id FROM identity_assignments"+oneAssignment, userID, scope.Kind, scope.Target, roleID)
	if nova.Is(err, nova.NotFound) {
		return noAssignment(userID, roleID, scope)
	}
	return err
}

func noAssignment(userID, roleID string, scope Scope) error {
	target := scope.Target
	if scope == System {
		target = KindSystem
	}
	return nova.Errorf(nova.NotFound,
		"Could not find role assignment with role: %s, user or group: %s, project, domain, or system: %s.", roleID, userID, target)
}

// ProjectsOf lists a page of the projects on which a user holds a role, by ID.
// With enabledOnly it lists those that the user can get a token for.
func (s *Store) ProjectsOf(ctx context.Context, userID string, enabledOnly bool, p nova.Page) ([]Project, error) {
	var q rows.Query
	q.And("id IN (SELECT target_id FROM identity_assignments WHERE user_id = ? AND scope = 'project')", userID)
	q.And("id > ?", p.Marker)
	if enabledOnly {
		q.And("enabled AND domain_id IN (SELECT id FROM identity_domains WHERE enabled)")
	}
	return rows.All[Project](ctx, s.DB, projects.query+" WHERE "+q.Where()+" ORDER BY id LIMIT ?", append(q.Args, p.Limit)...)
}

// DomainsOf lists a page of the enabled domains on which a user holds a role,
// by ID.
func (s *Store) DomainsOf(ctx context.Context, userID string, p nova.Page) ([]Domain, error) {
	return rows.All[Domain](ctx, s.DB, domains.query+`
		WHERE id IN (SELECT target_id FROM identity_assignments WHERE user_id = ? AND scope = 'domain') AND enabled AND id > ?
		ORDER BY id LIMIT ?`, userID, p.Marker, p.Limit)
}

// SeedDomain creates a domain without tags, options and extra fields, and reports whether it did: not if the ID is
// taken. Of several transactions that try at once, one creates it and the
// others wait for that one to end.
func (s *Store) SeedDomain(ctx context.Context, d Domain) (created bool, err error) {
	changed, err := rows.Exec(ctx, s.DB, `
		INSERT INTO identity_domains (id, name, description, enabled, tags, options, extra) VALUES (?, ?, ?, ?, '', '', '')
		ON CONFLICT (id) DO NOTHING`, d.ID, d.Name, d.Description, d.Enabled)
	return changed == 1, err
}

// ForgetProjects deletes the assignments on all projects of a domain and the
// tokens for them.
func (s *Store) ForgetProjects(ctx context.Context, domainID string) error {
	for _, table := range []string{"identity_tokens", "identity_assignments"} {
		_, err := rows.Exec(ctx, s.DB, "DELETE FROM "+table+
			" WHERE scope = 'project' AND target_id IN (SELECT id FROM identity_projects WHERE domain_id = ?)", domainID)
		if err != nil {
			return err
		}
	}
	return nil
}

// ForgetScope deletes the assignments on a project or domain and the tokens for
// it, and takes a project from the users whose default it is.
func (s *Store) ForgetScope(ctx context.Context, scope Scope) error {
	if err := s.DeleteTokensFor(ctx, scope); err != nil {
		return err
	}
	_, err := rows.Exec(ctx, s.DB, "DELETE FROM identity_assignments WHERE scope = ? AND target_id = ?", scope.Kind, scope.Target)
	if err != nil || scope.Kind != KindProject {
		return err
	}
	_, err = rows.Exec(ctx, s.DB, "UPDATE identity_users SET default_project_id = NULL WHERE default_project_id = ?", scope.Target)
	return err
}
