package schema

// device is the name that a client wants a disk to have: match_device in
// nova/block_device.py.
var device = String.OrNull().Pattern(`(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$`)

// VolumeAttachmentCreate is the body of POST /servers/{id}/os-volume_attachments.
var VolumeAttachmentCreate = NewBody(Object(
	Prop("volumeAttachment", Object(
		Prop("volumeId", UUID).Required(),
		Prop("device", device),
		Prop("tag", Tag).Since(49),
		Prop("delete_on_termination", Boolean).Since(79),
	)).Required(),
))

// VolumeAttachmentUpdate is the body of PUT /servers/{id}/os-volume_attachments/{id}.
// Since 2.85 it may repeat what a client has read, of which only one thing may differ.
var VolumeAttachmentUpdate = NewBody(Object(
	Prop("volumeAttachment", Object(
		Prop("volumeId", UUID).Required(),
		Prop("device", device).Since(85),
		Prop("tag", Tag).Since(85),
		Prop("delete_on_termination", Boolean).Since(85),
		Prop("serverId", UUID).Since(85),
		Prop("id", UUID).Since(85),
	)).Required(),
))

// VolumeAttachmentBody is VolumeAttachmentCreate or VolumeAttachmentUpdate, decoded.
type VolumeAttachmentBody struct {
	Attachment struct {
		VolumeID            string       `json:"volumeId"`
		Device              Null[string] `json:"device"`
		Tag                 *string      `json:"tag"`
		DeleteOnTermination *Bool        `json:"delete_on_termination"`
		ServerID            *string      `json:"serverId"`
		ID                  *string      `json:"id"`
	} `json:"volumeAttachment"`
}
