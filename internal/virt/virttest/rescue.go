package virttest

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
	"github.com/nova-api/nova-api/internal/virt/configdrive"
)

// rescueAndBack looks after what a rescue must not touch, and for what must not be
// left of it. The server's own disk stays as it was, whatever is done to the
// rescue's; the password on the config drive is that of the rescue as long as that
// lasts, and the server's own afterwards. A second rescue takes the place of the
// first.
func rescueAndBack(t *testing.T, host Host) {
	d, s := host(t), equipped(true)
	mustBuild(t, d, s, equipment())
	own := disk(t, d, s)
	rescuer, err := virt.As[virt.Rescuer](d)
	do(t, "rescue", err)
	// The image of a rescue can be cut off like any other, and a server with half a
	// rescue disk must not boot from it.
	half := &source{data: rescueImage[:5], fails: errCut}
	if err := rescuer.Rescue(t.Context(), s, virt.RescueDisk{ImageID: "rescue", Image: half.Open}); err == nil {
		t.Error("half an image was enough for a rescue")
	}
	for _, from := range []virt.RescueDisk{
		{ImageID: "rescue", Password: "first aid"},
		{ImageID: "another", Device: "cdrom", Bus: "usb", Password: "second aid"}, // of one that is being rescued already
	} {
		src := &source{data: rescueImage}
		from.Image = src.Open
		for range 2 {
			do(t, "rescue", rescuer.Rescue(t.Context(), s, from))
			wantPower(t, d, s, nova.Running)
		}
		if n := src.open.Load() + half.open.Load(); n != 0 {
			t.Errorf("rescue left %d readers of the image open", n)
		}
		if !bytes.Equal(own, disk(t, host(t), s)) {
			t.Error("the server's own disk has changed in its rescue")
		}
		wantAdminPass(t, host(t), s, from.Password)
	}
	for range 2 {
		do(t, "unrescue", rescuer.Unrescue(t.Context(), s))
		wantPower(t, d, s, nova.Running)
	}
	if !bytes.Equal(own, disk(t, d, s)) {
		t.Error("the server's own disk has changed by its rescue")
	}
	wantAdminPass(t, d, s, equipment().Password)
	do(t, "rescue, after the first one", rescue.do(d, t.Context(), s))
	do(t, "destroy", d.Destroy(t.Context(), s))
	wantListed(t, d, s, false)
	wantKind(t, "rescue of a server that is gone", rescue.do(d, t.Context(), s), nova.NotFound)
}

// wantAdminPass demands a password on the server's config drive, if the driver
// can read it.
func wantAdminPass(t *testing.T, d virt.Driver, s nova.Server, want string) {
	t.Helper()
	reader, err := virt.As[virt.DiskReader](d)
	if err != nil {
		return
	}
	drive, err := reader.ConfigDrive(t.Context(), s)
	do(t, "read the config drive", err)
	text, err := fs.ReadFile(drive, configdrive.Latest+"/meta_data.json")
	do(t, "read the config drive", err)
	var meta struct {
		AdminPass string `json:"admin_pass"`
	}
	if err := json.Unmarshal(text, &meta); err != nil || meta.AdminPass != want {
		t.Errorf("the password on the config drive is %q, %v, want %q", meta.AdminPass, err, want)
	}
}
