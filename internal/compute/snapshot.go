package compute

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

// imageArgs are what the making of an image is told.
type imageArgs struct {
	Image      nova.Image `json:"image"`
	BackupType string     `json:"backup_type,omitempty"`
	Rotation   *int       `json:"rotation,omitempty"` // how many backups of the type to keep
}

// CreateImage begins to make an image of a server, and gives the image's ID.
func (a *Servers) CreateImage(ctx context.Context, s nova.Server, name string, metadata map[string]string) (string, error) {
	return a.beginImage(ctx, s, Snapshot, imageArgs{Image: newImage(ctx, s, name, "snapshot", metadata)})
}

// CreateBackup begins to make a backup of a type, of which no more than
// rotation are kept, and gives the image's ID.
func (a *Servers) CreateBackup(
	ctx context.Context, s nova.Server, name, backupType string, rotation int, metadata map[string]string,
) (string, error) {
	if s.ImageID == "" {
		return "", nova.Errorf(nova.Invalid, "Backup is not supported for volume-backed instances.")
	}
	image := newImage(ctx, s, name, "backup", metadata)
	image.Properties["backup_type"] = backupType
	return a.beginImage(ctx, s, Backup, imageArgs{Image: image, BackupType: backupType, Rotation: &rotation})
}

// BackupInstance begins to back a server up, and gives the image's ID. The
// backup is of no type, so no rotation removes it.
func (a *Servers) BackupInstance(ctx context.Context, s nova.Server, name string, description *string) (string, error) {
	image := newImage(ctx, s, name, "backup", nil)
	if description != nil {
		image.Properties["description"] = *description
	}
	return a.beginImage(ctx, s, BackupInstance, imageArgs{Image: image})
}

// beginImage queues the work, then creates the image, which clients look for
// as soon as they know its ID. If this process dies in between, the worker
// creates the image. If the image service refuses it, the action is taken back.
// An image that was created by the worker and deleted since is no failure: the
// worker ends the action.
func (a *Servers) beginImage(ctx context.Context, s nova.Server, verb Verb, args imageArgs) (string, error) {
	action, err := a.begin(ctx, s, verb, args)
	if err != nil {
		return "", err
	}
	_, err = a.images.AsService().Ensure(ctx, args.Image)
	switch {
	case nova.Is(err, nova.Gone):
		return args.Image.ID, nil
	case err != nil && ctx.Err() == nil:
		return "", errors.Join(err, a.takeBack(ctx, action))
	}
	return args.Image.ID, err
}

// takeBack ends an action that can't be carried out, unless it has ended.
func (a *Servers) takeBack(ctx context.Context, action nova.Action) error {
	ctx, cancel := aside(ctx)
	defer cancel()
	return a.store.Tx(ctx, func(tx *db.Store) error {
		if _, err := tx.LockServer(ctx, action.ServerID); err != nil {
			return err
		}
		ended, err := tx.CancelAction(ctx, action)
		if err != nil || !ended {
			return err
		}
		if err := leaveImages(ctx, tx, []nova.Action{action}); err != nil {
			return err
		}
		return tx.ChangeServer(ctx, action.ServerID, db.ServerChange{TaskState: new(nova.Idle)})
	})
}

// notInherited are the image properties that an image of a server doesn't
// take over from the one that the server was made of.
var notInherited = []string{
	"cache_in_nova", "bittorrent", "img_signature_hash_method", "img_signature", "img_signature_key_type",
	"img_signature_certificate_uuid", "backup_type", "description", "image_location", "image_type", "instance_uuid",
}

// newImage describes the image of a server that is to be made, as Nova does.
func newImage(ctx context.Context, s nova.Server, name, kind string, metadata map[string]string) nova.Image {
	caller := nova.CallerOf(ctx)
	props := map[string]string{}
	for key, value := range s.ImageProps {
		if !slices.Contains(notInherited, key) {
			props[key] = value
		}
	}
	maps.Copy(props, metadata)
	maps.Copy(props, map[string]string{
		"image_type":         kind,
		"instance_uuid":      s.ID,
		"user_id":            s.UserID,
		"base_image_ref":     baseImage(s),
		"boot_roles":         strings.Join(caller.Roles, ","),
		"owner_user_name":    caller.UserName,
		"owner_project_name": caller.ProjectName,
	})
	return nova.Image{
		ID: uuid.NewString(), Name: name, Owner: s.ProjectID, Visibility: "private", MinDisk: s.Flavor.Disk,
		DiskFormat: "raw", ContainerFormat: "bare", Properties: props,
	}
}

// baseImage is the image that a server goes back to: of a server made of a
// snapshot, that of the snapshot.
func baseImage(s nova.Server) string {
	if base := s.ImageProps["base_image_ref"]; base != "" {
		return base
	}
	return s.ImageID
}

// snapshot is the host's part of Snapshot, Backup and BackupInstance.
func (w *Worker) snapshot(ctx context.Context, j *job) error {
	args, err := decodeArgs[imageArgs](j.action)
	if err != nil {
		return err
	}
	err = w.makeImage(ctx, j, args)
	if nova.Is(err, nova.Gone) { // ends well, as _snapshot_instance in nova/compute/manager.py does
		zerolog.Ctx(ctx).Warn().Str("image", args.Image.ID).Msg("the image was deleted while it was being made")
		err = nil
	}
	if err != nil {
		return err
	}
	if args.Rotation != nil {
		if err := w.rotate(ctx, j.server, args.BackupType, *args.Rotation); err != nil {
			return err
		}
	}
	return w.finish(ctx, j, j.settled(), nil)
}

// stepUpload is the step of an action whose image has been created. From then
// on the image is only looked for: its owner may have deleted it.
const stepUpload = "upload"

// makeImage uploads the server's disk. An image that has its data already was
// made by an earlier attempt. The error is Gone if the image has been deleted.
func (w *Worker) makeImage(ctx context.Context, j *job, args imageArgs) error {
	image, err := w.createdImage(ctx, j, args.Image)
	if err != nil || image.Status == imageActive {
		return err
	}
	j.action.Step = stepUpload
	if err := w.busy(ctx, j, nova.ImagePendingUpload); err != nil {
		return err
	}
	disk, err := j.driver.Snapshot(ctx, j.server)
	if err != nil {
		return err
	}
	defer func() { _ = disk.Data.Close() }()
	if err := w.busy(ctx, j, nova.ImageUploading); err != nil {
		return err
	}
	err = w.images.AsService().Upload(ctx, image.ID, disk.Data)
	switch {
	case nova.Is(err, nova.Conflict):
		return w.uploadedBefore(ctx, image.ID, err)
	case nova.Is(err, nova.NotFound):
		return imageGone(err)
	}
	return err
}

// createdImage finds the image that an action makes, and creates it if no
// earlier attempt is known to have done so. The image service refuses an ID
// that was ever used, so an image is created once, whenever a process dies.
func (w *Worker) createdImage(ctx context.Context, j *job, image nova.Image) (nova.Image, error) {
	if j.action.Step != stepUpload {
		return w.images.AsService().Ensure(ctx, image)
	}
	found, err := w.images.AsService().Show(ctx, image.ID)
	if nova.Is(err, nova.NotFound) {
		return found, imageGone(err)
	}
	return found, err
}

// imageGone is the error for an image that was created and exists no more.
func imageGone(err error) error { return nova.Because(err, nova.Gone, "%s", nova.Message(err)) }

// uploadedBefore is for an image that has data already, or is being given some:
// an earlier attempt's upload went through after all, or its end has not been
// noticed yet.
func (w *Worker) uploadedBefore(ctx context.Context, id string, refused error) error {
	image, err := w.images.AsService().Show(ctx, id)
	switch {
	case nova.Is(err, nova.NotFound):
		return imageGone(err)
	case err != nil:
		return err
	case image.Status == imageActive:
		return nil
	}
	return nova.Because(refused, nova.Unavailable, "Another upload of image %s is under way.", id)
}

// busy shows what part of making an image a server is at.
func (w *Worker) busy(ctx context.Context, j *job, task nova.TaskState) error {
	return w.advance(ctx, j, db.ServerChange{TaskState: &task})
}

// dropImage removes the image that could not be made; if not now, later.
func (w *Worker) dropImage(ctx context.Context, j *job) error {
	if err := leaveImages(ctx, w.store, []nova.Action{j.action}); err != nil {
		return err
	}
	return w.dropUnfinished(ctx, imagesOf([]nova.Action{j.action}))
}

// imagesOf are the images that actions were making.
func imagesOf(actions []nova.Action) []string {
	var ids []string
	for _, action := range actions {
		if args, err := decodeArgs[imageArgs](action); err == nil && args.Image.ID != "" {
			ids = append(ids, args.Image.ID)
		}
	}
	return ids
}

// dropUnfinished removes the images among some that have no data: nobody will
// give them any.
func (w *Worker) dropUnfinished(ctx context.Context, ids []string) error {
	images := w.images.AsService()
	var failed []error
	for _, id := range ids {
		image, err := images.Show(ctx, id)
		if err == nil && image.Status != imageActive {
			err = images.Delete(ctx, id)
		}
		if err != nil && !nova.Is(err, nova.NotFound) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// rotate removes the oldest backups of a type. One that can't be removed
// doesn't make the new one any worse.
func (w *Worker) rotate(ctx context.Context, s nova.Server, backupType string, keep int) error {
	images := w.images.AsService()
	backups, err := images.List(ctx, backupsOf(s, backupType))
	if err != nil {
		return err
	}
	for _, backup := range backups[min(keep, len(backups)):] {
		if err := images.Delete(ctx, backup.ID); err != nil {
			zerolog.Ctx(ctx).Warn().Err(err).Str("image", backup.ID).Msg("old backup can't be removed")
		}
	}
	return ctx.Err()
}

func backupsOf(s nova.Server, backupType string) cloud.ImageQuery {
	return cloud.ImageQuery{Owner: s.ProjectID, Properties: map[string]string{
		"image_type": "backup", "backup_type": backupType, "instance_uuid": s.ID,
	}}
}
