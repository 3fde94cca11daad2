package cloud_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/db/dbtest"
	"github.com/nova-api/nova-api/db/identitydb"
	"github.com/nova-api/nova-api/db/imagedb"
	"github.com/nova-api/nova-api/db/networkdb"
	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/standalone/identity"
	"github.com/nova-api/nova-api/internal/standalone/image"
	"github.com/nova-api/nova-api/internal/standalone/network"
	"github.com/nova-api/nova-api/internal/standalone/volume"
)

const (
	bundledURL = "http://bundled"
	password   = "a password for tests"
)

// The bundled services and the clients understand each other.
func TestBundled(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, store *db.Store) { exercise(t, bundled(t, store)) })
}

// bundled starts the bundled services, to be reached in this process alone.
func bundled(t *testing.T, store *db.Store, change ...func(*identity.Options)) site {
	t.Helper()
	var clients *cloud.Clients
	validate := func(ctx context.Context, token string) (nova.Caller, error) {
		return clients.Identity.Validate(ctx, token)
	}
	authURL := func(*http.Request) string { return bundledURL + identity.Path }

	identityOptions := identity.Options{
		Store: identitydb.New(store.DB), Log: zerolog.Nop(), PublicURL: bundledURL, ServicePassword: password, PasswordCost: 4, Clock: time.Now,
	}
	for _, f := range change {
		f(&identityOptions)
	}
	users := identity.New(identityOptions)
	if _, err := users.Seed(t.Context(), identity.SeedOptions{AdminPassword: password}); err != nil {
		t.Fatal(err)
	}
	images, err := image.New(image.Options{
		Store: imagedb.New(store.DB), Dir: t.TempDir(), Log: zerolog.Nop(), Validate: validate, AuthURL: authURL, PublicURL: bundledURL, Owner: "nobody",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := images.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	networks := network.New(network.Options{
		Store: networkdb.New(store.DB), Log: zerolog.Nop(), Validate: validate, AuthURL: authURL, PublicURL: bundledURL, Owner: "nobody",
	})
	if err := networks.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	volumes, err := volume.New(volume.Options{
		Store: volumedb.New(store.DB), Dir: t.TempDir(), Log: zerolog.Nop(), Validate: validate, AuthURL: authURL, PublicURL: bundledURL, Host: "here",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := volumes.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	transport, err := cloud.NewInProcess(cloud.InProcessOptions{Services: map[string]http.Handler{
		bundledURL + identity.Path: users,
		bundledURL + image.Path:    images,
		bundledURL + network.Path:  networks,
		bundledURL + volume.Path:   volumes,
	}})
	if err != nil {
		t.Fatal(err)
	}
	login := cloud.Login{
		URL: bundledURL + identity.Path + "/v3", Username: identity.ServiceUser, Password: password, ProjectName: "service",
		UserDomainName: "Default", ProjectDomainName: "Default",
	}
	options := cloud.Options{
		Login:          login,
		Image:          cloud.Endpoint{Override: bundledURL + image.Path},
		Network:        cloud.Endpoint{Override: bundledURL + network.Path},
		Volume:         cloud.Endpoint{Override: bundledURL + volume.Path},
		Transport:      transport,
		TokenCacheTime: 300 * time.Second,
		CatchUp:        users.CatchUp,
	}
	if clients, err = cloud.New(options); err != nil {
		t.Fatal(err)
	}
	users.OnRevocation(clients.Identity.Forget)
	volumes.Images = clients.Image
	user := login
	user.Username, user.ProjectName = "demo", "demo"
	return site{options: options, user: user, network: "private", image: "cirros", volumeType: "__DEFAULT__", work: volumes.Work, clients: clients}
}
