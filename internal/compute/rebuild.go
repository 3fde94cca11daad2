package compute

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// A RebuildRequest is what a client asks for when it has a server made anew.
type RebuildRequest struct {
	ImageID           string
	Change            db.ServerChange // of what the client may set without further ado: name, description, metadata, user data …
	DiskConfig        string          // AUTO or MANUAL; empty: as the image says
	KeyName           **string        // nil: as before; a pointer to nil: none
	TrustedCerts      *[]string       // nil: as before
	Files             []File
	Password          *string // nil: made up
	PreserveEphemeral bool
	ZeroDisk          bool // policy allows the caller to boot an image on a flavor without a disk
	Reimage           bool // the client knows that an image is written over the volume that a server boots from: since 2.93
}

// rebuildArgs are the arguments of Rebuild.
type rebuildArgs struct {
	PreserveEphemeral bool   `json:"preserve_ephemeral,omitempty"`
	Files             []File `json:"files,omitempty"`
	Password          string `json:"password"`
	Reimage           string `json:"reimage,omitempty"` // the image that is written over the root volume; empty for none
}

// Rebuild begins to make a server anew, from the same image or from another. It
// keeps its ID, its addresses and its place. Rebuild returns the server as it is
// now, and the password of its administrator. The error is Invalid for what is not
// there or does not fit, OverQuota for too much metadata or too many files, and
// Conflict for a server that may not be rebuilt now.
func (a *Servers) Rebuild(ctx context.Context, s nova.Server, r RebuildRequest) (nova.Server, string, error) {
	if err := transitions[Rebuild].check(ctx, s); err != nil {
		return s, "", err
	}
	change, err := a.resolveRebuild(ctx, s, r)
	if err != nil {
		return s, "", err
	}
	password, err := a.password(r.Password)
	if err != nil {
		return s, "", err
	}
	args := rebuildArgs{PreserveEphemeral: r.PreserveEphemeral, Files: r.Files, Password: password}
	if r.Reimage && s.OnVolume() {
		args.Reimage = r.ImageID
	}
	_, err = a.begin(ctx, s, Rebuild, args, func(tx *db.Store) error { return tx.ChangeServer(ctx, s.ID, change) })
	if err != nil {
		return s, "", err
	}
	s, err = a.store.Server(ctx, s.ID)
	return s, password, err
}

// resolveRebuild finds what a client names, and refuses what does not fit the
// server, in the order of rebuild in nova/compute/api.py. It returns all that
// becomes of the server.
func (a *Servers) resolveRebuild(ctx context.Context, s nova.Server, r RebuildRequest) (db.ServerChange, error) {
	change := r.Change
	if r.KeyName != nil {
		key, err := a.resolveKey(ctx, *r.KeyName)
		if err != nil {
			return change, err
		}
		change.KeyName, change.PublicKey = r.KeyName, &key
	}
	change.TrustedCerts = r.TrustedCerts
	image, err := a.resolveImage(ctx, ServerRequest{ImageID: r.ImageID, DiskConfig: r.DiskConfig})
	if errors.Is(err, errNoImage) {
		return change, nova.Errorf(nova.Invalid, "Cannot find image for rebuild")
	}
	if err != nil {
		return change, err
	}
	root, err := a.rootVolume(ctx, s, r)
	if err != nil {
		return change, err
	}
	if err := a.checkRebuild(ctx, s, r, image.Image, root); err != nil {
		return change, err
	}
	props, boot := imageProps(image.Image), bootFrom(s.Boot, image.Image, s.Flavor)
	if props["base_image_ref"] != "" {
		props["base_image_ref"] = image.ID
	}
	if !bootsFromVolume(s) {
		change.ImageID = &image.ID
	}
	change.ImageProps, change.Boot, change.DiskConfig = &props, &boot, new(diskConfig(image.Image, r.DiskConfig))
	change.KernelID, change.RamdiskID, change.Progress = &image.kernel, &image.ramdisk, new(0)
	return change, nil
}

// checkRebuild refuses more than quotas allow, an image that the server can't boot from,
// and volumes that are not in use. The root volume is nil if the server has none.
func (a *Servers) checkRebuild(ctx context.Context, s nova.Server, r RebuildRequest, image nova.Image, root *nova.Volume) error {
	caller := nova.CallerOf(ctx)
	ofProject, ofUser, err := a.Quota(ctx, caller.ProjectID, caller.UserID)
	if err != nil {
		return err
	}
	wanted := ServerRequest{Files: r.Files}
	if r.Change.Metadata != nil {
		wanted.Metadata = *r.Change.Metadata
	}
	if err := cmp.Or(checkQuotas(ofUser, wanted), checkQuotas(ofProject, wanted)); err != nil {
		return err
	}
	if err := checkImageMeta(image); err != nil {
		return err
	}
	had := s.ImageID
	if root != nil {
		had = root.ImageMetadata["image_id"]
		err = checkVolumeImage(image, int64(root.Size)*bytesPerGB, s.Flavor)
	} else {
		err = checkImage(image, s.Flavor, r.ZeroDisk)
	}
	if err := cmp.Or(err, checkTogether(image, s.Flavor)); err != nil {
		return err
	}
	wants, err := topologyOf(image, s.Flavor)
	if err == nil {
		err = a.checkInUse(ctx, s)
	}
	if err != nil {
		return err
	}
	if image.ID == had {
		return nil
	}
	has, err := topologyOf(nova.Image{Properties: s.ImageProps}, s.Flavor)
	if err == nil && !wants.equal(has) { // the server stays where it is, with what it has of the host
		err = nova.Errorf(nova.Invalid,
			"An instance's NUMA topology cannot be changed as part of a rebuild. The image provided is invalid for this instance.")
	}
	return err
}

// findNewImage is the step that makes sure that the image is still there before
// anything is lost. It remembers whether the server is to be stopped again.
func (w *Worker) findNewImage(ctx context.Context, a *action) (effect, error) {
	stopped := a.server.VMState == nova.Stopped
	e := effect{note: func(p *progress) { p.Stopped = stopped }}
	args, err := decodeArgs[rebuildArgs](a.Action)
	if err != nil {
		return e, err
	}
	id := args.Reimage
	if !a.server.OnVolume() {
		id = a.server.ImageID
	}
	if id == "" { // the root volume is left as it is
		return e, nil
	}
	image, err := w.images.AsService().Show(ctx, id)
	if err == nil && image.Status != imageActive {
		err = nova.Errorf(nova.Invalid, "Image %s is not active.", image.ID)
	}
	return e, err
}

// raze is the step that removes a server from its host, to be made anew.
func (w *Worker) raze(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[rebuildArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	if args.PreserveEphemeral {
		return effect{}, nova.Errorf(nova.Invalid, "The current driver does not support preserving ephemeral partitions.")
	}
	return w.destroy(ctx, a)
}

// findPorts is the step that finds what the server is connected to.
func (w *Worker) findPorts(ctx context.Context, a *action) (effect, error) {
	var err error
	a.ports, err = w.portsOf(ctx, a.server)
	return effect{}, err
}

// portsOf are a server's ports, in the order in which the server has them.
func (w *Worker) portsOf(ctx context.Context, s nova.Server) ([]nova.Port, error) {
	found, err := w.networks.AsService().Ports(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	ports := make([]nova.Port, 0, len(found))
	for _, address := range s.Addresses {
		at := slices.IndexFunc(found, func(p nova.Port) bool { return p.ID == address.PortID })
		if at >= 0 && !slices.ContainsFunc(ports, func(p nova.Port) bool { return p.ID == address.PortID }) {
			ports = append(ports, found[at])
		}
	}
	return ports, nil
}

// respawn is the step that makes the server anew. It runs then, even if it is to
// be stopped again.
func (w *Worker) respawn(ctx context.Context, a *action) (effect, error) {
	args, err := decodeArgs[rebuildArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	if a.ports == nil {
		if a.ports, err = w.portsOf(ctx, a.server); err != nil {
			return effect{}, err
		}
	}
	e, err := w.build(ctx, a, virt.Build{Image: w.imageSource(a.server), Files: contents(args.Files), Password: args.Password})
	e.change.VMState = new(nova.Active)
	return e, err
}

func wasStopped(a *action) bool { return a.progress.Stopped }

// stopAgain is the step that shuts a server down that was shut down before.
func (w *Worker) stopAgain(ctx context.Context, a *action) (effect, error) {
	e, err := drive(virt.Driver.PowerOff)(w, ctx, a)
	e.change.VMState = new(nova.Stopped)
	return e, err
}
