package views

import (
	"slices"
	"strings"

	"github.com/nova-api/nova-api/internal/nova"
)

// VolumeAttachments renders the volumes of a server.
type VolumeAttachments struct{}

// Index lists the volumes of a server.
func (v VolumeAttachments) Index(r Request, s nova.Server, devices []nova.BlockDevice) Dict {
	return Dict{{"volumeAttachments", each(r, devices, func(r Request, d nova.BlockDevice) Dict { return v.attachment(r, s, d) })}}
}

// Show renders one volume of a server.
func (v VolumeAttachments) Show(r Request, s nova.Server, d nova.BlockDevice) Dict {
	return Dict{{"volumeAttachment", v.attachment(r, s, d)}}
}

// Created answers for a volume that is being attached, until 2.100. What 2.89 changed
// was forgotten here, and the device is null for a server on no host.
func (VolumeAttachments) Created(r Request, s nova.Server, d nova.BlockDevice) Dict {
	return Dict{{"volumeAttachment", Dict{
		{"id", d.VolumeID},
		{"serverId", s.ID},
		{"volumeId", d.VolumeID},
		{"device", stringOrNull(d.Device)},
		since(r, 70, "tag", stringOrNull(d.Tag)),
		since(r, 79, "delete_on_termination", d.DeleteOnTermination),
	}}}
}

// attachment is a volume of a server: _translate_attachment_detail_view in
// nova/api/openstack/compute/volume_attachments.py.
func (VolumeAttachments) attachment(r Request, s nova.Server, d nova.BlockDevice) Dict {
	return Dict{
		Field{"id", d.VolumeID}.If(!r.AtLeast(89)),
		{"volumeId", d.VolumeID},
		{"serverId", s.ID},
		Field{"device", d.Device}.If(d.Device != ""),
		since(r, 70, "tag", stringOrNull(d.Tag)),
		since(r, 79, "delete_on_termination", d.DeleteOnTermination),
		since(r, 89, "attachment_id", d.AttachmentID),
		since(r, 89, "bdm_uuid", d.ID),
	}
}

// volumesAttached are the volumes of a server as the server itself shows them, in the
// order of their IDs.
func volumesAttached(r Request, devices []nova.BlockDevice) []Dict {
	var volumes []*nova.BlockDevice
	for i := range devices {
		if devices[i].VolumeID != "" { // it is yet to be made
			volumes = append(volumes, &devices[i])
		}
	}
	slices.SortStableFunc(volumes, func(d, e *nova.BlockDevice) int { return strings.Compare(d.VolumeID, e.VolumeID) })
	dicts := make([]Dict, len(volumes))
	for i, d := range volumes {
		dicts[i] = Dict{{"id", &d.VolumeID}, since(r, 3, "delete_on_termination", d.DeleteOnTermination)}
	}
	return dicts
}
