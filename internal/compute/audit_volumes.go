package compute

import (
	"context"
	"fmt"
	"slices"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// attached are attachments of volumes, by their IDs.
type attached map[string]nova.VolumeAttachment

// attachments are what the block storage service knows, without what is noted to be swept:
// nothing, if nobody can be asked.
func (a Audit) attachments(ctx context.Context) (attached, error) {
	all := attached{}
	if a.Attachments == nil {
		return all, nil
	}
	found, err := a.Attachments(ctx)
	if err != nil {
		return nil, err
	}
	left, err := a.Store.NotedVolumes(ctx)
	if err != nil {
		return nil, err
	}
	for _, attachment := range found {
		noted := func(l db.VolumeLeftover) bool {
			return l.ServerID == attachment.ServerID && l.VolumeID == attachment.VolumeID
		}
		if !slices.ContainsFunc(left, noted) {
			all[attachment.ID] = attachment
		}
	}
	return all, nil
}

// compareServer tells which volumes a server has that the block storage service has not
// attached to it, and leaves the attachments that no server was asked about. A server that
// is being worked on may be between the two, and one in error anywhere.
func (all attached) compareServer(s nova.Server, busy bool) (wrong []string) {
	for _, d := range s.BlockDevices {
		attachment, found := all[d.AttachmentID]
		fits := found && attachment.VolumeID == d.VolumeID && attachment.ServerID == s.ID
		fits = fits && (attachment.Status == isAttached || s.VMState == nova.ShelvedOffloaded)
		if !fits && !busy && s.VMState != nova.Errored {
			wrong = append(wrong, fmt.Sprintf("server %s has volume %s, which is not attached to it", s.ID, d.VolumeID))
		}
	}
	for id, attachment := range all {
		if attachment.ServerID != s.ID {
			continue
		}
		device, has := s.BlockDevice(attachment.VolumeID)
		if !busy && s.VMState != nova.Errored && (!has || device.AttachmentID != id) {
			wrong = append(wrong, fmt.Sprintf("volume %s is attached to server %s, which doesn't know it", attachment.VolumeID, s.ID))
		}
		delete(all, id)
	}
	slices.Sort(wrong)
	return wrong
}

// compareRest tells which attachments are left of servers that have been deleted. Those to
// servers that there never were are somebody else's.
func (all attached) compareRest(ctx context.Context, store *db.Store) (wrong []string, err error) {
	for _, attachment := range all {
		server, err := store.AnyServer(ctx, attachment.ServerID)
		if nova.Is(err, nova.NotFound) || err == nil && server.DeletedAt == nil { // the latter is new
			continue
		}
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, fmt.Sprintf("volume %s is attached to server %s, which is deleted", attachment.VolumeID, attachment.ServerID))
	}
	slices.Sort(wrong)
	return wrong, nil
}
