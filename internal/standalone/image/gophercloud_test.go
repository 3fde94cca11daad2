package image_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/imagedata"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"

	"github.com/nova-api/nova-api/internal/standalone/image"
)

// client is a gophercloud client of the service, mounted where it belongs.
func (c cloud) client(as string) *gophercloud.ServiceClient {
	c.t.Helper()
	mux := http.NewServeMux()
	mux.Handle(image.Path+"/", http.StripPrefix(image.Path, c.service))
	server := httptest.NewServer(mux)
	c.t.Cleanup(server.Close)
	endpoint := server.URL + image.Path + "/"
	return &gophercloud.ServiceClient{
		ProviderClient: &gophercloud.ProviderClient{TokenID: as}, Endpoint: endpoint, ResourceBase: endpoint + "v2/", Type: "image",
	}
}

func TestGophercloud(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c cloud) {
		c.t = t
		client, ctx := c.client("demo"), t.Context()
		visibility := images.ImageVisibilityPrivate
		made, err := images.Create(ctx, client, images.CreateOpts{
			Name: "snapshot", DiskFormat: "raw", ContainerFormat: "bare", Visibility: &visibility,
			Properties: map[string]string{"image_type": "snapshot", "base_image_ref": "b"},
		}).Extract()
		if err != nil {
			t.Fatal(err)
		}
		if made.Properties["image_type"] != "snapshot" || made.Status != images.ImageStatusQueued || len(made.OpenStackImageImportMethods) == 0 {
			t.Errorf("created: %+v", made)
		}
		if err := imagedata.Upload(ctx, client, made.ID, strings.NewReader("data")).ExtractErr(); err != nil {
			t.Fatal(err)
		}
		data, err := imagedata.Download(ctx, client, made.ID).Extract()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = data.Close() }()
		if text, err := io.ReadAll(data); string(text) != "data" || err != nil {
			t.Errorf("downloaded %q, %v", text, err)
		}
		changed, err := images.Update(ctx, client, made.ID, images.UpdateOpts{images.ReplaceImageName{NewName: "renamed"}}).Extract()
		if err != nil || changed.Name != "renamed" || changed.SizeBytes != 4 || changed.Status != images.ImageStatusActive {
			t.Errorf("updated: %+v, %v", changed, err)
		}
		for range 4 {
			c.make("demo", `{}`)
		}
		pages, err := images.List(client, images.ListOpts{Limit: 2}).AllPages(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if all, err := images.ExtractImages(pages); len(all) != 5 || err != nil {
			t.Errorf("listed %d, %v", len(all), err)
		}
		if err := images.Delete(ctx, client, made.ID).ExtractErr(); err != nil {
			t.Error(err)
		}
		if _, err := images.Get(ctx, client, made.ID).Extract(); !gophercloud.ResponseCodeIs(err, http.StatusNotFound) {
			t.Errorf("deleted: %v", err)
		}
	})
}
