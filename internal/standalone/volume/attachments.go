package volume

import (
	"context"
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

// The versions from which on there are attachments, and calls that complete them.
const (
	withAttachments version = 27
	withComplete    version = 44
)

// attaching is the status of an attachment that has a connection and isn't
// complete, and of its volume.
const attaching = "attaching"

// attachmentRoutes are the calls about attachments.
func (s *Service) attachmentRoutes() []route {
	return []route{
		{"GET", "/attachments", withAttachments, s.listAttachments},
		{"GET", "/attachments/detail", withAttachments, s.detailAttachments},
		{"POST", "/attachments", withAttachments, s.createAttachment},
		{"GET", "/attachments/{id}", withAttachments, s.showAttachment},
		{"PUT", "/attachments/{id}", withAttachments, s.updateAttachment},
		{"DELETE", "/attachments/{id}", withAttachments, s.deleteAttachment},
		{"POST", "/attachments/{id}/action", withAttachments, s.actOn(map[string]action{
			"os-complete": {since: withComplete, free: true, do: s.completeAttachment},
		})},
	}
}

// findAttachment finds an attachment of a volume of the caller's project.
func (s *Service) findAttachment(ctx context.Context, id string) (volumedb.Attachment, error) {
	a, err := s.Store.Attachments.Get(ctx, id)
	if err == nil && !canRead(nova.CallerOf(ctx), a.ProjectID) || nova.Is(err, nova.NotFound) {
		return a, noAttachment(id)
	}
	return a, err
}

// noAttachment is the error for an attachment that isn't there.
func noAttachment(id string) error {
	return nova.Errorf(nova.NotFound, "Volume attachment could not be found with filter: attachment_id = %s.", id)
}

// attachmentView shows an attachment; a brief one leaves out its connection.
func attachmentView(a volumedb.Attachment, brief bool) object {
	view := object{"id": a.ID, "status": a.Status, "instance": a.ServerID, "volume_id": a.VolumeID}
	if brief {
		return view
	}
	view["attached_at"], view["detached_at"], view["attach_mode"] = "", "", a.Mode
	if a.AttachedAt != nil {
		view["attached_at"] = timestamp(a.AttachedAt)
	}
	view["connection_info"] = a.Connection.V
	if a.Connection.V == nil {
		view["connection_info"] = object{}
	}
	return view
}

// attachmentFilters are the filters of lists of attachments.
var attachmentFilters = map[string]filter{
	"volume_id":     {column: "volume_id"},
	"status":        {column: "status"},
	"attach_status": {column: "status"},
	"instance_id":   {column: "server_id"},
	"instance_uuid": {column: "server_id", admin: true},
	"attached_host": {column: "host", admin: true},
	"mountpoint":    {column: "device", admin: true},
	"attach_mode":   {column: "mode", admin: true},
	"id":            {column: "id", admin: true},
	"project_id":    {column: "project_id", admin: true},
}

// listAttachments shows attachments briefly.
//
// GET /attachments and /attachments/detail (3.27) answer 200 with a page of the
// caller's project, or of all with all_tenants for an administrator.
func (s *Service) listAttachments(r *http.Request) (kit.Reply, error) {
	return s.listOfAttachments(r, "attachments", true)
}

// detailAttachments shows attachments with their times and connections.
func (s *Service) detailAttachments(r *http.Request) (kit.Reply, error) {
	return s.listOfAttachments(r, "attachments/detail", false)
}

// listOfAttachments finds the attachments of one page; a brief one has neither times
// nor connections.
func (s *Service) listOfAttachments(r *http.Request, path string, brief bool) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if err := mayRead(caller, caller.ProjectID, "volume:get_all"); err != nil {
		return kit.Reply{}, err
	}
	return listPage(s, r, listing[volumedb.Attachment]{
		table: s.Store.Attachments, filters: attachmentFilters, path: path, key: "attachments",
		find: func(ctx context.Context, id string) error { _, err := s.findAttachment(ctx, id); return err },
		view: inTurn(func(a volumedb.Attachment) object { return attachmentView(a, brief) }),
	})
}

// showAttachment shows one attachment with its connection. GET /attachments/{id}
// (3.27) answers 200, and NotFound for one of another project.
func (s *Service) showAttachment(r *http.Request) (kit.Reply, error) {
	a, err := s.findAttachment(r.Context(), chi.URLParam(r, "id"))
	return kit.Reply{Body: object{"attachment": attachmentView(a, false)}}, err
}

// newAttachment is what a client says of a new attachment.
var newAttachment = schema{key: "attachment", props: []prop{
	{name: "volume_uuid", check: uuidText, required: true},
	{name: "instance_uuid", check: uuidText},
	{name: "connector", check: optionalObject},
	{name: "mode", check: word("rw", "ro"), since: 54},
}}

// createAttachment reserves a volume for a server and, if the client says where
// that runs, connects it.
//
// POST /attachments (3.27; mode since 3.54) answers 200. The connection that the
// answer has is empty until the attachment has a connector. Invalid for a volume
// that somebody else has.
func (s *Service) createAttachment(r *http.Request) (kit.Reply, error) {
	ctx := r.Context()
	body, err := s.body(r, newAttachment)
	if err != nil {
		return kit.Reply{}, err
	}
	a := volumedb.Attachment{Status: reservedStatus, ServerID: textOf(body, "instance_uuid"), Mode: "null"}
	a.ID = uuid.NewString()
	if mode := textOf(body, "mode"); mode != nil {
		a.Mode = *mode
	}
	volumeID, _ := body["volume_uuid"].(string)
	_, err = s.changeVolume(ctx, volumeID, "volume:attachment_create", func(tx *volumedb.Store, v *volumedb.Volume) error {
		if err := reserveFor(ctx, tx, v, a.ServerID); err != nil {
			return err
		}
		made := a
		made.VolumeID, made.ProjectID = v.ID, v.ProjectID
		if connector, ok := body["connector"].(object); ok && len(connector) > 0 {
			s.connect(tx, v, &made, connector)
		}
		if v.Readonly != nil && *v.Readonly {
			made.Mode = "ro"
		}
		a, err = tx.Attachments.Create(ctx, made)
		return err
	})
	return kit.Reply{Body: object{"attachment": attachmentView(a, false)}}, err
}

// reserveFor takes a volume for a server. A server that has it already may take it
// once more, since it may be moving to another host.
func reserveFor(ctx context.Context, tx *volumedb.Store, v *volumedb.Volume, server *string) error {
	if strings.Contains(v.Status, "error") {
		return invalidVolume("Volume attachments can not be created if the volume is in an error state. "+
			"The Volume %s currently has a status of: %s ", v.ID, v.Status)
	}
	allowed := []string{available, "downloading"}
	if v.Multiattach {
		allowed = []string{available, inUse, "downloading"}
	}
	if slices.Contains(allowed, v.Status) {
		v.Status = reservedStatus
		return nil
	}
	if server != nil && slices.Contains([]string{inUse, reservedStatus}, v.Status) {
		there, err := tx.AttachmentsOf(ctx, []string{v.ID})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(there[v.ID], func(a volumedb.Attachment) bool { return a.ServerID != nil && *a.ServerID == *server }) {
			return nil
		}
	}
	return invalidVolume("Volume %s status must be %s to reserve, but the current status is %s.", v.ID, strings.Join(allowed, " or "), v.Status)
}

// connect says how a host reaches the data of a volume, and notes who it is.
func (s *Service) connect(tx *volumedb.Store, v *volumedb.Volume, a *volumedb.Attachment, connector object) {
	now := tx.NowInSeconds()
	a.Connector.V, a.Status, a.AttachedAt = connector, attaching, &now
	a.Host, a.Device, a.Mode = connectorText(connector, "host", ""), connectorText(connector, "mountpoint", "na"), *connectorText(connector, "mode", "rw")
	if v.Readonly != nil && *v.Readonly {
		a.Mode = "ro"
	}
	a.Connection.V = s.access(*v, a.Mode)
	a.Connection.V["driver_volume_type"], a.Connection.V["attachment_id"] = protocol, a.ID
	a.Connection.V["enforce_multipath"], _ = boolOf(connector["enforce_multipath"])
	if v.AttachStatus != attached {
		v.Status = attaching
	}
}

// connectorText is a text that a host says of itself.
func connectorText(connector object, name, otherwise string) *string {
	if text, ok := connector[name].(string); ok && text != "" {
		return &text
	}
	return &otherwise
}

// protocol is how a host reaches the data of a volume: by the path of its file, on
// the machine with the folder.
const protocol = "local"

// access is what a host has to know for that.
func (s *Service) access(v volumedb.Volume, mode string) object {
	return object{
		"device_path": s.files.path(v.ID), "volume_id": v.ID, "access_mode": mode, "format": "raw",
		"qos_specs": nil, "encrypted": false, "discard": false, "cacheable": false,
	}
}

// changedAttachment is what a client says of a connection.
var changedAttachment = schema{key: "attachment", props: []prop{{name: "connector", required: true, check: func(value any) string {
	connector, ok := value.(object)
	switch {
	case !ok:
		return python.Repr(value) + " is not of type 'object'"
	case len(connector) == 0:
		return "{} should be non-empty"
	}
	return ""
}}}}

// changeAttachment changes an attachment together with its volume, both locked:
// the volume first.
func (s *Service) changeAttachment(ctx context.Context, id, rule string, change func(tx *volumedb.Store, v *volumedb.Volume, a *volumedb.Attachment) error) (volumedb.Attachment, error) {
	a, err := s.findAttachment(ctx, id)
	if err != nil {
		return a, err
	}
	_, err = s.changeVolume(ctx, a.VolumeID, rule, func(tx *volumedb.Store, v *volumedb.Volume) error {
		a, err = tx.Attachments.Change(ctx, id, func(tx *volumedb.Store, a *volumedb.Attachment) error { return change(tx, v, a) })
		return missing(err, noAttachment(id))
	})
	return a, err
}

// updateAttachment connects a reserved volume to a host. PUT /attachments/{id}
// {"connector": {…}} (3.27) answers 200 with the connection. Repeating it is
// safe, also for another host: a server that moves is connected there before it
// is gone here. Conflict for a volume in an error, and for a host that has the
// volume by another attachment.
func (s *Service) updateAttachment(r *http.Request) (kit.Reply, error) {
	ctx := r.Context()
	body, err := s.body(r, changedAttachment)
	if err != nil {
		return kit.Reply{}, err
	}
	connector, _ := body["connector"].(object)
	a, err := s.changeAttachment(ctx, chi.URLParam(r, "id"), "volume:attachment_update", func(tx *volumedb.Store, v *volumedb.Volume, a *volumedb.Attachment) error {
		if strings.Contains(v.Status, "error") {
			return nova.Errorf(nova.Conflict, "Resource conflict: Volume attachments can not be updated if the volume is in an error state. "+
				"The Volume %s currently has a status of: %s ", v.ID, v.Status)
		}
		there, err := tx.AttachmentsOf(ctx, []string{v.ID})
		if err != nil {
			return err
		}
		host := *connectorText(connector, "host", "")
		twice := func(other volumedb.Attachment) bool {
			return other.ID != a.ID && len(other.Connection.V) > 0 && other.Host != nil && *other.Host == host
		}
		if !v.Multiattach && slices.ContainsFunc(there[v.ID], twice) {
			return nova.Errorf(nova.Conflict, "Resource conflict: duplicate connectors detected on volume %s", v.ID)
		}
		s.connect(tx, v, a, connector) // which makes it attaching again, if it was attached: Cinder wants to be told a second time
		return nil
	})
	return kit.Reply{Body: object{"attachment": attachmentView(a, false)}}, err
}

// completeAttachment says that a server has its volume. POST os-complete (3.44)
// answers 204; until then a volume with a connector is attaching.
func (s *Service) completeAttachment(r *http.Request, id string, _ object) (kit.Reply, error) {
	_, err := s.changeAttachment(r.Context(), id, "volume:attachment_complete", func(_ *volumedb.Store, v *volumedb.Volume, a *volumedb.Attachment) error {
		a.Status = attached
		v.Status, v.AttachStatus = inUse, attached
		return nil
	})
	return kit.Reply{}, err
}

// deleteAttachment ends an attachment, and shows those that are left. DELETE
// /attachments/{id} (3.27) answers 200. Conflict if the caller isn't a service
// and a server has the volume (see mayDetach), NotFound for an attachment that
// has ended already.
func (s *Service) deleteAttachment(r *http.Request) (kit.Reply, error) {
	ctx := r.Context()
	a, err := s.findAttachment(ctx, chi.URLParam(r, "id"))
	if err != nil {
		return kit.Reply{}, err
	}
	var left []volumedb.Attachment
	_, err = s.changeVolume(ctx, a.VolumeID, "volume:attachment_delete", func(tx *volumedb.Store, v *volumedb.Volume) error {
		now, err := tx.Attachments.Get(ctx, a.ID)
		if err != nil {
			return missing(err, noAttachment(a.ID))
		}
		if err := s.mayDetach(r, now); err != nil {
			return err
		}
		left, err = detach(ctx, tx, v, a.ID)
		return err
	})
	views := make([]object, len(left))
	for i := range left {
		views[i] = attachmentView(left[i], true)
	}
	return kit.Reply{Body: object{"attachments": views}}, err
}

// mayDetach refuses to take a volume from a server behind the back of the compute
// service: the server would go on writing to it. Only the services themselves may,
// who say so by a second token, whoever the first is of.
func (s *Service) mayDetach(r *http.Request, a volumedb.Attachment) error {
	if a.ServerID == nil || len(a.Connection.V) == 0 || s.isOfService(r) {
		return nil
	}
	return onlyByCompute(*a.ServerID)
}

// onlyByCompute is the error of a caller who may not take a volume from a server.
func onlyByCompute(server string) error {
	return nova.Errorf(nova.Conflict, "Detach volume from instance %s using the Compute API", server)
}

// isOfService reports whether a service vouches for a request.
func (s *Service) isOfService(r *http.Request) bool {
	token := r.Header.Get("X-Service-Token")
	if token == "" {
		return false
	}
	service, err := s.Validate(r.Context(), token)
	return err == nil && service.HasRole("service")
}

// detach removes an attachment from a volume that is locked, and gives the volume
// the status that those have which are left.
func detach(ctx context.Context, tx *volumedb.Store, v *volumedb.Volume, id string) ([]volumedb.Attachment, error) {
	if err := tx.Attachments.Delete(ctx, id); err != nil {
		return nil, missing(err, noAttachment(id))
	}
	there, err := tx.AttachmentsOf(ctx, []string{v.ID})
	if err != nil {
		return nil, err
	}
	left := there[v.ID]
	v.Status, v.AttachStatus = available, detached
	for _, status := range []string{reservedStatus, attaching, attached} { // the last one that is there counts
		if slices.ContainsFunc(left, func(a volumedb.Attachment) bool { return a.Status == status }) {
			v.Status = status
		}
	}
	if v.Status == attached {
		v.Status, v.AttachStatus = inUse, attached
	}
	return left, nil
}
