package api_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nova-api/nova-api/api"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/samples"
)

const rsaKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCFL8mcSlFdqp3iIc1csHHxTUiPQhejum45IW3ru/TGT6/1+15XFSoLhkZhbBxuzYl4kivkJW819yJSplc4AagwY6YVYy/kmbenBVkZPVSpjrxicfWcpAHBrxt1q9uomlrfJxoU1uhWSNcpZWeK1MuHzEWPuoBHiidqwKcwJw4kgxqkeXKhKAQt317rPAJyOCtoQFxz0qFXyv/8LEetAIS+DcvKWk7uDwKVMrvqZEfJWNDEmXoFZ9mzR28KfySH9JO0fpNeauT0e6+awRy0L5WPzbEkeX1KTSIr+VP0do9B3Ex/1wee0LWI/KgCSF4QHsOJWtLFRVDhs9cX4LNn323t me@here"

// TestServerPassword changes a password, and reads it encrypted.
func TestServerPassword(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		s.Do(`POST /v2.1/os-keypairs {"keypair": {"name": "mine", "public_key": "`+rsaKey+`"}}`, as("demo")).Want(t, 200)
		id := s.boot("web", `, "key_name": "mine"`)
		path := "/v2.1/servers/" + id + "/os-server-password"
		s.Do("GET "+path, as("demo")).Want(t, 200, whole(`{"password": ""}`))
		s.act(id, `{"changePassword": {"adminPass": "s3cret"}}`).Want(t, 202, empty)
		if got := s.Do("GET "+path, as("reader")).Want(t, 200).String("password"); len(got) != 344 {
			t.Errorf("password %q", got)
		}
		if folder, ok := samples.Folder(t); ok {
			s.alike(t, folder, sample{filepath.Join("os-server-password", "get-password-resp.json"), "GET " + path, 1, 200, nil})
		}
		s.Do("DELETE "+path, as("reader")).Want(t, 403)
		s.Do("DELETE "+path, as("demo")).Want(t, 204, empty)
		s.Do("GET "+path, as("demo")).Want(t, 200, whole(`{"password": ""}`))
		s.Do("GET "+path+"?x=1", as("demo"), at(102)).Want(t, 400)
		s.Do("GET /v2.1/servers/"+nobodyID+"/os-server-password", as("demo")).Want(t, 404, fault("itemNotFound", "Instance "+nobodyID+" could not be found."))
		s.Do("GET "+path, as("alt")).Want(t, 404)

		s.act(id, `{"changePassword": {}}`).Want(t, 400)
		s.act(id, `{"lock": null}`).Want(t, 202)
		s.act(id, `{"changePassword": {"adminPass": "s3cret"}}`).Want(t, 409,
			fault("conflictingRequest", "Instance "+id+" is in an invalid state for 'changePassword'"))
	})
}

// TestServerDiagnostics reads counters, which only administrators may.
func TestServerDiagnostics(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", `, "networks": [{"uuid": "`+private+`"}]`)
		path := "GET /v2.1/servers/" + id + "/diagnostics"
		s.Do(path, as("admin"), at(48)).Want(t, 200, has("state", "running"), has("num_cpus", 1.0), has("num_nics", 1.0), has("num_disks", 1.0),
			has("memory_details/maximum", 512.0), has("config_drive", false))
		s.Do(path, as("admin"), at(47)).Want(t, 200, has("memory", 524288.0), lacks("state"))
		if folder, ok := samples.Folder(t); ok {
			s.alikeAs(t, "admin", folder, sample{"os-server-diagnostics/v2.48/server-diagnostics-get-resp.json", path, 48, 200, nil})
			one := strings.NewReplacer("vnet0", "vnet1") // the first connection is the second device there
			old := s.Do(path, as("admin")).Want(t, 200)
			old.text = one.Replace(old.text)
			s.shaped(t, folder, "os-server-diagnostics/server-diagnostics-get-resp.json", old)
		}
		s.Do(path, as("demo")).Want(t, 403, fault("forbidden", "Policy doesn't allow os_compute_api:os-server-diagnostics to be performed."))
		s.Do(path+"?x=1", as("admin"), at(101)).Want(t, 200)
		s.Do(path+"?x=1", as("admin"), at(102)).Want(t, 400)
		s.Do("GET /v2.1/servers/"+nobodyID+"/diagnostics", as("admin")).Want(t, 404)
		s.act(id, `{"pause": null}`).Want(t, 202)
		s.Do(path, as("admin")).Want(t, 409, fault("conflictingRequest", "Cannot 'get_diagnostics' instance "+id+" while it is in power state paused"))
		fresh := s.begin("fresh", "")
		s.Do("GET /v2.1/servers/"+fresh+"/diagnostics", as("admin")).Want(t, 409, fault("conflictingRequest", "Instance "+fresh+" is not ready"))
	})
}

// TestServerTopology shows nodes, and where they are on the host to those who may
// know.
func TestServerTopology(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		plain := s.boot("plain", "")
		s.Do("GET /v2.1/servers/"+plain+"/topology", as("reader"), at(78)).Want(t, 200, whole(`{"nodes": [], "pagesize_kb": null}`))
		s.Do("GET /v2.1/servers/"+plain+"/topology", as("reader"), at(77)).Want(t, 404)
		s.Do(`POST /v2.1/flavors {"flavor": {"id": "numa", "name": "numa", "ram": 512, "vcpus": 2, "disk": 1}}`, as("admin")).Want(t, 200)
		s.Do(`POST /v2.1/flavors/numa/os-extra_specs {"extra_specs": {"hw:numa_nodes": "2", "hw:mem_page_size": "4"}}`, as("admin")).Want(t, 200)
		id := s.Do(fmt.Sprintf(`POST /v2.1/servers {"server": {"name": "numa", "imageRef": %q, "flavorRef": "numa", "networks": "none"}}`, cirros), as("demo"), at(90)).
			Want(t, 202).String("server/id")
		path := "GET /v2.1/servers/" + id + "/topology"
		s.Do(path, as("demo"), at(78)).Want(t, 200, whole(`{"nodes": [{"vcpu_set": [0], "siblings": [], "memory_mb": 256},
			{"vcpu_set": [1], "siblings": [], "memory_mb": 256}], "pagesize_kb": 4}`))
		if folder, ok := samples.Folder(t); ok {
			free := []string{"siblings", "cpu_pinning"}
			s.alikeAs(t, "demo", folder, sample{"os-server-topology/v2.78/servers-topology-resp-user.json", path, 78, 200, free})
			s.alikeAs(t, "admin", folder, sample{"os-server-topology/v2.78/servers-topology-resp.json", path, 78, 200, free})
		}
		s.Do(path+"?x=1", as("demo"), at(102)).Want(t, 400)
	}, func(*api.Options, *compute.Options) {})
}

// TestServerActions_Insides are the actions that tell a server's system something.
func TestServerActions_Insides(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		id := s.boot("web", "")
		const dump, inject = `{"trigger_crash_dump": null}`, `{"injectNetworkInfo": null}`
		s.act(id, dump, at(16)).Want(t, 404)
		s.act(id, dump, at(17)).Want(t, 202, empty)
		s.act(id, `{"trigger_crash_dump": {}}`, at(17)).Want(t, 400)
		s.act(id, dump, at(17), as("reader")).Want(t, 403)
		s.Do("GET /v2.1/servers/"+id+"/os-instance-actions", as("demo")).Want(t, 200, has("instanceActions/0/action", "trigger_crash_dump"))
		s.act(id, inject, as("admin")).Want(t, 202, empty)
		s.act(id, inject).Want(t, 403)
		s.act(nobodyID, inject, as("admin")).Want(t, 404)
		s.act(id, `{"os-stop": null}`).Want(t, 202)
		s.act(id, dump, at(17)).Want(t, 409, fault("conflictingRequest", "Cannot 'trigger_crash_dump' instance "+id+" while it is in vm_state stopped"))
		s.act(id, `{"lock": null}`).Want(t, 202)
		s.act(id, dump, at(17)).Want(t, 409, fault("conflictingRequest", "Instance "+id+" is locked"))
		s.act(id, `{"resetNetwork": null}`, as("admin")).Want(t, 410)
	})
}
