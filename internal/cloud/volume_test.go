package cloud_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
)

const volumesDown = "Connection to cinder host failed: the volume service is temporarily unavailable."

// cinderFault is a fault in Cinder's form.
func cinderFault(name string, status int, message string) scripted {
	return scripted{status, object{name: object{"code": status, "message": message}}}
}

// A volume as Cinder shows it.
var disk = object{
	"id": "v1", "name": "disk", "description": nil, "os-vol-tenant-attr:tenant_id": "p1", "status": "in-use", "size": 2, "availability_zone": "nova",
	"volume_type": "fast", "snapshot_id": nil, "bootable": "true", "multiattach": false, "encrypted": false, "created_at": "2026-11-22T12:00:00.000000",
	"metadata": object{"a": "b"}, "volume_image_metadata": object{"min_disk": "1"},
	"attachments": []object{{"server_id": "s1", "attachment_id": "a1", "device": "/dev/vdb", "host_name": nil, "id": "v1"}},
}

var diskVolume = nova.Volume{
	ID: "v1", Name: "disk", ProjectID: "p1", Status: "in-use", Size: 2, Zone: "nova", Type: "fast", Bootable: true, CreatedAt: start,
	Metadata: map[string]string{"a": "b"}, ImageMetadata: map[string]string{"min_disk": "1"},
	Holders: []nova.VolumeHolder{{ServerID: "s1", AttachmentID: "a1", Device: "/dev/vdb"}},
}

// Each is asked in its own project and with its own token, and the service vouches
// for the caller.
func TestVolume_InWhoseName(t *testing.T) {
	t.Parallel()
	cinder := &script{answers: map[string]scripted{
		"GET /v3/p1/volumes/v1":       {200, object{"volume": disk}},
		"GET /v3/p0/volumes/v1":       {200, object{"volume": disk}},
		"DELETE /v3/p1/attachments/a": {200, object{"attachments": []object{}}},
	}}
	b := newBed(t, nil, nil, nil, cinder)
	for _, test := range []struct {
		client              *cloud.Volume
		path, token, extras string
	}{
		{b.Volume.As(caller), "/v3/p1/volumes/v1", caller.Token, "service-1 "},
		{b.Volume.AsService(), "/v3/p0/volumes/v1", "service-1", "service-1 "},
	} {
		got, err := test.client.Show(t.Context(), "v1")
		if diff := cmp.Diff(diskVolume, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		if diff := cmp.Diff([]asked{{"GET " + test.path, test.token, nil}}, cinder.told(t)); diff != "" {
			t.Error(diff)
		}
		if got := cinder.extra[len(cinder.extra)-1]; got != test.extras {
			t.Errorf("%q, want %q", got, test.extras)
		}
	}
	if err := b.Volume.As(caller).Detach(t.Context(), "a"); err != nil || cinder.extra[2] != "service-1 volume 3.44" {
		t.Error(err, cinder.extra)
	}
}

// A service's token that was revoked is renewed, the caller's can't be.
func TestVolume_VouchesAnew(t *testing.T) {
	t.Parallel()
	var b *bed
	b = newBed(t, nil, nil, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := r.Header.Get("X-Auth-Token"); token != caller.Token && !b.keystone.knows(token) || !b.keystone.knows(r.Header.Get("X-Service-Token")) {
			reply(w, http.StatusUnauthorized, object{"error": object{"message": "no"}})
			return
		}
		reply(w, http.StatusOK, object{"volume": disk})
	}))
	for range 2 {
		if _, err := b.Volume.As(caller).Show(t.Context(), "v1"); err != nil {
			t.Fatal(err)
		}
		b.keystone.revoke()
		if _, err := b.Volume.AsService().Show(t.Context(), "v1"); err != nil {
			t.Fatal(err)
		}
		b.keystone.revoke()
	}
	stranger := caller
	stranger.Token = "revoked"
	_, err := b.Volume.As(stranger).Show(t.Context(), "v1")
	wantError(t, err, nova.Unauthorized, unauthorized, stranger.Token)
}

func TestVolume_Endpoint(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		endpoint cloud.Endpoint
		want     string // empty if there is none
	}{
		"the catalog's":     {cloud.Endpoint{Region: "R1"}, "/v3/p1/volumes/v1"},
		"by type and name":  {cloud.Endpoint{Region: "R1", Type: "volumev3", Name: "cinder"}, "/v3/p1/volumes/v1"},
		"of another type":   {cloud.Endpoint{Region: "R1", Type: "volumev2"}, ""},
		"of another name":   {cloud.Endpoint{Region: "R1", Name: "cinderv2"}, ""},
		"a template":        {cloud.Endpoint{Override: "http://cinder/v3/%(project_id)s"}, "/v3/p1/volumes/v1"},
		"an older template": {cloud.Endpoint{Override: "http://cinder/volume/v3/%(tenant_id)s/"}, "/volume/v3/p1/volumes/v1"},
		"with a version":    {cloud.Endpoint{Override: "http://cinder/v3/"}, "/v3/p1/volumes/v1"},
		"bare":              {cloud.Endpoint{Override: "http://cinder/volume"}, "/volume/v3/p1/volumes/v1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cinder := &script{answers: map[string]scripted{"GET " + test.want: {200, object{"volume": disk}}}}
			b := newBed(t, nil, nil, func(o *cloud.Options) { o.Volume = test.endpoint }, cinder)
			_, err := b.Volume.As(caller).Show(t.Context(), "v1")
			if test.want == "" {
				wantError(t, err, nova.Unavailable, volumesDown)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestVolume_Faults(t *testing.T) {
	t.Parallel()
	type ask = func(ctx context.Context, v *cloud.Volume) error
	show := func(ctx context.Context, v *cloud.Volume) error { _, err := v.Show(ctx, "x"); return err }
	snapshot := func(ctx context.Context, v *cloud.Volume) error { _, err := v.Snapshot(ctx, "x"); return err }
	reserve := func(ctx context.Context, v *cloud.Volume) error { _, err := v.Reserve(ctx, "x", "s"); return err }
	create := func(ctx context.Context, v *cloud.Volume) error {
		_, err := v.Create(ctx, nova.NewVolume{Size: 1, SnapshotID: "x"})
		return err
	}
	take := func(ctx context.Context, v *cloud.Volume) error {
		_, err := v.CreateSnapshot(ctx, "x", "n", "", true)
		return err
	}
	connect := func(ctx context.Context, v *cloud.Volume) error {
		_, err := v.Connect(ctx, "x", nova.Connector{"host": "h"})
		return err
	}
	for name, test := range map[string]struct {
		ask     ask
		answer  scripted
		kind    nova.Kind
		message string
	}{
		"no volume":       {show, cinderFault("itemNotFound", 404, "gone"), nova.NotFound, "Volume x could not be found."},
		"not allowed":     {show, cinderFault("forbidden", 403, "Policy doesn't allow it"), nova.Forbidden, "Policy doesn't allow it (HTTP 403)"},
		"token refused":   {show, scripted{401, object{"error": object{"message": "no"}}}, nova.Unauthorized, unauthorized},
		"down":            {show, scripted{503, "<html>"}, nova.Unavailable, volumesDown},
		"broken":          {show, scripted{500, "oops"}, nova.Internal, ""},
		"no snapshot":     {snapshot, cinderFault("itemNotFound", 404, "gone"), nova.NotFound, "Snapshot x could not be found."},
		"no attachment":   {connect, cinderFault("itemNotFound", 404, "gone"), nova.NotFound, "Volume attachment x could not be found."},
		"breaks down":     {connect, scripted{504, ""}, nova.Unavailable, volumesDown},
		"conflict":        {connect, cinderFault("conflictingRequest", 409, "Busy"), nova.Conflict, "Busy (HTTP 409)"},
		"too old":         {reserve, scripted{406, object{"computeFault": object{"message": "Version 3.44 is not supported"}}}, nova.Failed, "Cinder API version 3.44 is not available."},
		"in use":          {reserve, cinderFault("badRequest", 400, "Invalid volume: in use"), nova.Invalid, "Invalid input received: Invalid volume: in use (HTTP 400)"},
		"reserve none":    {reserve, cinderFault("itemNotFound", 404, "gone"), nova.NotFound, "Volume x could not be found."},
		"made of nothing": {create, cinderFault("itemNotFound", 404, "Snapshot x could not be found."), nova.NotFound, "Snapshot x could not be found."},
		"too many":        {create, cinderFault("overLimit", 413, "VolumeLimitExceeded: 10"), nova.OverQuota, "VolumeLimitExceeded: 10"},
		"snapshots":       {take, cinderFault("overLimit", 413, "SnapshotLimitExceeded: 10"), nova.OverQuota, "Quota exceeded for resources: snapshots"},
		"snapshot none":   {take, cinderFault("itemNotFound", 404, "gone"), nova.NotFound, "Volume x could not be found."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			b := newBed(t, nil, nil, nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				reply(w, test.answer.status, test.answer.body)
			}))
			wantError(t, test.ask(t.Context(), b.Volume.As(caller)), test.kind, test.message, caller.Token)
			if repeated := test.answer.status == 504; repeated != (asked == 5) {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

// An ID that can't stand in an address is that of nothing.
func TestVolume_ImpossibleID(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil, nil, nil, &script{})
	_, err := b.Volume.As(caller).Show(t.Context(), "..")
	wantError(t, err, nova.NotFound, "Volume .. could not be found.")
	wantError(t, b.Volume.As(caller).Delete(t.Context(), ""), nova.NotFound, "Volume  could not be found.")
}

func exerciseVolume(t *testing.T, s site, clients *cloud.Clients, caller nova.Caller) {
	ctx, user, service := t.Context(), clients.Volume.As(caller), clients.Volume.AsService()
	types, err := user.Types(ctx)
	if err != nil || !slices.ContainsFunc(types, func(one nova.VolumeType) bool { return one.Name == s.volumeType && one.ID != "" }) {
		t.Errorf("types: %v, %v", types, err)
	}
	made, err := user.Create(ctx, nova.NewVolume{Name: "data", Size: 1, Type: s.volumeType, Metadata: map[string]any{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Delete(context.WithoutCancel(ctx), made.ID) })
	one := s.await(t, service, made.ID, nova.VolumeAvailable)
	if one.ProjectID != caller.ProjectID || one.Size != 1 || one.Type != s.volumeType || one.Metadata["a"] != "b" || one.CreatedAt.IsZero() {
		t.Errorf("%+v", one)
	}
	all, err := user.List(ctx)
	if err != nil || !slices.ContainsFunc(all, func(v nova.Volume) bool { return v.ID == one.ID }) {
		t.Errorf("%v, %v", all, err)
	}
	exerciseSnapshot(t, s, user, one)
	exerciseAttachment(t, s, service, user, one)
	if err := user.Delete(ctx, one.ID); err != nil {
		t.Error(err)
	}
	s.await(t, service, one.ID, "")
	_, err = user.Create(ctx, nova.NewVolume{SnapshotID: uuid.Nil.String()})
	wantError(t, err, nova.NotFound, "Snapshot "+uuid.Nil.String()+" could not be found.")
}

// await lets the service work until a volume has a status: an empty one when it is
// gone.
func (s site) await(t *testing.T, v *cloud.Volume, id, status string) nova.Volume {
	t.Helper()
	for range 60 {
		if err := s.work(t.Context()); err != nil {
			t.Fatal(err)
		}
		one, err := v.Show(t.Context(), id)
		if nova.Is(err, nova.NotFound) {
			err = nil
		}
		if err != nil || one.Status == status || one.Status == nova.VolumeError {
			if err != nil || one.Status != status {
				t.Fatalf("%q, %v; want %q", one.Status, err, status)
			}
			return one
		}
	}
	t.Fatalf("volume %s is never %q", id, status)
	return nova.Volume{}
}

func exerciseSnapshot(t *testing.T, s site, user *cloud.Volume, of nova.Volume) {
	t.Helper()
	before, err := user.SnapshotQuota(t.Context())
	if err != nil || before.Limit == 0 {
		t.Errorf("%+v, %v", before, err)
	}
	made, err := user.CreateSnapshot(t.Context(), of.ID, "snap", "of data", true)
	if err != nil || made.VolumeID != of.ID || made.Name != "snap" || made.Description != "of data" || made.Size != of.Size {
		t.Fatalf("%+v, %v", made, err)
	}
	after, err := user.SnapshotQuota(t.Context())
	if err != nil || after.Used != before.Used+1 {
		t.Errorf("%+v, %v", after, err)
	}
	for range 60 {
		if err := s.work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if made, err = user.Snapshot(t.Context(), made.ID); err != nil || made.Status == nova.VolumeAvailable {
			break
		}
	}
	if err != nil || made.Status != nova.VolumeAvailable || made.Progress == "" || made.ProjectID == "" {
		t.Fatalf("%+v, %v", made, err)
	}
	all, err := user.Snapshots(t.Context())
	if err != nil || !slices.ContainsFunc(all, func(one nova.VolumeSnapshot) bool { return one == made }) {
		t.Errorf("%v, %v", all, err)
	}
	if err := user.DeleteSnapshot(t.Context(), made.ID); err != nil {
		t.Error(err)
	}
	for range 60 {
		if err := s.work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err = user.Snapshot(t.Context(), made.ID); err != nil {
			break
		}
	}
	wantError(t, err, nova.NotFound, "Snapshot "+made.ID+" could not be found.")
}

// exerciseAttachment goes all the way from a reserved volume to one that is free
// again.
func exerciseAttachment(t *testing.T, s site, service, user *cloud.Volume, v nova.Volume) {
	t.Helper()
	ctx, server := t.Context(), uuid.NewString()
	a, err := user.Reserve(ctx, v.ID, server)
	if err != nil || a.VolumeID != v.ID || a.ServerID != server || a.Connection.Driver != "" {
		t.Fatalf("%+v, %v", a, err)
	}
	s.await(t, user, v.ID, nova.VolumeReserved)
	if _, err = user.Reserve(ctx, v.ID, uuid.NewString()); !nova.Is(err, nova.Invalid) {
		t.Errorf("reserved twice: %v", err)
	}
	for range 2 {
		a, err = service.Connect(ctx, a.ID, nova.Connector{"host": "h1", "mountpoint": "/dev/vdb"})
		if err != nil || a.Connection.Driver == "" || len(a.Connection.Data) == 0 || a.Connection.Data["attachment_id"] != nil {
			t.Fatalf("%+v, %v", a, err)
		}
		if err := service.Complete(ctx, a.ID); err != nil {
			t.Error(err)
		}
	}
	there := s.await(t, user, v.ID, nova.VolumeInUse)
	if want := []nova.VolumeHolder{{ServerID: server, AttachmentID: a.ID, Device: "/dev/vdb"}}; !cmp.Equal(want, there.Holders) {
		t.Errorf("%+v", there.Holders)
	}
	for who, client := range map[string]*cloud.Volume{"service": service, "user": user} {
		found, err := client.Attachments(ctx, cloud.AttachmentQuery{ServerID: server, VolumeID: v.ID})
		if err != nil || len(found) != 1 || found[0].ID != a.ID {
			t.Errorf("%s: %+v, %v", who, found, err)
		}
	}
	if err := user.BeginDetaching(ctx, v.ID); err != nil {
		t.Error(err)
	}
	if err := user.BeginDetaching(ctx, v.ID); !nova.Is(err, nova.Invalid) {
		t.Errorf("detached twice: %v", err)
	}
	if err := user.RollDetaching(ctx, v.ID); err != nil {
		t.Error(err)
	}
	s.await(t, user, v.ID, nova.VolumeInUse)
	for range 2 { // the caller alone may not
		if err := user.Detach(ctx, a.ID); err != nil {
			t.Error(err)
		}
	}
	_, err = service.Attachment(ctx, a.ID)
	wantError(t, err, nova.NotFound, "Volume attachment "+a.ID+" could not be found.")
	s.await(t, user, v.ID, nova.VolumeAvailable)
}
