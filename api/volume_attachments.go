package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// VolumeAttachments answers for /servers/{server_id}/os-volume_attachments: the volumes
// of a server, by their IDs.
type VolumeAttachments struct{ ofServer }

// Operations are the operations on a server's volumes.
func (c *VolumeAttachments) Operations() rest.Operations {
	return rest.Operations{
		"index":  rest.On(c.load, c.index).Needs(policy.VolumeAttachmentIndex).Query(schema.VolumeAttachmentsQuery),
		"show":   rest.On(c.load, c.show).Needs(policy.VolumeAttachmentShow).Query(schema.IgnoredQuery),
		"create": rest.OnWith(c.load, schema.VolumeAttachmentCreate, c.create).Needs(policy.VolumeAttachmentCreate).StatusSince(101, http.StatusAccepted),
		"update": rest.OnWith(c.load, schema.VolumeAttachmentUpdate, c.update).Status(http.StatusAccepted),
		"delete": rest.On(c.load, c.delete).Needs(policy.VolumeAttachmentDelete).Status(http.StatusAccepted),
	}
}

// index lists the volumes of a server. What has no attachment yet, or no volume, isn't
// there since 2.89, and counts for pages all the same.
func (c *VolumeAttachments) index(_ context.Context, r *rest.Request, s nova.Server) (any, error) {
	page := r.Page()
	devices := s.BlockDevices[min(page.Offset, len(s.BlockDevices)):]
	devices = slices.Clone(devices[:min(r.LimitOrAll(), len(devices))])
	devices = slices.DeleteFunc(devices, func(d nova.BlockDevice) bool { return !isShown(r, d) })
	return views.VolumeAttachments{}.Index(r, s, devices), nil
}

// isShown reports whether a block device is one of a volume that clients see.
func isShown(r *rest.Request, d nova.BlockDevice) bool {
	return d.VolumeID != "" && (d.AttachmentID != "" || !r.AtLeast(89))
}

func (c *VolumeAttachments) show(_ context.Context, r *rest.Request, s nova.Server) (any, error) {
	device, found := s.BlockDevice(r.ID())
	if !found || !isShown(r, device) {
		return nil, nova.Errorf(nova.NotFound, "Instance %s is not attached to volume %s", s.ID, r.ID())
	}
	return views.VolumeAttachments{}.Show(r, s, device), nil
}

// create attaches a volume. The answer comes when the volume is reserved, and the host
// is still at work; since 2.101 it has no body.
func (c *VolumeAttachments) create(ctx context.Context, r *rest.Request, s nova.Server, in schema.VolumeAttachmentBody) (any, error) {
	if err := checkShelved(r, s, compute.AttachVolume); err != nil {
		return nil, err
	}
	wanted := compute.VolumeRequest{
		VolumeID: in.Attachment.VolumeID, Device: in.Attachment.Device.Value, Tag: text(in.Attachment.Tag),
		DeleteOnTermination: wants(in.Attachment.DeleteOnTermination), Multiattach: r.AtLeast(60),
	}
	device, err := c.Compute.AttachVolume(ctx, s, wanted)
	if err != nil || r.AtLeast(101) {
		return nil, err
	}
	return views.VolumeAttachments{}.Created(r, s, nova.BlockDevice{
		VolumeID: wanted.VolumeID, Device: device, Tag: wanted.Tag, DeleteOnTermination: wanted.DeleteOnTermination,
	}), nil
}

// checkShelved refuses to change the volumes of a shelved server before 2.20.
func checkShelved(r *rest.Request, s nova.Server, verb compute.Verb) error {
	if r.AtLeast(20) || s.VMState != nova.Shelved && s.VMState != nova.ShelvedOffloaded {
		return nil
	}
	return nova.Errorf(nova.Conflict, "Cannot '%s' instance %s while it is in vm_state %s", verb, s.ID, s.VMState)
}

// update changes whether a volume goes with its server, since 2.85, and puts another
// volume in the place of one. Which of the two rules counts depends on the body.
func (c *VolumeAttachments) update(ctx context.Context, r *rest.Request, s nova.Server, in schema.VolumeAttachmentBody) (any, error) {
	swaps := !r.AtLeast(85) || in.Attachment.VolumeID != r.ID()
	var err error
	if swaps {
		err = r.Enforce(policy.VolumeAttachmentSwap, policy.Target{})
	} else {
		project, user := s.Owner()
		err = r.Enforce(policy.VolumeAttachmentUpdate, policy.Target{ProjectID: project, UserID: user})
	}
	if err == nil && r.AtLeast(85) {
		err = c.change(ctx, r, s, in)
	}
	if err == nil && swaps {
		err = c.Compute.SwapVolume(ctx, s, r.ID(), in.Attachment.VolumeID)
	}
	return nil, err
}

// change changes the one thing of an attachment that may be changed. Everything else
// must be as it is.
func (c *VolumeAttachments) change(ctx context.Context, r *rest.Request, s nova.Server, in schema.VolumeAttachmentBody) error {
	wanted := in.Attachment
	device, found := s.BlockDevice(r.ID())
	if !found {
		return nova.Errorf(nova.NotFound, "No volume Block Device Mapping with id %s.", r.ID())
	}
	for _, fixed := range []struct {
		name    string
		differs bool
	}{
		{"id", wanted.ID != nil && *wanted.ID != r.ID()},
		{"serverId", wanted.ServerID != nil && *wanted.ServerID != s.ID},
		{"device", wanted.Device.Set && (wanted.Device.Null || wanted.Device.Value != device.Device)},
		{"tag", wanted.Tag != nil && *wanted.Tag != device.Tag},
	} {
		if fixed.differs {
			return nova.Errorf(nova.Invalid, "The %s property is not mutable", fixed.name)
		}
	}
	if wanted.DeleteOnTermination == nil {
		return nil
	}
	return c.Compute.UpdateAttachment(ctx, s, r.ID(), wants(wanted.DeleteOnTermination))
}

// delete starts to take a volume from a server, and answers before it is without it.
func (c *VolumeAttachments) delete(ctx context.Context, r *rest.Request, s nova.Server) (any, error) {
	if err := checkShelved(r, s, compute.DetachVolume); err != nil {
		return nil, err
	}
	return nil, c.Compute.DetachVolume(ctx, s, r.ID())
}
