package volume

import (
	"math"
	"net/http"
	"slices"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// backendRoutes are the calls about what volumes are put on, and what the service
// can do.
func (s *Service) backendRoutes() []route {
	return []route{
		{"GET", "/os-availability-zone", 0, s.listZones},
		{"GET", "/os-services", 0, s.listServices},
		{"GET", "/scheduler-stats/get_pools", 0, s.listPools},
		{"GET", "/capabilities/{backend}", 0, s.showCapabilities},
		{"GET", "/extensions", 0, s.listExtensions},
		{"GET", "/extensions/{alias}", 0, s.showExtension},
	}
}

// Of the one backend of each process, and its one pool, this is what volumes show
// as their host, after the name of the machine: backend and pool.
const (
	backendName = "file"
	poolName    = "file"
	backend     = "@" + backendName + "#" + poolName
)

const vendor = "nova-api"

// withPoolFilter is the version from which on pools are filtered by name.
const withPoolFilter version = 28

// listZones shows the one availability zone.
func (s *Service) listZones(*http.Request) (kit.Reply, error) {
	return kit.Reply{Body: object{"availabilityZoneInfo": []object{{"zoneName": s.Zone, "zoneState": object{"available": true}}}}}, nil
}

// listServices shows this process as the two services that Cinder has for what it
// does. It is up, since it answers.
func (s *Service) listServices(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:services:get_all"); err != nil {
		return kit.Reply{}, err
	}
	query, services := r.URL.Query(), []object{}
	for _, one := range []struct{ binary, host string }{{"cinder-scheduler", s.Host}, {"cinder-volume", s.Host + "@" + backendName}} {
		if query.Has("host") && query.Get("host") != one.host || query.Has("binary") && query.Get("binary") != one.binary {
			continue
		}
		now := s.Store.NowInSeconds()
		view := object{
			"binary": one.binary, "host": one.host, "zone": s.Zone, "status": "enabled", "state": "up",
			"updated_at": timestamp(&now), "disabled_reason": nil,
		}
		if versionOf(r) >= 7 {
			view["cluster"] = nil
		}
		if one.binary == "cinder-volume" {
			view["replication_status"], view["active_backend_id"], view["frozen"] = "disabled", nil, false
			if versionOf(r) >= 49 {
				view["backend_state"] = "up"
			}
		}
		services = append(services, view)
	}
	return kit.Reply{Body: object{"services": services}}, nil
}

// listPools shows the one pool and, if asked, how much room it has.
func (s *Service) listPools(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "scheduler_extension:scheduler_stats:get_pools"); err != nil {
		return kit.Reply{}, err
	}
	pool := object{"name": s.Host + backend}
	if name := r.URL.Query().Get("name"); versionOf(r) >= withPoolFilter && name != "" && name != pool["name"] {
		return kit.Reply{Body: object{"pools": []object{}}}, nil
	}
	if queryBool(r, "detail") {
		capabilities, err := s.capabilities(r)
		if err != nil {
			return kit.Reply{}, err
		}
		pool["capabilities"] = capabilities
	}
	return kit.Reply{Body: object{"pools": []object{pool}}}, nil
}

// capabilities are what Cinder's scheduler knows of the pool. Sizes are in GB.
func (s *Service) capabilities(r *http.Request) (object, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(s.Dir, &disk); err != nil {
		return nil, err
	}
	inGB := func(blocks uint64) float64 {
		return math.Round(float64(blocks)*float64(disk.Bsize)/gigabyte*100) / 100
	}
	promised, err := s.Store.GigabytesOf(r.Context(), s.folder)
	return object{
		"pool_name": poolName, "volume_backend_name": backendName, "vendor_name": vendor, "driver_version": latest.String(),
		"storage_protocol": protocol, "backend_state": "up", "timestamp": s.Store.NowInSeconds().Format(time.RFC3339),
		"total_capacity_gb": inGB(disk.Blocks), "free_capacity_gb": inGB(disk.Bavail),
		"allocated_capacity_gb": promised, "provisioned_capacity_gb": promised, "reserved_percentage": 0,
		"max_over_subscription_ratio": "20.0", "thin_provisioning_support": true, "thick_provisioning_support": false,
		"multiattach": true, "QoS_support": false, "filter_function": nil, "goodness_function": nil,
	}, err
}

// showCapabilities shows what the backend can do, apart from how full it is.
func (s *Service) showCapabilities(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:capabilities"); err != nil {
		return kit.Reply{}, err
	}
	name := chi.URLParam(r, "backend")
	if name != s.Host+"@"+backendName {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "Service %s could not be found.", name)
	}
	return kit.Reply{Body: object{
		"namespace": "OS::Storage::Capabilities::" + name, "vendor_name": vendor, "volume_backend_name": backendName,
		"pool_name": nil, "driver_version": latest.String(), "storage_protocol": protocol, "display_name": nil,
		"description": nil, "visibility": nil, "replication_targets": []object{}, "properties": object{},
	}}, nil
}

// extensions are the aliases of those of Cinder's extensions that are served.
var extensions = []string{
	"OS-SCH-HNT", "capabilities", "os-admin-actions", "os-availability-zone", "os-extended-services", "os-extended-snapshot-attributes",
	"os-quota-class-sets", "os-quota-sets", "os-services", "os-snapshot-actions", "os-types-extra-specs", "os-types-manage",
	"os-used-limits", "os-vol-host-attr", "os-vol-image-meta", "os-vol-mig-status-attr", "os-vol-tenant-attr", "os-volume-actions",
	"os-volume-type-access", "scheduler-stats",
}

// extensionView shows an extension. Its description is its name.
func extensionView(alias string) object {
	return object{"name": alias, "alias": alias, "description": alias, "updated": "2012-01-01T00:00:00+00:00", "links": []object{}}
}

// listExtensions: GET /extensions answers 200 with what clients look for before they
// show a part of their pages.
func (s *Service) listExtensions(*http.Request) (kit.Reply, error) {
	views := make([]object, len(extensions))
	for i, alias := range extensions {
		views[i] = extensionView(alias)
	}
	return kit.Reply{Body: object{"extensions": views}}, nil
}

// showExtension: GET /extensions/{alias} answers 200 or NotFound.
func (s *Service) showExtension(r *http.Request) (kit.Reply, error) {
	alias := chi.URLParam(r, "alias")
	if !slices.Contains(extensions, alias) {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "The resource could not be found.")
	}
	return kit.Reply{Body: object{"extension": extensionView(alias)}}, nil
}
