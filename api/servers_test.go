package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// create is the path and the body of a request for a server; the keys given
// come on top of the ones that must be there.
func create(more string) string {
	if !strings.Contains(more, `"networks"`) {
		more += `, "networks": "none"`
	}
	return fmt.Sprintf(`POST /v2.1/servers {"server": {"name": "web", "imageRef": %q, "flavorRef": "1"%s}}`, cirros, more)
}

func TestServers_Create(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		r := s.Do(create(`, "adminPass": "secret"`), as("demo"), at(37)).Want(t, 202)
		id := r.String("server/id")
		self := "http://nova.example/v2.1/servers/" + id
		r.Want(t, 202, whole(`{"server": {"id": "`+id+`", "OS-DCF:diskConfig": "MANUAL", "adminPass": "secret", "security_groups": [{"name": "default"}],
			"links": [{"rel": "self", "href": "`+self+`"}, {"rel": "bookmark", "href": "http://nova.example/servers/`+id+`"}]}}`))
		if got := r.header.Get("Location"); got != self {
			t.Errorf("Location %q, want %q", got, self)
		}
		s.work()
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/status", "ACTIVE"), has("server/OS-EXT-STS:power_state", 1),
			has("server/OS-EXT-AZ:availability_zone", "nova"), lacks("server/security_groups", "server/OS-EXT-SRV-ATTR:host", "server/fault"))

		made := s.Do(create(""), as("demo"), at(37)).Want(t, 202)
		if password := made.String("server/adminPass"); len(password) != 12 {
			t.Errorf("password %q", password)
		}
		s.Do(create(`, "security_groups": []`), as("demo"), at(37)).Want(t, 202, has("server/security_groups", []any{}))
		s.Do(create(`, "security_groups": [{"name": "default"}, {}]`), as("demo"), at(37)).Want(t, 202,
			has("server/security_groups", []any{map[string]any{"name": "default"}, map[string]any{}}))
		s.Do(`POST /v2.1/`+demoProject+`/servers {"server": {"name": "web", "imageRef": "`+cirros+`", "flavorRef": "1"}}`, as("demo")).Want(t, 202,
			has("server/links/0/rel", "self"))
	})
}

// TestServers_CreateSeveral makes several servers at once.
func TestServers_CreateSeveral(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		r := s.Do(create(`, "min_count": 2, "max_count": "3", "return_reservation_id": true`), as("demo"), at(37)).Want(t, 202, lacks("server"))
		if r.header.Get("Location") != "" {
			t.Error("there is a Location")
		}
		reservation := r.String("reservation_id")
		s.Do("GET /v2.1/servers?sort_key=display_name&sort_dir=asc&reservation_id="+reservation, as("demo")).Want(t, 200,
			listed("servers", "name", "web-1", "web-2", "web-3"))
		s.Do("GET /v2.1/servers/detail?sort_key=launch_index&sort_dir=asc&all_tenants=1&reservation_id="+reservation, at(3)).Want(t, 200,
			listed("servers", "OS-EXT-SRV-ATTR:launch_index", "0", "1", "2"), listed("servers", "OS-EXT-SRV-ATTR:hostname", "web-1", "web-2", "web-3"))
		s.Do(create(`, "min_count": 8, "max_count": 20`), as("demo"), at(37)).Want(t, 403,
			fault("forbidden", "Quota exceeded for cores, instances: Requested 20, 8-20, but already used 3, 3 of 20, 10 cores, instances"))
		s.Do(create(`, "min_count": 1, "max_count": 20`), as("demo"), at(37)).Want(t, 202)
		s.Do("GET /v2.1/servers", as("demo")).Want(t, 200)
		if got := s.Do("GET /v2.1/servers", as("demo")).Len("servers"); got != 10 {
			t.Errorf("%d servers, want as many as the quota allows", got)
		}
	})
}

// TestServers_CreateDefaults looks at what becomes of what isn't said, and of
// what can be said in several ways.
func TestServers_CreateDefaults(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		for _, c := range []struct {
			more  string
			minor int
			path  string
			want  any
		}{
			{`, "networks": []`, 18, "description", "web"},
			{"", 37, "description", nil},
			{`, "description": ""`, 37, "description", ""},
			{"", 37, "OS-EXT-SRV-ATTR:hostname", "web"},
			{`, "hostname": "www"`, 90, "OS-EXT-SRV-ATTR:hostname", "www"},
			{`, "networks": [], "name": " Web_1.x "`, 0, "name", "Web_1.x"},
			{`, "networks": [], "name": " Web_1.x "`, 0, "OS-EXT-SRV-ATTR:hostname", "web-1-x"},
			{`, "accessIPv6": "2001:DB8:0::1"`, 37, "accessIPv6", "2001:db8::1"},
			{"", 37, "OS-DCF:diskConfig", "MANUAL"},
			{`, "config_drive": "yes"`, 37, "config_drive", "True"},
			{`, "config_drive": false`, 37, "config_drive", ""},
			{`, "tags": ["b", "a", "b"]`, 52, "tags", []string{"a", "b"}},
			{`, "flavorRef": "http://nova.example/flavors/2"`, 47, "flavor/original_name", "c"},
			{`, "flavorRef": 2`, 47, "flavor/original_name", "c"},
			{`, "availability_zone": "nova"`, 37, "pinned_availability_zone", "nova"},
			{"", 37, "pinned_availability_zone", nil},
			{`, "user_data": "aGk="`, 37, "OS-EXT-SRV-ATTR:user_data", "aGk="},
			{`, "trusted_image_certificates": ["a"]`, 63, "trusted_image_certificates", []string{"a"}},
			{"", 37, "metadata", map[string]any{}},
			{`, "metadata": {"a": ""}`, 37, "metadata", map[string]any{"a": ""}},
			{"", 98, "image/properties", map[string]any{}},
			{"", 37, "OS-EXT-SRV-ATTR:root_device_name", nil},
			{"", 37, "progress", 0},
			{"", 37, "addresses", map[string]any{}},
			{`, "block_device_mapping_v2": [` + imageDevice + `]`, 37, "status", "BUILD"},
			{`, "block_device_mapping_v2": [` + imageDevice + `, {"device_name": "vdb", "no_device": true}]`, 37, "status", "BUILD"},
			{`, "block_device_mapping": [{"device_name": "vdb", "no_device": "x"}]`, 37, "status", "BUILD"},
		} {
			request := create(c.more)
			if c.minor == 0 {
				request = strings.Replace(request, "/v2.1/", "/v2/", 1)
			}
			id := s.Do(request, as("demo"), at(c.minor)).Want(t, 202).String("server/id")
			s.Do("GET /v2.1/servers/"+id, at(104)).Want(t, 200, has("server/"+c.path, c.want))
			s.Do("DELETE /v2.1/servers/"+id, as("demo")).Want(t, 204)
		}
		hinted := strings.TrimSuffix(create(""), "}") + `, "os:scheduler_hints": {"reservation": "x", "n": [1, true], "_nova_x": 1}}`
		id := s.Do(hinted, as("demo"), at(37)).Want(t, 202).String("server/id")
		s.Do("GET /v2.1/servers/"+id, at(100)).Want(t, 200, has("server/scheduler_hints",
			map[string]any{"reservation": []any{"x"}, "n": []any{"1", "True"}}))
		s.Do(strings.TrimSuffix(create(""), "}")+`, "os:scheduler_hints": {"k": {"a": "b"}}}`, as("demo"), at(37)).Want(t, 400, fault("badRequest", "Malformed request body"))
	})
}

const imageDevice = `{"uuid": "` + cirros + `", "source_type": "image", "destination_type": "local", "boot_index": 0}`

func TestServers_CreateRefused(t *testing.T) {
	t.Parallel()
	const (
		mapping = "Block Device Mapping is Invalid: "
		order   = mapping + "Boot sequence for the instance and image/block device mapping combination is not valid."
		blank   = `{"source_type": "blank", "destination_type": "local", "boot_index": -1`
		port    = `{"port": "` + nobodyID + `"}`
	)
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		for _, c := range []struct {
			caller string
			minor  int
			more   string
			status int
			want   string
		}{
			{"reader", 37, "", 403, "Policy doesn't allow os_compute_api:servers:create to be performed."},
			{"demo", 37, `, "min_count": 3, "max_count": 2`, 400, "min_count must be <= max_count"},
			{"demo", 37, `, "imageRef": ""`, 400, "Missing imageRef attribute"},
			{"demo", 37, `, "imageRef": "` + nobodyID + `"`, 400, "Can not find requested image"},
			{"demo", 37, `, "flavorRef": "nope"`, 400, "Flavor nope could not be found."},
			{"demo", 37, `, "flavorRef": "private"`, 400, "Flavor private could not be found."},
			{"demo", 37, `, "key_name": "nope"`, 400, "Invalid key_name provided."},
			{"demo", 1, `, "networks": [{}]`, 400, "Bad network format: missing 'uuid'"},
			{"demo", 1, `, "networks": [{"uuid": "x"}]`, 400, "Bad networks format: network uuid is not in proper format (x)"},
			{"demo", 37, `, "networks": [` + port + `]`, 400, "Port id " + nobodyID + " could not be found."},
			{
				"demo", 37, `, "networks": [` + port + `, ` + port + `]`, 400,
				"Port ID '" + nobodyID + "' was specified twice: you cannot attach a port multiple times.",
			},
			{
				"demo", 37, `, "networks": [{"port": "` + nobodyID + `", "fixed_ip": "10.0.0.9"}]`, 400,
				"Specified Fixed IP '10.0.0.9' cannot be used with port '" + nobodyID + "': the two cannot be specified together.",
			},
			{"demo", 37, `, "networks": [{"uuid": "` + nobodyID + `"}]`, 400, "Network " + nobodyID + " could not be found."},
			{
				"demo", 37, `, "max_count": 2, "networks": [{"uuid": "` + private + `", "fixed_ip": "10.0.0.9"}]`, 400,
				"Failed to launch instances: max_count cannot be greater than 1 if an fixed_ip is specified.",
			},
			{"demo", 37, `, "max_count": 2, "networks": [` + port + `]`, 400, "Failed to launch instances: " +
				"Unable to launch multiple instances with a single configured port ID. Please launch your instance one by one with different ports."},
			{"demo", 90, `, "max_count": 2, "hostname": "www"`, 400, "Unable to allocate a single hostname to multiple instances"},
			{"demo", 37, `, "availability_zone": "nope"`, 400, "The requested availability zone is not available"},
			{"demo", 37, `, "availability_zone": "a:b:c:d"`, 400, "Invalid input received: Unable to parse availability_zone"},
			{"demo", 37, `, "availability_zone": "nova:fake-1"`, 403, "Policy doesn't allow os_compute_api:servers:create:forced_host to be performed."},
			{"demo", 74, `, "host": "fake-1"`, 403, "Policy doesn't allow compute:servers:create:requested_destination to be performed."},
			{"admin", 74, `, "host": "nope"`, 400, "Compute host nope could not be found."},
			{"admin", 74, `, "host": "fake-1", "availability_zone": "nova:fake-1"`, 400, "One mechanism with host and/or hypervisor_hostname " +
				"and another mechanism with zone:host:node are mutually exclusive."},
			{"demo", 37, `, "security_groups": [{"name": "nope"}]`, 400, "Unable to find security_group with name or id 'nope'"},
			{"demo", 37, `, "metadata": {` + items(129) + `}`, 403, "Maximum number of metadata items exceeds 128"},
			{
				"demo", 37, `, "personality": [` + strings.Repeat(`{"path": "/a", "contents": ""}, `, 5) + `{"path": "/a", "contents": ""}]`, 403,
				"Personality file limit exceeded",
			},
			{"demo", 37, `, "personality": [{"path": "` + strings.Repeat("x", 256) + `", "contents": ""}]`, 403, "Personality file path exceeds maximum 255"},
			{
				"demo", 37, `, "personality": [{"path": "/a", "contents": "` + strings.Repeat("QUFB", 2561) + `"}]`, 403,
				"Personality file content exceeds maximum 10240",
			},
			{
				"demo", 37, `, "block_device_mapping": [{"volume_id": "` + nobodyID + `"}], "block_device_mapping_v2": [` + imageDevice + `]`, 400,
				"Using different block_device_mapping syntaxes is not allowed in the same request.",
			},
			{"demo", 37, `, "block_device_mapping": [{"device_name": "vdb"}]`, 400, mapping + "Unrecognized legacy format."},
			{"demo", 37, `, "block_device_mapping_v2": [{"boot_index": 0}]`, 400, mapping + "Missing device UUID."},
			{"demo", 37, `, "block_device_mapping_v2": [{"source_type": "blank", "uuid": "x"}]`, 400, mapping + "Invalid device UUID."},
			{
				"demo", 37, `, "block_device_mapping_v2": [` + imageDevice + `, {"source_type": "image", "uuid": "` + cirros + `", "destination_type": "local"}]`,
				400, mapping + "Mapping image to local is not supported.",
			},
			{"demo", 37, `, "imageRef": "", "block_device_mapping_v2": [` + imageDevice + `]`, 400, mapping + "Mapping image to local is not supported."},
			{
				"demo", 67, `, "block_device_mapping_v2": [` + imageDevice + `, ` + blank + `, "volume_type": "fast"}]`, 400,
				mapping + "Specifying a volume_type with destination_type=local is not supported.",
			},
			{
				"demo", 67, `, "block_device_mapping_v2": [` + imageDevice + `, {"source_type": "volume", "uuid": "v", "volume_type": "fast"}]`, 400,
				mapping + "Specifying volume type to existing volume is not supported.",
			},
			{"demo", 37, `, "block_device_mapping_v2": [` + blank + `}]`, 400, order},
			{"demo", 37, `, "imageRef": "", "block_device_mapping": [{"device_name": "vdb", "volume_id": "` + nobodyID + `"}]`, 400, "Volume " + nobodyID + " could not be found."},
			{
				"demo", 37, `, "imageRef": "", "block_device_mapping": [{"device_name": "/dev/vda", "volume_id": "` + nobodyID + `"}]`, 400,
				mapping + "failed to get volume " + nobodyID + ".",
			},
			{"demo", 37, `, "imageRef": "", "block_device_mapping": [{"device_name": "vda", "no_device": true}]`, 400, order},
			{"demo", 37, `, "block_device_mapping_v2": [` + imageDevice + `, ` + imageDevice + `]`, 400, order},
			{"demo", 37, `, "block_device_mapping_v2": [{"no_device": true}]`, 400, order},
			{
				"demo", 37, `, "block_device_mapping_v2": [` + imageDevice + `, ` + blank + `, "volume_size": 1, "guest_format": "swap"}]`, 400,
				"Swap drive requested is larger than instance type allows.",
			},
			{
				"demo", 37, `, "block_device_mapping_v2": [` + imageDevice + `, ` + blank + `, "volume_size": 1}]`, 400,
				"Ephemeral disks requested are larger than the instance type allows. " +
					"If no size is given in one block device mapping, flavor ephemeral size will be used.",
			},
			{"demo", 37, `, "foo": 1`, 400, ""},
			{"demo", 37, `, "name": " web"`, 400, "An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace."},
		} {
			r := s.Do(create(c.more), as(c.caller), at(c.minor)).Want(t, c.status)
			for _, body := range r.JSON().(map[string]any) {
				if got := body.(map[string]any)["message"]; c.want != "" && got != c.want {
					t.Errorf("%s at 2.%d: %s\n%q, want\n%q", c.caller, c.minor, c.more, got, c.want)
				}
			}
		}
		grouped := func(hint string) string {
			return strings.TrimSuffix(create(""), "}") + `, "os:scheduler_hints": {"group": ` + hint + `}}`
		}
		s.Do(grouped(`"`+nobodyID+`"`), as("demo"), at(37)).Want(t, 400, fault("badRequest", "Instance group "+nobodyID+" could not be found."))
		s.Do(grouped(`["`+nobodyID+`", "`+cirros+`"]`), as("demo"), at(37)).
			Want(t, 400, fault("badRequest", "Instance group ['"+nobodyID+"', '"+cirros+"'] could not be found."))
		s.Do("GET /v2.1/servers?all_tenants=1").Want(t, 200, whole(`{"servers": []}`))
	})
}

// items is a number of different keys, with values.
func items(number int) string {
	var pairs []string
	for i := range number {
		pairs = append(pairs, fmt.Sprintf(`"k%d": "v"`, i))
	}
	return strings.Join(pairs, ", ")
}

// TestServers_Networks gives servers their addresses.
func TestServers_Networks(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		for _, networks := range []string{`[]`, `"auto"`, `[{"uuid": "` + private + `"}]`} {
			id := s.boot("web", `, "networks": `+networks)
			shown := s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/security_groups", []any{map[string]any{"name": "default"}}),
				has("server/addresses/private/0/version", 4), has("server/addresses/private/0/OS-EXT-IPS:type", "fixed"))
			if mac := shown.String("server/addresses/private/0/OS-EXT-IPS-MAC:mac_addr"); !strings.HasPrefix(mac, "fa:16:3e:") {
				t.Errorf("networks %s: MAC %q", networks, mac)
			}
			ip := shown.String("server/addresses/private/0/addr")
			want := `{"private": [{"version": 4, "addr": "` + ip + `"}]}`
			s.Do("GET /v2.1/servers/"+id+"/ips", as("reader")).Want(t, 200, whole(`{"addresses": `+want+`}`))
			s.Do("GET /v2.1/servers/"+id+"/ips/private", as("reader")).Want(t, 200, whole(want))
			s.Do("GET /v2.1/servers/"+id+"/ips/public", as("reader")).Want(t, 404,
				fault("itemNotFound", "Instance is not a member of specified network"))
			s.Do("GET /v2.1/servers/"+id+"/ips", as("alt")).Want(t, 404)
		}
	})
}

func TestServers_Show(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		for _, path := range []string{nobodyID, "bad", id + "x"} {
			s.Do("GET /v2.1/servers/"+path, as("demo")).Want(t, 404, fault("itemNotFound", "Instance "+path+" could not be found."))
		}
		s.Do("GET /v2.1/servers/"+id, as("alt")).Want(t, 404, fault("itemNotFound", "Instance "+id+" could not be found."))
		s.Do("GET /v2.1/servers/"+id).Want(t, 200, has("server/OS-EXT-SRV-ATTR:instance_name", "instance-00000001"))
		s.Do("GET /v2.1/servers/"+id, at(16)).Want(t, 200, has("server/host_status", "UP"))
		s.Do("GET /v2.1/servers/"+id, as("reader"), at(104)).Want(t, 200, has("server/OS-EXT-SRV-ATTR:hostname", "web"), has("server/server_groups", []any{}),
			lacks("server/host_status", "server/OS-EXT-SRV-ATTR:host", "server/OS-EXT-SRV-ATTR:user_data"))
		s.Do("GET /v2.1/servers/detail", as("reader"), at(104)).Want(t, 200, lacks("servers/0/server_groups"), has("servers/0/id", id))
		s.Do("GET /v2.1/servers/"+id+"?x=1", at(101)).Want(t, 200)
		s.Do("GET /v2.1/servers/"+id+"?x=1", at(102)).Want(t, 400)
		s.Do("GET /v2.1/"+demoProject+"/servers/"+id, as("demo")).Want(t, 200,
			has("server/links/0/href", "http://nova.example/v2.1/"+demoProject+"/servers/"+id),
			has("server/image/links/0/href", "http://nova.example/"+demoProject+"/images/"+cirros))
		s.Do("GET /v2/servers/"+id, as("demo")).Want(t, 200, has("server/links/0/href", "http://nova.example/v2/servers/"+id), lacks("server/locked"))
	})
}

func TestServers_Update(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		path := "PUT /v2.1/servers/" + id + " "
		for _, c := range []struct {
			body  string
			minor int
			key   string
			want  any
		}{
			{`{}`, 1, "name", "web"},
			{`{"name": "db"}`, 1, "name", "db"},
			{`{"OS-DCF:diskConfig": "AUTO"}`, 1, "OS-DCF:diskConfig", "AUTO"},
			{`{"accessIPv4": "192.0.2.1"}`, 1, "accessIPv4", "192.0.2.1"},
			{`{"accessIPv6": "2001:DB8:0::1"}`, 1, "accessIPv6", "2001:db8::1"},
			{`{"description": "x"}`, 19, "description", "x"},
			{`{"description": null}`, 19, "description", nil},
			{`{"hostname": "www"}`, 90, "OS-EXT-SRV-ATTR:hostname", "www"},
			{`{"pinned_availability_zone": "nova"}`, 104, "pinned_availability_zone", "nova"},
			{`{"pinned_availability_zone": "nova"}`, 104, "pinned_availability_zone", "nova"},
			{`{"pinned_availability_zone": null}`, 104, "pinned_availability_zone", nil},
		} {
			s.Do(path+`{"server": `+c.body+`}`, as("demo"), at(c.minor)).Want(t, 200, has("server/"+c.key, c.want))
			s.Do("GET /v2.1/servers/"+id, as("demo"), at(104)).Want(t, 200, has("server/"+c.key, c.want))
		}
		s.Do(path+`{"server": {"pinned_availability_zone": "other"}}`, as("demo"), at(104)).Want(t, 409,
			fault("conflictingRequest", "Server can only be pinned to its current availability zone 'nova', but 'other' was requested."))
		s.Do(path+`{"server": {"pinned_availability_zone": "nova"}}`, as("demo"), at(104)).Want(t, 200)
		s.Do(path+`{"server": {"pinned_availability_zone": "other"}}`, as("demo"), at(104)).Want(t, 409, fault("conflictingRequest",
			"Cannot change pinned availability zone directly. Unpin first by setting pinned_availability_zone to null."))
		s.Do("PUT /v2/servers/"+id+` {"server": {"pinned_availability_zone": "other"}}`, as("demo")).Want(t, 200)
		s.Do("PUT /v2/servers/"+id+` {"server": {"description": "of /v2"}}`, as("demo")).Want(t, 200)
		s.Do("GET /v2.1/servers/"+id, at(104)).Want(t, 200, has("server/pinned_availability_zone", "nova"), has("server/description", "of /v2"))
		for description, want := range map[string]any{`5`: "5", `1.50`: "1.5", `true`: "True", `"true"`: "true", `""`: "", `null`: nil} {
			s.Do("PUT /v2/servers/"+id+` {"server": {"description": `+description+`}}`, as("demo")).Want(t, 200)
			s.Do("GET /v2.1/servers/"+id, at(19)).Want(t, 200, has("server/description", want))
		}
		for _, description := range []string{`[1]`, `{"a": 1}`, `1e400`} {
			s.Do("PUT /v2/servers/"+id+` {"server": {"description": `+description+`}}`, as("demo")).Want(t, 400, fault("badRequest", "Malformed request body"))
		}
		s.Do("PUT /v2/servers/"+id+` {"server": {"pinned_availability_zone": 5}}`, as("demo")).Want(t, 200)

		change := path + `{"server": {"name": "x"}}`
		s.Do(change, as("demo"), at(74)).Want(t, 200, lacks("server/key_name", "server/addresses/private/0/OS-EXT-IPS:type"))
		s.Do(change, as("demo"), at(75)).Want(t, 200, has("server/key_name", nil))
		s.Do(change, as("reader")).Want(t, 403, fault("forbidden", "Policy doesn't allow os_compute_api:servers:update to be performed."))
		s.Do(change, as("alt")).Want(t, 404)
		s.Do(path+`{"server": {"name": " "}}`, as("demo")).Want(t, 400)
		s.Do(path+`{"server": {"foo": " "}}`, as("demo")).Want(t, 400)
		s.Do(strings.Replace(path, "v2.1", "v2", 1)+`{"server": {"foo": " ", "name": " y "}}`, as("demo")).Want(t, 200, has("server/name", "y"))
		s.Do("PUT /v2.1/servers/"+nobodyID+` {"server": {"name": "x"}}`, as("demo")).Want(t, 404)
	})
}

func TestServers_Delete(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", `, "networks": [{"uuid": "`+private+`"}]`)
		path := "DELETE /v2.1/servers/" + id
		s.Do(path, as("reader")).Want(t, 403)
		s.Do(path, as("alt")).Want(t, 404)
		s.act(id, `{"lock": null}`).Want(t, 202)
		s.Do(path, as("demo")).Want(t, 409, fault("conflictingRequest", "Instance "+id+" is locked"))
		s.act(id, `{"unlock": null}`).Want(t, 202)
		s.Do(path, as("demo")).Want(t, 204, empty)
		s.Do(path, as("demo")).Want(t, 204)
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 200, has("server/OS-EXT-STS:task_state", "deleting"))
		s.work()
		s.Do("GET /v2.1/servers/"+id, as("demo")).Want(t, 404)
		s.Do(path, as("demo")).Want(t, 404, fault("itemNotFound", "Instance "+id+" could not be found."))
		s.Do("GET /v2.1/servers/detail?all_tenants=1&deleted=1").Want(t, 200, has("servers/0/status", "DELETED"), has("servers/0/OS-EXT-STS:vm_state", "deleted"),
			has("servers/0/addresses", map[string]any{}))
		s.Do("GET /v2.1/limits", as("demo")).Want(t, 200, has("limits/absolute/totalInstancesUsed", 0))
		waiting := s.begin("web", "")
		s.Do("DELETE /v2.1/servers/"+waiting, as("demo")).Want(t, 204)
		s.Do("GET /v2.1/servers/"+waiting, as("demo")).Want(t, 404)
	})
}
