package cloud

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-api/nova-api/internal/nova"
)

// Reserve takes a volume for a server, without a connection: nobody else gets it
// from now on. It makes an attachment each time. The error is NotFound if there is
// no such volume, and Invalid if another server has it.
func (v *Volume) Reserve(ctx context.Context, volumeID, serverID string) (nova.VolumeAttachment, error) {
	var d attachmentReply
	err := v.conn.sendIf(ctx, http.MethodPost, "attachments", map[string]any{"attachment": map[string]any{
		"volume_uuid": volumeID, "instance_uuid": serverID, "connector": nil,
	}}, &d, at(attachmentsVersion))
	return d.Attachment.attachment(), v.volumeFault(err, volumeID)
}

// Connect says which host the server with an attachment runs on, and learns how
// that reaches the data. It can be repeated.
func (v *Volume) Connect(ctx context.Context, id string, host nova.Connector) (nova.VolumeAttachment, error) {
	var d attachmentReply
	err := patiently(func() error {
		return v.conn.sendIf(ctx, http.MethodPut, below("attachments", id),
			map[string]any{"attachment": map[string]any{"connector": host}}, &d, at(attachmentsVersion))
	})
	return d.Attachment.attachment(), v.attachmentFault(err, id)
}

// Complete says that the server has the volume now. It can be repeated.
func (v *Volume) Complete(ctx context.Context, id string) error {
	err := v.conn.sendIf(ctx, http.MethodPost, below("attachments", id, "action"), map[string]any{"os-complete": id}, nil, at(attachmentsVersion))
	return v.attachmentFault(err, id)
}

// Detach removes an attachment. If there is none, that is as good. Only the service
// user, or a caller that it vouches for, may take a connected volume from a server.
func (v *Volume) Detach(ctx context.Context, id string) error {
	return v.attachmentFault(patiently(func() error { return v.conn.remove(ctx, below("attachments", id), at(attachmentsVersion)) }), id)
}

// Attachment finds an attachment. The error is NotFound if there is none that may
// be seen.
func (v *Volume) Attachment(ctx context.Context, id string) (nova.VolumeAttachment, error) {
	var d attachmentReply
	err := v.conn.call(ctx, below("attachments", id), nil, http.MethodGet, &gophercloud.RequestOpts{
		JSONResponse: &d, MoreHeaders: at(attachmentsVersion),
	})
	return d.Attachment.attachment(), v.attachmentFault(err, id)
}

// An AttachmentQuery says which attachments a list holds: those of a server, of a
// volume, or of both.
type AttachmentQuery struct{ ServerID, VolumeID string }

// Attachments finds attachments, without their connections. In the service user's
// name, it finds those of all projects.
func (v *Volume) Attachments(ctx context.Context, q AttachmentQuery) ([]nova.VolumeAttachment, error) {
	query := url.Values{}
	if q.ServerID != "" {
		query.Set("instance_id", q.ServerID)
	}
	if q.VolumeID != "" {
		query.Set("volume_id", q.VolumeID)
	}
	if v.conn.caller == nil {
		query.Set("all_tenants", "1")
	}
	return pages(ctx, v.conn, "attachments", "attachments", query, at(attachmentsVersion), attachmentDocument.attachment, func(err error) error { return v.fault(err) })
}

// patiently repeats a request while the service breaks down over it. Cinder asks the
// storage before it answers, and that can take longer than a load balancer waits.
func patiently(ask func() error) (err error) {
	const attempts = 5
	for range attempts {
		if err = ask(); !isStatus(err, http.StatusInternalServerError) && !isStatus(err, http.StatusGatewayTimeout) {
			return err
		}
	}
	return err
}

// attachmentFault puts a failure of a request about one attachment in Nova's words.
func (v *Volume) attachmentFault(err error, id string) error {
	return v.fault(err, phrase{status: http.StatusNotFound, kind: nova.NotFound, text: fmt.Sprintf("Volume attachment %s could not be found.", id)})
}

// attachmentReply is the answer about one attachment.
type attachmentReply struct {
	Attachment attachmentDocument `json:"attachment"`
}

// An attachmentDocument is an attachment as the block storage service shows it.
type attachmentDocument struct {
	ID         string         `json:"id"`
	VolumeID   string         `json:"volume_id"`
	ServerID   string         `json:"instance"`
	Status     string         `json:"status"`
	Mode       string         `json:"attach_mode"`
	Connection map[string]any `json:"connection_info"`
}

// attachment is the noun. The service mixes what belongs to the protocol with what
// belongs to it itself; a host wants the two apart.
func (d attachmentDocument) attachment() nova.VolumeAttachment {
	a := nova.VolumeAttachment{ID: d.ID, VolumeID: d.VolumeID, ServerID: d.ServerID, Status: d.Status, Mode: d.Mode}
	if driver, ok := d.Connection["driver_volume_type"].(string); ok {
		a.Connection = nova.VolumeConnection{Driver: driver, Data: maps.Clone(d.Connection)}
		delete(a.Connection.Data, "driver_volume_type")
		delete(a.Connection.Data, "attachment_id")
	}
	return a
}
