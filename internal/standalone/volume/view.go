package volume

import (
	"context"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
)

// timestamp shows a time as Cinder does, in UTC and with a fraction; nil if there
// is none.
func timestamp(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000")
}

// prefix is the part of a link before the collection's name: with the project, if
// the request has it. A bookmark has no version.
func (s *Service) prefix(r *http.Request, versioned bool) string {
	address := s.base(r)
	if versioned {
		address += "/v3"
	}
	if project := chi.URLParam(r, "project"); project != "" {
		address += "/" + project
	}
	return address + "/"
}

// links lead to a thing.
func (s *Service) links(r *http.Request, collection, id string) []object {
	return []object{
		{"rel": "self", "href": s.prefix(r, true) + collection + "/" + id},
		{"rel": "bookmark", "href": s.prefix(r, false) + collection + "/" + id},
	}
}

// nextLink leads to the page behind a thing.
func (s *Service) nextLink(r *http.Request, collection, last string) []object {
	query := r.URL.Query()
	query.Set("marker", last)
	return []object{{"rel": "next", "href": s.prefix(r, true) + collection + "?" + query.Encode()}}
}

// volumeDetails shows volumes as GET does.
func (s *Service) volumeDetails(r *http.Request, found []volumedb.Volume) ([]object, error) {
	attachments, err := s.attachmentsOf(r.Context(), found)
	if err != nil {
		return nil, err
	}
	views := make([]object, len(found))
	for i, v := range found {
		views[i] = s.volumeView(r, v, attachments[v.ID], true)
	}
	return views, nil
}

// volumeView shows a volume. The answers to POST and PUT leave out what Cinder's
// extensions add to those of GET.
func (s *Service) volumeView(r *http.Request, v volumedb.Volume, attachments []volumedb.Attachment, extended bool) object {
	caller, asked := nova.CallerOf(r.Context()), versionOf(r)
	view := object{
		"id": v.ID, "status": v.Status, "size": v.Size, "availability_zone": v.AvailabilityZone,
		"created_at": timestamp(&v.CreatedAt), "updated_at": timestamp(v.UpdatedAt),
		"name": v.Name, "description": v.Description, "volume_type": v.TypeName, "snapshot_id": v.SnapshotID, "source_volid": v.SourceID,
		"metadata": visibleMetadata(v, attachments), "links": s.links(r, "volumes", v.ID), "user_id": v.UserID,
		"bootable": strconv.FormatBool(v.Bootable), "encrypted": false, "replication_status": nil, "consistencygroup_id": nil,
		"multiattach": v.Multiattach, "attachments": attachmentsInVolume(caller, attachments),
	}
	for since, add := range map[version]object{
		13: {"group_id": nil}, 48: {"shared_targets": false, "service_uuid": nil}, 63: {"volume_type_id": v.TypeID}, 65: {"consumes_quota": true},
	} {
		if asked >= since {
			maps.Copy(view, add)
		}
	}
	if isAdmin(caller) {
		view["migration_status"] = v.MigrationStatus
		if asked >= 21 {
			view["provider_id"] = nil
		}
		if asked >= 61 {
			view["cluster_name"] = nil
		}
	}
	if extended {
		s.extend(caller, v, view)
	}
	return view
}

// extend adds what Cinder's extensions show of a volume.
func (s *Service) extend(caller nova.Caller, v volumedb.Volume, view object) {
	view["os-vol-tenant-attr:tenant_id"] = v.ProjectID
	if len(v.ImageMetadata) > 0 {
		view["volume_image_metadata"] = v.ImageMetadata
	}
	if isAdmin(caller) {
		view["os-vol-host-attr:host"] = s.hostOf(v)
		view["os-vol-mig-status-attr:migstat"] = v.MigrationStatus
		view["os-vol-mig-status-attr:name_id"] = nil
	}
}

// hostOf says where a volume is. The folder of another machine is known by its
// identity alone.
func (s *Service) hostOf(v volumedb.Volume) string {
	if v.Folder == s.folder {
		return s.Host + backend
	}
	return v.Folder + backend
}

// visibleMetadata is a volume's metadata, with what the service says there itself.
func visibleMetadata(v volumedb.Volume, attachments []volumedb.Attachment) map[string]string {
	shown := maps.Clone(v.Metadata)
	if v.Readonly != nil {
		shown["readonly"] = pythonBool(*v.Readonly)
	}
	for _, a := range attachments { // only if they were made by os-attach
		if a.Status == attached && len(a.Connection.V) == 0 && (a.Mode == "ro" || a.Mode == "rw") {
			shown["attached_mode"] = a.Mode
			if v.Readonly == nil {
				shown["readonly"] = pythonBool(false)
			}
		}
	}
	return shown
}

// pythonBool is a truth value as Cinder keeps it in metadata.
func pythonBool(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

// attachmentsOf reads the attachments of volumes, by volume.
func (s *Service) attachmentsOf(ctx context.Context, found []volumedb.Volume) (map[string][]volumedb.Attachment, error) {
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	return s.Store.AttachmentsOf(ctx, ids)
}

// attachmentsInVolume are those attachments that are complete.
func attachmentsInVolume(caller nova.Caller, attachments []volumedb.Attachment) []object {
	views := []object{}
	for _, a := range attachments {
		if a.Status != attached {
			continue
		}
		view := object{
			"id": a.VolumeID, "attachment_id": a.ID, "volume_id": a.VolumeID, "server_id": a.ServerID,
			"host_name": nil, "device": a.Device, "attached_at": timestamp(a.AttachedAt),
		}
		if isAdmin(caller) || caller.HasRole("service") {
			view["host_name"] = a.Host
		}
		views = append(views, view)
	}
	return views
}
