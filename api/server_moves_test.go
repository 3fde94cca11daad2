package api_test

import (
	"testing"
)

// TestServers_Migrate to a host that only administrators may name, since 2.56.
func TestServers_Migrate(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		host := s.Do("GET /v2.1/servers/" + id).String("server/OS-EXT-SRV-ATTR:host")
		for _, c := range []struct {
			caller string
			minor  int
			body   string
			status int
			text   string
		}{
			{"demo", 56, `{"migrate": null}`, 403, "Policy doesn't allow os_compute_api:os-migrate-server:migrate to be performed."},
			{"manager", 56, `{"migrate": {"host": "fake-1"}}`, 403, "Policy doesn't allow os_compute_api:os-migrate-server:migrate:host to be performed."},
			{"admin", 56, `{"migrate": {"host": "` + host + `"}}`, 400, "Cannot migrate to the host where the server exists."},
			{"admin", 56, `{"migrate": {"host": "mars"}}`, 400, "Compute host mars could not be found."},
			{"admin", 56, `{"migrate": {"host": ""}}`, 400, "Invalid input for field/attribute host. Value: . '' should be non-empty"},
			{"manager", 55, `{"migrate": {"host": "` + host + `"}}`, 202, ""},
		} {
			r := s.act(id, c.body, as(c.caller), at(c.minor)).Want(t, c.status)
			if c.text != "" {
				name := map[int]string{400: "badRequest", 403: "forbidden"}[c.status]
				if got := r.String(name + "/message"); got != c.text {
					t.Errorf("%s as %s at 2.%d: %s", c.body, c.caller, c.minor, got)
				}
			}
		}
		s.Do("GET /v2.1/servers/"+id).Want(t, 200, has("server/status", "VERIFY_RESIZE"))
		s.Do("GET /v2.1/os-migrations", at(23)).Want(t, 200, has("migrations/0/migration_type", "migration"), has("migrations/0/source_compute", host),
			has("migrations/0/status", "finished"))
		s.act(id, `{"revertResize": null}`).Want(t, 202)
		s.Do("GET /v2.1/servers/"+id).Want(t, 200, has("server/status", "ACTIVE"), has("server/OS-EXT-SRV-ATTR:host", host))
	})
}
