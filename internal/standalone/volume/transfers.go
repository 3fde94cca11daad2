package volume

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// The versions of the calls about transfers (api-ref, "Volume transfers").
const (
	transferSnapshots version = 55 // the snapshots may stay; a path of its own
	transferHistory   version = 57 // whose volume it is, and becomes
	transferPages     version = 59 // the newest first
)

// awaitingTransfer is the status of a volume that is offered.
const awaitingTransfer = "awaiting-transfer"

// transferRoutes are the calls by which a project gives a volume to another.
func (s *Service) transferRoutes() []route {
	var routes []route
	for path, since := range map[string]version{"/os-volume-transfer": 0, "/volume-transfers": transferSnapshots} {
		routes = append(
			routes,
			route{"GET", path, since, s.listTransfers},
			route{"GET", path + "/detail", since, s.detailTransfers},
			route{"POST", path, since, s.createTransfer},
			route{"GET", path + "/{id}", since, s.showTransfer},
			route{"DELETE", path + "/{id}", since, s.deleteTransfer},
			route{"POST", path + "/{id}/accept", since, s.acceptTransfer},
		)
	}
	return routes
}

// findTransfer finds a transfer of the caller's project. An administrator sees all.
// Who is to have the volume doesn't see it, and needs its ID as well as the key.
func (s *Service) findTransfer(ctx context.Context, id string) (volumedb.Transfer, error) {
	t, err := s.Store.Transfers.Get(ctx, id)
	if err == nil && !canRead(nova.CallerOf(ctx), t.ProjectID) || nova.Is(err, nova.NotFound) {
		return t, noTransfer(id)
	}
	return t, err
}

// noTransfer is the error for a transfer that isn't there.
func noTransfer(id string) error {
	return nova.Errorf(nova.NotFound, "Transfer %s could not be found.", id)
}

// transferSummary shows a transfer briefly: in lists, and to who has accepted it.
func (s *Service) transferSummary(r *http.Request, t volumedb.Transfer) object {
	return object{"id": t.ID, "volume_id": t.VolumeID, "name": t.Name, "links": s.links(r, "volume-transfers", t.ID)}
}

// transferView shows a transfer, which nobody has accepted yet.
func (s *Service) transferView(r *http.Request, t volumedb.Transfer) object {
	view := s.transferSummary(r, t)
	view["created_at"] = timestamp(&t.CreatedAt)
	if versionOf(r) >= transferSnapshots {
		view["no_snapshots"] = t.NoSnapshots
	}
	if versionOf(r) >= transferHistory {
		view["source_project_id"], view["destination_project_id"], view["accepted"] = t.ProjectID, nil, false
	}
	return view
}

// transferFilters are the filters of lists of transfers.
var transferFilters = map[string]filter{"name": {column: "name"}, "id": {column: "id"}, "volume_id": {column: "volume_id"}}

// listTransfers: GET /os-volume-transfer answers 200 with names and IDs.
func (s *Service) listTransfers(r *http.Request) (kit.Reply, error) {
	return s.listOfTransfers(r, "volume-transfers", s.transferSummary)
}

// detailTransfers: GET /os-volume-transfer/detail answers 200.
func (s *Service) detailTransfers(r *http.Request) (kit.Reply, error) {
	return s.listOfTransfers(r, "volume-transfers/detail", s.transferView)
}

// listOfTransfers finds the transfers of one page. By a parameter that transfers don't
// have, nothing is found: not an error, as in Cinder's other lists.
func (s *Service) listOfTransfers(r *http.Request, path string, show func(*http.Request, volumedb.Transfer) object) (kit.Reply, error) {
	caller := nova.CallerOf(r.Context())
	if err := mayRead(caller, caller.ProjectID, "volume:get_all_transfers"); err != nil {
		return kit.Reply{}, err
	}
	for name := range r.URL.Query() { // Horizon asks for volumes and for their transfers by the same filters
		if _, ok := transferFilters[name]; !ok && !slices.Contains(listKeys, name) {
			return kit.Reply{Body: object{"transfers": []object{}}}, nil
		}
	}
	var order []nova.Sort
	if versionOf(r) < transferPages {
		order = []nova.Sort{{Key: "created_at"}}
	}
	return listPage(s, r, listing[volumedb.Transfer]{
		table: s.Store.Transfers, filters: transferFilters, path: path, key: "transfers", order: order,
		find: func(ctx context.Context, id string) error { _, err := s.findTransfer(ctx, id); return err },
		view: inTurn(func(t volumedb.Transfer) object { return show(r, t) }),
	})
}

// showTransfer: GET /os-volume-transfer/{id} answers 200, without the key.
func (s *Service) showTransfer(r *http.Request) (kit.Reply, error) {
	t, err := s.findTransfer(r.Context(), chi.URLParam(r, "id"))
	return kit.Reply{Body: object{"transfer": s.transferView(r, t)}}, err
}

// newTransfer is what a client says of a new transfer.
var newTransfer = schema{key: "transfer", props: []prop{
	{name: "volume_id", check: uuidText, required: true},
	{name: "name", check: optionalText},
	{name: "no_snapshots", check: boolean, since: transferSnapshots},
}}

// createTransfer: POST /os-volume-transfer answers 202 with the key, which is told
// this once. Invalid for a volume or a snapshot that goes along and isn't available.
func (s *Service) createTransfer(r *http.Request) (kit.Reply, error) {
	ctx := r.Context()
	body, err := s.body(r, newTransfer)
	if err != nil {
		return kit.Reply{}, err
	}
	t, key := volumedb.Transfer{Name: textOf(body, "name")}, rand.Text()
	t.ID, t.KeyHash = uuid.NewString(), hashOf(key)
	t.NoSnapshots, _ = boolOf(body["no_snapshots"])
	volumeID, _ := body["volume_id"].(string)
	_, err = s.changeVolume(ctx, volumeID, "volume:create_transfer", func(tx *volumedb.Store, v *volumedb.Volume) error {
		if v.Status != available {
			return invalidVolume("status must be available")
		}
		if _, err := movable(ctx, tx, v.ID, t.NoSnapshots); err != nil {
			return err
		}
		v.Status, t.VolumeID, t.ProjectID = awaitingTransfer, v.ID, v.ProjectID
		t, err = tx.Transfers.Create(ctx, t)
		return err
	})
	if err != nil {
		return kit.Reply{}, err
	}
	view := s.transferView(r, t)
	view["auth_key"] = key
	return kit.Reply{Status: http.StatusAccepted, Body: object{"transfer": view}}, nil
}

// hashOf is what is kept of a key. It is long and random, so it needs no salt.
func hashOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// movable are the snapshots that go along with a volume: all, if they are available,
// or none.
func movable(ctx context.Context, tx *volumedb.Store, volumeID string, stay bool) ([]volumedb.Snapshot, error) {
	if stay {
		return nil, nil
	}
	there, err := tx.SnapshotsOf(ctx, volumeID)
	for _, one := range there {
		if one.Status != available {
			return nil, nova.Errorf(nova.Invalid, "Invalid snapshot: snapshot: %s status must be available", one.ID) //nolint:dupword // as Cinder writes it
		}
	}
	return there, err
}

// deleteTransfer: DELETE /os-volume-transfer/{id} withdraws an offer and answers 202;
// the volume is available again.
func (s *Service) deleteTransfer(r *http.Request) (kit.Reply, error) {
	ctx := r.Context()
	t, err := s.findTransfer(ctx, chi.URLParam(r, "id"))
	if err != nil {
		return kit.Reply{}, err
	}
	_, err = s.changeVolume(ctx, t.VolumeID, "volume:delete_transfer", func(tx *volumedb.Store, v *volumedb.Volume) error {
		if v.Status == awaitingTransfer {
			v.Status = available
		}
		return missing(tx.Transfers.Delete(ctx, t.ID), noTransfer(t.ID))
	})
	return accepted(), err
}

// acceptedTransfer is what a client says that accepts a transfer. The key may be
// written as a number, if it looks like one.
var acceptedTransfer = schema{key: "accept", props: []prop{{name: "auth_key", required: true, check: func(value any) string {
	switch value.(type) {
	case string, json.Number:
		return ""
	}
	return python.Repr(value) + " is not of type 'string', 'integer'"
}}}}

// acceptTransfer: POST /os-volume-transfer/{id}/accept {"accept": {"auth_key": …}}
// makes the volume the caller's project's, and answers 202. Invalid for a wrong key,
// NotFound for a transfer that somebody else has accepted, the quota's error (413) if
// the project has no room for the volume.
func (s *Service) acceptTransfer(r *http.Request) (kit.Reply, error) {
	ctx, caller, id := r.Context(), nova.CallerOf(r.Context()), chi.URLParam(r, "id")
	if err := mayWrite(caller, caller.ProjectID, "volume:accept_transfer"); err != nil {
		return kit.Reply{}, err
	}
	body, err := s.body(r, acceptedTransfer)
	if err != nil {
		return kit.Reply{}, err
	}
	t, err := s.Store.Transfers.Get(ctx, id)
	if err != nil {
		return kit.Reply{}, missing(err, noTransfer(id))
	}
	if subtle.ConstantTimeCompare([]byte(hashOf(python.Str(body["auth_key"]))), []byte(t.KeyHash)) != 1 {
		return kit.Reply{}, nova.Errorf(nova.Invalid, "Invalid auth key: Attempt to transfer %s with invalid auth key.", id)
	}
	_, err = s.alter(ctx, t.VolumeID, func(tx *volumedb.Store, v *volumedb.Volume) error { return s.handOver(ctx, tx, t, v) })
	return kit.Reply{Status: http.StatusAccepted, Body: object{"transfer": s.transferSummary(r, t)}}, err
}

// handOver gives a volume that is locked, and the snapshots that go along, to the
// caller's project, which needs quota for them. The volume's and each snapshot's is
// taken by itself, since each may be over the limit of its own kind. Of two who accept
// at once, the second finds no transfer.
func (s *Service) handOver(ctx context.Context, tx *volumedb.Store, t volumedb.Transfer, v *volumedb.Volume) error {
	caller := nova.CallerOf(ctx)
	if v.Status != awaitingTransfer {
		return invalidVolume("Volume status must be awaiting-transfer, but current status is: %s.", v.Status)
	}
	if err := tx.Transfers.Delete(ctx, t.ID); err != nil {
		return missing(err, noTransfer(t.ID))
	}
	snapshots, err := movable(ctx, tx, v.ID, t.NoSnapshots)
	if err != nil {
		return err
	}
	if err := s.takeQuota(ctx, tx, caller.ProjectID, volumeNeeds(*v)); err != nil {
		return err
	}
	v.ProjectID, v.UserID, v.Status = caller.ProjectID, caller.UserID, available
	taken := v.Size // which isn't written yet, so it isn't counted
	for _, one := range snapshots {
		taken += one.Size
		if err := s.takeQuota(ctx, tx, caller.ProjectID, needs{"snapshots", taken, v.TypeName, 0}); err != nil {
			return err
		}
		_, err := tx.Snapshots.Change(ctx, one.ID, func(_ *volumedb.Store, one *volumedb.Snapshot) error {
			one.ProjectID, one.UserID = caller.ProjectID, caller.UserID
			return nil
		})
		if err != nil {
			return err
		}
		taken -= one.Size // which is counted now
	}
	return nil
}
