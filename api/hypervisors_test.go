package api_test

import (
	"testing"
)

func TestHypervisors_List(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		const url = "GET /v2.1/os-hypervisors"
		s.Do(url).Want(t, 200, listed("hypervisors", "hypervisor_hostname", "fake-1", "fake-2"), has("hypervisors/0/id", 1), has("hypervisors/0/state", "up"),
			has("hypervisors/0/status", "enabled"), lacks("hypervisors_links", "hypervisors/0/vcpus"))
		s.Do(url+"?limit=1", at(32)).Want(t, 200, listed("hypervisors", "id", "1", "2"))
		page := s.Do(url+"?limit=1", at(33)).Want(t, 200, listed("hypervisors", "id", "1"),
			has("hypervisors_links/0/href", "http://nova.example/v2.1/os-hypervisors?limit=1&marker=1"))
		s.Do(url+"?limit=1&marker=1", at(33)).Want(t, 200, listed("hypervisors", "id", "2"))
		s.Do(url+"?marker=2", at(33)).Want(t, 200, listed("hypervisors", "id"))
		s.Do(url+"?limit=0", at(33)).Want(t, 200, listed("hypervisors", "id"))
		for _, marker := range []string{"99", "0", "x", "99999999999999999999"} {
			s.Do(url+"?marker="+marker, at(33)).Want(t, 400, fault("badRequest", "marker ["+marker+"] not found"))
		}
		if page.Len("hypervisors_links") != 1 {
			t.Error("there is more than one link")
		}
		first := s.Do(url+"/detail?limit=1", at(53)).Want(t, 200, listed("hypervisors", "hypervisor_hostname", "fake-1")).String("hypervisors/0/id")
		s.Do(url+"/detail?limit=1", at(53)).Want(t, 200, has("hypervisors_links/0/href", "http://nova.example/v2.1/os-hypervisors/detail?limit=1&marker="+first))
		s.Do(url+"?marker="+first, at(53)).Want(t, 200, listed("hypervisors", "hypervisor_hostname", "fake-2"))
		s.Do(url+"?marker="+nobodyID, at(53)).Want(t, 400, fault("badRequest", "marker ["+nobodyID+"] not found"))

		s.Do(url+"?hypervisor_hostname_pattern=E-2", at(53)).Want(t, 200, listed("hypervisors", "hypervisor_hostname", "fake-2"), lacks("hypervisors_links"))
		s.Do(url+"?hypervisor_hostname_pattern=none", at(53)).Want(t, 404, fault("itemNotFound", "No hypervisor matching 'none' could be found."))
		s.Do(url+"?hypervisor_hostname_pattern=fake&limit=1", at(53)).Want(t, 400, fault("badRequest",
			"The server could not comply with the request since it is either malformed or otherwise incorrect."))
		s.Do(url+"?hypervisor_hostname_pattern=fake", at(52)).Want(t, 200, listed("hypervisors", "id", "1", "2"))
		s.Do(url, as("manager")).Want(t, 403)
		s.Do("GET /v2/os-hypervisors", at(0)).Want(t, 200, listed("hypervisors", "id", "1", "2"))
	})
}

func TestHypervisors_Show(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		server := s.boot("web", "")
		booted := s.Do("GET /v2.1/servers/" + server)
		host, name := booted.String("server/OS-EXT-SRV-ATTR:host"), booted.String("server/OS-EXT-SRV-ATTR:instance_name")
		other := map[string]string{"fake-1": "fake-2", "fake-2": "fake-1"}[host]
		byName := func(name string) string {
			return s.Do("GET /v2.1/os-hypervisors?hypervisor_hostname_pattern="+name, at(53)).Want(t, 200).String("hypervisors/0/id")
		}
		show := func(id string, minor int) *reply { return s.Do("GET /v2.1/os-hypervisors/"+id, at(minor)) }
		show(byName(host), 87).Want(t, 200, has("hypervisor/running_vms", 1), has("hypervisor/vcpus", 64), has("hypervisor/vcpus_used", 1),
			has("hypervisor/free_ram_mb", 65536-512), has("hypervisor/memory_mb_used", 512), has("hypervisor/current_workload", 0),
			has("hypervisor/service/host", host), has("hypervisor/service/id", s.serviceOn(host)), has("hypervisor/cpu_info/arch", "x86_64"), lacks("hypervisor/servers"))
		show(byName(host), 88).Want(t, 200, has("hypervisor/uptime", nil), lacks("hypervisor/vcpus", "hypervisor/cpu_info"))
		show(byName(host)+"?with_servers=1", 53).Want(t, 200, has("hypervisor/servers", []any{map[string]any{"name": name, "uuid": server}}))
		show(byName(other)+"?with_servers=true", 74).Want(t, 200, lacks("hypervisor/servers"))
		show(byName(other)+"?with_servers=true", 75).Want(t, 200, has("hypervisor/servers", []any{}))
		show("1", 52).Want(t, 200, has("hypervisor/id", 1), has("hypervisor/hypervisor_hostname", "fake-1"))
		show("1", 53).Want(t, 400, fault("badRequest", "Invalid uuid 1"))
		show("x", 52).Want(t, 404, fault("itemNotFound", "Hypervisor with ID 'x' could not be found."))
		show("99", 52).Want(t, 404, fault("itemNotFound", "Hypervisor with ID '99' could not be found."))
		show(nobodyID, 53).Want(t, 404, fault("itemNotFound", "Hypervisor with ID '"+nobodyID+"' could not be found."))

		s.Do("GET /v2.1/os-hypervisors/fake/servers").Want(t, 200, listed("hypervisors", "hypervisor_hostname", "fake-1", "fake-2"))
		s.Do("GET /v2.1/os-hypervisors/"+host+"/servers").Want(t, 200, has("hypervisors/0/servers/0/uuid", server), has("hypervisors/0/servers/0/name", name))
		s.Do("GET /v2.1/os-hypervisors/"+other+"/servers").Want(t, 200, lacks("hypervisors/0/servers"))
		s.Do("GET /v2.1/os-hypervisors/none/search").Want(t, 404, fault("itemNotFound", "No hypervisor matching 'none' could be found."))
		s.Do("GET /v2.1/os-hypervisors/fake/search", at(53)).Want(t, 404)

		s.Do("GET /v2.1/os-hypervisors/1/uptime").Want(t, 501, fault("notImplemented", "The requested functionality is not supported."))
		s.Do("PUT /v2.1/os-services/"+s.serviceOn("fake-1")+` {"forced_down": true, "status": "disabled", "disabled_reason": "old"}`, at(53)).Want(t, 200)
		s.Do("GET /v2.1/os-hypervisors/1/uptime").Want(t, 400, fault("badRequest", "Compute service of fake-1 is unavailable at this time."))
		show("1", 1).Want(t, 200, has("hypervisor/state", "down"), has("hypervisor/status", "disabled"), has("hypervisor/service/disabled_reason", "old"))
		s.Do("GET /v2.1/os-hypervisors/statistics").Want(t, 200, has("hypervisor_statistics/count", 1), has("hypervisor_statistics/vcpus", 64))
		s.Do("GET /v2.1/os-hypervisors/statistics", at(88)).Want(t, 404)
	})
}

func TestHostMachines(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		server := s.boot("web", "")
		host := s.Do("GET /v2.1/servers/" + server).String("server/OS-EXT-SRV-ATTR:host")
		s.Do("GET /v2.1/os-hosts").Want(t, 200, listed("hosts", "service", "scheduler", "conductor", "compute", "compute"), has("hosts/0/zone", "internal"))
		s.Do("GET /v2.1/os-hosts?zone=nova").Want(t, 200, listed("hosts", "host_name", "fake-1", "fake-2"))
		s.Do("GET /v2.1/os-hosts/"+host).Want(t, 200, has("host/0/resource/project", "(total)"), has("host/1/resource/memory_mb", 512),
			has("host/2/resource/project", "(used_max)"), has("host/3/resource", map[string]any{"host": host, "project": demoProject, "cpu": 1, "memory_mb": 512, "disk_gb": 1}))
		s.Do("GET /v2.1/os-hosts/here").Want(t, 404, fault("itemNotFound", "Host 'here' is not mapped to any cell"))
		put := func(host, body string) *reply { return s.Do("PUT /v2.1/os-hosts/" + host + " " + body) }
		put("fake-1", `{"status": "Disable"}`).Want(t, 200, whole(`{"host": "fake-1", "status": "disabled"}`))
		s.Do("GET /v2.1/os-hosts?zone=nova").Want(t, 200, listed("hosts", "host_name", "fake-2"))
		put("fake-1", `{"status": "ENABLE"}`).Want(t, 200, whole(`{"host": "fake-1", "status": "enabled"}`))
		put("fake-9", `{"status": "enable"}`).Want(t, 404, fault("itemNotFound", "Host 'fake-9' is not mapped to any cell"))
		put("fake-1", `{"status": "disable", "maintenance_mode": "enable"}`).Want(t, 501)
		put("fake-1", `{}`).Want(t, 400)
		s.Do("GET /v2.1/os-hosts?zone=nova").Want(t, 200, listed("hosts", "host_name", "fake-1", "fake-2"))
		for _, verb := range []string{"reboot", "shutdown", "startup"} {
			s.Do("GET /v2.1/os-hosts/fake-1/"+verb).Want(t, 501, fault("notImplemented", "The requested functionality is not supported."))
			s.Do("GET /v2.1/os-hosts/fake-9/"+verb).Want(t, 404)
			s.Do("GET /v2.1/os-hosts/fake-1/"+verb, as("demo")).Want(t, 403)
		}
		s.Do("GET /v2.1/os-hosts", at(43)).Want(t, 404)
	})
}

func TestSamples_Hypervisors(t *testing.T) {
	t.Parallel()
	eachCloud(t, func(t *testing.T, s *cloudSite) {
		s.boot("web", "")
		s.boot("web", "")
		busy := s.Do("GET /v2.1/servers/detail?all_tenants=1").String("servers/0/OS-EXT-SRV-ATTR:hypervisor_hostname") // another may have no servers to show
		id := s.Do("GET /v2.1/os-hypervisors", at(53)).String("hypervisors/0/id")
		const folder, url = "os-hypervisors/", "GET /v2.1/os-hypervisors"
		var samples []sample
		for version, minor := range map[string]int{"": 1, "v2.28/": 28, "v2.33/": 33, "v2.53/": 53, "v2.88/": 88} {
			samples = append(samples,
				sample{folder + version + "hypervisors-list-resp.json", url + "?limit=1", minor, 200, nil},
				sample{folder + version + "hypervisors-detail-resp.json", url + "/detail?limit=1", minor, 200, []string{"cpu_info"}})
			if minor == 33 {
				continue
			}
			show := map[bool]string{true: id, false: "1"}[minor >= 53]
			samples = append(samples, sample{folder + version + "hypervisors-show-resp.json", url + "/" + show, minor, 200, []string{"cpu_info"}})
			if minor < 88 {
				samples = append(samples, sample{folder + version + "hypervisors-statistics-resp.json", url + "/statistics", minor, 200, nil})
			}
			if minor < 53 {
				samples = append(samples, sample{folder + version + "hypervisors-search-resp.json", url + "/fake/search", minor, 200, nil},
					sample{folder + version + "hypervisors-with-servers-resp.json", url + "/" + busy + "/servers", minor, 200, nil})
			}
		}
		samples = append(samples, sample{"os-hosts/host-get-resp.json", "GET /v2.1/os-hosts/fake-1", 1, 200, nil},
			sample{"os-hosts/hosts-list-resp.json", "GET /v2.1/os-hosts", 1, 200, nil})
		s.conform(t, samples)
	})
}
