package notify

import (
	"context"
	"maps"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
)

// The object that servers are called in notifications.
const instance = "instance"

// About is what some notifications show beside the server.
type About struct {
	Failure   *Failure
	ImageID   string       // that is made of the server, or that it is rescued with
	NewFlavor *nova.Flavor // that it is to have
	VolumeID  string       // that comes or goes

	NewVolumeID string // that takes its place
	KeyPair     *nova.KeyPair
}

// A Failure is why something went wrong.
type Failure struct {
	Step    string // where
	Message string
	Details string // for administrators
}

// A payload is a kind of versioned object that shows a server: its name and version,
// and what it shows beside what all do.
type payload struct {
	name, version string
	more          func(s nova.Server, a About) fields
}

// actionPayload shows a server that something is done to.
var actionPayload = payload{name: "InstanceActionPayload", version: "1.9"}

// payloads are those of actions that show more. The versions are the newest of
// nova/notifications/objects/instance.py.
var payloads = map[string]payload{
	"create": {"InstanceCreatePayload", "1.13", func(s nova.Server, a About) fields {
		return fields{
			"keypairs": keyPairsOf(a.KeyPair), "tags": orEmpty(s.Tags),
			"trusted_image_certificates": s.TrustedCerts, "instance_name": s.InstanceName(),
		}
	}},
	"rebuild":           rebuildPayload,
	"rebuild_scheduled": rebuildPayload,
	"rescue": {"InstanceActionRescuePayload", "1.4", func(_ nova.Server, a About) fields {
		return fields{"rescue_image_ref": orNull(a.ImageID)}
	}},
	"resize_prep": {"InstanceActionResizePrepPayload", "1.4", func(_ nova.Server, a About) fields {
		if a.NewFlavor == nil {
			return fields{"new_flavor": nil}
		}
		return fields{"new_flavor": flavorPayload(*a.NewFlavor, nil)}
	}},
	"snapshot": {"InstanceActionSnapshotPayload", "1.10", func(_ nova.Server, a About) fields {
		return fields{"snapshot_image_id": a.ImageID}
	}},
	"volume_attach": volumePayload,
	"volume_detach": volumePayload,
	"volume_swap": {"InstanceActionVolumeSwapPayload", "1.9", func(_ nova.Server, a About) fields {
		return fields{"old_volume_id": a.VolumeID, "new_volume_id": a.NewVolumeID}
	}},
}

var rebuildPayload = payload{"InstanceActionRebuildPayload", "1.10", func(s nova.Server, _ About) fields {
	return fields{"trusted_image_certificates": s.TrustedCerts}
}}

var volumePayload = payload{"InstanceActionVolumePayload", "1.7", func(_ nova.Server, a About) fields {
	return fields{"volume_id": a.VolumeID}
}}

// Server tells of something that is done to a server, which is shown as it is. Call it
// in a transaction that has locked the server.
func (n *Notifier) Server(ctx context.Context, tx *db.Store, e Event, s nova.Server, a About) error {
	if n == nil {
		return nil
	}
	kind, ok := payloads[e.Action]
	if !ok {
		kind = actionPayload
	}
	data := n.server(s, e.By)
	data["fault"] = nil
	if a.Failure != nil && e.Phase == Error {
		data["fault"] = a.Failure.payload()
	}
	if kind.more != nil {
		maps.Copy(data, kind.more(s, a))
	}
	return n.write(ctx, tx, instance, s.ID, e, object(kind.name, kind.version, data))
}

// TellsOfChanges reports whether changes of servers are told of.
func (n *Notifier) TellsOfChanges() bool { return n != nil && n.o.StateChanges }

// ServerChanged tells that a server is not what it was, with the states before and
// after, unless changes are not to be told of. Call it in a transaction that has
// locked the server.
func (n *Notifier) ServerChanged(ctx context.Context, tx *db.Store, from Publisher, by Initiator, before, after nova.Server) error {
	if !n.TellsOfChanges() {
		return nil
	}
	return n.update(ctx, tx, from, by, before, after)
}

// ServerTagged tells of new tags of a server, whose tags are told of even if other
// changes are not.
func (n *Notifier) ServerTagged(ctx context.Context, tx *db.Store, s nova.Server) error {
	if n == nil {
		return nil
	}
	return n.update(ctx, tx, n.API(), InitiatorOf(ctx), s, s)
}

// update is send_update of nova/notifications/base.py.
func (n *Notifier) update(ctx context.Context, tx *db.Store, from Publisher, by Initiator, before, after nova.Server) error {
	data, now := n.server(after, by), tx.Now()
	task := before.TaskState
	if before.VMState == after.VMState && !n.o.TaskChanges {
		task = after.TaskState
	}
	data["state_update"] = object("InstanceStateUpdatePayload", "1.0", fields{
		"old_state": orNull(string(before.VMState)), "state": after.VMState,
		"old_task_state": orNull(string(task)), "new_task_state": orNull(string(after.TaskState)),
	})
	begin := n.o.Cycle.LastBefore(now).Stop
	data["audit_period"] = object("AuditPeriodPayload", "1.0", fields{"audit_period_beginning": moment(&begin), "audit_period_ending": moment(&now)})
	data["old_display_name"] = nil
	if before.Name != after.Name {
		data["old_display_name"] = before.Name
	}
	data["tags"] = orEmpty(after.Tags)
	return n.write(ctx, tx, instance, after.ID, Event{Action: "update", From: from, By: by}, object("InstanceUpdatePayload", "2.1", data))
}

// server is what all payloads show of a server: InstancePayload.
func (n *Notifier) server(s nova.Server, by Initiator) fields {
	return fields{
		"uuid": s.ID, "user_id": s.UserID, "tenant_id": s.ProjectID, "reservation_id": orNull(s.ReservationID),
		"display_name": s.Name, "display_description": s.Description, "host_name": orNull(s.Hostname),
		"host": orNull(s.Host), "node": orNull(s.Node), "availability_zone": orNull(s.Zone),
		"os_type": orNull(s.ImageProps["os_type"]), "architecture": orNull(s.ImageProps["architecture"]),
		"flavor": flavorPayload(s.Flavor, nil), "image_uuid": s.ImageID, "key_name": s.KeyName, "kernel_id": s.KernelID, "ramdisk_id": s.RamdiskID,
		"created_at": moment(&s.CreatedAt), "launched_at": moment(s.LaunchedAt), "terminated_at": moment(s.TerminatedAt),
		"deleted_at": moment(s.DeletedAt), "updated_at": moment(s.UpdatedAt),
		"state": s.VMState, "power_state": s.PowerState.Word(), "task_state": orNull(string(s.TaskState)), "progress": s.Progress,
		"ip_addresses": addresses(s), "block_devices": n.blockDevices(s), "shares": nil,
		"metadata": orNone(s.Metadata), "locked": s.Locked(), "locked_reason": s.LockedReason, "auto_disk_config": s.DiskConfig,
		"request_id": requestOf(by), "action_initiator_user": orNull(by.UserID), "action_initiator_project": orNull(by.ProjectID),
	}
}

// requestOf is the request that a server is changed by: null for what happens by
// itself.
func requestOf(by Initiator) any {
	if by.UserID == "" || by.ProjectID == "" {
		return nil
	}
	return orNull(by.RequestID)
}

// addresses are the fixed addresses of a server.
func addresses(s nova.Server) []fields {
	const devicePrefix, deviceLength = "tap", 14 // Linux bounds the names of network devices
	all := []fields{}
	for _, a := range s.Addresses {
		if a.Type != "fixed" {
			continue
		}
		device := devicePrefix + a.PortID
		all = append(all, object("IpPayload", "1.0", fields{
			"label": a.Network, "mac": a.MAC, "meta": fields{}, "port_uuid": a.PortID, "version": a.Version, "address": a.IP,
			"device_name": device[:min(len(device), deviceLength)],
		}))
	}
	return all
}

// blockDevices are the volumes of a server: null if they are not to be shown.
func (n *Notifier) blockDevices(s nova.Server) any {
	if !n.o.BlockDevices {
		return nil
	}
	all := []fields{}
	for _, d := range s.BlockDevices {
		if d.VolumeID == "" { // it is yet to be made
			continue
		}
		all = append(all, object("BlockDevicePayload", "1.0", fields{
			"device_name": orNull(d.Device), "boot_index": d.BootIndex, "delete_on_termination": d.DeleteOnTermination,
			"volume_id": d.VolumeID, "tag": orNull(d.Tag),
		}))
	}
	return all
}

// payload is the failure as a versioned object. There are no Python exceptions here:
// the name of the exception is that of the failed step's kind.
func (f Failure) payload() fields {
	return object("ExceptionPayload", "1.1", fields{
		"module_name": "nova-api", "function_name": f.Step, "exception": "NovaException",
		"exception_message": f.Message, "traceback": f.Details,
	})
}
