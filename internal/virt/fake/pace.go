package fake

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/nova-api/nova-api/internal/nova"
	"github.com/nova-api/nova-api/internal/virt"
)

// times names the time that each verb takes, in Options.Times and, after
// metaPrefix, in the metadata of a server.
var times = map[string]string{
	spawn:            "boot_time",
	destroy:          "delete_time",
	powerOn:          "start_time",
	powerOff:         "stop_time",
	softReboot:       "reboot_time",
	hardReboot:       "reboot_time",
	pause:            "pause_time",
	unpause:          "unpause_time",
	suspend:          "suspend_time",
	resume:           "resume_time",
	rescue:           "rescue_time",
	unrescue:         "unrescue_time",
	migrateOut:       "migrate_time",
	migrateIn:        "resize_time",
	sendLive:         "live_migration_time",
	receiveLive:      "arrival_time",
	confirmMigration: "confirm_time",
	revertMigration:  "revert_time",
	setPassword:      "password_time",
	crashDump:        "crash_dump_time",
	snapshot:         "snapshot_time",
	upload:           "upload_time",
	attach:           "attach_time",
	detach:           "detach_time",
	attachVolume:     "attach_volume_time",
	detachVolume:     "detach_volume_time",
	extendVolume:     "extend_volume_time",
	swapVolume:       "swap_volume_time",
}

const (
	metaPrefix = "fake:"
	metaFail   = metaPrefix + "fail"
	// longest bounds the times in metadata, in seconds: what waits for them
	// keeps a worker from the servers of others.
	longest = 300
	// tick is how often at the most a verb tells how far it is, and ticks how
	// often it does if it takes long enough.
	tick  = 200 * time.Millisecond
	ticks = 10
)

// expected is what shall happen with a verb, out of all that may say so: the
// file of faults comes first, then the server's metadata, then the pace.
func (d *Driver) expected(verb string, s nova.Server) (Fault, error) {
	fault, err := d.faults.next(verb, s)
	if err != nil {
		return Fault{}, err
	}
	if fault.Error == "" && failsByMetadata(verb, s) {
		fault.Error = fmt.Sprintf("%s fails, as %s of the server's metadata says", verb, metaFail)
	}
	fault.delay = time.Duration(fault.DelayMS) * time.Millisecond
	if fault.delay == 0 {
		fault.delay = d.time(verb, s)
	}
	return fault, nil
}

// failsByMetadata reports whether a server's metadata wants a verb to fail.
// Nothing keeps a server from being deleted.
func failsByMetadata(verb string, s nova.Server) bool {
	if _, timed := times[verb]; !timed || verb == destroy {
		return false
	}
	for name := range strings.SplitSeq(s.Metadata[metaFail], ",") {
		if strings.TrimSpace(name) == verb {
			return true
		}
	}
	return false
}

// time is how long a verb takes with a server. Metadata that is no number of
// seconds, or too large a one, is as good as none: anybody may write it.
func (d *Driver) time(verb string, s nova.Server) time.Duration {
	name, timed := times[verb]
	if !timed {
		return 0
	}
	if seconds, err := strconv.ParseFloat(s.Metadata[metaPrefix+name], 64); err == nil && seconds >= 0 && seconds <= longest {
		return time.Duration(seconds * float64(time.Second))
	}
	return d.o.Times[name]
}

// wait lets some time pass by the driver's clock, and tells whoever wants to
// know how much of it has. The error is the context's if that ends first.
func (d *Driver) wait(ctx context.Context, whole time.Duration) error {
	tell, parts := virt.Progress(ctx), 1
	if tell != nil {
		parts = max(1, int(min(ticks, whole/tick)))
	}
	for part := 1; part <= parts && whole > 0; part++ {
		if err := ctx.Err(); err != nil { // which comes first if several are so
			return err
		}
		if hurried(ctx) {
			return nil
		}
		select {
		case <-d.o.After(whole*time.Duration(part)/time.Duration(parts) - whole*time.Duration(part-1)/time.Duration(parts)):
		case <-ctx.Done():
			return ctx.Err()
		case <-virt.Hurry(ctx):
			return nil
		}
		if tell != nil {
			tell(100 * part / parts)
		}
	}
	return nil
}

// hurried reports whether a verb is to end soon.
func hurried(ctx context.Context) bool {
	select {
	case <-virt.Hurry(ctx):
		return true
	default:
		return false
	}
}

// An uploading is a disk whose reader uploads it: another verb, which begins
// with the first read and may take its time and fail.
type uploading struct {
	io.ReadCloser

	begin func() error // nil once it has succeeded
}

// Read takes as long as the upload of a snapshot should, at the first byte.
func (u *uploading) Read(p []byte) (int, error) {
	if u.begin != nil {
		if err := u.begin(); err != nil {
			return 0, err
		}
		u.begin = nil
	}
	return u.ReadCloser.Read(p)
}
