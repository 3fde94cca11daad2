package api_test

import (
	"fmt"
	"testing"

	"github.com/nova-api/nova-api/db/rows"
	"github.com/nova-api/nova-api/internal/nova"
)

// serviceOn finds the ID of the service that runs a host.
func (s *site) serviceOn(host string) string {
	s.t.Helper()
	return s.Do("GET /v2.1/os-services?binary=nova-compute&host="+host, at(53)).Want(s.t, 200).String("services/0/id")
}

func TestServices_List(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.service("here", "nova-scheduler")
		s.service("fake-1", "nova-compute")
		s.service("fake-2", "nova-compute")
		list := func(query string) string { return "GET /v2.1/os-services" + query }
		s.Do(list("")).Want(t, 200, listed("services", "host", "here", "fake-1", "fake-2"), listed("services", "zone", "internal", "nova", "nova"),
			has("services/0/id", 1), has("services/0/state", "up"), has("services/0/status", "enabled"), has("services/0/disabled_reason", nil),
			lacks("services/0/forced_down"))
		s.Do(list(""), at(11)).Want(t, 200, has("services/0/id", 1), has("services/0/forced_down", false))
		s.Do(list("?host=fake-2")).Want(t, 200, listed("services", "host", "fake-2"))
		s.Do(list("?host=fake-2&host=fake-1&binary=nova-compute")).Want(t, 200, listed("services", "host", "fake-1"))
		s.Do(list("?binary=nova-compute&host=")).Want(t, 200, listed("services", "host", "fake-1", "fake-2"))
		s.Do(list("?binary=nova-compute&host=here")).Want(t, 200, listed("services", "host"))
		s.Do(list("?more=1"), at(74)).Want(t, 200)
		s.Do(list("?more=1"), at(75)).Want(t, 400)
		s.Do(list(""), as("manager")).Want(t, 403, fault("forbidden", "Policy doesn't allow os_compute_api:os-services:list to be performed."))
		s.Do("GET /v2/os-services", at(0)).Want(t, 200, listed("services", "binary", "nova-scheduler", "nova-compute", "nova-compute"))
	})
}

func TestServices_UpdateByName(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.service("fake-1", "nova-compute")
		s.service("here", "nova-scheduler")
		const mine = `"host": "fake-1", "binary": "nova-compute"`
		for _, c := range []struct {
			minor     int
			verb      string
			body      string
			status    int
			answer    string // the whole service, or the message of the fault
			shown     string // status and reason in the list afterwards
			forcedOff bool
		}{
			{1, "disable", mine, 200, `{"host": "fake-1", "binary": "nova-compute", "status": "disabled"}`, "disabled <nil>", false},
			{1, "disable-log-reason", mine + `, "disabled_reason": "old"`, 200, `{"host": "fake-1", "binary": "nova-compute", "status": "disabled", "disabled_reason": "old"}`, "disabled old", false},
			{1, "disable-log-reason", mine, 400, "Missing disabled reason field", "disabled old", false},
			{1, "force-down", mine, 404, "Unknown action", "disabled old", false},
			{10, "force-down", mine + `, "forced_down": true`, 400, "Additional properties are not allowed ('forced_down' was unexpected)", "disabled old", false},
			{11, "force-down", mine, 400, "Missing forced_down field", "disabled old", false},
			{11, "force-down", mine + `, "forced_down": "on"`, 200, `{"host": "fake-1", "binary": "nova-compute", "forced_down": true}`, "disabled old", true},
			{52, "enable", mine, 200, `{"host": "fake-1", "binary": "nova-compute", "status": "enabled"}`, "enabled <nil>", true},
			{52, "force-down", mine + `, "forced_down": false`, 200, `{"host": "fake-1", "binary": "nova-compute", "forced_down": false}`, "enabled <nil>", false},
			{52, "disable", mine + `, "disabled_reason": "unheeded"`, 200, `{"host": "fake-1", "binary": "nova-compute", "status": "disabled"}`, "disabled <nil>", false},
			{52, "destroy", mine, 404, "Unknown action", "disabled <nil>", false},
			{52, "enable", `"host": "fake-1", "binary": "nova-scheduler"`, 400, "Updating a nova-scheduler service is not supported. Only nova-compute services can be updated.", "disabled <nil>", false},
			{52, "enable", `"host": "fake-9", "binary": "nova-compute"`, 404, "Host 'fake-9' is not mapped to any cell", "disabled <nil>", false},
			{52, "enable", `"host": "fake-1"`, 400, "'binary' is a required property", "disabled <nil>", false},
			{0, "enable", mine + `, "more": 1`, 200, `{"host": "fake-1", "binary": "nova-compute", "status": "enabled"}`, "enabled <nil>", false},
		} {
			root := map[bool]string{true: "/v2", false: "/v2.1"}[c.minor == 0]
			r := s.Do("PUT "+root+"/os-services/"+c.verb+" {"+c.body+"}", at(c.minor)).Want(t, c.status)
			switch c.status {
			case 200:
				r.Want(t, 200, whole(`{"service": `+c.answer+`}`))
			case 404:
				r.Want(t, 404, fault("itemNotFound", c.answer))
			default:
				if got := r.String("badRequest/message"); len(got) < len(c.answer) || got[len(got)-len(c.answer):] != c.answer {
					t.Errorf("%s {%s} at 2.%d: %q", c.verb, c.body, c.minor, got)
				}
			}
			now := s.Do("GET /v2.1/os-services?host=fake-1", at(11)).Want(t, 200, has("services/0/forced_down", c.forcedOff),
				has("services/0/state", map[bool]string{true: "down", false: "up"}[c.forcedOff]))
			if got := fmt.Sprint(now.At("services/0/status"), " ", now.At("services/0/disabled_reason")); got != c.shown {
				t.Errorf("%s {%s} at 2.%d: then it is %s, want %s", c.verb, c.body, c.minor, got, c.shown)
			}
		}
		s.Do("PUT /v2.1/os-services/enable {"+mine+"}", as("demo")).Want(t, 403)
	})
}

func TestServices_UpdateByID(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.service("fake-1", "nova-compute")
		s.service("here", "nova-scheduler")
		id := s.serviceOn("fake-1")
		scheduler := s.Do("GET /v2.1/os-services?host=here", at(53)).String("services/0/id")
		put := func(id, body string, minor int) *reply { return s.Do("PUT /v2.1/os-services/"+id+" "+body, at(minor)) }

		put(id, `{"status": "disabled", "disabled_reason": "maintenance", "forced_down": true}`, 53).Want(t, 200, has("service/id", id),
			has("service/status", "disabled"), has("service/disabled_reason", "maintenance"), has("service/forced_down", true),
			has("service/state", "down"), has("service/zone", "nova"), has("service/binary", "nova-compute"), has("service/host", "fake-1"))
		put(id, `{"forced_down": "False"}`, 104).Want(t, 200, has("service/status", "disabled"), has("service/disabled_reason", "maintenance"),
			has("service/forced_down", false), has("service/state", "up"))
		put(id, `{"status": "disabled"}`, 53).Want(t, 200, has("service/disabled_reason", nil))
		put(id, `{"status": "enabled"}`, 53).Want(t, 200, has("service/status", "enabled"))
		for _, c := range []struct{ id, body, message string }{
			{id, `{"status": "enabled", "disabled_reason": "no"}`, "Specifying 'disabled_reason' with status 'enabled' is invalid."},
			{id, `{"disabled_reason": "no"}`, "No updates were requested. Fields 'status' or 'forced_down' should be specified."},
			{id, `{}`, "No updates were requested. Fields 'status' or 'forced_down' should be specified."},
			{"1", `{"status": "enabled"}`, "Invalid uuid 1"},
			{"enable", `{"status": "enabled"}`, "Invalid uuid enable"},
			{scheduler, `{"status": "disabled"}`, "Updating a nova-scheduler service is not supported. Only nova-compute services can be updated."},
		} {
			put(c.id, c.body, 53).Want(t, 400, fault("badRequest", c.message))
		}
		put(id, `{"host": "fake-1", "binary": "nova-compute"}`, 53).Want(t, 400)
		s.Do(`PUT /v2.1/os-services/1 {"status": "enabled"}`, as("demo"), at(53)).Want(t, 400, fault("badRequest", "Invalid uuid 1"))
		s.Do(`PUT /v2.1/os-services/`+id+` {"status": "enabled"}`, as("demo"), at(53)).Want(t, 403)
		put(nobodyID, `{"status": "enabled"}`, 53).Want(t, 404, fault("itemNotFound", "Service "+nobodyID+" could not be found."))
	})
}

// A host whose servers were evacuated must not count as up before it knows.
func TestServices_ForceUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.service("fake-1", "nova-compute")
		id := s.serviceOn("fake-1")
		must(t, s.store.CreateMigration(t.Context(), nova.Migration{ID: "m", Type: "evacuation", Status: "done", SourceHost: "fake-1"}))
		const message = "Unable to force up host fake-1 as `done` evacuation migration records remain associated with the host. " +
			"Ensure the compute service has been restarted, allowing these records to move to `completed` before retrying this request."
		s.Do("PUT /v2.1/os-services/"+id+` {"forced_down": true}`, at(53)).Want(t, 200)
		s.Do("PUT /v2.1/os-services/"+id+` {"forced_down": false, "status": "disabled"}`, at(53)).Want(t, 400, fault("badRequest", message))
		s.Do(`PUT /v2.1/os-services/force-down {"host": "fake-1", "binary": "nova-compute", "forced_down": false}`, at(11)).Want(t, 400, fault("badRequest", message))
		s.Do("GET /v2.1/os-services", at(11)).Want(t, 200, has("services/0/forced_down", true), has("services/0/status", "enabled"))
		must(t, s.store.SetMigrationStatus(t.Context(), "m", "completed"))
		s.Do("PUT /v2.1/os-services/"+id+` {"forced_down": false}`, at(53)).Want(t, 200)
	})
}

func TestServices_Delete(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		busy := s.boot("web", "", as("admin"))
		host := s.Do("GET /v2.1/servers/" + busy).String("server/OS-EXT-SRV-ATTR:host")
		id := s.serviceOn(host)
		remove := func(id string, minor int, options ...option) *reply {
			return s.Do("DELETE /v2.1/os-services/"+id, append([]option{at(minor)}, options...)...)
		}
		remove(id, 53, as("demo")).Want(t, 403)
		remove(id, 53).Want(t, 409, fault("conflictingRequest", "Unable to delete compute service that is hosting instances. Migrate or delete the instances first."))
		s.Do("DELETE /v2.1/servers/"+busy).Want(t, 204)
		s.work()
		must(t, s.store.CreateMigration(t.Context(), nova.Migration{ID: "m", Type: "resize", Status: "finished", TargetHost: host}))
		remove(id, 53).Want(t, 409, fault("conflictingRequest",
			"Unable to delete compute service that has in-progress migrations. Complete the migrations or delete the instances first."))
		must(t, s.store.SetMigrationStatus(t.Context(), "m", nova.MigrationConfirmed))

		remove("1", 53).Want(t, 400, fault("badRequest", "Invalid uuid 1"))
		remove(id, 52).Want(t, 400, fault("badRequest", "Invalid input received: id must be an integer"))
		remove("99999999999999999999", 52).Want(t, 404, fault("itemNotFound", "Service 99999999999999999999 not found."))
		remove("0", 52).Want(t, 404, fault("itemNotFound", "Service 0 not found."))
		remove(id, 53).Want(t, 204, empty)
		remove(id, 104).Want(t, 404, fault("itemNotFound", "Service "+id+" not found."))
		if left, err := s.store.HostsNamed(t.Context(), []string{host}, 0); err != nil || len(left) > 0 {
			t.Errorf("of the host is left: %v, %v", left, err)
		}
		scheduler := s.Do("GET /v2.1/os-services?binary=nova-scheduler").At("services/0/id")
		remove(fmt.Sprint(scheduler), 1).Want(t, 204)
		s.Do("GET /v2.1/os-services?binary=nova-scheduler").Want(t, 200, listed("services", "id"))
	})
}

// New servers go neither to a disabled host nor to one that is forced down.
func TestServices_Scheduling(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		for _, body := range []string{`{"status": "disabled"}`, `{"status": "enabled", "forced_down": true}`} {
			s.Do("PUT /v2.1/os-services/"+s.serviceOn("fake-1")+" "+body, at(53)).Want(t, 200)
			for range 3 {
				if host := s.Do("GET /v2.1/servers/" + s.boot("web", "")).String("server/OS-EXT-SRV-ATTR:host"); host != "fake-2" {
					t.Errorf("with %s, a server is on %s", body, host)
				}
			}
		}
		s.Do("PUT /v2.1/os-services/"+s.serviceOn("fake-2")+` {"status": "disabled"}`, at(53)).Want(t, 200)
		id := s.begin("nowhere", "")
		s.work()
		s.Do("GET /v2.1/servers/"+id).Want(t, 200, has("server/status", "ERROR"))
		s.Do("GET /v2.1/os-availability-zone").Want(t, 200, has("availabilityZoneInfo/0/zoneState/available", true)) // forced down, but enabled
		s.Do("PUT /v2.1/os-services/"+s.serviceOn("fake-1")+` {"status": "disabled"}`, at(53)).Want(t, 200)
		s.Do("GET /v2.1/os-availability-zone").Want(t, 200, has("availabilityZoneInfo/0/zoneState/available", false))
	})
}

func TestSamples_Services(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		s.service("host1", "nova-compute")
		id := s.serviceOn("host1")
		_, err := rows.Exec(t.Context(), s.store.DB, "UPDATE services SET disabled_reason = 'test1'")
		must(t, err)
		const mine = `{"host": "host1", "binary": "nova-compute"`
		var samples []sample
		for folder, minor := range map[string]int{"os-services/": 1, "os-services/v2.11/": 11, "os-services/v2.53/": 53} {
			samples = append(samples, sample{folder + "services-list-get-resp.json", "GET /v2.1/os-services", minor, 200, nil})
			disable, reasoned, enable, down := "disable "+mine+`}`, "disable-log-reason "+mine+`, "disabled_reason": "test2"}`,
				"enable "+mine+`}`, "force-down "+mine+`, "forced_down": true}`
			if minor == 53 {
				disable, reasoned = id+` {"status": "disabled"}`, id+` {"status": "disabled", "disabled_reason": "maintenance"}`
				enable, down = id+` {"status": "enabled"}`, id+` {"forced_down": true}`
			}
			samples = append(samples,
				sample{folder + "service-disable-put-resp.json", "PUT /v2.1/os-services/" + disable, minor, 200, nil},
				sample{folder + "service-disable-log-put-resp.json", "PUT /v2.1/os-services/" + reasoned, minor, 200, nil},
				sample{folder + "service-enable-put-resp.json", "PUT /v2.1/os-services/" + enable, minor, 200, nil})
			if minor >= 11 {
				samples = append(samples, sample{folder + "service-force-down-put-resp.json", "PUT /v2.1/os-services/" + down, minor, 200, nil})
			}
		}
		s.conform(t, samples)
	})
}
