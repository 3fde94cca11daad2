package schema

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	someUUID   = "70a599e0-31e7-49b7-b260-868f441e862b"
	unexpected = "Additional properties are not allowed "
)

// server is a body with one more key in the server.
func server(more string) string {
	return `{"server": {"name": "n", "flavorRef": "1", ` + more + `}}`
}

// serverAt37 is the same for versions that require networks.
func serverAt37(more string) string { return server(`"networks": "auto", ` + more) }

func TestServerCreate(t *testing.T) {
	t.Parallel()
	checkBody(t, ServerCreate, []bodyCase{
		{1, `{"server": {"name": "n", "flavorRef": 1}}`, ""},
		{1, `{"server": {"name": "n"}}`, "Invalid input for field/attribute server. Value: {'name': 'n'}. 'flavorRef' is a required property"},
		{1, server(`"imageRef": ""`), ""},
		{
			1, server(`"imageRef": "x"`),
			"Invalid input for field/attribute imageRef. Value: x. 'x' is not valid under any of the given schemas",
		},
		{1, server(`"min_count": ""`), "Invalid input for field/attribute min_count. Value: . '' should be non-empty"},
		{1, server(`"min_count": "0"`), "Invalid input for field/attribute min_count. Value: 0. 0 is less than the minimum of 1"},
		{1, server(`"user_data": null`), "Invalid input for field/attribute user_data. Value: None. None is not of type 'string'"},
		{0, server(`"user_data": null, "key_name": " k "`), ""},
		{0, server(`"metadata": {"a/b": "c"}`), ""},
		{0, server(`"metadata": {"a/b": "c", "a": "b"}`), "Invalid input for field/attribute metadata. Value: {'a/b': 'c', 'a': 'b'}. " +
			"Additional properties are not allowed ('a/b' was unexpected)"},
		{
			1, server(`"metadata": {"k": "` + strings.Repeat("x", 256) + `"}`),
			"Invalid input for field/attribute k. Value: " + strings.Repeat("x", 256) + ". '" + strings.Repeat("x", 256) + "' is too long",
		},
		{1, server(`"security_groups": [{"name": "a"}, {"name": ""}]`), "Invalid input for field/attribute name. Value: . '' should be non-empty"},
		{1, server(`"security_groups": [{}, 1]`), "Invalid input for field/attribute 1. Value: 1. 1 is not of type 'object'"},
		{
			1, server(`"config_drive": "maybe", "accessIPv4": "::1"`),
			"Invalid input for field/attribute accessIPv4. Value: ::1. '::1' is not a 'ipv4'",
		},
	})
}

// TestServerCreate_Breaks goes through what versions added and took away.
func TestServerCreate_Breaks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		since, until int // 0: open
		key, value   string
	}{
		{19, 0, "description", `null`},
		{0, 56, "personality", `[{"path": "/a", "contents": "YQ=="}]`},
		{52, 0, "tags", `["a"]`},
		{63, 0, "trusted_image_certificates", `["a"]`},
		{74, 0, "host", `"h"`},
		{74, 0, "hypervisor_hostname", `"h"`},
		{90, 0, "hostname", `"h-1"`},
	} {
		for v := 1; v <= 104; v++ {
			body := server(`"` + c.key + `": ` + c.value)
			if v >= 37 {
				body = serverAt37(`"` + c.key + `": ` + c.value)
			}
			_, err := ServerCreate.Check(microversionOf(v), decode(t, body), []byte(body))
			known := v >= c.since && (c.until == 0 || v <= c.until)
			if known != (err == nil) {
				t.Errorf("2.%d %s: %v", v, c.key, err)
			}
			if err != nil && !strings.HasSuffix(err.Error(), unexpected+"('"+c.key+"' was unexpected)") {
				t.Errorf("2.%d %s: %v", v, c.key, err)
			}
		}
	}
}

func TestServerCreate_Networks(t *testing.T) {
	t.Parallel()
	notValid := func(quoted string) string {
		return "Invalid input for field/attribute networks. Value: " + quoted + " is not valid under any of the given schemas"
	}
	checkBody(t, ServerCreate, []bodyCase{
		{36, `{"server": {"name": "n", "flavorRef": "1"}}`, ""},
		{
			37, `{"server": {"name": "n", "flavorRef": "1"}}`,
			"Invalid input for field/attribute server. Value: {'name': 'n', 'flavorRef': '1'}. 'networks' is a required property",
		},
		{36, server(`"networks": "auto"`), "Invalid input for field/attribute networks. Value: auto. 'auto' is not of type 'array'"},
		{37, server(`"networks": "none"`), ""},
		{37, server(`"networks": "all"`), notValid("all. 'all'")},
		{36, server(`"networks": [{"uuid": "no uuid", "port": null}]`), ""},
		{37, server(`"networks": [{"uuid": "x"}]`), notValid("[{'uuid': 'x'}]. [{'uuid': 'x'}]")},
		{
			31, server(`"networks": [{"tag": "t"}]`),
			"Invalid input for field/attribute 0. Value: {'tag': 't'}. " + unexpected + "('tag' was unexpected)",
		},
		{32, server(`"networks": [{"tag": "t"}]`), ""},
		{36, server(`"networks": [{"tag": "t"}]`), ""},
		{37, server(`"networks": [{"tag": "t"}]`), notValid("[{'tag': 't'}]. [{'tag': 't'}]")},
		{41, server(`"networks": [{"tag": "t"}]`), notValid("[{'tag': 't'}]. [{'tag': 't'}]")},
		{42, server(`"networks": [{"tag": "t"}]`), ""},
		{104, server(`"networks": [{"uuid": "` + someUUID + `", "fixed_ip": "::1"}]`), ""},
	})
}

func TestServerCreate_BlockDevices(t *testing.T) {
	t.Parallel()
	tagged := server(`"block_device_mapping_v2": [{"tag": "t"}]`)
	taggedAt37 := serverAt37(`"block_device_mapping_v2": [{"tag": "t"}]`)
	refused := "Invalid input for field/attribute 0. Value: {'tag': 't'}. " + unexpected + "('tag' was unexpected)"
	typed := serverAt37(`"block_device_mapping_v2": [{"volume_type": null}]`)
	checkBody(t, ServerCreate, []bodyCase{
		{31, tagged, refused},
		{32, tagged, ""},
		{33, tagged, refused},
		{41, taggedAt37, refused},
		{42, taggedAt37, ""},
		{66, typed, "Invalid input for field/attribute 0. Value: {'volume_type': None}. " + unexpected + "('volume_type' was unexpected)"},
		{67, typed, ""},
		{1, server(`"block_device_mapping": [{"device_name": "/dev/vda-1", "volume_size": "1", "no_device": {"any": 1}}]`), ""},
		{
			1, server(`"block_device_mapping": [{"uuid": "x"}]`),
			"Invalid input for field/attribute 0. Value: {'uuid': 'x'}. " + unexpected + "('uuid' was unexpected)",
		},
		{
			1, server(`"block_device_mapping_v2": [{"boot_index": null}, {"boot_index": "-1"}, {"boot_index": "x"}]`),
			"Invalid input for field/attribute boot_index. Value: x. 'x' does not match '^-?[0-9]+$'",
		},
	})
}

func TestServerCreate_Others(t *testing.T) {
	t.Parallel()
	tags := strings.Repeat(`"t",`, 50)
	checkBody(t, ServerCreate, []bodyCase{
		{52, serverAt37(`"tags": [` + tags[:len(tags)-1] + `]`), ""},
		{52, serverAt37(`"tags": ["a", "b/c"]`), "Invalid input for field/attribute 1. Value: b/c. 'b/c' does not match '^[^,/]*$'"},
		{63, serverAt37(`"trusted_image_certificates": null`), ""},
		{
			63, serverAt37(`"trusted_image_certificates": []`),
			"Invalid input for field/attribute trusted_image_certificates. Value: []. [] should be non-empty",
		},
		{
			63, serverAt37(`"trusted_image_certificates": ["a", "a"]`),
			"Invalid input for field/attribute trusted_image_certificates. Value: ['a', 'a']. ['a', 'a'] has non-unique elements",
		},
		{93, serverAt37(`"hostname": "a.b"`), "Invalid input for field/attribute hostname. Value: a.b. " +
			"'a.b' does not match '^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$'"},
		{93, serverAt37(`"hostname": "a"`), "Invalid input for field/attribute hostname. Value: a. 'a' does not match '^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$'"},
		{94, serverAt37(`"hostname": "a.b"`), ""},
		{94, serverAt37(`"hostname": "a"`), ""},
		{1, `{"server": {"name": "n", "flavorRef": "1"}, "os:scheduler_hints": {"group": "` + someUUID + `", "mine": [1]}}`, ""},
		{1, `{"server": {"name": "n", "flavorRef": "1"}, "os:scheduler_hints": {"group": ["` + someUUID + `"]}}`, ""},
		{
			1, `{"server": {"name": "n", "flavorRef": "1"}, "OS-SCH-HNT:scheduler_hints": {"group": "x"}}`,
			"Invalid input for field/attribute group. Value: x. 'x' is not valid under any of the given schemas",
		},
		{
			1, `{"server": {"name": "n", "flavorRef": "1"}, "os:scheduler_hints": null}`,
			"Invalid input for field/attribute os:scheduler_hints. Value: None. None is not of type 'object'",
		},
	})
}

func TestServerUpdate(t *testing.T) {
	t.Parallel()
	checkBody(t, ServerUpdate, []bodyCase{
		{1, `{"server": {}}`, ""},
		{
			1, `{"server": {"name": "n ", "OS-DCF:diskConfig": "AUTO"}}`,
			"An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.",
		},
		{0, `{"server": {"name": "n "}}`, ""},
		{18, `{"server": {"description": "d"}}`, "Invalid input for field/attribute server. Value: {'description': 'd'}. " +
			unexpected + "('description' was unexpected)"},
		{19, `{"server": {"description": null}}`, ""},
		{
			89, `{"server": {"hostname": "h-1"}}`,
			"Invalid input for field/attribute server. Value: {'hostname': 'h-1'}. " + unexpected + "('hostname' was unexpected)",
		},
		{90, `{"server": {"hostname": "h-1"}}`, ""},
		{93, `{"server": {"hostname": "h"}}`, "Invalid input for field/attribute hostname. Value: h. 'h' does not match '^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$'"},
		{94, `{"server": {"hostname": "h"}}`, ""},
		{103, `{"server": {"pinned_availability_zone": null}}`, "Invalid input for field/attribute server. " +
			"Value: {'pinned_availability_zone': None}. " + unexpected + "('pinned_availability_zone' was unexpected)"},
		{104, `{"server": {"pinned_availability_zone": null}}`, ""},
		{104, `{"server": {"pinned_availability_zone": ""}}`, "Invalid input for field/attribute pinned_availability_zone. " +
			"Value: . '' is not valid under any of the given schemas"},
	})
}

func TestCreateServer_Decode(t *testing.T) {
	t.Parallel()
	port := "p"
	two := Int(2)
	yes := Bool(true)
	for _, c := range []struct {
		body string
		want ServerCreateBody
	}{
		{
			`{"server": {"name": "n", "flavorRef": 7, "networks": "auto", "description": null}, "OS-SCH-HNT:scheduler_hints": {"a": "b"}}`,
			ServerCreateBody{
				Server: ServerSpec{
					Name: "n", FlavorRef: "7", Networks: &Networks{Mode: "auto"}, Description: Null[string]{Set: true, Null: true},
				},
				HintsByOldName: map[string]Hint{"a": {"b"}},
			},
		},
		{
			`{"server": {"networks": [{"uuid": "p", "port": null}], "max_count": "2", "config_drive": "on",
			"block_device_mapping_v2": [{"boot_index": "-1", "volume_size": 2, "delete_on_termination": true}]}}`,
			ServerCreateBody{Server: ServerSpec{
				Networks: &Networks{List: []NIC{{UUID: &port}}}, MaxCount: &two, ConfigDrive: true,
				BlockDeviceMappingV2: []BlockDevice{{BootIndex: Null[Int]{Set: true, Value: -1}, VolumeSize: &two, DeleteOnTermination: &yes}},
			}},
		},
	} {
		got := decodeInto[ServerCreateBody](t, c.body)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", c.body, diff)
		}
	}
}

func TestCreateServer_SchedulerHints(t *testing.T) {
	t.Parallel()
	both := ServerCreateBody{Hints: map[string]Hint{"a": {"1"}}, HintsByOldName: map[string]Hint{"b": {"2"}}}
	if got := both.SchedulerHints(); got["a"] == nil {
		t.Errorf("hints of both names: got %v", got)
	}
	old := ServerCreateBody{HintsByOldName: map[string]Hint{"b": {"2"}}}
	if got := old.SchedulerHints(); got["b"] == nil {
		t.Errorf("hints of the old name: got %v", got)
	}
	for text, want := range map[string]Hint{
		`"v"`: {"v"}, `["v", "w"]`: {"v", "w"}, `[]`: {}, `1`: {"1"}, `[1.50, true]`: {"1.5", "True"}, `""`: {""},
	} {
		if diff := cmp.Diff(want, decodeInto[Hint](t, text)); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
	for _, text := range []string{`null`, `{}`, `[null]`, `[["v"]]`, `[{}]`} {
		if err := json.Unmarshal([]byte(`{"k": `+text+`}`), new(map[string]Hint)); err == nil {
			t.Errorf("%s is taken as a hint", text)
		}
	}
}
