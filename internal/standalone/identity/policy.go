package identity

import (
	"slices"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
)

// A policy reports whether a caller may make a request. The policies below are
// the rules of Keystone's defaults, as far as this service needs them.
type policy func(r *request) bool

// anyCaller allows everybody who has a token.
func anyCaller(*request) bool { return true }

// admin allows callers with the role admin. As in Keystone, it doesn't matter
// on what they hold it: an administrator of one project is one of the cloud.
func admin(r *request) bool { return holds(r.caller, "admin") }

// canReadAll allows administrators, and readers of the whole system.
func canReadAll(r *request) bool {
	return admin(r) || (r.caller.Kind == identitydb.KindSystem && holds(r.caller, "reader"))
}

// self allows users to see to themselves.
func self(r *request) bool { return r.param("user_id") == r.caller.UserID }

// ownProject allows a token for the project that the path names.
func ownProject(r *request) bool {
	return r.caller.Scope == identitydb.OnProject(r.param("project_id"))
}

// ownDomain allows a token for the domain that the path names, or for a project
// in it.
func ownDomain(r *request) bool { return r.param("domain_id") == domainOf(r.caller) }

// either allows everybody whom one of several policies allows.
func either(policies ...policy) policy {
	return func(r *request) bool {
		return slices.ContainsFunc(policies, func(may policy) bool { return may(r) })
	}
}

// holds reports whether a session comes with a role, granted or implied.
func holds(session identitydb.Session, role string) bool {
	return slices.ContainsFunc(session.Roles, func(held identitydb.Role) bool { return held.Name == role })
}

// domainOf is the domain that a session acts in: the domain of its scope, or
// else that of its user. New things belong to it unless a body names another.
func domainOf(session identitydb.Session) string {
	switch session.Kind {
	case identitydb.KindProject:
		return *session.ProjectDomainID
	case identitydb.KindDomain:
		return session.Target
	}
	return session.UserDomainID
}

// errForbidden refuses a request and names the rule, as oslo.policy does.
func errForbidden(rule string) error {
	return nova.Errorf(nova.Forbidden, "You are not authorized to perform the requested action: %s.", rule)
}
