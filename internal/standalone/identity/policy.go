package identity

import (
	"slices"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
)

// A policy tells whether a caller may make a request.
type policy func(r *request) bool

// authenticated lets everybody with a token.
func authenticated(*request) bool { return true }

// admin lets those who hold the role admin, wherever that is: as in Keystone,
// an administrator of one project is one of the cloud.
func admin(r *request) bool { return holds(r.caller, "admin") }

// reads lets those who may see everything.
func reads(r *request) bool {
	return admin(r) || (r.caller.Kind == identitydb.KindSystem && holds(r.caller, "reader"))
}

// self lets users see to themselves.
func self(r *request) bool { return r.param("user_id") == r.caller.UserID }

// ownProject lets those whose token is for the project.
func ownProject(r *request) bool {
	return r.caller.Scope == identitydb.OnProject(r.param("project_id"))
}

// ownDomain lets those whose token is for the domain or a project in it.
func ownDomain(r *request) bool { return r.param("domain_id") == domainOf(r.caller) }

// either lets those whom one of several policies lets.
func either(policies ...policy) policy {
	return func(r *request) bool {
		return slices.ContainsFunc(policies, func(may policy) bool { return may(r) })
	}
}

func holds(session identitydb.Session, role string) bool {
	return slices.ContainsFunc(session.Roles, func(held identitydb.Role) bool { return held.Name == role })
}

// domainOf is the domain that a session acts in: that of its scope, or else of
// its user.
func domainOf(session identitydb.Session) string {
	switch session.Kind {
	case identitydb.KindProject:
		return *session.ProjectDomainID
	case identitydb.KindDomain:
		return session.Target
	}
	return session.UserDomainID
}

func forbidden(rule string) error {
	return nova.Errorf(nova.Forbidden, "You are not authorized to perform the requested action: %s.", rule)
}
