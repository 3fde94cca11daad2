package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/hosts"
	"github.com/nova-api/nova-api/internal/policy"
)

// TestServerActions_States tries every action in every state that a client can
// bring a server into.
func TestServerActions_States(t *testing.T) {
	t.Parallel()
	bring := map[string][]string{
		"active":    {`{"os-resetState": {"state": "active"}}`, `{"reboot": {"type": "HARD"}}`},
		"stopped":   {`{"os-resetState": {"state": "active"}}`, `{"reboot": {"type": "HARD"}}`, `{"os-stop": null}`},
		"paused":    {`{"os-resetState": {"state": "active"}}`, `{"reboot": {"type": "HARD"}}`, `{"pause": null}`},
		"suspended": {`{"os-resetState": {"state": "active"}}`, `{"reboot": {"type": "HARD"}}`, `{"suspend": null}`},
		"rescued":   {`{"os-resetState": {"state": "active"}}`, `{"rescue": null}`},
		"error":     {`{"os-resetState": {"state": "error"}}`},
	}
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		for _, c := range []struct {
			word, body string
			from       string
			then       string // "" for no change
		}{
			{"start", `{"os-start": null}`, "stopped", "ACTIVE"},
			{"stop", `{"os-stop": null}`, "active error", "SHUTOFF"},
			{"reboot", `{"reboot": {"type": "SOFT"}}`, "active", "ACTIVE"},
			{"reboot", `{"reboot": {"type": "hard"}}`, "active stopped paused suspended error", "ACTIVE"},
			{"suspend", `{"suspend": null}`, "active", "SUSPENDED"},
			{"resume", `{"resume": null}`, "suspended", "ACTIVE"},
			{"pause", `{"pause": null}`, "active", "PAUSED"},
			{"unpause", `{"unpause": null}`, "paused", "ACTIVE"},
			{"rescue", `{"rescue": null}`, "active stopped error", "RESCUE"},
			{"unrescue", `{"unrescue": null}`, "rescued", "ACTIVE"},
			{"changePassword", `{"changePassword": {"adminPass": "s3cret"}}`, "active", ""},
			{"rebuild", `{"rebuild": {"imageRef": "` + cirros + `"}}`, "active stopped error", ""},
			{"createImage", `{"createImage": {"name": "i"}}`, "active stopped paused suspended", ""},
			{"createBackup", `{"createBackup": {"name": "b", "backup_type": "daily", "rotation": 1}}`, "active stopped paused suspended", ""},
		} {
			for _, state := range []string{"active", "stopped", "paused", "suspended", "rescued", "error"} {
				for _, body := range bring[state] {
					s.bring(id, body)
				}
				before := s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/OS-EXT-STS:vm_state", state)).String("server/status")
				r := s.act(id, c.body)
				if !strings.Contains(c.from, state) {
					r.Want(t, 409, fault("conflictingRequest", "Cannot '"+c.word+"' instance "+id+" while it is in vm_state "+state))
					continue
				}
				want := c.then
				if want == "" {
					want = before
				}
				if c.word == "rebuild" && state == "error" {
					want = "ACTIVE"
				}
				r.Want(t, acceptedAs(c.body))
				s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/status", want), has("server/OS-EXT-STS:task_state", nil))
			}
		}
	})
}

// TestServerActions_Busy is what a server answers that is at something.
func TestServerActions_Busy(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.begin("web", "")
		path := "POST /v2.1/servers/" + id + "/action "
		notYet := func(word, state string) check {
			return fault("conflictingRequest", "Cannot '"+word+"' instance "+id+" while it is in "+state)
		}
		s.Do(path+`{"pause": null}`, as("demo")).Want(t, 409, notYet("pause", "vm_state building"))
		s.Do(path+`{"os-stop": null}`, as("demo")).Want(t, 409, fault("conflictingRequest", "Instance "+id+" is not ready"))
		s.Do(path+`{"os-getConsoleOutput": {}}`, as("demo")).Want(t, 409, fault("conflictingRequest", "Instance "+id+" is not ready"))
		s.work()
		s.Do(path+`{"pause": null}`, as("demo")).Want(t, 202, empty)
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/OS-EXT-STS:task_state", "pausing"), has("server/status", "ACTIVE"))
		s.Do(path+`{"os-stop": null}`, as("demo")).Want(t, 409, notYet("stop", "task_state pausing"))
		s.Do(path+`{"reboot": {"type": "HARD"}}`, as("demo")).Want(t, 202)
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/status", "HARD_REBOOT"))
		s.work()
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/status", "ACTIVE"))
	})
}

func TestServerActions_Malformed(t *testing.T) {
	t.Parallel()
	const malformed, nothing = "Malformed request body", "The resource could not be found."
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		for _, c := range []struct {
			body   string
			status int
			want   string
		}{
			{"", 400, malformed},
			{"{", 400, malformed},
			{"{}", 400, malformed},
			{"[]", 400, malformed},
			{`["a", "b"]`, 400, malformed},
			{`"ab"`, 400, malformed},
			{`{"pause": null, "unpause": null}`, 400, malformed},
			{"null", 404, nothing},
			{"1", 404, nothing},
			{`["a"]`, 404, nothing},
			{`"a"`, 404, nothing},
			{`1e400`, 404, nothing},
			{`-1e400`, 404, nothing},
			{`{"nope": null}`, 400, "There is no such action: nope"},
			{`{"reboot": null}`, 400, "Invalid input for field/attribute reboot. Value: None. None is not of type 'object'"},
			{`{"os-resetState": {"state": "paused"}}`, 400, "Invalid input for field/attribute state. Value: paused. 'paused' is not one of ['active', 'error']"},
		} {
			r := s.Do("POST /v2.1/servers/"+id+"/action "+c.body, as("demo"), header("Content-Type", "application/json")).Want(t, c.status)
			if got := namesOrFault(r); got != fmt.Sprintf("%d %s", c.status, c.want) {
				t.Errorf("%s: %s", c.body, got)
			}
		}
		for _, missing := range []string{nobodyID, "bad"} {
			s.Do("POST /v2.1/servers/"+missing+`/action {"pause": null}`, as("demo")).Want(t, 404,
				fault("itemNotFound", "Instance "+missing+" could not be found."))
			for _, mapped := range []string{"os-start", "os-stop", "trigger_crash_dump"} {
				s.Do("POST /v2.1/servers/"+missing+`/action {"`+mapped+`": null}`, as("demo"), at(17)).Want(t, 404,
					fault("itemNotFound", "Instance "+missing+" has no mapping to a cell."))
			}
		}
		for _, mapped := range []string{"os-start", "os-stop"} {
			s.Do("POST /v2.1/servers/"+id+`/action {"`+mapped+`": null}`, as("alt")).Want(t, 404,
				fault("itemNotFound", "Instance "+id+" could not be found."))
		}
		s.Do("POST /v2.1/servers/"+id+`/action {"pause": null}`, as("alt")).Want(t, 404)
		s.Do("POST /v2.1/"+altProject+"/servers/"+id+`/action {"pause": null}`, as("demo")).Want(t, 400, fault("badRequest",
			"Malformed request URL: URL's project_id '"+altProject+"' doesn't match Context's project_id '"+demoProject+"'"))
	})
}

func TestServerActions_Policy(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		for body, rule := range map[string]string{
			`{"os-start": null}`:                          "servers:start",
			`{"os-stop": null}`:                           "servers:stop",
			`{"reboot": {"type": "HARD"}}`:                "servers:reboot",
			`{"pause": null}`:                             "os-pause-server:pause",
			`{"unpause": null}`:                           "os-pause-server:unpause",
			`{"suspend": null}`:                           "os-suspend-server:suspend",
			`{"resume": null}`:                            "os-suspend-server:resume",
			`{"rescue": null}`:                            "os-rescue",
			`{"changePassword": {"adminPass": ""}}`:       "os-admin-password",
			`{"injectNetworkInfo": null}`:                 "os-admin-actions:inject_network_info",
			`{"unrescue": null}`:                          "os-unrescue",
			`{"rebuild": {"imageRef": "` + cirros + `"}}`: "servers:rebuild",
			`{"lock": null}`:                              "os-lock-server:lock",
			`{"unlock": null}`:                            "os-lock-server:unlock",
			`{"createImage": {"name": "i"}}`:              "servers:create_image",
			`{"os-getConsoleOutput": {}}`:                 "os-console-output",
			`{"os-resetState": {"state": "active"}}`:      "os-admin-actions:reset_state",
			`{"createBackup": {"name": "b", "backup_type": "d", "rotation": 0}}`: "os-create-backup",
		} {
			s.Do("POST /v2.1/servers/"+id+"/action "+body, as("reader")).Want(t, 403,
				fault("forbidden", "Policy doesn't allow os_compute_api:"+rule+" to be performed."))
		}
		s.Do("POST /v2.1/servers/"+id+`/action {"os-resetState": {"state": "active"}}`, as("demo")).Want(t, 403)
	})
}

func TestServerActions_Lock(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		shown := func(reason any, locked bool) {
			t.Helper()
			s.Do("GET /v2.1/servers/"+id, as("demo"), at(73)).Want(t, 200, has("server/locked", locked), has("server/locked_reason", reason))
		}
		shown(nil, false)
		s.act(id, `{"lock": {"locked_reason": "moving"}}`, at(73)).Want(t, 202, empty)
		shown("moving", true)
		s.act(id, `{"lock": {"locked_reason": "again"}}`, at(73)).Want(t, 202)
		shown("moving", true)
		for _, body := range []string{
			`{"os-stop": null}`, `{"rescue": null}`, `{"unrescue": null}`, `{"rebuild": {"imageRef": "` + cirros + `"}}`, `{"reboot": {"type": "SOFT"}}`, `{"reboot": {"type": "HARD"}}`, `{"pause": null}`, `{"unpause": null}`, `{"os-start": null}`,
		} {
			s.act(id, body).Want(t, 409, fault("conflictingRequest", "Instance "+id+" is locked"))
		}
		s.act(id, `{"createImage": {"name": "i"}}`).Want(t, 202) // locks don't keep images from being made
		s.act(id, `{"os-getConsoleOutput": {}}`).Want(t, 200)
		s.act(id, `{"pause": null}`, as("admin")).Want(t, 202)
		s.act(id, `{"unpause": null}`, as("admin")).Want(t, 202)
		s.act(id, `{"unlock": null}`).Want(t, 202)
		shown(nil, false)
		s.act(id, `{"lock": "anything"}`, at(72)).Want(t, 202)
		s.act(id, `{"unlock": null}`).Want(t, 202)
		s.act(id, `{"lock": null}`, as("admin")).Want(t, 202)
		s.act(id, `{"unlock": null}`).Want(t, 403,
			fault("forbidden", "Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override to be performed."))
		shown(nil, true)
		s.act(id, `{"unlock": null}`, as("admin")).Want(t, 202)
		shown(nil, false)
	})
}

func TestServerActions_Console(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		lines := strings.Split(s.act(id, `{"os-getConsoleOutput": {}}`).Want(t, 200).String("output"), "\n")
		for length, want := range map[string]int{"null": len(lines), "-1": len(lines), "0": 0, "1": 1, `"3"`: 3, "100000": len(lines), "100000000000000000000": len(lines)} {
			output := s.act(id, `{"os-getConsoleOutput": {"length": `+length+`}}`).Want(t, 200).String("output")
			if output != strings.Join(lines[len(lines)-want:], "\n") {
				t.Errorf("length %s: %q", length, output)
			}
		}
	})
}

// TestServerActions_Images makes images of a server, whose ID was in the
// Location until 2.44.
func TestServerActions_Images(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		const (
			image  = `{"createImage": {"name": " i ", "metadata": {"k": "v"}}}`
			backup = `{"createBackup": {"name": "b", "backup_type": "daily", "rotation": %d}}`
		)
		location := s.act(id, strings.Replace(image, " i ", "i", 1), at(44)).Want(t, 202, empty).header.Get("Location")
		if !strings.HasPrefix(location, "http://image.example/images/") {
			t.Errorf("Location %q", location)
		}
		location = s.act(id, fmt.Sprintf(backup, 1), at(44)).Want(t, 202, empty).header.Get("Location")
		if !strings.HasPrefix(location, "http://nova.example/v2.1/images/") {
			t.Errorf("Location %q", location)
		}
		if r := s.act(id, fmt.Sprintf(backup, 0), at(44)).Want(t, 202, empty); r.header.Get("Location") != "" {
			t.Errorf("Location %q of what is rotated away", r.header.Get("Location"))
		}
		made := s.act(id, strings.Replace(image, " i ", "i", 1), at(45)).Want(t, 202, lacks("location")).String("image_id")
		if r := s.Do("GET /v2.1/servers?image="+made, as("demo")); made == "" || r.status != 200 {
			t.Errorf("image %q", made)
		}
		s.boot("copy", `, "imageRef": "`+made+`"`)
		s.act(id, image).Want(t, 400)
		tooMany := `{"createImage": {"name": "i", "metadata": {` + items(129) + `}}}`
		s.act(id, tooMany, at(38)).Want(t, 403, fault("forbidden", "Image metadata limit exceeded"))
		if r := s.act(id, tooMany, at(39)).Want(t, 403); !strings.Contains(r.text, "in the image service") { // which has a limit of its own
			t.Errorf("too much metadata: %s", r.text)
		}
	})
}

// TestBackupInstance backs servers up with the call that is this project's own.
func TestBackupInstance(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		for _, path := range []string{"/v2.1", "/v2.1/" + demoProject, "/v2", "/v2/" + demoProject} {
			for _, minor := range []int{1, 45, 104} {
				r := s.Do("POST "+path+"/servers/"+id+`/backup_instance {"name": "b", "description": "before the move"}`, as("demo"), at(minor)).Want(t, 202)
				r.Want(t, 202, whole(fmt.Sprintf(`{"id": %q}`, r.String("id"))))
				s.work()
			}
		}
		path := "POST /v2.1/servers/" + id + "/backup_instance "
		for _, c := range []struct {
			body   string
			status int
			want   string
		}{
			{`{"name": "b"}`, 202, ""},
			{`{"name": "b", "description": null}`, 202, ""},
			{`{"name": "b", "description": ""}`, 202, ""},
			{`{"name": "` + strings.Repeat("x", 255) + `"}`, 202, ""},
			{``, 400, "None is not of type 'object'"},
			{`{}`, 400, "'name' is a required property"},
			{`{"name": ""}`, 400, ""},
			{`{"name": null}`, 400, ""},
			{`{"name": 1}`, 400, ""},
			{`{"name": "` + strings.Repeat("x", 256) + `"}`, 400, ""},
			{`{"name": "b", "description": "` + strings.Repeat("x", 256) + `"}`, 400, ""},
			{`{"name": "b", "description": 1}`, 400, ""},
			{`{"name": "b", "rotation": 1}`, 400, "Additional properties are not allowed ('rotation' was unexpected)"},
			{`{"backup_instance": {"name": "b"}}`, 400, ""},
			{`{`, 400, "Malformed request body"},
		} {
			r := s.Do(path+c.body, as("demo"), header("Content-Type", "application/json")).Want(t, c.status)
			if c.want != "" {
				r.Want(t, c.status, fault("badRequest", c.want))
			}
			s.work()
		}
		const body = `{"name": "b"}`
		s.Do(path+body, as("reader")).Want(t, 403)
		s.Do(path+body, as("alt")).Want(t, 404, fault("itemNotFound", "Instance "+id+" could not be found."))
		s.Do("POST /v2.1/servers/"+nobodyID+"/backup_instance "+body, as("demo")).Want(t, 404)
		s.Do("GET /v2.1/servers/"+id+"/backup_instance", as("demo")).Want(t, 404)
		s.Do("PUT /v2.1/servers/"+id+"/backup_instance "+body, as("demo")).Want(t, 404)
		s.Do("POST /v2.1/"+altProject+"/servers/"+id+"/backup_instance "+body, as("demo")).Want(t, 400)

		s.Do(path+body, as("demo")).Want(t, 202)
		s.Do(path+body, as("demo")).Want(t, 409,
			fault("conflictingRequest", "Cannot 'backup_instance' instance "+id+" while it is in task_state image_backup"))
		s.work()
		s.Do("GET /v2.1/servers/"+id+"/os-instance-actions", as("demo")).Want(t, 200, has("instanceActions/0/action", "backup_instance"))
		s.act(id, `{"lock": null}`).Want(t, 202)
		s.Do(path+body, as("demo")).Want(t, 409, fault("conflictingRequest", "Instance "+id+" is locked"))
		s.act(id, `{"unlock": null}`).Want(t, 202)
		s.Do("POST /v2.1/servers/"+id+`/action {"os-resetState": {"state": "error"}}`).Want(t, 202)
		s.Do(path+body, as("demo")).Want(t, 409,
			fault("conflictingRequest", "Cannot 'backup_instance' instance "+id+" while it is in vm_state error"))
		fresh := s.begin("fresh", "")
		s.Do("POST /v2.1/servers/"+fresh+"/backup_instance "+body, as("demo")).Want(t, 409)
	})
}

// TestServers_AdministratorByPolicy moves administration from the role admin to
// another role. Locks, other projects' servers and the filters of lists must
// follow policy, and not the role.
func TestServers_AdministratorByPolicy(t *testing.T) {
	t.Parallel()
	options := policy.Defaults()
	options.Files = []policy.File{{Name: "policy.yaml", Text: []byte(`context_is_admin: "role:reader and not role:member"`)}}
	enforcer, _, err := policy.New(options)
	must(t, err)
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "", as("alt"))
		show, stop := "GET /v2.1/servers/"+id, "POST /v2.1/servers/"+id+`/action {"os-stop": null}`
		s.Do("POST /v2.1/servers/"+id+`/action {"lock": null}`, as("alt")).Want(t, 202)
		s.Do(stop, as("alt")).Want(t, 409, fault("conflictingRequest", "Instance "+id+" is locked"))
		s.handler = api.New(api.Options{
			Site:  &rest.Site{Policy: enforcer, Validate: validate, Log: zerolog.Nop(), MaxLimit: 10, MaxBody: 1000},
			Store: s.store, Compute: s.compute, Hosts: hosts.New(hosts.Options{Store: s.store}),
		})
		s.Do(show, as("admin")).Want(t, 404)
		s.Do(stop, as("admin")).Want(t, 404)
		s.Do("GET /v2.1/servers?sort_key=host", as("admin")).Want(t, 403)
		s.Do(show, as("reader")).Want(t, 200, has("server/OS-EXT-SRV-ATTR:instance_name", "instance-00000001"))
		s.Do("GET /v2.1/servers?sort_key=host", as("reader")).Want(t, 200)
		s.Do(stop, as("reader")).Want(t, 202)
	})
}

// TestServerActions_Restore brings a deleted server back, and deletes it for good.
func TestServerActions_Restore(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		refused := func(word, state string) check {
			return fault("conflictingRequest", "Cannot '"+word+"' instance "+id+" while it is in vm_state "+state)
		}
		s.act(id, `{"restore": null}`).Want(t, 409, refused("restore", "active"))
		s.Do("DELETE /v2.1/servers/"+id, as("demo")).Want(t, 204)
		s.work()
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/status", "SOFT_DELETED"), has("server/OS-EXT-STS:vm_state", "soft-delete"))
		s.Do("GET /v2.1/servers", as("demo")).Want(t, 200, has("servers", []any{}))
		s.act(id, `{"os-start": null}`).Want(t, 409, refused("start", "soft-delete"))
		s.act(id, `{"restore": null}`).Want(t, 202, empty)
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/status", "ACTIVE"))
		s.act(id, `{"lock": null}`).Want(t, 202)
		s.act(id, `{"forceDelete": null}`).Want(t, 409, fault("conflictingRequest", "Instance "+id+" is locked"))
		s.act(id, `{"unlock": null}`).Want(t, 202)
		s.act(id, `{"forceDelete": null}`).Want(t, 202, empty)
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 404)
	}, func(_ *api.Options, o *compute.Options) { o.ReclaimAfter = time.Hour })
}

// TestServerActions_Resize gives a server another flavor, and takes it back.
func TestServerActions_Resize(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		show := func(status string, checks ...check) {
			t.Helper()
			s.Do("GET /v2.1/servers/"+id, as("demo"), at(47)).Want(t, 200, append(checks, has("server/status", status))...)
		}
		s.act(id, `{"resize": {"flavorRef": "1"}}`).Want(t, 400, fault("badRequest", "When resizing, instances must change flavor!"))
		s.act(id, `{"resize": {"flavorRef": "mars"}}`).Want(t, 400, fault("badRequest", "Flavor mars could not be found."))
		s.act(id, `{"confirmResize": null}`).Want(t, 409, fault("conflictingRequest", "Cannot 'confirmResize' instance "+id+" while it is in vm_state active"))
		s.act(id, `{"resize": {"flavorRef": 2, "OS-DCF:diskConfig": "AUTO"}}`).Want(t, 202, empty)
		show("VERIFY_RESIZE", has("server/flavor/original_name", "c"), has("server/OS-EXT-STS:vm_state", "resized"), has("server/OS-DCF:diskConfig", "AUTO"))
		s.act(id, `{"resize": {"flavorRef": "1"}}`).Want(t, 409, fault("conflictingRequest", "Cannot 'resize' instance "+id+" while it is in vm_state resized"))
		s.Do("POST /v2.1/servers/"+id+`/action {"revertResize": null}`, as("demo")).Want(t, 202, empty)
		show("REVERT_RESIZE")
		s.work()
		show("ACTIVE", has("server/flavor/original_name", "d"))
		s.act(id, `{"resize": {"flavorRef": "2"}}`).Want(t, 202)
		s.act(id, `{"confirmResize": null}`).Want(t, 204, empty)
		show("ACTIVE", has("server/flavor/original_name", "c"), has("server/OS-DCF:diskConfig", "MANUAL"))
	})
}

// TestServerActions_ResizeRefused asks for flavors that Nova doesn't resize to: with
// accelerators, for which a new server is refused as well, and from one without a disk to
// another, unless policy says so.
func TestServerActions_ResizeRefused(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		for _, flavor := range []string{`"id": "fast", "disk": 1`, `"id": "z1", "disk": 0`, `"id": "z2", "disk": 0`} {
			s.Do(`POST /v2.1/flavors {"flavor": {"name": "`+flavor[7:9]+`", "ram": 128, "vcpus": 1, `+flavor+`}}`, as("admin")).Want(t, 200)
		}
		s.Do(`POST /v2.1/flavors/fast/os-extra_specs {"extra_specs": {"accel:device_profile": "fpga"}}`, as("admin")).Want(t, 200)
		s.Do(`POST /v2.1/servers {"server": {"name": "a", "imageRef": "`+cirros+`", "flavorRef": "fast", "networks": "none"}}`, as("demo"), at(37)).Want(t, 400,
			fault("badRequest", "Device profile name fpga: Could not communicate with Cyborg."))
		id := s.boot("web", "")
		s.act(id, `{"resize": {"flavorRef": "fast"}}`).Want(t, 400, fault("badRequest", "Feature not supported with instances that have accelerators."))
		s.act(id, `{"resize": {"flavorRef": "z1"}}`).Want(t, 400, fault("badRequest", "Server disk was unable to be resized because: Resize to zero disk flavor is not allowed."))
		z1, err := s.store.Flavor(t.Context(), "z1")
		if err == nil {
			err = s.store.ChangeServer(t.Context(), id, db.ServerChange{Flavor: &z1})
		}
		if err != nil {
			t.Fatal(err)
		}
		s.act(id, `{"resize": {"flavorRef": "z2"}}`).Want(t, 403, fault("forbidden", "Only volume-backed servers are allowed for flavors with zero disk."))
		s.act(id, `{"resize": {"flavorRef": "z2"}}`, as("admin")).Want(t, 202, empty)
	})
}

// TestServerActions_Shelve takes a server to the shelf and back.
func TestServerActions_Shelve(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		path := "GET /v2.1/servers/" + id
		s.act(id, `{"unshelve": null}`).Want(t, 409, fault("conflictingRequest", "Cannot 'unshelve' instance "+id+" while it is in vm_state active"))
		s.act(id, `{"shelve": null}`).Want(t, 202, empty)
		s.Do(path, as("admin")).Want(t, 200, has("server/status", "SHELVED_OFFLOADED"), has("server/OS-EXT-SRV-ATTR:host", nil), has("server/hostId", ""))
		s.act(id, `{"shelveOffload": null}`).Want(t, 403)
		s.act(id, `{"shelveOffload": null}`, as("admin")).Want(t, 409,
			fault("conflictingRequest", "Cannot 'shelveOffload' instance "+id+" while it is in vm_state shelved_offloaded"))
		s.act(id, `{"unshelve": {"availability_zone": "mars"}}`, at(77)).Want(t, 400, fault("badRequest", "The requested availability zone is not available"))
		s.act(id, `{"unshelve": {"host": "fake-1"}}`, at(77)).Want(t, 400)
		s.act(id, `{"unshelve": {"host": "fake-1"}}`, at(91)).Want(t, 403)
		s.act(id, `{"unshelve": {"availability_zone": "nova", "host": "mars"}}`, at(91), as("admin")).Want(t, 400, fault("badRequest", "Compute host mars could not be found."))
		s.act(id, `{"unshelve": {"availability_zone": "nova", "host": "fake-2"}}`, at(91), as("admin")).Want(t, 202, empty)
		s.Do(path, as("admin")).Want(t, 200, has("server/status", "ACTIVE"), has("server/OS-EXT-SRV-ATTR:host", "fake-2"))
		s.Do("GET /v2.1/servers/"+id, as("admin"), at(96)).Want(t, 200, has("server/pinned_availability_zone", "nova"))
		s.act(id, `{"shelve": null}`).Want(t, 202)
		s.act(id, `{"unshelve": {"availability_zone": null}}`, at(91)).Want(t, 202)
		s.Do("GET /v2.1/servers/"+id, as("admin"), at(96)).Want(t, 200, has("server/pinned_availability_zone", nil))
	})
}
