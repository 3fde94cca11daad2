package compute

import (
	"cmp"
	"context"

	"github.com/nova-api/nova-api/db"
	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// A RescueRequest is what a client asks for when it has a server rescued.
type RescueRequest struct {
	ImageID  string  // empty: the image that the server was made of
	Password *string // nil: made up
	Volumes  bool    // servers that boot from a volume can be rescued, since 2.87
}

// rescueArgs are the arguments of Rescue.
type rescueArgs struct {
	ImageID string `json:"image_id"`
	Missing bool   `json:"missing,omitempty"` // there is no such image, or the caller may not see it
	Device  string `json:"device,omitempty"`
	Bus     string `json:"bus,omitempty"`

	Password string `json:"password"`
}

// Rescue begins to boot a server from another disk than its own, and gives the
// password of the administrator in there. The error is Invalid for an image or a
// server that is not fit for that, and Conflict for a server that may not be
// rescued now.
func (a *Servers) Rescue(ctx context.Context, s nova.Server, r RescueRequest) (string, error) {
	if err := transitions[Rescue].check(ctx, s); err != nil {
		return "", err
	}
	args, err := a.resolveRescue(ctx, s, r)
	if err != nil {
		return "", err
	}
	if args.Password, err = a.password(r.Password); err != nil {
		return "", err
	}
	_, err = a.begin(ctx, s, Rescue, args)
	return args.Password, err
}

// resolveRescue finds the image that a server is rescued with, in the caller's
// name. An image that the caller chose must be there. That which the server was
// made of is looked for when the action has begun, as in Nova.
func (a *Servers) resolveRescue(ctx context.Context, s nova.Server, r RescueRequest) (rescueArgs, error) {
	args := rescueArgs{ImageID: cmp.Or(r.ImageID, s.ImageProps["base_image_ref"], s.ImageID), Missing: true}
	var image nova.Image
	if args.ImageID != "" {
		var err error
		image, err = a.images.As(nova.CallerOf(ctx)).Show(ctx, args.ImageID)
		args.Missing = nova.Is(err, nova.NotFound) || nova.Is(err, nova.Forbidden)
		if err != nil && !args.Missing {
			return args, err
		}
	}
	if r.ImageID != "" && (args.Missing || image.Properties["img_block_device_mapping"] != "") {
		return args, nova.Errorf(nova.Invalid, "Requested rescue image '%s' is not supported", args.ImageID)
	}
	if err := checkImageMeta(image); err != nil {
		return args, err
	}
	args.Device, args.Bus = image.Properties["hw_rescue_device"], image.Properties["hw_rescue_bus"]
	props := image.Properties
	if r.ImageID == "" {
		props = s.ImageProps
	}
	stable := props["hw_rescue_device"] != "" && props["hw_rescue_bus"] != ""
	if bootsFromVolume(s) && (!r.Volumes || !stable) {
		return args, nova.Errorf(nova.Invalid, "Instance %s cannot be rescued: Cannot rescue a volume-backed instance", s.ID)
	}
	return args, nil
}

// findRescueImage is the step that fails for a server whose own image is gone.
func (*Worker) findRescueImage(_ context.Context, a *action) (effect, error) {
	args, err := decodeArgs[rescueArgs](a.Action)
	if err == nil && args.Missing {
		err = nova.Errorf(nova.NotFound, "Image %s could not be found.", args.ImageID)
	}
	return effect{}, err
}

// rescue is the step that boots a server from the other disk.
func (w *Worker) rescue(ctx context.Context, a *action) (effect, error) {
	driver, err := driverOf[virt.Rescuer](a)
	if err != nil {
		return effect{}, err
	}
	args, err := decodeArgs[rescueArgs](a.Action)
	if err != nil {
		return effect{}, err
	}
	err = driver.Rescue(ctx, a.server, virt.RescueDisk{
		ImageID: args.ImageID, Image: w.dataOf(args.ImageID), Device: args.Device, Bus: args.Bus, Password: args.Password,
	})
	if err != nil {
		return effect{}, err
	}
	power, err := a.driver.PowerState(ctx, a.server)
	return effect{change: db.ServerChange{PowerState: &power, LaunchedAt: new(w.store.Now())}}, err
}

// explainRescue says why a driver could not rescue a server, in the words of
// InstanceNotRescuable in nova/exception.py.
func explainRescue(a *action, cause error) error {
	if a.step().harmless {
		return cause
	}
	return nova.Because(cause, nova.Invalid, "Instance %s cannot be rescued: Driver Error: %s", a.ServerID, faultMessage(cause))
}
