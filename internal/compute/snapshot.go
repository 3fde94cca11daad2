package compute

import (
	"cmp"
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
	"github.com/nova-api/nova-api/internal/virt"
)

// imageArgs are what the making of an image is told.
type imageArgs struct {
	Image      nova.Image `json:"image"`
	ShareWith  string     `json:"share_with,omitempty"` // the server's project, if the image is another's
	BackupType string     `json:"backup_type,omitempty"`
	Rotation   *int       `json:"rotation,omitempty"` // how many backups of the type to keep
}

// The values of the property image_type of a server's image.
const (
	imageSnapshot = "snapshot"
	imageBackup   = "backup"
)

// CreateImage begins to make an image of a server, and gives the image's ID.
func (a *Servers) CreateImage(ctx context.Context, s nova.Server, name string, metadata map[string]string) (string, error) {
	return a.beginImage(ctx, s, Snapshot, imageArgs{Image: a.newImage(ctx, s, name, imageSnapshot, metadata)})
}

// CreateBackup begins to make a backup of a type, of which no more than
// rotation are kept, and gives the image's ID.
func (a *Servers) CreateBackup(
	ctx context.Context, s nova.Server, name, backupType string, rotation int, metadata map[string]string,
) (string, error) {
	if s.ImageID == "" {
		return "", nova.Errorf(nova.Invalid, "Backup is not supported for volume-backed instances.")
	}
	image := a.newImage(ctx, s, name, imageBackup, metadata)
	image.Properties["backup_type"] = backupType
	return a.beginImage(ctx, s, Backup, imageArgs{Image: image, BackupType: backupType, Rotation: &rotation})
}

// BackupInstance begins to back a server up, and gives the image's ID. The
// backup is of no type, so no rotation removes it, and its description is the
// client's or none, whatever the server's image has.
func (a *Servers) BackupInstance(ctx context.Context, s nova.Server, name string, description *string) (string, error) {
	image := a.newImage(ctx, s, name, imageBackup, nil)
	delete(image.Properties, "backup_type")
	delete(image.Properties, "description")
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
	if args.Image.Owner != s.ProjectID {
		args.ShareWith = s.ProjectID
	}
	action, err := a.begin(ctx, s, verb, args)
	if err != nil {
		return "", err
	}
	_, err = args.ensureImage(ctx, a.images.AsService())
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

// ensureImage creates the image unless it was created before, and shares it
// with the server's project where that is another. It can be repeated. The
// error is Gone if the image was created before and has been deleted since.
func (args imageArgs) ensureImage(ctx context.Context, images *cloud.Image) (nova.Image, error) {
	image, err := images.Ensure(ctx, args.Image)
	if err != nil || args.ShareWith == "" || image.Visibility != args.Image.Visibility {
		return image, err // or its owner has given it another visibility since
	}
	return image, imageGone(images.Share(ctx, image.ID, args.ShareWith))
}

// newImage describes the image of a server that is to be made, as create_image
// and initialize_instance_snapshot_metadata in nova/compute/utils.py do. It
// belongs to the caller's project, which is not the server's if the caller is
// an administrator. The formats of a snapshot are known when its data is. The
// client's metadata prevails over what the image inherits and over who made it
// of what.
func (a *Servers) newImage(ctx context.Context, s nova.Server, name, kind string, metadata map[string]string) nova.Image {
	caller := nova.CallerOf(ctx)
	image := nova.Image{
		ID: uuid.NewString(), Name: name, Owner: caller.ProjectID, Visibility: "private",
		MinDisk: s.Boot.MinDisk, MinRAM: s.Boot.MinRAM, Properties: a.inheritedProps(s),
	}
	if caller.ProjectID != s.ProjectID {
		image.Visibility = "shared"
	}
	if kind == imageBackup {
		image.DiskFormat, image.ContainerFormat = s.Boot.DiskFormat, s.Boot.ContainerFormat
	}
	maps.Copy(image.Properties, map[string]string{"instance_uuid": s.ID, "user_id": caller.UserID, "image_type": kind})
	maps.Copy(image.Properties, metadata)
	return image
}

// neverInherited are the properties that no image of a server takes over from
// the image that the server was made of, whatever the configuration says:
// NON_INHERITABLE_IMAGE_PROPERTIES in nova/compute/utils.py, and instance_owner,
// which would share the new image with a project of an old image's choice.
var neverInherited = []string{
	"cinder_encryption_key_id", "cinder_encryption_key_deletion_policy", "img_signature", "img_signature_hash_method",
	"img_signature_key_type", "img_signature_certificate_uuid", "instance_owner",
}

// inheritedProps are the properties that an image of a server begins with: those
// of the server's own image, which image that was, and who created the server.
func (a *Servers) inheritedProps(s nova.Server) map[string]string {
	props := map[string]string{"base_image_ref": s.ImageID}
	maps.Copy(props, s.ImageProps)
	props["owner_user_name"], props["owner_project_name"], props["boot_roles"] = s.Boot.UserName, s.Boot.ProjectName, s.Boot.Roles
	maps.DeleteFunc(props, func(name, value string) bool {
		return slices.Contains(neverInherited, name) || slices.Contains(a.notInherited, name) ||
			strings.HasPrefix(name, "os_glance") || isUnsetKernel(name, value)
	})
	return props
}

// isUnsetKernel reports whether a property says that a server boots without a
// kernel or RAM disk of its own. Nova leaves those out (_convert_to_v2 in
// nova/image/glance.py).
func isUnsetKernel(name, value string) bool {
	value = strings.ToLower(strings.TrimSpace(value))
	return (name == "kernel_id" || name == "ramdisk_id") && (value == "" || value == "none")
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
		if err := w.rotate(ctx, j.server, args); err != nil {
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
	image, err := w.createdImage(ctx, j, args)
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
	err = w.uploadDisk(ctx, image, j.server.Boot, disk)
	if nova.Is(err, nova.Conflict) {
		err = w.uploadedBefore(ctx, image.ID, err)
	}
	return imageGone(err)
}

// createdImage finds the image that an action makes, and creates it if no
// earlier attempt is known to have done so. The image service refuses an ID
// that was ever used, so an image is created once, whenever a process dies.
func (w *Worker) createdImage(ctx context.Context, j *job, args imageArgs) (nova.Image, error) {
	if j.action.Step != stepUpload {
		return args.ensureImage(ctx, w.images.AsService())
	}
	found, err := w.images.AsService().Show(ctx, args.Image.ID)
	return found, imageGone(err)
}

// uploadDisk gives an image its data, and first the formats of the data. The
// container is that of the server's own image, as in _create_snapshot_metadata
// of nova/virt/libvirt/driver.py, because an ami has to stay one.
func (w *Worker) uploadDisk(ctx context.Context, image nova.Image, boot nova.Boot, disk virt.Snapshot) error {
	const ami = "ami"
	images, format, container := w.images.AsService(), disk.DiskFormat, cmp.Or(boot.ContainerFormat, "bare")
	if boot.DiskFormat == ami {
		format = ami
	}
	if image.DiskFormat != format || image.ContainerFormat != container {
		if err := images.SetFormats(ctx, image.ID, format, container); err != nil {
			return err
		}
	}
	return images.Upload(ctx, image.ID, disk.Data)
}

// imageGone makes an error of the image service that says that there is no such
// image one that says that it has been deleted. Other errors stay.
func imageGone(err error) error {
	if nova.Is(err, nova.NotFound) {
		return nova.Because(err, nova.Gone, "%s", nova.Message(err))
	}
	return err
}

// uploadedBefore is for an image that has data already, or is being given some:
// an earlier attempt's upload went through after all, or its end has not been
// noticed yet.
func (w *Worker) uploadedBefore(ctx context.Context, id string, refused error) error {
	image, err := w.images.AsService().Show(ctx, id)
	if err != nil || image.Status == imageActive {
		return err
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

// rotate removes the oldest backups of a type. A backup that can't be removed
// doesn't make the new one any worse. Only backups of the server's project and
// of the new one's owner count: anybody can give an image of theirs the
// properties of a backup.
func (w *Worker) rotate(ctx context.Context, s nova.Server, args imageArgs) error {
	images := w.images.AsService()
	backups, err := images.List(ctx, cloud.ImageQuery{Properties: map[string]string{
		"image_type": imageBackup, "backup_type": args.BackupType, "instance_uuid": s.ID,
	}})
	if err != nil {
		return err
	}
	backups = slices.DeleteFunc(backups, func(i nova.Image) bool { return i.Owner != s.ProjectID && i.Owner != args.Image.Owner })
	for _, backup := range backups[min(*args.Rotation, len(backups)):] {
		if err := images.Delete(ctx, backup.ID); err != nil {
			zerolog.Ctx(ctx).Warn().Err(err).Str("image", backup.ID).Msg("old backup can't be removed")
		}
	}
	return ctx.Err()
}
