package volume

import (
	"context"
	"maps"
	"net/http"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// cinderLimits are Cinder's limits of a project; -1 is none. Limits by type, such
// as volumes_fast, are none unless a project has its own.
var cinderLimits = map[string]int64{
	"volumes": 10, "snapshots": 10, "gigabytes": 1000, "per_volume_gigabytes": -1,
	"backups": 10, "backup_gigabytes": 1000, "groups": 10,
}

// limitRoutes are the calls about limits.
func (s *Service) limitRoutes() []route {
	return []route{{"GET", "/limits", 0, s.showLimits}}
}

// defaultLimits are the limits of projects without their own: those that an
// administrator has given the class "default", else the configuration's, else
// Cinder's.
func (s *Service) defaultLimits(ctx context.Context, tx *volumedb.Store) (map[string]int64, error) {
	limits := maps.Clone(cinderLimits)
	maps.Copy(limits, s.Limits)
	class, err := tx.ClassLimits(ctx, defaultClass)
	maps.Copy(limits, class)
	return limits, err
}

// limitsOf are the limits that hold for a project.
func (s *Service) limitsOf(ctx context.Context, tx *volumedb.Store, project string) (map[string]int64, error) {
	limits, err := s.defaultLimits(ctx, tx)
	if err != nil {
		return nil, err
	}
	own, err := tx.Limits(ctx, project)
	maps.Copy(limits, own)
	return limits, err
}

// needs are what something takes of a project's quota.
type needs struct {
	counted   string // volumes or snapshots; empty if there is no more of either
	gigabytes int64
	typeName  string
	size      int64 // of the whole volume, in GB; 0 if it is not to be checked
}

// volumeNeeds are what a new volume takes.
func volumeNeeds(v volumedb.Volume) needs { return needs{"volumes", v.Size, v.TypeName, v.Size} }

// takeQuota refuses what a project has no quota for. Call it in the transaction
// that writes what takes it: until that ends, others who ask for the same project
// wait, so the limits are exact.
func (s *Service) takeQuota(ctx context.Context, tx *volumedb.Store, project string, n needs) error {
	limits, err := s.limitsOf(ctx, tx, project)
	if err != nil {
		return err
	}
	if limit := limits["per_volume_gigabytes"]; limit >= 0 && n.size > limit {
		return overLimit("VolumeSizeExceedsLimit: Requested volume size %dG is larger than maximum allowed limit %dG.", n.size, limit)
	}
	if err := tx.LockProject(ctx, project); err != nil {
		return err
	}
	used, err := tx.Used(ctx, project)
	if err != nil {
		return err
	}
	for _, resource := range []string{"gigabytes", "gigabytes_" + n.typeName} {
		if limit, ok := limits[resource]; ok && limit >= 0 && used[resource]+n.gigabytes > limit {
			return overGigabytes(resource, n.gigabytes, limit, used[resource])
		}
	}
	if n.counted == "" {
		return nil
	}
	for _, resource := range []string{n.counted, n.counted + "_" + n.typeName} {
		if limit, ok := limits[resource]; ok && limit >= 0 && used[resource] >= limit {
			return tooMany(n.counted, resource, limit)
		}
	}
	return nil
}

// takeTypeQuota refuses to give a volume another type if the project has none of
// that left. What it has altogether stays the same.
func (s *Service) takeTypeQuota(ctx context.Context, tx *volumedb.Store, v volumedb.Volume, to volumedb.Type) error {
	limits, err := s.limitsOf(ctx, tx, v.ProjectID)
	if err != nil {
		return err
	}
	if err := tx.LockProject(ctx, v.ProjectID); err != nil {
		return err
	}
	used, err := tx.Used(ctx, v.ProjectID)
	if err != nil {
		return err
	}
	if limit, ok := limits["gigabytes_"+to.Name]; ok && limit >= 0 && used["gigabytes_"+to.Name]+v.Size > limit {
		return overGigabytes("gigabytes_"+to.Name, v.Size, limit, used["gigabytes_"+to.Name])
	}
	if limit, ok := limits["volumes_"+to.Name]; ok && limit >= 0 && used["volumes_"+to.Name] >= limit {
		return tooMany("volumes", "volumes_"+to.Name, limit)
	}
	return nil
}

// overGigabytes is Cinder's word for too many gigabytes.
func overGigabytes(resource string, wanted, limit, used int64) error {
	return overLimit("VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed %s quota. Requested %dG, "+
		"quota is %dG and %dG has been consumed.", resource, wanted, limit, used)
}

// tooMany is Cinder's word for one volume or snapshot too many.
func tooMany(counted, resource string, limit int64) error {
	if counted == "snapshots" {
		return overLimit("SnapshotLimitExceeded: Maximum number of snapshots allowed (%d) exceeded", limit)
	}
	return overLimit("VolumeLimitExceeded: Maximum number of volumes allowed (%d) exceeded for quota '%s'.", limit, resource)
}

// overLimit is Cinder's 413, which says that a client may come again at once.
func overLimit(format string, args ...any) error {
	return kit.WithHeader("Retry-After", "0", nova.Errorf(nova.TooLarge, format, args...))
}

// absoluteLimits are the limits, and what is used of them, by their names in the
// answer. Backups are never made.
var absoluteLimits = []struct{ resource, limit, used string }{
	{"volumes", "maxTotalVolumes", "totalVolumesUsed"},
	{"gigabytes", "maxTotalVolumeGigabytes", "totalGigabytesUsed"},
	{"snapshots", "maxTotalSnapshots", "totalSnapshotsUsed"},
	{"backups", "maxTotalBackups", "totalBackupsUsed"},
	{"backup_gigabytes", "maxTotalBackupGigabytes", "totalBackupGigabytesUsed"},
}

// showLimits shows the limits of the caller's project. From 3.39 on, an
// administrator may ask for another's.
func (s *Service) showLimits(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	project := caller.ProjectID
	for _, name := range []string{"tenant_id", "project_id"} {
		if asked := r.URL.Query().Get(name); asked != "" && versionOf(r) >= 39 && isAdmin(caller) {
			project = asked
		}
	}
	limits, err := s.limitsOf(r.Context(), s.Store, project)
	if err != nil {
		return kit.Reply{}, err
	}
	used, err := s.Store.Used(r.Context(), project)
	if err != nil {
		return kit.Reply{}, err
	}
	absolute := object{}
	for _, l := range absoluteLimits {
		absolute[l.limit] = limits[l.resource]
		if canRead(caller, project) {
			absolute[l.used] = used[l.resource]
		}
	}
	return kit.Reply{Body: object{"limits": object{"rate": []object{}, "absolute": absolute}}}, nil
}
