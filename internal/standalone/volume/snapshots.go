package volume

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// snapshotRoutes are the calls about snapshots.
func (s *Service) snapshotRoutes() []route {
	return slices.Concat([]route{
		{"GET", "/snapshots", 0, s.listSnapshots},
		{"GET", "/snapshots/detail", 0, s.detailSnapshots},
		{"POST", "/snapshots", 0, s.createSnapshot},
		{"GET", "/snapshots/{id}", 0, s.showSnapshot},
		{"PUT", "/snapshots/{id}", 0, s.updateSnapshot},
		{"DELETE", "/snapshots/{id}", 0, s.deleteSnapshot},
		{"POST", "/snapshots/{id}/action", 0, s.actOn(s.snapshotActions())},
	}, s.snapshotMetadata().routes())
}

// noSnapshot is the error for a snapshot that isn't there.
func noSnapshot(id string) error {
	return nova.Errorf(nova.NotFound, "Snapshot %s could not be found.", id)
}

// findSnapshot finds a snapshot of the caller's project, which the caller may see.
func (s *Service) findSnapshot(ctx context.Context, id string) (volumedb.Snapshot, error) {
	caller := nova.CallerOf(ctx)
	one, err := s.Store.Snapshots.Get(ctx, id)
	if err == nil && !isAdmin(caller) && one.ProjectID != caller.ProjectID || nova.Is(err, nova.NotFound) {
		return one, noSnapshot(id)
	}
	if err != nil {
		return one, err
	}
	return one, mayRead(caller, one.ProjectID, "volume:get_snapshot")
}

// changeSnapshot finds a snapshot, asks a policy rule, and changes the snapshot
// while it is locked.
func (s *Service) changeSnapshot(ctx context.Context, id, rule string, change func(tx *volumedb.Store, one *volumedb.Snapshot) error) (volumedb.Snapshot, error) {
	one, err := s.findSnapshot(ctx, id)
	if err != nil {
		return one, err
	}
	if err := mayWrite(nova.CallerOf(ctx), one.ProjectID, rule); err != nil {
		return one, err
	}
	return s.alterSnapshot(ctx, id, change)
}

// alterSnapshot changes a snapshot while it is locked.
func (s *Service) alterSnapshot(ctx context.Context, id string, change func(tx *volumedb.Store, one *volumedb.Snapshot) error) (volumedb.Snapshot, error) {
	one, err := s.Store.Snapshots.Change(ctx, id, change)
	return one, missing(err, noSnapshot(id))
}

// snapshotView shows a snapshot. The answers to POST and PUT leave out what
// Cinder's extensions add to those of GET.
func snapshotView(r *http.Request, one volumedb.Snapshot, extended bool) object {
	view := object{
		"id": one.ID, "created_at": timestamp(&one.CreatedAt), "updated_at": timestamp(one.UpdatedAt), "name": one.Name,
		"description": one.Description, "volume_id": one.VolumeID, "status": one.Status, "size": one.Size, "metadata": one.Metadata,
	}
	for since, add := range map[version]object{14: {"group_snapshot_id": nil}, 41: {"user_id": one.UserID}, 65: {"consumes_quota": true}} {
		if versionOf(r) >= since {
			maps.Copy(view, add)
		}
	}
	if extended {
		view["os-extended-snapshot-attributes:project_id"] = one.ProjectID
		view["os-extended-snapshot-attributes:progress"] = one.Progress
	}
	return view
}

// snapshotFilters are the filters of lists of snapshots.
var snapshotFilters = map[string]filter{
	"name":                {column: "name"},
	"status":              {column: "status"},
	"volume_id":           {column: "volume_id"},
	"metadata":            {where: allOf(volumedb.HasSnapshotMetadata), since: 22},
	"availability_zone":   {since: withMemberFilters, where: func(_, zone string) (volumedb.Condition, error) { return volumedb.OfVolumeIn(zone), nil }},
	"consumes_quota":      {where: isTrue, since: withMemberFilters},
	"display_name":        {column: "name", admin: true},
	"display_description": {column: "description", admin: true},
	"id":                  {column: "id", admin: true},
	"project_id":          {column: "project_id", admin: true},
	"user_id":             {column: "user_id", admin: true},
	"volume_size":         {column: "size", admin: true, where: equalNumber},
	"volume_type_id":      {column: "type_id", admin: true},
	"progress":            {column: "progress", admin: true},
	"use_quota":           {where: isTrue, admin: true},
}

// listSnapshots and detailSnapshots show the same, but for what Cinder's extensions
// add to the second.
func (s *Service) listSnapshots(r *http.Request) (kit.Reply, error) {
	return s.listOfSnapshots(r, "snapshots", false)
}

func (s *Service) detailSnapshots(r *http.Request) (kit.Reply, error) {
	return s.listOfSnapshots(r, "snapshots/detail", true)
}

// listOfSnapshots finds the snapshots of one page: GET /snapshots and
// /snapshots/detail answer 200.
func (s *Service) listOfSnapshots(r *http.Request, path string, extended bool) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if err := mayRead(caller, caller.ProjectID, "volume:get_all_snapshots"); err != nil {
		return kit.Reply{}, err
	}
	return listPage(s, r, listing[volumedb.Snapshot]{
		table: s.Store.Snapshots, filters: s.withHost(snapshotFilters), path: path, key: "snapshots", counted: true,
		find: func(ctx context.Context, id string) error { _, err := s.findSnapshot(ctx, id); return err },
		view: inTurn(func(one volumedb.Snapshot) object { return snapshotView(r, one, extended) }),
	})
}

// showSnapshot shows one snapshot. GET /snapshots/{id} answers 200, and NotFound
// for one of another project, unless an administrator asks.
func (s *Service) showSnapshot(r *http.Request) (kit.Reply, error) {
	one, err := s.findSnapshot(r.Context(), chi.URLParam(r, "id"))
	return kit.Reply{Body: object{"snapshot": snapshotView(r, one, true)}}, err
}

// newSnapshot is what a client says of a new snapshot.
var newSnapshot = schema{key: "snapshot", props: []prop{
	{name: "name", check: optionalText},
	{name: "display_name", check: optionalText},
	{name: "description", check: optionalText},
	{name: "volume_id", check: optionalUUID, required: true},
	{name: "force", check: boolean},
	{name: "metadata", check: optionalMetadata},
}}

// inUseAllowed is the version from which on a volume that a server has needs no
// force for a snapshot.
const inUseAllowed version = 66

// createSnapshot announces a snapshot. The data of the volume is copied by a
// worker; until then, nothing else is done to the volume's data.
//
// POST /snapshots answers 202. A volume that a server has needs force up to 3.65;
// from 3.66 on none, and force=false is Invalid. The snapshot is what the file
// holds at one moment: what the guest hasn't written yet isn't in it.
func (s *Service) createSnapshot(r *http.Request) (kit.Reply, error) {
	ctx := r.Context()
	body, err := s.body(r, newSnapshot)
	if err != nil {
		return kit.Reply{}, err
	}
	force, given := boolOf(body["force"])
	if given && !force && versionOf(r) >= inUseAllowed {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward compatability, "+ //nolint:misspell // as Cinder writes it
			"however, when the 'force' flag is passed with a value evaluating to True, it is silently ignored.")
	}
	volumeID, _ := body["volume_id"].(string)
	v, err := s.findVolume(ctx, volumeID)
	if err != nil {
		return kit.Reply{}, err
	}
	caller := nova.CallerOf(ctx)
	if err := mayWrite(caller, v.ProjectID, "volume:create_snapshot"); err != nil {
		return kit.Reply{}, err
	}
	one := volumedb.Snapshot{
		ProjectID: caller.ProjectID, UserID: caller.UserID, Status: creating, Progress: "0%", VolumeID: v.ID,
		Name: textOf(body, "name", "display_name"), Description: textOf(body, "description"), Metadata: textsOf(body["metadata"]),
	}
	one.ID = uuid.NewString()
	one, err = s.queueSnapshot(ctx, one, force || versionOf(r) >= inUseAllowed)
	return kit.Reply{Status: http.StatusAccepted, Body: object{"snapshot": snapshotView(r, one, false)}}, err
}

// queueSnapshot writes a new snapshot of a volume, which is locked meanwhile.
func (s *Service) queueSnapshot(ctx context.Context, one volumedb.Snapshot, inUseToo bool) (volumedb.Snapshot, error) {
	err := s.Store.Tx(ctx, func(tx *volumedb.Store) error {
		v, err := tx.Volumes.Lock(ctx, one.VolumeID)
		if err != nil {
			return missing(err, noVolume(one.VolumeID))
		}
		if err := maySnapshot(v, inUseToo); err != nil {
			return err
		}
		made := one
		made.TypeID, made.Size, made.Folder = v.TypeID, v.Size, v.Folder
		if err := s.takeQuota(ctx, tx, made.ProjectID, needs{"snapshots", v.Size, v.TypeName, 0}); err != nil {
			return err
		}
		if one, err = tx.Snapshots.Create(ctx, made); err != nil {
			return err
		}
		return tx.AddTask(ctx, volumedb.Task{ResourceID: one.ID, Verb: taskSnapshot, NeedsID: v.ID, Folder: v.Folder})
	})
	return one, err
}

// maySnapshot refuses a snapshot of a volume that isn't in a state for that.
func maySnapshot(v volumedb.Volume, inUseToo bool) error {
	allowed := []string{available}
	if inUseToo {
		allowed = append(allowed, inUse)
	}
	switch {
	case v.Status == "maintenance":
		return invalidVolume("The snapshot cannot be created when the volume is in maintenance mode.")
	case v.MigrationStatus != nil:
		return invalidVolume("Snapshot cannot be created while volume is migrating.")
	case v.Status == failed:
		return invalidVolume("The snapshot cannot be created when the volume is in error status.")
	case !slices.Contains(allowed, v.Status):
		return invalidVolume("Volume %s status must be %s, but current status is: %s.", v.ID, strings.Join(allowed, ", "), v.Status)
	}
	return nil
}

// changedSnapshot is what a client may change of a snapshot.
var changedSnapshot = schema{key: "snapshot", props: []prop{
	{name: "name", check: optionalText},
	{name: "description", check: optionalText},
	{name: "display_name", check: optionalText},
	{name: "display_description", check: optionalText},
}}

// updateSnapshot changes the name and the description. PUT /snapshots/{id}
// answers 200, and Invalid for a body that changes nothing.
func (s *Service) updateSnapshot(r *http.Request) (kit.Reply, error) {
	body, err := s.body(r, changedSnapshot)
	if err != nil {
		return kit.Reply{}, err
	}
	if len(body) == 0 {
		return kit.Reply{}, badField("snapshot", body, python.Repr(body)+" is not valid under any of the given schemas")
	}
	one, err := s.changeSnapshot(r.Context(), chi.URLParam(r, "id"), "volume:update_snapshot", func(_ *volumedb.Store, one *volumedb.Snapshot) error {
		setText(&one.Name, body, "name", "display_name")
		setText(&one.Description, body, "description", "display_description")
		return nil
	})
	return kit.Reply{Body: object{"snapshot": snapshotView(r, one, false)}}, err
}

// deleteSnapshot announces the end of a snapshot. DELETE /snapshots/{id} answers
// 202, and Invalid for one that is busy: a volume may be made of it.
func (s *Service) deleteSnapshot(r *http.Request) (kit.Reply, error) {
	return accepted(), s.beginSnapshotDelete(r.Context(), chi.URLParam(r, "id"), false)
}

// beginSnapshotDelete announces the end of a snapshot that nothing needs. A force
// lets it end in any status.
func (s *Service) beginSnapshotDelete(ctx context.Context, id string, force bool) error {
	_, err := s.changeSnapshot(ctx, id, "volume:delete_snapshot", func(tx *volumedb.Store, one *volumedb.Snapshot) error {
		if !force && !slices.Contains([]string{available, failed}, one.Status) {
			return nova.Errorf(nova.Invalid, "Invalid snapshot: Snapshot status must be available or error and must not be part of a group.")
		}
		return queueSnapshotDelete(ctx, tx, one)
	})
	return err
}

// queueSnapshotDelete announces the end of a snapshot that is locked, whatever is
// being done to its data. The end of the volume waits for it.
func queueSnapshotDelete(ctx context.Context, tx *volumedb.Store, one *volumedb.Snapshot) error {
	one.Status = deleting
	if err := tx.DropTasks(ctx, one.ID); err != nil {
		return err
	}
	return tx.AddTask(ctx, volumedb.Task{ResourceID: one.ID, Verb: taskDeleteSnapshot, NeedsID: one.VolumeID, Folder: one.Folder})
}

// snapshotMetadata serves the metadata of snapshots.
func (s *Service) snapshotMetadata() metadataOf {
	return metadataOf{
		path: "/snapshots/{id}/metadata", noun: "Snapshot",
		get: func(r *http.Request) (map[string]string, error) {
			one, err := s.findSnapshot(r.Context(), chi.URLParam(r, "id"))
			return one.Metadata, err
		},
		change: func(r *http.Request, rule, _ string, change func(map[string]string) (map[string]string, error)) error {
			if rule == "create" { // Cinder has one rule for both
				rule = "update"
			}
			_, err := s.changeSnapshot(r.Context(), chi.URLParam(r, "id"), "volume:"+rule+"_snapshot_metadata", func(_ *volumedb.Store, one *volumedb.Snapshot) (err error) {
				one.Metadata, err = change(maps.Clone(one.Metadata))
				return err
			})
			return err
		},
		body: s.body1,
	}
}

// snapshotStatuses are the statuses that an administrator may give a snapshot.
var snapshotStatuses = strings.Fields("error available creating deleting deleted updating error_deleting unmanaging backing-up restoring")

// snapshotActions are what POST to /action does to a snapshot.
func (s *Service) snapshotActions() map[string]action {
	return map[string]action{
		"os-reset_status": {
			schema: schema{props: []prop{{name: "status", check: oneOf("Snapshot status", snapshotStatuses), required: true}}},
			do: func(r *http.Request, id string, body object) (kit.Reply, error) {
				if _, err := s.findSnapshot(r.Context(), id); err != nil {
					return kit.Reply{}, err
				}
				if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:snapshot_admin_actions:reset_status"); err != nil {
					return kit.Reply{}, err
				}
				_, err := s.alterSnapshot(r.Context(), id, func(_ *volumedb.Store, one *volumedb.Snapshot) error {
					one.Status = strings.ToLower(fmt.Sprint(body["status"]))
					return nil
				})
				return accepted(), err
			},
		},
		"os-force_delete": {free: true, do: func(r *http.Request, id string, _ object) (kit.Reply, error) {
			if _, err := s.findSnapshot(r.Context(), id); err != nil {
				return kit.Reply{}, err
			}
			if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:snapshot_admin_actions:force_delete"); err != nil {
				return kit.Reply{}, err
			}
			return accepted(), s.beginSnapshotDelete(r.Context(), id, true)
		}},
		"os-update_snapshot_status": {
			schema: schema{props: []prop{{name: "status", check: text, required: true}, {name: "progress", check: optionalText}}},
			do:     s.updateSnapshotStatus,
		},
	}
}

// nextStatuses are the statuses that the users of a snapshot that others make, such
// as Nova, may report.
var nextStatuses = map[string][]string{
	creating: {creating, available, failed},
	deleting: {deleting, errorDeleting},
}

// updateSnapshotStatus reports how far a snapshot is. POST os-
// update_snapshot_status {"status": …, "progress": …} answers 202. It is how a
// hypervisor that makes a snapshot itself says so; Invalid for a step that
// doesn't follow from the status that there is (see nextStatuses).
func (s *Service) updateSnapshotStatus(r *http.Request, id string, body object) (kit.Reply, error) {
	status, _ := body["status"].(string)
	_, err := s.changeSnapshot(r.Context(), id, "snapshot_extension:snapshot_actions:update_snapshot_status",
		func(_ *volumedb.Store, one *volumedb.Snapshot) error {
			next, ok := nextStatuses[one.Status]
			if !ok {
				return nova.Errorf(nova.Invalid, "Snapshot status %s not allowed for update_snapshot_status", one.Status)
			}
			if !slices.Contains(next, status) {
				return nova.Errorf(nova.Invalid, "Provided snapshot status %s not allowed for snapshot with status %s.", status, one.Status)
			}
			one.Status = status
			if progress := textOf(body, "progress"); progress != nil && *progress != "" {
				one.Progress = *progress
			}
			return nil
		})
	return accepted(), err
}
