package volume

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// The values of Volume.Status and Snapshot.Status.
const (
	creating       = "creating"  // the data is being made
	available      = "available" // it can be attached
	inUse          = "in-use"    // a server has it
	deleting       = "deleting"
	failed         = "error"
	errorDeleting  = "error_deleting"
	errorExtending = "error_extending"
)

// The values of Volume.AttachStatus and Attachment.Status.
const (
	attached = "attached"
	detached = "detached"
)

// volumeRoutes are the calls about volumes as such.
func (s *Service) volumeRoutes() []route {
	return []route{
		{"GET", "/volumes", 0, s.listVolumes},
		{"GET", "/volumes/detail", 0, s.detailVolumes},
		{"GET", "/volumes/summary", 12, s.summarizeVolumes},
		{"POST", "/volumes", 0, s.createVolume},
		{"GET", "/volumes/{id}", 0, s.showVolume},
		{"PUT", "/volumes/{id}", 0, s.updateVolume},
		{"DELETE", "/volumes/{id}", 0, s.deleteVolume},
	}
}

// newVolume is what a client says of a new volume.
var newVolume = schema{key: "volume", open: 53, props: []prop{
	{name: "name", check: optionalText},
	{name: "description", check: optionalText},
	{name: "display_name", check: optionalText},
	{name: "display_description", check: optionalText},
	{name: "volume_type", check: optionalText},
	{name: "metadata", check: optionalMetadata},
	{name: "snapshot_id", check: optionalUUID},
	{name: "source_volid", check: optionalUUID},
	{name: "consistencygroup_id", check: optionalUUID},
	{name: "size", check: gigabytes},
	{name: "availability_zone", check: optionalText},
	{name: "multiattach", check: optionalBoolean},
	{name: "image_id", check: optionalText},
	{name: "imageRef", check: optionalText},
	{name: "group_id", check: optionalText, since: 13},
	{name: "backup_id", check: optionalUUID, since: 47},
}}

// createVolume announces a volume. Its quota is taken with the statement that
// writes it, and its data is made by a worker.
//
// POST /volumes answers 202 with the volume as it is while its data is being
// made. At most one of image, snapshot, and volume is its origin (see originOf).
// Invalid for what can't be, NotFound for an origin that the caller can't see,
// the quota's error (413) for too much.
func (s *Service) createVolume(r *http.Request) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	body, err := s.body(r, newVolume, "OS-SCH-HNT:scheduler_hints")
	if err != nil {
		return kit.Reply{}, err
	}
	v, err := s.volumeFrom(r, body)
	if err != nil {
		return kit.Reply{}, err
	}
	if err := mayWrite(caller, caller.ProjectID, "volume:create"); err != nil {
		return kit.Reply{}, err
	}
	origin, err := s.originOf(r, body)
	if err != nil {
		return kit.Reply{}, err
	}
	err = s.Store.Tx(r.Context(), func(tx *volumedb.Store) error {
		made := v
		task := volumedb.Task{ResourceID: made.ID, Verb: taskCreate, Folder: made.Folder}
		if err := origin.apply(r.Context(), s, tx, &made, &task); err != nil {
			return err
		}
		if err := complete(r.Context(), tx, &made, origin, body); err != nil {
			return err
		}
		if err := s.takeQuota(r.Context(), tx, made.ProjectID, volumeNeeds(made)); err != nil {
			return err
		}
		if v, err = tx.Volumes.Create(r.Context(), made); err != nil {
			return err
		}
		if err := refuseEncrypted(r.Context(), tx, v.TypeID); err != nil {
			return err
		}
		return tx.AddTask(r.Context(), task)
	})
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Status: http.StatusAccepted, Body: object{"volume": s.volumeView(r, v, nil, false)}}, nil
}

// volumeFrom makes a volume of what the body says, without regard to anything
// else that there is.
func (s *Service) volumeFrom(r *http.Request, body object) (volumedb.Volume, error) {
	caller := nova.CallerOf(r.Context())
	v := volumedb.Volume{
		ProjectID: caller.ProjectID, UserID: caller.UserID, Status: creating, AttachStatus: detached, Folder: s.folder,
		Name: textOf(body, "name", "display_name"), Description: textOf(body, "description", "display_description"),
		AvailabilityZone: s.Zone, Metadata: textsOf(body["metadata"]),
	}
	v.ID = uuid.NewString()
	v.Size, _ = numberOf(body["size"])
	if zone := textOf(body, "availability_zone"); zone != nil && *zone != "" && *zone != s.Zone {
		return v, nova.Errorf(nova.Invalid, "Availability zone '%s' is invalid.", *zone)
	}
	if multiattach, _ := boolOf(body["multiattach"]); multiattach {
		return v, nova.Errorf(nova.Invalid, "multiattach parameter has been removed. The default behavior is to use multiattach enabled "+
			"volume types. Contact your administrator to create a multiattach enabled volume type and use it to create multiattach volumes.")
	}
	for name, title := range map[string]string{"group_id": "Group", "consistencygroup_id": "Group", "backup_id": "Backup"} {
		if id := textOf(body, name); id != nil && *id != "" { // there are none of either
			return v, nova.Errorf(nova.NotFound, "%s %s could not be found.", title, *id)
		}
	}
	return v, nil
}

// complete gives a new volume its type, and checks its size. What it is made of
// has given it what the client leaves open.
func complete(ctx context.Context, tx *volumedb.Store, v *volumedb.Volume, o origin, body object) error {
	wanted := v.TypeID
	if name := textOf(body, "volume_type"); name != nil && *name != "" {
		wanted = *name
	}
	kind, err := usableType(ctx, tx, nova.CallerOf(ctx), wanted)
	if err != nil {
		return err
	}
	v.TypeID, v.TypeName, v.Multiattach = kind.ID, kind.Name, isMultiattach(kind)
	if v.Size < 1 {
		size := "None"
		if v.Size != 0 {
			size = strconv.FormatInt(v.Size, 10)
		}
		return invalidInput("Volume size '%s' must be an integer and greater than 0", size)
	}
	if o.image != nil {
		if err := checkImage(*o.image, v.Size); err != nil {
			return err
		}
	}
	return checkCount(v.Metadata)
}

// showVolume shows a volume with its attachments. GET /volumes/{id} answers 200,
// and NotFound for a volume of another project, unless an administrator asks.
func (s *Service) showVolume(r *http.Request) (kit.Reply, error) {
	v, err := s.findVolume(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return kit.Reply{}, err
	}
	views, err := s.volumeDetails(r, []volumedb.Volume{v})
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: object{"volume": views[0]}}, nil
}

// changedVolume is what a client may change of a volume.
var changedVolume = schema{key: "volume", props: []prop{
	{name: "name", check: optionalText},
	{name: "description", check: optionalText},
	{name: "display_name", check: optionalText},
	{name: "display_description", check: optionalText},
	{name: "metadata", check: metadataValues},
}}

// updateVolume changes the name, the description and the whole metadata.
//
// PUT /volumes/{id} answers 200, also for a volume that is busy. Metadata
// replaces what there was.
func (s *Service) updateVolume(r *http.Request) (kit.Reply, error) {
	body, err := s.body(r, changedVolume)
	if err != nil {
		return kit.Reply{}, err
	}
	if len(body) == 0 && versionOf(r) >= 53 {
		return kit.Reply{}, badField("volume", body, python.Repr(body)+" is not valid under any of the given schemas")
	}
	v, err := s.changeVolume(r.Context(), chi.URLParam(r, "id"), "volume:update", func(_ *volumedb.Store, v *volumedb.Volume) error {
		setText(&v.Name, body, "name", "display_name")
		setText(&v.Description, body, "description", "display_description")
		if given, ok := body["metadata"]; ok {
			v.Metadata = textsOf(given)
		}
		return checkCount(v.Metadata)
	})
	if err != nil {
		return kit.Reply{}, err
	}
	attachments, err := s.attachmentsOf(r.Context(), []volumedb.Volume{v})
	if err != nil {
		return kit.Reply{}, err
	}
	return kit.Reply{Body: object{"volume": s.volumeView(r, v, attachments[v.ID], false)}}, nil
}

// setText changes a text if the body has it under one of its names.
func setText(to **string, body object, names ...string) {
	for _, name := range names {
		if _, ok := body[name]; ok {
			*to = textOf(body, name)
			return
		}
	}
}

// deletable are the statuses in which a volume may be deleted.
var deletable = []string{available, failed, "error_restoring", errorExtending, "error_managing"}

// deleteVolume announces the end of a volume and, if the client says so, of its
// snapshots. From 3.23 on, an administrator may force it.
//
// DELETE /volumes/{id} answers 202. Invalid for a volume that a server has, that
// is busy, or that has snapshots which stay.
func (s *Service) deleteVolume(r *http.Request) (kit.Reply, error) {
	cascade := queryBool(r, "cascade")
	force := queryBool(r, "force") && versionOf(r) >= 23
	if force {
		if _, err := s.findVolume(r.Context(), chi.URLParam(r, "id")); err != nil {
			return kit.Reply{}, err
		}
		if err := mayAdminister(nova.CallerOf(r.Context()), "volume:force_delete"); err != nil {
			return kit.Reply{}, err
		}
	}
	return accepted(), s.beginDelete(r.Context(), chi.URLParam(r, "id"), cascade, force)
}

// releaseSnapshots reports whether a volume has no snapshots that keep it. With
// cascade, it announces the end of all of them, which the volume's waits for.
func (s *Service) releaseSnapshots(ctx context.Context, tx *volumedb.Store, v volumedb.Volume, cascade, force bool) (bool, error) {
	there, err := tx.SnapshotsOf(ctx, v.ID)
	if err != nil || len(there) == 0 || !cascade {
		return len(there) == 0, err
	}
	for _, one := range there {
		foreign := one.ProjectID != v.ProjectID && !isAdmin(nova.CallerOf(ctx))
		if foreign || !force && !slices.Contains([]string{available, failed, deleting}, one.Status) {
			return false, nil
		}
		_, err := tx.Snapshots.Change(ctx, one.ID, func(tx *volumedb.Store, one *volumedb.Snapshot) error {
			return queueSnapshotDelete(ctx, tx, one)
		})
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// beginDelete announces the end of a volume that nothing needs. A force lets it
// end in any status, whatever is being done to its data.
func (s *Service) beginDelete(ctx context.Context, id string, cascade, force bool) error {
	_, err := s.changeVolume(ctx, id, "volume:delete", func(tx *volumedb.Store, v *volumedb.Volume) error {
		free, err := s.releaseSnapshots(ctx, tx, *v, cascade, force)
		if err != nil {
			return err
		}
		if !free || v.AttachStatus == attached || v.MigrationStatus != nil || !force && !slices.Contains(deletable, v.Status) {
			status := " status must be " + strings.Join(deletable, " or ") + " and"
			if force {
				status = " None"
			}
			return invalidVolume("Volume%s must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, "+
				"or be disassociated from snapshots after volume transfer.", status)
		}
		v.Status = deleting
		if err := tx.DropTasks(ctx, v.ID); err != nil { // only a force finds any
			return err
		}
		return tx.AddTask(ctx, volumedb.Task{ResourceID: v.ID, Verb: taskDelete, Folder: v.Folder})
	})
	return err
}

// queryBool reads a parameter that is true or false; anything else is false.
func queryBool(r *http.Request, name string) bool {
	b, _ := boolOf(r.URL.Query().Get(name))
	return b
}
