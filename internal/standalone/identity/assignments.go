package identity

import (
	"context"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// A target is a kind of thing that users hold roles on.
type target struct {
	path, rule string // the rule is the end of the names of its policies
	scope      func(r *request) identitydb.Scope
	exists     func(ctx context.Context, i *identitydb.Store, id string) error
}

// targets are the kinds of things that users hold roles on.
var targets = []target{
	{
		"/v3/projects/{project_id}", "grant",
		func(r *request) identitydb.Scope {
			return identitydb.OnProject(r.param("project_id"))
		},
		func(ctx context.Context, i *identitydb.Store, id string) error {
			_, err := i.Projects.Get(ctx, id)
			return err
		},
	},
	{
		"/v3/domains/{domain_id}", "grant",
		func(r *request) identitydb.Scope {
			return identitydb.OnDomain(r.param("domain_id"))
		},
		func(ctx context.Context, i *identitydb.Store, id string) error {
			_, err := i.Domains.Get(ctx, id)
			return err
		},
	},
	{
		"/v3/system", "system_grant_for_user",
		func(*request) identitydb.Scope { return identitydb.System },
		func(context.Context, *identitydb.Store, string) error { return nil },
	},
}

// grantRoutes are the calls that grant roles, check them and revoke them.
func (s *Service) grantRoutes() []route {
	var routes []route
	for _, t := range targets {
		many := t.path + "/users/{user_id}/roles"
		one := many + "/{role_id}"
		list := "identity:list_grants"
		if t.rule != "grant" {
			list = "identity:list_system_grants_for_user"
		}
		routes = append(routes,
			route{"GET", many, list, canReadAll, s.onTarget(t, false, s.listGrants)},
			route{"PUT", one, "identity:create_" + t.rule, admin, s.onTarget(t, true, s.grant)},
			route{"GET", one, "identity:check_" + t.rule, canReadAll, s.onTarget(t, true, s.checkGrant)},
			route{"DELETE", one, "identity:revoke_" + t.rule, admin, s.revokeOn(t)},
		)
	}
	return routes
}

// onTarget looks up the target, the user and the role that a path names, and
// calls do if all of them exist.
func (s *Service) onTarget(t target, withRole bool, do func(*request, identitydb.Scope) (kit.Reply, error)) func(*request) (kit.Reply, error) {
	return func(r *request) (kit.Reply, error) {
		scope, i := t.scope(r), s.store
		if err := t.exists(r.Context(), i, scope.Target); err != nil {
			return kit.Reply{}, err
		}
		if _, err := i.Users.Get(r.Context(), r.param("user_id")); err != nil {
			return kit.Reply{}, err
		}
		if withRole {
			if _, err := i.Roles.Get(r.Context(), r.param("role_id")); err != nil {
				return kit.Reply{}, err
			}
		}
		return do(r, scope)
	}
}

// listGrants lists the roles that were granted to a user on a target.
func (s *Service) listGrants(r *request, scope identitydb.Scope) (kit.Reply, error) {
	roles, err := s.store.GrantedRoles(r.Context(), r.param("user_id"), scope)
	views := make([]object, len(roles))
	for i, role := range roles {
		views[i] = s.roles().fullView(r, role)
	}
	return r.list("roles", views, nil), err
}

// grant gives a user a role on a target. The user's tokens come with it from
// then on, so cached answers are dropped here too.
func (s *Service) grant(r *request, scope identitydb.Scope) (kit.Reply, error) {
	userID, roleID := r.param("user_id"), r.param("role_id")
	return kit.Reply{}, s.revoke(r.Context(), userID, func(tx *identitydb.Store) error {
		return tx.GrantRole(r.Context(), userID, roleID, scope)
	})
}

// checkGrant reports whether a role was granted, by the status alone.
func (s *Service) checkGrant(r *request, scope identitydb.Scope) (kit.Reply, error) {
	return kit.Reply{}, s.store.CheckRole(r.Context(), r.param("user_id"), r.param("role_id"), scope)
}

// revokeOn takes a role away. As in Keystone, it doesn't matter whether the user
// still exists. No token needs to be deleted: their roles are looked up whenever
// they are validated.
func (s *Service) revokeOn(t target) func(*request) (kit.Reply, error) {
	return func(r *request) (kit.Reply, error) {
		scope, userID, roleID := t.scope(r), r.param("user_id"), r.param("role_id")
		if err := t.exists(r.Context(), s.store, scope.Target); err != nil {
			return kit.Reply{}, err
		}
		if _, err := s.store.Roles.Get(r.Context(), roleID); err != nil {
			return kit.Reply{}, err
		}
		return kit.Reply{}, s.revoke(r.Context(), userID, func(tx *identitydb.Store) error {
			return tx.RevokeRole(r.Context(), userID, roleID, scope)
		})
	}
}

// assignments lists who holds which role on what.
func (s *Service) assignments(r *request) (kit.Reply, error) {
	f, possible, err := assignmentFilter(r)
	if err != nil || !possible {
		return r.list("role_assignments", []object{}, nil), err
	}
	assignments, err := s.store.Assignments(r.Context(), f, maxList)
	if err != nil {
		return kit.Reply{}, err
	}
	// Each project below is asked about by itself; a tree is five levels deep, and
	// only administrators ask.
	if r.flagged("include_subtree") {
		below, err := subtreeOf(r.Context(), s.store, f.Target)
		if err != nil {
			return kit.Reply{}, err
		}
		for _, project := range below {
			f.Scope = identitydb.OnProject(project.ID)
			more, err := s.store.Assignments(r.Context(), f, maxList)
			if err != nil {
				return kit.Reply{}, err
			}
			assignments = append(assignments, more...)
		}
	}
	views := make([]object, len(assignments))
	for i, a := range assignments {
		views[i] = assignmentView(r, a, r.flagged("include_names"))
	}
	return r.list("role_assignments", views, nil), nil
}

// assignmentFilter reads the query of a list of assignments. It reports false if
// no assignment can fit: there are no groups, and no assignment is inherited.
func assignmentFilter(r *request) (f identitydb.AssignmentFilter, possible bool, err error) {
	q := r.URL.Query()
	f = identitydb.AssignmentFilter{UserID: q.Get("user.id"), RoleID: q.Get("role.id"), Effective: r.flagged("effective")}
	project, domain, system := q.Get("scope.project.id"), q.Get("scope.domain.id"), q.Get("scope.system")
	switch {
	case f.UserID != "" && q.Get("group.id") != "":
		return f, false, nova.Errorf(nova.Invalid, "Specify a user or group, not both")
	case f.Effective && q.Get("group.id") != "":
		return f, false, nova.Errorf(nova.Invalid, "Combining effective and group filter will always result in an empty list.")
	case project != "" && domain != "":
		return f, false, nova.Errorf(nova.Invalid, "Specify a domain or project, not both")
	case project != "" && system != "":
		return f, false, nova.Errorf(nova.Invalid, "Specify system or project, not both")
	case domain != "" && system != "":
		return f, false, nova.Errorf(nova.Invalid, "Specify system or domain, not both")
	case r.flagged("include_subtree") && project == "":
		return f, false, nova.Errorf(nova.Invalid, "scope.project.id must be specified if include_subtree is also specified")
	case project != "":
		f.Scope = identitydb.OnProject(project)
	case domain != "":
		f.Scope = identitydb.OnDomain(domain)
	case system != "":
		f.Scope = identitydb.System
	}
	return f, q.Get("group.id") == "" && !q.Has("scope.OS-INHERIT:inherited_to"), nil
}

// assignmentView shows an assignment. An implied role links to the assignment
// that it comes from.
func assignmentView(r *request, a identitydb.Assignment, names bool) object {
	prior := a.RoleID
	links := object{}
	if a.PriorRoleID != "" {
		prior = a.PriorRoleID
		links["prior_role"] = r.service.self(r.Request, "/v3/prior_role/"+a.RoleID+"/implies/"+prior)
	}
	where := "/v3/" + a.Kind + "s/" + a.Target
	if a.Kind == identitydb.KindSystem {
		where = "/v3/system"
	}
	links["assignment"] = r.service.self(r.Request, where+"/users/"+a.UserID+"/roles/"+prior)
	view := object{"links": links, "user": object{"id": a.UserID}, "role": object{"id": a.RoleID}, "scope": scopeView(a, names)}
	if names {
		view["user"] = object{"id": a.UserID, "name": a.UserName, "domain": idAndName(a.UserDomainID, a.UserDomainName)}
		view["role"] = idAndName(a.RoleID, a.RoleName)
	}
	return view
}

// scopeView shows the target of an assignment, with names if they are asked
// for.
func scopeView(a identitydb.Assignment, names bool) object {
	if a.Kind == identitydb.KindSystem {
		return object{identitydb.KindSystem: object{"all": true}}
	}
	on := object{"id": a.Target}
	if names && a.TargetName != nil {
		on["name"] = *a.TargetName
		if a.TargetDomainID != nil {
			on["domain"] = idAndName(*a.TargetDomainID, *a.TargetDomainName)
		}
	}
	return object{a.Kind: on}
}
