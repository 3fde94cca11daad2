package api_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/samples"
)

// TestSamples_Servers compares servers with the API samples of all versions.
func TestSamples_Servers(t *testing.T) {
	t.Parallel()
	folder, ok := samples.Folder(t)
	if !ok {
		return
	}
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("shown", `, "metadata": {"a": "b"}, "networks": [{"uuid": "`+private+`"}]`)
		free := []string{"metadata", "addresses", "extra_specs", "properties", "scheduler_hints"}
		requests := map[string]sample{
			"server-get-resp.json":       {request: "GET /v2.1/servers/" + id},
			"server-update-resp.json":    {request: "PUT /v2.1/servers/" + id + ` {"server": {"name": "shown"}}`},
			"servers-details-resp.json":  {request: "GET /v2.1/servers/detail?name=shown&limit=1"},
			"servers-list-resp.json":     {request: "GET /v2.1/servers?name=shown&limit=1"},
			"server-create-resp.json":    {request: create(`, "networks": [{"uuid": "` + private + `"}]`), status: 202},
			"server-action-create-image": {request: "POST /v2.1/servers/" + id + `/action {"createImage": {"name": "i"}}`, status: 202},
		}
		for _, minor := range append(minorsIn(t, filepath.Join(folder, "servers")), 1) {
			if minor == 69 { // what is shown of a cell that is down
				continue
			}
			for name, c := range requests {
				c.minor, c.status, c.free = minor, max(c.status, 200), free
				if c.file = filepath.Join("servers", inVersion(minor), name); exists(folder, c.file) {
					s.alike(t, folder, c)
				}
			}
		}
	}, func(_ *api.Options, o *compute.Options) { o.Quota = nova.Quota{} })
}

// alike compares one reply with its sample: some show what administrators
// see, and some what others do.
func (s *cloudSite) alike(t *testing.T, folder string, c sample) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, c.file))
	must(t, err)
	caller := "demo"
	if strings.Contains(string(text), "OS-EXT-SRV-ATTR:host\"") {
		caller = "admin"
		c.request = strings.Replace(c.request, "?", "?all_tenants=1&", 1)
	}
	if !strings.Contains(string(text), "_links\"") {
		c.request = strings.Replace(c.request, "&limit=1", "", 1)
	}
	s.alikeAs(t, caller, folder, c)
}

// alikeAs compares the reply to a caller with its sample.
func (s *cloudSite) alikeAs(t *testing.T, caller, folder string, c sample) {
	t.Helper()
	s.shaped(t, folder, c.file, s.Do(c.request, as(caller), at(c.minor)).Want(t, c.status), c.free...)
}

// shaped compares a reply with a sample.
func (s *cloudSite) shaped(t *testing.T, folder, file string, r *reply, free ...string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, file))
	must(t, err)
	var want any
	must(t, json.Unmarshal(text, &want))
	for _, difference := range shapes("", want, r.JSON(), free) {
		t.Errorf("%s, unlike %s: %s", r.request, file, difference)
	}
	counted.addSample(file)
}

// TestSamples_ServerParts compares what belongs to a server with the API
// samples.
func TestSamples_ServerParts(t *testing.T) {
	t.Parallel()
	folder, ok := samples.Folder(t)
	if !ok {
		return
	}
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", `, "metadata": {"a": "b"}, "tags": ["a"], "networks": [{"uuid": "`+private+`"}]`)
		server := " /v2.1/servers/" + id
		action := s.Do("GET" + server + "/os-instance-actions").String("instanceActions/0/request_id")
		free := []string{"metadata", "meta", "addresses", "flavor", "image"}
		all := []sample{
			{"server-metadata/server-metadata-all-resp.json", "GET" + server + "/metadata", 1, 200, free},
			{"server-metadata/server-metadata-resp.json", "GET" + server + "/metadata/a", 1, 200, free},
			{"server-ips/server-ips-resp.json", "GET" + server + "/ips", 1, 200, free},
			{"server-ips/server-ips-network-resp.json", "GET" + server + "/ips/private", 1, 200, nil},
			{"os-server-tags/v2.26/server-tags-index-resp.json", "GET" + server + "/tags", 26, 200, nil},
			{"os-server-tags/v2.26/server-tags-put-all-resp.json", "PUT" + server + `/tags {"tags": ["a", "b"]}`, 26, 200, nil},
			{"os-console-output/console-output-post-resp.json", "POST" + server + `/action {"os-getConsoleOutput": {}}`, 1, 200, nil},
			{"os-create-backup/v2.45/create-backup-resp.json", "POST" + server + `/action {"createBackup": {"name": "b", "backup_type": "d", "rotation": 1}}`, 45, 202, nil},
			{"os-multiple-create/multiple-create-post-resp.json", create(`, "networks": [{"uuid": "` + private + `"}], "return_reservation_id": true`), 1, 202, nil},
			{"os-instance-actions/instance-action-get-resp.json", "GET" + server + "/os-instance-actions/" + action, 1, 200, nil},
			{"os-instance-actions/instance-actions-list-resp.json", "GET" + server + "/os-instance-actions", 1, 200, nil},
		}
		for _, minor := range minorsIn(t, filepath.Join(folder, "os-instance-actions")) {
			for name, path := range map[string]string{
				"instance-action-get-resp.json": "/" + action, "instance-actions-list-resp.json": "", "instance-actions-list-with-limit-resp.json": "?limit=1",
			} {
				file := filepath.Join("os-instance-actions", inVersion(minor), name)
				if exists(folder, file) {
					all = append(all, sample{file, "GET" + server + "/os-instance-actions" + path, minor, 200, nil})
				}
			}
		}
		s.conform(t, all)
	})
}

// minorsIn are the versions that a folder has folders for.
func minorsIn(t *testing.T, folder string) (minors []int) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	must(t, err)
	for _, entry := range entries {
		if number, ok := strings.CutPrefix(entry.Name(), "v2."); ok {
			minor, err := strconv.Atoi(number)
			must(t, err)
			minors = append(minors, minor)
		}
	}
	return minors
}

func inVersion(minor int) string {
	if minor == 1 {
		return ""
	}
	return "v2." + strconv.Itoa(minor)
}

func exists(folder, file string) bool {
	_, err := os.Stat(filepath.Join(folder, file))
	return err == nil
}
