package compute

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/cloud"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// deviceName matches the names that a client may give to a disk: match_device in
// nova/block_device.py. The groups are the prefix and the letters.
var deviceName = regexp.MustCompile(`^(/dev/x?[a-z]?d?)([a-z]+)[0-9]*$`)

// nextDevice is the name of another disk of a server: get_next_device_name in
// nova/compute/utils.py. Of the name that a client wants only the letters count,
// since the prefix says what kind of bus the host has. The error is Invalid for what
// is no name, and Conflict for one that another disk has.
func nextDevice(s nova.Server, wanted string) (string, error) {
	root := rootOf(s)
	parts := deviceName.FindStringSubmatch(root)
	if parts == nil {
		return "", nova.Errorf(nova.Invalid, "The supplied device path (%s) is invalid.", root)
	}
	prefix, used := parts[1], usedLetters(s, parts[2])
	if wanted == "" {
		letters := "a"
		for used[letters] {
			letters = nextLetters(letters)
		}
		return prefix + letters, nil
	}
	asked := deviceName.FindStringSubmatch(wanted)
	switch {
	case asked == nil:
		return "", nova.Errorf(nova.Invalid, "The supplied device path (%s) is invalid.", wanted)
	case used[asked[2]]:
		return "", nova.Errorf(nova.Conflict, "The supplied device path (%s) is in use.", wanted)
	}
	return prefix + asked[2], nil
}

// rootOf is the name of the disk that a server boots from.
func rootOf(s nova.Server) string {
	if s.RootDevice == nil {
		return firstDisk
	}
	return *s.RootDevice
}

// usedLetters are those of the disks that a server has: the root disk, the
// flavor's own, which follow it, and the volumes.
func usedLetters(s nova.Server, root string) map[string]bool {
	used := map[string]bool{root: true}
	for letters, own := root, []int{s.Flavor.Ephemeral, s.Flavor.Swap}; len(own) > 0; own = own[1:] {
		if own[0] > 0 {
			letters = nextLetters(letters)
			used[letters] = true
		}
	}
	for _, d := range s.BlockDevices {
		if parts := deviceName.FindStringSubmatch(d.Device); parts != nil {
			used[parts[2]] = true
		}
	}
	return used
}

// nextLetters counts in letters: after z comes aa.
func nextLetters(letters string) string {
	last := len(letters) - 1
	switch {
	case last < 0:
		return "a"
	case letters[last] == 'z':
		return nextLetters(letters[:last]) + "a"
	}
	return letters[:last] + string(letters[last]+1)
}

// isAttached is the status of an attachment that is complete.
const isAttached = "attached"

// changeDevice writes what becomes of one of a server's block devices, in a
// transaction. If the server hasn't got it any more, nothing is written.
func changeDevice(ctx context.Context, tx *db.Store, id, volumeID string, change func(d *nova.BlockDevice)) error {
	s, err := tx.LockServer(ctx, id)
	if err != nil {
		return err
	}
	devices := slices.Clone(s.BlockDevices)
	at := slices.IndexFunc(devices, func(d nova.BlockDevice) bool { return d.VolumeID == volumeID })
	if at < 0 {
		return nil
	}
	change(&devices[at])
	return tx.ChangeServer(ctx, id, db.ServerChange{BlockDevices: &devices})
}

// forgetDevice has a server know nothing of a volume any more.
func forgetDevice(ctx context.Context, tx *db.Store, id, volumeID string) error {
	s, err := tx.LockServer(ctx, id)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(s.BlockDevices), func(d nova.BlockDevice) bool { return d.VolumeID == volumeID })
	return tx.ChangeServer(ctx, id, db.ServerChange{BlockDevices: &left})
}

// connectVolumes has the host of a driver reach all volumes of a server that is to be
// started there, and returns them as the driver wants them, in the order of their
// devices. Tell completeVolumes when it is started.
func (w *Worker) connectVolumes(ctx context.Context, driver virt.Driver, s nova.Server) ([]virt.Volume, error) {
	var volumes []virt.Volume
	for _, device := range s.BlockDevices {
		volume, err := w.connectVolume(ctx, driver, device)
		if err != nil {
			return nil, err
		}
		volumes = append(volumes, volume)
	}
	slices.SortStableFunc(volumes, func(v, u virt.Volume) int {
		return cmp.Or(cmp.Compare(len(v.Device), len(u.Device)), strings.Compare(v.Device, u.Device))
	})
	return volumes, nil
}

// reserveAnew has the block storage service forget on which host a server was, and
// returns the server's block devices with new attachments. Each volume is reserved anew
// before it is let go, so that nobody else gets it in between; as in
// _terminate_volume_connections of nova/compute/manager.py. Volumes that came while the
// server was on no host are named. The server knows of all that, and first that its
// volumes are moving, so that what is broken off can be ended.
func (w *Worker) reserveAnew(ctx context.Context, a *action, s nova.Server) ([]nova.BlockDevice, error) {
	s.BlockDevices = slices.Clone(s.BlockDevices)
	for i := range s.BlockDevices {
		s.BlockDevices[i].Moving = true
	}
	if err := w.noteDevices(ctx, a, s.BlockDevices); err != nil {
		return nil, err
	}
	for i, device := range s.BlockDevices {
		id, err := w.reattach(ctx, s.ID, device)
		if err == nil && device.Device == "" && s.Host != "" {
			device.Device, err = nextDevice(s, "")
		}
		if err != nil {
			return nil, err
		}
		device.AttachmentID = id
		s.BlockDevices[i] = device
	}
	return s.BlockDevices, w.noteDevices(ctx, a, s.BlockDevices)
}

// noteDevices is writeDevices in the midst of a step.
func (w *Worker) noteDevices(ctx context.Context, a *action, devices []nova.BlockDevice) error {
	if len(devices) == 0 {
		return nil
	}
	return w.store.Tx(ctx, func(tx *db.Store) error {
		if err := writeDevices(ctx, tx, a.ServerID, devices); err != nil {
			return err
		}
		return tx.AdvanceAction(ctx, a.Action) // only who has the action may
	})
}

// reattach replaces the attachment of a volume to a server by another one, and returns
// that. One that the server doesn't know of was made by an earlier attempt, and one that
// is only reserved will do.
func (w *Worker) reattach(ctx context.Context, serverID string, device nova.BlockDevice) (string, error) {
	service := w.volumes.AsService()
	had, err := service.Attachments(ctx, cloud.AttachmentQuery{ServerID: serverID, VolumeID: device.VolumeID})
	if err != nil {
		return "", err
	}
	at := slices.IndexFunc(had, func(a nova.VolumeAttachment) bool { return a.ID != device.AttachmentID || a.Status != isAttached })
	if at < 0 {
		fresh, err := service.Reserve(ctx, device.VolumeID, serverID)
		if err != nil {
			return "", err
		}
		at, had = len(had), append(had, fresh)
	}
	for i, attachment := range had {
		if i == at {
			continue
		}
		if err := service.Detach(ctx, attachment.ID); err != nil {
			return "", err
		}
	}
	return had[at].ID, nil
}

// moveVolumes is reserveAnew and connectVolumes, for a server that was on another host,
// or is made anew.
func (w *Worker) moveVolumes(ctx context.Context, a *action, driver virt.Driver, s nova.Server) ([]virt.Volume, []nova.BlockDevice, error) {
	devices, err := w.reserveAnew(ctx, a, s)
	if err != nil {
		return nil, nil, err
	}
	s.BlockDevices = devices
	volumes, err := w.connectVolumes(ctx, driver, s)
	return volumes, devices, err
}

// connectFirst is connectVolumes, with the block devices as they are, for a new server
// that no host has had before.
func (w *Worker) connectFirst(ctx context.Context, _ *action, driver virt.Driver, s nova.Server) ([]virt.Volume, []nova.BlockDevice, error) {
	volumes, err := w.connectVolumes(ctx, driver, s)
	return volumes, s.BlockDevices, err
}

// completeVolumes tells the block storage service that a server has its volumes, which
// are in use from then on.
func (w *Worker) completeVolumes(ctx context.Context, devices []nova.BlockDevice) error {
	for _, device := range devices {
		if err := w.volumes.AsService().Complete(ctx, device.AttachmentID); err != nil {
			return err
		}
	}
	return nil
}

// arrived are block devices that are moving no more.
func arrived(devices []nova.BlockDevice) []nova.BlockDevice {
	devices = slices.Clone(devices)
	for i := range devices {
		devices[i].Moving = false
	}
	return devices
}

// writeDevices has a server know of the attachments and names of its block devices, and
// whether they are moving, in a transaction. What else is said of them may have been changed meanwhile.
func writeDevices(ctx context.Context, tx *db.Store, id string, devices []nova.BlockDevice) error {
	if len(devices) == 0 {
		return nil
	}
	s, err := tx.LockServer(ctx, id)
	if err != nil {
		return err
	}
	now := slices.Clone(s.BlockDevices)
	for i := range now {
		at := slices.IndexFunc(devices, func(d nova.BlockDevice) bool { return d.ID == now[i].ID })
		if at >= 0 {
			now[i].VolumeID, now[i].AttachmentID, now[i].Device = devices[at].VolumeID, devices[at].AttachmentID, devices[at].Device
			now[i].Moving = devices[at].Moving
		}
	}
	return tx.ChangeServer(ctx, id, db.ServerChange{BlockDevices: &now})
}

// connectVolume has the host of a driver reach one volume.
func (w *Worker) connectVolume(ctx context.Context, driver virt.Driver, device nova.BlockDevice) (virt.Volume, error) {
	attacher, err := virt.As[virt.VolumeAttacher](driver)
	if err != nil {
		return virt.Volume{}, err
	}
	connector, err := attacher.Connector(ctx)
	if err != nil {
		return virt.Volume{}, err
	}
	connector["mountpoint"] = device.Device
	attachment, err := w.volumes.AsService().Connect(ctx, device.AttachmentID, connector)
	return virt.Volume{
		ID: device.VolumeID, Device: device.Device, Bus: device.Bus, Type: device.Type, Tag: device.Tag, Root: device.IsRoot(),
		Connection: attachment.Connection,
	}, err
}
