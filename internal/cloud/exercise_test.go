package cloud_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

// A site is a set of services to try the clients on: there is a user of a
// project without an administrator's rights, a network shared with all that
// has a subnet, and an image that all may see.
type site struct {
	options cloud.Options
	user    cloud.Login
	network string // the name of the shared network; empty if there is no network service
	image   string // the name of the public image

	volumeType string                          // the name of a type of volumes; empty if there is no block storage service
	work       func(ctx context.Context) error // lets the block storage service do what it has announced

	clients *cloud.Clients // of bundled services: those that are told of revocations
	// faithful says that the network service heeds If-Match under any load;
	// Neutron forgets it when it repeats an update that met another one.
	faithful bool
}

// exercise tries everything that the clients do.
func exercise(t *testing.T, s site) {
	clients, err := cloud.New(s.options)
	if err != nil {
		t.Fatal(err)
	}
	caller, err := clients.Identity.Validate(t.Context(), s.signIn(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("identity", func(t *testing.T) { exerciseIdentity(t, s, clients, caller) })
	t.Run("image", func(t *testing.T) { exerciseImage(t, s, clients, caller) })
	if s.network != "" {
		t.Run("network", func(t *testing.T) { exerciseNetwork(t, s, clients, caller) })
	}
	if s.volumeType != "" {
		t.Run("volume", func(t *testing.T) { exerciseVolume(t, s, clients, caller) })
	}
}

// signIn gets the user's token.
func (s site) signIn(t *testing.T) string {
	t.Helper()
	domain := object{"name": s.user.UserDomainName}
	body, err := json.Marshal(object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{
			"user": object{"name": s.user.Username, "password": s.user.Password, "domain": domain},
		}},
		"scope": object{"project": object{"name": s.user.ProjectName, "domain": domain}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := request(t.Context(), t, http.MethodPost, strings.TrimSuffix(s.user.URL, "/")+"/auth/tokens", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	response, err := (&http.Client{Transport: s.options.Transport}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(response.Body)
		t.Fatalf("signing in: %s %s", response.Status, text)
	}
	return response.Header.Get("X-Subject-Token")
}

func exerciseIdentity(t *testing.T, s site, clients *cloud.Clients, caller nova.Caller) {
	got := []any{caller.UserName, caller.ProjectName, caller.HasRole("admin"), caller.HasRole("member"), caller.System, caller.DomainID}
	if diff := cmp.Diff([]any{s.user.Username, s.user.ProjectName, false, true, "", ""}, got); diff != "" {
		t.Error(diff)
	}
	if caller.UserID == "" || caller.ProjectID == "" || caller.UserDomainID == "" || caller.ProjectDomainID == "" || !caller.ExpiresAt.After(time.Now()) {
		t.Errorf("incomplete: %+v", caller)
	}
	for range 2 {
		_, err := clients.Identity.Validate(t.Context(), "nonsense")
		wantError(t, err, nova.Unauthorized, unauthorized)
	}
	for id, want := range map[string]bool{caller.ProjectID: true, uuid.NewString(): false, "no/such": false, "": false} {
		if exists, err := clients.Identity.ProjectExists(t.Context(), id); err != nil || exists != want {
			t.Errorf("project %q: %v, %v", id, exists, err)
		}
	}
	wrong := s.options
	wrong.Login.Password = "wrong"
	refused, err := cloud.New(wrong)
	if err != nil {
		t.Fatal(err)
	}
	_, err = refused.Identity.Validate(t.Context(), caller.Token)
	wantError(t, err, nova.Unavailable, keystoneDown, caller.Token)
}

func exerciseImage(t *testing.T, s site, clients *cloud.Clients, caller nova.Caller) {
	service, user := clients.Image.AsService(), clients.Image.As(caller)
	wanted := nova.Image{
		ID: uuid.NewString(), Name: "a backup", Owner: caller.ProjectID, Visibility: "private", DiskFormat: "raw", ContainerFormat: "bare", MinDisk: 1,
		Properties: map[string]string{"image_type": "backup", "backup_type": "daily", "instance_uuid": uuid.NewString()},
	}
	t.Cleanup(func() { _ = service.Delete(context.WithoutCancel(t.Context()), wanted.ID) })
	for range 2 {
		got, err := service.Ensure(t.Context(), wanted)
		if err != nil {
			t.Fatal(err)
		}
		if got.Status != "queued" || got.CreatedAt.IsZero() || got.UpdatedAt.IsZero() {
			t.Errorf("status %q, created %v, updated %v", got.Status, got.CreatedAt, got.UpdatedAt)
		}
		got.Status, got.CreatedAt, got.UpdatedAt = "", time.Time{}, time.Time{}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Error(diff)
		}
	}
	data := make([]byte, 3<<20)
	_, _ = rand.Read(data)
	if err := service.SetFormats(t.Context(), wanted.ID, "qcow2", "bare"); err != nil {
		t.Fatal(err)
	}
	if err := service.Upload(t.Context(), wanted.ID, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	if err := service.SetFormats(t.Context(), wanted.ID, "raw", "bare"); !nova.Is(err, nova.Conflict) {
		t.Errorf("the formats of data that is there: %v", err)
	}
	if err := service.Upload(t.Context(), wanted.ID, bytes.NewReader(data)); !nova.Is(err, nova.Conflict) {
		t.Errorf("a second upload: %v", err)
	}
	seen, err := user.Show(t.Context(), wanted.ID)
	if err != nil || seen.Status != "active" || seen.Size != int64(len(data)) || seen.Owner != caller.ProjectID || seen.DiskFormat != "qcow2" {
		t.Errorf("the owner sees %+v, %v", seen, err)
	}
	wantData(t, user, wanted.ID, data)
	exerciseImageList(t, s, service, user, wanted)
	exerciseProperties(t, user, seen)

	if err := service.Delete(t.Context(), wanted.ID); err != nil {
		t.Error(err)
	}
	if err := service.Delete(t.Context(), wanted.ID); err != nil {
		t.Errorf("deleting once more: %v", err)
	}
	notFound := "Image " + wanted.ID + " could not be found."
	_, err = user.Show(t.Context(), wanted.ID)
	wantError(t, err, nova.NotFound, notFound, caller.Token)
	wantError(t, service.Upload(t.Context(), wanted.ID, strings.NewReader("x")), nova.NotFound, notFound)
	_, err = service.Ensure(t.Context(), wanted)
	wantError(t, err, nova.Gone, notFound)
}

// exerciseProperties gives an image other properties than it has.
func exerciseProperties(t *testing.T, user *cloud.Image, image nova.Image) {
	wanted := map[string]string{"backup_type": "weekly", "a/b~c": "d", "name": "of another attribute"}
	want := map[string]string{"backup_type": "weekly", "a/b~c": "d"}
	for range 2 {
		got, err := user.ReplaceProperties(t.Context(), image, wanted)
		if diff := cmp.Diff(want, got.Properties); err != nil || diff != "" || got.Name != image.Name {
			t.Errorf("%v, %q has (-want +got):\n%s", err, got.Name, diff)
		}
		image = got
	}
	image.ID = "0e7a0001-0000-4000-8000-00000000000f"
	_, err := user.ReplaceProperties(t.Context(), image, nil)
	wantError(t, err, nova.NotFound, "Image "+image.ID+" could not be found.")
}

func exerciseImageList(t *testing.T, s site, service, user *cloud.Image, wanted nova.Image) {
	query := cloud.ImageQuery{Owner: wanted.Owner, Properties: map[string]string{
		"instance_uuid": wanted.Properties["instance_uuid"], "backup_type": "daily",
	}}
	images, err := service.List(t.Context(), query)
	if err != nil || len(images) != 1 || images[0].ID != wanted.ID {
		t.Errorf("found %v, %v", images, err)
	}
	query.Properties["backup_type"] = "weekly"
	if images, err := service.List(t.Context(), query); err != nil || len(images) != 0 {
		t.Errorf("of another type: %v, %v", images, err)
	}
	images, err = user.List(t.Context(), cloud.ImageQuery{Status: "active"})
	if err != nil || !slices.ContainsFunc(images, func(i nova.Image) bool { return i.Name == s.image && i.Visibility == "public" }) {
		t.Errorf("there is no public image %q in %v, %v", s.image, images, err)
	}
	// What the service sees, the caller needn't.
	hidden, err := service.Ensure(t.Context(), nova.Image{Name: "the service's", Visibility: "private"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Delete(context.WithoutCancel(t.Context()), hidden.ID) })
	_, err = user.Show(t.Context(), hidden.ID)
	wantError(t, err, nova.NotFound, "Image "+hidden.ID+" could not be found.")
	wantData(t, service, hidden.ID, nil)
	if err := user.Delete(t.Context(), hidden.ID); err != nil {
		t.Errorf("what isn't there for the caller is as good as deleted: %v", err)
	}
	exerciseSharing(t, service, user, wanted.Owner)
	if _, err := service.Show(t.Context(), hidden.ID); err != nil {
		t.Errorf("the caller deleted another project's image: %v", err)
	}
	if err := service.Delete(t.Context(), hidden.ID); err != nil {
		t.Error(err)
	}
}

func wantData(t *testing.T, image *cloud.Image, id string, want []byte) {
	t.Helper()
	data, err := image.Download(t.Context(), id)
	if err != nil {
		t.Error(err)
		return
	}
	got, err := io.ReadAll(data)
	if err := errors.Join(err, data.Close()); err != nil || !bytes.Equal(want, got) {
		t.Errorf("%d bytes of data, %v; want %d", len(got), err, len(want))
	}
}

func exerciseNetwork(t *testing.T, s site, clients *cloud.Clients, caller nova.Caller) {
	service, user := clients.Network.AsService(), clients.Network.As(caller)
	available, err := user.Available(t.Context(), caller.ProjectID)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(available, func(n nova.Network) bool { return n.Name == s.network })
	if at < 0 {
		t.Fatalf("there is no network %q among %v", s.network, available)
	}
	network := available[at]
	if !network.Shared || network.External || len(network.SubnetIDs) == 0 || network.ProjectID == "" {
		t.Errorf("%+v", network)
	}
	found, err := user.Networks(t.Context(), []string{uuid.NewString(), network.ID})
	if diff := cmp.Diff([]nova.Network{network}, found); err != nil || diff != "" {
		t.Errorf("by its ID: %v %s", err, diff)
	}
	one, err := user.Network(t.Context(), network.ID)
	if diff := cmp.Diff(network, one); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	nothing := uuid.NewString()
	_, err = user.Network(t.Context(), nothing)
	wantError(t, err, nova.NotFound, "Network "+nothing+" could not be found.", caller.Token)

	groups, err := user.SecurityGroups(t.Context(), caller.ProjectID)
	if err != nil {
		t.Fatal(err)
	}
	at = slices.IndexFunc(groups, func(g nova.SecurityGroup) bool { return g.Name == "default" && g.ProjectID == caller.ProjectID })
	if at < 0 {
		t.Fatalf("no default group among %v", groups)
	}
	exercisePorts(t, s, service, user, nova.Port{
		NetworkID: network.ID, ProjectID: caller.ProjectID, DeviceID: uuid.NewString(), DeviceOwner: "compute:nova", Host: "fake-1",
	}, groups[at].ID)
}

func exercisePorts(t *testing.T, s site, service *cloud.NetworkAdmin, user *cloud.Network, wanted nova.Port, group string) {
	ctx := t.Context()
	created, err := service.CreatePort(ctx, wanted)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.DeletePort(context.WithoutCancel(ctx), created.ID, wanted.DeviceID) })
	if created.ID == "" || created.MAC == "" || len(created.FixedIPs) == 0 {
		t.Fatalf("incomplete: %+v", created)
	}
	got := nova.Port{NetworkID: created.NetworkID, ProjectID: created.ProjectID, DeviceID: created.DeviceID, DeviceOwner: created.DeviceOwner, Host: created.Host}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{group}, created.SecurityGroups); diff != "" {
		t.Errorf("groups of a port that names none: %s", diff)
	}
	ports, err := service.Ports(ctx, wanted.DeviceID)
	if err != nil || len(ports) != 1 || ports[0].ID != created.ID {
		t.Errorf("ports of the server: %v, %v", ports, err)
	}
	seen, err := user.Port(ctx, created.ID)
	if err != nil || !cmp.Equal(seen.FixedIPs, created.FixedIPs) {
		t.Errorf("the owner sees %+v, %v", seen, err)
	}
	exercisePortFaults(t, service, created)

	for _, server := range []string{uuid.NewString(), wanted.DeviceID} { // that of another server does nothing
		if err := service.UnbindPort(ctx, created.ID, server); err != nil {
			t.Fatal(err)
		}
	}
	free, err := service.Port(ctx, created.ID)
	if err != nil || free.DeviceID != "" || free.DeviceOwner != "" || free.Host != "" || !cmp.Equal(free.FixedIPs, created.FixedIPs) {
		t.Errorf("unbound: %+v, %v", free, err)
	}
	exerciseClaims(t, service, s.faithful, nova.Port{ID: created.ID, ProjectID: wanted.ProjectID, DeviceID: wanted.DeviceID, DeviceOwner: "compute:az1", Host: "fake-2"})
	if floating, err := user.FloatingIPs(ctx, []string{created.ID}); err != nil || len(floating) > 0 {
		t.Errorf("floating addresses: %v, %v", floating, err)
	}
	for range 2 {
		if err := service.DeletePort(ctx, created.ID, wanted.DeviceID); err != nil {
			t.Error(err)
		}
	}
	if err := service.UnbindPort(ctx, created.ID, wanted.DeviceID); err != nil {
		t.Error(err)
	}
	_, err = user.Port(ctx, created.ID)
	wantError(t, err, nova.NotFound, "Port id "+created.ID+" could not be found.")
}

// Of several servers that claim a port, one gets it, and keeps it however often
// the others try: all at once only where the service is faithful.
func exerciseClaims(t *testing.T, service *cloud.NetworkAdmin, faithful bool, wanted nova.Port) {
	t.Helper()
	stranger := wanted
	stranger.ProjectID, stranger.DeviceID = uuid.NewString(), uuid.NewString()
	_, err := service.ClaimPort(t.Context(), stranger)
	wantError(t, err, nova.Invalid, "Port "+wanted.ID+" not usable for instance "+stranger.DeviceID+".")

	const servers = 4
	claims, errs := make([]nova.Port, servers), make([]error, servers)
	var group sync.WaitGroup
	for i := range servers {
		group.Go(func() {
			claim := wanted
			claim.DeviceID = uuid.NewString()
			claims[i], errs[i] = service.ClaimPort(t.Context(), claim)
		})
		if !faithful {
			group.Wait()
		}
	}
	group.Wait()
	var won []nova.Port
	for i, err := range errs {
		if err == nil {
			won = append(won, claims[i])
			continue
		}
		wantError(t, err, nova.Conflict, "Port "+wanted.ID+" is still in use.")
	}
	if len(won) != 1 || won[0].DeviceOwner != wanted.DeviceOwner || won[0].Host != wanted.Host {
		t.Fatalf("claimed by %+v", won)
	}
	if err := service.UnbindPort(t.Context(), wanted.ID, won[0].DeviceID); err != nil {
		t.Error(err)
	}
	for range 2 {
		if got, err := service.ClaimPort(t.Context(), wanted); err != nil || got.DeviceID != wanted.DeviceID {
			t.Errorf("claimed: %+v, %v", got, err)
		}
	}
}

func exercisePortFaults(t *testing.T, service *cloud.NetworkAdmin, there nova.Port) {
	taken, odd := there, there
	taken.MAC, odd.MAC = "", ""
	taken.FixedIPs = []nova.FixedIP{{Address: there.FixedIPs[0].Address}}
	_, err := service.CreatePort(t.Context(), taken)
	wantError(t, err, nova.Conflict, "Fixed IP "+there.FixedIPs[0].Address+" is already in use.")

	odd.FixedIPs = []nova.FixedIP{{Address: "1.2.3.4"}}
	_, err = service.CreatePort(t.Context(), odd)
	wantError(t, err, nova.Invalid, "Invalid input received: Fixed IP 1.2.3.4 is not a valid ip address for network "+there.NetworkID+".")

	nowhere := nova.Port{NetworkID: uuid.NewString(), ProjectID: there.ProjectID}
	_, err = service.CreatePort(t.Context(), nowhere)
	wantError(t, err, nova.NotFound, "Network "+nowhere.NetworkID+" could not be found.")
}

// exerciseSharing lets the caller's project see an image of another project.
func exerciseSharing(t *testing.T, service, user *cloud.Image, projectID string) {
	t.Helper()
	made, err := service.Ensure(t.Context(), nova.Image{ID: uuid.NewString(), Name: "to be shared", Visibility: "shared"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Delete(context.WithoutCancel(t.Context()), made.ID) })
	_, err = user.Show(t.Context(), made.ID)
	wantError(t, err, nova.NotFound, "Image "+made.ID+" could not be found.")
	for range 2 {
		if err := service.Share(t.Context(), made.ID, projectID); err != nil {
			t.Errorf("share: %v", err)
		}
	}
	if _, err := user.Show(t.Context(), made.ID); err != nil {
		t.Errorf("the member doesn't see the image: %v", err)
	}
}
