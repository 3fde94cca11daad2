package volume

import (
	"context"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-api/nova-api/db/volumedb"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/python"
	"github.com/nova-api/nova-api/internal/standalone/kit"
)

// attachActions are how volumes were attached before there were attachments.
func (s *Service) attachActions() map[string]action {
	connector := schema{props: []prop{{name: "connector", check: optionalObject, required: true}}}
	return map[string]action{
		"os-reserve":         {free: true, do: s.reserve},
		"os-unreserve":       {free: true, do: s.unreserve},
		"os-begin_detaching": {free: true, do: s.beginDetaching},
		"os-roll_detaching":  {free: true, do: s.rollDetaching},
		"os-attach": {schema: schema{props: []prop{
			{name: "mountpoint", check: nonEmptyText, required: true},
			{name: "instance_uuid", check: uuidText},
			{name: "host_name", check: text},
			{name: "mode", check: word("rw", "ro")},
		}}, do: s.attach},
		"os-detach":                {schema: schema{nullable: true, props: []prop{{name: "attachment_id", check: optionalUUID}}}, do: s.detachAction},
		"os-initialize_connection": {schema: connector, do: s.initializeConnection},
		"os-terminate_connection":  {schema: connector, do: s.terminateConnection},
		"os-force_detach": {schema: schema{props: []prop{
			{name: "connector", check: optionalObject},
			{name: "attachment_id", check: optionalUUID},
		}}, do: s.forceDetach},
	}
}

// reserve takes a volume for somebody who is about to attach it. POST os-reserve
// answers 202, and Invalid if somebody else was faster: of callers side by side
// one gets the volume, unless many may have it.
func (s *Service) reserve(r *http.Request, id string, _ object) (kit.Reply, error) {
	_, err := s.changeVolume(r.Context(), id, "volume_extension:volume_actions:reserve", func(_ *volumedb.Store, v *volumedb.Volume) error {
		expected := available
		if v.Multiattach {
			expected = "available or in-use"
		}
		if v.Status != available && (!v.Multiattach || v.Status != inUse) {
			return invalidVolume("Volume status must be %s to reserve, but the status is %s.", expected, v.Status)
		}
		v.Status = attaching
		return nil
	})
	return accepted(), err
}

// unreserve gives a volume back that was not attached. POST os-unreserve answers
// 202 for a volume in any status, so that a caller may repeat it.
func (s *Service) unreserve(r *http.Request, id string, _ object) (kit.Reply, error) {
	_, err := s.changeVolume(r.Context(), id, "volume_extension:volume_actions:unreserve", func(tx *volumedb.Store, v *volumedb.Volume) error {
		return release(r.Context(), tx, v)
	})
	return accepted(), err
}

// release gives a volume that was reserved the status that it had before.
func release(ctx context.Context, tx *volumedb.Store, v *volumedb.Volume) error {
	if v.Status != attaching {
		return nil
	}
	there, err := tx.AttachmentsOf(ctx, []string{v.ID})
	v.Status = available
	if len(there[v.ID]) > 0 {
		v.Status = inUse
	}
	return err
}

// beginDetaching says that a server is about to lose a volume. POST os-
// begin_detaching answers 202, and Invalid for a volume that no server has or
// that another caller detaches already.
func (s *Service) beginDetaching(r *http.Request, id string, _ object) (kit.Reply, error) {
	_, err := s.changeVolume(r.Context(), id, "volume_extension:volume_actions:begin_detaching", func(_ *volumedb.Store, v *volumedb.Volume) error {
		if v.MigrationStatus != nil && !slices.Contains(settledMigrations, *v.MigrationStatus) {
			return nil // that keeps others away as well, and users aren't to see it
		}
		if v.Status != inUse || v.AttachStatus != attached {
			return invalidVolume("Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.")
		}
		v.Status = "detaching"
		return nil
	})
	return accepted(), err
}

// settledMigrations are the migration statuses of volumes that aren't being moved.
var settledMigrations = []string{"deleting", "error", "success"}

// rollDetaching says that the server keeps it. POST os-roll_detaching answers 202
// for a volume in any status, so that a caller may repeat it.
func (s *Service) rollDetaching(r *http.Request, id string, _ object) (kit.Reply, error) {
	_, err := s.changeVolume(r.Context(), id, "volume_extension:volume_actions:roll_detaching", func(_ *volumedb.Store, v *volumedb.Volume) error {
		if v.Status == "detaching" {
			v.Status = inUse
		}
		return nil
	})
	return accepted(), err
}

// attach notes that a server or a host has a volume. Doing so again changes
// nothing.
//
// POST os-attach answers 202. The body names a server, a host, or both; one with
// neither is Invalid, like a volume that can't be attached now (see mayAttach).
func (s *Service) attach(r *http.Request, id string, body object) (kit.Reply, error) {
	ctx := r.Context()
	a := volumedb.Attachment{
		ServerID: textOf(body, "instance_uuid"), Host: textOf(body, "host_name"), Device: textOf(body, "mountpoint"), Mode: "rw", Status: attached,
	}
	a.ID = uuid.NewString()
	if mode := textOf(body, "mode"); mode != nil {
		a.Mode = *mode
	}
	if a.ServerID == nil && a.Host == nil {
		return kit.Reply{}, badField("os-attach", body, python.Repr(body)+" is not valid under any of the given schemas")
	}
	_, err := s.changeVolume(ctx, id, "volume_extension:volume_actions:attach", func(tx *volumedb.Store, v *volumedb.Volume) error {
		there, err := tx.AttachmentsOf(ctx, []string{v.ID})
		if err != nil {
			return err
		}
		if err := mayAttach(*v, a, there[v.ID]); err != nil {
			return err
		}
		v.Status, v.AttachStatus = inUse, attached
		if slices.ContainsFunc(there[v.ID], a.Same) {
			return nil
		}
		made, now := a, tx.NowInSeconds()
		made.VolumeID, made.ProjectID, made.AttachedAt = v.ID, v.ProjectID, &now
		_, err = tx.Attachments.Create(ctx, made)
		return err
	})
	return accepted(), err
}

// mayAttach refuses to attach a volume that is read-only, or that another one has.
func mayAttach(v volumedb.Volume, a volumedb.Attachment, there []volumedb.Attachment) error {
	switch {
	case v.Readonly != nil && *v.Readonly && a.Mode != "ro":
		return nova.Errorf(nova.Invalid, "Invalid attaching mode '%s' for volume %s.", a.Mode, v.ID)
	case slices.ContainsFunc(there, a.Same):
		return nil
	case v.Status == inUse && !v.Multiattach:
		return invalidVolume("volume is already attached and multiple attachments are not enabled")
	case !slices.Contains([]string{available, attaching, inUse}, v.Status):
		return invalidVolume("status must be available or attaching")
	}
	return nil
}

// detachAction notes that a server doesn't have a volume any more: the one that an
// attachment names, or the only one.
//
// POST os-detach {"attachment_id": …} or null answers 202. Invalid if several
// attachments are there and none is named, NotFound if the named one isn't there; to
// anybody but a service that is a Conflict, as if only services may end it (see
// mayDetach).
func (s *Service) detachAction(r *http.Request, id string, body object) (kit.Reply, error) {
	_, err := s.changeVolume(r.Context(), id, "volume_extension:volume_actions:detach", func(tx *volumedb.Store, v *volumedb.Volume) error {
		return s.detachOne(r, tx, v, textOf(body, "attachment_id"))
	})
	return accepted(), err
}

// detachOne ends one attachment of a volume that is locked.
func (s *Service) detachOne(r *http.Request, tx *volumedb.Store, v *volumedb.Volume, id *string) error {
	there, err := tx.AttachmentsOf(r.Context(), []string{v.ID})
	if err != nil {
		return err
	}
	left := there[v.ID]
	if id == nil && len(left) == 0 { // nobody has it
		v.Status, v.AttachStatus = available, detached
		return nil
	}
	at := slices.IndexFunc(left, func(a volumedb.Attachment) bool { return id == nil && len(left) == 1 || id != nil && a.ID == *id })
	switch {
	case at >= 0:
		err = s.mayDetach(r, left[at])
	case !s.isOfService(r): // who isn't told which attachments there are
		err = onlyByCompute("")
	case id == nil:
		err = invalidVolume("Detach volume failed: More than one attachment, but no attachment_id provided.")
	default:
		err = noAttachment(*id)
	}
	if err != nil {
		return err
	}
	_, err = detach(r.Context(), tx, v, left[at].ID)
	return err
}

// forceDetach ends an attachment, in whatever status the volume is. POST os-
// force_detach answers 202. Conflict if no service asks and a server has the volume
// (see mayDetach), or there is no such attachment.
func (s *Service) forceDetach(r *http.Request, id string, body object) (kit.Reply, error) {
	if _, err := s.findVolume(r.Context(), id); err != nil {
		return kit.Reply{}, err
	}
	if err := mayAdminister(nova.CallerOf(r.Context()), "volume_extension:volume_admin_actions:force_detach"); err != nil {
		return kit.Reply{}, err
	}
	_, err := s.alter(r.Context(), id, func(tx *volumedb.Store, v *volumedb.Volume) error {
		return s.detachOne(r, tx, v, textOf(body, "attachment_id"))
	})
	return accepted(), err
}

// initializeConnection says how a host reaches the data of a volume. POST os-
// initialize_connection {"connector": {…}} answers 200 with connection_info.
// Nothing is written: the file is there for whoever may read the folder.
func (s *Service) initializeConnection(r *http.Request, id string, body object) (kit.Reply, error) {
	v, err := s.findVolume(r.Context(), id)
	if err != nil {
		return kit.Reply{}, err
	}
	if err := mayWrite(nova.CallerOf(r.Context()), v.ProjectID, "volume_extension:volume_actions:initialize_connection"); err != nil {
		return kit.Reply{}, err
	}
	if v.Status == "maintenance" {
		return kit.Reply{}, invalidVolume("The volume connection cannot be initialized in maintenance mode.")
	}
	mode := "rw"
	if v.Readonly != nil && *v.Readonly {
		mode = "ro"
	}
	info := object{"driver_volume_type": protocol, "data": s.access(v, mode)}
	connector, _ := body["connector"].(object)
	info["enforce_multipath"], _ = boolOf(connector["enforce_multipath"])
	return kit.Reply{Body: object{"connection_info": info}}, nil
}

// terminateConnection ends that, and gives a volume back that was not attached.
//
// POST os-terminate_connection {"connector": {…}} answers 202. The connector
// isn't compared with that of the beginning. Conflict if a server has the volume and
// no service asks (see mayDetach).
func (s *Service) terminateConnection(r *http.Request, id string, _ object) (kit.Reply, error) {
	_, err := s.changeVolume(r.Context(), id, "volume_extension:volume_actions:terminate_connection", func(tx *volumedb.Store, v *volumedb.Volume) error {
		there, err := tx.AttachmentsOf(r.Context(), []string{v.ID})
		if err != nil {
			return err
		}
		switch left := there[v.ID]; {
		case len(left) == 1:
			err = s.mayDetach(r, left[0])
		case len(left) > 1 && !s.isOfService(r): // nobody looks which of them is meant
			err = onlyByCompute("")
		}
		if err != nil {
			return err
		}
		return release(r.Context(), tx, v)
	})
	return accepted(), err
}
