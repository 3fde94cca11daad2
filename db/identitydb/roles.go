package identitydb

import (
	"context"

	"github.com/nova-api/nova-api/db/rows"
)

// Imply gives everybody who holds one role the other role too.
func (s *Store) Imply(ctx context.Context, priorID, impliedID string) error {
	_, err := rows.Exec(ctx, s.DB, `
		INSERT INTO identity_implied_roles (prior_id, implied_id) VALUES (?, ?)
		ON CONFLICT (prior_id, implied_id) DO NOTHING`, priorID, impliedID)
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

// Implications lists the pairs in the order of their prior roles, at most limit
// of them. It does not follow chains.
func (s *Store) Implications(ctx context.Context, limit int) ([]Implication, error) {
	return rows.All[Implication](ctx, s.DB, `
		SELECT m.prior_id, p.name AS prior_name, m.implied_id, r.name AS implied_name
		FROM identity_implied_roles m
		JOIN identity_roles p ON p.id = m.prior_id
		JOIN identity_roles r ON r.id = m.implied_id
		ORDER BY m.prior_id, m.implied_id
		LIMIT ?`, limit)
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
		SELECT r.id, r.name, r.description, r.immutable FROM identity_roles r JOIN held ON held.id = r.id ORDER BY r.name`,
		userID, scope.Kind, scope.Target)
}
