package identitydb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// Imply gives everybody who holds one role the other role too. The error is
// Conflict if that is so already.
func (s *Store) Imply(ctx context.Context, priorID, impliedID string) error {
	_, err := rows.Exec(ctx, s.DB, "INSERT INTO identity_implied_roles (prior_id, implied_id) VALUES (?, ?)", priorID, impliedID)
	if nova.Is(err, nova.Conflict) {
		return nova.Because(err, nova.Conflict, "Conflict occurred attempting to store implied_role - Duplicate entry.")
	}
	return err
}

// StopImplying ends what Imply began. The error is NotFound if the one role
// doesn't imply the other.
func (s *Store) StopImplying(ctx context.Context, priorID, impliedID string) error {
	changed, err := rows.Exec(ctx, s.DB, "DELETE FROM identity_implied_roles WHERE prior_id = ? AND implied_id = ?", priorID, impliedID)
	if err == nil && changed == 0 {
		return nova.Errorf(nova.NotFound, "%s does not imply %s.", priorID, impliedID)
	}
	return err
}

// An Implication is a pair of roles: whoever holds the prior one holds the
// implied one too.
type Implication struct {
	PriorID     string `db:"prior_id"`
	PriorName   string `db:"prior_name"`
	ImpliedID   string `db:"implied_id"`
	ImpliedName string `db:"implied_name"`
}

// Implications lists the pairs with a prior role, or all if priorID is empty, in
// the order of their prior roles, at most limit of them. It does not follow
// chains.
func (s *Store) Implications(ctx context.Context, priorID string, limit int) ([]Implication, error) {
	var q rows.Query
	if priorID != "" {
		q.And("m.prior_id = ?", priorID)
	}
	return rows.All[Implication](ctx, s.DB, `
		SELECT m.prior_id, p.name AS prior_name, m.implied_id, r.name AS implied_name
		FROM identity_implied_roles m
		JOIN identity_roles p ON p.id = m.prior_id
		JOIN identity_roles r ON r.id = m.implied_id
		WHERE `+q.Where()+`
		ORDER BY m.prior_id, m.implied_id
		LIMIT ?`, append(q.Args, limit)...)
}

// RolesOf lists the roles that a user holds on a scope by name, implied ones
// included. These are the roles of a token.
func (s *Store) RolesOf(ctx context.Context, userID string, scope Scope) ([]Role, error) {
	return rows.All[Role](ctx, s.DB, `
		WITH RECURSIVE held (id) AS (
			SELECT role_id FROM identity_assignments WHERE user_id = ? AND scope = ? AND target_id = ?
			UNION
			SELECT m.implied_id FROM identity_implied_roles m JOIN held ON held.id = m.prior_id
		)
		SELECT r.id, r.name, r.description, r.options, r.extra FROM identity_roles r JOIN held ON held.id = r.id ORDER BY r.name`,
		userID, scope.Kind, scope.Target)
}
