package api

import (
	"context"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// VolumeAttachments answers for /servers/{server_id}/os-volume_attachments, which
// dashboards read with each server that they show.
type VolumeAttachments struct{ ofServer }

// Operations are the operations on a server's volumes.
func (c *VolumeAttachments) Operations() rest.Operations {
	return rest.Operations{
		"index": rest.On(c.load, c.index).Needs(policy.VolumeAttachmentIndex).Query(schema.VolumeAttachmentsQuery),
	}
}

// index answers with no attachments: there is no volume service, and no server
// boots with volumes.
func (c *VolumeAttachments) index(context.Context, *rest.Request, nova.Server) (any, error) {
	return views.VolumeAttachments{}.List(), nil
}
