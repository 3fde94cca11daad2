package volume

import (
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

// An action is one of the things that POST to /action does.
type action struct {
	since  version
	schema schema // its key is the action's name
	free   bool   // the value may be anything, and says nothing
	do     func(r *http.Request, id string, body object) (kit.Reply, error)
}

// actionRoutes are the calls that do something to a volume.
func (s *Service) actionRoutes() []route {
	return []route{{"POST", "/volumes/{id}/action", 0, s.actOn(s.volumeActions())}}
}

// actOn does the action that a body names: {"os-extend": {…}}.
func (s *Service) actOn(actions map[string]action) kit.Handler {
	return func(r *http.Request) (kit.Reply, error) {
		var body object
		if err := s.kit.Decode(r, &body); err != nil {
			return kit.Reply{}, err
		}
		if len(body) != 1 {
			return kit.Reply{}, nova.Errorf(nova.Invalid, "Malformed request body")
		}
		for name, value := range body {
			a, ok := actions[name]
			switch {
			case !ok:
				return kit.Reply{}, nova.Errorf(nova.Invalid, "There is no such action: %s. Verify the request body and Content-Type header and try again.", name)
			case versionOf(r) < a.since:
				return kit.Reply{}, notYet()
			}
			var values object
			if !a.free {
				a.schema.key = name
				var err error
				if values, err = a.schema.read(value, versionOf(r)); err != nil {
					return kit.Reply{}, err
				}
			}
			return a.do(r, chi.URLParam(r, "id"), values)
		}
		return kit.Reply{}, nil // there is one
	}
}

// volumeActions are what is done to volumes.
func (s *Service) volumeActions() map[string]action {
	actions := map[string]action{
		"os-extend":               {schema: schema{props: []prop{{name: "new_size", check: requiredGigabytes, required: true}}}, do: s.extendVolume},
		"os-set_bootable":         {schema: schema{props: []prop{{name: "bootable", check: boolean, required: true}}}, do: s.setBootable},
		"os-update_readonly_flag": {schema: schema{props: []prop{{name: "readonly", check: boolean, required: true}}}, do: s.setReadonly},
		"os-retype": {schema: schema{props: []prop{
			{name: "new_type", check: text, required: true}, {name: "migration_policy", check: migrationPolicy},
		}}, do: s.retype},
		"os-volume_upload_image": {schema: uploadBody, do: s.uploadVolume},
		"os-reimage": {since: 68, schema: schema{props: []prop{
			{name: "image_id", check: uuidText, required: true}, {name: "reimage_reserved", check: boolean},
		}}, do: s.reimage},
		"revert":                  {since: withRevert, schema: schema{props: []prop{{name: "snapshot_id", check: optionalText}}, open: latest + 1}, do: s.revert},
		"os-reset_status":         {schema: resetBody, do: s.resetStatus},
		"os-force_delete":         {free: true, do: s.forceDelete},
		"os-set_image_metadata":   {schema: schema{props: []prop{{name: "metadata", check: metadataValues, required: true}}}, do: s.setImageMetadata},
		"os-show_image_metadata":  {free: true, do: s.showImageMetadata},
		"os-unset_image_metadata": {schema: schema{props: []prop{{name: "key", check: nonEmptyText, required: true}}}, do: s.unsetImageMetadata},
	}
	maps.Copy(actions, s.attachActions())
	return actions
}

// extendVolume announces a larger size. The quota is taken at once, and the size is
// shown once there is as much.
//
// POST os-extend {"new_size": n} (GiB) answers 202. A volume that a server has
// needs 3.42 and a rule of its own. Invalid for a size that isn't larger and for
// a volume that is busy; the quota's error (413) for too large a one.
func (s *Service) extendVolume(r *http.Request, id string, body object) (kit.Reply, error) {
	size, _ := numberOf(body["new_size"])
	rule, from := "volume:extend", available
	if v, err := s.findVolume(r.Context(), id); err == nil && v.Status == inUse && versionOf(r) >= 42 {
		rule, from = "volume:extend_attached_volume", inUse
	}
	_, err := s.changeVolume(r.Context(), id, rule, func(tx *volumedb.Store, v *volumedb.Volume) error {
		if size <= v.Size {
			return invalidInput("New size for extend must be greater than current size. (current: %d, extended: %d).", v.Size, size)
		}
		if v.Status != from {
			return invalidVolume("Volume %s status must be '{'status': '%s'}' to extend, currently %s.", v.ID, from, v.Status)
		}
		if err := s.takeQuota(r.Context(), tx, v.ProjectID, needs{"", size - v.Size, v.TypeName, size}); err != nil {
			return err
		}
		v.PreviousStatus, v.Status, v.Reserved = v.Status, "extending", size-v.Size
		return tx.AddTask(r.Context(), volumedb.Task{ResourceID: v.ID, Verb: taskExtend, Folder: v.Folder})
	})
	return accepted(), err
}

// setBootable says whether a server can boot from a volume. POST os-set_bootable
// {"bootable": b} answers 200 without a body; the data is not looked at.
func (s *Service) setBootable(r *http.Request, id string, body object) (kit.Reply, error) {
	_, err := s.changeVolume(r.Context(), id, "volume:update", func(_ *volumedb.Store, v *volumedb.Volume) error {
		v.Bootable, _ = boolOf(body["bootable"])
		return nil
	})
	return kit.Reply{Status: http.StatusOK}, err
}

// setReadonly says whether servers may write to a volume. POST os-
// update_readonly_flag {"readonly": b} answers 202. It is for volumes that no
// server has, since a connection isn't told of it.
func (s *Service) setReadonly(r *http.Request, id string, body object) (kit.Reply, error) {
	_, err := s.changeVolume(r.Context(), id, "volume:update_readonly_flag", func(_ *volumedb.Store, v *volumedb.Volume) error {
		if v.Status != available {
			return invalidVolume("Volume %s status must be available to update readonly flag, but current status is: %s.", v.ID, v.Status)
		}
		readonly, _ := boolOf(body["readonly"])
		v.Readonly = &readonly
		return nil
	})
	return accepted(), err
}

// migrationPolicy is whether a retype may move the data.
func migrationPolicy(value any) string {
	if word, ok := value.(string); ok && (word == "on-demand" || word == "never") {
		return ""
	}
	return python.Repr(value) + " is not one of ['on-demand', 'never']"
}

// retype gives a volume another type, at once: the data is the same for all types.
//
// POST os-retype {"new_type": …, "migration_policy": …} answers 202; the policy
// is of no use here, as nothing is ever moved. NotFound for a type that there isn't,
// Invalid for the one that the volume has, and for one that differs in multiattach
// while a server has the volume.
func (s *Service) retype(r *http.Request, id string, body object) (kit.Reply, error) {
	ctx := r.Context()
	name, _ := body["new_type"].(string)
	_, err := s.changeVolume(ctx, id, "volume:retype", func(tx *volumedb.Store, v *volumedb.Volume) error {
		kind, err := usableType(ctx, tx, nova.CallerOf(ctx), name)
		switch {
		case name == "": // which is not the default here
			return noTypeNamed(name)
		case err != nil:
			return err
		}
		if isMultiattach(kind) != v.Multiattach && v.Status != available {
			return invalidInput("Invalid volume_type passed, retypes affecting multiattach are only allowed on available volumes, "+
				"the specified volume however currently has a status of: %s.", v.Status)
		}
		if !slices.Contains([]string{available, inUse}, v.Status) || kind.ID == v.TypeID || v.MigrationStatus != nil {
			return invalidVolume("Retype needs volume to be in available or in-use state, not be part of an active migration or a consistency group, " +
				"requested type has to be different that the one from the volume, and for in-use volumes front-end qos specs cannot change.")
		}
		if err := s.takeTypeQuota(ctx, tx, *v, kind); err != nil {
			return err
		}
		if !s.serves(ctx, kind) { // Cinder's scheduler finds that out afterwards, and tells nobody
			return nil
		}
		v.TypeID, v.Multiattach = kind.ID, isMultiattach(kind)
		if _, err := tx.Types.Lock(ctx, kind.ID); err != nil {
			return err
		}
		return refuseEncrypted(ctx, tx, kind.ID)
	})
	return accepted(), err
}

// uploadBody is what a client says of the image that it makes of a volume.
var uploadBody = schema{props: []prop{
	{name: "image_name", check: nonEmptyText, required: true},
	{name: "force", check: boolean},
	{name: "disk_format", check: word("raw", "vmdk", "vdi", "qcow2", "vhd", "vhdx", "ploop")},
	{name: "container_format", check: optionalText},
	{name: "visibility", check: word("community", "public", "private", "shared"), since: 1},
	{name: "protected", check: boolean, since: 1},
}}

// word is one of some words.
func word(words ...string) func(value any) string {
	return func(value any) string {
		if w, ok := value.(string); ok && slices.Contains(words, w) {
			return ""
		}
		return python.Repr(value) + " is not one of ['" + strings.Join(words, "', '") + "']"
	}
}

// uploadVolume makes an image of a volume. The image is created in the caller's
// name, before the volume changes its status, and filled by a worker.
//
// POST os-volume_upload_image answers 202 with what the image is to be. If the
// volume has changed meanwhile, the image is removed again; a process that dies
// in between leaves it queued and empty, as Cinder does.
func (s *Service) uploadVolume(r *http.Request, id string, body object) (kit.Reply, error) {
	ctx, caller := r.Context(), nova.CallerOf(r.Context())
	v, err := s.findVolume(ctx, id)
	if err != nil {
		return kit.Reply{}, err
	}
	if err := mayWrite(caller, v.ProjectID, "volume_extension:volume_actions:upload_image"); err != nil {
		return kit.Reply{}, err
	}
	wanted := imageOf(v, body)
	if wanted.Visibility == "public" {
		if err := mayAdminister(caller, "volume_extension:volume_actions:upload_public"); err != nil {
			return kit.Reply{}, err
		}
	}
	if err := mayUpload(v); err != nil {
		return kit.Reply{}, err
	}
	image, err := s.Images.As(caller).Ensure(ctx, wanted)
	if err != nil {
		if nova.Is(err, nova.Unavailable) {
			return kit.Reply{}, err
		}
		return kit.Reply{}, nova.Because(err, nova.Invalid, "%s", nova.Message(err))
	}
	v, err = s.alter(ctx, id, func(tx *volumedb.Store, v *volumedb.Volume) error {
		if err := mayUpload(*v); err != nil {
			return err
		}
		v.PreviousStatus, v.Status = v.Status, "uploading"
		task := volumedb.Task{ResourceID: v.ID, Verb: taskUpload, Folder: v.Folder}
		task.Arguments.V = map[string]string{argImage: image.ID}
		return tx.AddTask(ctx, task)
	})
	if err != nil {
		if gone := s.Images.AsService().Delete(ctx, image.ID); gone != nil {
			s.Log.Warn().Err(gone).Str("image", image.ID).Msg("an image without data is left")
		}
		return kit.Reply{}, err
	}
	return kit.Reply{Status: http.StatusAccepted, Body: object{"os-volume_upload_image": uploadView(r, v, image)}}, nil
}

// mayUpload refuses to make an image of a volume that a server may be writing to.
func mayUpload(v volumedb.Volume) error {
	if v.Status != available {
		return invalidVolume("Volume %s status must be available", v.ID)
	}
	return nil
}

// imageOf is the image that a client wants to make of a volume. It takes over what
// the volume knows of its own image.
func imageOf(v volumedb.Volume, body object) nova.Image {
	image := nova.Image{ID: uuid.NewString(), DiskFormat: "raw", ContainerFormat: "bare", Visibility: "private", Properties: map[string]string{}}
	image.Protected, _ = boolOf(body["protected"])
	for name, to := range map[string]*string{
		"image_name": &image.Name, "disk_format": &image.DiskFormat, "container_format": &image.ContainerFormat, "visibility": &image.Visibility,
	} {
		if given := textOf(body, name); given != nil && *given != "" {
			*to = *given
		}
	}
	for key, value := range v.ImageMetadata {
		if !slices.Contains(coreProperties, key) && !strings.HasPrefix(key, "os_glance") {
			image.Properties[key] = value
		}
	}
	return image
}

// uploadView is the answer to an upload.
func uploadView(r *http.Request, v volumedb.Volume, image nova.Image) object {
	view := object{
		"id": v.ID, "updated_at": timestamp(v.UpdatedAt), "status": v.Status, "display_description": v.Description, "size": v.Size,
		"volume_type": object{"id": v.TypeID, "name": v.TypeName}, "image_id": image.ID, "container_format": image.ContainerFormat,
		"disk_format": image.DiskFormat, "image_name": image.Name,
	}
	if versionOf(r) >= 1 {
		maps.Copy(view, object{"visibility": image.Visibility, "protected": image.Protected})
	}
	return view
}

// reimage announces that an image is to be written over a volume. POST os-reimage
// {"image_id": …, "reimage_reserved": b} (3.68) answers 202; the data of the
// volume is lost. Reserved volumes need the flag: it is Nova's, which has taken
// the volume for a rebuild. Invalid for an image that is larger than the volume
// or can't be used, Conflict for a volume that several servers have.
func (s *Service) reimage(r *http.Request, id string, body object) (kit.Reply, error) {
	ctx := r.Context()
	imageID, _ := body["image_id"].(string)
	allowed := []string{available, failed}
	if reserved, _ := boolOf(body["reimage_reserved"]); reserved {
		allowed = append(allowed, reservedStatus)
	}
	if _, err := s.findVolume(ctx, id); err != nil {
		return kit.Reply{}, err
	}
	image, err := s.Images.As(nova.CallerOf(ctx)).Show(ctx, imageID)
	if err != nil {
		return kit.Reply{}, err
	}
	_, err = s.changeVolume(ctx, id, "volume:reimage", func(tx *volumedb.Store, v *volumedb.Volume) error {
		attachments, err := tx.AttachmentsOf(ctx, []string{v.ID})
		if err != nil {
			return err
		}
		if len(attachments[v.ID]) > 1 {
			return nova.Errorf(nova.Conflict, "Cannot re-image a volume which is attached to more than one server.")
		}
		if !slices.Contains(allowed, v.Status) {
			return invalidVolume("Volume %s status must be %s, but current status is %s.", v.ID, strings.Join(allowed, " or "), v.Status)
		}
		if err := checkImage(image, v.Size); err != nil {
			return err
		}
		v.PreviousStatus, v.Status = v.Status, "downloading"
		if v.PreviousStatus == failed {
			v.PreviousStatus = available
		}
		v.Bootable, v.ImageMetadata = true, imageMetadata(image)
		task := volumedb.Task{ResourceID: v.ID, Verb: taskReimage, Folder: v.Folder}
		task.Arguments.V = map[string]string{argImage: image.ID}
		return tx.AddTask(ctx, task)
	})
	return accepted(), err
}

// reservedStatus is the status of a volume that a server is about to have, and of
// an attachment without a connection.
const reservedStatus = "reserved"

// The statuses that an administrator may give a volume. Cinder has a list of those of
// attachments, and tuples of the others, and prints them so.
var (
	volumeStatuses = strings.Fields(`creating available deleting error error_deleting error_managing managing attaching in-use detaching maintenance
		restoring-backup error_restoring reserved awaiting-transfer backing-up error_backing-up error_extending downloading uploading retyping extending`)
	migrationStatuses = strings.Fields("migrating error success completing none starting")
)

// resetBody is what an administrator says of the status of a volume.
var resetBody = schema{props: []prop{
	{name: "status", check: optionalText}, {name: "attach_status", check: optionalText}, {name: "migration_status", check: optionalText},
}}

// checkReset refuses words that are no statuses.
func checkReset(body object) error {
	for _, c := range []struct {
		name, title string
		words       []string
		open, end   string
	}{
		{"status", "Volume status", volumeStatuses, "(", ")"},
		{"attach_status", "Volume attach status", []string{attached, detached}, "[", "]"},
		{"migration_status", "Volume migration status", migrationStatuses, "(", ")"},
	} {
		if word := textOf(body, c.name); word != nil && !slices.Contains(c.words, strings.ToLower(*word)) {
			return nova.Errorf(nova.Invalid, "%s: %s is invalid, valid statuses are: %s'%s'%s.", c.title, *word, c.open, strings.Join(c.words, "', '"), c.end)
		}
	}
	return nil
}

// resetStatus gives a volume the status that an administrator says. POST os-
// reset_status answers 202. What is being done to the volume goes on and has the
// last word. Invalid for a body that resets nothing, and for statuses that only
// work can lead to.
func (s *Service) resetStatus(r *http.Request, id string, body object) (kit.Reply, error) {
	ctx := r.Context()
	if _, err := s.findVolume(ctx, id); err != nil {
		return kit.Reply{}, err
	}
	if err := mayAdminister(nova.CallerOf(ctx), "volume_extension:volume_admin_actions:reset_status"); err != nil {
		return kit.Reply{}, err
	}
	if err := checkReset(body); err != nil {
		return kit.Reply{}, err
	}
	lower := func(name string) string {
		word, _ := body[name].(string)
		return strings.ToLower(word)
	}
	status, attachStatus, migration := lower("status"), lower("attach_status"), lower("migration_status")
	if status+attachStatus+migration == "" {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Must specify 'status', 'attach_status' or 'migration_status' for update.")
	}
	if slices.Contains([]string{deleting, errorDeleting, "detaching"}, status) {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Cannot reset-state to %s", status)
	}
	_, err := s.alter(ctx, id, func(tx *volumedb.Store, v *volumedb.Volume) error {
		if err := s.resetAttachments(r, tx, v, status, attachStatus); err != nil {
			return err
		}
		if status != "" {
			v.Status = status
		}
		switch migration {
		case "":
		case "none":
			v.MigrationStatus = nil
		default:
			v.MigrationStatus = &migration
		}
		return nil
	})
	return accepted(), err
}

// resetAttachments does what a reset says of attachments: one to detached removes
// them, and without any a volume can't be in use.
func (s *Service) resetAttachments(r *http.Request, tx *volumedb.Store, v *volumedb.Volume, status, attachStatus string) error {
	attachments, err := tx.AttachmentsOf(r.Context(), []string{v.ID})
	if err != nil {
		return err
	}
	if status == inUse && len(attachments[v.ID]) == 0 {
		return nova.Errorf(nova.Invalid, "Cannot reset-state to in-use because volume does not have any attachments.")
	}
	if attachStatus != "" {
		v.AttachStatus = attachStatus
	}
	if attachStatus != detached {
		return nil
	}
	for _, a := range attachments[v.ID] {
		if err := tx.Attachments.Delete(r.Context(), a.ID); err != nil {
			return err
		}
	}
	return nil
}

// forceDelete announces the end of a volume, whatever its status is. POST os-
// force_delete answers 202. What was still to be done to the volume is dropped;
// only attached volumes and those with snapshots stay.
func (s *Service) forceDelete(r *http.Request, id string, _ object) (kit.Reply, error) {
	if _, err := s.findVolume(r.Context(), id); err != nil {
		return kit.Reply{}, err
	}
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:volume_admin_actions:force_delete"); err != nil {
		return kit.Reply{}, err
	}
	return accepted(), s.beginDelete(r.Context(), id, false, true)
}

// setImageMetadata changes what a volume knows of its image. POST os-
// set_image_metadata {"metadata": {…}} answers 200 with all that there is then.
// Images that are made of the volume take it along.
func (s *Service) setImageMetadata(r *http.Request, id string, body object) (kit.Reply, error) {
	var now map[string]string
	_, err := s.changeVolume(r.Context(), id, "volume_extension:volume_image_metadata:set", func(_ *volumedb.Store, v *volumedb.Volume) error {
		now = maps.Clone(v.ImageMetadata)
		maps.Copy(now, textsOf(body["metadata"]))
		v.ImageMetadata = now
		return checkCount(now)
	})
	return kit.Reply{Body: object{"metadata": now}}, err
}

// showImageMetadata shows what a volume knows of its image. POST os-
// show_image_metadata (a POST that reads, as Cinder has it) answers 200; an
// object without keys for a volume made of nothing.
func (s *Service) showImageMetadata(r *http.Request, id string, _ object) (kit.Reply, error) {
	v, err := s.findVolume(r.Context(), id)
	return kit.Reply{Body: object{"metadata": v.ImageMetadata}}, err
}

// unsetImageMetadata forgets one key of that. POST os-unset_image_metadata
// {"key": …} answers 200 without a body, NotFound if the volume doesn't have the
// key.
func (s *Service) unsetImageMetadata(r *http.Request, id string, body object) (kit.Reply, error) {
	key, _ := body["key"].(string)
	_, err := s.changeVolume(r.Context(), id, "volume_extension:volume_image_metadata:remove", func(_ *volumedb.Store, v *volumedb.Volume) error {
		if _, ok := v.ImageMetadata[key]; !ok {
			return nova.Errorf(nova.NotFound, "Glance metadata for volume/snapshot %s cannot be found.", v.ID)
		}
		v.ImageMetadata = maps.Clone(v.ImageMetadata)
		delete(v.ImageMetadata, key)
		return nil
	})
	return kit.Reply{Status: http.StatusOK}, err
}
