package compute

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

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
	Offload    bool       `json:"offload,omitempty"`  // the server that is shelved leaves its host at once
}

// The values of the property image_type of a server's image.
const (
	imageSnapshot = "snapshot"
	imageBackup   = "backup"
)

// CreateImage begins to make an image of a server, and gives the image's ID: of
// snapshots, if the server boots from a volume. The
// error is Conflict or NotFound as for Do, or what the image service answered:
// Invalid, Forbidden, OverQuota, or Unavailable if it can't be reached. The action
// has then been taken back.
func (a *Servers) CreateImage(ctx context.Context, s nova.Server, name string, metadata map[string]string) (string, error) {
	image := a.newImage(ctx, s, name, imageSnapshot, metadata)
	if s.OnVolume() {
		return a.makeVolumeImage(ctx, s, Snapshot, image)
	}
	return a.beginImage(ctx, s, Snapshot, imageArgs{Image: image})
}

// CreateBackup begins to make a backup of a type, of which no more than
// rotation are kept, and gives the image's ID. The error is Invalid if the server
// has no image, or one of those of CreateImage.
func (a *Servers) CreateBackup(
	ctx context.Context, s nova.Server, name, backupType string, rotation int, metadata map[string]string,
) (string, error) {
	if bootsFromVolume(s) {
		return "", nova.Errorf(nova.Invalid, "Backup is not supported for volume-backed instances.")
	}
	image := a.newImage(ctx, s, name, imageBackup, metadata)
	image.Properties["backup_type"] = backupType
	return a.beginImage(ctx, s, Backup, imageArgs{Image: image, BackupType: backupType, Rotation: &rotation})
}

// BackupInstance begins to back a server up, and gives the image's ID. The
// backup is of no type, so no rotation removes it, and its description is the
// client's or none, whatever the server's image has. The errors are those of
// CreateImage: Conflict, NotFound, or what the image service answered.
func (a *Servers) BackupInstance(ctx context.Context, s nova.Server, name string, description *string) (string, error) {
	image := a.newImage(ctx, s, name, imageBackup, nil)
	delete(image.Properties, "backup_type")
	delete(image.Properties, "description")
	if description != nil {
		image.Properties["description"] = *description
	}
	if s.OnVolume() {
		return a.makeVolumeImage(ctx, s, BackupInstance, image)
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
	record, err := a.begin(ctx, s, verb, args)
	if err != nil {
		return "", err
	}
	err = args.ensureImage(ctx, a.images.AsService())
	switch {
	case nova.Is(err, nova.Gone):
		return args.Image.ID, nil
	case err != nil && ctx.Err() == nil:
		return "", errors.Join(err, a.takeBack(ctx, record))
	}
	return args.Image.ID, err
}

// takeBack ends an action that can't be carried out, unless it has ended.
func (a *Servers) takeBack(ctx context.Context, record nova.Action) error {
	ctx, cancel := graceContext(ctx)
	defer cancel()
	return a.store.Tx(ctx, func(tx *db.Store) error {
		if _, err := tx.LockServer(ctx, record.ServerID); err != nil {
			return err
		}
		ended, err := tx.CancelAction(ctx, record)
		if err != nil || !ended {
			return err
		}
		if err := leaveImages(ctx, tx, []nova.Action{record}); err != nil {
			return err
		}
		return tx.ChangeServer(ctx, record.ServerID, db.ServerChange{TaskState: new(nova.Idle)})
	})
}

// ensureImage creates the image unless it was created before, and shares it
// with the server's project where that is another. It can be repeated. The
// error is Gone if the image was created before and has been deleted since.
func (args imageArgs) ensureImage(ctx context.Context, images *cloud.Image) error {
	image, err := images.Ensure(ctx, args.Image)
	if err != nil || args.ShareWith == "" || image.Visibility != args.Image.Visibility {
		return err // or its owner has given it another visibility since
	}
	return imageGone(images.Share(ctx, image.ID, args.ShareWith))
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

// createImage is the step that creates the image, unless the API has done so.
// The image service refuses an ID that was ever used, so an image is created
// once, whenever a process dies. From the next step on it is only looked for.
func (w *Worker) createImage(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[imageArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	err = args.ensureImage(ctx, w.images.AsService())
	if nova.Is(err, nova.Gone) {
		err = nil // as uploadImage will find out
	}
	return effect{}, err
}

// uploadImage is the step that uploads the server's disk. An image that has its
// data was made by an earlier attempt. An image that its owner has deleted ends
// the action well, as _snapshot_instance in nova/compute/manager.py does.
func (w *Worker) uploadImage(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[imageArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	image, err := w.images.AsService().Show(ctx, args.Image.ID)
	err = imageGone(err)
	if err == nil && image.Status != imageActive {
		err = w.uploadDisk(ctx, a, image)
	}
	if nova.Is(err, nova.Gone) {
		zerolog.Ctx(ctx).Warn().Str("image", args.Image.ID).Msg("the image was deleted while it was being made")
		err = nil
	}
	return effect{}, err
}

// uploadDisk gives an image the server's disk as its data. The error is Gone if
// the image has been deleted.
func (w *Worker) uploadDisk(ctx context.Context, a *action, image nova.Image) error {
	driver, err := driverOf[virt.Snapshotter](a)
	if err != nil {
		return err
	}
	disk, err := driver.Snapshot(ctx, a.server)
	if err != nil {
		return err
	}
	defer func() { _ = disk.Data.Close() }()
	task := nova.ImageUploading
	if a.step().task == nova.ShelvingImagePendingUpload {
		task = nova.ShelvingImageUploading
	}
	if err := w.show(ctx, a, db.ServerChange{TaskState: &task}); err != nil {
		return err
	}
	err = w.giveData(ctx, image, a.server.Boot, disk)
	if nova.Is(err, nova.Conflict) {
		err = w.uploadedBefore(ctx, image.ID, err)
	}
	return imageGone(err)
}

// giveData gives an image its data, and first the formats of the data. The
// container is that of the server's own image, as in _create_snapshot_metadata
// of nova/virt/libvirt/driver.py, because an ami has to stay one.
func (w *Worker) giveData(ctx context.Context, image nova.Image, boot nova.Boot, disk virt.Snapshot) error {
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

// dropImage takes createImage back: it removes an image that has no data. If it
// can't now, a sweep does later.
func (w *Worker) dropImage(ctx context.Context, a *action) (effect, error) {
	if err := leaveImages(ctx, w.store, []nova.Action{a.Action}); err != nil {
		return effect{}, err
	}
	if err := w.dropImages(ctx, imagesOf([]nova.Action{a.Action}), false); err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("unfinished image is left to a sweep")
	}
	return effect{}, ctx.Err()
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

// dropImages removes images, or only those among them that have no data: nobody will
// give them any.
func (w *Worker) dropImages(ctx context.Context, ids []string, finished bool) error {
	images := w.images.AsService()
	var failed []error
	for _, id := range ids {
		image, err := images.Show(ctx, id)
		if err == nil && (finished || image.Status != imageActive) {
			err = images.Delete(ctx, id)
		}
		if err != nil && !nova.Is(err, nova.NotFound) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// rotate is the step that removes the oldest backups of a type. A backup that
// can't be removed doesn't make the new one any worse. Only backups of the
// server's project and of the new one's owner count: anybody can give an image
// of theirs the properties of a backup.
func (w *Worker) rotate(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[imageArgs](a.Action)
	if err != nil || args.Rotation == nil {
		return effect{}, err
	}
	images := w.images.AsService()
	backups, err := images.List(ctx, cloud.ImageQuery{Properties: map[string]string{
		"image_type": imageBackup, "backup_type": args.BackupType, "instance_uuid": a.ServerID,
	}})
	if err != nil {
		return effect{}, err
	}
	backups = slices.DeleteFunc(backups, func(i nova.Image) bool { return i.Owner != a.server.ProjectID && i.Owner != args.Image.Owner })
	// Images know the second when they were made, so two of one second are in any
	// order: the new one comes first, whatever the list says.
	isNew := func(i nova.Image) bool { return i.ID == args.Image.ID }
	if at := slices.IndexFunc(backups, isNew); at > 0 {
		backups = append([]nova.Image{backups[at]}, slices.Delete(backups, at, at+1)...)
	}
	for _, backup := range backups[min(*args.Rotation, len(backups)):] {
		if err := images.Delete(ctx, backup.ID); err != nil {
			zerolog.Ctx(ctx).Warn().Err(err).Str("image", backup.ID).Msg("old backup can't be removed")
		}
	}
	return effect{}, ctx.Err()
}

// graceContext is for work that must be finished although the caller may have gone:
// but not for long.
func graceContext(ctx context.Context) (context.Context, context.CancelFunc) {
	const atMost = 10 * time.Second
	return context.WithTimeout(context.WithoutCancel(ctx), atMost)
}
