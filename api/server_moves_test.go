package api_test

import (
	"strings"
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

// TestServers_Evacuate is told the password until 2.13, and may force the host until
// 2.67.
func TestServers_Evacuate(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		for _, c := range []struct {
			caller string
			minor  int
			body   string
			status int
			text   string // of the refusal, or the whole reply
			state  string
		}{
			{"manager", 14, `{}`, 403, "Policy doesn't allow os_compute_api:os-evacuate to be performed.", ""},
			{"admin", 13, `{"onSharedStorage": "true", "adminPass": "x"}`, 400, "admin password can't be changed on existing disk", ""},
			{"admin", 13, `{"onSharedStorage": false, "adminPass": "s3cret"}`, 200, `{"adminPass":"s3cret"}`, "ACTIVE"},
			{"admin", 13, `{"onSharedStorage": true}`, 200, `{"adminPass":null}`, "ERROR"},
			{"admin", 14, `{"adminPass": "s3cret"}`, 200, "", "ACTIVE"},
			{"admin", 14, `{"host": "mars"}`, 404, "Compute host mars not found.", ""},
			{"admin", 14, `{"host": "HERE"}`, 400, "The target host can't be the same one.", ""},
			{"admin", 28, `{"host": "OTHER"}`, 200, "", "ACTIVE"},
			{"admin", 29, `{"force": true}`, 400, "Can't force to a non-provided destination", ""},
			{"admin", 67, `{"host": "OTHER", "force": true}`, 200, "", "ACTIVE"},
			{"admin", 94, `{"host": "OTHER"}`, 200, "", "ACTIVE"},
			{"admin", 95, `{}`, 200, "", "SHUTOFF"},
		} {
			s.forceDown("")
			id := s.boot("web", "")
			host := s.Do("GET /v2.1/servers/" + id).String("server/OS-EXT-SRV-ATTR:host")
			other := map[string]string{"fake-1": "fake-2", "fake-2": "fake-1"}[host]
			s.forceDown(host)
			body := strings.NewReplacer("HERE", host, "OTHER", other).Replace(c.body)
			r := s.act(id, `{"evacuate": `+body+`}`, as(c.caller), at(c.minor)).Want(t, c.status)
			s.forceDown("")
			got := strings.TrimSpace(r.text)
			if name := map[int]string{400: "badRequest", 403: "forbidden", 404: "itemNotFound"}[c.status]; name != "" {
				got = r.String(name + "/message")
			}
			if got != c.text {
				t.Errorf("%s at 2.%d: %s", c.body, c.minor, got)
			}
			if shown := s.Do("GET /v2.1/servers/" + id).String("server/status"); c.state != "" && shown != c.state {
				t.Errorf("%s at 2.%d: the server is %s", c.body, c.minor, shown)
			}
			s.Do("DELETE /v2.1/servers/"+id).Want(t, 204)
			s.work()
		}
	})
}
