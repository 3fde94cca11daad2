package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/internal/compute"
)

// A createCase is a body of POST /servers, and Nova's answers to it. Words that
// begin with $ stand for something that there is in the test's cloud.
type createCase struct {
	Name   string         `json:"name"`
	As     string         `json:"as"`
	Server map[string]any `json:"server"` // beside a name, an image, a flavor and networks; "$absent" takes one of these away
	Body   map[string]any `json:"body"`   // beside the server
	Raw    *string        `json:"raw"`    // instead of all of that
	Nova   int            `json:"nova"`   // the status where Nova breaks down or is knowingly not followed
	Want   []struct {
		At      []int  `json:"at"` // microversions; 0 is /v2
		Status  int    `json:"status"`
		Fault   string `json:"fault"`
		Message string `json:"message"`
	} `json:"want"`
}

// TestServers_CreateLikeNova sends each case at each of its versions.
func TestServers_CreateLikeNova(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/server_create.json")
	must(t, err)
	var cases []createCase
	must(t, json.Unmarshal([]byte(writtenOut(string(text))), &cases))
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		things := s.thingsToCreateWith()
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) {
				for _, want := range c.Want {
					for _, minor := range want.At {
						version := "v2.1"
						if minor == 0 {
							version = "v2"
						}
						got := s.Do("POST /"+version+"/servers "+c.body(minor, things), as(c.As), at(minor))
						message := strings.NewReplacer(things...).Replace(want.Message)
						if got.status != want.Status || want.Fault != "" && !saysLike(got.String(want.Fault+"/message"), message) {
							t.Errorf("%s at 2.%d: %d %s\nwant %d %s: %s", c.Name, minor, got.status, got.text, want.Status, want.Fault, message)
						}
						if got.status == http.StatusAccepted {
							s.deleteAll()
						}
					}
				}
			})
		}
	}, func(_ *api.Options, o *compute.Options) { o.Quota = quotas })
}

// writtenOut writes out what is repeated: "$a×3;" is "aaa".
func writtenOut(text string) string {
	return repeated.ReplaceAllStringFunc(text, func(short string) string {
		what, number, _ := strings.Cut(strings.Trim(short, "$;"), "×")
		times, _ := strconv.Atoi(number)
		return strings.Repeat(what, times)
	})
}

var repeated = regexp.MustCompile(`\$[A-Za-z]+×[0-9]+;`)

// saysLike reports whether a text is as wanted. A … stands for anything: Nova
// quotes objects in the order in which they were sent.
func saysLike(text, want string) bool {
	parts := strings.Split(want, "…")
	for i, part := range parts {
		at := strings.Index(text, part)
		if at < 0 || i == 0 && at > 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return text == "" || parts[len(parts)-1] == ""
}

// body is the case's request at a microversion.
func (c createCase) body(minor int, things []string) string {
	if c.Raw != nil {
		return *c.Raw
	}
	server := map[string]any{"name": "web", "imageRef": "$image", "flavorRef": "$flavor", "networks": "none"}
	if minor < 37 {
		server["networks"] = []any{map[string]any{"uuid": "$network"}}
	}
	for key, value := range c.Server {
		if server[key] = value; value == "$absent" {
			delete(server, key)
		}
	}
	body := map[string]any{"server": server}
	maps.Copy(body, c.Body)
	encoded, err := json.Marshal(body)
	if err != nil {
		return err.Error()
	}
	return strings.NewReplacer(things...).Replace(string(encoded))
}

// deleteAll deletes the servers of demo and admin.
func (s *cloudSite) deleteAll() {
	s.t.Helper()
	list := s.Do("GET /v2.1/servers?all_tenants=1")
	for i := range list.Len("servers") {
		s.Do("DELETE /v2.1/servers/"+list.String(fmt.Sprintf("servers/%d/id", i))).Want(s.t, 204)
	}
}

// thingsToCreateWith makes what the cases name, and gives words and what they
// stand for, by turns.
func (s *cloudSite) thingsToCreateWith() []string {
	s.t.Helper()
	for name, more := range map[string]string{
		"tiny": "", "private": `, "os-flavor-access:is_public": false`, "zero": `, "disk": 0`, "eight": `, "vcpus": 8`,
		"cores": `, "vcpus": 21`, "ram": `, "ram": 51201`, "both": `, "vcpus": 21, "ram": 51201`,
	} {
		flavor := map[string]any{"id": "c-" + name, "name": "to create " + name, "ram": 64, "vcpus": 1, "disk": 1}
		must(s.t, json.Unmarshal([]byte("{"+strings.TrimPrefix(more, ", ")+"}"), &flavor))
		body, err := json.Marshal(flavor)
		must(s.t, err)
		s.flavor(string(body))
	}
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDU20SmAyHrohONePKYGTcgFA43D+PZBGy+9nv112nZX"
	s.Do(keyPair("demos", key), as("demo")).Want(s.t, 200)
	s.Do(keyPair("admins", key), as("admin")).Want(s.t, 200)
	group := func(who, name string) string {
		return s.Network(`POST /security-groups {"security_group": {"name": "`+name+`"}}`, as(who)).Want(s.t, 201).String("security_group/id")
	}
	group("demo", "two")
	group("demo", "two")
	another := s.Network(`POST /networks {"network": {"name": "another", "shared": true}}`).Want(s.t, 201).String("network/id")
	s.Network(`POST /subnets {"subnet": {"network_id": "`+another+`", "ip_version": 4, "cidr": "10.79.0.0/24"}}`).Want(s.t, 201)
	words := []string{
		"$imageupper", strings.ToUpper(cirros), "$imagehex", strings.ReplaceAll(cirros, "-", ""), "$adminkey", "admins", "$key", "demos",
		"$groupid", group("demo", "one"), "$group", "one", "$twice", "two", "$aliengroup", group("alt", "theirs"),
		"$flavor", "c-tiny", "$small", "c-tiny", "$private", "c-private", "$zero", "c-zero", "$eight", "c-eight",
		"$cores", "c-cores", "$ram", "c-ram", "$both", "c-both",
		"$adminproject", adminProject, "$project", demoProject, "$host1", "fake-1", "$host2", "fake-2", "$network", private,
	}
	const no = nobodyID
	for name, more := range map[string]string{
		"$badkernel": `, "kernel_id": "` + no + `"`, "$badramdisk": `, "ramdisk_id": "` + no + `"`,
		"$nokernel":     `, "kernel_id": "nokernel", "ramdisk_id": "` + no + `"`,
		"$nodiskconfig": `, "auto_disk_config": "disabled"`, "$badconfigdrive": `, "img_config_drive": "x"`,
		"$encrypted": `, "cinder_encryption_key_id": "` + no + `"`, "$needsram": `, "min_ram": 100`, "$needsdisk": `, "min_disk": 2`,
		"$queued": "", "$deleted": "", "$alienimage": "",
	} {
		who := map[bool]string{true: "alt", false: "demo"}[name == "$alienimage"]
		id := s.Image(`POST /images {"name": "to create with", "disk_format": "raw", "container_format": "bare"`+more+`}`, as(who)).Want(s.t, 201).String("id")
		if name != "$queued" {
			s.Image("PUT /images/"+id+"/file data", as(who), header("Content-Type", "application/octet-stream")).Want(s.t, 204)
		}
		if name == "$deleted" {
			s.Image("DELETE /images/"+id, as(who)).Want(s.t, 204)
		}
		words = append(words, name, id)
	}
	return append(words, "$image", cirros) // the last, since others begin like it
}

// TestServers_KernelAndRamdisk boots an image that names two others, and makes
// sure that they don't change places on the way to the store, in replies, and in
// the filters and keys of lists.
func TestServers_KernelAndRamdisk(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		image := func(name, more string) string {
			id := s.Image(`POST /images {"name": "`+name+`", "disk_format": "raw", "container_format": "bare"`+more+`}`, as("demo")).Want(t, 201).String("id")
			s.Image("PUT /images/"+id+"/file data", as("demo"), header("Content-Type", "application/octet-stream")).Want(t, 204)
			return id
		}
		kernel, ramdisk := image("kernel", ""), image("ramdisk", "")
		system := image("system", `, "kernel_id": "`+kernel+`", "ramdisk_id": "`+ramdisk+`"`)
		body := `{"server": {"name": "web", "flavorRef": "1", "networks": "none", "imageRef": "` + system + `"}}`
		id := s.Do("POST /v2.1/servers "+body, as("demo"), at(37)).Want(t, 202).String("server/id")
		s.work()
		s.Do("GET /v2.1/servers/"+id, at(3)).Want(t, 200,
			has("server/OS-EXT-SRV-ATTR:kernel_id", kernel), has("server/OS-EXT-SRV-ATTR:ramdisk_id", ramdisk))
		const list = "GET /v2.1/servers?all_tenants=1&"
		s.Do(list+"kernel_id="+kernel).Want(t, 200, listed("servers", "id", id))
		s.Do(list+"ramdisk_id="+ramdisk).Want(t, 200, listed("servers", "id", id))
		s.Do(list+"kernel_id="+ramdisk).Want(t, 200, listed("servers", "id"))
		s.Do(list+"ramdisk_id="+kernel).Want(t, 200, listed("servers", "id"))
	})
}
