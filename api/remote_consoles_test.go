package api_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestRemoteConsoles(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		url := "POST /v2.1/servers/" + id + "/remote-consoles "
		body := func(protocol, kind string) string {
			return fmt.Sprintf(`{"remote_console": {"protocol": %q, "type": %q}}`, protocol, kind)
		}
		for _, c := range []struct {
			protocol, kind string
			minor, status  int
			message        string
		}{
			{"vnc", "novnc", 5, 404, ""},
			{"vnc", "novnc", 6, 200, ""},
			{"serial", "serial", 6, 200, ""},
			{"vnc", "novnc", 104, 200, ""},
			{"vnc", "xvpvnc", 6, 400, "Invalid console type xvpvnc"},
			{"vnc", "serial", 6, 400, "Invalid console type serial"},
			{"spice", "spice-html5", 6, 400, "Unavailable console type spice-html5."},
			{"rdp", "rdp-html5", 6, 400, "The server could not comply with the request since it is either malformed or otherwise incorrect."},
			{"mks", "webmks", 8, 400, "Unavailable console type webmks."},
			{"mks", "webmks", 7, 400, "Invalid input for field/attribute protocol. Value: mks. 'mks' is not one of ['vnc', 'spice', 'serial', 'rdp']"},
			{"spice", "spice-direct", 99, 400, "Unavailable console type spice-direct."},
		} {
			r := s.Do(url+body(c.protocol, c.kind), as("demo"), at(c.minor)).Want(t, c.status)
			switch {
			case c.status == 200:
				r.Want(t, 200, has("remote_console/protocol", c.protocol), has("remote_console/type", c.kind))
			case c.message != "":
				r.Want(t, 400, fault("badRequest", c.message))
			}
		}
		s.Do(url+body("vnc", "novnc"), as("reader"), at(6)).Want(t, 403)
		s.Do(url+body("vnc", "novnc"), as("alt"), at(6)).Want(t, 404)
		s.Do(url+body("vnc", "novnc"), at(6)).Want(t, 200)

		building := s.begin("new", "")
		s.Do("POST /v2.1/servers/"+building+"/remote-consoles "+body("vnc", "novnc"), as("demo"), at(6)).
			Want(t, 409, fault("conflictingRequest", "Instance "+building+" is not ready"))
	})
}

// The older actions open the same consoles, until 2.5.
func TestRemoteConsoles_Actions(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		for _, c := range []struct {
			body          string
			minor, status int
			kind, message string
		}{
			{`{"os-getVNCConsole": {"type": "novnc"}}`, 1, 200, "novnc", ""},
			{`{"os-getVNCConsole": {"type": "novnc"}}`, 5, 200, "novnc", ""},
			{`{"os-getVNCConsole": {"type": "novnc"}}`, 6, 404, "", ""},
			{`{"os-getVNCConsole": {"type": "xvpvnc"}}`, 1, 400, "", "Invalid console type xvpvnc"},
			{`{"os-getVNCConsole": {}}`, 1, 400, "", "Invalid input for field/attribute os-getVNCConsole. Value: {}. 'type' is a required property"},
			{`{"os-getSerialConsole": {"type": "serial"}}`, 1, 200, "serial", ""},
			{`{"os-getSPICEConsole": {"type": "spice-html5"}}`, 1, 400, "", "Unavailable console type spice-html5."},
			{`{"os-getRDPConsole": {"type": 1}}`, 1, 400, "", "The server could not comply with the request since it is either malformed or otherwise incorrect."},
			{`{"os-getRDPConsole": {"type": "rdp-html5"}}`, 1, 400, "", "The server could not comply with the request since it is either malformed or otherwise incorrect."},
		} {
			r := s.Do("POST /v2.1/servers/"+id+"/action "+c.body, as("demo"), at(c.minor)).Want(t, c.status)
			if c.status == 200 {
				r.Want(t, 200, has("console/type", c.kind))
			}
			if c.message != "" {
				r.Want(t, 400, fault("badRequest", c.message))
			}
		}
		s.Do("POST /v2.1/servers/"+id+`/action {"os-getVNCConsole": {"type": "novnc"}}`, as("reader")).Want(t, 403)
		s.Do("POST /v2.1/servers/"+nobodyID+`/action {"os-getVNCConsole": {"type": "novnc"}}`, as("demo")).Want(t, 404)
	})
}

// Proxies ask which console a token opens.
func TestConsoleAuthTokens(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		opened := s.Do("POST /v2.1/servers/"+id+`/remote-consoles {"remote_console": {"protocol": "vnc", "type": "novnc"}}`, as("demo"), at(6)).
			Want(t, 200).String("remote_console/url")
		_, token, ok := strings.Cut(opened, "novnc ")
		if !ok {
			t.Fatalf("the address is %q", opened)
		}
		url := "GET /v2.1/os-console-auth-tokens/"
		for _, who := range []string{"admin", "demo", "reader"} {
			s.Do(url+token, as(who), at(30)).Want(t, 400)
		}
		s.Do(url+token, at(31)).Want(t, 200, has("console/instance_uuid", id), has("console/host", "127.0.0.1"),
			has("console/internal_access_path", "/"+id), lacks("console/tls_port"))
		s.Do(url+token, at(104)).Want(t, 200, lacks("console/tls_port"))
		s.Do(url+token+"?x=1", at(98)).Want(t, 200)
		s.Do(url+token+"?x=1", at(99)).Want(t, 400)
		s.Do(url+nobodyID, at(31)).Want(t, 404, fault("itemNotFound", "Token not found"))
		s.Do(url+token, as("demo"), at(31)).Want(t, 403)
		s.Do("DELETE /v2.1/servers/"+id, as("demo")).Want(t, 204)
		s.work()
		s.Do(url+token, at(31)).Want(t, 404)
	})
}

func TestSamples_RemoteConsoles(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		s.conform(t, []sample{
			{"os-remote-consoles/get-vnc-console-post-resp.json", "POST /v2.1/servers/" + id + `/action {"os-getVNCConsole": {"type": "novnc"}}`, 1, 200, nil},
			{"os-remote-consoles/get-serial-console-post-resp.json", "POST /v2.1/servers/" + id + `/action {"os-getSerialConsole": {"type": "serial"}}`, 1, 200, nil},
			{"os-remote-consoles/v2.6/create-vnc-console-resp.json", "POST /v2.1/servers/" + id + `/remote-consoles {"remote_console": {"protocol": "vnc", "type": "novnc"}}`, 6, 200, nil},
			{"os-remote-consoles/v2.8/create-mks-console-resp.json", "POST /v2.1/servers/" + id + `/remote-consoles {"remote_console": {"protocol": "vnc", "type": "novnc"}}`, 8, 200, nil},
		})
	})
}
