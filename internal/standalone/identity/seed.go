package identity

import (
	"cmp"
	"context"
	"errors"

	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/internal/nova"
)

// defaultDomain is the ID of the domain that is always there.
const defaultDomain = "default"

// SeedOptions say what Seed can't know by itself.
type SeedOptions struct {
	// AdminPassword is the password of all seeded users who are people.
	AdminPassword string
	// Endpoints are the URLs of services that aren't bundled, by the service's type.
	Endpoints map[string]string
}

// seedRoles are the roles of Keystone's bootstrap, each with the role that it
// implies. A role stands below the one that it implies, which is created first.
var seedRoles = []struct{ name, implies string }{
	{"reader", ""},
	{"member", "reader"},
	{"manager", "member"},
	{"admin", "manager"},
	{"service", ""},
}

// seedProjects are the projects that a new cloud has.
var seedProjects = []struct{ name, description string }{
	{"admin", "For the administrators of this cloud."},
	{"demo", "For a first try."},
	{"alt_demo", "For what demo must not see."},
	{"service", "For the services themselves."},
}

// seedGrants are the users of a new cloud with the roles that they hold on
// projects. An empty project stands for the system. Only people get a password;
// the user of the services logs in with one that is in no database.
var seedGrants = []struct {
	user, role, project string
	person              bool
}{
	{"admin", "admin", "admin", true},
	{"admin", "admin", "demo", true},
	{"admin", "admin", "", true},
	{"demo", "member", "demo", true},
	{"alt_demo", "member", "alt_demo", true},
	{"reader", "reader", "demo", true},
	{ServiceUser, "service", "service", false},
	{ServiceUser, "admin", "service", false},
}

// seedCatalog are the services that are bundled. Their URLs follow the address
// of the process.
var seedCatalog = []struct{ kind, name, description, url string }{
	{"identity", "keystone", "Identity", baseWord + Path},
	{"compute", "nova", "Compute", baseWord + "/v2.1"},
	{legacyCompute, "nova_legacy", "Compute as it was in 2014", baseWord + "/v2/$(project_id)s"},
	{"image", "glance", "Images", baseWord + "/image"},
	{"network", "neutron", "Networking", baseWord + "/networking"},
	{"volumev3", "cinderv3", "Block storage by the name that older clients know", baseWord + "/volume/v3/$(project_id)s"},
	{"block-storage", "cinder", "Block storage", baseWord + "/volume/v3/$(project_id)s"},
	{"placement", "placement", "Room on hosts", baseWord + "/placement"},
}

// Seed fills an empty store with the users, projects and services of a new
// cloud, and reports whether it did. Of several processes that try at once, one
// does. A store that was seeded once stays as it is, whatever was changed or
// deleted since.
func (s *Service) Seed(ctx context.Context, o SeedOptions) (created bool, err error) {
	if seeded, err := s.Seeded(ctx); err != nil || seeded {
		return false, err
	}
	if o.AdminPassword == "" {
		return false, errors.New("seed identity: a password for the first users is needed")
	}
	// Before the transaction: a hash takes long, and SQLite has one writer.
	hash, err := s.passwords.hash(ctx, visitor{}, o.AdminPassword)
	if err != nil {
		return false, err
	}
	err = s.store.Tx(ctx, func(tx *identitydb.Store) error {
		seed := seeder{tx, map[string]string{}, map[string]string{}, map[string]string{}}
		created, err = seed.SeedDomain(ctx, identitydb.Domain{ID: defaultDomain, Name: "Default", Description: new("The default domain"), Enabled: true})
		if err != nil || !created {
			return err
		}
		return seed.run(ctx, hash, s.region, o.Endpoints)
	})
	return created && err == nil, err
}

// Seeded reports whether the store has been filled already.
func (s *Service) Seeded(ctx context.Context) (bool, error) {
	there, err := s.store.Domains.List(ctx, identitydb.Equal("id", defaultDomain), nova.Page{Limit: 1})
	return len(there) > 0, err
}

// A seeder fills a store within one transaction. It remembers the IDs of what
// it has created by name.
type seeder struct {
	*identitydb.Store
	roles, projects, users map[string]string
}

// run creates everything, in the order in which one thing needs another.
func (s seeder) run(ctx context.Context, hash, region string, endpoints map[string]string) error {
	for _, step := range []func() error{
		func() error { return s.seedRoles(ctx) },
		func() error { return s.seedProjects(ctx) },
		func() error { return s.seedUsers(ctx, hash) },
		func() error { return s.seedCatalog(ctx, region, endpoints) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// seedRoles creates the roles. They are immutable, as Keystone's bootstrap
// makes them: without them nobody could do anything.
func (s seeder) seedRoles(ctx context.Context) error {
	for _, r := range seedRoles {
		role := identitydb.Role{ID: newID(), Name: r.name}
		role.Values.V = object{"immutable": true}
		if err := s.Roles.Create(ctx, role); err != nil {
			return err
		}
		s.roles[r.name] = role.ID
		if r.implies == "" {
			continue
		}
		if err := s.Imply(ctx, role.ID, s.roles[r.implies]); err != nil {
			return err
		}
	}
	return nil
}

// seedProjects creates the projects, all in the default domain.
func (s seeder) seedProjects(ctx context.Context) error {
	for _, p := range seedProjects {
		project := identitydb.Project{ID: newID(), DomainID: defaultDomain, Name: p.name, Description: &p.description, Enabled: true}
		if err := s.Projects.Create(ctx, project); err != nil {
			return err
		}
		s.projects[p.name] = project.ID
	}
	return nil
}

// seedUsers creates each user at the first grant that names it, and grants the
// roles.
func (s seeder) seedUsers(ctx context.Context, hash string) error {
	for _, g := range seedGrants {
		if s.users[g.user] == "" {
			user := identitydb.User{ID: newID(), DomainID: defaultDomain, Name: g.user, Enabled: true}
			if g.person {
				user.PasswordHash = hash
			}
			if err := s.Users.Create(ctx, user); err != nil {
				return err
			}
			s.users[g.user] = user.ID
		}
		scope := identitydb.System
		if g.project != "" {
			scope = identitydb.OnProject(s.projects[g.project])
		}
		if err := s.GrantRole(ctx, s.users[g.user], s.roles[g.role], scope); err != nil {
			return err
		}
	}
	return nil
}

// seedCatalog creates the region, and in it an endpoint of each interface for
// every service: one of endpoints, or where this process has it.
func (s seeder) seedCatalog(ctx context.Context, region string, endpoints map[string]string) error {
	if err := s.Regions.Create(ctx, identitydb.Region{ID: region}); err != nil {
		return err
	}
	for _, c := range seedCatalog {
		service := identitydb.Service{ID: newID(), Type: c.kind, Name: c.name, Enabled: true}
		service.Fields.V = object{"description": c.description}
		if err := s.Services.Create(ctx, service); err != nil {
			return err
		}
		for _, kind := range []string{"public", "internal", "admin"} {
			endpoint := identitydb.Endpoint{ID: newID(), ServiceID: service.ID, Interface: kind, RegionID: &region, URL: cmp.Or(endpoints[c.kind], c.url), Enabled: true}
			if err := s.Endpoints.Create(ctx, endpoint); err != nil {
				return err
			}
		}
	}
	return nil
}
