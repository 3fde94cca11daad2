package identity

import (
	"context"
	"maps"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

func (s *Service) users() resource[identitydb.User] {
	return resource[identitydb.User]{
		service: s, noun: "user", plural: "users",
		table:   func(i *identitydb.Store) identitydb.Table[identitydb.User] { return i.Users },
		id:      func(v identitydb.User) string { return v.ID },
		filters: map[string]string{"name": "name", "domain_id": "domain_id", "enabled": "enabled", "default_project_id": "default_project_id"},
		list:    reads, show: either(reads, self),
		draft: func(r *request) identitydb.User {
			return identitydb.User{ID: newID(), DomainID: domainOf(r.caller), Enabled: true}
		},
		required: []string{"name"},
		prepare:  s.hashPassword,
		read:     readUser,
		check:    checkUser,
		changed: func(ctx context.Context, tx *identitydb.Store, before, after identitydb.User) error {
			if (before.Enabled && !after.Enabled) || before.PasswordHash != after.PasswordHash {
				return tx.DeleteTokensOf(ctx, after.ID)
			}
			return nil
		},
		revokes: theirs,
		taken: func(v identitydb.User) string {
			return "Duplicate entry found with name " + v.Name + " at domain ID " + v.DomainID
		},
		view: userView,
	}
}

// hashPassword hashes the password of a body, which takes too long for a
// transaction.
func (s *Service) hashPassword(r *request, f *form) error {
	if !f.has("password") || f.fields["password"] == nil {
		return nil
	}
	var password string
	f.text("password", 0, maxPassword, &password)
	if f.err != nil {
		return f.err
	}
	var err error
	f.hash, err = s.passwords.hash(r.Context(), visitorOf(r.Request, r.caller.UserID), password)
	return err
}

func readUser(f *form, v *identitydb.User) {
	if f.creating {
		f.name("domain_id", maxName, &v.DomainID)
	} else {
		f.fixed("domain_id", v.DomainID, "Cannot change Domain ID")
	}
	f.name("name", maxName, &v.Name)
	f.flag("enabled", &v.Enabled)
	f.reference("default_project_id", &v.DefaultProjectID)
	if f.hash != "" {
		v.PasswordHash = f.hash
	}
	for _, key := range []string{"id", "password", "password_expires_at", "options", "links", "extra"} {
		f.has(key) // read, or ours to tell
	}
	v.Extra.V = f.rest(v.Extra.V)
}

func checkUser(ctx context.Context, tx *identitydb.Store, v identitydb.User) error {
	if err := checkDomain(ctx, tx, v.DomainID); err != nil {
		return err
	}
	if v.DefaultProjectID == nil {
		return nil
	}
	_, err := tx.Projects.Get(ctx, *v.DefaultProjectID)
	return elsewhere(err, nova.Errorf(nova.Invalid, "Could not find project: %s.", *v.DefaultProjectID))
}

func checkDomain(ctx context.Context, tx *identitydb.Store, id string) error {
	_, err := tx.Domains.Get(ctx, id)
	return elsewhere(err, nova.Errorf(nova.Invalid, "Could not find domain: %s.", id))
}

func userView(r *request, v identitydb.User) object {
	view := object{}
	maps.Copy(view, v.Extra.V)
	maps.Copy(view, object{
		"id": v.ID, "name": v.Name, "domain_id": v.DomainID, "enabled": v.Enabled,
		"password_expires_at": nil, "options": object{}, "links": r.link("users", v.ID),
	})
	if v.DefaultProjectID != nil {
		view["default_project_id"] = *v.DefaultProjectID
	}
	return view
}

// changePassword lets users give themselves a new password. The old one is
// all that they need to show.
func (s *Service) changePassword(r *request) (kit.Reply, error) {
	f, err := r.form("user")
	if err != nil {
		return kit.Reply{}, err
	}
	var password, original string
	f.require("original_password", "password")
	f.text("password", 0, maxPassword, &password)
	f.text("original_password", 0, maxPassword, &original)
	if f.err != nil {
		return kit.Reply{}, f.err
	}
	user, err := s.store.Users.Get(r.Context(), r.param("user_id"))
	if err != nil && !nova.Is(err, nova.NotFound) {
		return kit.Reply{}, err
	}
	v := visitorOf(r.Request, r.param("user_id"))
	ok, err := s.passwords.check(r.Context(), v, user.PasswordHash, original)
	if err != nil {
		return kit.Reply{}, err
	}
	if !ok || !user.Enabled {
		return kit.Reply{}, s.unauthorized(r.Request)
	}
	hash, err := s.passwords.hash(r.Context(), v, password)
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{}, s.revoking(r.Context(), user.ID, func(tx *identitydb.Store) error {
		_, err := tx.Users.Change(r.Context(), user.ID, func(_ *identitydb.Store, v *identitydb.User) error {
			if v.PasswordHash != user.PasswordHash { // changed meanwhile
				return s.unauthorized(r.Request)
			}
			v.PasswordHash = hash
			return nil
		})
		if err != nil {
			return err
		}
		return tx.DeleteTokensOf(r.Context(), user.ID)
	})
}

func (s *Service) userProjects(r *request) (kit.Reply, error) {
	id := r.param("user_id")
	if _, err := s.store.Users.Get(r.Context(), id); err != nil {
		return kit.Reply{}, err
	}
	return s.listProjects(r, id, false)
}

func (s *Service) authProjects(r *request) (kit.Reply, error) {
	return s.listProjects(r, r.caller.UserID, true)
}

func (s *Service) listProjects(r *request, userID string, enabledOnly bool) (kit.Reply, error) {
	p, err := kit.Page(r.Request, maxList)
	if err != nil {
		return kit.Reply{}, err
	}
	projects, err := s.store.ProjectsOf(r.Context(), userID, enabledOnly, p)
	if err != nil {
		return kit.Reply{}, err
	}
	return listReply(r, "projects", projects, p, projectView, projectID), nil
}

func (s *Service) authDomains(r *request) (kit.Reply, error) {
	p, err := kit.Page(r.Request, maxList)
	if err != nil {
		return kit.Reply{}, err
	}
	domains, err := s.store.DomainsOf(r.Context(), r.caller.UserID, p)
	if err != nil {
		return kit.Reply{}, err
	}
	return listReply(r, "domains", domains, p, domainView, domainID), nil
}

func (s *Service) authSystem(r *request) (kit.Reply, error) {
	roles, err := s.store.GrantedRoles(r.Context(), r.caller.UserID, identitydb.System)
	system := []object{}
	if len(roles) > 0 {
		system = append(system, object{"all": true})
	}
	return kit.Reply{Body: object{"system": system, "links": object{"self": s.self(r.Request, "/v3/auth/system")}}}, err
}

// groups is always empty: there is no way to make one.
func (s *Service) groups(r *request) (kit.Reply, error) {
	return r.list("groups", []object{}, nil), nil
}

func (s *Service) userGroups(r *request) (kit.Reply, error) {
	if _, err := s.store.Users.Get(r.Context(), r.param("user_id")); err != nil {
		return kit.Reply{}, err
	}
	return s.groups(r)
}
