package identity

import (
	"context"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// userShape is the shape of a user. The password is checked where it is hashed.
var userShape = shape{types: "object", fields: []field{
	{name: "name", required: true, shape: aName},
	{name: "domain_id", shape: anID},
	{name: "enabled", shape: aBool},
	{name: "password", shape: shape{types: "string null"}},
	{name: "default_project_id", shape: anIDOrNull},
	{name: "options", shape: userOptions},
	{name: "description", shape: aTextOrNull},
}}

// userOptions are the options that Keystone has. They are stored and shown, and
// mean nothing here: no password expires, and nobody is locked out.
var userOptions = shape{types: "object", closed: true, fields: []field{
	{name: "ignore_change_password_upon_first_use", shape: shape{types: "boolean null"}},
	{name: "ignore_password_expiry", shape: shape{types: "boolean null"}},
	{name: "ignore_lockout_failure_attempts", shape: shape{types: "boolean null"}},
	{name: "lock_password", shape: shape{types: "boolean null"}},
	{name: "ignore_user_inactivity", shape: shape{types: "boolean null"}},
	{name: "multi_factor_auth_enabled", shape: shape{types: "boolean null"}},
	{name: "multi_factor_auth_rules", shape: shape{types: "array null", maxItems: maxRules, unique: true, items: &shape{
		types: "array", minItems: 1, maxItems: maxRules, unique: true, items: &shape{types: "string"},
	}}},
}}

// maxRules bounds the rules about login methods, and the methods in a rule.
const maxRules = 100

// users are the users as a resource. A user's tokens go when it is disabled or
// gets another password.
func (s *Service) users() resource[identitydb.User] {
	return resource[identitydb.User]{
		service: s, noun: "user", plural: "users",
		table:   func(s *identitydb.Store) identitydb.Table[identitydb.User] { return s.Users },
		id:      func(v identitydb.User) string { return v.ID },
		filters: map[string]string{"name": "name", "domain_id": "domain_id", "enabled": "enabled", "default_project_id": "default_project_id"},
		list:    canReadAll, show: either(canReadAll, self),
		shape: userShape,
		draft: func(r *request) identitydb.User {
			return identitydb.User{ID: newID(), DomainID: domainOf(r.caller), Enabled: true}
		},
		prepare:      s.hashPassword,
		read:         readUser,
		extra:        func(v *identitydb.User) *map[string]any { return &v.Fields.V },
		view:         userView,
		repeatsExtra: true,
		check:        checkUser,
		afterChange: func(ctx context.Context, tx *identitydb.Store, before, after identitydb.User) error {
			if (before.Enabled && !after.Enabled) || before.PasswordHash != after.PasswordHash {
				return tx.DeleteTokensOf(ctx, after.ID)
			}
			return nil
		},
		revokes: tokensOfUser,
		conflictText: func(v identitydb.User, creating bool) string {
			if creating {
				return "user - Duplicate entry found with name " + v.Name + " at domain ID " + v.DomainID
			}
			return "user - Duplicate entry found with name " + v.Name
		},
	}
}

// hashPassword hashes the password of a body, which takes too long for a
// transaction.
func (s *Service) hashPassword(r *request, f *form) error {
	password, sent := f.fields["password"].(string)
	if !sent {
		return nil
	}
	var err error
	f.hash, err = s.passwords.hash(r.Context(), visitorOf(r.Request, r.caller.UserID), password)
	return err
}

// readUser reads a body. The description is an extra field, as in Keystone: it
// is shown only if there is one.
func readUser(f *form, v *identitydb.User) {
	f.name("name", &v.Name)
	f.text("domain_id", &v.DomainID)
	f.enabled(&v.Enabled)
	f.textOrNull("default_project_id", &v.DefaultProjectID)
	v.Values.V = f.options(v.Values.V)
	if f.hash != "" {
		v.PasswordHash = f.hash
	}
	if description, sent := f.fields["description"]; sent {
		fields := object{"description": description}
		for name, value := range v.Fields.V {
			if name != "description" {
				fields[name] = value
			}
		}
		v.Fields.V = fields
	}
}

// checkUser refuses a user in a domain that doesn't exist, or in another domain
// than before. The default project need not exist, but must not be a domain.
func checkUser(ctx context.Context, tx *identitydb.Store, before *identitydb.User, v identitydb.User) error {
	if before != nil && before.DomainID != v.DomainID {
		return nova.Errorf(nova.Invalid, "Cannot change Domain ID")
	}
	if _, err := tx.Domains.Get(ctx, v.DomainID); err != nil {
		return err
	}
	if v.DefaultProjectID == nil {
		return nil
	}
	_, err := tx.Domains.Get(ctx, *v.DefaultProjectID)
	if err == nil {
		return nova.Errorf(nova.Invalid, "User's default project ID cannot be a domain ID: %s", *v.DefaultProjectID)
	}
	return replaceNotFound(err, nil)
}

// userView shows a user. The default project is left out if there is none.
func userView(r *request, v identitydb.User) object {
	view := object{
		"id": v.ID, "name": v.Name, "domain_id": v.DomainID, "enabled": v.Enabled,
		"password_expires_at": nil, "options": orObject(v.Values.V), "links": r.link("users", v.ID),
	}
	if v.DefaultProjectID != nil {
		view["default_project_id"] = *v.DefaultProjectID
	}
	return view
}

// passwordShape is the shape of a change of password. Nothing else may be sent
// along.
var passwordShape = shape{types: "object", closed: true, fields: []field{
	{name: "original_password", required: true, shape: shape{types: "string"}},
	{name: "password", required: true, shape: shape{types: "string"}},
}}

// changePassword lets a user choose a new password. The request needs no token:
// it shows the old password. All tokens of the user are revoked.
func (s *Service) changePassword(r *request) (kit.Reply, error) {
	f, err := r.form("user", passwordShape)
	if err != nil {
		return kit.Reply{}, err
	}
	var password, original string
	f.text("password", &password)
	f.text("original_password", &original)
	user, err := s.store.Users.Get(r.Context(), r.param("user_id"))
	if err != nil && !nova.Is(err, nova.NotFound) {
		return kit.Reply{}, err
	}
	// Nobody has logged in here, so the turnstile counts by the user in the path.
	v := visitorOf(r.Request, r.param("user_id"))
	// Here too, an unknown user takes as long as a known one.
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
	// Between the check and this transaction the password may have been changed, and
	// then the old one is good for nothing any more.
	return kit.Reply{}, s.revoke(r.Context(), user.ID, func(tx *identitydb.Store) error {
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

// userProjects lists the projects on which a user holds a role, enabled or not.
func (s *Service) userProjects(r *request) (kit.Reply, error) {
	id := r.param("user_id")
	if _, err := s.store.Users.Get(r.Context(), id); err != nil {
		return kit.Reply{}, err
	}
	return s.listProjects(r, id, false)
}

// authProjects lists the projects that the caller can get a token for.
func (s *Service) authProjects(r *request) (kit.Reply, error) {
	return s.listProjects(r, r.caller.UserID, true)
}

// listProjects shows a page of the projects on which a user holds a role.
func (s *Service) listProjects(r *request, userID string, enabledOnly bool) (kit.Reply, error) {
	p, err := kit.Page(r.Request, maxList)
	if err != nil {
		return kit.Reply{}, err
	}
	projects, err := s.store.ProjectsOf(r.Context(), userID, enabledOnly, p)
	if err != nil {
		return kit.Reply{}, err
	}
	return listReply(r, "projects", projects, p, s.projects().fullView, projectID), nil
}

// authDomains lists the domains that the caller can get a token for.
func (s *Service) authDomains(r *request) (kit.Reply, error) {
	p, err := kit.Page(r.Request, maxList)
	if err != nil {
		return kit.Reply{}, err
	}
	domains, err := s.store.DomainsOf(r.Context(), r.caller.UserID, p)
	if err != nil {
		return kit.Reply{}, err
	}
	return listReply(r, "domains", domains, p, s.domains().fullView, domainID), nil
}

// authSystem tells the caller whether it can get a token for the system.
func (s *Service) authSystem(r *request) (kit.Reply, error) {
	roles, err := s.store.GrantedRoles(r.Context(), r.caller.UserID, identitydb.System)
	system := []object{}
	if len(roles) > 0 {
		system = append(system, object{"all": true})
	}
	return kit.Reply{Body: object{"system": system, "links": object{"self": s.self(r.Request, "/v3/auth/system")}}}, err
}
