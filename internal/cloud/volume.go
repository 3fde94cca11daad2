package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/nova-api/nova-api/internal/nova"
)

// VolumeService is the block storage service. Choose in whose name to ask it: what
// a request may see and use is asked in the caller's name, and so is whatever is to
// belong to the caller's project. What a worker does is done in the service user's.
type VolumeService struct{ conn conn }

// As asks in a caller's name: what the caller can't see isn't there. The service
// user's token goes along, since the block storage service takes a volume from a
// server only if the compute service says so (CVE-2023-2088).
func (s *VolumeService) As(caller nova.Caller) *Volume { return &Volume{s.conn.as(caller)} }

// AsService asks in the service user's name, which sees every project's volumes.
// What it creates belongs to the service user's own project.
func (s *VolumeService) AsService() *Volume { return &Volume{s.conn} }

// Volume is a client of the block storage service. Its errors have the kinds and
// texts of Nova (nova/volume/cinder.py): NotFound, Forbidden, Invalid for what the
// service refuses, Conflict, OverQuota, and Unavailable while it can't be reached.
type Volume struct{ conn conn }

// The microversions that Nova asks for. All that isn't about attachments is the
// same in the oldest one.
const (
	attachmentsVersion = "3.44" // attachments that can be completed
	reimageVersion     = "3.68"
)

// at is the header that asks for a microversion.
func at(version string) map[string]string {
	if version == "" {
		return nil
	}
	return map[string]string{"OpenStack-API-Version": "volume " + version}
}

// Show finds a volume. The error is NotFound if there is none that may be seen.
func (v *Volume) Show(ctx context.Context, id string) (nova.Volume, error) {
	var d struct {
		Volume volumeDocument `json:"volume"`
	}
	err := v.conn.get(ctx, below("volumes", id), nil, &d)
	return d.Volume.volume(), v.volumeFault(err, id)
}

// List finds the volumes of the caller's project, newest first.
func (v *Volume) List(ctx context.Context) ([]nova.Volume, error) {
	return volumeList(ctx, v, "volumes", "volumes/detail", volumeDocument.volume)
}

// Create has a volume made, which takes a while: it is available when its status
// says so. It belongs to the project of whoever asks. The error is OverQuota if the
// project may have no more, and NotFound if what it is to be made of isn't there.
func (v *Volume) Create(ctx context.Context, n nova.NewVolume) (nova.Volume, error) {
	body := map[string]any{"name": n.Name, "description": n.Description, "metadata": n.Metadata}
	if n.Metadata == nil {
		body["metadata"] = map[string]any{}
	}
	if n.Size > 0 {
		body["size"] = n.Size
	}
	for key, value := range map[string]string{
		"availability_zone": n.Zone, "volume_type": n.Type, "snapshot_id": n.SnapshotID, "imageRef": n.ImageID,
	} {
		if value != "" {
			body[key] = value
		}
	}
	var d struct {
		Volume volumeDocument `json:"volume"`
	}
	err := v.conn.send(ctx, http.MethodPost, "volumes", map[string]any{"volume": body}, &d)
	return d.Volume.volume(), v.fault(err, phrase{
		status: http.StatusRequestEntityTooLarge, kind: nova.OverQuota, text: wordsOf(err),
	}, phrase{status: http.StatusNotFound, kind: nova.NotFound, text: wordsOf(err)})
}

// MadeFor finds the volumes whose metadata have a value under a key, of all projects. Ask in
// the service user's name.
func (v *Volume) MadeFor(ctx context.Context, key, value string) ([]nova.Volume, error) {
	filter, err := json.Marshal(map[string]string{key: value})
	if err != nil {
		return nil, fmt.Errorf("write a filter: %w", err)
	}
	query := url.Values{"all_tenants": {"1"}, "metadata": {string(filter)}}
	found, err := pages(ctx, v.conn, "volumes", "volumes/detail", query, nil, volumeDocument.volume, func(err error) error { return v.fault(err) })
	return slices.DeleteFunc(found, func(v nova.Volume) bool { return v.Metadata[key] != value }), err // a service may leave a filter out
}

// Delete has a volume removed. The error is NotFound if there is none, and Invalid
// if a server has it.
func (v *Volume) Delete(ctx context.Context, id string) error {
	return v.volumeFault(v.conn.call(ctx, below("volumes", id), nil, http.MethodDelete, &gophercloud.RequestOpts{}), id)
}

// BeginDetaching marks a volume as about to be taken from its server, so that
// nobody else does the same. The error is Invalid if the volume isn't in use.
func (v *Volume) BeginDetaching(ctx context.Context, id string) error {
	return v.act(ctx, id, "os-begin_detaching", nil, "")
}

// RollDetaching takes BeginDetaching back.
func (v *Volume) RollDetaching(ctx context.Context, id string) error {
	return v.act(ctx, id, "os-roll_detaching", nil, "")
}

// Reimage writes an image over the data of a volume, which takes a while: the
// service says so with the event volume-reimaged. reserved allows that for a volume
// that is reserved for a server.
func (v *Volume) Reimage(ctx context.Context, id, imageID string, reserved bool) error {
	return v.act(ctx, id, "os-reimage", map[string]any{"image_id": imageID, "reimage_reserved": reserved}, reimageVersion)
}

// MigrationCompleted tells the service, while it moves a volume's data to another volume,
// that a server has copied them there, or has failed to. It returns the ID that the data
// have from then on. The error is Invalid if no such move is under way, and NotFound if one
// of the volumes isn't there, which is so once the service has ended the move.
func (v *Volume) MigrationCompleted(ctx context.Context, id, to string, failed bool) (string, error) {
	var d struct {
		ID string `json:"save_volume_id"`
	}
	body := map[string]any{"os-migrate_volume_completion": map[string]any{"new_volume": to, "error": failed}}
	err := v.conn.sendIf(ctx, http.MethodPost, below("volumes", id, "action"), body, &d, nil)
	return d.ID, v.volumeFault(err, id)
}

// act does something to a volume.
func (v *Volume) act(ctx context.Context, id, action string, body any, version string) error {
	return v.volumeFault(v.conn.sendIf(ctx, http.MethodPost, below("volumes", id, "action"), map[string]any{action: body}, nil, at(version)), id)
}

// Types finds the types of volumes that the caller may choose.
func (v *Volume) Types(ctx context.Context) ([]nova.VolumeType, error) {
	type document struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	return volumeList(ctx, v, "volume_types", "types", func(d document) nova.VolumeType { return nova.VolumeType(d) })
}

// A SnapshotQuota says how many snapshots a project may have, and how many it has.
// Limit is nova.QuotaUnlimited where there is no limit.
type SnapshotQuota struct{ Limit, Used int }

// SnapshotQuota finds the limit of the caller's project.
func (v *Volume) SnapshotQuota(ctx context.Context) (SnapshotQuota, error) {
	var d struct {
		Limits struct {
			Absolute struct {
				Limit int `json:"maxTotalSnapshots"`
				Used  int `json:"totalSnapshotsUsed"`
			} `json:"absolute"`
		} `json:"limits"`
	}
	err := v.conn.get(ctx, "limits", nil, &d)
	return SnapshotQuota(d.Limits.Absolute), v.fault(err)
}

// volumeList reads all pages of a collection.
func volumeList[D, T any](ctx context.Context, v *Volume, key, path string, noun func(D) T) ([]T, error) {
	return pages(ctx, v.conn, key, path, url.Values{}, nil, noun, func(err error) error { return v.fault(err) })
}

// volumeFault puts a failure of a request about one volume in Nova's words, as
// translate_volume_exception in nova/volume/cinder.py does.
func (v *Volume) volumeFault(err error, id string) error {
	return v.fault(err,
		phrase{status: http.StatusNotFound, kind: nova.NotFound, text: fmt.Sprintf("Volume %s could not be found.", id)},
		phrase{status: http.StatusRequestEntityTooLarge, kind: nova.OverQuota, text: wordsOf(err)},
	)
}

// fault puts a failure in Nova's words: those that all requests have in common
// follow the phrases.
func (v *Volume) fault(err error, phrases ...phrase) error {
	var f *failure
	if !errors.As(err, &f) {
		return err
	}
	return v.conn.fault(err, append(phrases,
		phrase{status: http.StatusBadRequest, kind: nova.Invalid, text: "Invalid input received: " + f.said()},
		phrase{status: http.StatusNotAcceptable, kind: nova.Failed, text: "Cinder API version " + attachmentsVersion + " is not available."},
	)...)
}

// wordsOf are the service's own words for a failure.
func wordsOf(err error) string {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.message
	}
	return ""
}
