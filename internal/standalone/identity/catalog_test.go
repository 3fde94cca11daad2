package identity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nova-api/nova-api/internal/standalone/identity"
)

func TestCatalog_Base(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		for public, base := range map[string]string{"": "http://cloud:8774", "https://api.example.org/": "https://api.example.org"} {
			o := c.options
			o.PublicURL = public
			c.service = identity.New(o)
			re := c.do("POST /v3/auth/tokens", byPassword("demo", password, project("demo")))
			id := re.text("token", "project", "id")
			want := map[string]string{
				"identity": base + "/identity", "compute": base + "/v2.1", "compute_legacy": base + "/v2/" + id,
				"image": base + "/image", "network": base + "/networking",
				"volumev3": base + "/volume/v3/" + id, "block-storage": base + "/volume/v3/" + id, "placement": base + "/placement",
			}
			got := map[string]string{}
			for i := range 8 {
				for j := range 3 {
					endpoint := []any{"token", "catalog", i, "endpoints", j}
					if re.text(append(endpoint, "region")...) != "RegionOne" || re.text(append(endpoint, "region_id")...) != "RegionOne" {
						c.Errorf("region: %s", re.Body)
					}
					if re.text(append(endpoint, "interface")...) == "public" {
						got[re.text("token", "catalog", i, "type")] = re.text(append(endpoint, "url")...)
					}
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				c.Error(diff)
			}
		}
		re := c.do("POST /v3/auth/tokens", byPassword("admin", password, onSystem))
		for i := range 8 {
			entry := []any{"token", "catalog", i}
			endpoints, _ := re.at(append(entry, "endpoints")...).([]any)
			ofProject := []string{"compute_legacy", "volumev3", "block-storage"} // their URLs name one
			if want := slices.Contains(ofProject, re.text(append(entry, "type")...)); want != (len(endpoints) == 0) {
				c.Errorf("without a project: %v", endpoints)
			}
		}
		c.as(c.login("admin", "admin"), "GET /v3/auth/catalog", "", 200)
		c.as(c.login("admin", ""), "GET /v3/auth/catalog", "", 403) // as in Keystone
	})
}

func TestVersions(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		cases := []struct {
			target string
			status int
			self   []any
			want   string
		}{
			{"/", 300, []any{"versions", "values", 0}, "http://cloud:8774/identity/v3/"},
			{"/v3", 200, []any{"version"}, "http://cloud:8774/identity/v3/"},
			{"/v3/", 200, []any{"version"}, "http://cloud:8774/identity/v3/"},
			{"/v2.0", 200, []any{"version"}, "http://cloud:8774/identity/v2.0/"},
		}
		for _, tc := range cases {
			re := c.do("GET "+tc.target, "")
			if got := re.text(append(tc.self, "links", 0, "href")...); re.Code != tc.status || got != tc.want {
				c.Errorf("%s: got %d %s", tc.target, re.Code, re.Body)
			}
		}
	})
}

func TestTokens2(t *testing.T) {
	t.Parallel()
	each(t, func(c *cloud) {
		login := `{"auth":{"passwordCredentials":{"username":"demo","password":"` + password + `"}`
		unscoped := c.do("POST /v2.0/tokens", login+`}}`)
		token := unscoped.text("access", "token", "id")
		if unscoped.Code != 200 || token == "" || unscoped.at("access", "token", "tenant") != nil || len(unscoped.at("access", "serviceCatalog").([]any)) != 0 {
			c.Fatalf("unscoped: %d %s", unscoped.Code, unscoped.Body)
		}
		tenant := c.as(token, "GET /v2.0/tenants", "", 200).text("tenants", 0, "id")
		for _, body := range []string{
			login + `,"tenantName":"demo"}}`,
			login + `,"tenantId":"` + tenant + `"}}`,
			`{"auth":{"token":{"id":"` + token + `"},"tenantName":"demo"}}`,
		} {
			re := c.do("POST /v2.0/tokens", body)
			if re.Code != 200 || re.text("access", "token", "tenant", "id") != tenant || re.text("access", "token", "expires") != "2026-11-22T13:00:00Z" {
				c.Errorf("%s: got %d %s", body, re.Code, re.Body)
			}
			urls := map[string]string{}
			for i := range 7 {
				entry := []any{"access", "serviceCatalog", i}
				urls[re.text(append(entry, "type")...)] = re.text(append(entry, "endpoints", 0, "publicURL")...)
			}
			want := map[string]string{
				"identity": "http://cloud:8774/identity", "compute": "http://cloud:8774/v2/" + tenant,
				"image": "http://cloud:8774/image", "network": "http://cloud:8774/networking",
				"volumev3": "http://cloud:8774/volume/v3/" + tenant, "block-storage": "http://cloud:8774/volume/v3/" + tenant, "placement": "http://cloud:8774/placement",
			}
			if diff := cmp.Diff(want, urls); diff != "" {
				c.Error(diff)
			}
			if got := re.text("access", "user", "roles", 0, "name"); got != "member" {
				c.Errorf("role %q", got)
			}
			c.as(re.text("access", "token", "id"), "GET /v3/auth/projects", "", 200)
		}
		for body, want := range map[string]int{
			`{}`: 400, `{"auth":{}}`: 400, login + `,"tenantName":"admin"}}`: 401, strings.Replace(login, password, "x", 1) + `}}`: 401,
			`{"auth":{"token":{"id":"x"}}}`: 404,
		} {
			if re := c.do("POST /v2.0/tokens", body); re.Code != want {
				c.Errorf("%s: got %d %s", body, re.Code, re.Body)
			}
		}
	})
}
