package volume

import (
	"context"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// backendRoutes are the calls about what volumes are put on, and what the service
// can do.
func (s *Service) backendRoutes() []route {
	return []route{
		{"GET", "/os-availability-zone", 0, s.listZones},
		{"GET", "/os-services", 0, s.listServices},
		{"GET", "/os-hosts", 0, s.listHosts},
		{"GET", "/os-hosts/{host}", 0, s.showHost},
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

// roles are the services that Cinder has for what this process does, with the host of
// each.
func (s *Service) roles() []serviceRole {
	return []serviceRole{{"cinder-scheduler", s.Host}, {"cinder-volume", s.Host + "@" + backendName}}
}

type serviceRole struct{ binary, host string }

// isOn reports whether a service is on a host, which a client may name with or
// without the backend.
func (o serviceRole) isOn(host string) bool {
	return o.host == host || strings.HasPrefix(o.host, host+"@")
}

// listServices shows this process as the two services that Cinder has for what it
// does. It is up, since it answers.
func (s *Service) listServices(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:services:get_all"); err != nil {
		return kit.Reply{}, err
	}
	query, services := r.URL.Query(), []object{}
	for _, one := range s.roles() {
		if query.Has("host") && !one.isOn(query.Get("host")) || query.Has("binary") && query.Get("binary") != one.binary {
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

// listHosts: GET /os-hosts answers 200 with the same two by their hosts.
func (s *Service) listHosts(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:hosts"); err != nil {
		return kit.Reply{}, err
	}
	now, hosts := s.Store.NowInSeconds(), []object{}
	for _, one := range s.roles() {
		hosts = append(hosts, object{
			"host_name": one.host, "service": one.binary, "zone": s.Zone, "service-status": "available", "service-state": "enabled",
			"last-update": timestamp(&now),
		})
	}
	return kit.Reply{Body: object{"hosts": hosts}}, nil
}

// showHost: GET /os-hosts/{host} answers 200 with what is on the backend: all
// together, and of each project. Numbers are texts, sizes in GiB.
func (s *Service) showHost(r *http.Request) (kit.Reply, error) {
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:hosts"); err != nil {
		return kit.Reply{}, err
	}
	host := chi.URLParam(r, "host")
	if host != s.Host+"@"+backendName {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "Host %s could not be found.", host)
	}
	projects, err := s.Store.UsesOf(r.Context(), s.folder)
	all, views := volumedb.Use{ProjectID: "(total)"}, []object{}
	for _, u := range projects {
		all.Volumes, all.VolumeGigabytes = all.Volumes+u.Volumes, all.VolumeGigabytes+u.VolumeGigabytes
		all.Snapshots, all.SnapshotGigabytes = all.Snapshots+u.Snapshots, all.SnapshotGigabytes+u.SnapshotGigabytes
	}
	digits := func(n int64) string { return strconv.FormatInt(n, 10) }
	for _, u := range append([]volumedb.Use{all}, projects...) {
		views = append(views, object{"resource": object{
			"host": host, "project": u.ProjectID, "volume_count": digits(u.Volumes), "total_volume_gb": digits(u.VolumeGigabytes),
			"snapshot_count": digits(u.Snapshots), "total_snapshot_gb": digits(u.SnapshotGigabytes),
		}})
	}
	return kit.Reply{Body: object{"host": views}}, err
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
		capabilities, err := s.capabilities(r.Context())
		if err != nil {
			return kit.Reply{}, err
		}
		pool["capabilities"] = capabilities
	}
	return kit.Reply{Body: object{"pools": []object{pool}}}, nil
}

// capabilities are what Cinder's scheduler knows of the pool. Sizes are in GB.
func (s *Service) capabilities(ctx context.Context) (object, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(s.Dir, &disk); err != nil {
		return nil, err
	}
	inGB := func(blocks uint64) float64 {
		return math.Round(float64(blocks)*float64(disk.Bsize)/gigabyte*100) / 100
	}
	promised, err := s.Store.GigabytesOf(ctx, s.folder)
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

// extensions are those of Cinder's extensions that are served: names by aliases.
var extensions = map[string]string{
	"OS-SCH-HNT": "SchedulerHints", "capabilities": "Capabilities", "encryption": "VolumeTypeEncryption", "os-volume-encryption-metadata": "VolumeEncryptionMetadata", "os-admin-actions": "AdminActions", "os-availability-zone": "AvailabilityZones",
	"os-extended-services": "ExtendedServices", "os-extended-snapshot-attributes": "ExtendedSnapshotAttributes", "os-hosts": "Hosts",
	"os-quota-class-sets": "QuotaClasses", "os-quota-sets": "Quotas", "os-services": "Services", "os-snapshot-actions": "SnapshotActions",
	"os-types-extra-specs": "TypesExtraSpecs", "os-types-manage": "TypesManage", "os-used-limits": "UsedLimits",
	"os-vol-host-attr": "VolumeHostAttribute", "os-vol-image-meta": "VolumeImageMetadata", "os-vol-mig-status-attr": "VolumeMigStatusAttribute",
	"os-vol-tenant-attr": "VolumeTenantAttribute", "os-volume-transfer": "VolumeTransfer", "qos-specs": "Qos_specs_manage", "os-volume-actions": "VolumeActions", "os-volume-type-access": "VolumeTypeAccess",
	"scheduler-stats": "Scheduler_stats",
}

// extensionView shows an extension. Its description is its name.
func extensionView(alias string) object {
	name := extensions[alias]
	return object{"name": name, "alias": alias, "description": name, "updated": "2012-01-01T00:00:00+00:00", "links": []object{}}
}

// listExtensions: GET /extensions answers 200 with what clients look for before they
// show a part of their pages.
func (s *Service) listExtensions(*http.Request) (kit.Reply, error) {
	views := []object{}
	for _, alias := range slices.Sorted(maps.Keys(extensions)) {
		views = append(views, extensionView(alias))
	}
	return kit.Reply{Body: object{"extensions": views}}, nil
}

// showExtension: GET /extensions/{alias} answers 200 or NotFound.
func (s *Service) showExtension(r *http.Request) (kit.Reply, error) {
	alias := chi.URLParam(r, "alias")
	if extensions[alias] == "" {
		return kit.Reply{}, nova.Errorf(nova.NotFound, "The resource could not be found.")
	}
	return kit.Reply{Body: object{"extension": extensionView(alias)}}, nil
}
