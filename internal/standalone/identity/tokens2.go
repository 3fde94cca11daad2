package identity

import (
	"strings"
	"time"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// legacyCompute is the type of the catalog entry that v2.0 tokens call compute.
// Clients that ask for v2.0 tokens expect the compute API of 2014, with the
// project in the path.
const legacyCompute = "compute_legacy"

// authBody2 is the body of a request for a v2.0 token. Its tenants are the
// projects of the domain "default".
type authBody2 struct {
	Auth *struct {
		PasswordCredentials *struct {
			Username string  `json:"username"`
			UserID   string  `json:"userId"`
			Password *string `json:"password"`
		} `json:"passwordCredentials"`
		Token *struct {
			ID string `json:"id"`
		} `json:"token"`
		TenantID   string `json:"tenantId"`
		TenantName string `json:"tenantName"`
	} `json:"auth"`
}

// createToken2 issues a token in v2.0's form. The token itself is like any
// other, and v3 accepts it.
func (s *Service) createToken2(r *request) (kit.Reply, error) {
	var in authBody2
	if err := s.Decode(r.Request, &in); err != nil {
		return kit.Reply{}, err
	}
	p, err := s.prove2(r, in)
	if err != nil {
		return kit.Reply{}, s.challenge(r, err)
	}
	scopes, err := s.scopes2(r, in, p.user)
	if err != nil {
		return kit.Reply{}, s.challenge(r, err)
	}
	token, session, err := s.issue(r.Context(), p, scopes)
	if err != nil {
		return kit.Reply{}, s.challenge(r, err)
	}
	access, err := s.accessView(r, token, session)
	return kit.Reply{Body: object{"access": access}}, err
}

// prove2 proves who a client is by the one method that a v2.0 body names.
func (s *Service) prove2(r *request, in authBody2) (proof, error) {
	switch {
	case in.Auth == nil:
		return proof{}, errMissing("auth", "request body")
	case in.Auth.PasswordCredentials != nil:
		c := in.Auth.PasswordCredentials
		return s.provePassword(r, &userRef{ID: c.UserID, Name: c.Username, Domain: &domainRef{ID: defaultDomain}, Password: c.Password})
	case in.Auth.Token != nil:
		return s.proveToken(r.Context(), in.Auth.Token.ID)
	}
	return proof{}, errMissing("passwordCredentials or token", "auth")
}

// scopes2 lists the scopes for a tenant, or for the user's default project if
// the body names no tenant.
func (s *Service) scopes2(r *request, in authBody2, user identitydb.User) ([]identitydb.Scope, error) {
	if in.Auth.TenantID == "" && in.Auth.TenantName == "" {
		return s.scopes(r.Context(), nil, user)
	}
	return s.projectScope(r.Context(), &projectRef{ID: in.Auth.TenantID, Name: in.Auth.TenantName, Domain: &domainRef{ID: defaultDomain}})
}

// accessView shows a session as v2.0 does. Only tokens for a project have a
// catalog there.
func (s *Service) accessView(r *request, token string, t identitydb.Session) (object, error) {
	view := object{
		"id": token, "issued_at": timestamp(t.IssuedAt), "expires": t.ExpiresAt.UTC().Format(time.RFC3339), "audit_ids": strings.Fields(t.AuditIDs),
	}
	roles, roleIDs := []object{}, []string{}
	for _, role := range t.Roles {
		roles = append(roles, object{"name": role.Name})
		roleIDs = append(roleIDs, role.ID)
	}
	catalog := []object{}
	if t.Kind == identitydb.KindProject {
		project, err := s.store.Projects.Get(r.Context(), t.Target)
		if err != nil {
			return nil, err
		}
		view["tenant"] = tenantView(project)
		if catalog, err = s.catalog2(r, t); err != nil {
			return nil, err
		}
	}
	return object{
		"token":          view,
		"user":           object{"id": t.UserID, "name": t.UserName, "username": t.UserName, "roles": roles, "roles_links": []object{}},
		"serviceCatalog": catalog,
		"metadata":       object{"is_admin": 0, "roles": roleIDs},
	}, nil
}

// catalog2 shows the catalog as v2.0 does: one entry for each service and
// region, with a URL for each interface.
func (s *Service) catalog2(r *request, t identitydb.Session) ([]object, error) {
	services, err := s.catalog(r, t)
	if err != nil {
		return nil, err
	}
	// Two entries would be called compute. The legacy one wins: see legacyCompute.
	hasLegacy := false
	for _, service := range services {
		hasLegacy = hasLegacy || service["type"] == legacyCompute
	}
	converted := []object{}
	for _, service := range services {
		kind := service["type"]
		switch {
		case kind == "compute" && hasLegacy:
			continue
		case kind == legacyCompute:
			kind = "compute"
		}
		endpoints, _ := service["endpoints"].([]object)
		converted = append(converted, object{
			"type": kind, "name": service["name"], "endpoints": byRegion(endpoints), "endpoints_links": []object{},
		})
	}
	return converted, nil
}

// byRegion gathers the endpoints of a service, region by region.
func byRegion(endpoints []object) []object {
	regions, index := []object{}, map[string]object{}
	for _, e := range endpoints {
		name := ""
		if region, _ := e["region"].(*string); region != nil {
			name = *region
		}
		region := index[name]
		if region == nil {
			region = object{"region": name, "id": e["id"]}
			index[name] = region
			regions = append(regions, region)
		}
		if kind, ok := e["interface"].(string); ok {
			region[kind+"URL"] = e["url"]
		}
	}
	return regions
}

// tenants2 lists the projects that the caller can get a token for, as v2.0
// does.
func (s *Service) tenants2(r *request) (kit.Reply, error) {
	projects, err := s.store.ProjectsOf(r.Context(), r.caller.UserID, true, nova.Page{Limit: maxList})
	tenants := make([]object, len(projects))
	for i, project := range projects {
		tenants[i] = tenantView(project)
	}
	return kit.Reply{Body: object{"tenants": tenants, "tenants_links": []object{}}}, err
}

// tenantView shows a project as v2.0 does.
func tenantView(p identitydb.Project) object {
	return object{"id": p.ID, "name": p.Name, "description": p.Description, "enabled": p.Enabled}
}
