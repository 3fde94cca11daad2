package identity_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/domains"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/projects"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/roles"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/users"

	"github.com/nova-api/nova-api/internal/standalone/identity"
)

// A handlerTransport is a network of one handler.
type handlerTransport struct{ handler http.Handler }

func (h handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	response := w.Result()
	response.Request = r // which gophercloud's pagers look at
	return response, nil
}

// client logs in with gophercloud, in the same process.
func (c *cloud) client(user, project string) *gophercloud.ServiceClient {
	c.Helper()
	provider, err := openstack.NewClient("http://in-process/identity")
	if err != nil {
		c.Fatal(err)
	}
	provider.HTTPClient = http.Client{Transport: handlerTransport{http.StripPrefix(identity.Path, c.service)}}
	options := gophercloud.AuthOptions{
		IdentityEndpoint: "http://in-process/identity", Username: user, Password: password, DomainID: "default", TenantName: project,
	}
	if err := openstack.Authenticate(c.Context(), provider, options); err != nil {
		c.Fatalf("authenticate: %v", err)
	}
	client, err := openstack.NewIdentityV3(provider, gophercloud.EndpointOpts{})
	if err != nil {
		c.Fatalf("identity client: %v", err)
	}
	return client
}

func TestGophercloud_Tokens(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		admin, demo := c.client("admin", "admin"), c.client("demo", "demo")
		result := tokens.Get(c.Context(), admin, demo.Token())
		user, err := result.ExtractUser()
		if err != nil || user.Name != "demo" || user.Domain.ID != "default" {
			c.Errorf("user %+v, %v", user, err)
		}
		project, err := result.ExtractProject()
		if err != nil || project.Name != "demo" || project.Domain.Name != "Default" {
			c.Errorf("project %+v, %v", project, err)
		}
		token, err := result.ExtractToken()
		if err != nil || !token.ExpiresAt.Equal(began.Add(time.Hour)) {
			c.Errorf("token expires at %v, %v", token, err)
		}
		held, err := result.ExtractRoles()
		if err != nil || len(held) != 2 || held[0].Name != "member" {
			c.Errorf("roles %+v, %v", held, err)
		}
		catalog, err := result.ExtractServiceCatalog()
		if err != nil || len(catalog.Entries) != 8 {
			c.Errorf("catalog %+v, %v", catalog, err)
		}
		if _, err := openstack.NewComputeV2(demo.ProviderClient, gophercloud.EndpointOpts{Region: "RegionOne"}); err != nil {
			c.Errorf("compute client: %v", err)
		}
		if ok, err := tokens.Validate(c.Context(), admin, "nonsense"); ok || err != nil {
			c.Errorf("validate nonsense: %v, %v", ok, err)
		}
		if err := tokens.Revoke(c.Context(), admin, demo.Token()).Err; err != nil {
			c.Errorf("revoke: %v", err)
		}
	})
}

func TestGophercloud_Resources(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		ctx, admin := c.Context(), c.client("admin", "admin")
		project, err := projects.Create(ctx, admin, projects.CreateOpts{Name: "p", Tags: []string{"x"}}).Extract()
		if err != nil || !project.Enabled || project.ParentID != "default" || len(project.Tags) != 1 {
			c.Fatalf("project %+v, %v", project, err)
		}
		user, err := users.Create(ctx, admin, users.CreateOpts{Name: "u", Password: "pw", DefaultProjectID: project.ID, Extra: map[string]any{"email": "e"}}).Extract()
		if err != nil || user.DefaultProjectID != project.ID || user.Extra["email"] != "e" {
			c.Fatalf("user %+v, %v", user, err)
		}
		pages, err := roles.List(admin, roles.ListOpts{Name: "reader"}).AllPages(ctx)
		if err != nil {
			c.Fatal(err)
		}
		found, err := roles.ExtractRoles(pages)
		if err != nil || len(found) != 1 || found[0].DomainID != "" {
			c.Fatalf("roles %+v, %v", found, err)
		}
		grant := roles.AssignOpts{UserID: user.ID, ProjectID: project.ID}
		if err := roles.Assign(ctx, admin, found[0].ID, grant).ExtractErr(); err != nil {
			c.Errorf("assign: %v", err)
		}
		pages, err = roles.ListAssignments(admin, roles.ListAssignmentsOpts{UserID: user.ID}).AllPages(ctx)
		if err != nil {
			c.Fatal(err)
		}
		if held, err := roles.ExtractRoleAssignments(pages); err != nil || len(held) != 1 || held[0].Scope.Project.ID != project.ID {
			c.Errorf("assignments %+v, %v", held, err)
		}
		pages, err = users.ListProjects(admin, user.ID).AllPages(ctx)
		if err != nil {
			c.Fatal(err)
		}
		if in, err := projects.ExtractProjects(pages); err != nil || len(in) != 1 || in[0].ID != project.ID {
			c.Errorf("projects of the user: %+v, %v", in, err)
		}
		enabled := true
		pages, err = domains.List(admin, domains.ListOpts{Name: "Default", Enabled: &enabled}).AllPages(ctx)
		if err != nil {
			c.Fatal(err)
		}
		if found, err := domains.ExtractDomains(pages); err != nil || len(found) != 1 || found[0].ID != "default" {
			c.Errorf("domains %+v, %v", found, err)
		}
		if err := users.ChangePassword(ctx, admin, user.ID, users.ChangePasswordOpts{OriginalPassword: "pw", Password: "new"}).ExtractErr(); err != nil {
			c.Errorf("change password: %v", err)
		}
		if err := users.Delete(ctx, admin, user.ID).ExtractErr(); err != nil {
			c.Errorf("delete user: %v", err)
		}
		if err := projects.Delete(ctx, admin, project.ID).ExtractErr(); err != nil {
			c.Errorf("delete project: %v", err)
		}
	})
}
