package api

import (
	"context"
	"strings"

	"github.com/nova-api/nova-api/api/rest"
	"github.com/nova-api/nova-api/api/schema"
	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/compute"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/policy"
	"github.com/nova-api/nova-api/views"
)

// rebuild starts to make the server anew from an image, and answers with the
// server as it is about to be. Certificates for the image have a rule of their
// own, even if they are taken away.
func (c *Servers) rebuild(ctx context.Context, r *rest.Request, s nova.Server, in schema.RebuildBody) (any, error) {
	request, err := rebuildRequest(r, s, in)
	if err != nil {
		return nil, err
	}
	rebuilt, password, err := c.Compute.Rebuild(ctx, s, request)
	if err != nil {
		return nil, err
	}
	r.Header("Location", r.URL("servers", s.ID))
	shown, err := c.withHost(ctx, r, rebuilt)
	if err != nil {
		return nil, err
	}
	return views.Servers{}.Rebuilt(r, shown, c.shownPassword(password)), nil
}

// rebuildRequest decodes a body. What the client leaves out stays as it is.
func rebuildRequest(r *rest.Request, s nova.Server, in schema.RebuildBody) (request compute.RebuildRequest, err error) {
	b := in.Rebuild
	if b.TrustedImageCertificates.Set {
		if err := r.Enforce(policy.RebuildTrustedCerts, policy.Target{ProjectID: s.ProjectID, UserID: s.UserID}); err != nil {
			return request, err
		}
	}
	request = compute.RebuildRequest{
		ImageID: b.ImageRef, Password: b.AdminPass, PreserveEphemeral: bool(b.PreserveEphemeral), ZeroDisk: r.Can(policy.ServerCreateZeroDiskFlavor), Reimage: r.AtLeast(93),
		Change: db.ServerChange{
			Name: convert(strings.TrimSpace, b.Name), Hostname: b.Hostname,
			AccessIPv4: convert(address, b.AccessIPv4), AccessIPv6: convert(address, b.AccessIPv6),
		},
	}
	if b.DiskConfig != nil {
		request.DiskConfig = *b.DiskConfig
	}
	if b.Metadata != nil {
		request.Change.Metadata = &b.Metadata
	}
	if b.Description.Set {
		request.Change.Description = new(pointer(b.Description))
	}
	if b.UserData.Set {
		request.Change.UserData = new(pointer(b.UserData))
	}
	if b.KeyName.Set {
		request.KeyName = new(pointer(b.KeyName))
	}
	if b.TrustedImageCertificates.Set {
		request.TrustedCerts = &b.TrustedImageCertificates.Value
	}
	request.Files, err = injectedFiles(b.Personality)
	return request, err
}
