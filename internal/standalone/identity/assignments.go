package identity

import (
	"context"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// A target is a kind of thing on which users hold roles.
type target struct {
	path, rule string // the words after it in rules
	scope      func(r *request) identitydb.Scope
	exists     func(ctx context.Context, i *identitydb.Store, id string) error
}

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

// grantRoutes are the calls that give roles and take them away.
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
			route{"GET", many, list, reads, s.onTarget(t, false, s.listGrants)},
			route{"PUT", one, "identity:create_" + t.rule, admin, s.onTarget(t, true, s.grant)},
			route{"GET", one, "identity:check_" + t.rule, reads, s.onTarget(t, true, s.granted)},
			route{"DELETE", one, "identity:revoke_" + t.rule, admin, s.onTarget(t, true, s.revoke)},
		)
	}
	return routes
}

// onTarget makes sure that all that a path names is there.
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

func (s *Service) listGrants(r *request, scope identitydb.Scope) (kit.Reply, error) {
	roles, err := s.store.GrantedRoles(r.Context(), r.param("user_id"), scope)
	views := make([]object, len(roles))
	for i, role := range roles {
		views[i] = roleView(r, role)
	}
	return r.list("roles", views, nil), err
}

func (s *Service) grant(r *request, scope identitydb.Scope) (kit.Reply, error) {
	userID, roleID := r.param("user_id"), r.param("role_id")
	return kit.Reply{}, s.revoking(r.Context(), userID, func(tx *identitydb.Store) error {
		return tx.GrantRole(r.Context(), userID, roleID, scope)
	})
}

func (s *Service) granted(r *request, scope identitydb.Scope) (kit.Reply, error) {
	return kit.Reply{}, s.store.CheckRole(r.Context(), r.param("user_id"), r.param("role_id"), scope)
}

// revoke takes a role away. No token needs to be deleted: their roles are looked
// up whenever they are validated.
func (s *Service) revoke(r *request, scope identitydb.Scope) (kit.Reply, error) {
	userID, roleID := r.param("user_id"), r.param("role_id")
	return kit.Reply{}, s.revoking(r.Context(), userID, func(tx *identitydb.Store) error {
		return tx.RevokeRole(r.Context(), userID, roleID, scope)
	})
}

// assignments lists who holds which role on what.
func (s *Service) assignments(r *request) (kit.Reply, error) {
	q := r.URL.Query()
	f := identitydb.AssignmentFilter{UserID: q.Get("user.id"), RoleID: q.Get("role.id"), Effective: r.flagged("effective")}
	scopes := map[string]identitydb.Scope{
		"scope.project.id": identitydb.OnProject(q.Get("scope.project.id")),
		"scope.domain.id":  identitydb.OnDomain(q.Get("scope.domain.id")),
		"scope.system":     identitydb.System,
	}
	for parameter, scope := range scopes {
		if !q.Has(parameter) {
			continue
		}
		if f.Kind != "" {
			return kit.Reply{}, nova.Errorf(nova.Invalid, "Specify a domain, a project or the system, not several of them.")
		}
		f.Scope = scope
	}
	if q.Get("group.id") != "" { // there are no groups
		return r.list("role_assignments", []object{}, nil), nil
	}
	assignments, err := s.store.Assignments(r.Context(), f, maxList)
	if err != nil {
		return kit.Reply{}, err
	}
	views := make([]object, len(assignments))
	for i, a := range assignments {
		views[i] = assignmentView(r, a, r.flagged("include_names"))
	}
	return r.list("role_assignments", views, nil), nil
}

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
		view["user"] = object{"id": a.UserID, "name": a.UserName, "domain": named(a.UserDomainID, a.UserDomainName)}
		view["role"] = named(a.RoleID, a.RoleName)
	}
	return view
}

func scopeView(a identitydb.Assignment, names bool) object {
	if a.Kind == identitydb.KindSystem {
		return object{identitydb.KindSystem: object{"all": true}}
	}
	on := object{"id": a.Target}
	if names && a.TargetName != nil {
		on["name"] = *a.TargetName
		if a.TargetDomainID != nil {
			on["domain"] = named(*a.TargetDomainID, *a.TargetDomainName)
		}
	}
	return object{a.Kind: on}
}
